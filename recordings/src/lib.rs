//! Recordings of procedures: written without loss, checked, repaired, compared, played and shown.
//!
//! | module | idea |
//! | --- | --- |
//! | [`record`] | the observer that writes `procedure.mcap` |
//! | [`reader`] | opens recordings, whole or damaged, and gives their messages in order |
//! | [`ledger`], [`verdict`] | what is there of each stream, and whether that is all |
//! | [`verify`], [`recover`], [`compare`](mod@compare), [`info`], [`journals`] | the tools |
//! | [`play`] | plays recorded streams to the nodes of a replay |
//! | [`view`] | messages to Rerun, live or from a recording |
//!
//! [`format`](mod@format) tells the layout of the file.

mod byte_queue;
mod command;
pub mod compare;
pub mod format;
pub mod info;
pub mod journals;
pub mod ledger;
pub mod manifest;
pub mod play;
pub mod ranges;
pub mod reader;
pub mod record;
pub mod recover;
pub mod topic;
pub mod verdict;
pub mod verify;
pub mod view;

pub use reader::{Recorded, Recording, Selection};
