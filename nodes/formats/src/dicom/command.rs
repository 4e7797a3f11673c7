//! The commands by which DICOM applications ask each other over a network to store an image, or whether they are there.
//!
//! A command is a data set of group 0, always in implicit little endian (PS3.7 sections 6.3.1 and E). Requests and
//! responses of C-ECHO and C-STORE (sections 9.1.5 and 9.1.1) are understood; any other request is known by its number, so
//! that it can be refused. No socket is opened here.

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};

use super::dataset::Dataset;
use super::elements::Encoding;
use super::file_error::FileError;
use crate::metaimage::Limits;

/// Longer than any command: two identifiers of 64 letters, and a few numbers.
pub const MOST_BYTES: usize = 1 << 16;

/// How applications recognise each other (PS3.7 annex A.2.1).
pub const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
/// The class that C-ECHO is a service of.
pub const VERIFICATION: &str = uids::VERIFICATION;

/// The longest comment that a response may carry (PS3.7 annex C), in characters.
const MOST_COMMENT: usize = 64;

const RESPONSE: u16 = 0x8000;
const C_STORE: u16 = 0x0001;
const C_ECHO: u16 = 0x0030;
const NO_DATA_SET: u16 = 0x0101;

/// What one side says to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Are you there?
    EchoRequest {
        /// Which request.
        id: u16,
    },
    /// The answer to it.
    EchoResponse {
        /// To which request.
        to: u16,
        /// What became of it.
        status: Status,
    },
    /// Keep the image that follows.
    StoreRequest {
        /// Which request.
        id: u16,
        /// Which kind of image, as a unique identifier.
        class: String,
        /// Which image, as a unique identifier.
        instance: String,
    },
    /// The answer to it.
    StoreResponse {
        /// To which request.
        to: u16,
        /// Which kind of image.
        class: String,
        /// Which image.
        instance: String,
        /// What became of it.
        status: Status,
        /// A word for the person at the other side, of 64 characters at most.
        comment: String,
    },
    /// Something else.
    Other {
        /// The number of the command.
        field: u16,
        /// Which request.
        id: u16,
        /// Whether a data set follows.
        has_data_set: bool,
    },
    /// The answer that such a command is not known here.
    OtherResponse {
        /// The number of the command that was asked for.
        field: u16,
        /// To which request.
        to: u16,
    },
}

/// What became of a request (PS3.7 annex C, PS3.4 section B.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status(pub u16);

impl Status {
    /// Done.
    pub const SUCCESS: Self = Self(0x0000);
    /// Images of that kind are not taken.
    pub const CLASS_NOT_SUPPORTED: Self = Self(0x0122);
    /// Whoever asks may not.
    pub const NOT_AUTHORIZED: Self = Self(0x0124);
    /// There is no such command.
    pub const UNRECOGNIZED_OPERATION: Self = Self(0x0211);
    /// There is no room.
    pub const OUT_OF_RESOURCES: Self = Self(0xA700);
    /// The data set is not the one that was announced.
    pub const DOES_NOT_MATCH: Self = Self(0xA900);
    /// The data set cannot be understood.
    pub const CANNOT_UNDERSTAND: Self = Self(0xC000);

    /// Whether it was done; with a warning, too.
    pub fn is_done(self) -> bool {
        matches!(self.0, 0x0000 | 0x0001 | 0xB000..=0xBFFF)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04X}H", self.0)
    }
}

impl Command {
    /// From its bytes.
    ///
    /// # Errors
    /// If it is no command, or lacks what it needs.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let limits = Limits { header_bytes: MOST_BYTES as u64, pixel_bytes: 0 };
        let dataset = Dataset::of_file(bytes, Encoding::ImplicitLittle, &limits)?;
        let number = |tag| dataset.short(tag)?.ok_or(incomplete(tag));
        let text = |tag| -> Result<String, FileError> {
            Ok(dataset.text(tag)?.ok_or(incomplete(tag))?.into_owned())
        };
        let class = || text(tags::AFFECTED_SOP_CLASS_UID);
        let instance = || text(tags::AFFECTED_SOP_INSTANCE_UID);
        let field: u16 = number(tags::COMMAND_FIELD)?;
        if field & RESPONSE != 0 {
            let to = number(tags::MESSAGE_ID_BEING_RESPONDED_TO)?;
            let status = Status(number(tags::STATUS)?);
            return match field & !RESPONSE {
                C_ECHO => Ok(Self::EchoResponse { to, status }),
                C_STORE => Ok(Self::StoreResponse {
                    to,
                    // A response may leave both out.
                    class: class().unwrap_or_default(),
                    instance: instance().unwrap_or_default(),
                    status,
                    comment: text(tags::ERROR_COMMENT).unwrap_or_default(),
                }),
                field => Ok(Self::OtherResponse { field, to }),
            };
        }
        let id = number(tags::MESSAGE_ID)?;
        let has_data_set = number(tags::COMMAND_DATA_SET_TYPE)? != NO_DATA_SET;
        match (field, has_data_set) {
            (C_ECHO, false) => Ok(Self::EchoRequest { id }),
            (C_STORE, true) => {
                Ok(Self::StoreRequest { id, class: class()?, instance: instance()? })
            }
            (C_STORE, false) => {
                Err(FileError::wrong(tags::COMMAND_DATA_SET_TYPE, "a data set to store", "none"))
            }
            _ => Ok(Self::Other { field, id, has_data_set }),
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut elements = Elements(Vec::new());
        let has_data_set =
            matches!(self, Self::StoreRequest { .. } | Self::Other { has_data_set: true, .. });
        let data_set = if has_data_set { 0 } else { NO_DATA_SET };
        match self {
            Self::EchoRequest { id } => {
                elements.text(tags::AFFECTED_SOP_CLASS_UID, VERIFICATION, 0);
                elements.number(tags::COMMAND_FIELD, C_ECHO);
                elements.number(tags::MESSAGE_ID, *id);
                elements.number(tags::COMMAND_DATA_SET_TYPE, data_set);
            }
            Self::EchoResponse { to, status } => {
                elements.text(tags::AFFECTED_SOP_CLASS_UID, VERIFICATION, 0);
                elements.number(tags::COMMAND_FIELD, C_ECHO | RESPONSE);
                elements.number(tags::MESSAGE_ID_BEING_RESPONDED_TO, *to);
                elements.number(tags::COMMAND_DATA_SET_TYPE, data_set);
                elements.number(tags::STATUS, status.0);
            }
            Self::StoreRequest { id, class, instance } => {
                elements.text(tags::AFFECTED_SOP_CLASS_UID, class, 0);
                elements.number(tags::COMMAND_FIELD, C_STORE);
                elements.number(tags::MESSAGE_ID, *id);
                // Medium.
                elements.number(tags::PRIORITY, 0);
                elements.number(tags::COMMAND_DATA_SET_TYPE, data_set);
                elements.text(tags::AFFECTED_SOP_INSTANCE_UID, instance, 0);
            }
            Self::StoreResponse { to, class, instance, status, comment } => {
                elements.text(tags::AFFECTED_SOP_CLASS_UID, class, 0);
                elements.number(tags::COMMAND_FIELD, C_STORE | RESPONSE);
                elements.number(tags::MESSAGE_ID_BEING_RESPONDED_TO, *to);
                elements.number(tags::COMMAND_DATA_SET_TYPE, data_set);
                elements.number(tags::STATUS, status.0);
                if !comment.is_empty() {
                    elements.text(tags::ERROR_COMMENT, &short(comment), b' ');
                }
                elements.text(tags::AFFECTED_SOP_INSTANCE_UID, instance, 0);
            }
            Self::Other { field, id, .. } => {
                elements.number(tags::COMMAND_FIELD, *field);
                elements.number(tags::MESSAGE_ID, *id);
                elements.number(tags::COMMAND_DATA_SET_TYPE, data_set);
            }
            Self::OtherResponse { field, to } => {
                elements.number(tags::COMMAND_FIELD, field | RESPONSE);
                elements.number(tags::MESSAGE_ID_BEING_RESPONDED_TO, *to);
                elements.number(tags::COMMAND_DATA_SET_TYPE, data_set);
                elements.number(tags::STATUS, Status::UNRECOGNIZED_OPERATION.0);
            }
        }
        elements.with_length()
    }
}

fn incomplete(tag: Tag) -> FileError {
    FileError::missing(tag, "a command without it cannot be answered: look at the other side")
}

/// A comment without what the default characters cannot say, as long as it may be.
fn short(comment: &str) -> String {
    let plain =
        |letter: char| if (' '..='~').contains(&letter) && letter != '\\' { letter } else { '?' };
    comment.chars().take(MOST_COMMENT).map(plain).collect()
}

/// Elements of group 0, in implicit little endian.
struct Elements(Vec<u8>);

impl Elements {
    fn head(&mut self, tag: Tag, length: u32) {
        self.0.extend(tag.group().to_le_bytes());
        self.0.extend(tag.element().to_le_bytes());
        self.0.extend(length.to_le_bytes());
    }

    fn number(&mut self, tag: Tag, number: u16) {
        self.head(tag, 2);
        self.0.extend(number.to_le_bytes());
    }

    fn text(&mut self, tag: Tag, text: &str, padding: u8) {
        let length = text.len() + text.len() % 2;
        self.head(tag, length as u32);
        self.0.extend(text.bytes());
        if !text.len().is_multiple_of(2) {
            self.0.push(padding);
        }
    }

    /// The whole, with its length in front.
    fn with_length(self) -> Vec<u8> {
        let mut whole = Elements(Vec::with_capacity(12 + self.0.len()));
        whole.head(tags::COMMAND_GROUP_LENGTH, 4);
        whole.0.extend((self.0.len() as u32).to_le_bytes());
        whole.0.extend(self.0);
        whole.0
    }
}
