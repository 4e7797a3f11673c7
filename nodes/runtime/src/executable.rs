//! One executable with its participants: `describe`, `node NAME`, `examine NAME`, and its offline tools.

use std::io::Write as _;
use std::process::ExitCode;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::assignment::Assignment;
use crate::device::Device;
use crate::examination::{self, Examination};
use crate::host::{HostError, Source, run_device, run_node, run_observer, run_source};
use crate::log;
use crate::node::Node;
use crate::observer::Observer;
use crate::ports::{Port, Ports};

/// An offline tool that `vesalius NAME …` finds and runs.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// The word after `vesalius`.
    pub name: &'static str,
    /// A line of help.
    pub help: &'static str,
    /// Runs it with the arguments after its name.
    pub run: fn(&[String]) -> ExitCode,
}

struct Participant {
    name: &'static str,
    description: Value,
    run: fn(Assignment) -> Result<(), HostError>,
    examine: Option<Examination>,
}

/// What one executable offers; an executable's `main` builds it and calls [`main`](Self::main).
pub struct Executable {
    name: &'static str,
    participants: Vec<Participant>,
    tools: Vec<Tool>,
}

fn parameters<P: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<P>().to_value()
}

fn ports(ports: &[Port]) -> Value {
    ports
        .iter()
        .map(|port| {
            let schema = port.schema;
            let mut described =
                json!({"message": schema.name, "version": schema.version, "frames": schema.frames});
            if port.optional {
                described["optional"] = true.into();
            }
            (port.name.to_owned(), described)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

impl Executable {
    /// The executable `vesalius-NAME`.
    pub fn new(name: &'static str) -> Self {
        Self { name, participants: Vec::new(), tools: Vec::new() }
    }

    fn add(
        mut self,
        kind: &str,
        name: &'static str,
        help: &'static str,
        (inputs, outputs): (&[Port], &[Port]),
        parameters: &Value,
        run: fn(Assignment) -> Result<(), HostError>,
    ) -> Self {
        let description = json!({
            "name": name, "kind": kind, "help": help,
            "inputs": ports(inputs), "outputs": ports(outputs), "parameters": parameters,
        });
        self.participants.push(Participant { name, description, run, examine: None });
        self
    }

    /// The participant that was added last can be examined.
    fn examined(mut self, examine: Examination) -> Self {
        if let Some(participant) = self.participants.last_mut() {
            participant.description["examines"] = true.into();
            participant.examine = Some(examine);
        }
        self
    }

    /// Offers a node.
    #[must_use]
    pub fn node<N: Node>(self, name: &'static str, help: &'static str) -> Self {
        let ports = (N::Input::PORTS, N::Output::PORTS);
        self.add("node", name, help, ports, &parameters::<N::Parameters>(), run_node::<N>)
            .examined(examination::of_node::<N>)
    }

    /// Offers a device.
    #[must_use]
    pub fn device<D: Device>(self, name: &'static str, help: &'static str) -> Self {
        self.add(
            "device",
            name,
            help,
            (&[], D::Output::PORTS),
            &parameters::<D::Parameters>(),
            run_device::<D>,
        )
        .examined(examination::of_device::<D>)
    }

    /// Offers an observer.
    #[must_use]
    pub fn observer<O: Observer>(self, name: &'static str, help: &'static str) -> Self {
        self.add(
            "observer",
            name,
            help,
            (&[], &[]),
            &parameters::<O::Parameters>(),
            run_observer::<O>,
        )
    }

    /// Offers a source of recorded streams.
    #[must_use]
    pub fn source<S: Source>(self, name: &'static str, help: &'static str) -> Self {
        self.add("source", name, help, (&[], &[]), &parameters::<S::Parameters>(), run_source::<S>)
    }

    /// Offers an offline tool.
    #[must_use]
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.push(tool);
        self
    }

    /// All that is offered, as JSON.
    pub fn describe(&self) -> Value {
        json!({
            "executable": self.name,
            "version": env!("CARGO_PKG_VERSION"),
            "participants": self.participants.iter().map(|participant| &participant.description).collect::<Vec<_>>(),
            "tools": self.tools.iter().map(|tool| json!({"name": tool.name, "help": tool.help})).collect::<Vec<_>>(),
        })
    }

    /// Does what the command line says.
    pub fn main(self) -> ExitCode {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        match arguments.first().map(String::as_str) {
            Some("describe") => {
                print(&format!("{:#}\n", self.describe()));
                ExitCode::SUCCESS
            }
            Some("node") => self.run_participant(arguments.get(1).map_or("", String::as_str)),
            Some("examine") => self.examine(arguments.get(1).map_or("", String::as_str)),
            Some(word) => {
                if let Some(tool) = self.tools.iter().find(|tool| tool.name == word) {
                    return (tool.run)(&arguments[1..]);
                }
                self.usage();
                if matches!(word, "--help" | "-h" | "help") {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::from(2)
                }
            }
            None => {
                self.usage();
                ExitCode::from(2)
            }
        }
    }

    fn participant(&self, name: &str) -> Result<&Participant, ExitCode> {
        let found = self.participants.iter().find(|participant| participant.name == name);
        found.ok_or_else(|| {
            log::error(&format!(
                "vesalius-{} offers no `{name}`; `vesalius-{} describe` lists what it does",
                self.name, self.name
            ));
            ExitCode::from(2)
        })
    }

    /// Examines one with the parameters on standard input; prints a line of JSON for each finding.
    fn examine(&self, name: &str) -> ExitCode {
        let examine = match self.participant(name).map(|participant| participant.examine) {
            Ok(Some(examine)) => examine,
            Ok(None) => {
                log::error(&format!("`{name}` of vesalius-{} cannot be examined", self.name));
                return ExitCode::from(2);
            }
            Err(code) => return code,
        };
        match examination::run(examine, std::io::stdin().lock()) {
            Ok(lines) => {
                print(&lines);
                ExitCode::SUCCESS
            }
            Err(reason) => {
                log::error(&reason);
                ExitCode::FAILURE
            }
        }
    }

    fn run_participant(&self, name: &str) -> ExitCode {
        let participant = match self.participant(name) {
            Ok(participant) => participant,
            Err(code) => return code,
        };
        match Assignment::from_environment().map_err(HostError::from).and_then(participant.run) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                log::error(&error.to_string());
                ExitCode::FAILURE
            }
        }
    }

    fn usage(&self) {
        use std::fmt::Write as _;

        let name = self.name;
        let mut text = format!(
            "vesalius-{name}: nodes and tools of Vesalius; usually started by `vesalius`\n\n  describe         what it offers, as JSON\n  node NAME        runs one as the assignment in the environment says\n"
        );
        for tool in &self.tools {
            let _ = writeln!(text, "  {:<16} {}", tool.name, tool.help);
        }
        print(&text);
    }
}

/// Prints to standard output; a reader that has gone, such as `head`, is no error.
fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
