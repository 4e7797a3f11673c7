//! The executable `vesalius-train`.

use std::process::ExitCode;

use runtime::{Executable, Tool};

fn main() -> ExitCode {
    let help = "trains our networks on simulated patients; --help lists its options";
    Executable::new("train").tool(Tool { name: "train", help, run: train::command::run }).main()
}
