//! A device: where the outside world enters.

use std::time::Duration;

use messages::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::device_session::DeviceSession;
use crate::finding::Finding;
use crate::host::explain;
use crate::ports::Outputs;

/// The only door from the world; replay starts none.
pub trait Device: Sized {
    /// The `[nodes.NAME.parameters]` table of the graph file.
    type Parameters: DeserializeOwned + JsonSchema;
    /// One variant for each output port.
    type Output: Outputs;
    /// Why it cannot be opened or read.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Opens it, before the procedure starts.
    ///
    /// # Errors
    /// If it is not there or is not what the parameters say; says what to look at.
    fn open(parameters: Self::Parameters) -> Result<Self, Self::Error>;

    /// Opens it in a session, for a device that stamps its readings on the session's clock, or whose data say whose
    /// they are: it has them admitted, or fails. Others leave it.
    ///
    /// # Errors
    /// As [`open`](Self::open), and if the data are of another patient than the session's.
    fn open_in(parameters: Self::Parameters, session: &DeviceSession) -> Result<Self, Self::Error> {
        let _ = session;
        Self::open(parameters)
    }

    /// Looks at the device without a procedure, for `vesalius doctor`: does it answer, who is it, what is missing?
    /// By default it is opened and closed again.
    fn examine(parameters: Self::Parameters) -> Vec<Finding> {
        match Self::open(parameters) {
            Ok(_) => vec![Finding::good("opens")],
            Err(error) => vec![Finding::wrong(
                explain(&error),
                "put right what the sentence names, then ask again",
            )],
        }
    }

    /// The procedure has started, at this instant of the session's clock; [`read`](Self::read) follows.
    fn start(&mut self, started_at: Timestamp) {
        let _ = started_at;
    }

    /// The next reading. Waits no longer than about 100 ms: then it returns [`Reading::Nothing`].
    ///
    /// # Errors
    /// If the device is lost; the process then ends and is started again as the graph says.
    fn read(&mut self) -> Result<Reading<Self::Output>, Self::Error>;

    /// Continues at `since_start`, after a restart in the middle of a procedure. Only for devices whose
    /// readings are [`Reading::Scheduled`]; earlier readings are skipped in any case.
    fn seek(&mut self, since_start: Duration) {
        let _ = since_start;
    }
}

/// What a device gives at a time.
#[derive(Debug)]
pub enum Reading<Output> {
    /// A sensor saw it at `acquired_at`.
    Acquired {
        /// On the session clock.
        acquired_at: Timestamp,
        /// What it saw.
        outputs: Vec<Output>,
    },
    /// As [`Acquired`](Self::Acquired), from a device that does not work as it should, such as tools that are hidden
    /// because the connection is lost: it is published, and the device is degraded.
    Impaired {
        /// On the session clock.
        acquired_at: Timestamp,
        /// What it saw.
        outputs: Vec<Output>,
        /// A sentence for a person.
        reason: String,
    },
    /// Known ahead, from a file or a simulation: the runtime waits until it is due.
    Scheduled {
        /// When it is due, after the start of the procedure.
        since_start: Duration,
        /// What is seen then.
        outputs: Vec<Output>,
    },
    /// Something came that cannot be used; the device says so and goes on.
    Refused {
        /// A sentence for a person.
        reason: String,
    },
    /// Nothing came for a moment.
    Nothing,
    /// Nothing will come any more.
    End,
}
