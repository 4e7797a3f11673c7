//! A path of straight pieces with radii, addressed by the length along it.

use nalgebra::{Point3, Unit, Vector3};

/// A point of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolylinePoint {
    /// Where it lies, in millimetres.
    pub position_mm: Point3<f64>,
    /// Radius of the vessel there, in millimetres.
    pub radius_mm: f64,
}

/// A path of at least one point.
#[derive(Clone, Debug)]
pub struct Polyline {
    points: Vec<PolylinePoint>,
    /// Length from the start to each point.
    along_mm: Vec<f64>,
}

impl Polyline {
    /// The path through the points; none make a path of one point at the origin.
    pub fn new(points: impl IntoIterator<Item = PolylinePoint>) -> Self {
        let mut points: Vec<PolylinePoint> = points.into_iter().collect();
        if points.is_empty() {
            points.push(PolylinePoint { position_mm: Point3::origin(), radius_mm: 0.0 });
        }
        let mut along_mm = vec![0.0];
        let mut sum = 0.0;
        for pair in points.windows(2) {
            sum += (pair[1].position_mm - pair[0].position_mm).norm();
            along_mm.push(sum);
        }
        Self { points, along_mm }
    }

    /// Its length in millimetres.
    pub fn length_mm(&self) -> f64 {
        self.along_mm[self.along_mm.len() - 1]
    }

    /// Its points.
    pub fn points(&self) -> &[PolylinePoint] {
        &self.points
    }

    /// Into how many equal pieces of about `step_mm` it divides; at least one and at most 100,000.
    pub fn pieces(&self, step_mm: f64) -> usize {
        ((self.length_mm() / step_mm).round() as usize).clamp(1, 100_000)
    }

    /// The point at a length from the start; beyond an end, that end.
    pub fn at(&self, along_mm: f64) -> PolylinePoint {
        let after = self.along_mm.partition_point(|&length| length < along_mm);
        if after == 0 || after >= self.points.len() {
            return self.points[after.min(self.points.len() - 1)];
        }
        let (from, to) = (self.points[after - 1], self.points[after]);
        let piece_mm = self.along_mm[after] - self.along_mm[after - 1];
        let part =
            if piece_mm > 0.0 { (along_mm - self.along_mm[after - 1]) / piece_mm } else { 0.0 };
        PolylinePoint {
            position_mm: from.position_mm + (to.position_mm - from.position_mm) * part,
            radius_mm: from.radius_mm + (to.radius_mm - from.radius_mm) * part,
        }
    }

    /// The direction over `span_mm` around a length; `None` where the path does not move.
    pub fn tangent(&self, along_mm: f64, span_mm: f64) -> Option<Unit<Vector3<f64>>> {
        let chord = |half: f64| {
            let from = self.at((along_mm - half).max(0.0)).position_mm;
            let to = self.at((along_mm + half).min(self.length_mm())).position_mm;
            Unit::try_new(to - from, 1e-9)
        };
        // A loop closes its chord: then a short piece tells the direction.
        chord(span_mm / 2.0).or_else(|| chord(self.length_mm() * 1e-3))
    }
}
