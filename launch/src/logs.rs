//! The logs of all nodes as one: followed in their files, merged in time order, printed.
//!
//! Each process writes into a file of its own, so that nothing breaks if `vesalius` goes away.

pub mod follow;
pub mod last_words;
pub mod merge;
pub mod print;
pub mod tail;

pub use follow::{Follower, From};
pub use last_words::{last_error, last_words, last_words_in, tail_of};
pub use merge::Merge;
pub use print::{Quiet, Style, may_colour};
pub use tail::Tail;
