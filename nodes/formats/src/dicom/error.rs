//! What can be wrong with a series, in words for the person who has the files.

use std::fmt;

use super::{FileError, Summary};

/// Why files do not become a volume.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One of the files is wrong.
    #[error("`{name}`: {problem}")]
    File {
        /// Its name, as the caller gave it.
        name: String,
        /// What is wrong with it.
        problem: FileError,
    },
    /// There is nothing to read.
    #[error("there is no image among the files; give the folder that holds the slices")]
    NoImages,
    /// The files are of several series, and none was chosen.
    #[error(
        "the files are of {} series of images; choose one by its index or key, or leave the others out:{}",
        series.len(),
        Listing(series)
    )]
    SeveralSeries {
        /// The series, by index.
        series: Vec<Summary>,
    },
    /// The chosen series is not among the files.
    #[error("the series {choice} is not among the files; there are:{}", Listing(series))]
    NoSuchSeries {
        /// What was chosen.
        choice: String,
        /// The series that are there, by index.
        series: Vec<Summary>,
    },
    /// What must be the same in all images of a volume is not.
    #[error(
        "{what} must be the same in all images, but is {came} in {odd} of them ({}) and {usual} in {same}; {hint}",
        names.join(", ")
    )]
    Differs {
        /// What differs.
        what: &'static str,
        /// What most have.
        usual: String,
        /// How many have it.
        same: usize,
        /// What others have.
        came: String,
        /// How many differ.
        odd: usize,
        /// Some of those that differ.
        names: Vec<String>,
        /// What to do.
        hint: &'static str,
    },
    /// One image is no volume.
    #[error("a volume needs two images at least, but there is only {name}; give all slices")]
    OneImage {
        /// The one that is there.
        name: String,
    },
    /// Images lie at the same place.
    #[error(
        "{first} and {second} lie at the same place, {position_mm:.3} mm along the stack (pairs: {pairs}): {}",
        "is a file there twice, or are several phases or echoes in one series? Leave all but one out"
    )]
    SamePlace {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// Where, along the normal of the images.
        position_mm: f64,
        /// How many neighbours lie at the same place.
        pairs: usize,
    },
    /// There are holes in the stack.
    #[error(
        "slices are missing ({missing} in all, gaps: {gaps}): {gap} between {below} ({below_mm:.3} mm along the stack) and {above} ({above_mm:.3} mm), where slices lie {spacing_mm:.3} mm apart; export the series anew"
    )]
    MissingSlices {
        /// How many in all.
        missing: usize,
        /// How many gaps there are.
        gaps: usize,
        /// How many in the first gap.
        gap: usize,
        /// The slice below the first gap.
        below: String,
        /// Its place along the normal of the images.
        below_mm: f64,
        /// The slice above the first gap.
        above: String,
        /// Its place.
        above_mm: f64,
        /// The usual distance of slices.
        spacing_mm: f64,
    },
    /// The slices do not lie on a regular grid.
    #[error(
        "the slices are not evenly spaced: {name} lies {off_mm:.3} mm beside its place in a stack with steps of {spacing_mm:.3} mm, more than {tolerance_mm:.3} mm; resample the series to even slices, for example in 3D Slicer"
    )]
    Uneven {
        /// The slice that is worst.
        name: String,
        /// How far it is off.
        off_mm: f64,
        /// The usual distance of slices.
        spacing_mm: f64,
        /// How far a slice may be off.
        tolerance_mm: f64,
    },
    /// The slices are not stacked along their normal.
    #[error(
        "the slices are stacked {degrees:.2}° off their normal, as with a tilted gantry; resample the series to upright slices, for example in 3D Slicer"
    )]
    Tilted {
        /// The angle between the normal and the direction of the stack.
        degrees: f64,
    },
    /// All pixels are padding.
    #[error("all pixels are padding (`PixelPaddingValue`): there is no image in the series")]
    OnlyPadding,
    /// A number of the volume cannot be held.
    #[error("rescaled values reach {came}, more than 32-bit numbers hold; look at `RescaleSlope`")]
    Overflow {
        /// The largest in magnitude.
        came: f64,
    },
}

/// One line for each series.
struct Listing<'a>(&'a [Summary]);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, summary) in self.0.iter().enumerate() {
            write!(f, "\n  {index}: {summary}")?;
        }
        Ok(())
    }
}
