//! A simulated patient with known truth, seen by a simulated scanner and tracking system.
//!
//! Everything is a pure function of a seed and a time: no clock, no file, no thread. Lengths are
//! millimetres, angles radians.
//!
//! | module | idea |
//! | --- | --- |
//! | [`family`], [`patient`], [`vessel`] | a block of liver with vessel trees of known shape |
//! | [`anatomy`] | abdomen and pelvis with organs, bones and vessels, and their CT and MR |
//! | [`probe_motion`], [`occlusion`], [`tracker`] | where the probe is and what the tracker says of it |
//! | [`insonified`], [`anatomy_under_probe`], [`subject`] | what ultrasound meets in block and anatomy |
//! | [`scan_geometry`], [`bmode`] | the image at a pose |
//! | [`misalignment`] | where the preoperative image lies |
//! | [`truth`] | the vessels that the image should have shown |
//! | [`training`], [`training_scans`], [`anatomy::training_volume`] | images with their truth to train on |
//! | [`devices`] | the same behind the interface of real devices |
//! | [`sweep`] | the same as a file |

pub mod anatomy;
mod anatomy_echo;
pub mod anatomy_under_probe;
mod beam_grid;
pub mod bmode;
mod body_wall;
pub mod devices;
pub mod family;
mod growth;
mod image_plane;
pub mod insonified;
pub mod misalignment;
pub mod occlusion;
pub mod patient;
mod point_spread;
pub mod probe_motion;
mod randomness;
mod scan_conversion;
pub mod scan_geometry;
mod scatterers;
mod skin_course;
mod solid_echo;
mod spline;
pub mod subject;
pub mod sweep;
mod tissue_map;
pub mod tracker;
pub mod training;
pub mod training_scans;
pub mod truth;
mod tube_echo;
pub mod vessel;

pub use bmode::{Scanner, ScannerSettings};
pub use family::Family;
pub use insonified::Insonified;
pub use occlusion::Occlusions;
pub use patient::SimulatedPatient;
pub use probe_motion::ProbeMotion;
pub use scan_geometry::{ProbeShape, ScanGeometry};
pub use subject::{Subject, SubjectKind};
pub use tracker::SimulatedTracker;
pub use training::training_sample;
pub use truth::{dice, vessel_mask};
