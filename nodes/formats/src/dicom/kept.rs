//! What is kept of one file, as bytes to store it: hashes, places and numbers, and nothing of who the patient is.
//!
//! A line of JSON, the numbers of each image (16 bits each, least significant byte first), and a hash of both keyed with
//! the caller's secret: what was cut off or changed, or stored under another secret, is told from what is whole.

use std::sync::Arc;

use nalgebra::Vector3;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::file::{File, Slice, Source};
use super::geometry::Plane;
use super::identity::Identity;
use super::intensities::Rescale;
use super::modality::Modality;
use super::pixel_format::PixelFormat;
use super::told::Told;
use crate::metaimage::Pixels;

const HASH_BYTES: usize = 32;

/// Stored bytes are not those that were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "stored images are damaged, or were stored by another session; send them again, or begin a new session"
)]
pub struct Damaged;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    identity: Identity,
    modality: Modality,
    number: Option<i32>,
    size: Option<[u16; 2]>,
    frames: usize,
    is_localizer: bool,
    is_lossy: bool,
    told: Told,
    images: Vec<Image>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    frame: Option<usize>,
    position_mm: [Exact; 3],
    along_row: [Exact; 3],
    along_column: [Exact; 3],
    spacing_mm: [Exact; 2],
    thickness_mm: Option<Exact>,
    format: PixelFormat,
    /// Slope and intercept.
    rescale: [Exact; 2],
}

/// A number as its bits: as decimals it might come back another.
#[derive(Clone, Copy)]
struct Exact(f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.to_bits())
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(|bits| Self(f64::from_bits(bits)))
    }
}

impl File {
    /// The bytes to store, from which [`restore`](Self::restore) makes the same. Equal images of equal files have equal
    /// bytes. Its name is not kept, and one whose images cannot be had has none.
    pub fn keep(&self, secret: &[u8; 32]) -> Vec<u8> {
        let slices = self.slices.as_deref().unwrap_or_default();
        let head = Head {
            identity: self.identity,
            modality: self.modality,
            number: self.number,
            size: self.size,
            frames: self.frames,
            is_localizer: self.source.is_localizer,
            is_lossy: self.is_lossy,
            told: self.told,
            images: slices.iter().map(Image::of).collect(),
        };
        // Numbers and hashes alone can always be written.
        let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
        bytes.push(b'\n');
        for slice in slices {
            match &slice.stored {
                Pixels::I16(values) => bytes.extend(values.iter().flat_map(|it| it.to_le_bytes())),
                Pixels::U16(values) => bytes.extend(values.iter().flat_map(|it| it.to_le_bytes())),
                _ => {}
            }
        }
        let hash = blake3::keyed_hash(secret, &bytes);
        bytes.extend(hash.as_bytes());
        bytes
    }

    /// The hash at the end of what [`keep`](Self::keep) gives: equal for equal images of equal files.
    pub fn kept_hash(kept: &[u8]) -> Option<[u8; 32]> {
        kept.last_chunk().copied()
    }

    /// From stored bytes; `name` is for messages only.
    ///
    /// # Errors
    /// If they are not those that were kept with this secret.
    pub fn restore(name: &str, kept: &[u8], secret: &[u8; 32]) -> Result<Self, Damaged> {
        let (bytes, hash) = kept.split_last_chunk::<HASH_BYTES>().ok_or(Damaged)?;
        if blake3::keyed_hash(secret, bytes) != *hash {
            return Err(Damaged);
        }
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(Damaged)?;
        let head: Head = serde_json::from_slice(&bytes[..end]).map_err(|_| Damaged)?;
        let name: Arc<str> = Arc::from(name);
        let mut rest = &bytes[end + 1..];
        let mut slices = Vec::new();
        for image in head.images {
            let length = 2 * image.format.pixels();
            let (own, others) = rest.split_at_checked(length).ok_or(Damaged)?;
            rest = others;
            let cells = own.as_chunks::<2>().0.iter();
            let stored = if image.format.is_signed() {
                Pixels::I16(cells.map(|cell| i16::from_le_bytes(*cell)).collect())
            } else {
                Pixels::U16(cells.map(|cell| u16::from_le_bytes(*cell)).collect())
            };
            let source = Source {
                name: Arc::clone(&name),
                frame: image.frame,
                is_localizer: head.is_localizer,
            };
            slices.push(image.slice(source, stored));
        }
        if !rest.is_empty() {
            return Err(Damaged);
        }
        Ok(Self {
            source: Source { name, frame: None, is_localizer: head.is_localizer },
            identity: head.identity,
            modality: head.modality,
            number: head.number,
            size: head.size,
            frames: head.frames,
            is_lossy: head.is_lossy,
            told: head.told,
            slices: Ok(slices),
        })
    }
}

impl Image {
    fn of(slice: &Slice) -> Self {
        let plane = &slice.plane;
        Self {
            frame: slice.source.frame,
            position_mm: <[f64; 3]>::from(plane.position_mm).map(Exact),
            along_row: <[f64; 3]>::from(plane.along_row).map(Exact),
            along_column: <[f64; 3]>::from(plane.along_column).map(Exact),
            spacing_mm: plane.spacing_mm.map(Exact),
            thickness_mm: plane.thickness_mm.map(Exact),
            format: slice.format.clone(),
            rescale: slice.rescale.parts().map(Exact),
        }
    }

    fn slice(self, source: Source, stored: Pixels) -> Slice {
        let plane = Plane {
            position_mm: Vector3::from(self.position_mm.map(|it| it.0)),
            along_row: Vector3::from(self.along_row.map(|it| it.0)),
            along_column: Vector3::from(self.along_column.map(|it| it.0)),
            spacing_mm: self.spacing_mm.map(|it| it.0),
            thickness_mm: self.thickness_mm.map(|it| it.0),
        };
        let rescale = Rescale::from(self.rescale.map(|it| it.0));
        Slice { source, plane, format: self.format, rescale, stored }
    }
}
