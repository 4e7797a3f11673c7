//! The end in order: sources stop, what is under way is finished, all leave; who does not is made to.

use std::time::Duration;

use runtime::clock;
use runtime::host::Control;
use runtime::log::Level;
use rustix::process::Signal;

use super::member::{Member, Phase};
use super::supervisor::{Stage, Supervisor};
use crate::plan::ParticipantKind;
use crate::session::Pace;

/// How long those who were told to leave have until they are signalled, and again until they are killed.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);
/// The same if somebody is in a hurry.
const HURRIED: Duration = Duration::from_secs(1);
/// Devices end by themselves after the time they were given; this long after it they are told.
const STOP_AFTER_SLACK: Duration = Duration::from_secs(2);

impl Supervisor {
    /// Ctrl-C, SIGTERM or `vesalius stop`: first in order, then in a hurry, then by force.
    pub(super) fn asked_to_stop(&mut self) {
        self.asked += 1;
        match self.asked {
            1 => self.stop("asked to stop; ask again to hurry"),
            2 => {
                self.voice.say(Level::Warn, "hurries: what is under way is not finished");
                self.leave();
            }
            _ => {
                self.force(Signal::KILL);
            }
        }
    }

    /// Begins the end: devices end their streams, everything ends after them.
    pub fn stop(&mut self, why: &str) {
        if !matches!(self.stage, Stage::Starting | Stage::Running) {
            return;
        }
        self.voice.say(Level::Info, why);
        self.end_begins();
        self.order(&Control::Stop);
    }

    fn end_begins(&mut self) {
        self.stage = Stage::Ending;
        self.progress = (clock::monotonic(), self.ledger.progress());
        for number in 0..self.members.len() {
            let member = &self.members[number];
            if member.is_source() && matches!(member.phase, Phase::Waiting(_)) {
                self.down(number);
            }
        }
    }

    /// Tells all to leave.
    pub(super) fn leave(&mut self) {
        if !matches!(self.stage, Stage::Leaving(_)) {
            for number in 0..self.members.len() {
                if matches!(self.members[number].phase, Phase::Waiting(_)) {
                    self.members[number].phase = Phase::Down;
                }
            }
            self.stage = Stage::Leaving(clock::monotonic());
            self.put(&Control::Exit);
        }
    }

    /// Brings the end on when its time has come; true when all have left.
    pub(super) fn look_at_the_end(&mut self, now: Duration) -> bool {
        match self.stage {
            Stage::Starting => false,
            Stage::Running | Stage::Ending => {
                if self.members.iter().all(Member::is_over) {
                    self.leave();
                } else if self.stage == Stage::Running {
                    self.look_at_the_sources();
                } else {
                    self.look_at_the_progress(now);
                }
                false
            }
            Stage::Leaving(since) => {
                if !self.processes_left() {
                    return true;
                }
                let patience = if self.asked > 1 { HURRIED } else { LEAVE_WITHIN };
                let waited = now.saturating_sub(since);
                if waited > patience && self.forced == 0 {
                    self.force(Signal::TERM);
                } else if waited > 2 * patience && self.forced == 1 {
                    self.force(Signal::KILL);
                } else if self.forced == 0 && now.saturating_sub(self.progress.0) > HURRIED / 5 {
                    // Whoever missed the order gets it again.
                    self.progress.0 = now;
                    self.put(&Control::Exit);
                }
                false
            }
        }
    }

    fn look_at_the_sources(&mut self) {
        let mut sources = self.members.iter().filter(|member| member.is_source());
        if sources.all(Member::has_ended) {
            self.end_begins();
            return;
        }
        let (Some(after), Some(started)) = (self.record.stop_after_ns, self.record.started_at)
        else {
            return;
        };
        let end = messages::Timestamp(started) + Duration::from_nanos(after) + STOP_AFTER_SLACK;
        if self.record.pace == Pace::Live && self.record.clock.now() > end {
            self.stop("the time is up, and not every device has ended by itself: stops them");
        }
    }

    fn look_at_the_progress(&mut self, now: Duration) {
        let progress = self.ledger.progress();
        if progress != self.progress.1 {
            self.progress = (now, progress);
        }
        // Closing a long recording takes its time and shows in no count.
        let mut waiting = self.members.iter().filter(|member| !member.is_over());
        let closing = waiting.all(|member| member.node.kind == ParticipantKind::Observer);
        let patience = self.options.ending_patience * if closing { 4 } else { 1 };
        if now.saturating_sub(self.progress.0) <= patience {
            return;
        }
        let waiting = self.who_holds_up();
        let text =
            format!("{} did not come to the end for {} s", waiting.join(", "), patience.as_secs());
        self.voice.say(Level::Error, &format!("{text}: tells all to leave"));
        self.trouble(text);
        self.leave();
    }

    /// Those who have not ended though all that they hear has.
    fn who_holds_up(&self) -> Vec<String> {
        let ended = |name: &str| {
            self.members.iter().any(|member| member.node.name == name && member.has_ended())
        };
        let waiting = || self.members.iter().filter(|member| !member.is_over());
        let has_all = |member: &&Member| {
            member.node.kind != ParticipantKind::Observer
                && member.node.inputs.values().all(|input| ended(&input.node))
        };
        let mut names: Vec<_> =
            waiting().filter(has_all).map(|member| member.node.name.clone()).collect();
        if names.is_empty() {
            names = waiting().map(|member| member.node.name.clone()).collect();
        }
        names
    }

    fn force(&mut self, signal: Signal) {
        self.forced += 1;
        let (word, what) = if signal == Signal::KILL {
            self.forced = self.forced.max(2);
            ("killed", "did not leave even when asked by SIGTERM and was killed")
        } else {
            ("asked by SIGTERM", "did not leave when told to and was sent SIGTERM")
        };
        for name in self.signal_all(signal) {
            self.voice.say(Level::Error, &format!("{name} has not left and is {word}"));
            self.trouble(format!("{name} {what}"));
        }
        self.leave();
    }
}
