//! An observer: hears any streams and publishes nothing that is replayed.

use messages::wire::Received;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::assignment::Assignment;

/// Hears any streams and publishes nothing that is replayed.
pub trait Observer: Sized {
    /// The `[nodes.NAME.parameters]` table of the graph file.
    type Parameters: DeserializeOwned + JsonSchema;
    /// Why it cannot go on.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Opens it, before the procedure starts; the assignment tells the session and its folder.
    ///
    /// # Errors
    /// If it cannot work, such as for lack of a writable folder.
    fn open(parameters: Self::Parameters, assignment: &Assignment) -> Result<Self, Self::Error>;

    /// Told once, before anything is observed: the instant at which the procedure started.
    fn started(&mut self, at: messages::Timestamp) {
        let _ = at;
    }

    /// Takes what was heard, in the order of arrival.
    ///
    /// # Errors
    /// If it cannot go on: the process ends and is started again as the graph says.
    fn observe(&mut self, observed: Observed) -> Result<(), Self::Error>;

    /// Called about ten times a second, between messages.
    ///
    /// # Errors
    /// As for [`observe`](Self::observe).
    fn idle(&mut self) -> Result<Vec<messages::Flushed>, Self::Error> {
        Ok(Vec::new())
    }

    /// Called once all streams have ended, or the procedure was stopped.
    ///
    /// # Errors
    /// If something that was heard could not be kept.
    fn close(self) -> Result<(), Self::Error>;
}

/// What kind of thing was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// An output of a node or a device.
    Stream,
    /// The health of a node.
    Health,
    /// The journal of a node.
    Journal,
    /// An event.
    Event,
    /// Counters of a participant.
    Status,
}

/// Something heard.
#[derive(Debug)]
pub enum Observed {
    /// A message, a blank or an end.
    Message {
        /// What kind of stream it came on.
        topic: Topic,
        /// The message.
        received: Received,
    },
    /// Sequence numbers that never arrived.
    Lost {
        /// What kind of stream.
        topic: Topic,
        /// `node.port`.
        stream: String,
        /// The incarnation of the stream.
        incarnation: u32,
        /// The first missing.
        first: u64,
        /// The last missing.
        last: u64,
    },
}
