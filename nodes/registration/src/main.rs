//! The executable `vesalius-registration`.

use std::process::ExitCode;

use registration::check_landmark::CheckLandmark;
use registration::console::Console;
use registration::register::Register;
use runtime::Executable;

fn main() -> ExitCode {
    Executable::new("registration")
        .node::<Register>(
            "register",
            "finds how the preoperative vessels lie on the patient, and how far that can be trusted",
        )
        .node::<CheckLandmark>(
            "check_landmark",
            "measures how far the registration is off where a tool's tip touches a landmark",
        )
        .device::<Console>("console", "lets a person instruct the running procedure: `vesalius instruct`")
        .main()
}
