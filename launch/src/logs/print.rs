//! How log lines look: for people in columns and colours, for programs as JSON.

use std::io::{IsTerminal as _, Write};

use runtime::log::{Level, Line};

use crate::session::LocalTime;

/// How much is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quiet {
    /// Nothing but what is for developers.
    #[default]
    No,
    /// What is as it should be.
    Good,
    /// All but errors.
    AllButErrors,
    /// Everything.
    All,
}

impl Quiet {
    /// From how often `--quiet` was given.
    pub fn level(count: u8) -> Self {
        match count {
            0 => Self::No,
            1 => Self::Good,
            2 => Self::AllButErrors,
            _ => Self::All,
        }
    }

    /// Whether a line of this level is shown.
    pub fn shows(self, level: Level) -> bool {
        match self {
            Self::No => level >= Level::Info,
            Self::Good => level >= Level::Warn,
            Self::AllButErrors => level >= Level::Error,
            Self::All => false,
        }
    }
}

/// How lines are printed.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// As JSON, one object a line.
    pub json: bool,
    /// With colours.
    pub colour: bool,
    /// How much is left out.
    pub quiet: Quiet,
    /// The time zone.
    pub time: LocalTime,
    /// All nodes: each has its colour, and the longest name gives the width.
    pub nodes: Vec<String>,
}

/// Distinct on black and on white; red and yellow are left for errors and warnings.
const COLOURS: [&str; 6] = ["36", "35", "34", "32", "96", "95"];

impl Style {
    /// Prints a line, or leaves it out.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn print(&self, line: &Line, to: &mut dyn Write) -> std::io::Result<()> {
        if !self.quiet.shows(line.level) {
            return Ok(());
        }
        if self.json {
            serde_json::to_writer(&mut *to, line)?;
            return writeln!(to);
        }
        let time = self.time.of_day(line.at_unix_ns);
        let width = self.nodes.iter().map(String::len).max().unwrap_or(0);
        let (mark, level_colour) = match line.level {
            Level::Debug => ("debug ", "2"),
            Level::Info => ("", ""),
            Level::Warn => ("warning: ", "33"),
            Level::Error => ("error: ", "31"),
        };
        let text = without_control(&line.text);
        if !self.colour {
            return writeln!(to, "{time} {:<width$} {mark}{text}", line.node);
        }
        let number = self.nodes.iter().position(|node| *node == line.node);
        let colour = number.map_or("1", |number| COLOURS[number % COLOURS.len()]);
        writeln!(
            to,
            "\x1b[2m{time}\x1b[0m \x1b[{colour}m{:<width$}\x1b[0m \x1b[{level_colour}m{mark}{text}\x1b[0m",
            line.node
        )
    }
}

/// Whether lines on standard output (or error) may have colours.
pub fn may_colour(logs_to_stderr: bool) -> bool {
    let terminal = if logs_to_stderr {
        std::io::stderr().is_terminal()
    } else {
        std::io::stdout().is_terminal()
    };
    terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Without escape sequences and control characters: what a node prints must not steer the terminal.
pub fn without_control(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\x1b' {
            if characters.next_if_eq(&'[').is_some() {
                // A control sequence ends with a character from `@` to `~`.
                for next in characters.by_ref() {
                    if ('@'..='~').contains(&next) {
                        break;
                    }
                }
            }
        } else if character == '\t' || !character.is_control() {
            clean.push(character);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(style: &Style, level: Level, text: &str) -> String {
        let line = Line {
            at_unix_ns: 951_827_696_789_000_000,
            level,
            node: "tracker".to_owned(),
            text: text.to_owned(),
        };
        let mut bytes = Vec::new();
        style.print(&line, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn style() -> Style {
        Style { nodes: vec!["reconstruct".to_owned(), "tracker".to_owned()], ..Style::default() }
    }

    #[test]
    fn names_are_in_a_column() {
        let line = printed(&style(), Level::Warn, "port 8765 is busy");
        assert_eq!(line, "12:34:56.789 tracker     warning: port 8765 is busy\n");
    }

    #[test]
    fn each_node_has_its_colour() {
        let style = Style { colour: true, ..style() };
        assert!(printed(&style, Level::Info, "x").contains("\x1b[35mtracker"));
    }

    #[test]
    fn a_program_reads_back_what_was_written() {
        let style = Style { json: true, ..style() };
        let text = printed(&style, Level::Info, "a\nb \u{1b}[31m\"c\"");
        assert_eq!(text.lines().count(), 1);
        let line: Line = serde_json::from_str(&text).unwrap();
        assert_eq!(line.text, "a\nb \u{1b}[31m\"c\"");
    }

    #[test]
    fn a_node_cannot_steer_the_terminal() {
        assert_eq!(without_control("\x1b[2J\x1b[31mred\x1b[0m\x07\tblue\x1b]0;t"), "red\tblue]0;t");
        assert_eq!(without_control("\x1b["), "");
    }

    #[test]
    fn quiet_leaves_out_more_and_more() {
        let shown = |count| {
            [Level::Debug, Level::Info, Level::Warn, Level::Error]
                .map(|level| Quiet::level(count).shows(level))
        };
        assert_eq!(shown(0), [false, true, true, true]);
        assert_eq!(shown(1), [false, false, true, true]);
        assert_eq!(shown(2), [false, false, false, true]);
        assert_eq!(shown(3), [false; 4]);
    }
}
