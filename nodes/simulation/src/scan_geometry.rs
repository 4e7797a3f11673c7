//! Where the pixels of a B-mode image lie on the probe: the sector, its size and its calibration.
//!
//! Frames: `Face` has its origin in the middle of the transducer's surface, x along the array, y in
//! depth, z across the image plane; `Probe` is the tracked sensor on the handle.

use messages::{Affine, Frame, Image, Probe, Transform};
use nalgebra::{Isometry3, Matrix3x4, Translation3, UnitQuaternion};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The middle of the transducer's surface, mm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {}
impl Frame for Face {
    const NAME: &'static str = "transducer_face";
}

/// The shape of the transducer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ProbeShape {
    /// A flat array: all beams are parallel.
    Linear {
        /// Length of the array.
        width_mm: f64,
    },
    /// A curved array: the beams fan out.
    Convex {
        /// Radius of the surface.
        radius_mm: f64,
        /// Angle between the outermost beams.
        opening_rad: f64,
    },
}

/// The sector that is scanned and the image it is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScanGeometry {
    /// The shape of the transducer.
    pub shape: ProbeShape,
    /// Depth of the image below the surface.
    pub depth_mm: f64,
    /// Width of the image.
    pub width_px: usize,
    /// Height of the image.
    pub height_px: usize,
}

impl Default for ScanGeometry {
    /// An abdominal probe.
    fn default() -> Self {
        let shape = ProbeShape::Convex { radius_mm: 50.0, opening_rad: 1.1 };
        Self { shape, depth_mm: 105.0, width_px: 320, height_px: 240 }
    }
}

/// Why no image can be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{name} must lie between {low} and {high}, but is {value}; correct it in the parameters of the probe"
)]
pub struct OutOfRange {
    /// The parameter, with its unit.
    pub name: &'static str,
    /// What was given.
    pub value: f64,
    /// The least value that is allowed.
    pub low: f64,
    /// The greatest value that is allowed.
    pub high: f64,
}

impl OutOfRange {
    /// Refuses a value outside `low..=high`, NaN included.
    pub(crate) fn check(name: &'static str, value: f64, low: f64, high: f64) -> Result<(), Self> {
        if (low..=high).contains(&value) { Ok(()) } else { Err(Self { name, value, low, high }) }
    }
}

/// Empty pixels around the sector.
const MARGIN_PX: f64 = 3.0;

impl ScanGeometry {
    /// Checks that the numbers describe a probe.
    ///
    /// # Errors
    /// If a size is not finite or outside what probes and images have.
    pub fn check(&self) -> Result<(), OutOfRange> {
        OutOfRange::check("depth_mm", self.depth_mm, 10.0, 300.0)?;
        OutOfRange::check("width_px", self.width_px as f64, 32.0, 2048.0)?;
        OutOfRange::check("height_px", self.height_px as f64, 32.0, 2048.0)?;
        match self.shape {
            ProbeShape::Linear { width_mm } => OutOfRange::check("width_mm", width_mm, 5.0, 200.0),
            ProbeShape::Convex { radius_mm, opening_rad } => {
                OutOfRange::check("radius_mm", radius_mm, 5.0, 200.0)?;
                OutOfRange::check("opening_rad", opening_rad, 0.1, 2.6)
            }
        }
    }

    /// Least x, greatest x, least y and greatest y of the sector on the face, mm.
    fn extent_mm(&self) -> [f64; 4] {
        match self.shape {
            ProbeShape::Linear { width_mm } => {
                [-width_mm / 2.0, width_mm / 2.0, 0.0, self.depth_mm]
            }
            ProbeShape::Convex { radius_mm, opening_rad } => {
                let half = opening_rad / 2.0;
                let side = (radius_mm + self.depth_mm) * half.sin();
                [-side, side, radius_mm * (half.cos() - 1.0), self.depth_mm]
            }
        }
    }

    /// Size of the square pixels, mm.
    pub fn pixel_mm(&self) -> f64 {
        let [left, right, top, bottom] = self.extent_mm();
        let horizontal = (right - left) / (self.width_px as f64 - 1.0 - 2.0 * MARGIN_PX);
        horizontal.max((bottom - top) / (self.height_px as f64 - 1.0 - 2.0 * MARGIN_PX))
    }

    /// x and y on the face, mm, of the centre of a pixel (column, row).
    pub fn face_from_pixel(&self, column: f64, row: f64) -> (f64, f64) {
        let [_, _, top, bottom] = self.extent_mm();
        let pixel = self.pixel_mm();
        let x = (column - (self.width_px as f64 - 1.0) / 2.0) * pixel;
        let y = f64::midpoint(top, bottom) + (row - (self.height_px as f64 - 1.0) / 2.0) * pixel;
        (x, y)
    }

    /// Whether a point of the image plane (mm on the face) is scanned.
    pub fn in_sector(&self, x: f64, y: f64) -> bool {
        match self.shape {
            ProbeShape::Linear { width_mm } => {
                x.abs() <= width_mm / 2.0 && (0.0..=self.depth_mm).contains(&y)
            }
            ProbeShape::Convex { radius_mm, opening_rad } => {
                let range = x.hypot(y + radius_mm) - radius_mm;
                let angle = x.atan2(y + radius_mm);
                (0.0..=self.depth_mm).contains(&range) && angle.abs() <= opening_rad / 2.0
            }
        }
    }

    /// Pixels to mm on the face; pixel centres have integer coordinates.
    fn face_from_image(&self) -> Matrix3x4<f64> {
        let pixel = self.pixel_mm();
        let (x, y) = self.face_from_pixel(0.0, 0.0);
        Matrix3x4::new(pixel, 0.0, 0.0, x, 0.0, pixel, 0.0, y, 0.0, 0.0, pixel, 0.0)
    }

    /// The true calibration of the probe: pixels to mm at the sensor.
    pub fn probe_from_image(&self) -> Affine<Probe, Image> {
        let mount = probe_from_face().isometry().to_homogeneous();
        let face = self.face_from_image();
        let linear = mount.fixed_view::<3, 3>(0, 0) * face.fixed_view::<3, 3>(0, 0);
        let shift =
            mount.fixed_view::<3, 3>(0, 0) * face.column(3) + mount.fixed_view::<3, 1>(0, 3);
        let mut rows = Matrix3x4::zeros();
        rows.fixed_view_mut::<3, 3>(0, 0).copy_from(&linear);
        rows.set_column(3, &shift);
        // A rotation times a positive scale is finite and invertible whenever `check` passes.
        Affine::from_rows(rows).unwrap_or_else(|_| Affine::from(Transform::identity()))
    }
}

/// How the sensor sits on the handle, the same on every simulated probe.
pub fn probe_from_face() -> Transform<Probe, Face> {
    Transform::from_isometry(Isometry3::from_parts(
        Translation3::new(-14.0, 23.5, -86.0),
        UnitQuaternion::from_euler_angles(1.65, -0.35, 0.12),
    ))
}

#[cfg(test)]
mod tests {
    use messages::Point;
    use nalgebra::Point3;
    use proptest::prelude::*;

    use super::*;

    fn geometries() -> [ScanGeometry; 3] {
        let linear = ProbeShape::Linear { width_mm: 40.0 };
        [
            ScanGeometry::default(),
            ScanGeometry { shape: linear, depth_mm: 60.0, width_px: 400, height_px: 320 },
            ScanGeometry { shape: linear, depth_mm: 20.0, width_px: 320, height_px: 512 },
        ]
    }

    proptest! {
        #[test]
        fn the_calibration_takes_a_pixel_to_its_place_on_the_face(column in -5.0..400.0, row in -5.0..400.0) {
            for geometry in geometries() {
                let (x, y) = geometry.face_from_pixel(column, row);
                let expected = probe_from_face() * Point::new(Point3::new(x, y, 0.0));
                let pixel = Point::new(Point3::new(column, row, 0.0));
                let placed = geometry.probe_from_image() * pixel;
                prop_assert!((placed.xyz_mm - expected.xyz_mm).norm() < 1e-9);
            }
        }
    }

    #[test]
    fn the_whole_sector_is_in_the_image() {
        for geometry in geometries() {
            let mut seen = [false; 4];
            for row in 0..geometry.height_px {
                for column in 0..geometry.width_px {
                    let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
                    if geometry.in_sector(x, y) {
                        let border = row == 0
                            || column == 0
                            || row + 1 == geometry.height_px
                            || column + 1 == geometry.width_px;
                        assert!(!border, "the sector touches the border at {column}, {row}");
                        let [left, right, top, bottom] = geometry.extent_mm();
                        let near = 2.0 * geometry.pixel_mm();
                        seen[0] |= x < left + near;
                        seen[1] |= x > right - near;
                        seen[2] |= y < top + near;
                        seen[3] |= y > bottom - near;
                    }
                }
            }
            assert_eq!(seen, [true; 4]);
        }
    }

    #[test]
    fn absurd_geometries_are_refused_by_name() {
        let good = ScanGeometry::default();
        let bad = [
            ScanGeometry { depth_mm: f64::NAN, ..good },
            ScanGeometry { width_px: 0, ..good },
            ScanGeometry { height_px: 1_000_000, ..good },
            ScanGeometry { shape: ProbeShape::Linear { width_mm: -4.0 }, ..good },
            ScanGeometry {
                shape: ProbeShape::Convex { radius_mm: 50.0, opening_rad: 7.0 },
                ..good
            },
        ];
        let names: Vec<_> = bad.iter().map(|g| g.check().unwrap_err().name).collect();
        assert_eq!(names, ["depth_mm", "width_px", "height_px", "width_mm", "opening_rad"]);
        assert_eq!(good.check(), Ok(()));
    }
}
