//! The way of the instrument: it rests outside, approaches a target, dwells there, withdraws, and goes on to the next.

use nalgebra::{Point3, Unit, Vector3};

use crate::anatomy::Anatomy;
use crate::approach::{Approach, approaches};
use crate::hand::{Hand, ease};

/// From one rest outside to the next, s.
pub const CYCLE_S: f64 = 20.0;
/// When in a cycle the phases end, s; the rest is the way to the next entry.
const REST_S: f64 = 0.5;
const APPROACHED_S: f64 = 7.0;
const DWELT_S: f64 = 10.0;
const WITHDRAWN_S: f64 = 16.0;
/// How far before the skin it rests.
const OUTSIDE_MM: f64 = 25.0;

/// Where a straight tool is: its tip in the anatomy at rest, mm, and where its handle points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The tip, in the anatomy at rest: it moves with the tissue it is in.
    pub tip: Point3<f64>,
    /// From the tip to the handle.
    pub outwards: Unit<Vector3<f64>>,
}

/// The way of the instrument, wholly determined by the anatomy and when it begins.
#[derive(Clone, Debug)]
pub struct InstrumentCourse {
    approaches: Vec<Approach>,
    hand: Hand,
    from_s: f64,
}

impl InstrumentCourse {
    /// The course over an anatomy, whose first cycle begins at `from_s`; none if there is nothing to
    /// approach.
    pub fn new(anatomy: &Anatomy, from_s: f64) -> Option<Self> {
        let approaches = approaches(anatomy);
        let hand = Hand::new(anatomy.seed(), 0);
        (!approaches.is_empty()).then_some(Self { approaches, hand, from_s })
    }

    /// When cycle number `cycle` dwells at its target: from and to, s since the start.
    pub fn dwell_s(&self, cycle: u32) -> (f64, f64) {
        let begin = self.from_s + f64::from(cycle) * CYCLE_S;
        (begin + APPROACHED_S, begin + DWELT_S)
    }

    /// Index of the structure that cycle number `cycle` approaches.
    pub fn target(&self, cycle: u32) -> usize {
        self.approach(u64::from(cycle)).target
    }

    fn approach(&self, cycle: u64) -> &Approach {
        &self.approaches[(cycle % self.approaches.len() as u64) as usize]
    }

    /// Where the instrument is at a time since the start.
    pub fn at(&self, seconds: f64) -> Axis {
        let since = (seconds - self.from_s).max(0.0);
        let cycle = (since / CYCLE_S).floor();
        let within = since - cycle * CYCLE_S;
        let (this, next) = (self.approach(cycle as u64), self.approach(cycle as u64 + 1));
        let outside = |way: &Approach| way.entry + way.outwards.into_inner() * OUTSIDE_MM;
        let part = |from: f64, to: f64| ease((within - from) / (to - from));
        let (tip, outwards) = if within < DWELT_S {
            let way = this.goal - outside(this);
            (outside(this) + way * part(REST_S, APPROACHED_S), this.outwards)
        } else if within < WITHDRAWN_S {
            let way = outside(this) - this.goal;
            (this.goal + way * part(DWELT_S, WITHDRAWN_S), this.outwards)
        } else {
            let done = part(WITHDRAWN_S, CYCLE_S);
            let turned = this.outwards.lerp(&next.outwards, done);
            let way = outside(next) - outside(this);
            (outside(this) + way * done, Unit::new_normalize(turned))
        };
        Axis { tip: tip + self.hand.offset_mm(seconds), outwards }
    }
}
