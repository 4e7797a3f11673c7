//! What a distance means, without flicker: each level is left at a greater distance than it is entered at.

use messages::{Alarm, Structure, StructureKind};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

/// The distances below which a tool is near a structure, and too near.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Below this it is near, millimetres.
    pub warning_mm: f64,
    /// Below this it is too near, millimetres.
    pub danger_mm: f64,
    /// By how much more a level is left than entered, millimetres.
    pub hysteresis_mm: f64,
}

impl Thresholds {
    /// The level at a distance, after the level `last`.
    pub fn alarm(&self, distance_mm: f64, last: Alarm) -> Alarm {
        let within = |level: Alarm, threshold_mm: f64| {
            let held = if last >= level { self.hysteresis_mm } else { 0.0 };
            distance_mm < threshold_mm + held
        };
        if within(Alarm::Danger, self.danger_mm) {
            Alarm::Danger
        } else if within(Alarm::Warning, self.warning_mm) {
            Alarm::Warning
        } else {
            Alarm::Clear
        }
    }

    /// Whether they make sense together.
    pub fn are_ordered(&self) -> bool {
        self.warning_mm >= self.danger_mm
            && self.hysteresis_mm >= 0.0
            && self.warning_mm.is_finite()
    }
}

/// The thresholds of one structure, or of all of one kind.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Margin {
    /// A structure's name, such as `portal_vein`, or a kind, such as `nerve`.
    pub of: String,
    /// A tool nearer than this is near, in millimetres.
    #[schemars(range(min = -100.0, max = 100.0))]
    pub warning_mm: f64,
    /// A tool nearer than this is too near, in millimetres.
    #[schemars(range(min = -100.0, max = 100.0))]
    pub danger_mm: f64,
}

/// Whether a structure is meant by its name or by its kind.
pub fn is_meant(structure: &Structure, name: &str) -> bool {
    let text: StrDeserializer<'_, Error> = name.into_deserializer();
    structure.name == name || StructureKind::deserialize(text) == Ok(structure.kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Alarm::{Clear, Danger, Warning};

    const THRESHOLDS: Thresholds =
        Thresholds { warning_mm: 8.0, danger_mm: 3.0, hysteresis_mm: 1.0 };

    #[test]
    fn each_level_is_left_later_than_it_is_entered() {
        for (distance_mm, after_clear, after_warning, after_danger) in [
            (9.0, Clear, Clear, Clear),
            (8.99, Clear, Warning, Warning),
            (8.0, Clear, Warning, Warning),
            (7.99, Warning, Warning, Warning),
            (4.0, Warning, Warning, Warning),
            (3.99, Warning, Warning, Danger),
            (3.0, Warning, Warning, Danger),
            (2.99, Danger, Danger, Danger),
            (-5.0, Danger, Danger, Danger),
        ] {
            let levels = [Clear, Warning, Danger].map(|last| THRESHOLDS.alarm(distance_mm, last));
            assert_eq!(levels, [after_clear, after_warning, after_danger], "{distance_mm} mm");
        }
    }

    #[test]
    fn a_hand_that_trembles_at_a_threshold_raises_one_alarm() {
        let mut last = Clear;
        let mut changes = 0;
        for step in 0..100 {
            let next = THRESHOLDS.alarm(3.0 + 0.4 * f64::from(step).sin(), last);
            changes += u32::from(next != last);
            last = next;
        }
        assert_eq!((last, changes), (Danger, 2), "to a warning, then to danger");
    }

    #[test]
    fn a_structure_is_meant_by_name_or_kind() {
        let structure = Structure { name: "left_ureter".into(), kind: StructureKind::Ureter };
        assert!(is_meant(&structure, "left_ureter") && is_meant(&structure, "ureter"));
        assert!(!is_meant(&structure, "right_ureter") && !is_meant(&structure, "nerve"));
        let node = Structure { name: "n12".into(), kind: StructureKind::LymphNode };
        assert!(is_meant(&node, "lymph_node"));
    }
}
