//! The executable `vesalius-simulation`.

use std::process::ExitCode;

use runtime::{Executable, Tool};
use simulation::devices::{
    ConeBeam, DicomScanner, Engineer, NdiTracker, OpenIgtLinkUltrasound, PatientTruth,
    Preoperative, Tracker, Ultrasound,
};
use simulation::report::Report;

fn main() -> ExitCode {
    Executable::new("simulation")
        .device::<Ultrasound>(
            "ultrasound",
            "B-mode images of a simulated patient, and the vessels they truly show",
        )
        .device::<Tracker>(
            "tracker",
            "poses of the simulated probe, of the patient's reference sensor, and of instruments",
        )
        .device::<NdiTracker>(
            "ndi_tracker",
            "an emulated Polaris Vega or Aurora that drivers of real ones connect to, with scripted faults",
        )
        .device::<OpenIgtLinkUltrasound>(
            "openigtlink_ultrasound",
            "tracked ultrasound of a simulated patient, served over OpenIGTLink as PLUS does, with scripted faults",
        )
        .device::<Preoperative>(
            "preoperative",
            "CT or MR of a simulated patient, with landmarks, drawn structures, and the truth of both",
        )
        .device::<ConeBeam>(
            "cone_beam",
            "a cone-beam CT of a simulated patient, made in the middle of the procedure",
        )
        .device::<DicomScanner>(
            "dicom_scanner",
            "the same cone-beam CT, pushed to a DICOM storage service as a scanner does, with faults",
        )
        .device::<Engineer>("engineer", "a person who accepts, rejects and touches by a script")
        .device::<PatientTruth>(
            "patient_truth",
            "where targets and vessels of a simulated patient truly are, and how far instruments are from them",
        )
        .node::<Report>("report", "measures a procedure against the truth; the only reader of truth")
        .tool(Tool {
            name: "simulate-sweep",
            help: "writes a tracked sweep over a simulated patient as a PLUS sequence",
            run: simulation::sweep::run,
        })
        .tool(Tool {
            name: "emulate-ndi",
            help: "serves an emulated tracker of NDI on the network or on a serial line, with scripted faults",
            run: simulation::ndi_server::tool::run,
        })
        .main()
}
