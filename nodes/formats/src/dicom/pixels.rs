//! The numbers of each frame, however they are compressed.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::elements::{Element, Encoding};
use super::file_error::FileError;
use super::fragments::Fragments;
use super::pixel_format::PixelFormat;
use super::transfer_syntax::Compression;
use super::{jpeg, run_lengths};
use crate::metaimage::Pixels;

/// Decodes `count` frames, one after the other. That their bytes are within the limits is checked before.
pub fn decode(
    element: Element,
    format: &PixelFormat,
    count: usize,
    compression: Compression,
) -> Result<Vec<Pixels>, FileError> {
    if compression == Compression::None {
        return native(element, format, count);
    }
    if format.shift > 0 {
        return Err(FileError::Unsupported {
            what: format!("a compressed image with {} bits below its numbers", format.shift),
            hint: "export the series uncompressed",
        });
    }
    let fragments = Fragments::of(element, count)?;
    let (rows, columns) = (format.rows, format.columns);
    let mut frames = Vec::new();
    for frame in 0..count {
        let bytes = fragments.frame(frame);
        let (kind, cells) = match compression {
            Compression::RunLengths => {
                let cells = run_lengths::decode(&bytes, format.pixels(), format.bytes);
                ("RLE", cells.map_err(str::to_owned))
            }
            Compression::Jpeg => ("JPEG", jpeg::decode(&bytes, rows, columns)),
            _ => ("JPEG 2000", jpeg::decode_2000(&bytes, rows, columns)),
        };
        let damaged = |reason| FileError::Compressed { frame: frame + 1, kind, reason };
        frames.push(format.numbers(cells.map_err(damaged)?.into_iter()));
    }
    Ok(frames)
}

fn native(element: Element, format: &PixelFormat, count: usize) -> Result<Vec<Pixels>, FileError> {
    if element.is_open {
        let expected = "pixels with a length, as uncompressed ones have";
        return Err(FileError::damaged(tags::PIXEL_DATA, expected));
    }
    let frame = format.pixels() * format.bytes;
    let expected = (frame as u64).saturating_mul(count as u64);
    let came = element.value.len() as u64;
    // An odd number of bytes is padded with one.
    if came != expected && came != expected + expected % 2 {
        return Err(FileError::PixelCount { expected, came });
    }
    let encoding = element.encoding;
    let frames = element.value.chunks_exact(frame).take(count).enumerate();
    Ok(frames
        .map(|(index, bytes)| {
            if format.bytes == 2 {
                let cells = bytes.as_chunks::<2>().0.iter().map(|cell| encoding.number(*cell));
                return format.numbers(cells);
            }
            if encoding == Encoding::ExplicitBig && element.vr == VR::OW {
                // Two cells are one word, which is stored most significant byte first (PS3.5 section 8.1.1).
                let at = |cell: usize| (index * frame + cell) ^ 1;
                let cell = |cell| element.value.get(at(cell)).copied().unwrap_or_default();
                return format.numbers((0..frame).map(|place| u16::from(cell(place))));
            }
            format.numbers(bytes.iter().map(|cell| u16::from(*cell)))
        })
        .collect())
}
