//! What came of a session: the closing table, for people and as JSON, and whether it was a good run.

mod closing;
mod numbers;
mod render;
mod rows;
mod verdict;

pub use closing::{Closing, ConsumerRow, NodeRow, OthersRow, RecordingRow, ScoreRow, StreamRow};
pub use numbers::{bytes, count, figure, milliseconds};
pub use render::render;
pub use rows::{Counted, nodes, others, scores, streams};
pub use verdict::reasons;

#[cfg(test)]
pub(crate) mod tests;
