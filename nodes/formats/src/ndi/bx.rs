//! Where the tools are, in bytes (the answer to BX).

use super::fields::{Fields, put_f32s};
use super::{Error, Placement, PortStatus, SystemStatus, ToolInformation};

/// Which parts of BX (and TX) are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplyOptions(pub u16);

impl ReplyOptions {
    /// Poses.
    pub const POSES: Self = Self(0x0001);
    /// How each pose was computed, and from which markers.
    pub const TOOL_INFORMATION: Self = Self(0x0002);
    /// The stray marker of an active tool.
    pub const STRAY_MARKER: Self = Self(0x0004);
    /// Places of the tools' markers.
    pub const MARKERS: Self = Self(0x0008);
    /// Also what is out of volume.
    pub const OUT_OF_VOLUME: Self = Self(0x0800);
    /// Places of markers that belong to no tool.
    pub const PASSIVE_STRAYS: Self = Self(0x1000);
    /// All that this codec knows.
    pub const KNOWN: Self = Self(0x180f);

    /// Whether all these are asked for.
    pub fn has(self, options: Self) -> bool {
        self.0 & options.0 == options.0
    }

    /// With these as well.
    #[must_use]
    pub fn with(self, options: Self) -> Self {
        Self(self.0 | options.0)
    }
}

/// What BX says of one handle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BxState {
    /// Seen (handle status 01).
    Seen(Placement),
    /// Not seen (02).
    Missing,
    /// Not enabled (04); nothing else is said of it.
    Disabled,
}

/// What became of a marker in computing the pose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MarkerUse {
    /// Not seen.
    #[default]
    Missing,
    /// Seen at too large an angle.
    OffAngle,
    /// Too far from where it should be.
    TooFarOff,
    /// Used.
    Used,
    /// Used, though out of volume.
    UsedOutOfVolume,
    /// Out of volume and not needed.
    OutOfVolume,
}

/// A place of a single marker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BxMarker {
    /// Whether it is out of volume.
    pub is_out_of_volume: bool,
    /// Where it is, in the tracker's frame, millimetres.
    pub position_mm: [f32; 3],
}

/// One handle. Parts that were not asked for, or that a disabled handle lacks, are left at their defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct BxHandle {
    /// Its number.
    pub handle: u8,
    /// What is seen.
    pub state: BxState,
    /// Its status.
    pub status: PortStatus,
    /// In which frame.
    pub frame: u32,
    /// How the pose was computed, and what became of each of 20 markers.
    pub information: Option<(ToolInformation, [MarkerUse; 20])>,
    /// The stray marker, if it is seen.
    pub stray: Option<BxMarker>,
    /// Markers of the tool, 255 at most.
    pub markers: Vec<BxMarker>,
}

/// All enabled handles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bx {
    /// Each of them, 255 at most.
    pub handles: Vec<BxHandle>,
    /// Markers of no tool, 255 at most.
    pub strays: Vec<BxMarker>,
    /// The status of the whole system.
    pub system: SystemStatus,
}

const VALID: u8 = 1;
const MISSING: u8 = 2;
const DISABLED: u8 = 4;

impl BxHandle {
    /// With a pose or why there is none, and nothing else.
    pub fn new(handle: u8, state: BxState, status: PortStatus, frame: u32) -> Self {
        Self { handle, state, status, frame, information: None, stray: None, markers: vec![] }
    }

    fn read(fields: &mut Fields<'_>, options: ReplyOptions) -> Result<Self, Error> {
        let handle = fields.u8("a handle")?;
        let kind = fields.u8("the kind of a handle")?;
        let mut read = Self::new(handle, BxState::Missing, PortStatus::default(), 0);
        match kind {
            VALID | MISSING => {}
            DISABLED => return Ok(Self { state: BxState::Disabled, ..read }),
            other => return Err(fields.wrong("the kind of a handle", "1, 2 or 4", other)),
        }
        if options.has(ReplyOptions::POSES) {
            if kind == VALID {
                read.state = BxState::Seen(Placement::read(fields)?);
            }
            read.status = PortStatus(fields.u32("the status of a handle")?);
            read.frame = fields.u32("the frame")?;
        } else if kind == VALID {
            return Err(fields.wrong("the options", "those with poses (0001)", "without"));
        }
        if options.has(ReplyOptions::TOOL_INFORMATION) {
            let information = ToolInformation(fields.u8("the tool information")?);
            let mut uses = [MarkerUse::Missing; 20];
            // The last marker comes first, two in a byte, the later one in the upper half.
            for (index, byte) in fields.take(10, "the marker information")?.iter().enumerate() {
                uses[19 - 2 * index] = MarkerUse::from_bits(byte >> 4, fields)?;
                uses[18 - 2 * index] = MarkerUse::from_bits(byte & 15, fields)?;
            }
            read.information = Some((information, uses));
        }
        if options.has(ReplyOptions::STRAY_MARKER) {
            let kind = fields.u8("the status of the stray marker")?;
            let is_out_of_volume = kind & 8 != 0;
            if kind & 1 != 0 || is_out_of_volume && options.has(ReplyOptions::OUT_OF_VOLUME) {
                let position_mm = fields.f32s("the stray marker")?;
                read.stray = Some(BxMarker { is_out_of_volume, position_mm });
            }
        }
        if options.has(ReplyOptions::MARKERS) {
            read.markers = read_markers(fields)?;
        }
        Ok(read)
    }

    fn write(&self, bytes: &mut Vec<u8>, options: ReplyOptions) -> Result<(), Error> {
        bytes.push(self.handle);
        bytes.push(match self.state {
            BxState::Seen(_) => VALID,
            BxState::Missing => MISSING,
            BxState::Disabled => {
                bytes.push(DISABLED);
                return Ok(());
            }
        });
        if options.has(ReplyOptions::POSES) {
            if let BxState::Seen(placement) = &self.state {
                placement.write(bytes);
            }
            bytes.extend(self.status.0.to_le_bytes());
            bytes.extend(self.frame.to_le_bytes());
        } else if matches!(self.state, BxState::Seen(_)) {
            return Err(Error::unwritable(
                "the answer to BX",
                "a pose is there, but not asked for",
            ));
        }
        if options.has(ReplyOptions::TOOL_INFORMATION) {
            let (information, uses) = self.information.unwrap_or_default();
            bytes.push(information.0);
            for index in 0..10 {
                bytes.push(uses[19 - 2 * index].bits() << 4 | uses[18 - 2 * index].bits());
            }
        }
        if options.has(ReplyOptions::STRAY_MARKER) {
            match &self.stray {
                None => bytes.push(0),
                Some(stray)
                    if stray.is_out_of_volume && !options.has(ReplyOptions::OUT_OF_VOLUME) =>
                {
                    bytes.push(8);
                }
                Some(stray) => {
                    bytes.push(if stray.is_out_of_volume { 8 } else { 1 });
                    put_f32s(bytes, &stray.position_mm);
                }
            }
        }
        if options.has(ReplyOptions::MARKERS) {
            write_markers(&self.markers, bytes)?;
        }
        Ok(())
    }
}

impl MarkerUse {
    const ALL: [Self; 6] = [
        Self::Missing,
        Self::OffAngle,
        Self::TooFarOff,
        Self::Used,
        Self::UsedOutOfVolume,
        Self::OutOfVolume,
    ];

    fn from_bits(bits: u8, fields: &Fields<'_>) -> Result<Self, Error> {
        let known = Self::ALL.get(usize::from(bits)).copied();
        known.ok_or_else(|| fields.wrong("the use of a marker", "0 to 5", bits))
    }

    fn bits(self) -> u8 {
        self as u8
    }
}

fn read_markers(fields: &mut Fields<'_>) -> Result<Vec<BxMarker>, Error> {
    let count = usize::from(fields.u8("the count of markers")?);
    // A number of so many bits, its highest byte first: the first marker is the lowest bit of the last byte.
    let out = fields.take(count.div_ceil(8), "which markers are out of volume")?;
    let mut markers = vec![];
    for index in 0..count {
        let is_out_of_volume = out[out.len() - 1 - index / 8] >> (index % 8) & 1 == 1;
        markers.push(BxMarker { is_out_of_volume, position_mm: fields.f32s("a marker")? });
    }
    Ok(markers)
}

fn write_markers(markers: &[BxMarker], bytes: &mut Vec<u8>) -> Result<(), Error> {
    let Ok(count) = u8::try_from(markers.len()) else {
        return Err(Error::unwritable("the answer to BX", "it has more than 255 markers"));
    };
    bytes.push(count);
    for eight in markers.chunks(8).rev() {
        let bits = eight.iter().enumerate();
        bytes.push(
            bits.fold(0, |byte, (bit, marker)| byte | u8::from(marker.is_out_of_volume) << bit),
        );
    }
    for marker in markers {
        put_f32s(bytes, &marker.position_mm);
    }
    Ok(())
}

impl Bx {
    /// Of the body of a reply to BX with these options.
    ///
    /// # Errors
    /// If it is not what the options ask for.
    pub fn from_body(body: &[u8], options: ReplyOptions) -> Result<Self, Error> {
        let mut fields = Fields::new("BX", body);
        if options.0 & !ReplyOptions::KNOWN.0 != 0 {
            return Err(fields.wrong(
                "the options",
                "within 180F",
                format_args!("{:04X}", options.0),
            ));
        }
        let count = fields.u8("the count of handles")?;
        let handles = (0..count)
            .map(|_| BxHandle::read(&mut fields, options))
            .collect::<Result<_, Error>>()?;
        let strays = if options.has(ReplyOptions::PASSIVE_STRAYS) {
            read_markers(&mut fields)?
        } else {
            vec![]
        };
        let system = SystemStatus(fields.u16("the status of the system")?);
        fields.end()?;
        Ok(Self { handles, strays, system })
    }

    /// The body of a reply to BX with these options.
    ///
    /// # Errors
    /// If there is more than has room, or a pose that the options do not ask for.
    pub fn to_body(&self, options: ReplyOptions) -> Result<Vec<u8>, Error> {
        let Ok(count) = u8::try_from(self.handles.len()) else {
            return Err(Error::unwritable("the answer to BX", "it has more than 255 handles"));
        };
        let mut bytes = vec![count];
        for handle in &self.handles {
            handle.write(&mut bytes, options)?;
        }
        if options.has(ReplyOptions::PASSIVE_STRAYS) {
            write_markers(&self.strays, &mut bytes)?;
        }
        bytes.extend(self.system.0.to_le_bytes());
        Ok(bytes)
    }
}
