//! The executable `vesalius-tracking`.

use std::process::ExitCode;

use runtime::Executable;
use tracking::ndi::Ndi;

fn main() -> ExitCode {
    Executable::new("tracking")
        .device::<Ndi>("ndi", "a tracker of NDI (Polaris, Vega, Aurora), on the network or a serial line: poses of its tools")
        .main()
}
