//! Devices that are reached over the network: whether somebody answers at their address.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use serde_json::Value;

use super::parameters::Node;
use super::served_here::Servers;
use crate::problem::{Place, Problem};
use crate::schema;

/// A device on the same network answers much sooner.
const PATIENCE: Duration = Duration::from_millis(500);

/// Addresses that parameters name.
#[derive(Debug, Default)]
pub struct Addresses {
    addresses: Vec<(Place, String, String)>,
}

impl Addresses {
    /// Takes the addresses out of a node's parameters.
    pub fn collect(&mut self, node: &Node<'_>, values: &Value, problems: &mut Vec<Problem>) {
        for (steps, format) in schema::formats(&node.role.participant.parameters, values) {
            let Some((place, text)) = (format == "address").then(|| node.text_at(&steps)).flatten()
            else {
                continue;
            };
            let address = text.strip_prefix("tcp://").unwrap_or(&text).to_owned();
            let port = address.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>()));
            if let Some((host, Ok(_))) = port
                && !host.is_empty()
            {
                self.addresses.push((place, node.entry.name.value.clone(), address));
            } else {
                let message =
                    format!("`{}` should be an address, but is `{text}`", node.name(&steps));
                problems.push(
                    Problem::error("bad-address", message)
                        .at(&place, "no address")
                        .help("write HOST:PORT, such as 127.0.0.1:8765"),
                );
            }
        }
    }

    /// Those of one node.
    pub fn of(&self, node: &str) -> impl Iterator<Item = &str> {
        let own = self.addresses.iter().filter(move |(_, owner, _)| owner == node);
        own.map(|(_, _, address)| address.as_str())
    }

    /// Leaves out those at which a node of the graph itself will listen.
    pub fn leave_out(&mut self, servers: &Servers) {
        self.addresses.retain(|(_, node, address)| servers.at(node, address).is_none());
    }

    /// Tries all of them at the same time.
    pub fn knock(self, problems: &mut Vec<Problem>) {
        let failures: Vec<Option<String>> = std::thread::scope(|scope| {
            let knocking: Vec<_> = self
                .addresses
                .iter()
                .map(|(_, _, address)| scope.spawn(|| answers(address).err()))
                .collect();
            let knocked = knocking.into_iter();
            knocked.map(|one| one.join().ok().flatten()).collect()
        });
        for ((place, node, address), failure) in self.addresses.iter().zip(failures) {
            if let Some(failure) = failure {
                let message =
                    format!("nobody answers at {address}, where `{node}` looks for its device");
                problems.push(
                    Problem::warning("unreachable", message)
                        .at(place, failure)
                        .help("is the device switched on and connected? It may be started later"),
                );
            }
        }
    }
}

/// Whether somebody answers at `HOST:PORT`.
///
/// # Errors
/// Why not, in a few words.
pub fn answers(address: &str) -> Result<(), String> {
    let mut last = "the name is not known".to_owned();
    for address in address.to_socket_addrs().map_err(|_| last.clone())? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Ok(()),
            Err(error) => last = said(&error),
        }
    }
    Err(last)
}

fn said(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "refused".to_owned(),
        std::io::ErrorKind::TimedOut => format!("no answer in {} ms", PATIENCE.as_millis()),
        _ => error.to_string(),
    }
}
