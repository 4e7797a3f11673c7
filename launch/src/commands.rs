//! The command line: one file for each subcommand.

pub mod attach;
pub mod check;
pub mod demo;
pub mod describe;
pub mod doctor;
pub mod graph;
pub mod instruct;
pub mod list;
pub mod replay;
pub mod run;
pub mod set;
pub mod status;
pub mod stop;
pub mod tool;
mod wrap;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use wrap::{hanging, row, wrapped};

/// A streaming dataflow for the operating room.
#[derive(Debug, Parser)]
#[command(name = "vesalius", version, subcommand_required = true, arg_required_else_help = true)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a procedure on the simulated patient and say what came of it
    Demo(demo::Arguments),
    /// Run a graph: start its processes, watch over them, record
    Run(run::Arguments),
    /// Find every mistake in a graph file
    Check(check::Arguments),
    /// Look whether a graph could run here and now: devices, networks, files, the machine
    Doctor(doctor::Arguments),
    /// Draw a graph
    Graph(graph::Arguments),
    /// List the nodes, devices, observers and tools there are
    List(list::Arguments),
    /// Show the ports and parameters of one of them
    Describe(describe::Arguments),
    /// Show how the processes of a running session fare
    Status(status::Arguments),
    /// The same live, four times a second
    Top(status::TopArguments),
    /// Change a parameter of a running node
    Set(set::Arguments),
    /// Tell a running procedure what a person decided: accept or reject a registration, touch a landmark
    Instruct(instruct::Arguments),
    /// Take up a session whose `vesalius run` has gone
    Attach(attach::Arguments),
    /// End a running session in order
    Stop(stop::Arguments),
    /// Run recorded inputs through the nodes again
    Replay(replay::Arguments),
    /// An offline tool of one of the executables.
    #[command(external_subcommand)]
    Tool(Vec<OsString>),
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let outcome = match read().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Describe(arguments) => describe::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Top(arguments) => status::top(&arguments),
        Command::Set(arguments) => set::run(&arguments),
        Command::Instruct(arguments) => instruct::run(&arguments),
        Command::Attach(arguments) => attach::run(&arguments),
        Command::Stop(arguments) => stop::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Tool(words) => tool::run(&words),
    };
    match outcome {
        Ok(code) => code,
        Err(report) => {
            eprintln!("{report:?}");
            ExitCode::FAILURE
        }
    }
}

/// The command line; the help text also lists the tools of the executables.
fn read() -> CommandLine {
    let first = std::env::args_os().nth(1);
    let help = first.is_none_or(|word| ["--help", "-h", "help"].iter().any(|help| word == *help));
    let mut command = CommandLine::command();
    if help {
        command = command.after_help(tool::help());
    }
    let matches = command.get_matches();
    CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Prints to standard output; a reader that has gone, such as `head`, is no error.
fn print(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
