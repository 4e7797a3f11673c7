//! A volume as the images of a CT series: what a scanner gives, one data set for each slice, in explicit little endian.
//!
//! Written are the modules that a CT image must have (PS3.3 annex A.3, section C.8.2.1); what nobody knows is left empty
//! where it may be.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use nalgebra::{Matrix4, Vector3};

/// How [`CtSeries`] writes its data sets.
pub const TRANSFER_SYNTAX: &str = uids::EXPLICIT_VR_LITTLE_ENDIAN;
/// What kind of image they are.
pub const CLASS: &str = uids::CT_IMAGE_STORAGE;

/// Whose images, and which examination, series and scan they are of: all that is written of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The patient's number, of 64 characters at most.
    pub patient_id: String,
    /// The patient's name, as `Family^Given`, of 64 characters at most.
    pub patient_name: String,
    /// The unique identifier of the examination.
    pub study: String,
    /// The unique identifier of the series.
    pub series: String,
    /// The unique identifier of the frame of reference.
    pub frame_of_reference: String,
    /// The number of the series in the examination.
    pub series_number: i32,
    /// Who made the scanner, or what simulates one.
    pub manufacturer: String,
    /// When the scan was made: `YYYYMMDD` and `HHMMSS`, as [`Instant::written`](super::Instant::written) gives both;
    /// empty if nobody knows.
    pub acquired: [String; 2],
}

/// A volume to write.
#[derive(Clone, Copy, Debug)]
pub struct CtSeries<'a> {
    /// Where it comes from.
    pub origin: &'a Origin,
    /// Voxels along x, y and z.
    pub dims: [usize; 3],
    /// Maps the indices of voxel centres to millimetres, LPS; its axes are at right angles.
    pub lps_from_voxel: Matrix4<f64>,
    /// `x + dims[0] * (y + dims[1] * z)`, Hounsfield units.
    pub voxels: &'a [i16],
    /// Whether each image tells how many there are.
    pub tells_count: bool,
}

/// Why a volume cannot be written as images.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Images have at least one pixel and at most 65 535 rows and columns; a slice must be among them.
    #[error(
        "a volume of {dims:?} voxels with {came} numbers has no slice {slice} that is an image of 1 to 65535 rows and columns; give another size"
    )]
    Size {
        /// Voxels along x, y and z.
        dims: [usize; 3],
        /// How many numbers there are.
        came: usize,
        /// Which slice was asked for, from 0.
        slice: usize,
    },
    /// Slices are stacked along their normal.
    #[error(
        "the axes of the volume must be finite and at right angles to each other; resample it to such a grid"
    )]
    Axes,
    /// A text does not fit where it belongs.
    #[error("{what} must be of at most {most} ASCII characters, without `\\`, but is `{came}`")]
    Text {
        /// Which text.
        what: &'static str,
        /// How long it may be.
        most: usize,
        /// What it is.
        came: String,
    },
}

/// A unique identifier for something that is named by a text: equal for equal texts, and of the root that anybody may
/// use (PS3.5 annex B.2).
pub fn uid_of(text: &str) -> String {
    let hash = blake3::hash(text.as_bytes());
    let (bytes, _) = hash.as_bytes().split_at(16);
    let number = bytes.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("2.25.{number}")
}

impl CtSeries<'_> {
    /// The unique identifier of a slice.
    pub fn instance(&self, slice: usize) -> String {
        uid_of(&format!("{} {slice}", self.origin.series))
    }

    /// The data set of a slice, from 0, as it goes over a network.
    ///
    /// # Errors
    /// If there is no such slice, or the volume cannot be written as images.
    pub fn data_set(&self, slice: usize) -> Result<Vec<u8>, WriteError> {
        let [columns, rows, depth] = self.dims;
        let wrong = || WriteError::Size { dims: self.dims, came: self.voxels.len(), slice };
        let size = |count: usize| u16::try_from(count).ok().filter(|count| *count > 0);
        let (Some(wide), Some(high), true) = (size(columns), size(rows), slice < depth) else {
            return Err(wrong());
        };
        let pixels = columns * rows;
        let own = self.voxels.get(pixels * slice..pixels * (slice + 1)).ok_or_else(wrong)?;
        let [x, y, z] = self.axes()?;
        let place = self.lps_from_voxel.fixed_view::<3, 1>(0, 3) + z * slice as f64;
        let (along_row, along_column) = (x.normalize(), y.normalize());
        // A frame on the left hand has its slices in the other order; each still lies where it should.
        let direction: Vec<f64> = along_row.iter().chain(along_column.iter()).copied().collect();

        let Origin { patient_id, patient_name, series_number, manufacturer, .. } = self.origin;
        let [date, time] = &self.origin.acquired;
        let number = (slice + 1).to_string();
        let mut out = Elements(Vec::with_capacity(1024 + 2 * pixels));
        out.text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL");
        out.text(tags::SOP_CLASS_UID, VR::UI, CLASS);
        out.text(tags::SOP_INSTANCE_UID, VR::UI, &self.instance(slice));
        out.text(tags::STUDY_DATE, VR::DA, checked("the date", date, 8)?);
        out.text(tags::ACQUISITION_DATE, VR::DA, date);
        out.text(tags::STUDY_TIME, VR::TM, checked("the time", time, 14)?);
        out.text(tags::ACQUISITION_TIME, VR::TM, time);
        out.text(tags::ACCESSION_NUMBER, VR::SH, "");
        out.text(tags::MODALITY, VR::CS, "CT");
        out.text(tags::MANUFACTURER, VR::LO, checked("the manufacturer", manufacturer, 64)?);
        out.text(tags::REFERRING_PHYSICIAN_NAME, VR::PN, "");
        out.text(tags::PATIENT_NAME, VR::PN, checked("the patient's name", patient_name, 64)?);
        out.text(tags::PATIENT_ID, VR::LO, checked("the patient's number", patient_id, 64)?);
        out.text(tags::PATIENT_BIRTH_DATE, VR::DA, "");
        out.text(tags::PATIENT_SEX, VR::CS, "");
        out.decimals(tags::SLICE_THICKNESS, &[z.norm()]);
        out.text(tags::KVP, VR::DS, "");
        out.text(tags::PATIENT_POSITION, VR::CS, "HFS");
        let uid = |what, uid| checked(what, uid, 64);
        out.text(tags::STUDY_INSTANCE_UID, VR::UI, uid("the examination", &self.origin.study)?);
        out.text(tags::SERIES_INSTANCE_UID, VR::UI, uid("the series", &self.origin.series)?);
        out.text(tags::STUDY_ID, VR::SH, "");
        out.text(tags::SERIES_NUMBER, VR::IS, &series_number.to_string());
        out.text(tags::ACQUISITION_NUMBER, VR::IS, "");
        out.text(tags::INSTANCE_NUMBER, VR::IS, &number);
        out.decimals(tags::IMAGE_POSITION_PATIENT, place.as_slice());
        out.decimals(tags::IMAGE_ORIENTATION_PATIENT, &direction);
        let frame = uid("the frame of reference", &self.origin.frame_of_reference)?;
        out.text(tags::FRAME_OF_REFERENCE_UID, VR::UI, frame);
        if self.tells_count {
            out.text(tags::IMAGES_IN_ACQUISITION, VR::IS, &depth.to_string());
        }
        out.text(tags::POSITION_REFERENCE_INDICATOR, VR::LO, "");
        out.short(tags::SAMPLES_PER_PIXEL, 1);
        out.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
        out.short(tags::ROWS, high);
        out.short(tags::COLUMNS, wide);
        // The distance of rows comes first.
        out.decimals(tags::PIXEL_SPACING, &[y.norm(), x.norm()]);
        out.short(tags::BITS_ALLOCATED, 16);
        out.short(tags::BITS_STORED, 16);
        out.short(tags::HIGH_BIT, 15);
        out.short(tags::PIXEL_REPRESENTATION, 1);
        out.decimals(tags::RESCALE_INTERCEPT, &[0.0]);
        out.decimals(tags::RESCALE_SLOPE, &[1.0]);
        out.text(tags::RESCALE_TYPE, VR::LO, "HU");
        out.head(tags::PIXEL_DATA, VR::OW, 2 * pixels);
        out.0.extend(own.iter().flat_map(|value| value.to_le_bytes()));
        Ok(out.0)
    }

    /// The same as a file (PS3.10 section 7.1).
    ///
    /// # Errors
    /// As [`Self::data_set`].
    pub fn file(&self, slice: usize) -> Result<Vec<u8>, WriteError> {
        let data_set = self.data_set(slice)?;
        let mut meta = Elements(Vec::new());
        meta.head(tags::FILE_META_INFORMATION_VERSION, VR::OB, 2);
        meta.0.extend([0, 1]);
        meta.text(tags::MEDIA_STORAGE_SOP_CLASS_UID, VR::UI, CLASS);
        meta.text(tags::MEDIA_STORAGE_SOP_INSTANCE_UID, VR::UI, &self.instance(slice));
        meta.text(tags::TRANSFER_SYNTAX_UID, VR::UI, TRANSFER_SYNTAX);
        meta.text(tags::IMPLEMENTATION_CLASS_UID, VR::UI, &uid_of("vesalius"));
        let mut file = Elements(vec![0; 128]);
        file.0.extend(b"DICM");
        file.head(tags::FILE_META_INFORMATION_GROUP_LENGTH, VR::UL, 4);
        file.0.extend((meta.0.len() as u32).to_le_bytes());
        file.0.extend(meta.0);
        file.0.extend(data_set);
        Ok(file.0)
    }

    fn axes(&self) -> Result<[Vector3<f64>; 3], WriteError> {
        let axis = |index: usize| self.lps_from_voxel.fixed_view::<3, 1>(0, index).into_owned();
        let axes = [axis(0), axis(1), axis(2)];
        let is_right = |a: usize, b: usize| {
            let (a, b) = (&axes[a], &axes[b]);
            a.dot(b).abs() <= 1e-6 * a.norm() * b.norm()
        };
        let is_finite = self.lps_from_voxel.iter().all(|value| value.is_finite());
        let is_long = axes.iter().all(|axis| axis.norm() > 1e-4);
        if is_finite && is_long && is_right(0, 1) && is_right(1, 2) && is_right(0, 2) {
            Ok(axes)
        } else {
            Err(WriteError::Axes)
        }
    }
}

fn checked<'a>(what: &'static str, text: &'a str, most: usize) -> Result<&'a str, WriteError> {
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'\\');
    if text.len() <= most && is_plain {
        return Ok(text);
    }
    Err(WriteError::Text { what, most, came: crate::metaimage::excerpt(text) })
}

/// Elements in explicit little endian; they are to be written in the order of their tags.
struct Elements(Vec<u8>);

impl Elements {
    fn head(&mut self, tag: Tag, vr: VR, length: usize) {
        self.0.extend(tag.group().to_le_bytes());
        self.0.extend(tag.element().to_le_bytes());
        self.0.extend(vr.to_bytes());
        if matches!(vr, VR::OB | VR::OW) {
            self.0.extend([0, 0]);
            self.0.extend((length as u32).to_le_bytes());
        } else {
            self.0.extend((length as u16).to_le_bytes());
        }
    }

    fn text(&mut self, tag: Tag, vr: VR, text: &str) {
        let padding = if vr == VR::UI { 0 } else { b' ' };
        self.head(tag, vr, text.len() + text.len() % 2);
        self.0.extend(text.bytes());
        if !text.len().is_multiple_of(2) {
            self.0.push(padding);
        }
    }

    fn short(&mut self, tag: Tag, number: u16) {
        self.head(tag, VR::US, 2);
        self.0.extend(number.to_le_bytes());
    }

    fn decimals(&mut self, tag: Tag, numbers: &[f64]) {
        let texts: Vec<String> = numbers.iter().map(|number| decimal(*number)).collect();
        self.text(tag, VR::DS, &texts.join("\\"));
    }
}

/// A number in the 16 characters that it may have (PS3.5 section 6.2), with as many digits as fit.
fn decimal(number: f64) -> String {
    // Adding zero keeps -0 out of what people read.
    let number = number + 0.0;
    let plain = number.to_string();
    if plain.len() <= 16 {
        return plain;
    }
    let exact = (0..=14).rev().map(|digits| format!("{number:.digits$}"));
    let scientific = (0..=9).rev().map(|digits| format!("{number:.digits$e}"));
    let fits = |text: &String| text.len() <= 16;
    let small = number.abs() < 1e-4;
    let found = if small { None } else { exact.into_iter().find(fits) };
    found.or_else(|| scientific.into_iter().find(fits)).unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_fit_and_are_as_near_as_may_be() {
        for number in [
            0.0,
            -0.0,
            1.0,
            -123.456,
            1.0 / 3.0,
            -2.0 / 3.0,
            -1_234.567_890_123_456,
            1e-7 / 3.0,
            -1e-17,
            123_456_789.123_456_78,
            -0.998_629_534_754_573_8,
        ] {
            let text = decimal(number);
            assert!(text.len() <= 16, "{text}");
            let back: f64 = text.parse().unwrap();
            assert!((back - number).abs() <= 1e-9 * number.abs().max(1.0), "{number} as {text}");
        }
        assert_eq!(decimal(-0.0), "0");
    }
}
