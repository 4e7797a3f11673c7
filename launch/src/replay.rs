//! Makes a plan of a recording: which nodes run again, and what comes from the recording instead.
//!
//! ```text
//! recording ──recording──> what ran, its streams and journals ─┐
//! command line ──wanted──> which nodes, how fast, which part ──┼──choose, find──> prepare ──> Prepared
//! this machine ──find────> executables ────────────────────────┘
//! ```

mod choose;
mod error;
mod find;
mod prepare;
mod recording;
mod wanted;

pub use error::ReplayError;
pub use find::Find;
pub use prepare::{Prepared, prepare};
pub use recording::RecordingInfo;
pub use wanted::Wanted;

#[cfg(test)]
mod tests;
