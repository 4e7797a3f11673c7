//! The executable `vesalius-tracking`.

use std::process::ExitCode;

use runtime::Executable;

fn main() -> ExitCode {
    Executable::new("tracking").main()
}
