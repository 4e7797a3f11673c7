//! One participant as the supervisor sees it.

use std::time::Duration;

use super::failures::Failures;
use crate::plan::{ParticipantKind, PlannedNode};
use crate::session::ProcessIdentity;

/// What a participant is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It has a process.
    Up,
    /// It failed and is started again at this time.
    Waiting(Duration),
    /// It stays down.
    Down,
    /// It left in order.
    Left,
}

/// Whether the streams of a participant have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// No.
    Not,
    /// It said so.
    Told,
    /// It said so in a status, so that what it counted is known.
    Counted,
}

/// One participant.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its place in the graph.
    pub node: PlannedNode,
    /// Which of its processes.
    pub incarnation: u32,
    /// Its process.
    pub process: Option<ProcessIdentity>,
    /// What it is doing.
    pub phase: Phase,
    /// When it failed.
    pub failures: Failures,
    /// How often it failed.
    pub failed: u32,
    /// Where in its log its process begins.
    pub log_from: u64,
    /// Its ports are open.
    pub ready: bool,
    /// It heard all its inputs.
    pub linked: bool,
    /// When something was heard of it last.
    pub heard_at: Duration,
    /// Since when it is silent, if it hangs.
    pub hung_since: Option<Duration>,
    /// Whether its streams have ended.
    pub end: End,
}

impl Member {
    /// One that is about to be started.
    pub fn new(node: PlannedNode) -> Self {
        Self {
            node,
            incarnation: 1,
            process: None,
            phase: Phase::Up,
            failures: Failures::default(),
            failed: 0,
            log_from: 0,
            ready: false,
            linked: false,
            heard_at: Duration::ZERO,
            hung_since: None,
            end: End::Not,
        }
    }

    /// A new process of it was started.
    pub fn begins(&mut self, process: ProcessIdentity, log_from: u64) {
        self.process = Some(process);
        self.log_from = log_from;
        self.phase = Phase::Up;
        self.ready = false;
        self.linked = false;
        self.end = End::Not;
        self.hung_since = None;
    }

    /// Whether others wait for it to begin with.
    pub fn is_source(&self) -> bool {
        match self.node.kind {
            ParticipantKind::Device | ParticipantKind::Source => true,
            ParticipantKind::Node => self.node.inputs.is_empty(),
            ParticipantKind::Observer => false,
        }
    }

    /// Whether nothing more comes of it, and all that it counted is known.
    pub fn is_over(&self) -> bool {
        self.end == End::Counted || matches!(self.phase, Phase::Down | Phase::Left)
    }

    /// Whether its streams have ended.
    pub fn has_ended(&self) -> bool {
        self.end != End::Not || matches!(self.phase, Phase::Down | Phase::Left)
    }
}
