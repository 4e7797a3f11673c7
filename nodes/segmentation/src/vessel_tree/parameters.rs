//! How a mask becomes a tree, in numbers.

use std::ops::RangeInclusive;

/// Which voxels are vessel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreground {
    /// Those of at least this value: 1 for a mask, 128 for a probability of one half in 255 steps.
    AtLeast(u8),
    /// Those of this label.
    Label(u8),
}

impl Foreground {
    /// Whether a voxel of this value is vessel; 0 never is.
    pub fn holds(self, value: u8) -> bool {
        value != 0
            && match self {
                Self::AtLeast(threshold) => value >= threshold,
                Self::Label(label) => value == label,
            }
    }
}

/// How a mask becomes a tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TreeParameters {
    /// Which voxels are vessel.
    pub foreground: Foreground,
    /// Components smaller than this are noise, in cubic millimetres.
    pub least_component_mm3: f64,
    /// Enclosed cavities up to this size are filled, in cubic millimetres.
    pub largest_cavity_mm3: f64,
    /// A side branch that is shorter than this many radii of the vessel it leaves (and a voxel) is a spur of the surface.
    pub spur_radii: f64,
    /// Trees whose centrelines together are shorter than this are left out, in millimetres.
    pub least_tree_mm: f64,
    /// Distance between nodes along the centrelines, in millimetres.
    pub step_mm: f64,
}

impl Default for TreeParameters {
    fn default() -> Self {
        Self {
            foreground: Foreground::AtLeast(1),
            least_component_mm3: 30.0,
            largest_cavity_mm3: 200.0,
            spur_radii: 1.5,
            least_tree_mm: 5.0,
            step_mm: 1.5,
        }
    }
}

/// Why no tree can be made with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "{name} should be between {least} and {most}, but is {value}; {default} serves most organs"
)]
pub struct ParameterError {
    /// Which parameter.
    pub name: &'static str,
    /// What was given.
    pub value: f64,
    /// Its least value.
    pub least: f64,
    /// Its largest value.
    pub most: f64,
    /// What it is by default.
    pub default: f64,
}

impl TreeParameters {
    /// Checks that each number lies in its range.
    ///
    /// # Errors
    /// If one does not: says which, and what would do.
    pub fn check(&self) -> Result<(), ParameterError> {
        let usual = Self::default();
        let check = |name, value: f64, range: RangeInclusive<f64>, default| {
            let (least, most) = (*range.start(), *range.end());
            let error = ParameterError { name, value, least, most, default };
            if range.contains(&value) { Ok(()) } else { Err(error) }
        };
        let (component, cavity) = (self.least_component_mm3, self.largest_cavity_mm3);
        check("least_component_mm3", component, 0.0..=1e6, usual.least_component_mm3)?;
        check("largest_cavity_mm3", cavity, 0.0..=1e6, usual.largest_cavity_mm3)?;
        check("spur_radii", self.spur_radii, 0.0..=10.0, usual.spur_radii)?;
        check("least_tree_mm", self.least_tree_mm, 0.0..=1e3, usual.least_tree_mm)?;
        check("step_mm", self.step_mm, 0.1..=20.0, usual.step_mm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_named_with_what_would_do() {
        assert_eq!(TreeParameters::default().check(), Ok(()));
        for step_mm in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let told = TreeParameters { step_mm, ..Default::default() }.check().unwrap_err();
            assert_eq!(told.name, "step_mm");
            assert!(
                told.to_string().contains("between 0.1 and 20") && told.to_string().contains("1.5")
            );
        }
        let told = TreeParameters { spur_radii: -0.1, ..Default::default() }.check().unwrap_err();
        assert_eq!((told.name, told.value), ("spur_radii", -0.1));
    }

    #[test]
    fn nothing_is_never_vessel() {
        assert!(!Foreground::AtLeast(0).holds(0) && !Foreground::Label(0).holds(0));
        assert!(Foreground::AtLeast(128).holds(128) && !Foreground::AtLeast(128).holds(127));
        assert!(Foreground::Label(3).holds(3) && !Foreground::Label(3).holds(4));
    }
}
