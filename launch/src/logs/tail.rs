//! Reads what is added to one log.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use runtime::log::{Level, Line};

/// A line longer than this is cut in pieces: a runaway node must not fill the supervisor's memory.
const LONGEST_LINE: usize = 1 << 20;

/// The end of one log.
#[derive(Debug)]
pub struct Tail {
    node: String,
    path: PathBuf,
    file: Option<File>,
    at: u64,
    rest: Vec<u8>,
}

impl Tail {
    /// Reads the log `path` of `node` from byte `from` on; it need not be there yet.
    pub fn new(node: &str, path: PathBuf, from: u64) -> Self {
        Self { node: node.to_owned(), path, file: None, at: from, rest: Vec::new() }
    }

    /// What was added since. A line that is none of ours gets the instant of the next of ours, or
    /// `now_unix_ns` if none follows.
    pub fn read(&mut self, now_unix_ns: i64) -> Vec<Line> {
        let mut bytes = std::mem::take(&mut self.rest);
        let before = bytes.len();
        if self.read_bytes(&mut bytes).is_none() {
            // It is not there yet, or cannot be read: the next look tells.
            self.rest = bytes;
            return Vec::new();
        }
        self.at += (bytes.len() - before) as u64;
        let complete = match bytes.iter().rposition(|&byte| byte == b'\n') {
            Some(last) => last + 1,
            None if bytes.len() > LONGEST_LINE => bytes.len(),
            None => 0,
        };
        self.rest = bytes.split_off(complete);
        let lines: Vec<_> =
            bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
        self.parse(&lines, now_unix_ns)
    }

    /// The last words, even without the end of the line.
    pub fn finish(&mut self, now_unix_ns: i64) -> Vec<Line> {
        let mut lines = self.read(now_unix_ns);
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            lines.extend(self.parse(&[&rest], now_unix_ns));
        }
        lines
    }

    fn read_bytes(&mut self, bytes: &mut Vec<u8>) -> Option<()> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let file = self.file.as_mut()?;
        file.seek(SeekFrom::Start(self.at)).ok()?;
        file.take(4 * LONGEST_LINE as u64).read_to_end(bytes).ok()?;
        Some(())
    }

    fn parse(&self, lines: &[&[u8]], now_unix_ns: i64) -> Vec<Line> {
        let mut next = now_unix_ns;
        let mut parsed: Vec<Line> = lines
            .iter()
            .rev()
            .map(|bytes| {
                if let Some(line) = parse(bytes) {
                    next = line.at_unix_ns;
                    return line;
                }
                Line {
                    at_unix_ns: next,
                    level: Level::Info,
                    node: self.node.clone(),
                    text: String::from_utf8_lossy(bytes).trim_end_matches('\r').to_owned(),
                }
            })
            .collect();
        parsed.reverse();
        parsed
    }
}

/// One of our lines, or none if it is foreign.
pub fn parse(bytes: &[u8]) -> Option<Line> {
    bytes.first().is_some_and(|&byte| byte == b'{').then(|| serde_json::from_slice(bytes).ok())?
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn ours(at: i64, text: &str) -> String {
        format!(r#"{{"at_unix_ns":{at},"level":"warn","node":"n","text":"{text}"}}"#)
    }

    fn texts(lines: &[Line]) -> Vec<(i64, &str)> {
        lines.iter().map(|line| (line.at_unix_ns, line.text.as_str())).collect()
    }

    #[test]
    fn half_a_line_waits_for_its_other_half() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("n.log");
        let mut tail = Tail::new("n", path.clone(), 0);
        assert!(tail.read(1).is_empty());
        let mut file = File::create(&path).unwrap();
        let (one, other) = (ours(5, "whole"), ours(6, "second"));
        write!(file, "{one}\n{}", &other[..20]).unwrap();
        assert_eq!(texts(&tail.read(9)), [(5, "whole")]);
        assert!(tail.read(9).is_empty());
        writeln!(file, "{}", &other[20..]).unwrap();
        assert_eq!(texts(&tail.read(9)), [(6, "second")]);
        write!(file, "no end").unwrap();
        assert_eq!(texts(&tail.finish(9)), [(9, "no end")]);
    }

    #[test]
    fn a_foreign_line_stays_as_it_is_and_before_what_follows_it() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("n.log");
        let text = format!("Traceback:\r\n  {{not json\n{}\n\u{1b}[31mred\n{{}}\n", ours(5, "x"));
        std::fs::write(&path, text).unwrap();
        let lines = Tail::new("py", path, 0).read(9);
        assert_eq!(
            texts(&lines),
            [(5, "Traceback:"), (5, "  {not json"), (5, "x"), (9, "\u{1b}[31mred"), (9, "{}")]
        );
        assert_eq!((lines[0].node.as_str(), lines[0].level), ("py", Level::Info));
    }

    #[test]
    fn it_begins_where_it_is_told_to() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("n.log");
        std::fs::write(&path, "old\nnew\n").unwrap();
        assert_eq!(texts(&Tail::new("n", path, 4).read(1)), [(1, "new")]);
    }

    #[test]
    fn bytes_that_are_no_text_and_lines_without_end_do_no_harm() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("n.log");
        let mut bytes = vec![0xff, 0xfe, b'\n'];
        bytes.resize(LONGEST_LINE + 10, b'x');
        std::fs::write(&path, &bytes).unwrap();
        let mut tail = Tail::new("n", path.clone(), 0);
        let lines = tail.read(1);
        assert_eq!(lines[0].text, "\u{fffd}\u{fffd}");
        std::fs::write(&path, vec![b'y'; 2 * LONGEST_LINE]).unwrap();
        let mut tail = Tail::new("n", path, 0);
        assert_eq!(tail.read(1)[0].text.len(), 2 * LONGEST_LINE);
    }
}
