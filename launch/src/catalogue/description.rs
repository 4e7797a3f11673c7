//! What an executable says about itself when it is asked to `describe`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::plan::ParticipantKind;

/// Everything one executable offers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Description {
    /// Its name without `vesalius-`.
    pub executable: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// What can be named in a graph.
    #[serde(default)]
    pub participants: Vec<Participant>,
    /// What can be run as `vesalius TOOL`.
    #[serde(default)]
    pub tools: Vec<ToolEntry>,
}

/// One node, device, observer or source.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Participant {
    /// Its name.
    pub name: String,
    /// What kind it is.
    pub kind: ParticipantKind,
    /// A line of help.
    #[serde(default)]
    pub help: String,
    /// What it hears.
    #[serde(default)]
    pub inputs: Ports,
    /// What it says.
    #[serde(default)]
    pub outputs: Ports,
    /// JSON Schema of its parameters.
    #[serde(default = "anything")]
    pub parameters: Value,
    /// Whether what it says at one instant never depends on what it hears at that instant, so that
    /// it may close a circle.
    #[serde(default)]
    pub delays: bool,
    /// Whether it answers `examine NAME`.
    #[serde(default)]
    pub examines: bool,
}

/// Ports, in the order in which they are described.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Ports(pub Vec<Port>);

/// One port.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// What it carries.
    pub carries: Carries,
    /// Whether a graph may leave this input unconnected.
    pub optional: bool,
}

/// One port as it is described under its name.
#[derive(Deserialize)]
struct Described {
    #[serde(flatten)]
    carries: Carries,
    #[serde(default)]
    optional: bool,
}

/// The message of a port.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Carries {
    /// Its name.
    pub message: String,
    /// Its version.
    pub version: u32,
    /// Its coordinate frames; none if the executable does not say.
    #[serde(default)]
    pub frames: Option<Vec<String>>,
}

/// An offline tool.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ToolEntry {
    /// The word after `vesalius`.
    pub name: String,
    /// A line of help.
    #[serde(default)]
    pub help: String,
}

fn anything() -> Value {
    Value::Object(Map::new())
}

impl TryFrom<Map<String, Value>> for Ports {
    type Error = serde_json::Error;

    fn try_from(map: Map<String, Value>) -> Result<Self, Self::Error> {
        map.into_iter()
            .map(|(name, value)| {
                let Described { carries, optional } = serde_json::from_value(value)?;
                Ok(Port { name, carries, optional })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Ports {
    /// The message of a port.
    pub fn get(&self, name: &str) -> Option<&Carries> {
        self.0.iter().find(|port| port.name == name).map(|port| &port.carries)
    }

    /// The names of all ports.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|port| port.name.as_str())
    }
}

impl Description {
    /// The participant of a name.
    pub fn participant(&self, name: &str) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.name == name)
    }
}

impl std::fmt::Display for Carries {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} v{}", self.message, self.version)
    }
}
