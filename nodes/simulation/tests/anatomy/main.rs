//! The anatomies against what is known of them: vessels, organs, images and motion.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod abdomen;
mod deformation;
mod images;
mod pelvis;
