//! What must be the same in all images of a volume.

use std::borrow::Borrow;
use std::fmt::Display;

use nalgebra::Vector3;

use super::Error;
use super::file::{File, Slice, Source};

/// Distinct values that are told apart; further ones are counted with the last.
const MOST_KINDS: usize = 16;
/// How many names a message tells.
const MOST_NAMES: usize = 3;

/// Whether files are of one patient, kind and frame of reference.
pub fn check_files<F: Borrow<File>>(files: &[F]) -> Result<(), Error> {
    let each = || files.iter().map(Borrow::borrow);
    let hint = "take out the images of the other patient";
    let patient = |file: &File| {
        let patient = file.identity.patient;
        patient.map_or("nobody who is named".to_owned(), |key| format!("{key}"))
    };
    same("the patient", hint, each().map(|file| (&file.source, patient(file))), |a, b| a == b)?;
    let hint = "take out the images of the other kind";
    let modality = each().map(|file| (&file.source, file.modality));
    same("the modality", hint, modality, |a, b| a == b)?;
    let hint = "their places cannot be compared: take out the images of the other scan";
    let frame = |file: &File| {
        let frame = file.identity.frame_of_reference;
        frame.map_or("not named".to_owned(), |key| format!("{key}"))
    };
    let frames = each().map(|file| (&file.source, frame(file)));
    same("the frame of reference", hint, frames, |a, b| a == b)
}

/// Whether slices have one orientation, size and spacing.
pub fn check_slices<S: Borrow<Slice>>(slices: &[S]) -> Result<(), Error> {
    let each = || slices.iter().map(Borrow::borrow);
    let hint = "take out localizers and reformatted images: a volume has slices of one direction";
    let orientation = each()
        .map(|it: &Slice| (&it.source, Orientation(it.plane.along_row, it.plane.along_column)));
    same("the orientation", hint, orientation, |a, b| {
        (a.0 - b.0).amax() < 1e-4 && (a.1 - b.1).amax() < 1e-4
    })?;
    let hint = "take out the images of the other size";
    let size = each().map(|it: &Slice| (&it.source, Size(it.format.rows, it.format.columns)));
    same("the size", hint, size, |a, b| a == b)?;
    let hint = "take out the images of the other resolution";
    let spacing = each().map(|it: &Slice| (&it.source, Spacing(it.plane.spacing_mm)));
    same("the distance of pixels", hint, spacing, |a, b| {
        a.0.iter().zip(b.0).all(|(a, b)| (a - b).abs() <= 1e-4 * a.max(b))
    })
}

#[derive(Clone, PartialEq)]
struct Orientation(Vector3<f64>, Vector3<f64>);

impl Display for Orientation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers = self.0.iter().chain(self.1.iter()).map(|number| format!("{number:.4}"));
        write!(f, "{}", numbers.collect::<Vec<_>>().join("\\"))
    }
}

#[derive(Clone, PartialEq)]
struct Size(u16, u16);

impl Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows of {} pixels", self.0, self.1)
    }
}

#[derive(Clone, PartialEq)]
struct Spacing([f64; 2]);

impl Display for Spacing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.4} mm along rows and {:.4} mm along columns", self.0[0], self.0[1])
    }
}

/// Compares with what most have, so that it does not matter which comes first.
fn same<'a, T: Display>(
    what: &'static str,
    hint: &'static str,
    all: impl Iterator<Item = (&'a Source, T)>,
    is_same: impl Fn(&T, &T) -> bool,
) -> Result<(), Error> {
    let mut kinds: Vec<(T, Vec<&Source>)> = Vec::new();
    for (source, value) in all {
        let known = kinds.iter().position(|(kind, _)| is_same(kind, &value));
        match known.or((kinds.len() == MOST_KINDS).then_some(MOST_KINDS - 1)) {
            Some(at) => kinds[at].1.push(source),
            None => kinds.push((value, vec![source])),
        }
    }
    kinds.sort_by_key(|(_, sources)| std::cmp::Reverse(sources.len()));
    let [(usual, sources), (came, odd), ..] = &kinds[..] else { return Ok(()) };
    Err(Error::Differs {
        what,
        usual: usual.to_string(),
        same: sources.len(),
        came: came.to_string(),
        odd: kinds[1..].iter().map(|(_, sources)| sources.len()).sum(),
        names: odd.iter().take(MOST_NAMES).map(ToString::to_string).collect(),
        hint,
    })
}
