//! The picture that says how important each pixel of an image is, from a file.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::reconstruct::PixelImportance;

/// The most memory that the picture may take.
const LARGEST_BYTES: usize = 64 << 20;

/// Why a picture of importance cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened.
    #[error("cannot open the picture of importance {}: {source}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("the picture of importance {} should be {expected}, but {came}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: &'static str,
        /// What came.
        came: String,
    },
}

/// Reads a PNG of 8 bit gray, a byte of importance for each pixel.
///
/// # Errors
/// If it cannot be opened, is damaged, or is of another kind.
pub fn read(path: &Path) -> Result<PixelImportance, Error> {
    let wrong = |expected, came: String| Error::Unusable { path: path.to_owned(), expected, came };
    let file = File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_limits(png::Limits { bytes: LARGEST_BYTES });
    let no_png = |error: png::DecodingError| wrong("a PNG file", error.to_string());
    let mut reader = decoder.read_info().map_err(no_png)?;
    let info = reader.info();
    if (info.color_type, info.bit_depth) != (png::ColorType::Grayscale, png::BitDepth::Eight) {
        let came = format!("is {:?} of {:?} bits", info.color_type, info.bit_depth);
        return Err(wrong("gray, of 8 bits", came));
    }
    let (width, height) = (info.width as usize, info.height as usize);
    let bytes = width.saturating_mul(height);
    if bytes > LARGEST_BYTES {
        return Err(wrong("as large as an image", format!("has {width}×{height} pixels")));
    }
    let mut weights = vec![0; bytes];
    reader.next_frame(&mut weights).map_err(no_png)?;
    PixelImportance::new(width, height, weights)
        .map_err(|error| wrong("a PNG file", error.to_string()))
}
