//! The element `VolumeReconstruction` of a PLUS device set: how images become a volume.
//!
//! The attributes are those of PLUS 2 (<https://plustoolkit.github.io>, "Volume reconstruction"), older names of
//! theirs included. Lengths of the output are millimetres of the reference frame; all of an image is in pixels.

use roxmltree::Node;

use super::{Error, with_root};
use crate::metaimage::excerpt;

/// How a pixel is given to voxels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// To the nearest.
    #[default]
    NearestNeighbor,
    /// To the eight around.
    Linear,
}

/// What a voxel makes of several pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompoundingMode {
    /// The last.
    Latest,
    /// The brightest.
    Maximum,
    /// The mean.
    Mean,
    /// The mean weighted by a picture of importance.
    ImportanceMask,
}

/// One way to fill a voxel that no image met; the first that succeeds is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HoleFilling {
    /// The mean of the voxels of a cube that were met, weighted by a Gaussian of the distance.
    Gaussian {
        /// Voxels along an edge of the cube.
        size: usize,
        /// Standard deviation, in voxels.
        stdev: f64,
        /// More than this share of the cube must have been met.
        least_known: f64,
    },
    /// The same, weighted by how many pixels met a voxel, too.
    GaussianAccumulation {
        /// Voxels along an edge of the cube.
        size: usize,
        /// Standard deviation, in voxels.
        stdev: f64,
        /// More than this share of the cube must have been met.
        least_known: f64,
    },
    /// The same, weighted by the inverse distance.
    DistanceWeightInverse {
        /// Voxels along an edge of the cube.
        size: usize,
        /// More than this share of the cube must have been met.
        least_known: f64,
    },
    /// The mean of the smallest cube around in which a voxel was met.
    NearestNeighbor {
        /// Voxels along an edge of the largest cube.
        size: usize,
        /// More than this share of the largest cube must have been met in it.
        least_known: f64,
    },
    /// Interpolated along the shortest of thirteen lines through the voxel that end in met ones.
    Stick {
        /// The longest line, in voxels.
        length: usize,
        /// The mean of so many lines.
        sticks: usize,
    },
}

/// How the fan is narrowed in each image to the angles that are lit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FanAngleDetection {
    /// A pixel of at least this grey value is lit.
    pub brightness_threshold: f64,
    /// Half of how many pixels along an arc are judged together; at least 1.
    pub filter_radius_px: usize,
}

/// What the element says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeReconstruction {
    /// The frame of the volume, such as `Reference`.
    pub reference_frame: Option<String>,
    /// The frame of the images, such as `Image`.
    pub image_frame: Option<String>,
    /// Distance of voxel centres along x, y and z; positive.
    pub spacing_mm: [f64; 3],
    /// The centre of voxel (0, 0, 0).
    pub origin_mm: Option<[f64; 3]>,
    /// First and last voxel along x, y and z.
    pub extent: Option<[[i32; 2]; 3]>,
    /// First column and row, and how far it is to the last ones, which are used, too.
    pub clip_rectangle_px: Option<([i32; 2], [i32; 2])>,
    /// The first and the last line of a fan, from straight down, positive towards larger x.
    pub fan_angles_deg: Option<[f64; 2]>,
    /// Where the lines of the fan meet.
    pub fan_origin_px: [f64; 2],
    /// Smallest and largest distance from there.
    pub fan_radii_px: [f64; 2],
    /// If the fan is to be narrowed to what is lit in each image, how that is found.
    pub fan_angle_detection: Option<FanAngleDetection>,
    /// Darker pixels are left out.
    pub rejection_threshold: Option<f64>,
    /// Every so many images one is used; at least 1.
    pub skip_interval: usize,
    /// How a pixel is given to voxels.
    pub interpolation: Interpolation,
    /// What a voxel makes of several pixels.
    pub compounding: Option<CompoundingMode>,
    /// The picture of importance, a PNG file.
    pub importance_mask: Option<String>,
    /// How voxels that no image met are filled, one after the other; none if they are not.
    pub hole_filling: Vec<HoleFilling>,
}

impl VolumeReconstruction {
    /// The element of a device set, if it has one.
    ///
    /// # Errors
    /// If the file is no device set, or an attribute makes no sense.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, Error> {
        with_root(bytes, |root, line_at| {
            let element = root.children().find(|node| node.has_tag_name("VolumeReconstruction"));
            element.map(|node| Self::of(Element { node, line_at })).transpose()
        })
    }

    fn of(element: Element) -> Result<Self, Error> {
        let spacing_mm =
            element.numbers("OutputSpacing")?.ok_or_else(|| element.missing("OutputSpacing"))?;
        if !spacing_mm.iter().all(|spacing: &f64| *spacing > 0.0) {
            return Err(element.wrong("OutputSpacing", "three numbers above 0"));
        }
        let extent = element.numbers::<i32, 6>("OutputExtent")?;
        let extent = extent.map(|[a, b, c, d, e, f]| [[a, b], [c, d], [e, f]]);
        if extent.is_some_and(|extent| extent.iter().any(|[first, last]| last < first)) {
            return Err(element.wrong("OutputExtent", "first and last voxel along x, y and z"));
        }
        let clip = element
            .numbers("ClipRectangleOrigin")?
            .zip(element.numbers("ClipRectangleSize")?)
            // As in PLUS, without a size the whole image is used.
            .filter(|(_, size): &([i32; 2], [i32; 2])| size.iter().all(|size| *size > 0));
        let angles = element.either("FanAnglesDeg", "FanAngles")?;
        let number = |name| Ok::<_, Error>(element.numbers::<f64, 1>(name)?.map(|[number]| number));
        let stop = match number("FanRadiusStopPixel")? {
            Some(stop) => Some(stop),
            None => number("FanDepth")?,
        };
        let skip = element.numbers::<i32, 1>("SkipInterval")?.map_or(1, |[skip]| skip);
        let holes = match element.word("FillHoles").as_deref() {
            Some("ON") => element.holes()?,
            None | Some("OFF") => vec![],
            Some(_) => return Err(element.wrong("FillHoles", "ON or OFF")),
        };
        Ok(Self {
            reference_frame: element.text("ReferenceCoordinateFrame"),
            image_frame: element.text("ImageCoordinateFrame"),
            spacing_mm,
            origin_mm: element.numbers("OutputOrigin")?,
            extent,
            clip_rectangle_px: clip,
            // As in PLUS, without angles there is no fan.
            fan_angles_deg: angles
                .map(|[a, b]: [f64; 2]| [a.min(b), a.max(b)])
                .filter(|angles| *angles != [0.0; 2]),
            fan_origin_px: element.either("FanOriginPixel", "FanOrigin")?.unwrap_or([0.0; 2]),
            fan_radii_px: [number("FanRadiusStartPixel")?.unwrap_or(0.0), stop.unwrap_or(500.0)],
            fan_angle_detection: element.fan_angle_detection()?,
            rejection_threshold: number("PixelRejectionThreshold")?,
            skip_interval: skip.max(1) as usize,
            interpolation: match element.word("Interpolation").as_deref() {
                Some("LINEAR") => Interpolation::Linear,
                None | Some("NEAREST_NEIGHBOR") => Interpolation::NearestNeighbor,
                Some(_) => return Err(element.wrong("Interpolation", "LINEAR or NEAREST_NEIGHBOR")),
            },
            compounding: element.compounding()?,
            importance_mask: element.text("ImportanceMaskFilename"),
            hole_filling: holes,
        })
    }
}

/// An element, and where it is in the file.
#[derive(Clone, Copy)]
struct Element<'a> {
    node: Node<'a, 'a>,
    line_at: &'a dyn Fn(usize) -> u32,
}

impl Element<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.node.attribute(name).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn word(&self, name: &str) -> Option<String> {
        self.text(name).map(|text| text.trim().to_ascii_uppercase())
    }

    fn line(&self) -> u32 {
        (self.line_at)(self.node.range().start)
    }

    fn missing(&self, attribute: &'static str) -> Error {
        let element = self.node.tag_name().name().to_owned();
        Error::Lacks { line: self.line(), element, attribute }
    }

    fn wrong(&self, attribute: &'static str, expected: &'static str) -> Error {
        let came = excerpt(self.node.attribute(attribute).unwrap_or_default());
        Error::Attribute { line: self.line(), attribute, expected, came }
    }

    /// Finite numbers separated by blanks.
    fn numbers<T: Number, const COUNT: usize>(
        &self,
        name: &'static str,
    ) -> Result<Option<[T; COUNT]>, Error> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let numbers: Option<Vec<T>> = text.split_ascii_whitespace().map(T::read).collect();
        match numbers.and_then(|numbers| numbers.try_into().ok()) {
            Some(numbers) => Ok(Some(numbers)),
            None => Err(self.wrong(
                name,
                match COUNT {
                    1 => "a number",
                    2 => "two numbers",
                    3 => "three numbers",
                    _ => "six whole numbers",
                },
            )),
        }
    }

    /// Two numbers by their name, or by the one that they had before.
    fn either(&self, name: &'static str, older: &'static str) -> Result<Option<[f64; 2]>, Error> {
        match self.numbers(name)? {
            Some(numbers) => Ok(Some(numbers)),
            None => self.numbers(older),
        }
    }

    fn compounding(&self) -> Result<Option<CompoundingMode>, Error> {
        let mode = match self.word("CompoundingMode").as_deref() {
            Some("LATEST") => CompoundingMode::Latest,
            Some("MAXIMUM") => CompoundingMode::Maximum,
            Some("MEAN") => CompoundingMode::Mean,
            Some("IMPORTANCE_MASK") => CompoundingMode::ImportanceMask,
            // As it was said before there were modes.
            None if self.word("Calculation").as_deref() == Some("MAXIMUM") => {
                CompoundingMode::Maximum
            }
            None => match self.word("Compounding").as_deref() {
                Some("OFF") => CompoundingMode::Latest,
                Some("ON") => CompoundingMode::Mean,
                _ => return Ok(None),
            },
            Some(_) => {
                return Err(
                    self.wrong("CompoundingMode", "LATEST, MAXIMUM, MEAN or IMPORTANCE_MASK")
                );
            }
        };
        Ok(Some(mode))
    }

    fn fan_angle_detection(&self) -> Result<Option<FanAngleDetection>, Error> {
        match self.word("EnableFanAnglesAutoDetect").as_deref() {
            None | Some("FALSE") => return Ok(None),
            Some("TRUE") => {}
            Some(_) => return Err(self.wrong("EnableFanAnglesAutoDetect", "TRUE or FALSE")),
        }
        let radius = "FanAnglesAutoDetectFilterRadiusPixel";
        let filter_radius_px = self.numbers::<i32, 1>(radius)?.map_or(10, |[radius]| radius);
        if !(1..=1000).contains(&filter_radius_px) {
            return Err(self.wrong(radius, "a whole number of pixels from 1 to 1000"));
        }
        let threshold = self.numbers::<f64, 1>("FanAnglesAutoDetectBrightnessThreshold")?;
        Ok(Some(FanAngleDetection {
            brightness_threshold: threshold.map_or(30.0, |[threshold]| threshold),
            filter_radius_px: filter_radius_px as usize,
        }))
    }

    fn holes(&self) -> Result<Vec<HoleFilling>, Error> {
        let elements = self.node.children().filter(|node| node.has_tag_name("HoleFilling"));
        let elements = elements.flat_map(|node| node.children());
        let elements = elements.filter(|node| node.has_tag_name("HoleFillingElement"));
        let found: Result<Vec<_>, _> =
            elements.map(|node| Element { node, ..*self }.hole()).collect();
        match found {
            Ok(found) if found.is_empty() => Err(self.missing("HoleFilling")),
            found => found,
        }
    }

    fn hole(&self) -> Result<HoleFilling, Error> {
        let need = |name: &'static str| match self.numbers::<f64, 1>(name) {
            Ok(Some([number])) => Ok(number),
            Ok(None) => Err(self.missing(name)),
            Err(error) => Err(error),
        };
        let size = |name: &'static str, most: f64| match need(name) {
            Ok(size) if (1.0..=most).contains(&size) && size.fract() == 0.0 => Ok(size as usize),
            Ok(_) => Err(self.wrong(name, "a whole number of voxels, not more than some dozens")),
            Err(error) => Err(error),
        };
        let odd = || match size("Size", 99.0) {
            Ok(size) if size % 2 == 0 => Err(self.wrong("Size", "an odd number of voxels")),
            size => size,
        };
        let share = || need("MinimumKnownVoxelsRatio");
        let stdev = || match need("Stdev") {
            Ok(stdev) if stdev <= 0.0 => Err(self.wrong("Stdev", "a number above 0")),
            stdev => stdev,
        };
        Ok(match self.word("Type").as_deref() {
            Some("GAUSSIAN") => {
                HoleFilling::Gaussian { size: odd()?, stdev: stdev()?, least_known: share()? }
            }
            Some("GAUSSIAN_ACCUMULATION") => HoleFilling::GaussianAccumulation {
                size: odd()?,
                stdev: stdev()?,
                least_known: share()?,
            },
            Some("DISTANCE_WEIGHT_INVERSE") => {
                HoleFilling::DistanceWeightInverse { size: odd()?, least_known: share()? }
            }
            Some("NEAREST_NEIGHBOR") => {
                HoleFilling::NearestNeighbor { size: odd()?, least_known: share()? }
            }
            Some("STICK") => HoleFilling::Stick {
                length: size("StickLengthLimit", 1000.0)?,
                sticks: size("NumberOfSticksToUse", 13.0)?,
            },
            None => return Err(self.missing("Type")),
            Some(_) => {
                return Err(self.wrong(
                    "Type",
                    "GAUSSIAN, GAUSSIAN_ACCUMULATION, DISTANCE_WEIGHT_INVERSE, NEAREST_NEIGHBOR or STICK",
                ));
            }
        })
    }
}

/// A number of an attribute.
trait Number: Sized {
    fn read(text: &str) -> Option<Self>;
}

impl Number for f64 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

impl Number for i32 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}
