//! The executable `vesalius-fusion`.

use std::process::ExitCode;

use fusion::locate_image::LocateImage;
use runtime::Executable;

fn main() -> ExitCode {
    Executable::new("fusion")
        .node::<LocateImage>(
            "locate_image",
            "places each ultrasound image where the tracker saw the probe",
        )
        .main()
}
