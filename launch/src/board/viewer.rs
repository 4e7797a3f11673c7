//! Joins a session as a guest: hears statuses and events, listens on no socket, publishes nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use messages::wire::Received;
use messages::{Event, NodeStatus, Timestamp};
use runtime::bus::{self, Bus, BusError, Recovery, Subscription};
use runtime::{clock, keys};

use super::snapshot::{Heard, Snapshot};
use crate::session::{ProcessIdentity, Record, SUPERVISOR, SocketFolder, assign};

/// How many of the last events are kept.
const EVENTS: usize = 50;

/// A guest in a session.
pub struct Viewer {
    record: Record,
    bus: Bus,
    heard: Arc<Mutex<AllHeard>>,
    _subscriptions: Vec<Subscription>,
}

#[derive(Default)]
struct AllHeard {
    nodes: BTreeMap<String, Heard>,
    events: VecDeque<(Timestamp, Event)>,
}

fn lock(heard: &Mutex<AllHeard>) -> MutexGuard<'_, AllHeard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bus as a guest uses it: as a client of the supervisor, or of any participant if there is no
/// supervisor. A guest that were a peer would be counted among those for whom a restarted node waits.
fn as_guest(record: &Record) -> serde_json::Value {
    let sockets = SocketFolder::at(&record.sockets);
    let names = record.plan.nodes.iter().map(|node| node.name.as_str());
    let paths: Vec<_> =
        [SUPERVISOR].into_iter().chain(names).map(|name| sockets.socket(name)).collect();
    let paths: Vec<_> = paths.iter().map(std::path::PathBuf::as_path).collect();
    let mut config = assign::without_shared_memory(bus::config(None, &paths));
    config["mode"] = "client".into();
    // One after the other, each once: with patience it would wait for a supervisor that has gone.
    config["connect"]["timeout_ms"] = 0.into();
    config
}

impl Viewer {
    /// Joins the session.
    ///
    /// # Errors
    /// If the bus cannot be joined.
    pub fn join(record: Record) -> Result<Self, BusError> {
        let bus = Bus::open(&as_guest(&record), 0, true)?;
        let heard = Arc::new(Mutex::new(AllHeard::default()));
        let (statuses, events) = (Arc::clone(&heard), Arc::clone(&heard));
        let subscriptions = vec![
            bus.subscribe(
                &keys::about(&record.session, "status", "*"),
                Recovery::None,
                move |_, bytes| {
                    if let Ok(received) = Received::parse(bytes)
                        && let Ok(status) = received.decode::<NodeStatus>()
                    {
                        let envelope = received.envelope();
                        let node = envelope.stream.trim_end_matches(".status");
                        lock(&statuses).nodes.entry(node.to_owned()).or_default().take(
                            envelope.incarnation,
                            status.value,
                            clock::monotonic(),
                        );
                    }
                },
            )?,
            bus.subscribe(
                &keys::about(&record.session, "event", "*"),
                Recovery::None,
                move |_, bytes| {
                    if let Ok(received) = Received::parse(bytes)
                        && let Ok(event) = received.decode::<Event>()
                    {
                        let mut heard = lock(&events);
                        let at = received.envelope().published_at;
                        heard.events.push_back((at, event.value));
                        let too_many = heard.events.len().saturating_sub(EVENTS);
                        heard.events.drain(..too_many);
                    }
                },
            )?,
        ];
        Ok(Self { record, bus, heard, _subscriptions: subscriptions })
    }

    /// Waits until every process that lives was heard twice, so that rates are known; no longer than
    /// `patience`.
    pub fn settle(&self, patience: Duration) {
        let until = clock::monotonic() + patience;
        let all_heard = || {
            let heard = lock(&self.heard);
            self.record
                .members
                .iter()
                .filter(|(_, member)| member.process.is_some_and(ProcessIdentity::is_alive))
                .all(|(name, _)| heard.nodes.get(name).is_some_and(Heard::has_rates))
        };
        while clock::monotonic() < until && !all_heard() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks `node` to take new parameters; its answer, or none if it gives none.
    ///
    /// # Errors
    /// If the bus fails.
    pub fn set(
        &self,
        node: &str,
        parameters: &serde_json::Value,
        patience: Duration,
    ) -> Result<Option<Result<(), String>>, BusError> {
        let key = keys::set(&self.record.session, node);
        let until = clock::monotonic() + patience;
        // Until it is linked, nobody answers.
        while clock::monotonic() < until {
            let request = parameters.to_string().into_bytes();
            let answers = self.bus.ask(&key, request, Duration::from_secs(2))?;
            if let Some(answer) = answers.first() {
                return Ok(Some(serde_json::from_slice(answer).unwrap_or_else(|error| {
                    Err(format!("it gave an answer that cannot be read: {error}"))
                })));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(None)
    }

    /// How everybody fares now.
    pub fn snapshot(&mut self) -> Snapshot {
        let sockets = SocketFolder::at(&self.record.sockets);
        // The entry goes when the session ends: then what is known last is shown.
        let over = match Record::read(&sockets) {
            Ok(record) => {
                self.record = record;
                false
            }
            Err(_) => !sockets.record().exists(),
        };
        let heard = lock(&self.heard);
        Snapshot::of(
            &self.record,
            &heard.nodes,
            heard.events.iter().cloned().collect(),
            clock::monotonic(),
            over,
        )
    }

    /// Leaves the session.
    pub fn leave(self) {
        self.bus.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::record::tests::record;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn wait_for(what: &str, done: impl Fn() -> bool) {
        let until = clock::monotonic() + PATIENCE;
        while !done() {
            assert!(clock::monotonic() < until, "waited for {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The bus of a participant, linked to those `before` it.
    fn peer(record: &Record, name: &str, before: &[&str]) -> Bus {
        let sockets = SocketFolder::at(&record.sockets);
        let before: Vec<_> = before.iter().map(|name| sockets.socket(name)).collect();
        let before: Vec<_> = before.iter().map(std::path::PathBuf::as_path).collect();
        let config = bus::config(Some(&sockets.socket(name)), &before);
        Bus::open(&assign::without_shared_memory(config), 0, true).unwrap()
    }

    /// An event as `node` tells it.
    fn tell(bus: &Bus, record: &Record, node: &str) {
        use messages::wire::{self, Origin, Validity};
        use messages::{EventKind, Message as _};
        let key = keys::about(&record.session, "event", node);
        let publisher = bus.publisher(&key, Event::KEPT, bus::Sending::Prompt).unwrap();
        let origin = Origin {
            session: record.session.clone(),
            stream: format!("{node}.event"),
            incarnation: 1,
        };
        let event =
            Event { node: node.to_owned(), kind: EventKind::Ready, text: "is there".to_owned() };
        let now = record.clock.now();
        let message = wire::message(&origin, 0, now, now, &Validity::Valid, &event).unwrap();
        publisher.put(message.to_vec().unwrap()).unwrap();
    }

    fn hears(viewer: &Viewer, bus: &Bus, node: &str) {
        wait_for(&format!("an event of {node}"), || {
            tell(bus, &viewer.record, node);
            lock(&viewer.heard).events.iter().any(|(_, event)| event.node == node)
        });
    }

    #[test]
    fn a_guest_hears_everybody_and_nobody_counts_it() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let supervisor = peer(&record, SUPERVISOR, &[]);
        let locate = peer(&record, "locate", &[SUPERVISOR]);
        wait_for("the link", || supervisor.peers() == 1 && locate.peers() == 1);
        let viewer = Viewer::join(record).unwrap();
        hears(&viewer, &supervisor, SUPERVISOR);
        hears(&viewer, &locate, "locate");
        assert_eq!((supervisor.peers(), locate.peers()), (1, 1));
        viewer.leave();
    }

    #[test]
    fn a_guest_needs_no_supervisor_and_stays_when_the_one_it_is_linked_to_goes() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let (ultrasound, locate) =
            (peer(&record, "ultrasound", &[]), peer(&record, "locate", &["ultrasound"]));
        wait_for("the link", || ultrasound.peers() == 1 && locate.peers() == 1);
        let viewer = Viewer::join(record).unwrap();
        hears(&viewer, &locate, "locate");
        ultrasound.close();
        lock(&viewer.heard).events.clear();
        hears(&viewer, &locate, "locate");
        assert_eq!(locate.peers(), 0);
        viewer.leave();
    }
}
