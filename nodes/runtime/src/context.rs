//! What a node may do while it handles one input.

use messages::{Health, Timestamp};

/// What a node may do while it handles one input.
#[derive(Debug)]
pub struct Context<Output> {
    now: Timestamp,
    published: Vec<(Timestamp, Output)>,
    health: Option<Health>,
}

impl<Output> Context<Output> {
    /// A context at an instant; for the runtime, and for a node's tests.
    pub fn at(now: Timestamp) -> Self {
        Self { now, published: Vec::new(), health: None }
    }

    /// The instant at which the runtime took this input; stands still during `handle`.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Publishes `output`, which describes the world as it was at `acquired_at`.
    pub fn publish(&mut self, acquired_at: Timestamp, output: Output) {
        self.published.push((acquired_at, output));
    }

    /// Says how the node is doing; holds until the next report.
    pub fn report(&mut self, health: Health) {
        self.health = Some(health);
    }

    /// What was published, and the last report.
    pub fn finish(self) -> (Vec<(Timestamp, Output)>, Option<Health>) {
        (self.published, self.health)
    }
}
