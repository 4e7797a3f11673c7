//! A sequence written the way PLUS writes it.

use super::error::Error;
use super::frame::{Frame, ImageStatus, TransformStatus};
use super::frame_fields::PREFIX;
use super::header::SequenceHeader;
use super::sequence::Sequence;
use crate::matrix_text::{self, number};
use crate::metaimage::{DataFile, Field, Header, ScalarType, deflate};

impl Sequence {
    /// The bytes of a `.igs.mha` file; `compressed` makes one zlib stream of the pixels.
    ///
    /// # Errors
    /// If a name or a value could not be read again as it is.
    pub fn write(&self, compressed: bool) -> Result<Vec<u8>, Error> {
        let compressed = compressed && !self.all_pixels().is_empty();
        let raw = little_endian(self);
        let data = if compressed { deflate(&raw)? } else { raw };
        let mut file = self.header().write(compressed.then_some(data.len() as u64))?;
        file.extend_from_slice(&data);
        Ok(file)
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
        let header = Header {
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
            other,
        };
        let bytes = header.write()?;
        // What cannot be read again must not be written.
        let (again, ..) = Self::parse(&bytes)?;
        if &again == self {
            return Ok(bytes);
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
