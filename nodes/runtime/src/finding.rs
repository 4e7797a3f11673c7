//! What an examination of a device finds, for the person who runs `vesalius doctor`.

use serde::{Deserialize, Serialize};

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// As it should be.
    Good {
        /// What was found, such as `Polaris Vega, firmware 029 answers at tcp://10.0.0.5:8765`.
        text: String,
    },
    /// It works, but a person should know of it.
    Notable {
        /// What was found.
        text: String,
        /// What to do if it is not as meant.
        remedy: String,
    },
    /// It does not work so.
    Wrong {
        /// What was found.
        text: String,
        /// What to do.
        remedy: String,
    },
}

impl Finding {
    /// As it should be.
    pub fn good(text: impl Into<String>) -> Self {
        Self::Good { text: text.into() }
    }

    /// It works, but a person should know of it.
    pub fn notable(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Notable { text: text.into(), remedy: remedy.into() }
    }

    /// It does not work so.
    pub fn wrong(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Wrong { text: text.into(), remedy: remedy.into() }
    }
}
