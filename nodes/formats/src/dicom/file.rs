//! One file: who and which as hashes, and its images with their places; nothing else is kept of it.
//!
//! A classic file holds one image, whose attributes are all in its data set. An enhanced file holds many frames, whose
//! attributes are in functional groups: per frame, or shared by all (DICOM PS3.3 section C.7.6.16). Both become slices.

use std::fmt;
use std::sync::Arc;

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::container::Container;
use super::dataset::Dataset;
use super::file_error::FileError;
use super::geometry::{Plane, PlaneSources};
use super::identity::Identity;
use super::intensities::Rescale;
use super::modality::Modality;
use super::pixel_format::PixelFormat;
use super::told::Told;
use super::transfer_syntax::{Compression, TransferSyntax};
use super::{Error, InstanceKey, PatientKey, SeriesKey, pixels};
use crate::metaimage::{Limits, Pixels};

/// The most bytes that all frames together look through in the groups that they share: some frames of many and some bytes
/// of much are usual, and both at once would take hours.
const MOST_SHARED: u64 = 1 << 30;

/// Where a slice comes from, for people.
#[derive(Clone, Debug)]
pub struct Source {
    pub(super) name: Arc<str>,
    /// Which frame, from 1; `None` in a file of one image.
    pub(super) frame: Option<usize>,
    pub(super) is_localizer: bool,
}

impl Source {
    /// The name of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it only shows where other images were planned.
    pub fn is_localizer(&self) -> bool {
        self.is_localizer
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        if let Some(frame) = self.frame {
            write!(f, " frame {frame}")?;
        }
        if self.is_localizer {
            write!(f, " (a localizer)")?;
        }
        Ok(())
    }
}

/// One image and its place.
pub struct Slice {
    pub(super) source: Source,
    pub(super) plane: Plane,
    pub(super) format: PixelFormat,
    pub(super) rescale: Rescale,
    pub(super) stored: Pixels,
}

/// What is kept of one file.
pub struct File {
    pub(super) source: Source,
    pub(super) identity: Identity,
    pub(super) modality: Modality,
    pub(super) number: Option<i32>,
    pub(super) size: Option<[u16; 2]>,
    pub(super) frames: usize,
    pub(super) is_lossy: bool,
    pub(super) told: Told,
    /// The images, or why they cannot be had; empty if they were not wanted.
    pub(super) slices: Result<Vec<Slice>, FileError>,
}

impl File {
    /// Which series it is of.
    pub fn series(&self) -> SeriesKey {
        self.identity.series
    }

    /// Which patient it is of; `None` if it does not say.
    pub fn patient(&self) -> Option<PatientKey> {
        self.identity.patient
    }

    /// Which instance of its series it is.
    pub fn instance(&self) -> InstanceKey {
        self.identity.instance
    }

    /// Its number in the examination, if it has one.
    pub fn series_number(&self) -> Option<i32> {
        self.number
    }

    /// Whether it only shows where others were planned (a scout).
    pub fn is_localizer(&self) -> bool {
        self.source.is_localizer
    }

    /// What it says of its whole series, and of when it was acquired.
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// How many images it holds.
    pub fn images(&self) -> usize {
        self.slices.as_ref().map_or(0, Vec::len)
    }

    /// Why its images cannot be had, if so.
    pub fn problem(&self) -> Option<&FileError> {
        self.slices.as_ref().err()
    }

    /// The same without its numbers: what is left is where its images lie. [`Series::check`](super::Series::check)
    /// takes it, [`Series::assemble`](super::Series::assemble) has nothing to make a volume of.
    #[must_use]
    pub fn without_pixels(mut self) -> Self {
        for slice in self.slices.iter_mut().flatten() {
            slice.stored = Pixels::I16(Vec::new());
        }
        self
    }

    /// What made it.
    pub fn modality(&self) -> Modality {
        self.modality
    }

    /// Bytes that its pixels take while they are kept.
    pub fn pixel_bytes(&self) -> u64 {
        let slices = self.slices.iter().flatten();
        slices.map(|slice| 2 * slice.stored.len() as u64).sum()
    }

    /// From the bytes of a file; `name` is for messages only. `secret` makes the hashes of who and which it is. Of the
    /// series of the file, `taken` says how many bytes of pixels are kept already, which `limits` holds for as well;
    /// `None` if its images are not wanted. A table of contents (`DICOMDIR`) gives `None`.
    ///
    /// # Errors
    /// If it is no DICOM file, or one that cannot be understood as far as its series. What is wrong with its images is
    /// told when they are put together.
    pub fn read(
        name: &str,
        bytes: &[u8],
        secret: &[u8; 32],
        limits: &Limits,
        taken: impl FnOnce(&SeriesKey) -> Option<u64>,
    ) -> Result<Option<Self>, Error> {
        let wrong = |problem| Error::File { name: name.to_owned(), problem };
        let container = Container::open(bytes, limits).map_err(wrong)?;
        if container.is_directory {
            return Ok(None);
        }
        Self::within(name, container, secret, limits, taken).map(Some).map_err(wrong)
    }

    /// From a data set with nothing around it, as it comes over a network, written in the transfer syntax with that
    /// unique identifier.
    ///
    /// # Errors
    /// If it cannot be understood as far as its series; [`problem`](Self::problem) tells what is wrong with its images.
    pub fn of_data_set(
        name: &str,
        bytes: &[u8],
        transfer_syntax: &str,
        secret: &[u8; 32],
        limits: &Limits,
    ) -> Result<Self, Error> {
        let wrong = |problem| Error::File { name: name.to_owned(), problem };
        let syntax = TransferSyntax::from_uid(transfer_syntax).map_err(wrong)?;
        let container = Container::bare(bytes, syntax, limits).map_err(wrong)?;
        Self::within(name, container, secret, limits, |_| Some(0)).map_err(wrong)
    }

    fn within(
        name: &str,
        mut container: Container,
        secret: &[u8; 32],
        limits: &Limits,
        taken: impl FnOnce(&SeriesKey) -> Option<u64>,
    ) -> Result<Self, FileError> {
        let refused = container.refused.take();
        let encoding = container.syntax.encoding;
        let dataset = Dataset::of_file(&container.bytes, encoding, limits)?;
        let identity = Identity::of(&dataset, secret)?;
        let mut file = Self::head(name, &dataset, identity)?;
        file.is_lossy =
            match (dataset.text(tags::LOSSY_IMAGE_COMPRESSION), container.syntax.is_lossy) {
                (_, Some(true)) => true,
                (Ok(Some(said)), _) if said == "01" => true,
                // JPEG 2000 may be either; who means lossless says so.
                (Ok(said), None) => said.as_deref() != Some("00"),
                _ => false,
            };
        if let Some(taken) = taken(&file.identity.series) {
            file.slices = match refused {
                Some(refused) => Err(refused),
                None => file.decoded(&dataset, container.syntax.compression, taken, limits),
            };
        }
        Ok(file)
    }

    fn head(name: &str, dataset: &Dataset, identity: Identity) -> Result<Self, FileError> {
        let image_type = dataset.text(tags::IMAGE_TYPE)?.unwrap_or_default();
        let is_localizer = image_type.split('\\').any(|value| value.trim_ascii() == "LOCALIZER");
        let size = dataset.short(tags::ROWS)?.zip(dataset.short(tags::COLUMNS)?);
        let tag = tags::NUMBER_OF_FRAMES;
        let frames = match dataset.integer(tag)? {
            None => 1,
            Some(frames) if frames > 0 => frames as usize,
            Some(frames) => return Err(FileError::wrong(tag, "a number above 0", frames)),
        };
        let modality = dataset.text(tags::MODALITY)?;
        Ok(Self {
            source: Source { name: Arc::from(name), frame: None, is_localizer },
            identity,
            modality: modality.as_deref().map_or(Modality::Other, Modality::from_term),
            // It only helps people to choose; who removes names may have put anything there.
            number: dataset.integer(tags::SERIES_NUMBER).unwrap_or_default(),
            size: size.map(|(rows, columns)| [rows, columns]),
            frames,
            is_lossy: false,
            told: Told::read(dataset),
            slices: Ok(Vec::new()),
        })
    }

    fn decoded(
        &self,
        dataset: &Dataset,
        compression: Compression,
        taken: u64,
        limits: &Limits,
    ) -> Result<Vec<Slice>, FileError> {
        let hint = "give images, not reports or segmentations; or the file was cut off";
        let missing = FileError::missing(tags::PIXEL_DATA, hint);
        let element = dataset.get(tags::PIXEL_DATA)?.ok_or(missing)?;
        let format = PixelFormat::of(dataset)?;
        let places = self.places(dataset)?;
        // Two bytes are kept of each pixel.
        let declared = 2 * u64::from(format.rows) * u64::from(format.columns);
        let declared = declared.saturating_mul(self.frames as u64).saturating_add(taken);
        if declared > limits.pixel_bytes {
            return Err(FileError::TooLarge { declared, limit: limits.pixel_bytes });
        }
        let frames = pixels::decode(element, &format, self.frames, compression)?;
        let slices = places.into_iter().zip(frames).map(|((source, plane, rescale), stored)| {
            Slice { source, plane, format: format.clone(), rescale, stored }
        });
        Ok(slices.collect())
    }

    /// Name, place and rescaling of each frame.
    fn places(&self, dataset: &Dataset) -> Result<Vec<(Source, Plane, Rescale)>, FileError> {
        if dataset.get(tags::MODALITY_LUT_SEQUENCE)?.is_some() {
            return Err(FileError::Unsupported {
                what: "a table of values (`ModalityLUTSequence`)".to_owned(),
                hint: "export the series with `RescaleSlope` and `RescaleIntercept`",
            });
        }
        let Some(groups) = dataset.sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)? else {
            if self.frames > 1 {
                return Err(FileError::Unsupported {
                    what: format!("{} frames without functional groups", self.frames),
                    hint: "nobody knows where each frame lies: export the series as enhanced multi-frame, or one file for each slice",
                });
            }
            let whole = Some(dataset);
            let sources = PlaneSources { position: whole, orientation: whole, measures: whole };
            let plane = Plane::read(&sources)?;
            let rescale = Rescale::read(whole, self.modality)?;
            return Ok(vec![(self.source.clone(), plane, rescale)]);
        };
        let tag = tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE;
        let came = dataset.get(tag)?.map_or(0, |element| element.value.len() as u64);
        let most = MOST_SHARED / self.frames as u64;
        if came > most {
            let expected = format!("at most {most} bytes for {} frames", self.frames);
            return Err(FileError::wrong(tag, expected, format!("{came} bytes")));
        }
        let shared = dataset.first_item(tag)?;
        let mut places = Vec::new();
        for group in groups {
            let group = group?;
            if places.len() == self.frames {
                let expected = "as many as there are functional groups, which are more";
                return Err(FileError::wrong(tags::NUMBER_OF_FRAMES, expected, self.frames));
            }
            let functional = |tag: Tag| match group.first_item(tag)? {
                Some(item) => Ok(Some(item)),
                None => shared
                    .as_ref()
                    .map(|shared| shared.first_item(tag))
                    .transpose()
                    .map(Option::flatten),
            };
            let position = functional(tags::PLANE_POSITION_SEQUENCE)?;
            let orientation = functional(tags::PLANE_ORIENTATION_SEQUENCE)?;
            let measures = functional(tags::PIXEL_MEASURES_SEQUENCE)?;
            let sources = PlaneSources {
                position: position.as_ref(),
                orientation: orientation.as_ref(),
                measures: measures.as_ref(),
            };
            let plane = Plane::read(&sources)?;
            let values = functional(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE)?;
            let rescale = Rescale::read(values.as_ref(), self.modality)?;
            let source = Source { frame: Some(places.len() + 1), ..self.source.clone() };
            places.push((source, plane, rescale));
        }
        if places.len() != self.frames {
            let expected = format!("as many as there are functional groups ({})", places.len());
            return Err(FileError::wrong(tags::NUMBER_OF_FRAMES, expected, self.frames));
        }
        Ok(places)
    }
}
