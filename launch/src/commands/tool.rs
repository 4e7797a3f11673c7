//! `vesalius TOOL …`: runs an offline tool of one of the executables.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;
use miette::miette;

use super::CommandLine;
use crate::catalogue::{Answer, Catalogue};
use crate::suggest;

/// Replaces this process by the tool; comes back only if there is none.
///
/// # Errors
/// If the tool cannot be started.
pub fn run(words: &[OsString]) -> miette::Result<ExitCode> {
    let Some((word, arguments)) = words.split_first() else {
        return Ok(ExitCode::from(2));
    };
    let word = word.to_string_lossy();
    let answers = Catalogue::usual().ask_all();
    let offers = |answer: &&Answer| {
        answer.description.iter().flat_map(|all| &all.tools).any(|tool| tool.name == word)
    };
    if let Some(answer) = answers.iter().find(offers) {
        let error = std::process::Command::new(&answer.path).arg(&*word).args(arguments).exec();
        return Err(miette!(
            help = "is it built, and may it be executed?",
            "cannot start {}: {error}",
            answer.path.display()
        ));
    }
    eprint!("{}", unknown(&word, &answers));
    Ok(ExitCode::from(2))
}

fn unknown(word: &str, answers: &[Answer]) -> String {
    let command = CommandLine::command();
    let own = command.get_subcommands().flat_map(|command| {
        std::iter::once(command.get_name()).chain(command.get_visible_aliases())
    });
    let tools = answers.iter().flat_map(|answer| &answer.description);
    let tools = tools.flat_map(|all| &all.tools).map(|tool| tool.name.as_str());
    let known: Vec<&str> = own.chain(tools).collect();
    let mut said = format!("error: `vesalius` has no command or tool `{word}`\n");
    if Path::new(word).extension().is_some_and(|end| end == "toml") {
        let _ = writeln!(said, "  to run the graph: `vesalius run {word}`");
    } else if let Some(meant) = suggest::nearest(word, known) {
        let _ = writeln!(said, "  did you mean `vesalius {meant}`?");
    }
    for answer in answers {
        if let Err(error) = &answer.description {
            let _ = writeln!(said, "  {} {error}: its tools are not known", answer.path.display());
        }
    }
    said.push_str("  `vesalius --help` lists all\n");
    said
}

/// The tools there are, for the end of the help text.
pub fn help() -> String {
    let answers = Catalogue::usual().ask_all();
    let tools: Vec<_> =
        answers.iter().flat_map(|answer| &answer.description).flat_map(|all| &all.tools).collect();
    let width = tools.iter().map(|tool| tool.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    if !tools.is_empty() {
        text.push_str("Tools:\n");
    }
    for tool in tools {
        text.push_str(&super::row(&tool.name, width, &tool.help));
    }
    text
}
