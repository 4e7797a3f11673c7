//! From nothing to the start: all processes run, and everybody has heard what it needs to hear.

use std::time::Duration;

use messages::{EventKind, Timestamp};
use runtime::bus;
use runtime::clock;
use runtime::host::Control;
use runtime::log::Level;
use rustix::process::Signal;

use super::death::Death;
use super::error::SuperviseError;
use super::member::Phase;
use super::supervisor::{LOOK_EVERY, Stage, Supervisor};
use super::watcher::Noticed;
use crate::logs;
use crate::memory_lock::LockLimit;
use crate::session::{Life, Pace, SUPERVISOR};

/// From then on it is told who keeps the others waiting.
const TELL_AFTER: Duration = Duration::from_secs(5);
/// How long those have who are called off, and again after being told to end.
const CALLED_OFF: Duration = Duration::from_secs(2);

impl Supervisor {
    /// Lets arrays go through sockets, and says so, if the processes that are started may lock less memory
    /// than they would share.
    pub(super) fn share_what_may_be_locked(&mut self) {
        let Some(text) = LockLimit::here().warning(&self.record.plan) else {
            return;
        };
        self.voice.say(Level::Warn, &text);
        let share_already =
            !self.record.sockets_only && self.members.iter().any(|member| member.process.is_some());
        if share_already {
            let text = "the processes that run already share memory under a higher limit: one that is started \
                        again from here loses their arrays; take the session up from where it was started";
            self.voice.say(Level::Warn, text);
        }
        self.update(|record| record.sockets_only = true);
    }

    /// Starts all processes, waits until each has heard all its inputs, and gives the start.
    ///
    /// # Errors
    /// If one fails, or not all are ready in time. [`call_off`](Self::call_off) then ends the others.
    pub fn bring_up(&mut self) -> Result<(), SuperviseError> {
        if self.stage != Stage::Starting {
            return Ok(());
        }
        let begun = clock::monotonic();
        self.voice.say(
            Level::Info,
            &format!(
                "session {} of {}: starts {} processes; everything goes into {}",
                self.record.session,
                self.record.graph,
                self.members.len(),
                self.folder.path().display()
            ),
        );
        for number in 0..self.members.len() {
            // One that was taken up runs already.
            if self.members[number].process.is_none() {
                self.start_process(number)?;
            }
        }
        let mut tell_at = begun + TELL_AFTER;
        loop {
            for noticed in self.listen(LOOK_EVERY) {
                match noticed {
                    Noticed::AskedToStop => return Err(SuperviseError::CalledOff),
                    Noticed::Ended { node, incarnation, death } => {
                        if let Some(number) = self.find(&node, incarnation) {
                            return Err(self.failed_to_start(number, death));
                        }
                    }
                }
            }
            if self.members.iter().all(|member| member.linked) {
                break;
            }
            let waited = clock::monotonic().saturating_sub(begun);
            if waited > self.options.start_timeout {
                return Err(SuperviseError::NotReady {
                    after_s: waited.as_secs(),
                    waiting: self.waiting_for(),
                });
            }
            if clock::monotonic() > tell_at {
                tell_at += TELL_AFTER;
                let waiting = self.waiting_for().join("; ");
                self.voice.say(Level::Info, &format!("waits: {waiting}"));
            }
        }
        self.start_up = Some(clock::monotonic().saturating_sub(begun));
        self.give_the_start();
        Ok(())
    }

    fn give_the_start(&mut self) {
        let at = match &self.record.pace {
            Pace::Live => self.record.clock.now().0,
            Pace::Simulated => crate::session::assign::SIMULATED_START_NS,
            Pace::Replay { started_at, .. } => *started_at,
        };
        self.order(&Control::Start { at });
        let now = clock::monotonic();
        self.update(|record| {
            record.started_at = Some(at);
            record.started_monotonic_ns = u64::try_from(now.as_nanos()).ok();
        });
        self.write_session_file(None);
        self.stage = Stage::Running;
        self.looked_at = now;
        self.progress = (now, 0);
        self.members.iter_mut().for_each(|member| member.heard_at = now);
        let took = self.start_up.unwrap_or_default().as_secs_f64();
        let text = format!("all are linked after {took:.2} s: the procedure starts");
        self.voice.event_at(Timestamp(at), EventKind::Ready, SUPERVISOR, &text);
    }

    fn failed_to_start(&mut self, number: usize, death: Death) -> SuperviseError {
        let reason = self.reason(number, death);
        let member = &mut self.members[number];
        member.phase = Phase::Left;
        let log = logs::tail_of(&self.folder.log(&member.node.name), member.log_from, 20);
        SuperviseError::Failed {
            node: member.node.name.clone(),
            // What is quoted below need not be said twice.
            log: if log.len() <= 1 { Vec::new() } else { log },
            reason,
        }
    }

    /// Who is not linked, and what it said last.
    fn waiting_for(&self) -> Vec<String> {
        let missing = self.members.iter().filter(|member| !member.linked);
        missing
            .map(|member| {
                let name = &member.node.name;
                let state = if member.ready {
                    let inputs: Vec<_> = member
                        .node
                        .inputs
                        .values()
                        .map(|input| format!("{}.{}", input.node, input.port))
                        .collect();
                    let what = if inputs.is_empty() {
                        "all that it is to record".to_owned()
                    } else {
                        inputs.join(", ")
                    };
                    format!("{name} has not heard {what}")
                } else {
                    format!("{name} is not ready")
                };
                match logs::last_words(&self.folder.log(name), member.log_from) {
                    Some(said) => format!("{state} and says: {said}"),
                    None => state,
                }
            })
            .collect()
    }

    /// Ends what was started, and removes every trace of it.
    pub fn call_off(&mut self) {
        self.put(&Control::Exit);
        let patience = [None, Some(Signal::TERM), Some(Signal::KILL)];
        for signal in patience {
            if let Some(signal) = signal {
                self.signal_all(signal);
            }
            let until = clock::monotonic() + CALLED_OFF;
            while clock::monotonic() < until && self.processes_left() {
                self.note_ends(Duration::from_millis(20));
                self.put(&Control::Exit);
            }
        }
        self.clear_away();
        self.folder.remove();
    }

    pub(super) fn processes_left(&self) -> bool {
        self.members.iter().any(|member| member.process.is_some() && member.phase == Phase::Up)
    }

    /// Sends a signal to every process that is left; returns to whom.
    pub(super) fn signal_all(&self, signal: Signal) -> Vec<String> {
        self.members
            .iter()
            .filter(|member| member.phase == Phase::Up)
            .filter(|member| member.process.is_some_and(|process| process.signal(signal)))
            .map(|member| member.node.name.clone())
            .collect()
    }

    /// Takes what comes within a moment.
    pub(super) fn settle(&mut self, moment: Duration) {
        let until = clock::monotonic() + moment;
        while clock::monotonic() < until {
            self.note_ends(Duration::from_millis(20));
        }
    }

    fn note_ends(&mut self, patience: Duration) {
        for noticed in self.listen(patience) {
            if let Noticed::Ended { node, incarnation, .. } = noticed
                && let Some(number) = self.find(&node, incarnation)
            {
                self.members[number].phase = Phase::Left;
            }
        }
    }

    /// Finds the processes of a session that somebody else started.
    pub(super) fn find_members(&mut self) {
        let now = clock::monotonic();
        for number in 0..self.members.len() {
            let name = self.members[number].node.name.clone();
            let Some(known) = self.record.members.get(&name).cloned() else {
                continue;
            };
            let member = &mut self.members[number];
            member.incarnation = known.incarnation;
            member.process = known.process;
            member.log_from = known.log_from;
            member.failed = known.failures;
            member.heard_at = now;
            member.phase = match known.life {
                Life::Up => Phase::Up,
                Life::Down => Phase::Down,
                Life::Left => Phase::Left,
            };
        }
        // It takes a moment until they are linked again and have told whether they have ended.
        let alive = self
            .members
            .iter()
            .filter(|member| member.process.is_some_and(crate::session::ProcessIdentity::is_alive))
            .count();
        let until = now + Duration::from_secs(2);
        while clock::monotonic() < until && self.bus.peers() < alive {
            std::thread::sleep(Duration::from_millis(10));
        }
        // Nobody is watched yet, so that nothing is noticed that had to be acted on.
        self.settle(Duration::from_millis(300));
        let text = format!(
            "process {} supervises from now on; {alive} of {} processes are there",
            std::process::id(),
            self.members.len()
        );
        self.voice.event(EventKind::Supervision, SUPERVISOR, &text);
        for number in 0..self.members.len() {
            let member = &self.members[number];
            if member.phase != Phase::Up || self.watch_process(member) {
                continue;
            }
            // Whoever leaves in order takes its socket away; whoever is killed cannot.
            let in_order = member.process.is_some()
                && !self.sockets.socket(&member.node.name).exists()
                && logs::last_error(&self.folder.log(&member.node.name), member.log_from).is_none();
            if in_order || member.has_ended() {
                self.members[number].phase = Phase::Left;
                self.remember(number);
            } else if self.stage == Stage::Starting {
                // Nothing has begun: it is started where the start is waited for.
                self.members[number].process = None;
            } else {
                self.failed(number, Death::Unknown);
            }
        }
        bus::remove_orphaned_shared_memory();
    }
}
