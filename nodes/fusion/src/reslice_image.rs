//! The node `reslice`: the preoperative image in the plane of each located one, pixel for pixel.
//!
//! A picture is made of tiles. The corners of each are taken through the registration, the bent field included, and
//! within it the map is linear; over 16 pixels a field that is bent by millimetres over centimetres departs from that by
//! less than a tenth of a millimetre.

use std::time::Duration;

use messages::{
    Affine, Alignment, GreyWindow, Guidance, Health, Image, IntensityVolume, LocatedImage,
    Modality, Placement, Point, Preoperative, Registration, ReslicedImage, Stamped, Timestamp,
    Voxel,
};
use nalgebra::{Matrix3x4, Point3, Vector3};
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::reslice::{Voxels, WrongSize};
use crate::trust::trusted;

/// Edge of a tile, pixels.
const TILE_PX: u32 = 16;
/// Images may come a little early, and still be due.
const EARLY: Duration = Duration::from_millis(5);

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Intensities that are black and white; by default soft tissue of a CT, and the whole range of an MR but one voxel in a
    /// hundred at both ends.
    #[serde(default)]
    pub window: Option<[i16; 2]>,
    /// At most so many pictures are made a second; live images between are passed over.
    #[serde(default = "max_rate_hz")]
    #[schemars(default = "max_rate_hz", range(min = 0.1, max = 200.0))]
    pub max_rate_hz: f64,
    /// Nothing is shown from a registration made from images older than this, in seconds.
    #[serde(default = "max_registration_age_s")]
    #[schemars(default = "max_registration_age_s", range(min = 1.0, max = 36000.0))]
    pub max_registration_age_s: f64,
}

fn max_rate_hz() -> f64 {
    10.0
}
fn max_registration_age_s() -> f64 {
    600.0
}

inputs! {
    /// What the node hears.
    pub enum Input {
        volume => Volume(IntensityVolume<Preoperative>),
        registration => Registration(Registration),
        located => Located(LocatedImage),
    }
}
outputs! {
    /// What the node says.
    pub enum Output { resliced => Resliced(ReslicedImage) }
}

/// A parameter or an image that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A number that should be above 0.
    #[error("`{name}` should be above 0, but it is {came}")]
    NotAbove0 {
        /// The parameter.
        name: &'static str,
        /// What came.
        came: f64,
    },
    /// The image is too large.
    #[error("the preoperative image cannot be cut: {0}; crop or resample it")]
    Volume(#[from] WrongSize),
    /// A window without greys.
    #[error("`window` should be what is black and, above it, what is white, but it is {0:?}")]
    Window([i16; 2]),
}

/// The node.
pub struct ResliceImage {
    parameters: Parameters,
    period: Duration,
    scan: Option<Scan>,
    registration: Option<Registration>,
    published_at: Option<Timestamp>,
}

/// The preoperative image, ready to be cut.
struct Scan {
    volume: IntensityVolume<Preoperative>,
    voxels: Voxels,
    voxel_from_frame: Affine<Voxel, Preoperative>,
}

impl Node for ResliceImage {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        for (name, came) in [
            ("max_rate_hz", parameters.max_rate_hz),
            ("max_registration_age_s", parameters.max_registration_age_s),
        ] {
            if !(came > 0.0 && came < 1e9) {
                return Err(Error::NotAbove0 { name, came });
            }
        }
        if let Some(window @ [black, white]) = parameters.window
            && black >= white
        {
            return Err(Error::Window(window));
        }
        // A rate so low that its period is no duration is once.
        let period = Duration::try_from_secs_f64(1.0 / parameters.max_rate_hz);
        Ok(Self {
            period: period.unwrap_or(Duration::MAX).saturating_sub(EARLY),
            parameters,
            scan: None,
            registration: None,
            published_at: None,
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        match input {
            Input::Volume(Stamped { value, .. }) => {
                self.scan = Some(Scan::new(value, self.parameters.window)?);
            }
            Input::Registration(Stamped { value, .. }) => self.registration = Some(value),
            Input::Located(Stamped { acquired_at, value: located, .. }) => {
                let is_early =
                    |last: Timestamp| last <= acquired_at && acquired_at.since(last) < self.period;
                if self.published_at.is_some_and(is_early) {
                    return Ok(());
                }
                self.published_at = Some(acquired_at);
                let resliced = self.reslice(&located, acquired_at);
                context.report(health(&resliced.guidance, &located.placement));
                context.publish(acquired_at, Output::Resliced(resliced));
            }
        }
        Ok(())
    }

    /// The image and the registration may have come long ago and once: they are kept.
    fn configure(&mut self, parameters: Parameters) -> Result<(), Error> {
        let other = Self::new(parameters)?;
        let window = other.parameters.window;
        let scan = self.scan.take().map(|scan| Scan::new(scan.volume, window)).transpose()?;
        *self = Self { scan, registration: self.registration.take(), ..other };
        Ok(())
    }
}

impl Scan {
    fn new(
        volume: IntensityVolume<Preoperative>,
        window: Option<[i16; 2]>,
    ) -> Result<Self, WrongSize> {
        let values = volume.voxels.as_slice();
        let window = match window {
            Some([black, white]) => GreyWindow { black, white },
            // A sample is enough.
            None => GreyWindow::usual(volume.modality, || {
                values.iter().step_by((values.len() >> 16).max(1)).copied().collect()
            }),
        };
        let greys: Vec<u8> = values.iter().map(|&value| window.grey(value)).collect();
        Ok(Self {
            voxels: Voxels::new(volume.size.map(|size| size as usize), &greys)?,
            voxel_from_frame: volume.frame_from_voxel.inverse(),
            volume,
        })
    }

    /// The picture of an image of `size_px` pixels that lies at `rigid_from_image` before it is bent.
    fn picture(
        &self,
        alignment: &Alignment,
        rigid_from_image: &Affine<Preoperative, Image>,
        [width, height]: [u32; 2],
    ) -> Result<Vec<u8>, String> {
        // The voxel indices of a pixel; none outside of what was registered.
        let index = |x: u32, y: u32| {
            let pixel = Point::<Image>::new(Point3::new(x.into(), y.into(), 0.0));
            let displaced = alignment.field.apply(*rigid_from_image * pixel)?;
            Some((self.voxel_from_frame * displaced.point).xyz_mm.coords)
        };
        let mut picture = vec![0; width as usize * height as usize];
        let mut is_anywhere = false;
        let lefts =
            |top| (0..width).step_by(TILE_PX as usize).map(move |left| [left, top, TILE_PX]);
        let mut tiles: Vec<[u32; 3]> =
            (0..height).step_by(TILE_PX as usize).flat_map(lefts).collect();
        while let Some([left, top, edge]) = tiles.pop() {
            let corners = [(0, 0), (edge, 0), (0, edge), (edge, edge)];
            let corners = corners.map(|(x, y)| index(left + x, top + y));
            let [Some(a), Some(b), Some(c), Some(d)] = corners else {
                // Where what was registered ends, in smaller steps.
                let half = edge / 2;
                if half > 0 && corners.iter().any(Option::is_some) {
                    let parts = [(0, 0), (half, 0), (0, half), (half, half)];
                    let parts = parts.map(|(x, y)| [left + x, top + y, half]);
                    tiles.extend(parts.iter().filter(|part| part[0] < width && part[1] < height));
                }
                continue;
            };
            is_anywhere = true;
            let columns = edge.min(width - left) as usize;
            let rows = edge.min(height - top) as usize;
            let tile = self.voxels.reslice((columns, rows), &linear([a, b, c, d], edge));
            for (row, pixels) in tile.chunks_exact(columns).enumerate() {
                let start = (top as usize + row) * width as usize + left as usize;
                picture[start..start + columns].copy_from_slice(pixels);
            }
        }
        if is_anywhere {
            Ok(picture)
        } else {
            Err("the image lies outside of what was registered".to_owned())
        }
    }
}

/// The map of a tile so many pixels wide and high whose corners lie at these voxel indices: the nearest linear one.
fn linear([a, b, c, d]: [Vector3<f64>; 4], edge_px: u32) -> Matrix3x4<f64> {
    let edge = f64::from(edge_px);
    let right = ((b - a) + (d - c)) / (2.0 * edge);
    let down = ((c - a) + (d - b)) / (2.0 * edge);
    let origin = (a + b + c + d) / 4.0 - (right + down) * (edge / 2.0);
    Matrix3x4::from_columns(&[right, down, Vector3::zeros(), origin])
}

impl ResliceImage {
    fn reslice(&self, located: &LocatedImage, at: Timestamp) -> ReslicedImage {
        let size = [located.image.width_px, located.image.height_px];
        let (guidance, pixels) = self.picture(located, at, size).unwrap_or_else(|reason| {
            (Guidance::Blank { reason }, vec![0; size[0] as usize * size[1] as usize])
        });
        ReslicedImage {
            width_px: size[0],
            height_px: size[1],
            guidance,
            modality: self.scan.as_ref().map_or(Modality::Ct, |scan| scan.volume.modality),
            pixels: pixels.into(),
        }
    }

    fn picture(
        &self,
        located: &LocatedImage,
        at: Timestamp,
        size_px: [u32; 2],
    ) -> Result<(Guidance, Vec<u8>), String> {
        let patient_from_image = match &located.placement {
            Placement::Placed { patient_from_image, .. } => patient_from_image,
            Placement::Unplaced { reason } => {
                return Err(format!("the image is not placed: {reason}"));
            }
        };
        let Some(scan) = &self.scan else {
            return Err("no preoperative image has come yet".to_owned());
        };
        let max_age = Duration::from_secs_f64(self.parameters.max_registration_age_s);
        let trusted = trusted(self.registration.as_ref(), at, max_age)?;
        let rigid_from_image = trusted.alignment.preoperative_from_patient * *patient_from_image;
        let picture = scan.picture(trusted.alignment, &rigid_from_image, size_px)?;
        Ok((trusted.guidance(), picture))
    }
}

fn health(guidance: &Guidance, placement: &Placement) -> Health {
    let reason = match (guidance, placement) {
        // Its figures change from image to image; who placed the image reports them.
        (Guidance::Blank { .. }, Placement::Unplaced { .. }) => "the image is not placed",
        (Guidance::Blank { reason }, _) => reason,
        _ => return Health::Healthy,
    };
    Health::Degraded { reason: format!("nothing is shown: {reason}") }
}
