//! IMGMETA and LBMETA: which images and which labels there are.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, put_u16s};
use super::{Error, Text, Timestamp};

/// IMGMETA: which images there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageMeta {
    /// The images.
    pub images: Vec<ImageEntry>,
}

/// What is said of an image that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageEntry {
    /// Its name, for people.
    pub name: Text<64>,
    /// The device name under which IMAGE and COLORT are asked for.
    pub device: Text<20>,
    /// Modality: `CT`, `MR`, …
    pub modality: Text<32>,
    /// The patient's name.
    pub patient_name: Text<64>,
    /// The patient's number.
    pub patient_id: Text<64>,
    /// When it was made.
    pub timestamp: Timestamp,
    /// Its size in voxels.
    pub size: [u16; 3],
    /// Code of the type of its numbers, see [`ScalarType::from_code`](super::ScalarType::from_code).
    pub scalar: u8,
    /// A byte without a meaning.
    pub reserved: u8,
}

impl ImageMeta {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let images = fields.each(|fields| {
            Ok(ImageEntry {
                name: fields.text("the name of an image")?,
                device: fields.text("the device name of an image")?,
                modality: fields.text("the modality of an image")?,
                patient_name: fields.text("a patient's name")?,
                patient_id: fields.text("a patient's number")?,
                timestamp: Timestamp::from_bits(fields.u64("the time of an image")?),
                size: fields.u16s("the size of an image")?,
                scalar: fields.u8("the scalar type of an image")?,
                reserved: fields.u8("the reserved byte of an image")?,
            })
        })?;
        Ok(Self { images })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for image in &self.images {
            bytes.extend(image.name.as_bytes());
            bytes.extend(image.device.as_bytes());
            bytes.extend(image.modality.as_bytes());
            bytes.extend(image.patient_name.as_bytes());
            bytes.extend(image.patient_id.as_bytes());
            bytes.extend(image.timestamp.to_bits().to_be_bytes());
            put_u16s(bytes, &image.size);
            bytes.extend([image.scalar, image.reserved]);
        }
    }
}

/// LBMETA: which structures are drawn in an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelMeta {
    /// The structures.
    pub labels: Vec<LabelEntry>,
}

/// What is said of a structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelEntry {
    /// Its name, for people.
    pub name: Text<64>,
    /// The device name under which its IMAGE is asked for.
    pub device: Text<20>,
    /// Its number in the image; 0 if it has none.
    pub label: u8,
    /// A byte without a meaning.
    pub reserved: u8,
    /// Red, green, blue and opacity; all 0 if it has no colour.
    pub rgba: [u8; 4],
    /// Size of the box around it, in voxels.
    pub size: [u16; 3],
    /// Name of the image in which it lies.
    pub owner: Text<20>,
}

impl LabelMeta {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let labels = fields.each(|fields| {
            Ok(LabelEntry {
                name: fields.text("the name of a label")?,
                device: fields.text("the device name of a label")?,
                label: fields.u8("a label")?,
                reserved: fields.u8("the reserved byte of a label")?,
                rgba: fields.array("the colour of a label")?,
                size: fields.u16s("the size of a label")?,
                owner: fields.text("the owner of a label")?,
            })
        })?;
        Ok(Self { labels })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for label in &self.labels {
            bytes.extend(label.name.as_bytes());
            bytes.extend(label.device.as_bytes());
            bytes.extend([label.label, label.reserved]);
            bytes.extend(label.rgba);
            put_u16s(bytes, &label.size);
            bytes.extend(label.owner.as_bytes());
        }
    }
}
