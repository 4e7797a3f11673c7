//! How far a landmark lies from where the registration puts it, as touched with a tracked tip.

use serde::{Deserialize, Serialize};

use crate::frames::{Patient, Preoperative};
use crate::message::Message;
use crate::transform::Point;

/// The error of a registration, measured at one landmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LandmarkCheck {
    /// The landmark's name.
    pub landmark: String,
    /// The tool whose tip touched it.
    pub tool: String,
    /// Where the landmark lies in the preoperative image.
    pub planned: Point<Preoperative>,
    /// Where the tip was: the mean of the samples while it rested.
    pub touched: Point<Patient>,
    /// How far apart both are, mapped by the registration of that time, millimetres.
    pub measured_mm: f64,
    /// What the registration said its error does not exceed there in 95 of 100 cases, millimetres.
    pub predicted_mm: f64,
}

impl Message for LandmarkCheck {
    const SCHEMA: &'static str = "LandmarkCheck";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &["preoperative", "patient"];
}
