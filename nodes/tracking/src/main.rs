//! The executable `vesalius-tracking`.

use std::process::ExitCode;

use runtime::Executable;
use tracking::vet_poses::VetPoses;

fn main() -> ExitCode {
    Executable::new("tracking")
        .node::<VetPoses>(
            "vet_poses",
            "hides tools whose poses cannot be true: frozen, jumping, loose, distorted, or of another time",
        )
        .main()
}
