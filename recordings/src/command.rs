//! What the offline tools have in common: arguments in, an exit code out.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

/// Runs a tool: 0 if `run` says that all is well, 1 if it says otherwise or fails, 2 for wrong
/// arguments.
pub fn run<A: Parser, E: std::error::Error>(
    arguments: &[String],
    run: impl FnOnce(A) -> Result<bool, E>,
) -> ExitCode {
    let name = A::command().get_name().to_owned();
    let arguments = match A::try_parse_from(std::iter::once(&name).chain(arguments)) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody is left to tell if the terminal is gone.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(2),
            };
        }
    };
    match run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let mut text = format!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                let more = error.to_string();
                if !text.contains(&more) {
                    text = format!("{text}: {more}");
                }
                cause = error.source();
            }
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// Prints JSON, or text made by `text`.
pub fn print<T: serde::Serialize>(json: bool, value: &T, text: impl FnOnce(&T) -> String) {
    let output = if json {
        serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string())
    } else {
        text(value)
    };
    // A closed pipe, as of `head`, is no reason to fail.
    let _ = std::io::Write::write_all(
        &mut std::io::stdout().lock(),
        format!("{}\n", output.trim_end()).as_bytes(),
    );
}
