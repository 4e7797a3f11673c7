//! What a node is, and how one runs as one process.
//!
//! A [`Node`] is a state machine with typed ports; a [`Device`] is the only door from the world; an
//! [`Observer`] hears any stream and publishes nothing that is replayed. An [`Executable`] offers
//! some of them: `describe` lists them as JSON, `node NAME` runs one as its [`Assignment`] says.
//!
//! ```text
//!            bus (Zenoh)                 one process                          bus
//! stream ──> callback ──> queue of ──> inbox: order of ──> journal ──> handle ──> outbox ──> stream
//!            (loss is     each port    arrival, of time,   entry                 (shared memory
//!             counted)                 or of a journal                            for arrays)
//! ```

pub mod assignment;
pub mod bus;
pub mod clock;
mod context;
mod device;
mod device_session;
pub mod door;
mod examination;
mod executable;
mod finding;
pub mod host;
mod inbox;
pub mod keys;
pub mod log;
mod measure;
mod node;
mod observer;
mod outbox;
pub mod ports;
mod sender_clock;
mod session_patient;
pub mod tcp_link;

pub use assignment::Assignment;
pub use context::Context;
pub use device::{Device, Reading};
pub use device_session::DeviceSession;
pub use executable::{Executable, Tool};
pub use finding::Finding;
pub use host::{Source, SourceMessage};
pub use node::Node;
pub use observer::{Observed, Observer, Topic};
pub use ports::{Inputs, Outputs, Port, Ports};
pub use sender_clock::SenderClock;
pub use session_patient::{NotAdmitted, SessionPatient};
