//! A folder of DICOM files, one behind the other with [`BESIDE`] between: slices that should become one volume.

use super::dicom::{WORDS, check_files};
use super::dicom_seeds::folders;
use super::{BESIDE, Target};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "dicom_series", check, seeds, words: WORDS };

fn check(bytes: &[u8]) {
    let (mut files, mut rest) = (Vec::new(), bytes);
    while let Some(at) = rest.windows(BESIDE.len()).position(|window| window == BESIDE) {
        files.push(&rest[..at]);
        rest = &rest[at + BESIDE.len()..];
    }
    files.push(rest);
    check_files(&files);
}

fn seeds() -> Vec<Vec<u8>> {
    folders().iter().map(|files| files.join(BESIDE)).collect()
}
