//! A small electromagnetic sensor that sits in the organ and goes where the tissue around it goes.

use messages::{Patient, Tool, Transform};
use nalgebra::{Isometry3, Matrix3, Point3, Rotation3, Translation3, UnitQuaternion, Vector3};

use crate::anatomy::Anatomy;
use crate::anatomy::structure::StructureKind;
use crate::anatomy_under_probe::AnatomyUnderProbe;
use crate::randomness::{Purpose, jitter, stream};
use crate::skin_course::region_of_surgery;

/// Distance from vessels, tumours and the organ's surface that whoever lays the sensor keeps, mm.
const CLEAR_MM: f64 = 4.0;
/// Places that are tried, each farther from the region of surgery than the ones before on average.
const TRIES: u32 = 400;
/// How far around the region of surgery a place is looked for, mm.
const REACH_MM: f64 = 45.0;
/// The sensor's axes are turned against the patient's by about so much.
const TURN_RAD: f64 = 0.3;

/// Where the sensor sits at rest, wholly determined by the anatomy.
#[derive(Clone, Copy, Debug)]
pub struct OrganSensor {
    rest: Isometry3<f64>,
}

impl OrganSensor {
    /// A sensor in the liver, or in the fat beside the iliac vessels, near the region of surgery and clear of
    /// all that would bleed; if there is no clear place, at the best one that was tried.
    pub fn new(anatomy: &Anatomy) -> Self {
        let mut rng = stream(anatomy.seed(), Purpose::OrganSensor, 0);
        let centre = region_of_surgery(anatomy);
        let has_liver = anatomy.structures().iter().any(|s| s.kind == StructureKind::Liver);
        // How far a place is from what it must be clear of, or from being inside the organ.
        let clearance_mm = |place: &Point3<f64>| {
            let each = anatomy.structures().iter().filter_map(|structure| {
                let distance = structure.signed_distance_mm(place);
                match structure.kind {
                    StructureKind::Liver => Some(-distance),
                    StructureKind::Gas | StructureKind::Muscle if has_liver => None,
                    _ => Some(distance),
                }
            });
            each.fold(f64::INFINITY, f64::min)
        };
        let mut best = (f64::NEG_INFINITY, centre);
        for index in 0..TRIES {
            let reach_mm = REACH_MM * f64::from(index) / f64::from(TRIES);
            let place = centre + jitter(reach_mm, &mut rng);
            let clear_mm = clearance_mm(&place);
            if clear_mm > best.0 {
                best = (clear_mm, place);
            }
            if clear_mm > CLEAR_MM {
                break;
            }
        }
        let turn = UnitQuaternion::from_scaled_axis(jitter(TURN_RAD, &mut rng));
        Self { rest: Isometry3::from_parts(Translation3::from(best.1.coords), turn) }
    }

    /// Where the sensor sits at rest.
    pub fn at_rest(&self) -> Transform<Patient, Tool> {
        Transform::from_isometry(self.rest)
    }

    /// Where the tissue around it has taken it: displaced with it, and turned by the rotation that is
    /// nearest to its gradient (the polar decomposition).
    pub fn patient_from_tool(&self, now: &AnatomyUnderProbe) -> Transform<Patient, Tool> {
        let place = Point3::from(self.rest.translation.vector);
        let step_mm = 1.0;
        let column = |axis: usize| {
            let mut offset = Vector3::zeros();
            offset[axis] = step_mm;
            (now.displace(&(place + offset)) - now.displace(&(place - offset))) / (2.0 * step_mm)
        };
        let gradient = Matrix3::from_columns(&[column(0), column(1), column(2)]);
        let turn = UnitQuaternion::from_rotation_matrix(&Rotation3::from_matrix(&gradient));
        let there = Translation3::from(now.displace(&place).coords);
        Transform::from_isometry(Isometry3::from_parts(there, turn * self.rest.rotation))
    }
}
