//! The observer `server`: hears all streams and gives them to OpenIGTLink clients, such as 3D Slicer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use messages::wire::{Kind, Received};
use runtime::{Assignment, Observed, Observer, Topic, log};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::coordinates::Coordinates;
use crate::names::Names;
use crate::server::{Server, ServerError, Settings};
use crate::translation::Translation;

/// Parameters of the observer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Where it listens, `HOST:PORT`. By default on this machine only; OpenIGTLink has neither passwords nor encryption.
    pub listen: String,
    /// Which axes clients get: `ras`, as 3D Slicer takes them, or `lps`, as they are inside.
    pub coordinates: Coordinates,
    /// The streams that clients get, `node.port`; by default all but known truth.
    pub streams: Option<Vec<String>>,
    /// Other device names for images, trees and words of streams: `"locate.located" = "Live"`.
    pub names: BTreeMap<String, String>,
    /// So many clients are served at a time.
    #[schemars(range(min = 1, max = 64))]
    pub most_clients: usize,
    /// The nodes whose parameters clients may change with COMMAND; by default none.
    pub may_set: Vec<String>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:18944".to_owned(),
            coordinates: Coordinates::default(),
            streams: None,
            names: BTreeMap::new(),
            most_clients: 8,
            may_set: Vec::new(),
        }
    }
}

/// The observer.
pub struct OpenIgtLinkServer {
    server: Server,
    streams: Option<Vec<String>>,
}

impl OpenIgtLinkServer {
    fn hears(&self, topic: Topic, stream: &str) -> bool {
        match (topic, &self.streams) {
            (Topic::Journal | Topic::Status, _) => false,
            (Topic::Health | Topic::Event, _) => true,
            (Topic::Stream, Some(streams)) => streams.iter().any(|one| one == stream),
            (Topic::Stream, None) => {
                let port = stream.split_once('.').map_or("", |(_, port)| port);
                port != "truth" && !port.starts_with("truth_")
            }
        }
    }
}

impl Observer for OpenIgtLinkServer {
    type Parameters = Parameters;
    type Error = ServerError;

    fn open(parameters: Parameters, assignment: &Assignment) -> Result<Self, ServerError> {
        // Beside this executable lies the command.
        let here = std::env::current_exe().ok();
        let folder = here.as_deref().and_then(std::path::Path::parent).map(PathBuf::from);
        let settings = Settings {
            address: parameters.listen,
            most_clients: parameters.most_clients,
            may_set: parameters.may_set,
            vesalius: folder.unwrap_or_default().join("vesalius"),
            session: assignment.session.clone(),
        };
        let translation = Translation::new(parameters.coordinates, Names::new(parameters.names));
        let server = Server::open(settings, translation)?;
        log::info(&format!("OpenIGTLink clients are welcome at {}", server.local()));
        Ok(Self { server, streams: parameters.streams })
    }

    fn observe(&mut self, observed: Observed) -> Result<(), ServerError> {
        match observed {
            Observed::Message { topic, received } => {
                let envelope = received.envelope();
                let is_content = matches!(envelope.kind, Kind::Message | Kind::Blank);
                if !is_content || !self.hears(topic, &envelope.stream) {
                    return Ok(());
                }
                // Shared memory is taken back from a slow reader: a copy is not.
                let copy = Received::parse(Bytes::copy_from_slice(received.bytes()));
                match copy.and_then(|copy| copy.verify().map(|()| copy)) {
                    Ok(copy) => self.server.give(topic, copy),
                    Err(error) => log::error(&format!(
                        "message {} of {} is not sent, it was damaged on its way: {error}",
                        envelope.sequence, envelope.stream
                    )),
                }
            }
            Observed::Lost { stream, first, last, .. } => {
                log::error(&format!("messages {first} to {last} of {stream} never arrived"));
            }
        }
        Ok(())
    }

    fn idle(&mut self) -> Result<Vec<messages::Flushed>, ServerError> {
        self.server.tell();
        Ok(Vec::new())
    }

    fn close(self) -> Result<(), ServerError> {
        Ok(())
    }
}
