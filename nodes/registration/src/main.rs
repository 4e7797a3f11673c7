//! The executable `vesalius-registration`.

use std::process::ExitCode;

use registration::console::Console;
use registration::register::Register;
use registration::touch_landmark::TouchLandmark;
use runtime::Executable;

fn main() -> ExitCode {
    Executable::new("registration")
        .node::<Register>(
            "register",
            "finds how the preoperative vessels lie on the patient, and how far that can be trusted",
        )
        .node::<TouchLandmark>(
            "touch_landmark",
            "says where in the patient a tool's tip touches a landmark, when a person says that it does",
        )
        .device::<Console>("console", "lets a person instruct the running procedure: `vesalius instruct`")
        .main()
}
