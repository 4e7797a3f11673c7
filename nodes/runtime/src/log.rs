//! Log lines, one JSON object each, on standard error: `launch` merges those of all nodes in time order.

use std::io::Write as _;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::clock;

/// How serious a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For developers.
    Debug,
    /// Something a person may want to know.
    Info,
    /// Something that is not as it should be, but nothing is lost.
    Warn,
    /// Something failed or was lost.
    Error,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Nanoseconds since the Unix epoch, on the wall clock.
    pub at_unix_ns: i64,
    /// How serious.
    pub level: Level,
    /// The node that writes.
    pub node: String,
    /// What it says.
    pub text: String,
}

static NODE: OnceLock<String> = OnceLock::new();

/// Says which node writes from now on; only the first call counts.
pub fn set_node(name: &str) {
    let _ = NODE.set(name.to_owned());
}

/// Writes one line; a full or closed log is no reason to stop.
pub fn write(level: Level, text: &str) {
    let node = NODE.get().map_or("vesalius", String::as_str).to_owned();
    let line = Line { at_unix_ns: clock::wall_clock_ns(), level, node, text: text.to_owned() };
    if let Ok(mut json) = serde_json::to_vec(&line) {
        json.push(b'\n');
        let _ = std::io::stderr().lock().write_all(&json);
    }
}

/// Something a person may want to know.
pub fn info(text: &str) {
    write(Level::Info, text);
}

/// Something that is not as it should be.
pub fn warn(text: &str) {
    write(Level::Warn, text);
}

/// Something failed or was lost.
pub fn error(text: &str) {
    write(Level::Error, text);
}
