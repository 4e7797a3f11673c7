//! Whether what is connected belongs together: ports, messages, versions, frames, deadlines.

use super::roles::{Role, part_of};
use crate::catalogue::{Carries, Ports};
use crate::graph_file::{GraphFile, NodeEntry};
use crate::plan::ParticipantKind;
use crate::problem::{Problem, Spanned};
use crate::suggest;

/// Adds what is wrong with the connections of all nodes.
pub fn check(file: &GraphFile, roles: &[Option<Role>], problems: &mut Vec<Problem>) {
    for (node, role) in file.nodes.iter().zip(roles) {
        let mut wiring = Wiring { file, roles, node, problems };
        wiring.check(role.as_ref());
    }
}

struct Wiring<'a> {
    file: &'a GraphFile,
    roles: &'a [Option<Role>],
    node: &'a NodeEntry,
    problems: &'a mut Vec<Problem>,
}

impl Wiring<'_> {
    fn check(&mut self, role: Option<&Role>) {
        let hears = match role {
            Some(role) if role.participant.kind != ParticipantKind::Node => {
                self.hears_by_itself(role.participant.kind);
                return;
            }
            Some(role) => Some(&role.participant.inputs),
            None => None,
        };
        for (port, stream) in &self.node.inputs {
            let expected = match hears {
                Some(ports) => self.port(ports, port),
                None => None,
            };
            let carried = self.stream(stream);
            if let (Some(expected), Some(carried)) = (expected, carried) {
                self.fit(port, expected, stream, &carried);
            }
        }
        if let Some(ports) = hears {
            self.unconnected(ports);
            self.options(ports);
        }
    }

    /// Devices hear nothing, observers everything: neither has inputs to connect.
    fn hears_by_itself(&mut self, kind: ParticipantKind) {
        let name = &self.node.name.value;
        let (what, help) = match kind {
            ParticipantKind::Observer => {
                ("an observer", "an observer hears every stream; remove this")
            }
            _ => {
                ("a device", "a device brings in what is outside and hears no stream; remove this")
            }
        };
        let options = self.node.port_deadlines_ms.iter().map(|(port, _)| port);
        let options = options.chain(self.node.delivery.iter().map(|(port, _)| port));
        let inputs = self.node.inputs.iter().map(|(port, _)| port);
        for port in inputs.chain(options) {
            self.problems.push(
                Problem::error("no-inputs", format!("`{name}` is {what} and has no inputs"))
                    .at(&port.place, "no such input")
                    .help(help),
            );
        }
        if let Some(deadline) = &self.node.deadline_ms {
            let message = format!("`{name}` is {what}, so that its deadline has no effect");
            self.problems.push(
                Problem::warning("no-effect", message)
                    .at(&deadline.place, "no inputs to be late")
                    .help("remove it"),
            );
        }
    }

    fn port<'p>(&mut self, ports: &'p Ports, port: &Spanned<String>) -> Option<&'p Carries> {
        let found = ports.get(&port.value);
        if found.is_none() {
            let message = format!("`{}` has no input `{}`", self.runs(), port.value);
            self.problems.push(
                Problem::error("unknown-port", message)
                    .at(&port.place, "no such input")
                    .help(suggest::did_you_mean(&port.value, ports.names(), "its inputs are")),
            );
        }
        found
    }

    /// What the output that `stream` names carries.
    fn stream(&mut self, stream: &Spanned<String>) -> Option<Carries> {
        let Some((node, port)) = stream.value.split_once('.') else {
            self.no_port(stream);
            return None;
        };
        let place = |part: &str| part_of(&self.file.text, &self.file.settings, stream, part);
        let Some(at) = self.file.nodes.iter().position(|known| known.name.value == node) else {
            if self.file.damaged {
                return None;
            }
            let place = place(node);
            let help = suggest::did_you_mean(node, self.file.node_names(), "its nodes are");
            self.problems.push(
                Problem::error("unknown-node", format!("the graph has no node `{node}`"))
                    .at(&place, "no such node")
                    .help(help),
            );
            return None;
        };
        let role = self.roles.get(at)?.as_ref()?;
        let outputs = &role.participant.outputs;
        let carries = outputs.get(port).cloned();
        if carries.is_none() {
            let place = place(port);
            let help = if role.participant.kind == ParticipantKind::Observer {
                "an observer publishes nothing that nodes can hear".to_owned()
            } else {
                suggest::did_you_mean(port, outputs.names(), "its outputs are")
            };
            let message = format!("`{node}` ({}) has no output `{port}`", role.runs);
            self.problems.push(
                Problem::error("unknown-port", message).at(&place, "no such output").help(help),
            );
        }
        carries
    }

    fn no_port(&mut self, stream: &Spanned<String>) {
        let named = self.file.nodes.iter().position(|node| node.name.value == stream.value);
        let outputs = named.and_then(|at| self.roles.get(at)?.as_ref()).map(|role| {
            role.participant.outputs.names().map(|port| format!("{}.{port}", stream.value))
        });
        let outputs: Vec<String> = outputs.into_iter().flatten().collect();
        let help = match suggest::choice(outputs.iter().map(String::as_str)) {
            choice if choice.is_empty() => "write \"NODE.PORT\"".to_owned(),
            choice => format!("write {choice}"),
        };
        self.problems.push(
            Problem::error("bad-stream", format!("`{}` names no output of a node", stream.value))
                .at(&stream.place, "should be NODE.PORT")
                .help(help),
        );
    }

    /// Whether an input takes what an output carries.
    fn fit(
        &mut self,
        port: &Spanned<String>,
        expected: &Carries,
        stream: &Spanned<String>,
        carried: &Carries,
    ) {
        let input = format!("`{}.{}`", self.node.name.value, port.value);
        if expected.message != carried.message {
            let message = format!(
                "{input} takes {}, but `{}` carries {}",
                expected.message, stream.value, carried.message
            );
            let problem = Problem::error("wrong-message", message)
                .at(&stream.place, format!("carries {}", carried.message))
                .help(self.candidates(&expected.message));
            self.problems.push(problem);
        } else if expected.version != carried.version {
            let message =
                format!("{input} takes {expected}, but `{}` carries {carried}", stream.value);
            self.problems.push(
                Problem::error("wrong-version", message)
                    .at(&stream.place, format!("carries version {}", carried.version))
                    .help("build both executables from the same version of the messages"),
            );
        } else if let (Some(own), Some(other)) = (&expected.frames, &carried.frames)
            && own != other
        {
            let message = format!(
                "frames do not meet: {input} takes {} in {}, but `{}` is in {}",
                expected.message,
                frames(own),
                stream.value,
                frames(other)
            );
            self.problems.push(
                Problem::error("frames", message)
                    .at(&stream.place, format!("in {}", frames(other)))
                    .help("put a node between them that brings one frame into the other"),
            );
        }
    }

    /// The outputs of the graph that carry a message.
    fn candidates(&self, message: &str) -> String {
        let mut streams = Vec::new();
        for (node, role) in self.file.nodes.iter().zip(self.roles) {
            for port in role.iter().flat_map(|role| &role.participant.outputs.0) {
                if port.carries.message == message && node.name.value != self.node.name.value {
                    streams.push(format!("{}.{}", node.name.value, port.name));
                }
            }
        }
        if streams.is_empty() {
            format!(
                "no other node of this graph gives {message}; `vesalius list --gives {message}` shows what does"
            )
        } else {
            let list = suggest::list(streams.iter().map(String::as_str));
            format!("{message} comes from {list}")
        }
    }

    fn unconnected(&mut self, ports: &Ports) {
        if self.file.damaged {
            return;
        }
        if !ports.0.is_empty()
            && self.node.inputs.is_empty()
            && ports.0.iter().all(|port| port.optional)
        {
            let message = format!("`{}` hears nothing", self.node.name.value);
            let help = format!(
                "each of its inputs may be left out, but not all at once: connect {}",
                suggest::choice(ports.names())
            );
            let problem = Problem::error("unconnected", message);
            self.problems.push(problem.at(&self.node.name.place, "no input at all").help(help));
        }
        for port in ports.0.iter().filter(|port| !port.optional) {
            let named = |name: &str| {
                // A misspelt port is told as such.
                let meant = || suggest::nearest(name, ports.names()) == Some(port.name.as_str());
                name == port.name || (ports.get(name).is_none() && meant())
            };
            if self.node.inputs.iter().any(|(name, _)| named(&name.value)) {
                continue;
            }
            let message =
                format!("the input `{}` of `{}` is fed by nobody", port.name, self.node.name.value);
            let says = format!("inputs.{} is missing", port.name);
            let problem = Problem::error("unconnected", message)
                .at(&self.node.name.place, says)
                .help(self.candidates(&port.carries.message));
            self.problems.push(problem);
        }
    }

    /// Deadlines and deliveries of inputs that do not exist.
    fn options(&mut self, ports: &Ports) {
        let deadlines = self.node.port_deadlines_ms.iter().map(|(port, _)| port);
        let deliveries = self.node.delivery.iter().map(|(port, _)| port);
        for port in deadlines.chain(deliveries) {
            self.port(ports, port);
        }
    }

    fn runs(&self) -> &str {
        self.node.runs.as_ref().map_or("", |runs| runs.value.as_str())
    }
}

fn frames(names: &[String]) -> String {
    match suggest::list(names.iter().map(String::as_str)) {
        list if list.is_empty() => "no frame".to_owned(),
        list => list,
    }
}
