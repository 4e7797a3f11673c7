//! One vessel between two branchings: a tube of slowly changing radius around a smooth centreline.

use nalgebra::Point3;

pub use crate::anatomy::segment::Segment;

/// The two venous trees of the liver; portal veins have the brighter walls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VesselKind {
    /// Portal vein and its branches, within an echogenic sheath.
    Portal,
    /// Hepatic veins, whose walls show only where the beam meets them at a right angle.
    Hepatic,
}

/// A vessel between two branchings.
#[derive(Clone, Debug, PartialEq)]
pub struct Vessel {
    kind: VesselKind,
    generation: u8,
    parent: Option<usize>,
    segments: Vec<Segment>,
    low: Point3<f64>,
    high: Point3<f64>,
}

impl Vessel {
    /// A tube along `centreline` (at least two points, mm) whose radius goes evenly from
    /// `radius_mm.0` to `radius_mm.1`; `parent` is the index of the vessel it branches from.
    pub fn new(
        kind: VesselKind,
        generation: u8,
        parent: Option<usize>,
        centreline: &[Point3<f64>],
        radius_mm: (f64, f64),
    ) -> Self {
        let pieces = centreline.len().saturating_sub(1);
        let radius_at =
            |i: usize| radius_mm.0 + (radius_mm.1 - radius_mm.0) * i as f64 / pieces.max(1) as f64;
        let segments: Vec<_> = centreline
            .windows(2)
            .enumerate()
            .map(|(i, pair)| Segment {
                start: pair[0],
                end: pair[1],
                start_radius_mm: radius_at(i),
                end_radius_mm: radius_at(i + 1),
            })
            .collect();
        let mut low = Point3::from([f64::INFINITY; 3]);
        let mut high = Point3::from([f64::NEG_INFINITY; 3]);
        for segment in &segments {
            let radius = segment.largest_radius_mm();
            for end in [segment.start, segment.end] {
                low = low.inf(&(end.map(|c| c - radius)));
                high = high.sup(&(end.map(|c| c + radius)));
            }
        }
        Self { kind, generation, parent, segments, low, high }
    }

    /// Which tree it belongs to.
    pub fn kind(&self) -> VesselKind {
        self.kind
    }

    /// Number of branchings between the root of its tree and it.
    pub fn generation(&self) -> u8 {
        self.generation
    }

    /// Index of the vessel it branches from, in the patient's list.
    pub fn parent(&self) -> Option<usize> {
        self.parent
    }

    /// Its straight pieces, from the root outwards.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// A distance that the wall is certainly not nearer than: that of the bounding box, zero within.
    pub fn least_distance_mm(&self, point: &Point3<f64>) -> f64 {
        let outside = |axis: usize| {
            (self.low[axis] - point[axis]).max(point[axis] - self.high[axis]).max(0.0)
        };
        outside(0).hypot(outside(1)).hypot(outside(2))
    }

    /// Signed distance from `point` to its wall, negative inside; infinite for a vessel of no length.
    pub fn signed_distance_mm(&self, point: &Point3<f64>) -> f64 {
        self.segments
            .iter()
            .map(|segment| segment.signed_distance_mm(point))
            .fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn straight() -> Vessel {
        let line: Vec<_> = (0..=20).map(|i| Point3::new(f64::from(i) * 2.0, 0.0, 0.0)).collect();
        Vessel::new(VesselKind::Portal, 0, None, &line, (4.0, 4.0))
    }

    proptest! {
        #[test]
        fn a_straight_tube_has_the_distance_of_a_cylinder(x in 0.0..40.0, y in -20.0..20.0, z in -20.0..20.0) {
            let truth = f64::hypot(y, z) - 4.0;
            let measured = straight().signed_distance_mm(&Point3::new(x, y, z));
            prop_assert!((measured - truth).abs() < 1e-9);
        }

        #[test]
        fn the_box_never_overstates_the_distance(x in -50.0..90.0, y in -50.0..50.0, z in -50.0..50.0) {
            let (vessel, point) = (straight(), Point3::new(x, y, z));
            prop_assert!(vessel.least_distance_mm(&point) <= vessel.signed_distance_mm(&point).max(0.0) + 1e-9);
        }
    }

    #[test]
    fn a_tapering_tube_has_the_radius_of_the_place() {
        let line = [Point3::origin(), Point3::new(20.0, 0.0, 0.0), Point3::new(40.0, 0.0, 0.0)];
        let vessel = Vessel::new(VesselKind::Hepatic, 0, None, &line, (4.0, 2.0));
        for (x, radius) in [(0.0, 4.0), (10.0, 3.5), (30.0, 2.5), (40.0, 2.0)] {
            let axis = Point3::new(x, 0.0, 0.0);
            assert!((vessel.signed_distance_mm(&axis) + radius).abs() < 1e-12);
        }
    }

    #[test]
    fn a_vessel_of_no_length_is_nowhere() {
        let vessel = Vessel::new(VesselKind::Portal, 0, None, &[Point3::origin()], (4.0, 4.0));
        assert_eq!(vessel.signed_distance_mm(&Point3::origin()), f64::INFINITY);
        assert_eq!(vessel.least_distance_mm(&Point3::origin()), f64::INFINITY);
    }
}
