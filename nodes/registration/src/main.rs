//! The executable `vesalius-registration`.

use std::process::ExitCode;

use registration::register::Register;
use runtime::Executable;

fn main() -> ExitCode {
    Executable::new("registration")
        .node::<Register>(
            "register",
            "finds how the preoperative vessels lie on the patient, and how far that can be trusted",
        )
        .main()
}
