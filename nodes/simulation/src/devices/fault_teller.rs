//! What an emulated device does about its faults besides showing them: it tells of each, and dies by those that kill it.

use std::collections::VecDeque;
use std::time::Duration;

use messages::{InjectedFault, Timestamp};
use rustix::process::{Signal, getpid, kill_process};

use crate::faults::{FaultKind, FaultScript};

/// How long a device that is to be killed waits for its last words to leave the process.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// Tells of faults when they begin and end.
pub(super) struct FaultTeller {
    faults: FaultScript,
    device: &'static str,
    started_at: Timestamp,
    told_to: Duration,
    to_tell: VecDeque<(Duration, InjectedFault)>,
    doomed: bool,
}

impl FaultTeller {
    pub fn new(faults: FaultScript, device: &'static str) -> Self {
        let (told_to, to_tell) = (Duration::ZERO, VecDeque::new());
        Self { faults, device, started_at: Timestamp(0), told_to, to_tell, doomed: false }
    }

    /// The procedure has started.
    pub fn start(&mut self, started_at: Timestamp) {
        self.started_at = started_at;
    }

    /// What was told, and whom it killed, before a restart stays so.
    pub fn seek(&mut self, since_start: Duration) {
        self.told_to = since_start;
    }

    /// The next fault that has begun or ended until `now` after the start, and when; nothing if there is none. The call
    /// after one that kills the process does not return.
    pub fn next(&mut self, now: Duration) -> Option<(Timestamp, InjectedFault)> {
        if self.doomed {
            std::thread::sleep(LAST_WORDS);
            let _ = kill_process(getpid(), Signal::KILL);
        }
        if self.to_tell.is_empty() {
            self.to_tell.extend(self.faults.announcements(self.device, self.told_to, now));
            self.told_to = self.told_to.max(now);
        }
        let (at, fault) = self.to_tell.pop_front()?;
        self.doomed = fault.fault == FaultKind::ProcessKill.name();
        Some((self.started_at + at, fault))
    }
}
