//! Whether what is shown may guide a hand, and if not why.

use serde::{Deserialize, Serialize};

/// Whether what is derived from tracking and registration may guide a hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guidance {
    /// It may.
    Valid,
    /// It is computed, but nobody has confirmed the registration, or it fits less well than it did: shown
    /// as such, never as sure.
    Unverified {
        /// A sentence for a person.
        reason: String,
    },
    /// It must not: what it was derived from is missing, stale or past its error budget, and no figure
    /// is given.
    Blank {
        /// A sentence for a person.
        reason: String,
    },
}

impl Guidance {
    /// Why nothing is shown.
    pub fn blank(reason: impl Into<String>) -> Self {
        Self::Blank { reason: reason.into() }
    }

    /// Whether nothing is shown.
    pub fn is_blank(&self) -> bool {
        matches!(self, Self::Blank { .. })
    }

    /// Why it is not valid; none if it is.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Valid => None,
            Self::Unverified { reason } | Self::Blank { reason } => Some(reason),
        }
    }
}
