//! The way of the stylus: it touches landmarks at given times, resting at each, and lies aside in between.

use nalgebra::{Point3, Unit, Vector3};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::anatomy::Anatomy;
use crate::hand::ease;
use crate::instrument_course::Axis;
use crate::landmarks::landmarks;
use crate::skin_course::region_of_surgery;

/// How long before and after the given time the tip rests, s.
pub const REST_S: f64 = 0.9;
/// How long the way from where it lies aside to a landmark takes, s.
const TRAVEL_S: f64 = 5.0;
/// The least time between two touches, s.
const LEAST_GAP_S: f64 = 6.0;

/// A touch of a landmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Touch {
    /// The landmark, as `simulation/preoperative` names it.
    pub landmark: String,
    /// The middle of the time at which the tip rests there, in seconds after the start; it rests 0.9 s
    /// before and after. At least 6 s after the touch before.
    #[schemars(range(min = 0))]
    pub at_s: f64,
}

/// Why the stylus has no way.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TouchError {
    /// There is no such landmark.
    #[error("there is no landmark `{landmark}`; this patient has [{known}]: touch one of these")]
    Landmark {
        /// What was asked for.
        landmark: String,
        /// What there is.
        known: String,
    },
    /// The touches are too near to each other, not in order, or before the start.
    #[error(
        "expected touches in the order of time, from 0 s on and at least 6 s apart, but `{landmark}` is touched at {at_s} s after one at {before_s:?} s; choose a later time"
    )]
    Time {
        /// Which.
        landmark: String,
        /// When.
        at_s: f64,
        /// When the one before is touched.
        before_s: Option<f64>,
    },
}

/// A rest at a place of the anatomy at rest.
#[derive(Clone, Copy, Debug)]
struct Rest {
    begin_s: f64,
    end_s: f64,
    place: Point3<f64>,
}

/// The way of the stylus, wholly determined by the anatomy and the touches.
#[derive(Clone, Debug)]
pub struct StylusCourse {
    rests: Vec<Rest>,
    aside: Point3<f64>,
    outwards: Unit<Vector3<f64>>,
}

impl StylusCourse {
    /// The course that touches the landmarks at their times.
    ///
    /// # Errors
    /// If a landmark is not there, or the touches are not in order and at least 6 s apart.
    pub fn new(anatomy: &Anatomy, touches: &[Touch]) -> Result<Self, TouchError> {
        let known = landmarks(anatomy);
        let mut rests: Vec<Rest> = Vec::new();
        for (index, Touch { landmark, at_s }) in touches.iter().enumerate() {
            let before_s = index.checked_sub(1).map(|before| touches[before].at_s);
            if !(*at_s >= before_s.map_or(0.0, |before| before + LEAST_GAP_S)) || !at_s.is_finite()
            {
                return Err(TouchError::Time { landmark: landmark.clone(), at_s: *at_s, before_s });
            }
            let place = known.iter().find(|mark| mark.name == *landmark).map(|mark| mark.place);
            let place = place.ok_or_else(|| TouchError::Landmark {
                landmark: landmark.clone(),
                known: known.iter().map(|mark| mark.name).collect::<Vec<_>>().join(", "),
            })?;
            rests.push(Rest { begin_s: at_s - REST_S, end_s: at_s + REST_S, place });
        }
        let centre = region_of_surgery(anatomy);
        let aside = Point3::new(centre.x + 40.0, -35.0, centre.z - 30.0);
        let outwards = Unit::new_normalize(Vector3::new(0.35, -0.85, -0.4));
        Ok(Self { rests, aside, outwards })
    }

    /// Whether the tip rests at a landmark at a time since the start.
    pub fn rests(&self, seconds: f64) -> bool {
        self.rests.iter().any(|rest| (rest.begin_s..=rest.end_s).contains(&seconds))
    }

    /// Where the stylus is at a time since the start.
    pub fn at(&self, seconds: f64) -> Axis {
        Axis { tip: self.tip(seconds), outwards: self.outwards }
    }

    fn tip(&self, seconds: f64) -> Point3<f64> {
        let after = self.rests.partition_point(|rest| rest.end_s <= seconds);
        let before = after.checked_sub(1).map(|index| self.rests[index]);
        let next = self.rests.get(after).copied();
        let way = |from: Point3<f64>, to: Point3<f64>, begin: f64, end: f64| {
            from + (to - from) * ease((seconds - begin) / (end - begin))
        };
        match (before, next) {
            (Some(before), Some(next)) if next.begin_s - before.end_s < 2.0 * TRAVEL_S => {
                way(before.place, next.place, before.end_s, next.begin_s)
            }
            (Some(before), _) if seconds < before.end_s + TRAVEL_S => {
                way(before.place, self.aside, before.end_s, before.end_s + TRAVEL_S)
            }
            (_, Some(next)) => way(self.aside, next.place, next.begin_s - TRAVEL_S, next.begin_s),
            (_, None) => self.aside,
        }
    }
}
