//! How good a procedure is so far, measured against known truth.

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// Figures since the start; the last message holds those of the whole procedure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The figures, in the order in which they are shown.
    pub scores: Vec<Score>,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// What it is of, such as `registration error, median`.
    pub measure: String,
    /// The figure; none as long as nothing was measured.
    pub value: Option<f64>,
    /// Its unit, such as `mm`; empty for counts and shares.
    pub unit: String,
    /// How many measurements it is of.
    pub count: u64,
}

impl Message for Scores {
    const SCHEMA: &'static str = "Scores";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[];
}
