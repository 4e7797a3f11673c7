//! While the procedure runs: who ends unasked is told, started again, or given up.

use std::time::Duration;

use messages::EventKind;
use runtime::bus;
use runtime::clock;
use runtime::host::Control;
use runtime::log::Level;

use super::death::Death;
use super::failures::Next;
use super::member::Phase;
use super::supervisor::{LOOK_EVERY, Stage, Supervisor};
use super::watcher::Noticed;
use crate::plan::{OnFailure, ParticipantKind};
use crate::session::{Pace, SUPERVISOR};

/// Who is silent for so long hangs: a status comes every quarter of a second.
const HUNG_AFTER: Duration = Duration::from_secs(2);
/// If the supervisor itself was stopped for so long, it cannot tell who was silent.
const OWN_PAUSE: Duration = Duration::from_secs(1);
/// How often it is told how far a replay is.
const TELL_HOW_FAR: Duration = Duration::from_secs(2);
/// A step of the wall clock that is told.
const STEP_NS: i64 = 50_000_000;

impl Supervisor {
    /// Watches over the session until all have left.
    pub fn watch_over(&mut self) {
        loop {
            let now = clock::monotonic();
            let next_start = self.members.iter().filter_map(|member| match member.phase {
                Phase::Waiting(until) => Some(until.saturating_sub(now)),
                _ => None,
            });
            let patience = next_start.fold(LOOK_EVERY, Duration::min);
            for noticed in self.listen(patience) {
                match noticed {
                    Noticed::AskedToStop => self.asked_to_stop(),
                    Noticed::Ended { node, incarnation, death } => {
                        if let Some(number) = self.find(&node, incarnation) {
                            self.process_ended(number, death);
                        }
                    }
                }
            }
            let now = clock::monotonic();
            self.repeat_orders(now);
            self.start_again(now);
            self.look_for_silence(now);
            self.look_at_the_wall_clock();
            self.tell_how_far(now);
            if self.look_at_the_end(now) {
                return;
            }
            self.looked_at = now;
        }
    }

    /// A process ended; whether it should have depends on how far everything is.
    fn process_ended(&mut self, number: usize, death: Death) {
        let member = &self.members[number];
        let leaving = matches!(self.stage, Stage::Leaving(_));
        if death.in_order() && (member.has_ended() || leaving) {
            self.members[number].phase = Phase::Left;
            self.remember(number);
            bus::remove_orphaned_shared_memory();
            return;
        }
        self.failed(number, death);
    }

    /// A process ended that should not have.
    pub(super) fn failed(&mut self, number: usize, death: Death) {
        let reason = self.reason(number, death);
        let member = &mut self.members[number];
        let name = member.node.name.clone();
        member.failed += 1;
        let over = member.has_ended();
        let policy = member.node.on_failure;
        if matches!(self.stage, Stage::Leaving(_)) && self.forced > 0 {
            // It was told to end, and that is told where it is done.
            self.members[number].phase = Phase::Left;
            self.remember(number);
            return;
        }
        // First of all it is told; freeing what it held takes longer.
        self.voice.event(EventKind::Failed, &name, &reason);
        self.trouble(format!("{name} {reason}"));
        bus::remove_orphaned_shared_memory();
        if over || matches!(self.stage, Stage::Leaving(_)) {
            self.members[number].phase = Phase::Left;
            self.remember(number);
            return;
        }
        if self.record.pace != Pace::Live {
            self.down(number);
            self.voice.say(
                Level::Error,
                "on this clock the others cannot go on without it: the run ends here",
            );
            self.leave();
        } else if self.stage == Stage::Ending && self.members[number].is_source() {
            // What it would begin again is to end.
            self.down(number);
        } else {
            self.act(number, policy);
        }
    }

    fn act(&mut self, number: usize, policy: OnFailure) {
        let name = self.members[number].node.name.clone();
        match policy {
            OnFailure::Ignore => {
                self.voice.say(
                    Level::Warn,
                    &format!("{name} stays down, as the graph says; the others go on"),
                );
                self.down(number);
            }
            OnFailure::Stop => {
                self.down(number);
                self.stop(&format!("{name} failed, and the graph says that all stop then"));
            }
            OnFailure::Restart => {
                let now = clock::monotonic();
                let rule = self.options.rule;
                match self.members[number].failures.failed(&rule, now) {
                    Next::Restart(wait) => {
                        self.members[number].phase = Phase::Waiting(now + wait);
                        let text = format!("is started again in {} ms", wait.as_millis());
                        self.voice.event(EventKind::Restarting, &name, &text);
                        self.remember(number);
                    }
                    Next::GiveUp => {
                        let text = format!(
                            "failed {} times in {} s and stays down; its log is {}",
                            rule.limit,
                            rule.within.as_secs(),
                            self.folder.log(&name).display()
                        );
                        self.voice.event(EventKind::GaveUp, &name, &text);
                        self.trouble(format!("{name} was given up"));
                        self.down(number);
                    }
                }
            }
        }
    }

    /// It stays down: those who hear it take its streams as ended.
    pub(super) fn down(&mut self, number: usize) {
        self.members[number].phase = Phase::Down;
        self.remember(number);
        let mut gone = vec![self.members[number].node.name.clone()];
        if let Pace::Replay { played, .. } = &self.record.pace
            && self.members[number].node.kind == ParticipantKind::Source
        {
            let nodes = played.iter().filter_map(|stream| stream.split('.').next());
            gone.extend(nodes.map(str::to_owned));
            gone.dedup();
        }
        for node in gone {
            self.order(&Control::Gone { node });
        }
    }

    fn start_again(&mut self, now: Duration) {
        for number in 0..self.members.len() {
            let due = matches!(self.members[number].phase, Phase::Waiting(until) if until <= now);
            if !due {
                continue;
            }
            self.members[number].incarnation += 1;
            if let Err(error) = self.start_process(number) {
                let name = self.members[number].node.name.clone();
                self.members[number].failed += 1;
                self.voice.event(EventKind::Failed, &name, &format!("is not started: {error}"));
                let policy = self.members[number].node.on_failure;
                self.act(number, policy);
            }
        }
    }

    fn look_for_silence(&mut self, now: Duration) {
        if now.saturating_sub(self.looked_at) > OWN_PAUSE {
            self.members.iter_mut().for_each(|member| member.heard_at = now);
        }
        for number in 0..self.members.len() {
            let member = &mut self.members[number];
            let silent = now.saturating_sub(member.heard_at);
            let should_speak = member.phase == Phase::Up
                && (member.linked || member.hung_since.is_some())
                && !matches!(self.stage, Stage::Leaving(_));
            if should_speak && silent > HUNG_AFTER && member.hung_since.is_none() {
                member.hung_since = Some(member.heard_at);
                let name = member.node.name.clone();
                let text = format!(
                    "has not answered for {:.1} s though its process lives: is it stopped, or is the machine overloaded?",
                    silent.as_secs_f64()
                );
                self.voice.event(EventKind::Hung, &name, &text);
                self.trouble(format!("{name} did not answer for more than 2 s"));
            }
        }
    }

    /// How far a replay is.
    fn tell_how_far(&mut self, now: Duration) {
        let Pace::Replay { steps: Some(steps @ 1..), .. } = self.record.pace else { return };
        if self.stage != Stage::Running || now.saturating_sub(self.told_at) < TELL_HOW_FAR {
            return;
        }
        self.told_at = now;
        let nodes = self.members.iter().filter(|member| member.node.kind == ParticipantKind::Node);
        let taken: u64 = nodes.map(|member| self.ledger.taken(&member.node.name)).sum();
        let percent = (100 * taken / steps).min(100);
        self.voice.say(Level::Info, &format!("{percent} % of the recorded steps were taken"));
    }

    fn look_at_the_wall_clock(&mut self) {
        let offset = self.record.clock.wall_clock_offset_ns();
        let step = offset - self.wall_offset_ns;
        self.wall_offset_ns = offset;
        if step.abs() > STEP_NS {
            let text = format!(
                "the wall clock was moved by {:+.3} s; the session clock was not",
                step as f64 * 1e-9
            );
            self.voice.event(EventKind::WallClockStepped, SUPERVISOR, &text);
        }
    }
}
