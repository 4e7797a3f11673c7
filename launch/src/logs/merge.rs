//! Puts the lines of many logs in the order of time.

use std::collections::BTreeMap;

use runtime::log::Line;

/// Lines wait here until none can come any more that belongs before them.
#[derive(Debug, Default)]
pub struct Merge {
    waiting: BTreeMap<(i64, u64), Line>,
    count: u64,
}

impl Merge {
    /// Takes a line; lines of the same instant keep the order in which they were taken.
    pub fn push(&mut self, line: Line) {
        self.waiting.insert((line.at_unix_ns, self.count), line);
        self.count += 1;
    }

    /// Gives what was written up to `until_unix_ns`, in order; with [`i64::MAX`] all there is.
    pub fn release(&mut self, until_unix_ns: i64) -> Vec<Line> {
        let later = self.waiting.split_off(&(until_unix_ns, u64::MAX));
        std::mem::replace(&mut self.waiting, later).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use runtime::log::Level;

    use super::*;

    fn line(at: i64, text: &str) -> Line {
        Line { at_unix_ns: at, level: Level::Info, node: "n".to_owned(), text: text.to_owned() }
    }

    fn texts(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn a_line_that_comes_late_is_put_in_its_place() {
        let mut merge = Merge::default();
        merge.push(line(30, "c"));
        merge.push(line(10, "a"));
        merge.push(line(20, "b"));
        assert_eq!(texts(&merge.release(20)), ["a", "b"]);
        assert_eq!(texts(&merge.release(29)), Vec::<&str>::new());
        assert_eq!(texts(&merge.release(i64::MAX)), ["c"]);
    }

    #[test]
    fn lines_of_one_instant_keep_their_order() {
        let mut merge = Merge::default();
        for text in ["1", "2", "3"] {
            merge.push(line(5, text));
        }
        merge.push(line(4, "0"));
        assert_eq!(texts(&merge.release(5)), ["0", "1", "2", "3"]);
    }

    #[test]
    fn one_that_comes_after_its_time_was_released_comes_at_once() {
        let mut merge = Merge::default();
        merge.push(line(10, "a"));
        merge.release(50);
        merge.push(line(20, "late"));
        assert_eq!(texts(&merge.release(50)), ["late"]);
    }
}
