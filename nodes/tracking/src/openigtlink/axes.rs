//! Which axes the matrices of a server are in, and how they become those of this house.
//!
//! A transform of a tracking system has no anatomical axes: its frames are the tracker's own and the tool's own. PLUS
//! sends them as they are, whatever else the protocol's custom of RAS says, and so does this house keep them: the frame
//! `tracker` has the axes of the tracking system. That is [`Axes::AsSent`], the default.
//!
//! A program whose world is the patient in RAS, such as 3D Slicer, sends transforms between frames in which x points to
//! the right and y to the front; here x points to the left and y to the back. With `D = diag(−1, −1, 1)` a matrix `M`
//! becomes `D M` if only the world is turned, and `D M D` if the tool's frame is turned, too. `D` is half a turn about z,
//! so that both stay rigid motions.

use formats::openigtlink::{Orientation, Position};
use messages::{Pose, Tool, Tracker, Transform};
use nalgebra::{Matrix4, Quaternion, UnitQuaternion, Vector4};
use schemars::JsonSchema;
use serde::Deserialize;

/// Which axes the server's matrices are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Axes {
    /// The tracker's and the tools' own: taken as they are sent. PLUS and trackers.
    #[default]
    AsSent,
    /// The world is RAS, the tools' frames are their own.
    RasWorld,
    /// All frames are RAS: transforms of 3D Slicer's scene, and of `openigtlink/server`.
    Ras,
}

impl Axes {
    /// The matrix with the axes of this house.
    pub fn turned(self, matrix: &Matrix4<f64>) -> Matrix4<f64> {
        let half_turn = Matrix4::from_diagonal(&Vector4::new(-1.0, -1.0, 1.0, 1.0));
        match self {
            Self::AsSent => *matrix,
            Self::RasWorld => half_turn * matrix,
            Self::Ras => half_turn * matrix * half_turn,
        }
    }

    /// The pose that a matrix says.
    pub fn pose(self, matrix: &Matrix4<f64>) -> Pose<Tracker, Tool> {
        match Transform::from_matrix(&self.turned(matrix)) {
            Ok(to_from_tool) => Pose::Visible { to_from_tool, error_mm: None },
            Err(error) => {
                Pose::Hidden { reason: format!("what the server sent is no pose: {error}") }
            }
        }
    }
}

/// How far the length of a quaternion may be off.
const UNIT: f64 = 1e-3;

/// The matrix of a position and a quaternion.
///
/// # Errors
/// If the orientation is left out, or is none; says so.
pub fn matrix_of(position: &Position) -> Result<Matrix4<f64>, String> {
    let [x, y, z, w] = match &position.orientation {
        Orientation::Omitted => {
            return Err("the server sends its position without an orientation".to_owned());
        }
        Orientation::Quaternion(numbers) => numbers.map(f64::from),
        Orientation::Vector(numbers) => {
            let [x, y, z] = numbers.map(f64::from);
            [x, y, z, (1.0 - x * x - y * y - z * z).max(0.0).sqrt()]
        }
    };
    matrix(position.position_mm, [x, y, z, w])
}

/// The matrix of a position in mm and a quaternion (x, y, z, w).
///
/// # Errors
/// If the quaternion is not of unit length.
pub fn matrix(position_mm: [f32; 3], [x, y, z, w]: [f64; 4]) -> Result<Matrix4<f64>, String> {
    let quaternion = Quaternion::new(w, x, y, z);
    let length = quaternion.norm();
    if !((length - 1.0).abs() <= UNIT) {
        return Err(format!(
            "the server sent a quaternion of length {length:.4}, and one of length 1 says an orientation"
        ));
    }
    let mut matrix = UnitQuaternion::from_quaternion(quaternion).to_homogeneous();
    for (row, mm) in position_mm.iter().enumerate() {
        matrix[(row, 3)] = f64::from(*mm);
    }
    Ok(matrix)
}

#[cfg(test)]
mod tests {
    use nalgebra::{Isometry3, Vector3};

    use super::*;

    fn some() -> Matrix4<f64> {
        Isometry3::new(Vector3::new(1.0, 2.0, 3.0), Vector3::new(0.3, -0.2, 0.5)).to_homogeneous()
    }

    #[test]
    fn a_point_in_ras_is_the_same_point_in_lps() {
        let lps = |ras: Vector4<f64>| Vector4::new(-ras.x, -ras.y, ras.z, 1.0);
        let in_tool = Vector4::new(5.0, -6.0, 7.0, 1.0);
        let world = some() * in_tool;
        assert_eq!(Axes::AsSent.turned(&some()), some());
        assert!((Axes::RasWorld.turned(&some()) * in_tool - lps(world)).norm() < 1e-12);
        assert!((Axes::Ras.turned(&some()) * lps(in_tool) - lps(world)).norm() < 1e-12);
    }

    #[test]
    fn all_axes_give_rigid_motions_and_nothing_else_is_a_pose() {
        for axes in [Axes::AsSent, Axes::RasWorld, Axes::Ras] {
            assert!(matches!(axes.pose(&some()), Pose::Visible { .. }), "{axes:?}");
            let Pose::Hidden { reason } = axes.pose(&(some() * 2.0)) else { panic!("scaled") };
            assert!(reason.contains("no pose"), "{reason}");
        }
    }

    #[test]
    fn quaternions_say_the_same_as_matrices() {
        let isometry = Isometry3::new(Vector3::new(1.0, 2.0, 3.0), Vector3::new(0.3, -0.2, 0.5));
        let [x, y, z, w] = isometry.rotation.coords.data.0[0].map(|number| number as f32);
        for orientation in [Orientation::Quaternion([x, y, z, w]), Orientation::Vector([x, y, z])] {
            let position = Position { position_mm: [1.0, 2.0, 3.0], orientation };
            let off = (matrix_of(&position).unwrap() - isometry.to_homogeneous()).amax();
            assert!(off < 1e-6, "{off}");
        }
        let none = Position { position_mm: [0.0; 3], orientation: Orientation::Omitted };
        assert!(matrix_of(&none).unwrap_err().contains("without an orientation"));
        assert!(matrix([0.0; 3], [0.0; 4]).unwrap_err().contains("length 0"));
        assert!(matrix([0.0; 3], [f64::NAN; 4]).is_err());
    }
}
