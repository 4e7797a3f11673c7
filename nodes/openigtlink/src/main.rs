//! The executable `vesalius-openigtlink`.

use std::process::ExitCode;

use runtime::Executable;

fn main() -> ExitCode {
    Executable::new("openigtlink").main()
}
