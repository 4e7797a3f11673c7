//! Where an image lies in the patient (DICOM PS3.3 section C.7.6.2.1.1, image plane).
//!
//! `ImagePositionPatient` is the centre of the first pixel, `ImageOrientationPatient` the direction of a row and of a
//! column, `PixelSpacing` the distance of rows and, after it, of columns; all in millimetres, and LPS as everything here.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use nalgebra::Vector3;

use super::dataset::Dataset;
use super::file_error::FileError;

/// No body is larger: what lies beyond is damaged.
const FARTHEST_MM: f64 = 1e5;
/// Directions are written with at least four digits.
const DIRECTION_TOLERANCE: f64 = 1e-3;

/// The place of one image.
#[derive(Clone, Debug)]
pub struct Plane {
    /// Centre of the first pixel, in millimetres, LPS.
    pub position_mm: Vector3<f64>,
    /// Unit vector along a row.
    pub along_row: Vector3<f64>,
    /// Unit vector along a column.
    pub along_column: Vector3<f64>,
    /// Distance of neighbouring pixels along a row and along a column, in millimetres.
    pub spacing_mm: [f64; 2],
    /// How thick the slice is, in millimetres, if the file says so; not how far it is to the next.
    pub thickness_mm: Option<f64>,
}

/// Where the attributes of a plane are: all in one data set, or in functional groups.
pub struct PlaneSources<'a, 'b> {
    /// Holds `ImagePositionPatient`.
    pub position: Option<&'b Dataset<'a>>,
    /// Holds `ImageOrientationPatient`.
    pub orientation: Option<&'b Dataset<'a>>,
    /// Holds `PixelSpacing` and `SliceThickness`.
    pub measures: Option<&'b Dataset<'a>>,
}

impl Plane {
    /// Reads the place of an image.
    pub fn read(sources: &PlaneSources) -> Result<Self, FileError> {
        let position: [f64; 3] = need(sources.position, tags::IMAGE_POSITION_PATIENT)?;
        if position.iter().any(|place| place.abs() > FARTHEST_MM) {
            let expected = format!("within {FARTHEST_MM} mm");
            return Err(wrong(sources.position, tags::IMAGE_POSITION_PATIENT, expected));
        }
        let tag = tags::IMAGE_ORIENTATION_PATIENT;
        let [rx, ry, rz, cx, cy, cz] = need::<6>(sources.orientation, tag)?;
        let (row, column) = (Vector3::new(rx, ry, rz), Vector3::new(cx, cy, cz));
        let is_unit = |axis: &Vector3<f64>| (axis.norm() - 1.0).abs() < DIRECTION_TOLERANCE;
        if !is_unit(&row) || !is_unit(&column) || row.dot(&column).abs() > DIRECTION_TOLERANCE {
            let expected = "two unit vectors at a right angle";
            return Err(wrong(sources.orientation, tag, expected.to_owned()));
        }
        let tag = tags::PIXEL_SPACING;
        let [between_rows, between_columns] = need(sources.measures, tag)?;
        let is_spacing = |spacing: f64| (1e-4..=1e3).contains(&spacing);
        if !is_spacing(between_rows) || !is_spacing(between_columns) {
            let expected = "two distances from 0.0001 to 1000 mm";
            return Err(wrong(sources.measures, tag, expected.to_owned()));
        }
        let thickness = sources.measures.map(|it| it.decimal(tags::SLICE_THICKNESS)).transpose()?;
        Ok(Self {
            position_mm: Vector3::from(position),
            along_row: row.normalize(),
            along_column: column.normalize(),
            spacing_mm: [between_columns, between_rows],
            thickness_mm: thickness.flatten().filter(|thickness| *thickness > 0.0),
        })
    }

    /// The direction that images are stacked along: at right angles to rows and columns.
    pub fn normal(&self) -> Vector3<f64> {
        self.along_row.cross(&self.along_column)
    }
}

fn need<const N: usize>(dataset: Option<&Dataset>, tag: Tag) -> Result<[f64; N], FileError> {
    let numbers = dataset.map(|dataset| dataset.decimals(tag)).transpose()?.flatten();
    let hint = "nobody knows where the image lies in the body: give the images that were acquired, not screenshots or projections";
    numbers.ok_or(FileError::missing(tag, hint))
}

fn wrong(dataset: Option<&Dataset>, tag: Tag, expected: String) -> FileError {
    let came = dataset.and_then(|dataset| dataset.text(tag).ok().flatten()).unwrap_or_default();
    FileError::wrong(tag, expected, came)
}
