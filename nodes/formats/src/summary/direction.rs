//! Which way the axes of a volume run through the body, in words.

use std::fmt;

use nalgebra::Vector3;

/// A side of the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The patient's left.
    Left,
    /// The patient's right.
    Right,
    /// Posterior.
    Back,
    /// Anterior.
    Front,
    /// Superior.
    Head,
    /// Inferior.
    Feet,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Back => "back",
            Self::Front => "front",
            Self::Head => "head",
            Self::Feet => "feet",
        })
    }
}

/// Which way an axis runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisDirection {
    /// The side that it comes nearest to.
    pub towards: Side,
    /// The angle between the axis and the way straight to that side, in degrees: up to 54.7.
    pub off_deg: f64,
}

impl AxisDirection {
    /// Of a vector that is not zero, in LPS.
    pub(crate) fn of(lps: &Vector3<f64>) -> Self {
        let [x, y, z] = [lps.x, lps.y, lps.z].map(f64::abs);
        let (side, part) = if x >= y && x >= z {
            (if lps.x > 0.0 { Side::Left } else { Side::Right }, x)
        } else if y >= z {
            (if lps.y > 0.0 { Side::Back } else { Side::Front }, y)
        } else {
            (if lps.z > 0.0 { Side::Head } else { Side::Feet }, z)
        };
        // The tangent, because near 0 the cosine says little.
        let across = (lps.norm_squared() - part * part).max(0.0).sqrt();
        Self { towards: side, off_deg: across.atan2(part).to_degrees() }
    }

    /// Whether the axis runs straight to that side, but for what directions of few digits are off.
    pub fn is_straight(&self) -> bool {
        self.off_deg < 0.05
    }
}

impl fmt::Display for AxisDirection {
    /// `to left`, or `to left (12.3° off)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "to {}", self.towards)?;
        if self.is_straight() { Ok(()) } else { write!(f, " ({:.1}° off)", self.off_deg) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_directions() {
        let of = |x, y, z| AxisDirection::of(&Vector3::new(x, y, z)).to_string();
        assert_eq!((of(0.7, 0.0, 0.0), of(-2.0, 0.0, 0.0)), ("to left".into(), "to right".into()));
        assert_eq!((of(0.0, 3.0, 0.0), of(0.0, -3.0, 0.0)), ("to back".into(), "to front".into()));
        assert_eq!((of(0.0, 0.0, 1e9), of(0.0, 0.0, -1e-9)), ("to head".into(), "to feet".into()));
        assert_eq!(of(0.0, 1.0, 3.0_f64.sqrt()), "to head (30.0° off)");
        assert_eq!(of(1.0, 1e-4, 0.0), "to left");
        assert_eq!(of(-1.0, 1.0, 1.0), "to right (54.7° off)");
    }
}
