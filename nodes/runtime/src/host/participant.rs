//! What all participants do alike: join the bus, prove that every link works, start and leave together.

use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, unbounded};
use messages::Timestamp;
use rustix::process::{getpriority_process, setpriority_process};

use super::HostError;
use super::control::Control;
use crate::assignment::Assignment;
use crate::bus::{Bus, Recovery, Subscription, Token};
use crate::{keys, log};

/// One participant on the bus.
pub struct Participant {
    /// What it is to be.
    pub assignment: Arc<Assignment>,
    /// Its door to the bus.
    pub bus: Arc<Bus>,
    /// Orders from the supervisor.
    pub control: Receiver<Control>,
    _control: Subscription,
    tokens: Vec<Token>,
}

/// What the wait for the start came to.
pub enum Started {
    /// The procedure starts at this instant.
    At(Timestamp),
    /// It was called off.
    CalledOff,
}

impl Participant {
    /// Joins the session.
    ///
    /// # Errors
    /// If the bus cannot be joined.
    pub fn join(assignment: Assignment) -> Result<Self, HostError> {
        log::set_node(&assignment.node);
        leave_on_panic();
        if let Some(priority) = assignment.priority {
            set_priority(priority);
        }
        let bytes = usize::try_from(assignment.shared_memory_mib << 20).unwrap_or(usize::MAX);
        let bus = Arc::new(Bus::open(&assignment.zenoh, bytes)?);
        let (sender, control) = unbounded();
        let subscription =
            bus.subscribe(&keys::control(&assignment.session), Recovery::None, move |_, bytes| {
                match serde_json::from_slice::<Control>(&bytes) {
                    // Whoever stopped listening is about to leave.
                    Ok(order) => drop(sender.send(order)),
                    Err(error) => {
                        log::warn(&format!("an order could not be read and was ignored: {error}"));
                    }
                }
            })?;
        Ok(Self {
            assignment: Arc::new(assignment),
            bus,
            control,
            _control: subscription,
            tokens: Vec::new(),
        })
    }

    fn announce(&mut self, state: &str) -> Result<(), HostError> {
        let assignment = &self.assignment;
        let key = keys::alive(&assignment.session, state, &assignment.node, assignment.incarnation);
        self.tokens.push(self.bus.token(&key)?);
        Ok(())
    }

    /// Says hello on every output until every participant has heard all its inputs, and waits for the
    /// start. A restarted one waits until it is linked to its peers and goes on at once.
    ///
    /// # Errors
    /// If the bus fails.
    pub fn wait_for_start(
        &mut self,
        mut hello: impl FnMut(Timestamp) -> Result<(), crate::bus::BusError>,
        all_heard: impl Fn() -> bool,
        outputs_heard: impl Fn() -> bool,
    ) -> Result<Started, HostError> {
        self.announce("ready")?;
        let clock = self.assignment.clock;
        if let Some(started_at) = self.assignment.started_at {
            let patience = clock.now() + Duration::from_secs(2);
            while clock.now() < patience
                && (self.bus.peers() < self.assignment.peers || !outputs_heard())
            {
                std::thread::sleep(Duration::from_millis(2));
            }
            // A peer's declarations follow its link within a moment.
            std::thread::sleep(Duration::from_millis(20));
            self.announce("linked")?;
            return Ok(Started::At(Timestamp(started_at)));
        }
        let mut linked = false;
        loop {
            hello(Timestamp(i64::MIN))?;
            if !linked && all_heard() {
                self.announce("linked")?;
                linked = true;
            }
            match self.control.recv_timeout(Duration::from_millis(20)) {
                Ok(Control::Start { at }) => return Ok(Started::At(Timestamp(at))),
                Ok(Control::Gone { .. }) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Control::Stop | Control::Exit) | Err(RecvTimeoutError::Disconnected) => {
                    return Ok(Started::CalledOff);
                }
            }
        }
    }

    /// Waits until the supervisor says that all have ended: until then others may still ask this
    /// participant for what they missed. Without a supervisor it leaves after a minute.
    pub fn wait_for_exit(&self) {
        while let Ok(order) = self.control.recv_timeout(Duration::from_mins(1)) {
            if order == Control::Exit {
                break;
            }
        }
    }
}

/// Priority 10 is nice 0 and 0 is nice 10: guidance goes before reconstruction, and nothing needs
/// the right to be more urgent than other programs.
fn set_priority(priority: u8) {
    let wanted = 10 - i32::from(priority.min(10));
    let now = getpriority_process(None).unwrap_or(0);
    if wanted > now
        && let Err(error) = setpriority_process(None, wanted)
    {
        log::warn(&format!("cannot set the scheduling priority: {error}"));
    }
}

/// A panic anywhere ends the process with its message: the supervisor sees it and acts, instead of a hang.
fn leave_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        log::error(&format!("panicked at {place}: {text}"));
        std::process::exit(101);
    }));
}
