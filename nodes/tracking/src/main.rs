//! The executable `vesalius-tracking`.

use std::process::ExitCode;

use runtime::Executable;
use tracking::ndi::Ndi;
use tracking::openigtlink::OpenIgtLink;
use tracking::vet_poses::VetPoses;

fn main() -> ExitCode {
    Executable::new("tracking")
        .device::<Ndi>("ndi", "a tracker of NDI (Polaris, Vega, Aurora), on the network or a serial line: poses of its tools")
        .device::<OpenIgtLink>(
            "openigtlink",
            "takes poses of tracked tools from an OpenIGTLink server, such as PLUS",
        )
        .node::<VetPoses>(
            "vet_poses",
            "hides tools whose poses cannot be true: frozen, jumping, loose, distorted, or of another time",
        )
        .main()
}
