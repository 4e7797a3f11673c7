//! A server for tests, and messages for it.

use std::path::PathBuf;

use bytes::Bytes;
use messages::wire::{Origin, Received, Validity, message};
use messages::{Message, Timestamp};
use openigtlink::coordinates::Coordinates;
use openigtlink::names::Names;
use openigtlink::server::{Server, Settings};
use openigtlink::translation::Translation;

/// A server on a free port of this machine.
pub fn server(coordinates: Coordinates, may_set: &[&str], vesalius: PathBuf) -> Server {
    let settings = Settings {
        address: "127.0.0.1:0".to_owned(),
        most_clients: 3,
        may_set: may_set.iter().map(|&node| node.to_owned()).collect(),
        vesalius,
        session: "0123abcd".to_owned(),
    };
    Server::open(settings, Translation::new(coordinates, Names::default())).unwrap()
}

/// A message as it comes on the bus.
pub fn received<T: Message>(
    stream: &str,
    sequence: u64,
    at_ms: i64,
    value: &T,
    validity: &Validity,
) -> Received {
    let origin = Origin { session: "s".into(), stream: stream.into(), incarnation: 1 };
    let at = Timestamp(at_ms * 1_000_000);
    let encoded = message(&origin, sequence, at, at, validity, value).unwrap();
    Received::parse(Bytes::from(encoded.to_vec().unwrap())).unwrap()
}
