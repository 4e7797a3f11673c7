//! Where a tracked tip touched a landmark.

use serde::{Deserialize, Serialize};

use crate::frames::{Frame as _, Patient};
use crate::message::Message;
use crate::transform::Point;

/// A landmark as touched with the tip of a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LandmarkTouch {
    /// The landmark's name.
    pub landmark: String,
    /// The tool whose tip touched it.
    pub tool: String,
    /// Where the tip was: the mean of the samples while it rested.
    pub touched: Point<Patient>,
    /// The greatest distance of a sample from that mean, millimetres.
    pub spread_mm: f64,
    /// How many samples it is the mean of.
    pub samples: u32,
}

impl Message for LandmarkTouch {
    const SCHEMA: &'static str = "LandmarkTouch";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[Patient::NAME];
}
