//! Supervision with real processes: they are killed, stopped, and left alone, and nothing of them stays.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod before_the_start;
mod examined;
mod failures;
mod good_runs;
mod session;
mod taking_up;
