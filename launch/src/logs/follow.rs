//! The thread that follows all logs of a session and prints them.

use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use runtime::clock;
use runtime::log::Line;

use super::{Merge, Style, Tail};

/// Lines are held back this long, so that one written earlier but read later finds its place.
const HELD_BACK: Duration = Duration::from_millis(150);
/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// From where on the logs are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// All.
    Beginning,
    /// Only what is written from now on.
    End,
}

/// Follows all logs until it is told to finish.
#[derive(Debug)]
pub struct Follower {
    lines: Sender<Line>,
    thread: JoinHandle<()>,
}

impl Follower {
    /// Follows the logs of `style.nodes` in the folder `logs`, and prints them to `to`.
    pub fn start(logs: &Path, from: From, style: Style, to: Box<dyn Write + Send>) -> Self {
        let tails = style
            .nodes
            .iter()
            .map(|node| {
                let path = logs.join(format!("{node}.log"));
                let length = match from {
                    From::Beginning => 0,
                    From::End => std::fs::metadata(&path).map_or(0, |about| about.len()),
                };
                Tail::new(node, path, length)
            })
            .collect();
        let (lines, told) = channel();
        let thread = std::thread::spawn(move || follow(tails, &told, &style, to));
        Self { lines, thread }
    }

    /// Prints a line that is in no file, in its place.
    pub fn tell(&self, line: Line) {
        // The thread goes only when it is told to finish.
        let _ = self.lines.send(line);
    }

    /// Prints what is left.
    pub fn finish(self) {
        drop(self.lines);
        // A panic in the thread has told its own message.
        let _ = self.thread.join();
    }
}

fn follow(
    mut tails: Vec<Tail>,
    told: &Receiver<Line>,
    style: &Style,
    mut to: Box<dyn Write + Send>,
) {
    let mut merge = Merge::default();
    let mut print = |lines: Vec<Line>| {
        for line in lines {
            // Nobody may be left to read it: that is no reason to stop a procedure.
            let _ = style.print(&line, &mut to);
        }
        let _ = to.flush();
    };
    loop {
        let finish = match told.recv_timeout(LOOK_EVERY) {
            Ok(line) => {
                merge.push(line);
                while let Ok(line) = told.try_recv() {
                    merge.push(line);
                }
                false
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        let now = clock::wall_clock_ns();
        for tail in &mut tails {
            let lines = if finish { tail.finish(now) } else { tail.read(now) };
            for line in lines {
                merge.push(line);
            }
        }
        if finish {
            return print(merge.release(i64::MAX));
        }
        print(merge.release(now - HELD_BACK.as_nanos() as i64));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use runtime::log::Level;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn line(at: i64, node: &str, text: &str) -> Line {
        Line { at_unix_ns: at, level: Level::Info, node: node.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_lines_of_all_nodes_and_what_is_told_come_in_the_order_of_time() {
        let here = tempfile::tempdir().unwrap();
        let now = clock::wall_clock_ns();
        let write = |node: &str, lines: &[(i64, &str)]| {
            let text: String = lines
                .iter()
                .map(|(at, text)| {
                    serde_json::to_string(&line(now + at, node, text)).unwrap() + "\n"
                })
                .collect();
            std::fs::write(here.path().join(format!("{node}.log")), text).unwrap();
        };
        write("a", &[(1, "first"), (4, "fourth")]);
        write("b", &[(2, "second"), (5, "fifth")]);
        let kept = Kept::default();
        let style =
            Style { nodes: vec!["a".to_owned(), "b".to_owned()], json: true, ..Style::default() };
        let follower = Follower::start(here.path(), From::Beginning, style, Box::new(kept.clone()));
        follower.tell(line(now + 3, "launch", "third"));
        follower.finish();
        let bytes = kept.0.lock().unwrap().clone();
        let texts: Vec<String> = String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<Line>(line).unwrap().text)
            .collect();
        assert_eq!(texts, ["first", "second", "third", "fourth", "fifth"]);
    }
}
