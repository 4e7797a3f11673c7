//! OpenIGTLink messages, versions 1 to 3, from bytes and back: what 3D Slicer, PLUS and trackers say to each other.
//!
//! A message is a header of 58 bytes ([`Header`]), and a body guarded by a CRC-64. Header version 2 (protocol version
//! 3) has an [`ExtendedHeader`] and metadata in the body, around the [`Content`]. After the protocol's description in
//! `Documents/Protocol` of <https://github.com/openigtlink/OpenIGTLink>, and where that is silent or differs, after what
//! its library writes.
//!
//! **Lossless**: a [`Message`] has all that came, also what stands in reserved bytes and behind the end of a name, so
//! that [`encode`](Message::encode) gives back the same bytes. So does its form as JSON, through `serde`.
//!
//! **As on the wire**: numbers are not converted. Lengths are in mm, matrices column after column, the place of an
//! [`Image`] is that of its centre, in RAS or LPS as it says. What turns that into other conventions are functions of
//! their own.
//!
//! **Damage**: bytes cut off anywhere are an error, and so is any change in the body, which the CRC shows. The header
//! is not guarded by the protocol. A change of its version, its size or its CRC is an error, too, but for one: version 2
//! as version 3, which have the same form. A change of the type shows only where the body does not fit the new type;
//! else the message is of another type, mostly an unknown one ([`Content::Opaque`]). A change of the device name or the
//! timestamp cannot be seen at all.

mod bind;
mod color_table;
mod content;
mod crc;
mod error;
mod fields;
mod header;
mod image;
mod image_meta;
mod json;
mod message;
mod nd_array;
mod points;
mod polydata;
mod query;
mod rtp;
mod scalar;
mod sensor;
mod status;
mod stream;
mod string;
mod survey;
mod text;
mod timestamp;
mod tracking;
mod transform;
mod video;

pub use bind::{Bind, BindRequest, BoundMessage, ChildName, RequestedChild, StartBind};
pub use color_table::{ColorMap, ColorTable};
pub use content::Content;
pub use crc::crc64;
pub use error::Error;
pub use header::{ExtendedHeader, HEADER_SIZE, Header, MetadataEntry};
pub use image::Image;
pub use image_meta::{ImageEntry, ImageMeta, LabelEntry, LabelMeta};
pub use message::{DEVICE_NAME_KEY, Message, Messages};
pub use nd_array::NdArray;
pub use points::{Point, Points, Trajectories, Trajectory};
pub use polydata::{Attribute, AttributeKind, AttributeValues, PolyCells, PolyData};
pub use query::Query;
pub use rtp::RtpPacket;
pub use scalar::{CoordinateSystem, Endian, ScalarType};
pub use sensor::{Sensor, Unit};
pub use status::{Capability, Status};
pub use stream::{BODY_LIMIT, Decoder};
pub use string::{Command, StringMessage, US_ASCII, UTF_8};
pub use survey::{Survey, SurveyedStream};
pub use text::Text;
pub use timestamp::Timestamp;
pub use tracking::{
    QuaternionTool, QuaternionTrackingData, StartTracking, TrackedTool, TrackingData,
};
pub use transform::{Orientation, Position, Transform};
pub use video::{StartVideo, UnplacedVideo, Video, VideoEntry, VideoMeta};
