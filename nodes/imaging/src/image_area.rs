//! Where the ultrasound is in the images of a sweep: a rectangle (linear probe) or a fan (curved or phased array),
//! found from the images alone.
//!
//! A frame grabber gives the whole screen of the scanner: logos, text, scales and a dark surround, which stand still
//! while the ultrasound between them changes with each image. So, over some dozen images,
//! 1. the pixels whose grey value changes by more than a threshold are taken, without what a video codec smears around
//!    brighter ones, without specks, and without patches that are small beside the largest (clocks, cursors);
//! 2. their outline is the first and the last of them in each row and column;
//! 3. a rectangle is laid where most of the outline runs along its sides and almost none outside;
//! 4. a fan is laid through the two slanting lines that most of the outline to the left and to the right runs along and
//!    almost none outside; they meet in its origin, and the radii of its arcs are those at which most of the outline
//!    above and below lies;
//! 5. the one along which most of the outline runs is taken, over some thresholds.
//!
//! So a part of the border may be dark, behind bone or where the probe does not touch, if it is seen elsewhere. What no
//! image lights is not found: a fan of which the outermost beams are dark in all images is found without them. A border
//! of which too little is seen is laid where changes end, and is said to be unseen. Pixels must be square and images
//! upright (MF orientation, the probe above); sides of fans that are cut off by something else than the image's own
//! borders, fans with more than 90° to a side, and slanting images of linear probes are refused, as is whatever else
//! neither form fits.

mod border;
mod changing;
mod fan;
mod not_found;
mod outline;
mod rectangle;

use std::fmt::Write as _;

use serde::Serialize;

use crate::reconstruct::settings::{Rectangle, Settings};
use changing::Changing;
pub use fan::Fan;
pub use not_found::{Attempt, NotFound};
use outline::{Outline, Point};

/// With fewer images too little changes.
pub const LEAST_IMAGES: usize = 5;
/// Changes of grey value that are tried as the least that counts.
const THRESHOLDS: [u8; 5] = [2, 4, 8, 16, 32];
/// A pixel that changes by less than one in so many of what another one does within so many pixels is smeared from there.
const LEAST_OF_AROUND: u16 = 8;
const AROUND_PX: usize = 4;
/// A border is seen in what changes this many times as much, too.
const BRIGHT: u8 = 3;
/// Of fewer of the pixels changing nothing can be said.
const LEAST_CHANGING: f64 = 0.02;
/// A point of the outline is on a border within so many pixels.
const ON_BORDER_PX: f64 = 1.0;
/// So much of the outline must be on the border.
const LEAST_ON_BORDER: f64 = 0.25;
/// So many of the changing pixels must lie inside.
const LEAST_INSIDE: f64 = 0.8;

/// What changes in the images of a sweep.
#[derive(Clone, Debug)]
pub struct Changes {
    width_px: usize,
    height_px: usize,
    images: usize,
    /// The smallest and the largest grey value of each pixel.
    least: Vec<u8>,
    greatest: Vec<u8>,
}

/// The area of the ultrasound in an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageArea {
    /// Its form and place.
    #[serde(flatten)]
    pub form: Form,
    /// How well it fits.
    #[serde(flatten)]
    pub fit: Fit,
}

/// The form of the area.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Of a linear probe.
    Rectangle(Rectangle),
    /// Of a curved or phased array.
    Fan(Fan),
}

/// How well an area fits what changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// Images that were looked at.
    pub images: usize,
    /// A change of grey value of at least this counted.
    pub threshold: u8,
    /// Root mean square distance from the border of that part of the outline that runs along it, pixels.
    pub residual_px: f64,
    /// The share of the outline that runs along the border, within a pixel.
    pub on_border: f64,
    /// The share of the changing pixels that lies inside.
    pub inside: f64,
    /// The share of the pixels inside that changes.
    pub changing: f64,
    /// Borders of which too little is seen; they are laid where changes end.
    pub unseen: Vec<Side>,
}

/// A border of an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Of a rectangle.
    Left,
    /// Of a rectangle.
    Right,
    /// Of a rectangle.
    Top,
    /// Of a rectangle.
    Bottom,
    /// Of a fan, near the probe.
    InnerArc,
    /// Of a fan, the deepest.
    OuterArc,
}

impl Changes {
    /// Of images of a size, none yet.
    pub fn new(width_px: usize, height_px: usize) -> Self {
        let pixels = width_px * height_px;
        let (least, greatest) = (vec![u8::MAX; pixels], vec![0; pixels]);
        Self { width_px, height_px, images: 0, least, greatest }
    }

    /// Takes a look at an image, rows from the probe down.
    ///
    /// # Errors
    /// If it has another size.
    pub fn add(&mut self, pixels: &[u8]) -> Result<(), NotFound> {
        if pixels.len() != self.least.len() {
            let expected = (self.width_px, self.height_px);
            return Err(NotFound::WrongSize { expected, came: pixels.len() });
        }
        for ((least, greatest), pixel) in self.least.iter_mut().zip(&mut self.greatest).zip(pixels)
        {
            *least = (*least).min(*pixel);
            *greatest = (*greatest).max(*pixel);
        }
        self.images += 1;
        Ok(())
    }

    /// How many images were looked at.
    pub fn images(&self) -> usize {
        self.images
    }

    /// The area in which they change.
    ///
    /// # Errors
    /// If there are too few images, nothing changes, or neither a rectangle nor a fan fits.
    pub fn find(&self) -> Result<ImageArea, NotFound> {
        if self.images < LEAST_IMAGES {
            return Err(NotFound::TooFew(self.images));
        }
        let share =
            |changing: &Changing| changing.pixels() as f64 / changing.mask.len().max(1) as f64;
        let most = share(&self.changing(THRESHOLDS[0]));
        if most < LEAST_CHANGING {
            return Err(NotFound::NothingMoves { share: most });
        }
        let candidates: Vec<ImageArea> =
            THRESHOLDS.iter().flat_map(|threshold| self.candidates(*threshold)).collect();
        let fits =
            |area: &&ImageArea| area.fit.on_border >= LEAST_ON_BORDER && area.fit.unseen.len() <= 1;
        let by_border =
            |a: &&ImageArea, b: &&ImageArea| a.fit.on_border.total_cmp(&b.fit.on_border);
        // Of equals, the one with the smallest threshold.
        let Some(found) = candidates.iter().rev().filter(fits).max_by(by_border) else {
            return Err(not_found::no_fit(&candidates));
        };
        let mut found = found.clone();
        self.count(&mut found);
        if found.fit.inside < LEAST_INSIDE {
            return Err(NotFound::Elsewhere { form: found.form.name(), inside: found.fit.inside });
        }
        Ok(found)
    }

    /// The pixels that change by a threshold or more, and by a share of what those around change.
    fn changing(&self, threshold: u8) -> Changing {
        let pairs = self.least.iter().zip(&self.greatest);
        let change: Vec<u8> =
            pairs.map(|(least, greatest)| greatest.saturating_sub(*least)).collect();
        let around = changing::largest_around(&change, self.width_px, AROUND_PX);
        let mask = change.iter().zip(&around).map(|(change, around)| {
            *change >= threshold && u16::from(*change) * LEAST_OF_AROUND >= u16::from(*around)
        });
        Changing { width_px: self.width_px, height_px: self.height_px, mask: mask.collect() }
    }

    /// The rectangle and the fan that fit best for a threshold, as far as there are any; pixels are not yet counted.
    fn candidates(&self, threshold: u8) -> Vec<ImageArea> {
        let outline = Outline::of(&self.changing(threshold).without_overlays());
        let bright = self.changing(threshold.saturating_mul(BRIGHT)).without_overlays();
        let rectangle = rectangle::fit(&outline, &Outline::of(&bright))
            .map(|found| (Form::Rectangle(found.rectangle), found.unseen));
        let fan = fan::fit(&outline).map(|found| (Form::Fan(found.fan), found.unseen));
        let points = outline.points().count().max(1);
        let area = |(form, unseen): (Form, Vec<Side>)| {
            let on: Vec<f64> = outline.points().filter_map(|point| form.on_border(point)).collect();
            let squares: f64 = on.iter().map(|distance| distance * distance).sum();
            let fit = Fit {
                images: self.images,
                threshold,
                residual_px: (squares / on.len().max(1) as f64).sqrt(),
                on_border: on.len() as f64 / points as f64,
                inside: 0.0,
                changing: 0.0,
                unseen,
            };
            ImageArea { form, fit }
        };
        [rectangle, fan].into_iter().flatten().map(area).collect()
    }

    /// Counts the pixels inside and those that change.
    fn count(&self, area: &mut ImageArea) {
        let changing = self.changing(area.fit.threshold);
        let (mut inside, mut both) = (0u32, 0u32);
        for y in 0..self.height_px {
            for x in (0..self.width_px).filter(|x| area.form.contains([*x, y])) {
                inside += 1;
                both += u32::from(changing.at(x, y));
            }
        }
        area.fit.inside = f64::from(both) / changing.pixels().max(1) as f64;
        area.fit.changing = f64::from(both) / f64::from(inside.max(1));
    }
}

impl ImageArea {
    /// Lets a reconstruction use the area of its images and nothing else.
    pub fn limit(&self, settings: &mut Settings) {
        let (clip, fan) = match self.form {
            Form::Rectangle(rectangle) => (rectangle, None),
            Form::Fan(fan) => (fan.bounds(), Some(fan.setting())),
        };
        settings.clip = Some(clip);
        settings.fan = fan;
        settings.fan_angle_detection = settings.fan_angle_detection.filter(|_| fan.is_some());
    }

    /// What was found, in the attributes of a PLUS device set, and how well it fits.
    pub fn text(&self) -> String {
        let form = match self.form {
            // PLUS uses the pixels on both borders.
            Form::Rectangle(Rectangle { x_px, y_px, width_px, height_px }) => format!(
                "ClipRectangleOrigin=\"{x_px} {y_px}\" ClipRectangleSize=\"{} {}\"",
                width_px - 1,
                height_px - 1
            ),
            Form::Fan(Fan { origin_px: [x, y], radii_px: [inner, outer], angles_deg: [a, b] }) => {
                format!(
                    "FanOriginPixel=\"{x:.1} {y:.1}\" FanAnglesDeg=\"{a:.2} {b:.2}\" FanRadiusStartPixel=\"{inner:.1}\" FanRadiusStopPixel=\"{outer:.1}\""
                )
            }
        };
        let Fit { images, threshold, residual_px, on_border, inside, changing, unseen } = &self.fit;
        let percent = |share: &f64| share * 100.0;
        let mut text = format!(
            "a {} found in {images} images: {form}\n{:.0} % of the outline of what changes by {threshold} or more within {ON_BORDER_PX} pixel of its border (rms {residual_px:.2}), {:.1} % of that inside; {:.0} % of the area changes",
            self.form.name(),
            percent(on_border),
            percent(inside),
            percent(changing)
        );
        if !unseen.is_empty() {
            let _ =
                write!(text, "; unseen and laid where changes end: {}", not_found::names(unseen));
        }
        text
    }
}

impl Form {
    fn name(&self) -> &'static str {
        match self {
            Self::Rectangle(_) => "rectangle",
            Self::Fan(_) => "fan",
        }
    }

    /// How far a point of the outline is from the border, if it is on it; where the image ends, the border is there.
    fn on_border(&self, point: &Point) -> Option<f64> {
        let distance = match self {
            Self::Fan(fan) if point.is_cut && fan.contains(point.at_px) => 0.0,
            Self::Fan(fan) => fan.distance(point.at_px),
            Self::Rectangle(rectangle) => rectangle::distance(rectangle, point.at_px),
        };
        (distance <= ON_BORDER_PX).then_some(distance)
    }

    fn contains(&self, [x, y]: [usize; 2]) -> bool {
        match self {
            Self::Fan(fan) => fan.contains([x as f64, y as f64]),
            Self::Rectangle(rectangle) => {
                let Rectangle { x_px, y_px, width_px, height_px } = *rectangle;
                (x_px..x_px + width_px).contains(&x) && (y_px..y_px + height_px).contains(&y)
            }
        }
    }
}
