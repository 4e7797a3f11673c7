//! Damaged answers: how many, what is wrong with the last one, and when a person is told.

use std::time::Duration;

use messages::Timestamp;

/// While no sound answer comes, it is told again after so long.
const AGAIN: Duration = Duration::from_secs(1);

/// Damaged answers of a tracker.
#[derive(Clone, Debug, Default)]
pub struct Damage {
    count: u64,
    last: Option<String>,
    told_at: Timestamp,
}

impl Damage {
    /// One more; what a person is told, unless that was just told.
    pub fn add(&mut self, error: &str, now: Timestamp) -> Option<String> {
        self.count += 1;
        let count = self.count;
        let is_due = self.last.is_none() || now.since(self.told_at) >= AGAIN;
        self.last = Some(error.to_owned());
        is_due.then(|| {
            self.told_at = now;
            format!("an answer of the tracker was damaged and left out, {count} since the start: {error}")
        })
    }

    /// A sound answer has come.
    pub fn is_over(&mut self) {
        self.last = None;
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Why there is no new frame of a tool.
    pub fn reason(&self) -> String {
        match &self.last {
            Some(error) => format!(
                "the tracker's answers come damaged ({error}): look at its cable and at what disturbs it"
            ),
            None => "the tracker gives no new frame of this tool: look at its plug and at the tracker's lights"
                .to_owned(),
        }
    }
}
