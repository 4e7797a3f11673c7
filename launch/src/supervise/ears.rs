//! What the supervisor hears on the bus.

use std::sync::Mutex;
use std::sync::mpsc::Sender;

use messages::wire::{Kind, Received};
use messages::{Event, NodeStatus, Scores, Timestamp};
use runtime::bus::{Bus, BusError, Recovery, Subscription};
use runtime::keys;

use super::watcher::Noticed;
use crate::session::SUPERVISOR;

/// Something that reached the supervisor.
#[derive(Debug)]
pub enum Happening {
    /// A process ended, or somebody asked to stop.
    Noticed(Noticed),
    /// A token came or went.
    Token {
        /// `ready` or `linked`.
        state: String,
        /// The node.
        node: String,
        /// Which of its processes.
        incarnation: u32,
        /// Whether it came.
        there: bool,
    },
    /// A status.
    Status {
        /// The node.
        node: String,
        /// Which of its processes.
        incarnation: u32,
        /// What it counted.
        status: NodeStatus,
    },
    /// An event of a participant.
    Event {
        /// Which of its processes.
        incarnation: u32,
        /// When, on the session clock.
        at: Timestamp,
        /// What.
        event: Event,
    },
    /// How good the procedure is so far.
    Scores {
        /// `node.port`.
        stream: String,
        /// Which of its processes, and which of its messages.
        number: (u32, u64),
        /// The figures.
        scores: Scores,
    },
}

impl From<Noticed> for Happening {
    fn from(noticed: Noticed) -> Self {
        Self::Noticed(noticed)
    }
}

/// Hears tokens, statuses, events and the streams of `scores` (node and port) of a session until the
/// subscriptions are dropped.
///
/// # Errors
/// If the bus refuses a key.
pub fn hear(
    bus: &Bus,
    session: &str,
    scores: &[(&str, &str)],
    to: &Sender<Happening>,
) -> Result<Vec<Subscription>, BusError> {
    // The bus may call from several threads; whoever does not listen any more is about to leave.
    let sender = || {
        let to = Mutex::new(to.clone());
        move |happening: Option<Happening>| {
            if let (Some(happening), Ok(to)) = (happening, to.lock()) {
                let _ = to.send(happening);
            }
        }
    };
    let (tokens, statuses, events) = (sender(), sender(), sender());
    let mut subscriptions = vec![
        bus.watch_tokens(&format!("{}/alive/**", keys::session(session)), move |key, there| {
            tokens(token(key, there));
        })?,
        bus.subscribe(&keys::about(session, "status", "*"), Recovery::None, move |_, bytes| {
            statuses(Received::parse(bytes).ok().and_then(|received| status(&received)));
        })?,
        bus.subscribe(&keys::about(session, "event", "*"), Recovery::History, move |_, bytes| {
            events(Received::parse(bytes).ok().and_then(|received| event(&received)));
        })?,
    ];
    for (node, port) in scores {
        let (key, figures) = (keys::stream(session, node, port), sender());
        // Whoever takes a session up late hears the last figures too.
        subscriptions.push(bus.subscribe(&key, Recovery::History, move |_, bytes| {
            figures(Received::parse(bytes).ok().and_then(|received| scored(&received)));
        })?);
    }
    Ok(subscriptions)
}

/// `…/alive/STATE/NODE/INCARNATION`.
fn token(key: &str, there: bool) -> Option<Happening> {
    let mut parts = key.rsplit('/');
    let incarnation = parts.next()?.parse().ok()?;
    let node = parts.next()?.to_owned();
    let state = parts.next()?.to_owned();
    Some(Happening::Token { state, node, incarnation, there })
}

/// `NODE.status`.
pub fn status(received: &Received) -> Option<Happening> {
    let envelope = received.envelope();
    Some(Happening::Status {
        node: envelope.stream.strip_suffix(".status")?.to_owned(),
        incarnation: envelope.incarnation,
        status: received.decode::<NodeStatus>().ok()?.value,
    })
}

fn event(received: &Received) -> Option<Happening> {
    let envelope = received.envelope();
    // What the supervisor says itself is in its log.
    let own = envelope.stream.strip_suffix(".event") == Some(SUPERVISOR);
    if envelope.kind != Kind::Message || own {
        return None;
    }
    Some(Happening::Event {
        incarnation: envelope.incarnation,
        at: envelope.published_at,
        event: received.decode::<Event>().ok()?.value,
    })
}

/// Figures; a blank says that there are none, and leaves those before it.
fn scored(received: &Received) -> Option<Happening> {
    let envelope = received.envelope();
    Some(Happening::Scores {
        stream: envelope.stream.clone(),
        number: (envelope.incarnation, envelope.sequence),
        scores: received.decode::<Scores>().ok()?.value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_state_node_and_incarnation() {
        let key = keys::alive("0a0b0c0d", "linked", "locate-2", 3);
        let Some(Happening::Token { state, node, incarnation, there }) = token(&key, true) else {
            panic!("{key} is a token")
        };
        assert_eq!(
            (state.as_str(), node.as_str(), incarnation, there),
            ("linked", "locate-2", 3, true)
        );
        assert!(token("vesalius/x/alive/linked/locate/many", true).is_none());
    }
}
