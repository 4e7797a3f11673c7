//! Devices that another node of the same graph stands in for: an emulator that listens where the driver connects.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::reach::Reach;
use crate::catalogue::Participant;
use crate::graph_file::tree::Step;
use crate::plan::PlannedNode;
use crate::schema;

/// A port with this word in its name is one to listen at.
const PORT: &str = "port";

/// Who of a graph listens, and where.
pub struct Servers {
    /// The node and where.
    listening: Vec<(String, Listening)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Listening {
    /// On the network.
    Port {
        /// None for every address of this machine.
        host: Option<String>,
        port: u16,
    },
    /// At the other end of a serial line that is a pseudo-terminal.
    Line(PathBuf),
}

impl Servers {
    /// Those among the participants of a graph: whose parameters name a place that is not one to connect to.
    pub fn of(known: &[(&PlannedNode, &Participant)]) -> Self {
        let listening = known.iter().flat_map(|(node, role)| {
            let values = with_defaults(&role.parameters, &node.parameters);
            let connects = connects_to(&role.parameters, &values);
            let mut found = Vec::new();
            collect(&values, "", &mut found);
            found.retain(|place| !connects.iter().any(|own| meets(place, own)));
            found.into_iter().map(|place| (node.name.clone(), place))
        });
        Self { listening: listening.collect() }
    }

    /// Who else of this graph listens where a node connects to, and where; none for a device of the world.
    pub fn of_node(&self, node: &PlannedNode, role: &Participant) -> Option<(&str, Reach)> {
        let values = with_defaults(&role.parameters, &node.parameters);
        let mut reaches = connects_to(&role.parameters, &values).into_iter();
        reaches.find_map(|reach| Some((self.at(&node.name, &reach)?, reach)))
    }

    /// Who else than `node` serves what is reached so.
    pub fn at(&self, node: &str, reach: &Reach) -> Option<&str> {
        let serves = |(name, place): &&(String, Listening)| *name != node && meets(place, reach);
        self.listening.iter().find(serves).map(|(name, _)| name.as_str())
    }
}

/// The parameters with what the schema gives where the graph file says nothing.
fn with_defaults(schema: &Value, parameters: &Value) -> Value {
    let mut values = parameters.clone();
    let properties = schema.get("properties").and_then(Value::as_object);
    if let (Some(properties), Value::Object(values)) = (properties, &mut values) {
        for (name, property) in properties {
            if let Some(default) = property.get("default").filter(|_| !values.contains_key(name)) {
                values.insert(name.clone(), default.clone());
            }
        }
    }
    values
}

/// What parameters connect to.
fn connects_to(schema: &Value, values: &Value) -> Vec<Reach> {
    let formats = schema::formats(schema, values).into_iter();
    formats
        .filter_map(|(steps, format)| {
            let text = steps.iter().try_fold(values, |value, step| match step {
                Step::Key(key) => value.get(key),
                Step::Index(index) => value.get(index),
            })?;
            Reach::of(&format, text.as_str()?)?.ok()
        })
        .collect()
}

fn plain(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest)
}

fn split(address: &str) -> Option<(&str, u16)> {
    let (host, port) = plain(address).rsplit_once(':')?;
    Some((host.trim_matches(['[', ']']), port.parse().ok()?))
}

/// Places to listen at, wherever they stand in the parameters.
fn collect(values: &Value, key: &str, found: &mut Vec<Listening>) {
    match values {
        Value::String(text) => {
            if let Some(path) = text.strip_prefix("pty:") {
                found.push(Listening::Line(path.into()));
            } else if let Some((host, port)) = split(text) {
                let everywhere = matches!(host, "" | "0.0.0.0" | "::" | "*");
                let host = (!everywhere).then(|| host.to_owned());
                found.push(Listening::Port { host, port });
            }
        }
        Value::Number(number) if key.split('_').any(|word| word == PORT) => {
            if let Some(port) = number.as_u64().and_then(|port| u16::try_from(port).ok()) {
                found.push(Listening::Port { host: None, port });
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, found)),
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| collect(value, key, found));
        }
        _ => {}
    }
}

/// Whether who connects so comes to `place`, of this machine.
fn meets(place: &Listening, reach: &Reach) -> bool {
    let is_here = |host: &str| host == "localhost" || host == "::1" || host.starts_with("127.");
    match (place, reach) {
        (Listening::Line(own), Reach::Line(path)) => is_same(own, path),
        (Listening::Port { host: own, port: own_port }, Reach::Network(address)) => split(address)
            .is_some_and(|(host, port)| {
                port == *own_port
                    && match own {
                        None => is_here(host),
                        Some(own) => own == host || (is_here(own) && is_here(host)),
                    }
            }),
        _ => false,
    }
}

/// Both may be written from the root on or from here.
fn is_same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole(one) == whole(other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn to(address: &str) -> Reach {
        Reach::Network(address.to_owned())
    }

    #[test]
    fn a_place_to_listen_at_is_found_however_it_is_written() {
        let places = |values: Value| {
            let mut found = Vec::new();
            collect(&values, "", &mut found);
            found
        };
        for values in [
            json!({"listen": "tcp://0.0.0.0:8765"}),
            json!({"listen": ":8765"}),
            json!({"port": 8765}),
            json!({"serve": {"tcp_port": 8765}}),
        ] {
            let found = places(values.clone());
            assert_eq!(found, [Listening::Port { host: None, port: 8765 }], "{values}");
            assert!(
                meets(&found[0], &to("localhost:8765")) && meets(&found[0], &to("127.0.0.1:8765"))
            );
            assert!(!meets(&found[0], &to("10.0.0.5:8765")), "another machine");
            assert!(!meets(&found[0], &to("127.0.0.1:8766")), "another port");
        }
        assert_eq!(places(json!({"rate_hz": 20, "name": "a:b", "report": 7, "port": 70000})), []);
        let own = &places(json!({"listen": "127.0.0.1:1"}))[0];
        assert!(meets(own, &to("localhost:1")) && !meets(own, &to("10.0.0.5:1")));
        let line = &places(json!({"address": "pty:/tmp/tracker"}))[0];
        assert!(meets(line, &Reach::Line("/tmp/tracker".into())));
        assert!(!meets(line, &Reach::Line("/dev/ttyUSB0".into())) && !meets(line, &to("a:1")));
    }

    #[test]
    fn what_a_node_connects_to_is_known_by_its_format_also_by_default() {
        let schema = json!({"properties": {
            "address": {"type": "string", "format": "address", "default": "tcp://127.0.0.1:8765"},
            "more": {"type": "array", "items": {"type": "string", "format": "address"}},
            "listen": {"type": "string"},
        }});
        let connects = |values: Value| connects_to(&schema, &with_defaults(&schema, &values));
        assert_eq!(connects(json!({})), [to("127.0.0.1:8765")]);
        let two = json!({"address": "a:1", "more": ["tcp://b:2"], "listen": "c:3"});
        assert_eq!(connects(two), [to("a:1"), to("b:2")]);
    }
}
