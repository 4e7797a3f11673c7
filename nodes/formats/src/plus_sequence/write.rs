//! A sequence written the way PLUS writes it.

use super::error::Error;
use super::frame::{Frame, ImageStatus, TransformStatus};
use super::frame_fields::PREFIX;
use super::header::SequenceHeader;
use super::nrrd;
use super::opened::Opened;
use super::sequence::Sequence;
use crate::matrix_text::{self, number};
use crate::metaimage::{DataFile, Field, Header, Limits, ScalarType, deflate};

impl Sequence {
    /// The bytes of a `.igs.mha` file; `compressed` makes one zlib stream of the pixels.
    ///
    /// # Errors
    /// If a name or a value could not be read again as it is.
    pub fn write(&self, compressed: bool) -> Result<Vec<u8>, Error> {
        let (mut file, data) = self.metaimage(compressed, DataFile::Local)?;
        file.extend_from_slice(&data);
        Ok(file)
    }

    /// The bytes of a `.mhd` header that names `data_file`, and those of that data file.
    ///
    /// # Errors
    /// If a name or a value could not be read again as it is.
    pub fn write_detached(
        &self,
        data_file: &str,
        compressed: bool,
    ) -> Result<(Vec<u8>, Vec<u8>), Error> {
        self.metaimage(compressed, DataFile::Beside(data_file.to_owned()))
    }

    /// The bytes of a `.igs.nrrd` file; `compressed` makes gzip of the pixels.
    ///
    /// # Errors
    /// If a name or a value could not be read again as it is, or there are no frames.
    pub fn write_nrrd(&self, compressed: bool) -> Result<Vec<u8>, Error> {
        let (mut file, data) = self.nrrd(compressed, None)?;
        file.extend_from_slice(&data);
        Ok(file)
    }

    /// The bytes of a `.nhdr` header that names `data_file`, and those of that data file.
    ///
    /// # Errors
    /// As [`Self::write_nrrd`].
    pub fn write_nrrd_detached(
        &self,
        data_file: &str,
        compressed: bool,
    ) -> Result<(Vec<u8>, Vec<u8>), Error> {
        self.nrrd(compressed, Some(data_file))
    }

    fn metaimage(&self, compressed: bool, file: DataFile) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let compressed = compressed && !self.all_pixels().is_empty();
        let raw = little_endian(self);
        let data = if compressed { deflate(&raw)? } else { raw };
        let compressed_bytes = compressed.then_some(data.len() as u64);
        let header = Header { data_file: file, ..self.header().described(compressed_bytes) };
        let bytes = header.write()?;
        self.header().is_said_by(&bytes)?;
        Ok((bytes, data))
    }

    fn nrrd(&self, gzip: bool, file: Option<&str>) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let frames = self.header().frames.len();
        if frames == 0 {
            return Err(Error::NoFrames);
        }
        // One blank pixel for each frame where there are poses only.
        let raw =
            if self.header().images.is_some() { little_endian(self) } else { vec![0; frames] };
        let data = if gzip { crate::gzip::pack(&raw)? } else { raw };
        let bytes = nrrd::write(&self.header().described(None), gzip, file);
        self.header().is_said_by(&bytes)?;
        Ok((bytes, data))
    }
}

fn little_endian(sequence: &Sequence) -> Vec<u8> {
    let mut bytes = sequence.all_pixels().to_vec();
    let width = sequence.header().images.as_ref().map_or(1, |format| format.scalar.bytes());
    if cfg!(target_endian = "big") && width > 1 {
        bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
    bytes
}

impl SequenceHeader {
    /// The header for local pixels in little-endian order, up to and with `ElementDataFile`;
    /// `compressed_bytes` is the length of the zlib stream, if the pixels are one.
    ///
    /// # Errors
    /// If a name or a value could not be read again as it is.
    pub fn write(&self, compressed_bytes: Option<u64>) -> Result<Vec<u8>, Error> {
        let bytes = self.described(compressed_bytes).write()?;
        self.is_said_by(&bytes)?;
        Ok(bytes)
    }

    /// The header of a NRRD for local pixels in little-endian order, up to and with its blank line; `gzip` says whether
    /// the pixels are one gzip stream.
    ///
    /// # Errors
    /// If a name or a value could not be read again as it is, or there are no frames.
    pub fn write_nrrd(&self, gzip: bool) -> Result<Vec<u8>, Error> {
        if self.frames.is_empty() {
            return Err(Error::NoFrames);
        }
        let bytes = nrrd::write(&self.described(None), gzip, None);
        self.is_said_by(&bytes)?;
        Ok(bytes)
    }

    /// The header of a MetaImage that says the same.
    fn described(&self, compressed_bytes: Option<u64>) -> Header {
        let (width, height) =
            self.images.as_ref().map_or((0, 0), |format| (format.width_px, format.height_px));
        let scalar = self.images.as_ref().map(|format| format.scalar);
        let mut other = Vec::new();
        let mut line = |key: String, value: String| {
            other.push(Field { key, value, line: 0 });
        };
        line("AnatomicalOrientation".into(), "RAI".into());
        line("CenterOfRotation".into(), "0 0 0".into());
        line("Kinds".into(), "domain domain list".into());
        if let Some(format) = &self.images {
            let orientation =
                format.orientation.map_or("XX".to_owned(), |orientation| orientation.to_string());
            line("UltrasoundImageOrientation".into(), orientation);
            line("UltrasoundImageType".into(), format.image_type.clone());
        }
        for (key, value) in &self.other {
            line(key.clone(), value.clone());
        }
        for (index, frame) in self.frames.iter().enumerate() {
            for (field, value) in fields(frame) {
                line(format!("{PREFIX}{index:04}_{field}"), value);
            }
        }
        Header {
            dims: vec![width, height, self.frames.len()],
            scalar: scalar.filter(|_| width > 0).or((width > 0).then_some(ScalarType::U8)),
            channels: self.images.as_ref().map_or(1, |format| format.channels),
            spacing_mm: vec![self.pixel_spacing[0], self.pixel_spacing[1], 1.0],
            offset_mm: vec![0.0; 3],
            transform_matrix: vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            big_endian: false,
            compressed: compressed_bytes.is_some(),
            compressed_bytes,
            data_file: DataFile::Local,
            skip_bytes: 0,
            is_data_last: false,
            other,
        }
    }

    /// Whether a header in bytes reads as this one: what cannot be read again must not be written.
    fn is_said_by(&self, bytes: &[u8]) -> Result<(), Error> {
        let again =
            Opened::parse(bytes, &Limits { header_bytes: u64::MAX, pixel_bytes: 0 })?.sequence;
        if &again == self {
            return Ok(());
        }
        let differs = again.frames.iter().zip(&self.frames).position(|(a, b)| a != b);
        let key = differs.map_or("header".to_owned(), |frame| format!("{PREFIX}{frame:04}"));
        Err(Error::Unwritable { key })
    }
}

fn fields(frame: &Frame) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    fields.extend(frame.number.map(|value| ("FrameNumber".to_owned(), value.to_string())));
    for (name, transform) in &frame.transforms {
        fields.push((format!("{name}Transform"), matrix_text::write(&transform.matrix)));
        let status = match &transform.status {
            TransformStatus::Absent => continue,
            TransformStatus::Ok => "OK",
            TransformStatus::Invalid => "INVALID",
            TransformStatus::Other(word) => word,
        };
        fields.push((format!("{name}TransformStatus"), status.to_owned()));
    }
    let other = frame.fields.iter().map(|(key, value)| (key.clone(), value.clone()));
    fields.extend(other);
    fields.push(("Timestamp".to_owned(), number(frame.timestamp_s)));
    let unfiltered = frame.unfiltered_timestamp_s;
    fields.extend(unfiltered.map(|value| ("UnfilteredTimestamp".to_owned(), number(value))));
    let status = match &frame.image_status {
        ImageStatus::Absent => return fields,
        ImageStatus::Ok => "OK",
        ImageStatus::Invalid => "INVALID",
        ImageStatus::Other(word) => word,
    };
    fields.push(("ImageStatus".to_owned(), status.to_owned()));
    fields
}
