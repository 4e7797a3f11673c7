//! Recordings as a whole: written, cut, bent, saved, compared, played and drawn.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod chain;
mod comparing;
mod damaging;
mod disk;
mod drawing;
mod guided;
mod guiding;
mod playing;
mod preoperative;
mod reading;
mod recording;
mod restarting;
mod session;
mod spreading;
