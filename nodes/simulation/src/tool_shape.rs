//! The shapes of the simulated instruments: where tip and shaft lie in the frame of their sensor.

use messages::{Patient, Point, Tool, Transform};
use nalgebra::{Isometry3, Point3, Translation3, Unit, UnitQuaternion, Vector3};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tool that the tracking system follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolKind {
    /// The ultrasound probe.
    Probe,
    /// The patient's reference sensor.
    Reference,
    /// A second sensor on the body that holds the reference, 60 mm beside it along the patient's x axis: whether one of
    /// both has come off, or metal bends the field, shows in how they lie to each other.
    SecondReference,
    /// A sensor that sits in the organ, in the liver or beside the iliac vessels, and goes where the tissue
    /// around it goes. As the reference it takes most of breathing and packing out of what is seen near it.
    Organ,
    /// A straight instrument that approaches tumours or lymph nodes: its tip lies at [0, 0, -150] mm in
    /// the frame of its sensor, the watched part of its shaft ends at [0, 0, -30] mm, and its radius is
    /// 2 mm.
    Instrument,
    /// A pointer that touches landmarks: its tip lies at [0, 0, -120] mm in the frame of its sensor, the
    /// watched part of its shaft ends at [0, 0, -40] mm, and its radius is 1.5 mm.
    Stylus,
}

impl ToolKind {
    /// Its name in the stream of poses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Reference => "reference",
            Self::SecondReference => "second_reference",
            Self::Organ => "organ",
            Self::Instrument => "instrument",
            Self::Stylus => "stylus",
        }
    }

    /// Its shape, if it has a tip.
    pub fn shape(self) -> Option<ToolShape> {
        match self {
            Self::Probe | Self::Reference | Self::SecondReference | Self::Organ => None,
            Self::Instrument => Some(INSTRUMENT),
            Self::Stylus => Some(STYLUS),
        }
    }
}

/// How far the second reference sensor is from the first.
pub const BETWEEN_REFERENCES_MM: f64 = 60.0;

/// A straight tool along the z axis of its sensor's frame, which points away from the tip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToolShape {
    /// The tip, in the frame of the sensor, mm.
    pub tip_mm: [f64; 3],
    /// The other end of the shaft that is watched, in the frame of the sensor, mm.
    pub shaft_end_mm: [f64; 3],
    /// Radius of the shaft, mm.
    pub radius_mm: f64,
}

/// The instrument.
pub const INSTRUMENT: ToolShape =
    ToolShape { tip_mm: [0.0, 0.0, -150.0], shaft_end_mm: [0.0, 0.0, -30.0], radius_mm: 2.0 };
/// The stylus.
pub const STYLUS: ToolShape =
    ToolShape { tip_mm: [0.0, 0.0, -120.0], shaft_end_mm: [0.0, 0.0, -40.0], radius_mm: 1.5 };

impl ToolShape {
    /// The pose of the sensor when the tip is at `tip` and the tool points away from there along
    /// `outwards`.
    pub fn patient_from_tool(
        &self,
        tip: &Point3<f64>,
        outwards: &Unit<Vector3<f64>>,
    ) -> Transform<Patient, Tool> {
        // Opposite axes have no single shortest turn; any half turn about x is one.
        let turn = UnitQuaternion::rotation_between(&Vector3::z(), outwards)
            .unwrap_or_else(|| UnitQuaternion::from_euler_angles(std::f64::consts::PI, 0.0, 0.0));
        let place = tip - turn * Vector3::from(self.tip_mm);
        Transform::from_isometry(Isometry3::from_parts(Translation3::from(place.coords), turn))
    }

    /// The tip and the end of the shaft.
    pub fn ends(&self, patient_from_tool: &Transform<Patient, Tool>) -> [Point<Patient>; 2] {
        [self.tip_mm, self.shaft_end_mm]
            .map(|place| *patient_from_tool * Point::<Tool>::new(Point3::from(place)))
    }

    /// Length of the watched part of the shaft, mm.
    pub fn length_mm(&self) -> f64 {
        (Vector3::from(self.tip_mm) - Vector3::from(self.shaft_end_mm)).norm()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tip_is_where_it_was_put_whatever_the_direction() {
        let tip = Point3::new(-30.0, 80.0, 5.0);
        for direction in [[0.3, -0.8, 0.2], [0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]] {
            let outwards = Unit::new_normalize(Vector3::from(direction));
            let [there, end] = INSTRUMENT.ends(&INSTRUMENT.patient_from_tool(&tip, &outwards));
            assert!((there.xyz_mm - tip).norm() < 1e-9);
            assert!((end.xyz_mm - (tip + outwards.into_inner() * 120.0)).norm() < 1e-9);
        }
        assert_eq!(INSTRUMENT.length_mm(), 120.0);
    }
}
