//! An axis-aligned box in the frame `Patient`, millimetres.

use nalgebra::Point3;

/// An axis-aligned box, mm; one that holds nothing has `low` above `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The corner with the least coordinates.
    pub low: Point3<f64>,
    /// The opposite corner.
    pub high: Point3<f64>,
}

impl Bounds {
    /// The box that holds nothing.
    pub fn empty() -> Self {
        Self { low: Point3::from([f64::INFINITY; 3]), high: Point3::from([f64::NEG_INFINITY; 3]) }
    }

    /// The least box around a ball.
    pub fn of_ball(centre: &Point3<f64>, radius_mm: f64) -> Self {
        Self { low: centre.map(|c| c - radius_mm), high: centre.map(|c| c + radius_mm) }
    }

    /// The least box that holds both.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        Self { low: self.low.inf(&other.low), high: self.high.sup(&other.high) }
    }

    /// The box with all faces moved outwards.
    #[must_use]
    pub fn grown(&self, margin_mm: f64) -> Self {
        Self { low: self.low.map(|c| c - margin_mm), high: self.high.map(|c| c + margin_mm) }
    }

    /// Whether `point` lies in the box or on its faces.
    pub fn contains(&self, point: &Point3<f64>) -> bool {
        (0..3).all(|axis| (self.low[axis]..=self.high[axis]).contains(&point[axis]))
    }

    /// Whether the two boxes share a point.
    pub fn meets(&self, other: &Self) -> bool {
        (0..3).all(|axis| self.low[axis] <= other.high[axis] && other.low[axis] <= self.high[axis])
    }

    /// Distance from `point` to the box, zero within, mm.
    pub fn distance_mm(&self, point: &Point3<f64>) -> f64 {
        let mut square = 0.0;
        for axis in 0..3 {
            let outside =
                (self.low[axis] - point[axis]).max(point[axis] - self.high[axis]).max(0.0);
            square += outside * outside;
        }
        square.sqrt()
    }

    /// The point midway between the corners.
    pub fn centre(&self) -> Point3<f64> {
        nalgebra::center(&self.low, &self.high)
    }
}
