//! What a node's loop counts, and the status made of it.

use std::sync::{Arc, Mutex, PoisonError};

use messages::NodeStatus;

use crate::clock;
use crate::inbox::{Inbox, PortInbox};
use crate::measure::Distribution;
use crate::outbox::Outbox;

/// What the loop counts for the status.
pub struct Counters {
    /// Time `handle` took.
    pub handle: Distribution,
    /// Inputs that gave an error.
    pub errors: u64,
    /// What is wrong, if something is.
    pub degraded: Option<String>,
    /// Whether all inputs have ended.
    pub ended: bool,
}

impl Counters {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self { handle: Distribution::new(), errors: 0, degraded: None, ended: false }
    }
}

/// The status of a node, as often as it is asked for.
pub fn status(
    inbox: &Arc<Inbox>,
    outbox: &Outbox,
    counters: &Arc<Mutex<Counters>>,
) -> impl Fn() -> NodeStatus + Send + 'static {
    let (inbox, outputs, counters) = (Arc::clone(inbox), outbox.statistics(), Arc::clone(counters));
    let born = clock::monotonic();
    move || {
        let counters = counters.lock().unwrap_or_else(PoisonError::into_inner);
        NodeStatus {
            uptime_ns: clock::nanoseconds_since(born),
            degraded: counters.degraded.clone(),
            handle_us: counters.handle.percentiles(),
            errors: counters.errors,
            inputs: inbox
                .ports
                .iter()
                .filter(|port| port.key.is_some())
                .map(PortInbox::status)
                .collect(),
            outputs: outputs
                .iter()
                .map(|output| output.lock().unwrap_or_else(PoisonError::into_inner).status())
                .collect(),
            ended: counters.ended,
            ..NodeStatus::default()
        }
    }
}
