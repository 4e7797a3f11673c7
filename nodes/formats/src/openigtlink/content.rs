//! What messages hold, by their type.

use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::{
    Bind, BindRequest, Capability, ColorTable, Command, Error, Image, ImageMeta, LabelMeta,
    NdArray, Points, PolyData, Position, QuaternionTrackingData, Query, Sensor, StartBind,
    StartTracking, StartVideo, Status, StringMessage, Text, Timestamp, TrackingData, Trajectories,
    Transform, UnplacedVideo, Video, VideoMeta, json,
};

/// How deep messages within messages are read; deeper ones stay bytes, so that no sender exhausts the stack.
const DEPTH: u8 = 4;

/// What a message holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "content", content = "fields", rename_all = "snake_case")]
pub enum Content {
    /// TRANSFORM.
    Transform(Transform),
    /// POSITION or QTRANS.
    Position(Position),
    /// IMAGE.
    Image(Image),
    /// STATUS.
    Status(Status),
    /// CAPABILITY.
    Capability(Capability),
    /// TDATA.
    TrackingData(TrackingData),
    /// QTDATA.
    QuaternionTrackingData(QuaternionTrackingData),
    /// POINT.
    Points(Points),
    /// TRAJ.
    Trajectories(Trajectories),
    /// POLYDATA.
    PolyData(PolyData),
    /// STRING.
    String(StringMessage),
    /// SENSOR.
    Sensor(Sensor),
    /// NDARRAY.
    NdArray(NdArray),
    /// IMGMETA.
    ImageMeta(ImageMeta),
    /// LBMETA.
    LabelMeta(LabelMeta),
    /// COLORT.
    ColorTable(ColorTable),
    /// BIND.
    Bind(Bind),
    /// COMMAND or `RTS_COMMAND`.
    Command(Command),
    /// VIDEO, as the library writes it.
    Video(Video),
    /// VIDEO, as protocol 3.1 describes it.
    UnplacedVideo(UnplacedVideo),
    /// VIDEOMETA.
    VideoMeta(VideoMeta),
    /// `STT_TDATA` or `STT_QTDATA`.
    StartTracking(StartTracking),
    /// `STT_VIDEO`.
    StartVideo(StartVideo),
    /// `GET_BIND`, if it does not ask for all.
    BindRequest(BindRequest),
    /// `STT_BIND`.
    StartBind(StartBind),
    /// Another `STT_`, with the least time between two messages.
    StartInterval(Timestamp),
    /// `RTS_`: 0 if what was asked for is done, 1 if not.
    Response(u8),
    /// No bytes: most of `GET_`, `STT_` and `STP_`; of other types, that there is nothing to give.
    Empty,
    /// The bytes of a type that is not known, or of a form of a request that is not known.
    Opaque(#[serde(with = "json::base64")] Vec<u8>),
}

impl Content {
    /// Of a message of a type.
    ///
    /// # Errors
    /// If the type is known and the bytes are not as it wants them.
    pub fn decode(type_name: &Text<12>, bytes: &[u8]) -> Result<Self, Error> {
        Self::read(type_name, bytes, 0)
    }

    pub(super) fn read(type_name: &Text<12>, bytes: &[u8], depth: u8) -> Result<Self, Error> {
        let name = type_name.to_str();
        let shown = type_name.to_string();
        let mut fields = Fields::new(&shown, bytes);
        let content = match Query::split(&name) {
            (None, name) => Self::plain(name, &mut fields, depth)?,
            (Some(query), name) => Self::query(query, name, &mut fields)?,
        };
        fields.end("the content")?;
        Ok(content)
    }

    fn plain(name: &str, fields: &mut Fields<'_>, depth: u8) -> Result<Self, Error> {
        let is_list = matches!(
            name,
            "TDATA"
                | "QTDATA"
                | "CAPABILITY"
                | "POINT"
                | "TRAJ"
                | "IMGMETA"
                | "LBMETA"
                | "VIDEOMETA"
        );
        if fields.left() == 0 && !is_list {
            return Ok(Self::Empty);
        }
        Ok(match name {
            "TRANSFORM" => Self::Transform(Transform::read(fields)?),
            "POSITION" | "QTRANS" => Self::Position(Position::read(fields)?),
            "IMAGE" => Self::Image(Image::read(fields)?),
            "STATUS" => Self::Status(Status::read(fields)?),
            "CAPABILITY" => Self::Capability(Capability::read(fields)?),
            "TDATA" => Self::TrackingData(TrackingData::read(fields)?),
            "QTDATA" => Self::QuaternionTrackingData(QuaternionTrackingData::read(fields)?),
            "POINT" => Self::Points(Points::read(fields)?),
            "TRAJ" => Self::Trajectories(Trajectories::read(fields)?),
            "POLYDATA" => Self::PolyData(PolyData::read(fields)?),
            "STRING" => Self::String(StringMessage::read(fields)?),
            "SENSOR" => Self::Sensor(Sensor::read(fields)?),
            "NDARRAY" => Self::NdArray(NdArray::read(fields)?),
            "IMGMETA" => Self::ImageMeta(ImageMeta::read(fields)?),
            "LBMETA" => Self::LabelMeta(LabelMeta::read(fields)?),
            "COLORT" | "COLORTABLE" => Self::ColorTable(ColorTable::read(fields)?),
            "BIND" if depth < DEPTH => Self::Bind(Bind::read(fields, depth)?),
            "COMMAND" => Self::Command(Command::read(fields)?),
            "VIDEO" if Video::begins(fields.peek()) => Self::Video(Video::read(fields)?),
            "VIDEO" => Self::UnplacedVideo(UnplacedVideo::read(fields)?),
            "VIDEOMETA" => Self::VideoMeta(VideoMeta::read(fields)?),
            _ => Self::Opaque(fields.rest().to_vec()),
        })
    }

    fn query(query: Query, name: &str, fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(match (query, name, fields.left()) {
            (_, _, 0) => Self::Empty,
            (Query::Get, "BIND", _) => Self::BindRequest(BindRequest::read(fields)?),
            (Query::Start, "TDATA" | "QTDATA", 36) => {
                Self::StartTracking(StartTracking::read(fields)?)
            }
            (Query::Start, "VIDEO", 8 | 9) => Self::StartVideo(StartVideo::read(fields)?),
            (Query::Start, "BIND", _) => Self::StartBind(StartBind::read(fields)?),
            (Query::Start, _, 8) => {
                Self::StartInterval(Timestamp::from_bits(fields.u64("the interval")?))
            }
            (Query::Response, _, 1) => Self::Response(fields.u8("the status")?),
            (Query::Response, "COMMAND", _) => Self::Command(Command::read(fields)?),
            _ => Self::Opaque(fields.rest().to_vec()),
        })
    }

    /// Adds its bytes, if a message of this type holds such.
    pub(super) fn write(&self, type_name: &Text<12>, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let (content, types) = self.types();
        let name = type_name.to_str();
        let is_suitable = types.contains(&name.as_ref())
            || match self {
                Self::StartInterval(_) => Query::split(&name).0 == Some(Query::Start),
                Self::Response(_) => Query::split(&name).0 == Some(Query::Response),
                Self::Empty | Self::Opaque(_) => true,
                _ => false,
            };
        if !is_suitable {
            let expected = types.first().copied().unwrap_or_default();
            return Err(Error::Mismatch { message: type_name.to_string(), content, expected });
        }
        match self {
            Self::Transform(content) => content.write(bytes),
            Self::Position(content) => content.write(bytes),
            Self::Image(content) => content.write(bytes)?,
            Self::Status(content) => content.write(bytes),
            Self::Capability(content) => content.write(bytes),
            Self::TrackingData(content) => content.write(bytes),
            Self::QuaternionTrackingData(content) => content.write(bytes),
            Self::Points(content) => content.write(bytes),
            Self::Trajectories(content) => content.write(bytes),
            Self::PolyData(content) => content.write(bytes)?,
            Self::String(content) => content.write(bytes)?,
            Self::Sensor(content) => content.write(bytes)?,
            Self::NdArray(content) => content.write(bytes)?,
            Self::ImageMeta(content) => content.write(bytes),
            Self::LabelMeta(content) => content.write(bytes),
            Self::ColorTable(content) => content.write(bytes)?,
            Self::Bind(content) => content.write(bytes)?,
            Self::Command(content) => content.write(bytes)?,
            Self::Video(content) => content.write(bytes)?,
            Self::UnplacedVideo(content) => content.write(bytes)?,
            Self::VideoMeta(content) => content.write(bytes),
            Self::StartTracking(content) => content.write(bytes),
            Self::StartVideo(content) => content.write(bytes),
            Self::BindRequest(content) => content.write(bytes)?,
            Self::StartBind(content) => content.write(bytes)?,
            Self::StartInterval(interval) => bytes.extend(interval.to_bits().to_be_bytes()),
            Self::Response(status) => bytes.push(*status),
            Self::Empty => {}
            Self::Opaque(content) => bytes.extend(content),
        }
        Ok(())
    }

    /// The type of a message that holds this; nothing if several do, and none before others.
    pub fn type_name(&self) -> Option<&'static str> {
        match self {
            Self::StartInterval(_) | Self::Response(_) | Self::Empty | Self::Opaque(_) => None,
            _ => self.types().1.first().copied(),
        }
    }

    /// What it is called, and the types of messages that hold it.
    const fn types(&self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Transform(_) => ("a transform", &["TRANSFORM"]),
            Self::Position(_) => ("a position", &["POSITION", "QTRANS"]),
            Self::Image(_) => ("an image", &["IMAGE"]),
            Self::Status(_) => ("a status", &["STATUS"]),
            Self::Capability(_) => ("a capability", &["CAPABILITY"]),
            Self::TrackingData(_) => ("tracking data", &["TDATA"]),
            Self::QuaternionTrackingData(_) => ("tracking data with quaternions", &["QTDATA"]),
            Self::Points(_) => ("points", &["POINT"]),
            Self::Trajectories(_) => ("trajectories", &["TRAJ"]),
            Self::PolyData(_) => ("polygons", &["POLYDATA"]),
            Self::String(_) => ("a string", &["STRING"]),
            Self::Sensor(_) => ("readings of a sensor", &["SENSOR"]),
            Self::NdArray(_) => ("an array", &["NDARRAY"]),
            Self::ImageMeta(_) => ("a list of images", &["IMGMETA"]),
            Self::LabelMeta(_) => ("a list of labels", &["LBMETA"]),
            Self::ColorTable(_) => ("a colour table", &["COLORT", "COLORTABLE"]),
            Self::Bind(_) => ("bound messages", &["BIND"]),
            Self::Command(_) => ("a command", &["COMMAND", "RTS_COMMAND"]),
            Self::Video(_) | Self::UnplacedVideo(_) => ("a frame of video", &["VIDEO"]),
            Self::VideoMeta(_) => ("a list of videos", &["VIDEOMETA"]),
            Self::StartTracking(_) => ("a request for tracking data", &["STT_TDATA", "STT_QTDATA"]),
            Self::StartVideo(_) => ("a request for video", &["STT_VIDEO"]),
            Self::BindRequest(_) => ("a request for bound messages", &["GET_BIND"]),
            Self::StartBind(_) => ("a request for a stream of bound messages", &["STT_BIND"]),
            Self::StartInterval(_) => ("an interval", &["STT_SENSOR"]),
            Self::Response(_) => ("a response", &["RTS_TDATA"]),
            Self::Empty => ("nothing", &[]),
            Self::Opaque(_) => ("bytes", &[]),
        }
    }
}
