//! DICOM files for tests, written by `dicom-object`: by another hand than they are read with.
#![allow(dead_code, clippy::unwrap_used, missing_docs, reason = "each test uses a part of it")]

pub mod encoders;
pub mod frames;

use dicom_core::value::{DataSetSequence, PixelFragmentSequence, PrimitiveValue, Value};
use dicom_core::{DataElement, Length, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use formats::dicom::{Choice, Error, Series, read_series};
use formats::metaimage::Limits;

pub type Object = InMemDicomObject;
/// What is wrong with an object of a test.
pub type Change = fn(&mut Object);

pub const SECRET: [u8; 32] = [7; 32];
pub const EXPLICIT: &str = uids::EXPLICIT_VR_LITTLE_ENDIAN;
pub const IMPLICIT: &str = uids::IMPLICIT_VR_LITTLE_ENDIAN;
pub const BIG: &str = "1.2.840.10008.1.2.2";

/// Values that say who it is; each must stay behind.
pub const WHO: [(Tag, VR, &str); 11] = [
    (tags::ACCESSION_NUMBER, VR::SH, "ACC0815"),
    (tags::INSTITUTION_NAME, VR::LO, "St. Elsewhere"),
    (tags::REFERRING_PHYSICIAN_NAME, VR::PN, "House^Gregory"),
    (tags::STUDY_DESCRIPTION, VR::LO, "Liver of Mustermann"),
    (tags::PATIENT_NAME, VR::PN, "Mustermann^Erika"),
    (tags::PATIENT_ID, VR::LO, "PID4711"),
    (tags::ISSUER_OF_PATIENT_ID, VR::LO, "IssuerOfNumbers"),
    (tags::PATIENT_BIRTH_DATE, VR::DA, "19640812"),
    (tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3.99.1000"),
    (tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.99.2000"),
    (tags::FRAME_OF_REFERENCE_UID, VR::UI, "1.2.3.99.3000"),
];

pub fn text(object: &mut Object, tag: Tag, vr: VR, value: &str) {
    object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
}

pub fn short(object: &mut Object, tag: Tag, value: u16) {
    object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
}

/// Numbers as `DS`.
pub fn decimals(object: &mut Object, tag: Tag, values: &[f64]) {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    text(object, tag, VR::DS, &values.join("\\"));
}

pub fn words(object: &mut Object, values: &[u16]) {
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(values.into())));
}

pub fn fragments(object: &mut Object, table: &[u32], parts: Vec<Vec<u8>>) {
    let pixels = PixelFragmentSequence::new(table.to_vec(), parts);
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, Value::PixelSequence(pixels)));
}

pub fn sequence(object: &mut Object, tag: Tag, items: Vec<Object>) {
    let items = DataSetSequence::new(items, Length::UNDEFINED);
    object.put(DataElement::new(tag, VR::SQ, items));
}

/// What every image has: 3 rows of 4 pixels of 16 signed bits.
pub fn image() -> Object {
    let mut object = Object::new_empty();
    for (tag, vr, value) in WHO {
        text(&mut object, tag, vr, value);
    }
    text(&mut object, tags::SOP_CLASS_UID, VR::UI, uids::CT_IMAGE_STORAGE);
    text(&mut object, tags::SOP_INSTANCE_UID, VR::UI, "1.2.3.99.4000");
    text(&mut object, tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL");
    text(&mut object, tags::MODALITY, VR::CS, "CT");
    text(&mut object, tags::SERIES_NUMBER, VR::IS, "5");
    text(&mut object, tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    for (tag, value) in [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, 3),
        (tags::COLUMNS, 4),
        (tags::BITS_ALLOCATED, 16),
        (tags::BITS_STORED, 16),
        (tags::HIGH_BIT, 15),
        (tags::PIXEL_REPRESENTATION, 1),
    ] {
        short(&mut object, tag, value);
    }
    object
}

/// A slice at a height: rows run to the left, columns to the back, as in a patient who lies on the back.
pub fn slice(height_mm: f64) -> Object {
    let mut object = image();
    decimals(&mut object, tags::IMAGE_POSITION_PATIENT, &[-10.0, -20.0, height_mm]);
    decimals(&mut object, tags::IMAGE_ORIENTATION_PATIENT, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    decimals(&mut object, tags::PIXEL_SPACING, &[0.75, 0.5]);
    decimals(&mut object, tags::SLICE_THICKNESS, &[2.5]);
    decimals(&mut object, tags::RESCALE_SLOPE, &[1.0]);
    decimals(&mut object, tags::RESCALE_INTERCEPT, &[-1024.0]);
    let base = (10.0 * height_mm) as i16;
    words(&mut object, &(0..12).map(|at| (base + at) as u16).collect::<Vec<_>>());
    object
}

/// The bytes of a file.
pub fn file(object: &Object, syntax: &str) -> Vec<u8> {
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(syntax)
        .media_storage_sop_class_uid(uids::CT_IMAGE_STORAGE)
        .media_storage_sop_instance_uid("1.2.3.99.4000");
    let mut bytes = Vec::new();
    object.clone().with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
    bytes
}

/// Files with names `a`, `b`, …
pub fn files(objects: &[Object]) -> Vec<(String, Vec<u8>)> {
    let names = ('a'..='z').map(String::from);
    names.zip(objects.iter().map(|object| file(object, EXPLICIT))).collect()
}

pub fn read_files(files: Vec<(String, Vec<u8>)>) -> Result<Series, Error> {
    read_series(files, Choice::Only, &SECRET, &Limits::default())
}

pub fn read(objects: &[Object]) -> Result<Series, Error> {
    read_files(files(objects))
}

pub fn told(objects: &[Object]) -> String {
    read(objects).unwrap_err().to_string()
}
