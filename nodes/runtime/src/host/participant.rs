//! What all participants do alike: join the bus, prove that every link works, start and leave together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, unbounded};
use messages::{EventKind, Timestamp};
use rustix::process::{getpriority_process, setpriority_process};

use super::HostError;
use super::control::Control;
use super::watch::Watching;
use crate::assignment::{Assignment, Mode};
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
    /// By state.
    tokens: BTreeMap<&'static str, Token>,
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
        let bus = Arc::new(Bus::open(&assignment.zenoh, bytes, assignment.mode == Mode::Live)?);
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
            tokens: BTreeMap::new(),
        })
    }

    /// Says with a token that it has come to this state, if it has not said so before.
    ///
    /// # Errors
    /// If the bus refuses it.
    pub fn announce(&mut self, state: &'static str) -> Result<(), HostError> {
        if self.tokens.contains_key(state) {
            return Ok(());
        }
        let assignment = &self.assignment;
        let key = keys::alive(&assignment.session, state, &assignment.node, assignment.incarnation);
        self.tokens.insert(state, self.bus.token(&key)?);
        Ok(())
    }

    /// A restarted one waits until it is linked to its peers, two seconds at most, and until `enough_else`.
    ///
    /// # Errors
    /// If the bus fails.
    pub fn wait_for_peers(&self, enough_else: impl Fn() -> bool) -> Result<(), HostError> {
        let clock = self.assignment.clock;
        let patience = clock.now() + Duration::from_secs(2);
        // Tokens, not links: a guest such as `vesalius top` is linked too, and hears nothing.
        let there = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = Arc::clone(&there);
        let key = keys::all_alive(&self.assignment.session, "ready");
        let _tokens = self.bus.watch_tokens(&key, move |key, alive| {
            let mut there = seen.lock().unwrap_or_else(PoisonError::into_inner);
            if alive {
                there.insert(key.to_owned());
            } else {
                there.remove(key);
            }
        })?;
        // This one counts among them, in place of the supervisor, which has no token.
        let enough =
            || there.lock().unwrap_or_else(PoisonError::into_inner).len() >= self.assignment.peers;
        while clock.now() < patience && !(enough() && enough_else()) {
            std::thread::sleep(Duration::from_millis(2));
        }
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
        if let Some(started_at) = self.assignment.started_at {
            self.wait_for_peers(outputs_heard)?;
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

    /// Its parameters.
    ///
    /// # Errors
    /// If they are not of the right form.
    pub fn parameters<P: serde::de::DeserializeOwned>(&self) -> Result<P, HostError> {
        P::deserialize(&self.assignment.parameters)
            .map_err(|error| HostError::Parameters(error.to_string()))
    }

    /// Says that it has ended, stays until the supervisor says that all have (until then others may
    /// still ask this participant for what they missed; `told` says that the order came already), and
    /// leaves the bus. Without a supervisor it leaves after a minute.
    pub fn leave(&self, watching: Watching, told: bool) {
        watching.say(EventKind::Ended, format!("{} has ended", self.assignment.node));
        while !told
            && let Ok(order) = self.control.recv_timeout(Duration::from_mins(1))
            && order != Control::Exit
        {}
        watching.leave();
        self.bus.close();
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
