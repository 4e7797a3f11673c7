//! The images of one series as a volume, and which series there are.

use std::fmt;

use super::file::{File, Slice};
use super::modality::Modality;
use super::{Error, FrameOfReferenceKey, PatientKey, SeriesKey, agreement, intensities, stack};
use crate::placed_volume::PlacedVolume;

/// What a series shows of itself before it is read; nothing of it says who the patient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Which series.
    pub key: SeriesKey,
    /// Its number in the examination, if it has one; the least where its files do not agree.
    pub number: Option<i32>,
    /// What made it.
    pub modality: Modality,
    /// How many images it has.
    pub images: usize,
    /// Rows and columns of its first image; `None` if it has no pixels.
    pub size: Option<[u16; 2]>,
    /// Whether it only shows where others were planned (a scout).
    pub is_localizer: bool,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.modality)?;
        if self.is_localizer {
            write!(f, " localizer")?;
        }
        if let Some(number) = self.number {
            write!(f, ", series number {number}")?;
        }
        match self.size {
            Some([rows, columns]) => {
                let images = if self.images == 1 { "image" } else { "images" };
                write!(f, ", {} {images} of {rows} rows of {columns} pixels", self.images)?;
            }
            None => write!(f, ", no images")?,
        }
        write!(f, ", key {}", self.key)
    }
}

/// Which series to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The only one. Localizers and objects without pixels that are series of their own are set aside.
    Only,
    /// The one of that key.
    Key(SeriesKey),
    /// The one at that place, from 0, in the list that [`list_series`](super::list_series) and
    /// [`Error::SeveralSeries`] give.
    Index(usize),
}

/// A volume, and what is known of where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The images as one volume: rows along x, columns along y, and slices along z in the direction of the cross
    /// product of both, so that its axes are right-handed.
    pub volume: PlacedVolume,
    /// Which patient; `None` if the files do not say.
    pub patient: Option<PatientKey>,
    /// Which frame of reference its places are in; `None` if the files do not say.
    pub frame_of_reference: Option<FrameOfReferenceKey>,
    /// Which series.
    pub key: SeriesKey,
    /// Its number in the examination, if it has one.
    pub number: Option<i32>,
    /// What made it.
    pub modality: Modality,
    /// How thick slices are, in millimetres, if the files say so; less than their distance leaves tissue unseen.
    pub slice_thickness_mm: Option<f64>,
    /// Whether compression has changed values.
    pub is_lossy: bool,
    /// How many files of other series were not read.
    pub set_aside: usize,
}

impl Series {
    /// Whether files, with or without their pixels, would make one volume, by where their images lie: the voxels along
    /// rows, columns and the stack.
    ///
    /// # Errors
    /// As [`Self::assemble`], but for numbers.
    pub fn check(files: &[&File]) -> Result<[usize; 3], Error> {
        agreement::check_files(files)?;
        let mut slices: Vec<&Slice> = Vec::new();
        for file in files {
            match &file.slices {
                Ok(own) => slices.extend(own),
                Err(problem) => {
                    let name = file.source.name().to_owned();
                    return Err(Error::File { name, problem: problem.clone() });
                }
            }
        }
        agreement::check_slices(&slices)?;
        stack::sort(&mut slices)?;
        let Some(first) = slices.first() else { return Err(Error::NoImages) };
        let format = &first.format;
        Ok([usize::from(format.columns), usize::from(format.rows), slices.len()])
    }

    /// The images of one series as a volume, in whatever order the files come.
    ///
    /// # Errors
    /// If a file has no images, or they do not make one volume: of several patients, frames of reference, directions,
    /// sizes or resolutions; at the same place, with some missing between, unevenly spaced, or stacked off their
    /// normal. That slices are missing at the ends cannot be seen.
    pub fn assemble(files: Vec<File>) -> Result<Self, Error> {
        agreement::check_files(&files)?;
        let Some(first) = files.first() else { return Err(Error::NoImages) };
        let (identity, modality) = (first.identity, first.modality);
        let number = files.iter().filter_map(|file| file.number).min();
        let is_lossy = files.iter().any(|file| file.is_lossy);
        let mut slices: Vec<Slice> = Vec::new();
        for file in files {
            let wrong = |problem| Error::File { name: file.source.name().to_owned(), problem };
            slices.extend(file.slices.map_err(wrong)?);
        }
        agreement::check_slices(&slices)?;
        let lps_from_voxel = stack::sort(&mut slices)?;
        let (format, plane) = (&slices[0].format, &slices[0].plane);
        let dims = [usize::from(format.columns), usize::from(format.rows), slices.len()];
        let slice_thickness_mm = plane.thickness_mm;
        let voxels = intensities::voxels(slices)?;
        Ok(Self {
            volume: PlacedVolume { dims, lps_from_voxel, voxels },
            patient: identity.patient,
            frame_of_reference: identity.frame_of_reference,
            key: identity.series,
            number,
            modality,
            slice_thickness_mm,
            is_lossy,
            set_aside: 0,
        })
    }
}

/// Which series files are of: by number, then by key, so that the order of files does not matter.
pub fn summaries(files: &[File]) -> Vec<Summary> {
    let mut series: Vec<Summary> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for file in files {
        let images = if file.size.is_some() { file.frames } else { 0 };
        let is_localizer = file.source.is_localizer();
        let at = *places.entry(file.identity.series).or_insert(series.len());
        match series.get_mut(at) {
            Some(known) => {
                known.images += images;
                // Were it that of whichever file comes first, its place in the list would depend on their order.
                known.number = known.number.into_iter().chain(file.number).min();
                known.size = known.size.or(file.size);
                known.is_localizer &= is_localizer;
            }
            None => series.push(Summary {
                key: file.identity.series,
                number: file.number,
                modality: file.modality,
                images,
                size: file.size,
                is_localizer,
            }),
        }
    }
    series.sort_by_key(|it| (it.number.is_none(), it.number, it.key));
    series
}

/// The key of the series that is meant.
pub fn chosen(choice: Choice, series: Vec<Summary>) -> Result<SeriesKey, Error> {
    let found = match choice {
        Choice::Only => {
            let is_volume = |it: &&Summary| !it.is_localizer && it.size.is_some();
            let mut volumes = series.iter().filter(is_volume);
            match (volumes.next(), volumes.next(), &series[..]) {
                (Some(only), None, _) | (None, _, [only]) => return Ok(only.key),
                (None, _, []) => return Err(Error::NoImages),
                _ => return Err(Error::SeveralSeries { series }),
            }
        }
        Choice::Key(key) => series.iter().find(|it| it.key == key),
        Choice::Index(index) => series.get(index),
    };
    match (found, choice) {
        (Some(found), _) => Ok(found.key),
        (None, Choice::Index(index)) => {
            Err(Error::NoSuchSeries { choice: format!("of index {index}"), series })
        }
        (None, Choice::Key(key)) => {
            Err(Error::NoSuchSeries { choice: format!("of key {key}"), series })
        }
        (None, Choice::Only) => Err(Error::NoImages),
    }
}
