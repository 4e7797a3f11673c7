//! The executable `vesalius-fusion`.

use std::process::ExitCode;

use fusion::locate_image::LocateImage;
use fusion::navigate::Navigate;
use fusion::overlay::Overlay;
use fusion::reslice_image::ResliceImage;
use runtime::Executable;

fn main() -> ExitCode {
    Executable::new("fusion")
        .node::<LocateImage>(
            "locate_image",
            "places each ultrasound image where the tracker saw the probe",
        )
        .node::<Navigate>(
            "navigate",
            "says how far the tip and the shaft of each tool are from each structure, and alarms",
        )
        .node::<Overlay>(
            "overlay",
            "outlines the structures of the map in the pixels of each located image",
        )
        .node::<ResliceImage>(
            "reslice",
            "shows the preoperative image in the plane of the live one, pixel for pixel",
        )
        .main()
}
