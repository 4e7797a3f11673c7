//! Names such as `ProbeToTracker`, split into the two frames they connect.

use std::fmt;
use std::str::FromStr;

use crate::metaimage::excerpt;

/// The frames of a transform: it maps coordinates in `from` to coordinates in `to`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransformName {
    /// The frame of the coordinates that go in.
    pub from: String,
    /// The frame of the coordinates that come out.
    pub to: String,
}

/// Why a text names no transform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTransformName {
    /// No `To` between two names.
    #[error("`{}` should read <From>To<To>, such as ProbeToTracker", excerpt(.0))]
    NoTo(String),
    /// More than one place where the name may be split.
    #[error(
        "`{}` can be split into <From>To<To> in more than one way; rename a frame so that `To` with a capital after it comes once",
        excerpt(.0)
    )]
    Ambiguous(String),
}

impl TransformName {
    /// From the names of both frames.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: to.into() }
    }
}

impl FromStr for TransformName {
    type Err = NoTransformName;

    /// Splits at the one `To` that is followed by anything but a small letter, as PLUS does: in
    /// `ToolToTracker` only the second is one.
    fn from_str(text: &str) -> Result<Self, NoTransformName> {
        let mut splits = text.match_indices("To").filter(|(at, _)| {
            let next = text[at + 2..].chars().next();
            next.is_some_and(|character| !character.is_lowercase())
        });
        let Some((at, _)) = splits.next() else {
            return Err(NoTransformName::NoTo(text.to_owned()));
        };
        if splits.next().is_some() {
            return Err(NoTransformName::Ambiguous(text.to_owned()));
        }
        if at == 0 {
            return Err(NoTransformName::NoTo(text.to_owned()));
        }
        Ok(Self::new(&text[..at], &text[at + 2..]))
    }
}

impl fmt::Display for TransformName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}To{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_where_plus_splits() {
        for (text, from, to) in [
            ("ProbeToTracker", "Probe", "Tracker"),
            ("ToolToTracker", "Tool", "Tracker"),
            ("TestToolToTracker", "TestTool", "Tracker"),
            ("IdentityToIdentity", "Identity", "Identity"),
            ("ImageToCroppedImage", "Image", "CroppedImage"),
            ("StylusTo3", "Stylus", "3"),
        ] {
            assert_eq!(text.parse(), Ok(TransformName::new(from, to)));
            assert_eq!(TransformName::new(from, to).to_string(), text);
        }
    }

    #[test]
    fn what_names_no_two_frames_is_refused() {
        for text in ["Probe", "", "ToTracker", "ProbeTo", "Probetotracker", "Tomato"] {
            assert!(
                matches!(text.parse::<TransformName>(), Err(NoTransformName::NoTo(_))),
                "{text}"
            );
        }
        assert!(matches!("AToBToC".parse::<TransformName>(), Err(NoTransformName::Ambiguous(_))));
    }
}
