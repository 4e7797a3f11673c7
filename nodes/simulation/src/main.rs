//! The executable `vesalius-simulation`.

use std::process::ExitCode;

use runtime::Executable;
use simulation::devices::{Tracker, Ultrasound};

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
        .main()
}
