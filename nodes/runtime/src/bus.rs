//! The bus between processes: Zenoh, set explicitly, with shared memory for arrays.
//!
//! Peers talk directly over sockets in a folder that only the user can enter; there is no router, no
//! multicast and no gossip, so two sessions on one machine cannot hear each other. A publisher of a
//! procedure never waits for a consumer: a full link drops, and a consumer that wants every message
//! recovers it from the publisher's cache (zenoh-ext) or counts it as lost. Where no clock runs, in a
//! replay and on the simulated clock, it waits for the link instead.

mod payload;
mod publisher;
mod segments;
mod shared_memory;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use messages::wire::Encoded;
use zenoh::Wait as _;
use zenoh::liveliness::LivelinessToken;
use zenoh::qos::CongestionControl;
use zenoh::sample::SampleKind;
use zenoh_ext::{
    AdvancedSubscriber, AdvancedSubscriberBuilderExt as _, HistoryConfig, RecoveryConfig,
};

pub use publisher::{Publisher, Sending};
use shared_memory::SharedMemory;
pub use shared_memory::remove_orphans as remove_orphaned_shared_memory;

/// Something the bus could not do.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The session cannot be opened.
    #[error(
        "cannot join the session's bus: {0}; is its folder of sockets there and writable, and is no other process using the same socket?"
    )]
    Open(String),
    /// A key cannot be used.
    #[error("cannot declare `{key}` on the bus: {reason}")]
    Declare {
        /// The key.
        key: String,
        /// What Zenoh says.
        reason: String,
    },
    /// Something cannot be sent.
    #[error("cannot send on `{key}`: {reason}")]
    Send {
        /// The key.
        key: String,
        /// What Zenoh says.
        reason: String,
    },
    /// A message cannot be written.
    #[error(transparent)]
    Wire(#[from] messages::wire::WireError),
}

/// The configuration of one participant: it listens on `listen` and connects to each of `connect`,
/// again and again until it is there. All are paths of sockets.
pub fn config(listen: Option<&Path>, connect: &[&Path]) -> serde_json::Value {
    let endpoint = |path: &Path| format!("unixsock-stream/{}", path.display());
    let listen: Vec<String> = listen.into_iter().map(endpoint).collect();
    let connect: Vec<String> = connect.iter().copied().map(endpoint).collect();
    serde_json::json!({
        "mode": "peer",
        "listen": { "endpoints": listen, "exit_on_failure": true },
        "connect": {
            "endpoints": connect, "timeout_ms": -1, "exit_on_failure": false,
            "retry": { "period_init_ms": 20, "period_max_ms": 200, "period_increase_factor": 1.5 }
        },
        "open": { "return_conditions": { "connect_scouted": false, "declares": false } },
        "scouting": { "multicast": { "enabled": false }, "gossip": { "enabled": false } },
        "timestamping": { "enabled": false },
        "queries_default_timeout": 2000,
        "transport": {
            "link": { "tx": {
                "queue": {
                    "size": {
                        "control": 4, "real_time": 16, "interactive_high": 4, "interactive_low": 4,
                        "data_high": 4, "data": 16, "data_low": 4, "background": 4
                    },
                    "congestion_control": {
                        "drop": { "wait_before_drop": 1000, "max_wait_before_drop_fragments": 50000 }
                    }
                }
            } },
            "shared_memory": {
                "enabled": true, "mode": "lazy",
                "transport_optimization": { "enabled": false }
            }
        }
    })
}

/// One participant's door to the bus.
pub struct Bus {
    session: zenoh::Session,
    shared_memory: SharedMemory,
    congestion: CongestionControl,
}

/// Hears until it is dropped.
pub struct Subscription {
    _subscriber: Kind,
}

enum Kind {
    Recovering { _subscriber: AdvancedSubscriber<()> },
    Plain { _subscriber: zenoh::pubsub::Subscriber<()> },
    Answers { _queryable: zenoh::query::Queryable<()> },
}

/// Says that something is alive, until it is dropped or its process ends.
pub struct Token {
    _token: LivelinessToken,
}

/// How a subscription treats what it missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Nothing: a miss is a miss.
    None,
    /// Asks the publisher's cache for what is missing in between.
    Missing,
    /// Also asks for what was published before it came, or while it was not linked.
    History,
}

impl Bus {
    /// Joins the session; arrays it publishes take up to `shared_memory_bytes`. `live` says that a full
    /// link drops, because nobody may wait.
    ///
    /// # Errors
    /// If the configuration is refused or its socket cannot be opened.
    pub fn open(
        config: &serde_json::Value,
        shared_memory_bytes: usize,
        live: bool,
    ) -> Result<Self, BusError> {
        let config = zenoh::Config::from_json5(&config.to_string())
            .map_err(|error| BusError::Open(error.to_string()))?;
        let session = zenoh::open(config)
            .with_shm_clients(segments::clients())
            .wait()
            .map_err(|error| BusError::Open(error.to_string()))?;
        let shared_memory = SharedMemory::new(shared_memory_bytes);
        // Makes the pool before the first image needs it, which would wait for it.
        drop(shared_memory.allocate(shared_memory::WORTH_IT));
        let congestion = if live { CongestionControl::Drop } else { CongestionControl::Block };
        Ok(Self { session, shared_memory, congestion })
    }

    /// How many other processes it is linked to.
    pub fn peers(&self) -> usize {
        self.session.info().peers_zid().wait().count()
    }

    /// Sends a message; its arrays go through shared memory while that lasts, else through the
    /// socket. Returns the number of bytes, and whether shared memory was wanted but full.
    ///
    /// # Errors
    /// If it cannot be written or sent.
    pub fn send(
        &self,
        publisher: &Publisher,
        message: &Encoded<'_>,
    ) -> Result<(usize, bool), BusError> {
        let length = message.len();
        publisher.choose(length);
        if message.has_arrays() && length >= shared_memory::WORTH_IT {
            if let Some(mut buffer) = self.shared_memory.allocate(length) {
                message.write_into(&mut buffer[..])?;
                publisher.put(buffer)?;
                return Ok((length, false));
            }
            publisher.put(message.to_vec()?)?;
            return Ok((length, true));
        }
        publisher.put(message.to_vec()?)?;
        Ok((length, false))
    }

    /// Sends a message that is written already, through shared memory if that is worth it.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn send_bytes(&self, publisher: &Publisher, bytes: &Bytes) -> Result<(), BusError> {
        publisher.choose(bytes.len());
        if bytes.len() >= shared_memory::WORTH_IT
            && let Some(mut buffer) = self.shared_memory.allocate(bytes.len())
        {
            buffer[..].copy_from_slice(bytes);
            return publisher.put(buffer);
        }
        publisher.put(bytes.to_vec())
    }

    /// Hears everything on `key`; `callback` must not wait.
    ///
    /// # Errors
    /// If the key is refused.
    pub fn subscribe(
        &self,
        key: &str,
        recovery: Recovery,
        callback: impl Fn(&str, Bytes) + Send + Sync + 'static,
    ) -> Result<Subscription, BusError> {
        let deliver = move |sample: zenoh::sample::Sample| {
            if sample.kind() == SampleKind::Put {
                callback(sample.key_expr().as_str(), payload::bytes(sample.payload().clone()));
            }
        };
        let subscriber = self.session.declare_subscriber(key.to_owned());
        let kind = if recovery == Recovery::None {
            let subscriber =
                subscriber.callback(deliver).wait().map_err(|error| declare(key, &error))?;
            Kind::Plain { _subscriber: subscriber }
        } else {
            let mut builder = subscriber
                .callback(deliver)
                .recovery(RecoveryConfig::default().heartbeat())
                .query_timeout(Duration::from_millis(500));
            if recovery == Recovery::History {
                builder = builder.history(HistoryConfig::default().detect_late_publishers());
            }
            let subscriber = builder.wait().map_err(|error| declare(key, &error))?;
            Kind::Recovering { _subscriber: subscriber }
        };
        Ok(Subscription { _subscriber: kind })
    }

    /// Sends once, without a cache: orders, counters, and in a replay how far a node has come.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), BusError> {
        self.session
            .put(key.to_owned(), bytes)
            .congestion_control(self.congestion)
            .express(true)
            .wait()
            .map_err(|error| BusError::Send { key: key.to_owned(), reason: error.to_string() })
    }

    /// Answers queries on `key`.
    ///
    /// # Errors
    /// If the key is refused.
    pub fn answer(
        &self,
        key: &str,
        answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Result<Subscription, BusError> {
        let own = key.to_owned();
        let queryable = self
            .session
            .declare_queryable(key.to_owned())
            .callback(move |query| {
                let request = query
                    .payload()
                    .map(|payload| payload.to_bytes().into_owned())
                    .unwrap_or_default();
                // A client that went away needs no answer.
                let _ = query.reply(own.clone(), answer(&request)).wait();
            })
            .wait()
            .map_err(|error| declare(key, &error))?;
        Ok(Subscription { _subscriber: Kind::Answers { _queryable: queryable } })
    }

    /// Asks whoever answers on `key`; no answer in time is an empty list.
    ///
    /// # Errors
    /// If the query cannot be sent.
    pub fn ask(
        &self,
        key: &str,
        request: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<Vec<u8>>, BusError> {
        let replies =
            self.session.get(key.to_owned()).payload(request).timeout(timeout).wait().map_err(
                |error| BusError::Send { key: key.to_owned(), reason: error.to_string() },
            )?;
        Ok(replies
            .into_iter()
            .filter_map(|reply| reply.into_result().ok())
            .map(|sample| sample.payload().to_bytes().into_owned())
            .collect())
    }

    /// Says on `key` that something is alive.
    ///
    /// # Errors
    /// If the key is refused.
    pub fn token(&self, key: &str) -> Result<Token, BusError> {
        let token = self
            .session
            .liveliness()
            .declare_token(key.to_owned())
            .wait()
            .map_err(|error| declare(key, &error))?;
        Ok(Token { _token: token })
    }

    /// Hears which tokens under `key` come (`true`) and go (`false`), those that are there included.
    ///
    /// # Errors
    /// If the key is refused.
    pub fn watch_tokens(
        &self,
        key: &str,
        callback: impl Fn(&str, bool) + Send + Sync + 'static,
    ) -> Result<Subscription, BusError> {
        let subscriber = self
            .session
            .liveliness()
            .declare_subscriber(key.to_owned())
            .history(true)
            .callback(move |sample| {
                callback(sample.key_expr().as_str(), sample.kind() == SampleKind::Put);
            })
            .wait()
            .map_err(|error| declare(key, &error))?;
        Ok(Subscription { _subscriber: Kind::Plain { _subscriber: subscriber } })
    }

    /// Leaves the bus.
    pub fn close(&self) {
        // Nothing is left to do about a session that does not close.
        let _ = self.session.close().wait();
    }
}

fn declare(key: &str, error: &dyn std::fmt::Display) -> BusError {
    BusError::Declare { key: key.to_owned(), reason: error.to_string() }
}
