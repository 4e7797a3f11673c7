//! VIDEO: a frame of a video, encoded; VIDEOMETA: which videos there are; `STT_VIDEO` asks for one.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, put_f32s, put_u16s};
use super::{Error, Text, json};

/// VIDEO, as the library writes it: an encoded frame with its place in the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Video {
    /// Version of this kind of message.
    pub version: u16,
    /// Code of the byte order of pixels that are not encoded, see [`Endian::from_code`](super::Endian::from_code).
    pub endian: u8,
    /// How the frame is encoded: `VP90`, `H264`, `X265`, `AV10`, `I420`.
    pub codec: Text<4>,
    /// What kind of frame it is, such as a key frame; more than 255 for grey ones.
    pub frame_type: u16,
    /// Code of the space, see [`CoordinateSystem::from_code`](super::CoordinateSystem::from_code).
    pub coordinates: u8,
    /// Pixels along i, j and k.
    pub size: [u16; 3],
    /// Its place, as that of an [`Image`](super::Image): the steps along i, j and k and the centre, in mm.
    #[serde(with = "json::numbers")]
    pub matrix: [f32; 12],
    /// The pixel at which the part begins that is encoded.
    pub subvolume_offset: [u16; 3],
    /// Pixels of the part along i, j and k.
    pub subvolume_size: [u16; 3],
    /// The frame, encoded.
    #[serde(with = "json::base64")]
    pub bitstream: Vec<u8>,
}

impl Video {
    /// Whether bytes are such a frame, and not an [`UnplacedVideo`]: the third byte is a code there and a letter here.
    pub(super) fn begins(bytes: &[u8]) -> bool {
        bytes.get(2).is_some_and(|byte| *byte < b' ')
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            version: fields.u16("the version")?,
            endian: fields.u8("the byte order")?,
            codec: fields.text("the codec")?,
            frame_type: fields.u16("the frame type")?,
            coordinates: fields.u8("the coordinate system")?,
            size: fields.u16s("the size")?,
            matrix: fields.f32s("the matrix")?,
            subvolume_offset: fields.u16s("the offset of the subvolume")?,
            subvolume_size: fields.u16s("the size of the subvolume")?,
            bitstream: fields.rest().to_vec(),
        })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        if self.endian >= b' ' {
            return Err(Error::unwritable("VIDEO", "its byte order should be 1 or 2"));
        }
        bytes.extend(self.version.to_be_bytes());
        bytes.push(self.endian);
        bytes.extend(self.codec.as_bytes());
        bytes.extend(self.frame_type.to_be_bytes());
        bytes.push(self.coordinates);
        put_u16s(bytes, &self.size);
        put_f32s(bytes, &self.matrix);
        put_u16s(bytes, &self.subvolume_offset);
        put_u16s(bytes, &self.subvolume_size);
        bytes.extend(&self.bitstream);
        Ok(())
    }
}

/// VIDEO, as the description of protocol 3.1 has it: an encoded frame without a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnplacedVideo {
    /// Version of this kind of message.
    pub version: u16,
    /// How the frame is encoded, as in [`Video::codec`].
    pub codec: Text<4>,
    /// Code of the type of its numbers, see [`ScalarType::from_code`](super::ScalarType::from_code).
    pub scalar: u8,
    /// Code of the byte order of pixels that are not encoded.
    pub endian: u8,
    /// Pixels of a row.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Slices.
    pub depth_px: u32,
    /// What kind of frame it is, as in [`Video::frame_type`].
    pub frame_type: u16,
    /// Whether it is encoded: 0 if not.
    pub is_compressed: i8,
    /// The frame.
    #[serde(with = "json::base64")]
    pub bitstream: Vec<u8>,
}

impl UnplacedVideo {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            version: fields.u16("the version")?,
            codec: fields.text("the codec")?,
            scalar: fields.u8("the scalar type")?,
            endian: fields.u8("the byte order")?,
            width_px: fields.u32("the width")?,
            height_px: fields.u32("the height")?,
            depth_px: fields.u32("the depth")?,
            frame_type: fields.u16("the frame type")?,
            is_compressed: fields.u8("whether it is compressed")? as i8,
            bitstream: fields.rest().to_vec(),
        })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        if self.codec.as_bytes()[0] < b' ' {
            return Err(Error::unwritable("VIDEO", "its codec should be a name"));
        }
        bytes.extend(self.version.to_be_bytes());
        bytes.extend(self.codec.as_bytes());
        bytes.extend([self.scalar, self.endian]);
        for side in [self.width_px, self.height_px, self.depth_px] {
            bytes.extend(side.to_be_bytes());
        }
        bytes.extend(self.frame_type.to_be_bytes());
        bytes.extend(self.is_compressed.to_be_bytes());
        bytes.extend(&self.bitstream);
        Ok(())
    }
}

/// `STT_VIDEO`: asks for frames from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartVideo {
    /// How they are to be encoded, as in [`Video::codec`].
    pub codec: Text<4>,
    /// Least time between two frames, in ms.
    pub interval_ms: u32,
    /// Whether they are to be encoded; later versions have no such byte.
    pub use_compression: Option<i8>,
}

impl StartVideo {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            codec: fields.text("the codec")?,
            interval_ms: fields.u32("the interval")?,
            use_compression: match fields.left() {
                0 => None,
                _ => Some(fields.u8("whether to compress")? as i8),
            },
        })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.codec.as_bytes());
        bytes.extend(self.interval_ms.to_be_bytes());
        bytes.extend(self.use_compression.map(|byte| byte as u8));
    }
}

/// VIDEOMETA: which videos there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoMeta {
    /// The videos.
    pub videos: Vec<VideoEntry>,
}

/// What is said of a video that can be asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoEntry {
    /// Its name, for people.
    pub name: Text<64>,
    /// The device name under which VIDEO and COLORT are asked for.
    pub device: Text<64>,
    /// The patient's name.
    pub patient_name: Text<64>,
    /// The patient's number.
    pub patient_id: Text<64>,
    /// Zoom of the camera.
    pub zoom_level: i16,
    /// Focal length of the camera.
    #[serde(with = "json::number")]
    pub focal_length_mm: f64,
    /// Pixels along i, j and k.
    pub size: [u16; 3],
    /// Its place, as that of an [`Image`](super::Image).
    #[serde(with = "json::numbers")]
    pub matrix: [f32; 12],
    /// Code of the type of its numbers, see [`ScalarType::from_code`](super::ScalarType::from_code).
    pub scalar: u8,
    /// A byte without a meaning.
    pub reserved: u8,
}

impl VideoMeta {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let videos = fields.each(|fields| {
            Ok(VideoEntry {
                name: fields.text("the name of a video")?,
                device: fields.text("the device name of a video")?,
                patient_name: fields.text("a patient's name")?,
                patient_id: fields.text("a patient's number")?,
                zoom_level: fields.u16("the zoom of a video")? as i16,
                focal_length_mm: fields.f64("the focal length of a video")?,
                size: fields.u16s("the size of a video")?,
                matrix: fields.f32s("the matrix of a video")?,
                scalar: fields.u8("the scalar type of a video")?,
                reserved: fields.u8("the reserved byte of a video")?,
            })
        })?;
        Ok(Self { videos })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for video in &self.videos {
            bytes.extend(video.name.as_bytes());
            bytes.extend(video.device.as_bytes());
            bytes.extend(video.patient_name.as_bytes());
            bytes.extend(video.patient_id.as_bytes());
            bytes.extend(video.zoom_level.to_be_bytes());
            bytes.extend(video.focal_length_mm.to_be_bytes());
            put_u16s(bytes, &video.size);
            put_f32s(bytes, &video.matrix);
            bytes.extend([video.scalar, video.reserved]);
        }
    }
}
