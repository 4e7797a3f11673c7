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
//! | [`landmarks`], [`delineation`] | what people mark and draw in the preoperative image |
//! | [`report`] | how good the procedure was |
//! | [`targets`], [`true_tree`], [`true_distance`] | the truth that a procedure is measured against |
//! | [`tool_shape`], [`instrument_course`], [`stylus_course`], [`operating_tools`] | instruments and their ways |
//! | [`training`], [`training_scans`], [`anatomy::training_volume`] | images with their truth to train on |
//! | [`truth`] | the vessels that the image should have shown |
//! | [`dicom_push`] | images sent to a DICOM storage service, with faults |
//! | [`trajectory`], [`ndi_emulator`], [`ndi_server`] | a tracker behind its real protocol, and where its tools are |
//! | [`tracked_ultrasound`], [`igtl_server`] | tracked ultrasound as PLUS serves it |
//! | `powered_port` | a port that is open while its device has power |
//! | [`faults`] | what goes wrong with an emulated device, by a script |
//! | [`devices`] | the same behind the interface of real devices |
//! | [`sweep`] | the same as a file |

pub mod anatomy;
mod anatomy_echo;
pub mod anatomy_under_probe;
mod approach;
mod beam_grid;
pub mod bmode;
mod body_wall;
pub mod delineation;
pub mod devices;
pub mod dicom_push;
pub mod family;
pub mod faults;
mod growth;
mod hand;
pub mod igtl_server;
mod image_plane;
pub mod insonified;
pub mod instrument_course;
pub mod landmarks;
pub mod misalignment;
pub mod ndi_emulator;
pub mod ndi_server;
pub mod occlusion;
pub mod operating_tools;
pub mod organ_sensor;
pub mod patient;
mod point_spread;
mod powered_port;
pub mod probe_motion;
mod randomness;
pub mod report;
mod scan_conversion;
pub mod scan_geometry;
mod scatterers;
mod skin_course;
mod solid_echo;
mod spline;
pub mod stylus_course;
pub mod subject;
pub mod sweep;
pub mod targets;
mod tissue_map;
pub mod tool_shape;
pub mod tracked_ultrasound;
pub mod tracker;
pub mod training;
pub mod training_scans;
pub mod trajectory;
pub mod true_distance;
pub mod true_tree;
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
