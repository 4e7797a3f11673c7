//! Why a process ended, as far as its log says.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use runtime::log::Level;

use super::tail::parse;

/// No more than this of a log's end is looked at.
const LOOK_AT: u64 = 64 << 10;

/// The last error that the log tells from byte `from` on; lacking that, its last line.
pub fn last_words(path: &Path, from: u64) -> Option<String> {
    last_words_in(&end(path, from))
}

/// The last error that these lines tell; lacking that, the last line.
pub fn last_words_in(text: &str) -> Option<String> {
    let mut last = None;
    for line in text.lines().rev().map(str::trim).filter(|line| !line.is_empty()) {
        match parse(line.as_bytes()) {
            Some(line) if line.level == Level::Error => return Some(line.text),
            // Only what is said last may be the reason, if it is not marked as an error.
            Some(line) if line.level == Level::Warn => {
                last.get_or_insert(line.text);
            }
            Some(_) => {}
            None => {
                last.get_or_insert(line.to_owned());
            }
        }
    }
    last
}

/// The last error that the log tells from byte `from` on.
pub fn last_error(path: &Path, from: u64) -> Option<String> {
    let text = end(path, from);
    let mut lines = text.lines().rev().filter_map(|line| parse(line.as_bytes()));
    lines.find(|line| line.level == Level::Error).map(|line| line.text)
}

/// The last `count` lines of a log from byte `from` on, as text.
pub fn tail_of(path: &Path, from: u64, count: usize) -> Vec<String> {
    let text = end(path, from);
    let mut lines: Vec<String> = text
        .lines()
        .rev()
        .map(|line| parse(line.as_bytes()).map_or_else(|| line.to_owned(), |line| line.text))
        .filter(|line| !line.trim().is_empty())
        .take(count)
        .collect();
    lines.reverse();
    lines
}

fn end(path: &Path, from: u64) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(from.max(length.saturating_sub(LOOK_AT))))?;
        file.take(LOOK_AT).read_to_end(&mut bytes)
    });
    // A log that is not there says nothing.
    read.map_or(String::new(), |_| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(level: &str, text: &str) -> String {
        format!(r#"{{"at_unix_ns":1,"level":"{level}","node":"n","text":"{text}"}}"#)
    }

    fn words(log: &str, from: u64) -> Option<String> {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("n.log");
        std::fs::write(&path, log).unwrap();
        last_words(&path, from)
    }

    #[test]
    fn the_last_error_counts_more_than_what_follows_it() {
        let log = [
            ours("error", "old"),
            ours("error", "no such device"),
            ours("info", "bye"),
            "noise".to_owned(),
        ];
        assert_eq!(words(&log.join("\n"), 0).as_deref(), Some("no such device"));
    }

    #[test]
    fn without_an_error_the_last_foreign_line_is_the_reason() {
        let log = format!(
            "{}\nTraceback (most recent call last):\nValueError: no frames\n\n",
            ours("info", "begins")
        );
        assert_eq!(words(&log, 0).as_deref(), Some("ValueError: no frames"));
    }

    #[test]
    fn what_an_earlier_incarnation_said_does_not_count() {
        let old = ours("error", "old") + "\n";
        let log = format!("{old}{}\n", ours("info", "begins"));
        assert_eq!(words(&log, old.len() as u64), None);
        assert_eq!(words(&log, 10_000), None);
        assert_eq!(last_words(Path::new("/nonexistent"), 0), None);
    }

    #[test]
    fn the_last_lines_are_text() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("n.log");
        std::fs::write(&path, format!("a\nb\n{}\n\n", ours("info", "c"))).unwrap();
        assert_eq!(tail_of(&path, 0, 2), ["b", "c"]);
    }
}
