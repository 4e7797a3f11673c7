//! The executable `vesalius-tracking`.

use std::process::ExitCode;

use runtime::Executable;
use tracking::openigtlink::OpenIgtLink;

fn main() -> ExitCode {
    Executable::new("tracking")
        .device::<OpenIgtLink>(
            "openigtlink",
            "takes poses of tracked tools from an OpenIGTLink server, such as PLUS",
        )
        .main()
}
