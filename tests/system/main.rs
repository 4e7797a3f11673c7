//! Whole graphs, each node its own process: the demonstration, the contract of replay, faults, and
//! what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod breathing;
mod cone_beam;
mod contract;
mod demonstration;
mod device_faults;
mod dicom;
mod faults;
mod hardware;
mod hardware_clocks;
mod hardware_procedure;
mod identity;
mod imported;
mod openigtlink;
mod patients;
mod pelvis;
mod procedure;
mod python;
mod refusals;
mod resection;
mod soak;
