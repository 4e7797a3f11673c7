//! Named points of the body.

use serde::{Deserialize, Serialize};

use crate::frames::Frame;
use crate::message::Message;
use crate::transform::Point;

/// Named points, in the frame `In`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Landmarks<In> {
    /// The points; each name once.
    pub landmarks: Vec<Landmark<In>>,
}

/// A named point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Landmark<In> {
    /// Its name, such as `portal_bifurcation`.
    pub name: String,
    /// Where it is.
    pub position: Point<In>,
}

impl<In> Landmarks<In> {
    /// Where the landmark of a name is.
    pub fn position(&self, name: &str) -> Option<Point<In>> {
        self.landmarks.iter().find(|mark| mark.name == name).map(|mark| mark.position)
    }
}

impl<In: Frame> Message for Landmarks<In> {
    const SCHEMA: &'static str = "Landmarks";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &[In::NAME];
}
