//! Pixels in the transfer syntaxes that compress, written by hand, and slices that hold them.
#![allow(dead_code, clippy::unwrap_used, missing_docs, reason = "each test uses a part of it")]

use std::io::Write;

use dicom_dictionary_std::tags;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use formats::dicom::Error;
use formats::metaimage::Pixels;

use super::{Object, decimals, file, read_files, short, slice};

/// Two slices with pixels made of `change`, read in a transfer syntax.
pub fn volume_in(syntax: &str, change: impl Fn(&mut Object)) -> Result<Pixels, Error> {
    let files = [0.0, 2.0].map(|height| {
        let mut object = slice(height);
        change(&mut object);
        (format!("{height}"), file(&object, syntax))
    });
    read_files(files.into()).map(|series| series.volume.voxels)
}

/// The first slice of such a volume.
pub fn first_in(syntax: &str, change: impl Fn(&mut Object)) -> Vec<i16> {
    match volume_in(syntax, change).unwrap() {
        Pixels::I16(values) => values[..12].to_vec(),
        other => panic!("16 bits, not {}", other.scalar()),
    }
}

pub fn no_rescale(object: &mut Object) {
    decimals(object, tags::RESCALE_SLOPE, &[1.0]);
    decimals(object, tags::RESCALE_INTERCEPT, &[0.0]);
}

/// 12 bits of 16, unsigned.
pub fn twelve_bits(object: &mut Object) {
    no_rescale(object);
    short(object, tags::BITS_STORED, 12);
    short(object, tags::HIGH_BIT, 11);
    short(object, tags::PIXEL_REPRESENTATION, 0);
}

pub const NUMBERS: [u16; 12] = [0, 1, 255, 256, 300, 4095, 4000, 17, 17, 17, 17, 2048];

pub fn expected() -> Vec<i16> {
    NUMBERS.map(|number| number as i16).to_vec()
}

/// The same file with everything after its meta information deflated.
pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let uid = bytes.windows(20).position(|at| at == b"1.2.840.10008.1.2.1\0").unwrap();
    let meta_end = 144 + u32::from_le_bytes(bytes[140..144].try_into().unwrap()) as usize;
    let longer = b"1.2.840.10008.1.2.1.99";
    let mut out = bytes[..uid - 2].to_vec();
    out.extend([longer.len() as u8, 0]);
    out.extend(longer);
    out.extend(&bytes[uid + 20..meta_end]);
    let mut encoder = DeflateEncoder::new(out, Compression::default());
    encoder.write_all(&bytes[meta_end..]).unwrap();
    encoder.finish().unwrap()
}

/// The file with another transfer syntax in its meta information.
pub fn with_syntax(bytes: &[u8], syntax: &str) -> Vec<u8> {
    let uid = bytes.windows(20).position(|at| at == b"1.2.840.10008.1.2.1\0").unwrap();
    let padded = syntax.len().next_multiple_of(2);
    let mut out = bytes[..uid - 2].to_vec();
    out.extend([padded as u8, 0]);
    out.extend(syntax.as_bytes());
    out.resize(uid + padded, 0);
    out.extend(&bytes[uid + 20..]);
    out
}
