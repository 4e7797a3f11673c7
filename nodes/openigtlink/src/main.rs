//! The executable `vesalius-openigtlink`.

use std::process::ExitCode;

use openigtlink::OpenIgtLinkServer;
use runtime::Executable;

fn main() -> ExitCode {
    Executable::new("openigtlink")
        .observer::<OpenIgtLinkServer>(
            "server",
            "gives images, poses, volumes, shapes and alarms to OpenIGTLink clients, such as 3D Slicer",
        )
        .main()
}
