//! What the supervisor makes of what it hears.

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use messages::{Event, EventKind, Timestamp};
use runtime::clock;
use runtime::host::Control;
use runtime::log::Line;

use super::ears::Happening;
use super::member::End;
use super::supervisor::{Stage, Supervisor};
use super::voice::level;
use super::watcher::Noticed;
use crate::plan::ParticipantKind;

impl Supervisor {
    /// Takes what happens until `patience` has passed or something did that the caller must act on.
    pub(super) fn listen(&mut self, patience: Duration) -> Vec<Noticed> {
        let mut noticed = Vec::new();
        let first = match self.happenings.recv_timeout(patience) {
            Ok(first) => first,
            // The watcher holds a sender as long as the supervisor lives.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return noticed,
        };
        let mut next = Some(first);
        while let Some(happening) = next {
            noticed.extend(self.take(happening));
            next = self.happenings.try_recv().ok();
        }
        noticed
    }

    fn take(&mut self, happening: Happening) -> Option<Noticed> {
        match happening {
            Happening::Noticed(noticed) => return Some(noticed),
            Happening::Token { state, node, incarnation, there } => {
                if let Some(number) = self.find(&node, incarnation) {
                    self.token(number, &state, there);
                }
            }
            Happening::Status { node, incarnation, status } => {
                let counted = status.ended;
                if let Some(number) = self.find(&node, incarnation) {
                    let member = &mut self.members[number];
                    if counted {
                        member.end = End::Counted;
                    }
                    member.heard_at = clock::monotonic();
                    if let Some(since) = member.hung_since.take() {
                        let silent = clock::monotonic().saturating_sub(since).as_secs_f64();
                        let text = format!("answers again after {silent:.1} s");
                        self.voice.event(EventKind::Ready, &node, &text);
                    }
                }
                self.ledger.take(&node, incarnation, status);
            }
            Happening::Event { incarnation, at, event } => self.take_event(incarnation, at, event),
            Happening::Scores { stream, number, scores } => {
                self.ledger.take_scores(&stream, number, scores);
            }
        }
        None
    }

    fn take_event(&mut self, incarnation: u32, at: Timestamp, event: Event) {
        let Some(number) = self.find(&event.node, incarnation) else {
            return;
        };
        if event.kind == EventKind::Ended {
            let member = &mut self.members[number];
            member.end = member.end.max(End::Told);
        }
        // Losses are in the log of whoever found them.
        if at < self.news_from || matches!(event.kind, EventKind::Lost { .. }) {
            return;
        }
        let about_itself = event.text.strip_prefix(&format!("{} ", event.node));
        let line = Line {
            at_unix_ns: at.0 + self.record.clock.wall_clock_offset_ns(),
            level: level(&event.kind),
            text: about_itself.unwrap_or(&event.text).to_owned(),
            node: event.node,
        };
        if let Some(logs) = &self.logs {
            logs.tell(line);
        }
    }

    fn token(&mut self, number: usize, state: &str, there: bool) {
        let member = &mut self.members[number];
        match state {
            "ready" => member.ready = there,
            "linked" => {
                member.linked = there;
                member.heard_at = clock::monotonic();
                if there && self.stage != Stage::Starting {
                    self.tell_what_has_ended(number);
                }
            }
            _ => {}
        }
    }

    /// One that comes late has not heard which streams have ended.
    fn tell_what_has_ended(&mut self, number: usize) {
        let newcomer = &self.members[number];
        let hears_all = newcomer.node.kind == ParticipantKind::Observer;
        let gone: Vec<String> = self
            .members
            .iter()
            .enumerate()
            .filter(|(other, member)| *other != number && member.has_ended())
            .map(|(_, member)| member.node.name.clone())
            .filter(|name| {
                hears_all || newcomer.node.inputs.values().any(|input| input.node == *name)
            })
            .collect();
        for node in gone {
            self.order(&Control::Gone { node });
        }
    }

    /// The member whose current process this is.
    pub(super) fn find(&self, node: &str, incarnation: u32) -> Option<usize> {
        self.members
            .iter()
            .position(|member| member.node.name == node && member.incarnation == incarnation)
    }
}
