//! The General Binary Format: the components that BX2 answers with, each frame of one kind of tool.

use super::fields::Fields;
use super::gbf_items::read_alert;
use super::{Alert, Buttons, Error, Tool3d, Tool6d, ToolStatus};

/// What a frame is of. Tools of one kind are measured together, so that each kind has frames of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameType {
    /// None.
    Dummy,
    /// Tools with a battery and no cable.
    ActiveWireless,
    /// Tools with reflecting markers.
    Passive,
    /// Tools with a cable.
    Active,
    /// The positioning laser.
    Laser,
    /// An image with the illuminators on.
    Illuminated,
    /// An image with them off.
    Background,
    /// Electromagnetic sensors.
    Magnetic,
    /// A kind that the documents do not name.
    Other(u8),
}

const FRAME_TYPES: [FrameType; 8] = [
    FrameType::Dummy,
    FrameType::ActiveWireless,
    FrameType::Passive,
    FrameType::Active,
    FrameType::Laser,
    FrameType::Illuminated,
    FrameType::Background,
    FrameType::Magnetic,
];

impl FrameType {
    fn from_byte(byte: u8) -> Self {
        FRAME_TYPES.get(usize::from(byte)).copied().unwrap_or(Self::Other(byte))
    }

    fn byte(self) -> u8 {
        match self {
            Self::Other(byte) => byte,
            known => FRAME_TYPES.iter().position(|other| *other == known).unwrap_or(0) as u8,
        }
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Of what.
    pub frame_type: FrameType,
    /// Which one in a sequence of frames.
    pub sequence_index: u8,
    /// The status of the frame as a whole.
    pub status: ToolStatus,
    /// Its number; frames of all kinds are counted together.
    pub number: u32,
    /// When it was taken, by the device's clock: seconds.
    pub seconds: u32,
    /// And nanoseconds.
    pub nanoseconds: u32,
    /// What was measured.
    pub data: Gbf,
}

/// A component.
#[derive(Clone, Debug, PartialEq)]
pub enum Component {
    /// Frames, each with components of its own.
    Frames(Vec<Frame>),
    /// Poses.
    Poses(Vec<Tool6d>),
    /// Markers.
    Markers(Vec<Tool3d>),
    /// Buttons.
    Buttons(Vec<Buttons>),
    /// Faults, alerts and events.
    Alerts(Vec<Alert>),
    /// A component that this codec does not look into.
    Other {
        /// Its type.
        kind: u16,
        /// Its item format.
        option: u16,
        /// How many items.
        count: u32,
        /// Their bytes.
        bytes: Vec<u8>,
    },
}

/// Components, one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Gbf {
    /// Version of the format; devices say 1.
    pub version: u16,
    /// The components.
    pub components: Vec<Component>,
}

const FRAMES: u16 = 0x0001;
const POSES: u16 = 0x0002;
const MARKERS: u16 = 0x0003;
const BUTTONS: u16 = 0x0004;
const ALERTS: u16 = 0x0012;
/// Type, size, item format and item count.
const HEADER: usize = 12;
/// Frames hold components, but no device puts frames into frames.
const DEEPEST: u8 = 2;

impl Gbf {
    /// With these components, version 1.
    pub fn new(components: Vec<Component>) -> Self {
        Self { version: 1, components }
    }

    /// Of the body of a reply to BX2.
    ///
    /// # Errors
    /// If a size or a count does not fit what is there.
    pub fn from_body(body: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::new("BX2", body);
        let gbf = Self::read(&mut fields, DEEPEST)?;
        fields.end()?;
        Ok(gbf)
    }

    /// The body of a reply to BX2.
    ///
    /// # Errors
    /// If there is more of something than its count can say, or a tool has a pose and a status that denies it.
    pub fn to_body(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![];
        self.write(&mut bytes)?;
        Ok(bytes)
    }

    /// All frames.
    pub fn frames(&self) -> impl Iterator<Item = &Frame> {
        self.components.iter().flat_map(|component| match component {
            Component::Frames(frames) => &frames[..],
            _ => &[],
        })
    }

    fn read(fields: &mut Fields<'_>, depth: u8) -> Result<Self, Error> {
        let version = fields.u16("the version of the format")?;
        let count = fields.u16("the count of components")?;
        let mut components = vec![];
        for _ in 0..count {
            components.push(Component::read(fields, depth)?);
        }
        Ok(Self { version, components })
    }

    fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(count::<u16>(self.components.len())?.to_le_bytes());
        self.components.iter().try_for_each(|component| component.write(bytes))
    }
}

pub(super) fn count<T: TryFrom<usize>>(count: usize) -> Result<T, Error> {
    T::try_from(count).map_err(|_| Error::unwritable("the answer to BX2", "too many of something"))
}

/// So many items.
fn items<T>(
    fields: &mut Fields<'_>,
    count: u32,
    mut item: impl FnMut(&mut Fields<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut items = vec![];
    for _ in 0..count {
        items.push(item(fields)?);
    }
    fields.end()?;
    Ok(items)
}

impl Component {
    fn read(fields: &mut Fields<'_>, depth: u8) -> Result<Self, Error> {
        let kind = fields.u16("the type of a component")?;
        let size = fields.u32("the size of a component")?;
        let option = fields.u16("the item format of a component")?;
        let count = fields.u32("the count of items")?;
        let Some(size) = usize::try_from(size).ok().and_then(|size| size.checked_sub(HEADER))
        else {
            return Err(fields.wrong("the size of a component", "at least 12", size));
        };
        let bytes = fields.take(size, "a component")?;
        let mut within = Fields::new("BX2", bytes);
        let within = &mut within;
        Ok(match kind {
            FRAMES if depth > 0 => {
                Self::Frames(items(within, count, |fields| Frame::read(fields, depth - 1))?)
            }
            FRAMES => return Err(within.wrong("a frame", "outside of others", "within others")),
            POSES => Self::Poses(items(within, count, Tool6d::read)?),
            MARKERS => Self::Markers(items(within, count, Tool3d::read)?),
            BUTTONS => Self::Buttons(items(within, count, Buttons::read)?),
            ALERTS => Self::Alerts(items(within, count, read_alert)?),
            _ => Self::Other { kind, option, count, bytes: bytes.to_vec() },
        })
    }

    fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let mut within = vec![];
        let (kind, option, items) = match self {
            Self::Frames(frames) => {
                frames.iter().try_for_each(|frame| frame.write(&mut within))?;
                (FRAMES, 0, count(frames.len())?)
            }
            Self::Poses(tools) => {
                tools.iter().try_for_each(|tool| tool.write(&mut within))?;
                (POSES, 0, count(tools.len())?)
            }
            Self::Markers(tools) => {
                tools.iter().try_for_each(|tool| tool.write(&mut within))?;
                (MARKERS, 0, count(tools.len())?)
            }
            Self::Buttons(tools) => {
                for tool in tools {
                    within.extend(tool.handle.to_le_bytes());
                    within.extend(count::<u16>(tool.pressed.len())?.to_le_bytes());
                    within.extend(&tool.pressed);
                }
                (BUTTONS, 0, count(tools.len())?)
            }
            Self::Alerts(alerts) => {
                for alert in alerts {
                    within.extend([alert.kind.byte(), 0]);
                    within.extend(alert.code.to_le_bytes());
                }
                (ALERTS, 0, count(alerts.len())?)
            }
            Self::Other { kind, option, count, bytes } => {
                within.extend(bytes);
                (*kind, *option, *count)
            }
        };
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count::<u32>(within.len() + HEADER)?.to_le_bytes());
        bytes.extend(option.to_le_bytes());
        bytes.extend(items.to_le_bytes());
        bytes.extend(within);
        Ok(())
    }
}

impl Frame {
    fn read(fields: &mut Fields<'_>, depth: u8) -> Result<Self, Error> {
        Ok(Self {
            frame_type: FrameType::from_byte(fields.u8("the type of a frame")?),
            sequence_index: fields.u8("the index of a frame")?,
            status: ToolStatus(fields.u16("the status of a frame")?),
            number: fields.u32("the number of a frame")?,
            seconds: fields.u32("the time of a frame")?,
            nanoseconds: fields.u32("the time of a frame")?,
            data: Gbf::read(fields, depth)?,
        })
    }

    fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.extend([self.frame_type.byte(), self.sequence_index]);
        bytes.extend(self.status.0.to_le_bytes());
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(self.seconds.to_le_bytes());
        bytes.extend(self.nanoseconds.to_le_bytes());
        self.data.write(bytes)
    }
}
