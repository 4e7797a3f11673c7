//! Devices that are reached over the network or a serial line: whether somebody is there.

use serde_json::Value;

use super::parameters::Node;
use super::reach::{Reach, Wanted};
use super::served_here::Servers;
use crate::problem::{Place, Problem};
use crate::schema;

/// Addresses that parameters name.
#[derive(Debug, Default)]
pub struct Addresses {
    addresses: Vec<(Place, String, Reach)>,
}

impl Addresses {
    /// Takes the addresses out of a node's parameters.
    pub fn collect(&mut self, node: &Node<'_>, values: &Value, problems: &mut Vec<Problem>) {
        for (steps, format) in schema::formats(&node.role.participant.parameters, values) {
            let Some((place, text)) = node.text_at(&steps) else { continue };
            match Reach::of(&format, &text) {
                None => {}
                Some(Ok(reach)) => {
                    self.addresses.push((place, node.entry.name.value.clone(), reach));
                }
                Some(Err(Wanted(wanted))) => {
                    let message =
                        format!("`{}` should be an address, but is `{text}`", node.name(&steps));
                    problems.push(
                        Problem::error("bad-address", message)
                            .at(&place, "no address")
                            .help(wanted),
                    );
                }
            }
        }
    }

    /// Those of one node.
    pub fn of(&self, node: &str) -> impl Iterator<Item = &Reach> {
        let own = self.addresses.iter().filter(move |(_, owner, _)| owner == node);
        own.map(|(_, _, reach)| reach)
    }

    /// Leaves out those at which a node of the graph itself will listen.
    pub fn leave_out(&mut self, servers: &Servers) {
        self.addresses.retain(|(_, node, reach)| servers.at(node, reach).is_none());
    }

    /// Tries all of them at the same time.
    pub fn knock(self, problems: &mut Vec<Problem>) {
        let failures: Vec<Option<String>> = std::thread::scope(|scope| {
            let knocking: Vec<_> = self
                .addresses
                .iter()
                .map(|(_, _, reach)| scope.spawn(|| reach.answers().err()))
                .collect();
            let knocked = knocking.into_iter();
            knocked.map(|one| one.join().ok().flatten()).collect()
        });
        for ((place, node, reach), failure) in self.addresses.iter().zip(failures) {
            if let Some(failure) = failure {
                let message =
                    format!("nobody answers at {reach}, where `{node}` looks for its device");
                problems.push(
                    Problem::warning("unreachable", message)
                        .at(place, failure)
                        .help("is the device switched on and connected? It may be started later"),
                );
            }
        }
    }
}
