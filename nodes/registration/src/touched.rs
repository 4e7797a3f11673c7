//! The landmarks that were touched: evidence against which every later alignment is measured again.

use messages::{Alignment, LandmarkCheck, Patient, Point, Preoperative};

use crate::standing::Touch;

/// More than anybody touches; the oldest is given up.
const MOST: usize = 64;

/// The landmarks that were touched, the newest touch of each.
#[derive(Clone, Debug, Default)]
pub struct Touched(Vec<Landmark>);

#[derive(Clone, Debug)]
struct Landmark {
    name: String,
    planned: Point<Preoperative>,
    touched: Point<Patient>,
    /// What was measured when it was touched, for alignments that do not reach there.
    measured_mm: f64,
    /// Whether it may speak against an alignment: not if a person accepted one nevertheless.
    counts: bool,
}

impl Touched {
    /// Adds a touch in place of an older one of the same landmark.
    pub fn add(&mut self, check: &LandmarkCheck) {
        self.0.retain(|landmark| landmark.name != check.landmark);
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        let LandmarkCheck { landmark, planned, touched, measured_mm, .. } = check;
        self.0.push(Landmark {
            name: landmark.clone(),
            planned: *planned,
            touched: *touched,
            measured_mm: *measured_mm,
            counts: true,
        });
    }

    /// A person accepts what there is: no touch so far speaks against an alignment any more.
    pub fn overrule(&mut self) {
        for landmark in &mut self.0 {
            landmark.counts = false;
        }
    }

    /// The body has changed: where something was touched says nothing any more.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// How far the landmark that was touched last lies off under an alignment.
    pub fn newest(&self, alignment: &Alignment) -> Option<Touch<'_>> {
        self.0.last().map(|landmark| landmark.touch(alignment))
    }

    /// Of those that count, the one that lies furthest off under an alignment; those that it does not reach are left out.
    pub fn worst(&self, alignment: &Alignment) -> Option<Touch<'_>> {
        let counting = self.0.iter().filter(|landmark| landmark.counts);
        counting
            .filter_map(|landmark| {
                Some(Touch { landmark: &landmark.name, error_mm: landmark.error_mm(alignment)? })
            })
            .max_by(|a, b| a.error_mm.total_cmp(&b.error_mm))
    }

    /// The largest error that was measured, under this alignment where it reaches: no bound below it is honest.
    pub fn largest_mm(&self, alignment: &Alignment) -> f64 {
        self.0.iter().map(|landmark| landmark.touch(alignment).error_mm).fold(0.0, f64::max)
    }
}

impl Landmark {
    fn error_mm(&self, alignment: &Alignment) -> Option<f64> {
        let found = alignment.preoperative(self.touched)?;
        Some((found.point.xyz_mm - self.planned.xyz_mm).norm())
    }

    fn touch(&self, alignment: &Alignment) -> Touch<'_> {
        let error_mm = self.error_mm(alignment).unwrap_or(self.measured_mm);
        Touch { landmark: &self.name, error_mm }
    }
}
