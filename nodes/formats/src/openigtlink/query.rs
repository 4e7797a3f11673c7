//! The forms of a type by which messages are asked for: `GET_`, `STT_`, `STP_` and `RTS_`.

use super::Text;

/// What a prefix of a type asks for or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Query {
    /// `GET_`: asks for one message.
    Get,
    /// `STT_`: asks for messages from now on.
    Start,
    /// `STP_`: asks for no more of them.
    Stop,
    /// `RTS_`: says whether that was done.
    Response,
}

/// Types that are shorter behind a prefix.
const SHORT: &[(&str, &str)] = &[
    ("TRANSFORM", "TRANS"),
    ("TRANSFORM", "TRANSFOR"),
    ("CAPABILITY", "CAPABIL"),
    ("VIDEOMETA", "VMETA"),
    ("VIDEOMETA", "VIDEOMET"),
];

impl Query {
    /// The prefix.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Get => "GET_",
            Self::Start => "STT_",
            Self::Stop => "STP_",
            Self::Response => "RTS_",
        }
    }

    /// The prefix of a type, and the whole type behind it: `GET_TRANS` is of `TRANSFORM`.
    pub fn split(type_name: &str) -> (Option<Self>, &str) {
        for query in [Self::Get, Self::Start, Self::Stop, Self::Response] {
            if let Some(rest) = type_name.strip_prefix(query.prefix()) {
                let whole = SHORT.iter().find(|(_, short)| *short == rest);
                return (Some(query), whole.map_or(rest, |(whole, _)| whole));
            }
        }
        (None, type_name)
    }

    /// The type with the prefix, cut to the twelve bytes that there are: `GET_TRANS`, `STT_TDATA`.
    pub fn of(self, type_name: &str) -> Text<12> {
        let short = SHORT.iter().find(|(whole, _)| *whole == type_name);
        let rest = short.map_or(type_name, |(_, short)| short);
        Text::truncated(&format!("{}{rest}", self.prefix()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for name in
            ["TRANSFORM", "CAPABILITY", "IMAGE", "QTDATA", "POSITION", "POLYDATA", "VIDEOMETA"]
        {
            for query in [Query::Get, Query::Start, Query::Stop, Query::Response] {
                assert_eq!(Query::split(&query.of(name).to_str()), (Some(query), name));
            }
        }
        assert_eq!(Query::split("STT_TRANSFOR"), (Some(Query::Start), "TRANSFORM"));
        assert_eq!(Query::split("IMAGE"), (None, "IMAGE"));
        assert_eq!(Query::Get.of("TRANSFORM").to_str(), "GET_TRANS");
    }
}
