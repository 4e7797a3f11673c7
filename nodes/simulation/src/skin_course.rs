//! The way of a probe over the skin of an anatomy.

use nalgebra::{Point3, Rotation3, UnitQuaternion, Vector3};

use crate::anatomy::body_wall::BodyWall;
use crate::anatomy::{Anatomy, Region};

/// Straight in x and z from one end to the other, on the front of the trunk.
#[derive(Clone, Debug)]
pub(crate) struct SkinCourse {
    wall: BodyWall,
    /// x and z of both ends, mm.
    ends: [[f64; 2]; 2],
    /// How far the probe is tilted so that it looks to the head, at both ends.
    tilt_rad: [f64; 2],
    /// By how much the array is turned on the skin against the transverse plane.
    twist_rad: f64,
    press_mm: f64,
}

/// The middle of what the probe sweeps, 70 mm under the skin: where this patient is operated on.
pub(crate) fn region_of_surgery(anatomy: &Anatomy) -> Point3<f64> {
    let contact = SkinCourse::over(anatomy).contact(0.5, 0.0, 0.0);
    contact.skin + contact.turn * Vector3::y() * 70.0
}

/// Where the probe touches the skin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contact {
    /// A point of the skin at rest.
    pub skin: Point3<f64>,
    /// Unit vector into the body, square to the skin.
    pub inwards: Vector3<f64>,
    /// Turns the axes of the patient into those of the face.
    pub turn: UnitQuaternion<f64>,
}

impl SkinCourse {
    /// Under the right costal margin over the liver, or along the right iliac vessels.
    pub fn over(anatomy: &Anatomy) -> Self {
        let wall = *anatomy.body_wall();
        match anatomy.region() {
            Region::Abdomen => Self {
                wall,
                ends: [[-34.0, -48.0], [-40.0, 16.0]],
                tilt_rad: [0.05, 0.25],
                twist_rad: -0.15,
                press_mm: 8.0,
            },
            Region::Pelvis => Self {
                wall,
                ends: [[-44.0, 4.0], [-72.0, -66.0]],
                tilt_rad: [0.0, 0.1],
                twist_rad: -0.2,
                press_mm: 10.0,
            },
        }
    }

    /// How far the probe is pressed in, mm.
    pub fn press_mm(&self) -> f64 {
        self.press_mm
    }

    /// The contact at `part` of the way, 0 to 1, aside by `x_mm` and `z_mm`.
    pub fn contact(&self, part: f64, x_mm: f64, z_mm: f64) -> Contact {
        let mix = |a: f64, b: f64| a + (b - a) * part;
        let [first, last] = self.ends;
        let wall = &self.wall;
        let limit = 0.9 * wall.half_width_mm;
        let x = (mix(first[0], last[0]) + x_mm).clamp(-limit, limit);
        let z = mix(first[1], last[1]) + z_mm;
        // Within the limit there always is skin in front.
        let skin = wall.skin_in_front(x, z).unwrap_or_else(|| Point3::new(x, 0.0, z));
        let outwards = Vector3::new(
            skin.x / wall.half_width_mm.powi(2),
            (skin.y - wall.half_depth_mm) / wall.half_depth_mm.powi(2),
            0.0,
        );
        let inwards = -outwards.normalize();
        let square = Rotation3::from_axis_angle(&Vector3::z_axis(), (-inwards.x).atan2(inwards.y));
        let twist = Rotation3::from_axis_angle(&Vector3::y_axis(), self.twist_rad);
        let tilt = mix(self.tilt_rad[0], self.tilt_rad[1]);
        let tilt = Rotation3::from_axis_angle(&Vector3::x_axis(), tilt);
        let turn = UnitQuaternion::from_rotation_matrix(&(square * twist * tilt));
        Contact { skin, inwards, turn }
    }
}
