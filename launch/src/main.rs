//! The executable `vesalius`.

use std::process::ExitCode;

fn main() -> ExitCode {
    launch::commands::main()
}
