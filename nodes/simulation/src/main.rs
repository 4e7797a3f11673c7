//! The executable `vesalius-simulation`.

use std::process::ExitCode;

use runtime::{Executable, Tool};
use simulation::devices::{Preoperative, Tracker, Ultrasound};

fn main() -> ExitCode {
    Executable::new("simulation")
        .device::<Ultrasound>(
            "ultrasound",
            "B-mode images of a simulated patient, and the vessels they truly show",
        )
        .device::<Tracker>(
            "tracker",
            "poses of the simulated probe and of the patient's reference sensor",
        )
        .device::<Preoperative>(
            "preoperative",
            "CT or MR of a simulated patient, and the structure that each voxel truly shows",
        )
        .tool(Tool {
            name: "simulate-sweep",
            help: "writes a tracked sweep over a simulated patient as a PLUS sequence",
            run: simulation::sweep::run,
        })
        .main()
}
