//! A message on its way to clients: made once, written once, by the thread of the client that needs it first.

use std::sync::OnceLock;

use formats::openigtlink::{Content, ImageEntry, Message, Text};

use crate::backlog::Waits;

/// A message on its way.
#[derive(Debug)]
pub struct Parcel {
    message: Message,
    /// The stream that it is of.
    stream: String,
    written: OnceLock<Result<Vec<u8>, String>>,
}

impl Parcel {
    /// Of a message of a stream.
    pub fn new(message: Message, stream: &str) -> Self {
        Self { message, stream: stream.to_owned(), written: OnceLock::new() }
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The stream that it is of.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Type and device name, by which one message takes the place of another.
    pub fn key(&self) -> (String, String) {
        (self.message.type_name.to_str().into_owned(), self.message.device_name().into_owned())
    }

    /// How it waits for a slow client.
    pub fn waits(&self) -> Waits {
        let (kind, device) = self.key();
        // A client that lags wants the last image, and all words and poses.
        match self.message.content {
            Content::Image(_) | Content::PolyData(_) => Waits::Newest(format!("{kind} {device}")),
            _ => Waits::InOrder,
        }
    }

    /// Its bytes.
    ///
    /// # Errors
    /// If the protocol has no room for it.
    pub fn bytes(&self) -> Result<&[u8], &str> {
        let write = || self.message.encode().map_err(|error| error.to_string());
        match self.written.get_or_init(write) {
            Ok(bytes) => Ok(bytes),
            Err(reason) => Err(reason),
        }
    }

    /// What IMGMETA says of it, if it is an image.
    pub fn image_entry(&self) -> Option<ImageEntry> {
        let Content::Image(image) = &self.message.content else { return None };
        Some(ImageEntry {
            name: Text::truncated(&self.stream),
            device: self.message.device,
            modality: Text::truncated(""),
            // Whose images they are is nobody's business here.
            patient_name: Text::truncated(""),
            patient_id: Text::truncated(""),
            timestamp: self.message.timestamp,
            size: image.size,
            scalar: image.scalar.code(),
            reserved: 0,
        })
    }
}
