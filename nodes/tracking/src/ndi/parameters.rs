//! What a graph file says of the tracker and its tools.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use formats::ndi::{Rom, RomError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::address::{Address, WrongAddress};
use super::tool::{Identity, ToolPlan};

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Where the tracker is: `tcp://HOST:8765` or `serial:///dev/ttyUSB0?baud=115200`.
    #[schemars(extend("format" = "tracker-address"))]
    pub address: String,
    /// The tools, each with a name of its own.
    #[schemars(length(min = 1))]
    pub tools: Vec<ToolParameters>,
    /// How often to ask for poses, at most; without it, as often as the tracker measures.
    #[schemars(range(min = 1, max = 1000))]
    pub rate_hz: Option<f64>,
    /// How to ask for poses; by default with the best command that the tracker knows.
    #[serde(default)]
    pub command: CommandChoice,
    /// How long to wait for the tracker at the start before giving up, milliseconds. Once found it is never given up.
    #[serde(default = "connect_for_ms")]
    #[schemars(default = "connect_for_ms", range(min = 100, max = 600_000))]
    pub connect_for_ms: u64,
    /// A tracker that does not answer for this long is lost, milliseconds.
    #[serde(default = "reply_timeout_ms")]
    #[schemars(default = "reply_timeout_ms", range(min = 20, max = 10_000))]
    pub reply_timeout_ms: u64,
    /// How long before the quickest of its poses arrives here a tool was seen, milliseconds: as measured, or as the tracker's
    /// maker says.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000))]
    pub latency_ms: f64,
    /// How many frames the tracker counts in a second; without it that is learnt in its first seconds. Only for one that
    /// neither gives the times of its frames (BX2) nor counts a whole number of them.
    #[schemars(range(min = 1, max = 1000))]
    pub frame_hz: Option<f64>,
}

/// One tool: with a definition file, or plugged in and known by what it says of itself.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolParameters {
    /// Its name in this graph, such as `probe`.
    pub name: String,
    /// Its definition file (`.rom`), for a tool without a cable.
    #[schemars(extend("format" = "input-file"))]
    pub rom: Option<PathBuf>,
    /// Serial number of a tool with a cable, 8 hexadecimal digits.
    pub serial: Option<String>,
    /// Part number of a tool with a cable.
    pub part_number: Option<String>,
    /// The port into which a tool is plugged, 1 to 99.
    #[schemars(range(min = 1, max = 99))]
    pub port: Option<u8>,
    /// Which sensor of a tool with two, 0 or 1.
    #[schemars(range(min = 0, max = 1))]
    pub channel: Option<u8>,
    /// Whether it hardly moves, such as a reference.
    #[serde(default)]
    pub is_static: bool,
}

/// How to ask for poses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandChoice {
    /// With the best that the tracker's revision of the protocol has.
    #[default]
    Auto,
    /// BX2: only what is new.
    Bx2,
    /// BX.
    Bx,
    /// TX: text, for the oldest trackers.
    Tx,
}

fn connect_for_ms() -> u64 {
    10_000
}

fn reply_timeout_ms() -> u64 {
    500
}

/// Parameters that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum WrongParameters {
    /// Of the address.
    #[error(transparent)]
    Address(#[from] WrongAddress),
    /// A number out of its range.
    #[error("`{name}` should be from {least} to {most}, but is {came}")]
    Range {
        /// Its name.
        name: &'static str,
        /// The least.
        least: f64,
        /// The most.
        most: f64,
        /// What it is.
        came: f64,
    },
    /// None, without a name, or two of one name.
    #[error("{0}")]
    Tools(String),
    /// Neither a file nor a plug, or both.
    #[error(
        "the tool `{0}` should have either `rom` (its definition file), or what it is known by when plugged in: `serial`, `part_number`, `port` with `channel`"
    )]
    Kind(String),
    /// The definition file cannot be read.
    #[error("the definition of the tool `{name}`, {}, cannot be read: {error}", .path.display())]
    Unreadable {
        /// The tool.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The definition file is none.
    #[error("the definition of the tool `{name}`, {}, does not fit: {error}", .path.display())]
    Rom {
        /// The tool.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        error: RomError,
    },
}

/// What the driver works with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where the tracker is.
    pub address: Address,
    /// The tools, in the order of the graph.
    pub tools: Vec<ToolPlan>,
    /// Least time between two questions for poses.
    pub interval: Duration,
    /// How to ask.
    pub command: CommandChoice,
    /// Patience at the start.
    pub connect_for: Duration,
    /// Patience with each answer.
    pub reply_timeout: Duration,
    /// Age of a pose on its arrival.
    pub latency: Duration,
    /// How many frames are counted in a second, if that is known.
    pub frame_hz: Option<f64>,
}

/// So long tools may be without a new frame, and twice the pause between questions.
const QUIET: Duration = Duration::from_millis(100);

impl Setup {
    /// Tools of which the tracker gives no new frame for so long are hidden.
    pub fn quiet(&self) -> Duration {
        QUIET + 2 * self.interval
    }
}

fn within(name: &'static str, came: f64, least: f64, most: f64) -> Result<f64, WrongParameters> {
    if (least..=most).contains(&came) {
        return Ok(came);
    }
    Err(WrongParameters::Range { name, least, most, came })
}

impl Parameters {
    /// Checked, with the definition files read.
    ///
    /// # Errors
    /// If a parameter cannot be, or a definition file does not fit.
    pub fn setup(&self) -> Result<Setup, WrongParameters> {
        let address = self.address.parse()?;
        let mut names = BTreeSet::new();
        for tool in &self.tools {
            if tool.name.is_empty() || !names.insert(&tool.name) {
                let text = format!(
                    "each tool needs a name of its own, but `{}` is empty or twice there",
                    tool.name
                );
                return Err(WrongParameters::Tools(text));
            }
        }
        if names.is_empty() {
            let text = "name at least one of the `tools` that are to be tracked".to_owned();
            return Err(WrongParameters::Tools(text));
        }
        let tools = self.tools.iter().map(ToolParameters::plan).collect::<Result<_, _>>()?;
        let rate = self.rate_hz.map(|rate| within("rate_hz", rate, 1.0, 1000.0)).transpose()?;
        let connect_for_ms = within("connect_for_ms", self.connect_for_ms as f64, 100.0, 6e5)?;
        let timeout_ms = within("reply_timeout_ms", self.reply_timeout_ms as f64, 20.0, 1e4)?;
        let latency_ms = within("latency_ms", self.latency_ms, 0.0, 1000.0)?;
        let frame_hz =
            self.frame_hz.map(|rate| within("frame_hz", rate, 1.0, 1000.0)).transpose()?;
        let milliseconds = |number: f64| Duration::from_secs_f64(number / 1000.0);
        Ok(Setup {
            address,
            tools,
            interval: rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate)),
            command: self.command,
            connect_for: milliseconds(connect_for_ms),
            reply_timeout: milliseconds(timeout_ms),
            latency: milliseconds(latency_ms),
            frame_hz,
        })
    }
}

impl ToolParameters {
    /// Checked, with the definition file read.
    ///
    /// # Errors
    /// If it is neither of a file nor plugged in, or the file does not fit.
    pub fn plan(&self) -> Result<ToolPlan, WrongParameters> {
        let is_plugged = self.serial.is_some() || self.part_number.is_some() || self.port.is_some();
        let identity = match &self.rom {
            Some(path) if !is_plugged && self.channel.is_none() => {
                let name = self.name.clone();
                let bytes = std::fs::read(path).map_err(|error| WrongParameters::Unreadable {
                    name: name.clone(),
                    path: path.clone(),
                    error,
                })?;
                Rom::read(&bytes).map_err(|error| WrongParameters::Rom {
                    name,
                    path: path.clone(),
                    error,
                })?;
                Identity::Rom { label: path.display().to_string(), bytes }
            }
            None if is_plugged => {
                let serial = self.serial.as_deref().map(|text| u32::from_str_radix(text, 16));
                let serial = serial.transpose().map_err(|_| {
                    let text = format!(
                        "the serial number of the tool `{}` should be 8 hexadecimal digits",
                        self.name
                    );
                    WrongParameters::Tools(text)
                })?;
                Identity::Wired {
                    serial,
                    part_number: self.part_number.clone(),
                    port: self.port,
                    channel: self.channel,
                }
            }
            _ => return Err(WrongParameters::Kind(self.name.clone())),
        };
        Ok(ToolPlan { name: self.name.clone(), identity, is_static: self.is_static })
    }
}
