//! The command `vesalius`: graph files, their checks, and the supervision of what runs.
//!
//! ```text
//! graph file ──graph_file──> tree with spans ─┐
//! executables ──catalogue──> what they offer ─┴──check──> Plan ──session, supervise──> processes
//! ```

pub mod board;
pub mod catalogue;
pub mod check;
pub mod checksum;
pub mod commands;
pub mod doctor;
pub mod drawing;
pub mod graph_file;
pub mod ledger;
pub mod logs;
pub mod memory_lock;
pub mod parameters;
pub mod plan;
pub mod problem;
pub mod replay;
pub mod schema;
pub mod session;
pub mod suggest;
pub mod supervise;
pub mod table;
