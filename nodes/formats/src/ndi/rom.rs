//! Tool definition files (`.rom`): what a tool looks like to the tracker.

use super::error::quoted;
use super::fields::Fields;

/// Bytes in one PVWR.
pub const BLOCK: usize = 64;
/// Bytes of a file.
const SIZE: usize = 752;
/// Bytes that a device has room for.
const MOST: usize = 2048;
const MAGIC: &[u8; 4] = b"NDI\0";
const MOST_MARKERS: usize = 20;
const MOST_FACES: usize = 8;
/// Stands for "no light" among the markers.
const NO_LIGHT: u8 = 31;

/// Why a file is no tool definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RomError {
    /// Another kind of file.
    #[error(
        "a tool definition file (.rom) begins with `NDI`, but this begins with `{0}`: is it the right file?"
    )]
    Magic(String),
    /// Cut off, or much longer.
    #[error(
        "a tool definition file (.rom) has {SIZE} to {MOST} bytes, but this has {0}: it was cut off or is another kind of file; take the original"
    )]
    Size(usize),
    /// Damaged.
    #[error(
        "the checksum of the tool definition file is {expected:04X}, but its bytes add up to {came:04X}: it was damaged or edited by hand; take the original"
    )]
    Checksum {
        /// As the file says.
        expected: u16,
        /// Of its bytes.
        came: u16,
    },
    /// A field is not what it can be.
    #[error(
        "in the tool definition file {field} should be {expected}, but is {came}: the file is damaged or of a newer format"
    )]
    Field {
        /// Which.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        came: String,
    },
}

/// A marker.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RomMarker {
    /// Where it is, in the tool's frame, millimetres.
    pub position_mm: [f32; 3],
    /// Where it looks, a unit vector, or zero for all around.
    pub normal: [f32; 3],
    /// Its face, from 1 on; 0 for none.
    pub face: u8,
    /// Its group, from 1 on; 0 for none.
    pub group: u8,
}

/// A tool definition.
///
/// As far as the format is known: what is not named here is written as NDI's own files of passive tools have it. For
/// uploading take [`blocks`](Rom::blocks) of the file's own bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Rom {
    /// What it is: 1 reference, 2 pointer, 3 button box, 4 defined by its maker, 5 microscope, 7 calibration block,
    /// 8 docking station, 9 isolation box, 10 C-arm tracker, 11 catheter, 12 device with lines, 14 scan reference.
    pub main_type: u8,
    /// The kind of it: 0 removable tip, 1 fixed tip, 2 undefined.
    pub sub_type: u8,
    /// Revision of the tool.
    pub revision: u16,
    /// Serial number; sequence and date of manufacture are in it. Devices print it as 8 hexadecimal digits.
    pub serial: u32,
    /// At how large an angle a marker may be seen, degrees.
    pub max_angle_deg: u8,
    /// How many markers must be seen for a pose.
    pub min_markers: u8,
    /// How far a marker may be from where it should be, millimetres.
    pub max_marker_error_mm: f32,
    /// Smallest spreads of the seen markers, millimetres.
    pub min_spread_mm: [f32; 3],
    /// Its markers, 20 at most.
    pub markers: Vec<RomMarker>,
    /// Who made it, 12 characters at most.
    pub manufacturer: String,
    /// Its part number, 20 characters at most.
    pub part_number: String,
    /// Bit 7: distances of the markers are unique.
    pub algorithm: u8,
    /// The kind of its markers: 41 passive sphere, 49 passive disc, 57 Radix lens.
    pub marker_type: u8,
    /// Where each face looks, unit vectors.
    pub face_normals: [[f32; 3]; MOST_FACES],
}

impl Rom {
    /// Of the bytes of a file, or of a device's memory that it was written to.
    ///
    /// # Errors
    /// If it is no tool definition or is damaged.
    pub fn read(bytes: &[u8]) -> Result<Self, RomError> {
        if !bytes.starts_with(MAGIC) {
            return Err(RomError::Magic(quoted(&bytes[..bytes.len().min(8)])));
        }
        if !(SIZE..=MOST).contains(&bytes.len()) {
            return Err(RomError::Size(bytes.len()));
        }
        let expected = u16::from_le_bytes([bytes[4], bytes[5]]);
        let came = checksum(bytes);
        if came != expected {
            return Err(RomError::Checksum { expected, came });
        }
        let count = usize::from(bytes[28]);
        if count > MOST_MARKERS {
            return Err(field("the count of markers", "at most 20", count));
        }
        let min_markers = bytes[32];
        if usize::from(min_markers) > count {
            return Err(field(
                "the least count of seen markers",
                "at most that of all",
                min_markers,
            ));
        }
        let markers = (0..count).map(|index| RomMarker {
            position_mm: vector(bytes, 72 + 12 * index),
            normal: vector(bytes, 312 + 12 * index),
            face: bytes[613 + index],
            group: bytes[633 + index],
        });
        let rom = Self {
            main_type: bytes[15],
            sub_type: bytes[12],
            revision: u16::from_le_bytes([bytes[16], bytes[17]]),
            serial: u32::from_le_bytes([bytes[20], bytes[21], bytes[22], bytes[23]]),
            max_angle_deg: bytes[24],
            min_markers,
            max_marker_error_mm: number(bytes, 36),
            min_spread_mm: vector(bytes, 40),
            markers: markers.collect(),
            manufacturer: text(bytes, 580, 12, "the manufacturer")?,
            part_number: text(bytes, 592, 20, "the part number")?,
            algorithm: bytes[653],
            marker_type: bytes[655],
            face_normals: std::array::from_fn(|index| vector(bytes, 656 + 12 * index)),
        };
        for marker in &rom.markers {
            let finite = |vector: &[f32; 3]| vector.iter().all(|part| part.is_finite());
            if !finite(&marker.position_mm) || !finite(&marker.normal) {
                return Err(field("the place of a marker", "finite", "not"));
            }
            if usize::from(marker.face) > MOST_FACES {
                return Err(field("the face of a marker", "at most 8", marker.face));
            }
        }
        Ok(rom)
    }

    /// The bytes of a file of a passive tool.
    ///
    /// # Errors
    /// If there are too many markers or a text is too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RomError> {
        if self.markers.len() > MOST_MARKERS {
            return Err(field("the count of markers", "at most 20", self.markers.len()));
        }
        let mut bytes = vec![0; SIZE];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, MAGIC);
        // Constants of all known files: what they mean is not known, but for "none" and "present".
        put(8, &[1]);
        put(64, &10.0_f32.to_le_bytes());
        put(572, &[NO_LIGHT; 4]);
        put(576, &[9]);
        put(612, &[9]);
        put(12, &[self.sub_type]);
        put(15, &[self.main_type]);
        put(16, &self.revision.to_le_bytes());
        put(20, &self.serial.to_le_bytes());
        put(24, &[self.max_angle_deg]);
        put(28, &[self.markers.len() as u8]);
        put(32, &[self.min_markers]);
        put(36, &self.max_marker_error_mm.to_le_bytes());
        let mut put_vector = |at: usize, vector: &[f32; 3]| {
            for (index, part) in vector.iter().enumerate() {
                put(at + 4 * index, &part.to_le_bytes());
            }
        };
        put_vector(40, &self.min_spread_mm);
        for (index, marker) in self.markers.iter().enumerate() {
            put_vector(72 + 12 * index, &marker.position_mm);
            put_vector(312 + 12 * index, &marker.normal);
        }
        for (index, normal) in self.face_normals.iter().enumerate() {
            put_vector(656 + 12 * index, normal);
        }
        for (index, marker) in self.markers.iter().enumerate() {
            put(552 + index, &[index as u8]);
            put(613 + index, &[marker.face]);
            put(633 + index, &[marker.group]);
        }
        put(580, room_for(&self.manufacturer, 12, "the manufacturer")?);
        put(592, room_for(&self.part_number, 20, "the part number")?);
        put(653, &[self.algorithm]);
        put(655, &[self.marker_type]);
        let sum = checksum(&bytes).to_le_bytes();
        bytes[4..6].copy_from_slice(&sum);
        Ok(bytes)
    }

    /// The bytes of a file as PVWR takes them: each 64 with their address, the last filled up with zeros.
    pub fn blocks(bytes: &[u8]) -> impl Iterator<Item = (u16, [u8; BLOCK])> {
        bytes.chunks(BLOCK).take(MOST / BLOCK).enumerate().map(|(index, chunk)| {
            let mut block = [0; BLOCK];
            block[..chunk.len()].copy_from_slice(chunk);
            ((index * BLOCK) as u16, block)
        })
    }

    /// The serial number as devices print it.
    pub fn serial_text(&self) -> String {
        format!("{:08X}", self.serial)
    }
}

/// The sum of all bytes behind the checksum itself.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().skip(6).fold(0, |sum: u16, byte| sum.wrapping_add(u16::from(*byte)))
}

fn field(field: &'static str, expected: &'static str, came: impl ToString) -> RomError {
    RomError::Field { field, expected, came: came.to_string() }
}

fn number(bytes: &[u8], at: usize) -> f32 {
    f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn vector(bytes: &[u8], at: usize) -> [f32; 3] {
    [number(bytes, at), number(bytes, at + 4), number(bytes, at + 8)]
}

fn text(bytes: &[u8], at: usize, size: usize, name: &'static str) -> Result<String, RomError> {
    let bytes = &bytes[at..at + size];
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(size);
    let text = Fields::new("", &bytes[..end]).text(end, name);
    text.map_err(|_| field(name, "printable text", quoted(bytes)))
}

fn room_for<'a>(text: &'a str, size: usize, name: &'static str) -> Result<&'a [u8], RomError> {
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !printable || text.len() > size {
        return Err(field(name, "short printable text", text.escape_debug()));
    }
    Ok(text.as_bytes())
}
