//! DICOM files of one series (CT, MR, PET) as one volume in its place in the body.
//!
//! Classic files hold a slice each, enhanced multi-frame files many; either kind is read. Slices are sorted by where
//! they lie (`ImagePositionPatient`), never by number or file name, and a stack that is no regular grid is refused with
//! the reason: [`Series::assemble`] says which ones. DICOM is in LPS and millimetres, as everything here is.
//!
//! | what | DICOM |
//! | --- | --- |
//! | file, file meta information | PS3.10 section 7.1 |
//! | elements, sequences, transfer syntaxes | PS3.5 sections 7.1, 7.5, chapter 10 |
//! | native, encapsulated and run-length pixels | PS3.5 chapter 8, annexes A.4, G |
//! | image pixel, padding | PS3.3 sections C.7.6.3, C.7.5.1.1.2 |
//! | image plane: place, direction, spacing | PS3.3 section C.7.6.2.1.1 |
//! | multi-frame functional groups | PS3.3 section C.7.6.16 |
//! | rescaling to Hounsfield units and the like | PS3.3 section C.11.1.1.2 |
//! | commands of a network ([`command`]) | PS3.7 chapters 6, 9, annexes C, E |
//! | CT images to write ([`mod@write`]) | PS3.3 annex A.3 |
//!
//! **Nothing that says who the patient is leaves this module**: of name, number and birth date, and of all unique
//! identifiers, only hashes with the caller's secret are kept ([`PatientKey`], [`SeriesKey`], [`FrameOfReferenceKey`]);
//! everything else is dropped with the bytes. Messages name files by the names that the caller gave.
//!
//! Pixels may be uncompressed, deflated, in run lengths, JPEG (lossless, or baseline of 8 bits) or JPEG 2000; other
//! transfer syntaxes are refused by name, with a command that converts them.

mod agreement;
pub mod command;
mod container;
mod dataset;
mod elements;
mod error;
mod file;
mod file_error;
mod fragments;
mod geometry;
mod identity;
mod intensities;
mod jpeg;
mod kept;
mod modality;
mod pixel_format;
mod pixels;
mod run_lengths;
mod series;
mod stack;
mod storage;
mod told;
mod transfer_syntax;
pub mod write;

pub use container::is_dicom;
pub use error::Error;
pub use file::File;
pub use file_error::{Attribute, FileError};
pub use identity::{FrameOfReferenceKey, InstanceKey, NoHash, PatientKey, SeriesKey};
pub use kept::Damaged;
pub use modality::Modality;
pub use series::{Choice, Series, Summary};
pub use storage::STORAGE_CLASSES;
pub use told::{Instant, Told};
pub use transfer_syntax::READ as TRANSFER_SYNTAXES;

use crate::metaimage::Limits;

/// The chosen series among files as one volume. `files` are names, for messages, and contents; each is dropped once its
/// pixels are taken. `secret` makes the hashes of who and which: with the same one, the same patient has the same key.
/// `limits.pixel_bytes` is for the pixels of all files together, at two bytes each.
///
/// # Errors
/// If a file is no DICOM file, the choice is not clear, or the images of the series do not make one volume.
pub fn read_series(
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
    choice: Choice,
    secret: &[u8; 32],
    limits: &Limits,
) -> Result<Series, Error> {
    let is_wanted = |key: &SeriesKey| match choice {
        Choice::Key(chosen) => *key == chosen,
        Choice::Only | Choice::Index(_) => true,
    };
    let mut read = Vec::new();
    let mut taken = 0;
    for (name, bytes) in files {
        let wanted = |key: &SeriesKey| is_wanted(key).then_some(taken);
        let Some(file) = File::read(&name, &bytes, secret, limits, wanted)? else { continue };
        taken += file.pixel_bytes();
        read.push(file);
    }
    let key = series::chosen(choice, series::summaries(&read))?;
    let all = read.len();
    read.retain(|file| file.series() == key);
    let set_aside = all - read.len();
    Ok(Series { set_aside, ..Series::assemble(read)? })
}

/// Which series files are of, without their pixels; by number, then by key.
///
/// # Errors
/// If a file is no DICOM file.
pub fn list_series(
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
    secret: &[u8; 32],
    limits: &Limits,
) -> Result<Vec<Summary>, Error> {
    let mut read = Vec::new();
    for (name, bytes) in files {
        read.extend(File::read(&name, &bytes, secret, limits, |_| None)?);
    }
    Ok(series::summaries(&read))
}
