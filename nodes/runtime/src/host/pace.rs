//! Keeps sources from running ahead of their consumers when nobody waits for a clock.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use messages::Timestamp;

use crate::assignment::Assignment;
use crate::bus::{Bus, BusError, Recovery, Subscription};
use crate::keys;

/// How far a source may be ahead of the slowest node.
const HORIZON: Duration = Duration::from_millis(250);

/// A node tells up to where it has come.
///
/// # Errors
/// If it cannot be sent.
pub fn tell(bus: &Bus, assignment: &Assignment, progress: Timestamp) -> Result<(), BusError> {
    let key = keys::about(&assignment.session, "progress", &assignment.node);
    bus.put(&key, progress.0.to_le_bytes().to_vec())
}

type Progress = Arc<(Mutex<HashMap<String, Timestamp>>, Condvar)>;

/// Hears from the nodes how far they have come.
pub struct Pace {
    progress: Progress,
    _subscription: Subscription,
}

impl Pace {
    /// Waits for `nodes`.
    ///
    /// # Errors
    /// If the bus refuses the key.
    pub fn new(bus: &Bus, assignment: &Assignment) -> Result<Self, BusError> {
        let nodes =
            assignment.paced_by.iter().map(|node| (node.clone(), Timestamp(i64::MIN))).collect();
        let progress: Progress = Arc::new((Mutex::new(nodes), Condvar::new()));
        let heard = Arc::clone(&progress);
        let key = keys::about(&assignment.session, "progress", "*");
        let subscription = bus.subscribe(&key, Recovery::None, move |key, bytes| {
            let (nodes, changed) = &*heard;
            let node = key.rsplit('/').next().unwrap_or_default();
            if let Some(bytes) = bytes.first_chunk::<8>()
                && let Some(progress) =
                    nodes.lock().unwrap_or_else(PoisonError::into_inner).get_mut(node)
            {
                *progress = Timestamp(i64::from_le_bytes(*bytes));
                changed.notify_all();
            }
        })?;
        Ok(Self { progress, _subscription: subscription })
    }

    /// Waits until `at` is no further ahead than allowed; false if it did not come to that in `patience`.
    pub fn wait(&self, at: Timestamp, patience: Duration) -> bool {
        let (nodes, changed) = &*self.progress;
        let nodes = nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let too_far = |nodes: &mut HashMap<String, Timestamp>| {
            nodes.values().any(|&progress| progress + HORIZON < at)
        };
        let (_nodes, waited) = changed
            .wait_timeout_while(nodes, patience, too_far)
            .unwrap_or_else(PoisonError::into_inner);
        !waited.timed_out()
    }
}
