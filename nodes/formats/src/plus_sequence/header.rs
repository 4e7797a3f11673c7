//! The header of a sequence: the format of its images and what is known of each frame.

use super::error::Error;
use super::frame::Frame;
use super::frame_fields::{Gathered, PREFIX};
use super::orientation::Orientation;
use crate::metaimage::{self, Field, Header, ScalarType, excerpt};

/// The format that all images of a sequence have.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageFormat {
    /// Pixels along x, as they lie in the file.
    pub width_px: usize,
    /// Pixels along y, as they lie in the file.
    pub height_px: usize,
    /// Numbers for each pixel: 1 for gray, 3 for red, green, blue.
    pub channels: usize,
    /// The number type.
    pub scalar: ScalarType,
    /// How the image lies in its pixels; `None` if the file does not say.
    pub orientation: Option<Orientation>,
    /// `UltrasoundImageType`, such as `BRIGHTNESS`; `BRIGHTNESS` if the file does not say.
    pub image_type: String,
}

impl ImageFormat {
    /// Bytes of one image.
    pub fn frame_bytes(&self) -> usize {
        self.width_px * self.height_px * self.channels * self.scalar.bytes()
    }
}

/// What a sequence says before its pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceHeader {
    /// The format of the images; `None` if there are only poses.
    pub images: Option<ImageFormat>,
    /// One for each frame, in the order of the file.
    pub frames: Vec<Frame>,
    /// The spacing of an image's x and y axes as written; PLUS writes 1 and takes millimetres from the
    /// calibration.
    pub pixel_spacing: [f64; 2],
    /// Other lines of the header, in their order.
    pub other: Vec<(String, String)>,
}

/// Lines that say the same in every sequence, or are said by [`ImageFormat`].
const SAID_ELSEWHERE: [&str; 5] = [
    "AnatomicalOrientation",
    "CenterOfRotation",
    "Kinds",
    "UltrasoundImageOrientation",
    "UltrasoundImageType",
];

impl SequenceHeader {
    /// Of a MetaImage: from the bytes up to and with the line `ElementDataFile`; more bytes may follow. Also
    /// returns the MetaImage header, which says how the pixels are stored, and where they begin.
    ///
    /// # Errors
    /// If the header is not well-formed or not that of a sequence of 2-D images.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Header, usize), Error> {
        let (mut header, offset) = Header::parse(bytes)?;
        Ok((Self::of(&mut header)?, header, offset))
    }

    /// What a header says; the lines about frames are taken from it.
    pub(super) fn of(header: &mut Header) -> Result<Self, Error> {
        let axes = Axes::of(header)?;
        let mut gathered = Gathered::default();
        let mut other = Vec::new();
        for line in std::mem::take(&mut header.other) {
            if line.key.starts_with(PREFIX) {
                gathered.take(&line, axes.frames)?;
            } else {
                other.push(line);
            }
        }
        header.other = other;
        Ok(Self {
            images: axes.images(header)?,
            frames: gathered.finish(axes.frames)?,
            pixel_spacing: [header.spacing_mm[0], header.spacing_mm[1]],
            other: header
                .other
                .iter()
                .filter(|line| !SAID_ELSEWHERE.contains(&line.key.as_str()))
                .map(|Field { key, value, .. }| (key.clone(), value.clone()))
                .collect(),
        })
    }

    /// The first frame that is not later than the one before it, if there is one.
    pub fn first_step_back(&self) -> Option<usize> {
        self.frames
            .array_windows()
            .position(|[earlier, later]| later.timestamp_s <= earlier.timestamp_s)
            .map(|index| index + 1)
    }
}

/// Which axis is what.
struct Axes {
    width: usize,
    height: usize,
    frames: u64,
}

impl Axes {
    fn of(header: &Header) -> Result<Self, Error> {
        let dims = &header.dims;
        let not_a_sequence = || Error::NotASequence {
            dims: dims.iter().map(usize::to_string).collect::<Vec<_>>().join(" "),
            kinds: excerpt(header.get("Kinds").unwrap_or("(not written)")),
        };
        // Before `Kinds` was written the last axis was always time.
        let kinds = header.get("Kinds").unwrap_or(match dims.len() {
            2 => "domain domain",
            3 => "domain domain list",
            _ => "domain domain domain list",
        });
        let mut kinds: Vec<&str> = kinds.split_ascii_whitespace().collect();
        if kinds.first() == Some(&"vector") && header.channels > 1 {
            kinds.remove(0);
        }
        // PLUS leaves out the last axis of a sequence of one frame.
        if kinds[..] == ["domain", "domain"] && dims.get(2) == Some(&1) {
            kinds.push("list");
        }
        let (width, height, depth, frames) = match (&kinds[..], &dims[..]) {
            (["domain", "domain"], [w, h]) => (*w, *h, 1, 1),
            (["domain", "domain", "list" | "time"], [w, h, n]) => (*w, *h, 1, *n),
            (["domain", "domain", "domain", "list" | "time"], [w, h, d, n]) => (*w, *h, *d, *n),
            _ => return Err(not_a_sequence()),
        };
        let empty = width == 0 || height == 0 || depth == 0;
        if depth > 1 || (empty && (width > 0 || height > 0)) {
            return Err(not_a_sequence());
        }
        Ok(Self { width, height, frames: frames as u64 })
    }

    fn images(&self, header: &Header) -> Result<Option<ImageFormat>, Error> {
        if self.width == 0 {
            return Ok(None);
        }
        // Also checks that there is a number type, and that the sizes can be multiplied.
        header.pixel_bytes()?;
        header.bytes_along(&[self.width, self.height])?;
        let Some(scalar) = header.scalar else {
            return Ok(None);
        };
        let orientation = match header.get("UltrasoundImageOrientation") {
            None | Some("" | "XX") => None,
            Some(text) => Some(text.parse()?),
        };
        Ok(Some(ImageFormat {
            width_px: self.width,
            height_px: self.height,
            channels: header.channels,
            scalar,
            orientation,
            image_type: header.get("UltrasoundImageType").unwrap_or("BRIGHTNESS").to_owned(),
        }))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::MetaImage(metaimage::Error::Io(error))
    }
}
