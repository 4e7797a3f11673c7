//! What `vesalius check` and the commands beside it say, with a laboratory of small executables.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod commands;
mod common_values;
mod graphs;
mod hostile;
mod lab;
mod mistakes;
mod plans;
