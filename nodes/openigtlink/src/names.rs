//! Device names: by them clients tell one thing from another.
//!
//! A pose of the tool `stylus_tip` is `StylusTipToTracker`, as in PLUS; the registration is `PatientToPreoperative`; a
//! surface has the name of its structure; all else has that of its stream, `node.port`. Where two streams would have the
//! same name, the second one's has its node's name before it. The graph may give streams other names. A name of more than
//! 20 bytes stands in the metadata, and its beginning in the header.

use std::collections::{BTreeMap, HashMap};

/// Gives names.
#[derive(Debug, Default)]
pub struct Names {
    given: BTreeMap<String, String>,
    /// Type and device name, and the stream that has it.
    owners: HashMap<(&'static str, String), String>,
}

impl Names {
    /// With names that the graph gives to streams.
    pub fn new(given: BTreeMap<String, String>) -> Self {
        Self { given, owners: HashMap::new() }
    }

    /// The name of the only thing that a stream has of a type.
    pub fn stream(&mut self, kind: &'static str, stream: &str) -> String {
        let name = self.given.get(stream).cloned().unwrap_or_else(|| stream.to_owned());
        self.own(kind, stream, &name)
    }

    /// The name of one of the things that a stream has of a type.
    pub fn own(&mut self, kind: &'static str, stream: &str, name: &str) -> String {
        let owner = self.owners.entry((kind, name.to_owned())).or_insert_with(|| stream.to_owned());
        if owner == stream {
            return name.to_owned();
        }
        let node = stream.split('.').next().unwrap_or(stream);
        format!("{node}_{name}")
    }
}

/// `stylus_tip` as `StylusTip`.
pub fn camel_case(name: &str) -> String {
    let mut camel = String::new();
    let mut upper = true;
    for letter in name.chars() {
        match letter {
            '_' => upper = true,
            _ if upper => {
                camel.extend(letter.to_uppercase());
                upper = false;
            }
            _ => camel.push(letter),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_streams_never_share_a_name() {
        let given = [("locate.located".to_owned(), "Live".to_owned())].into();
        let mut names = Names::new(given);
        assert_eq!(names.stream("IMAGE", "locate.located"), "Live");
        assert_eq!(names.stream("IMAGE", "reconstruct.volume"), "reconstruct.volume");
        for _ in 0..2 {
            assert_eq!(names.own("TRANSFORM", "a.poses", "ProbeToTracker"), "ProbeToTracker");
            assert_eq!(names.own("TRANSFORM", "b.poses", "ProbeToTracker"), "b_ProbeToTracker");
        }
        assert_eq!(names.own("STATUS", "b.poses", "ProbeToTracker"), "ProbeToTracker");
    }

    #[test]
    fn names_of_tools_are_those_of_plus() {
        for (name, expected) in [("probe", "Probe"), ("stylus_tip", "StylusTip"), ("", "")] {
            assert_eq!(camel_case(name), expected);
        }
    }
}
