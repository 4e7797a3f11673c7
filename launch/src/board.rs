//! The live board: how each process of a session fares, from any terminal.

mod frame;
mod snapshot;
mod viewer;

pub use frame::frame;
pub use snapshot::{MemberView, Snapshot};
pub use viewer::Viewer;
