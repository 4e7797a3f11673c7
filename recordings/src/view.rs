//! Shows messages with Rerun: live in a session, or from a recording.
//!
//! ```text
//! observe: copy ──┬─> queue bounded by bytes ──> thread: Painter ──> procedure.rrd
//!                 └─> queue bounded by bytes ──> thread: Painter ──> a running viewer, if asked for
//! ```
//! Nothing waits for Rerun: what does not fit into a queue is not drawn, and that is told.

mod banner;
mod canvas;
mod colours;
pub mod count;
mod distances;
mod feed;
mod images;
mod landmarks;
mod lanes;
mod layout;
mod mesh;
mod offline;
mod overlay;
mod painter;
mod properties;
mod quad;
mod registration;
mod reslices;
mod scan;
mod scores;
mod segmentation;
mod slices;
mod status;
mod streams;
mod summary;
mod surfaces;
mod tools;
mod vessel_tree;
mod volume;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use messages::Timestamp;
use messages::wire::{Kind, Received};
use runtime::{Assignment, Observed, Observer, log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use canvas::{Canvas, CanvasError, Index};
use feed::Feed;
pub(crate) use layout::is_truth;
pub use offline::{ViewToolError, draw, tool};
pub use painter::{Limits, Painter, Style};

/// The parameters of `recordings/view`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// The address of a running viewer, such as `rerun+http://127.0.0.1:9876/proxy`.
    pub connect: Option<String>,
    /// Starts a viewer, which must be installed (`pip install rerun-sdk`).
    pub spawn: bool,
    /// The tool that everything is drawn relative to; by default the graph's reference.
    pub reference: Option<String>,
    /// How much may wait to be drawn, MiB.
    #[schemars(range(min = 1, max = 65_536))]
    pub queue_mib: usize,
    /// Images in space are drawn at most so wide, pixels.
    #[schemars(range(min = 16, max = 8192))]
    pub texture_px: u32,
    /// Volumes of up to so many MiB are also stored whole.
    #[schemars(range(max = 1024))]
    pub tensor_mib: usize,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            connect: None,
            spawn: false,
            reference: None,
            queue_mib: 128,
            texture_px: 320,
            tensor_mib: 4,
        }
    }
}

impl Parameters {
    /// How things are drawn; `launch` is what the manifest says of the session.
    pub fn style(&self, launch: &serde_json::Value) -> Style {
        let of_graph = [launch.get("reference"), launch.pointer("/plan/reference")];
        let of_graph = of_graph.into_iter().flatten().find_map(serde_json::Value::as_str);
        Style {
            reference: self.reference.clone().or_else(|| of_graph.map(str::to_owned)),
            texture_px: self.texture_px,
            tensor_bytes: self.tensor_mib << 20,
            limits: limits(launch),
            start: None,
        }
    }
}

/// The nodes whose parameters say at which distances alarms begin.
fn limits(launch: &serde_json::Value) -> BTreeMap<String, Limits> {
    let nodes = launch.get("parameters").and_then(serde_json::Value::as_object);
    nodes
        .into_iter()
        .flatten()
        .filter_map(|(node, parameters)| {
            let mm = |name: &str| parameters.get(name).and_then(serde_json::Value::as_f64);
            let limits = Limits { warning_mm: mm("warning_mm")?, danger_mm: mm("danger_mm")? };
            Some((node.clone(), limits))
        })
        .collect()
}

/// The address on which a viewer that we start listens.
const SPAWNED: &str = "rerun+http://127.0.0.1:9876/proxy";

/// How long the rest may take to be written at the end.
const FOR_THE_FILE: Duration = Duration::from_mins(2);
/// How long a viewer may take for the rest at the end.
const FOR_THE_VIEWER: Duration = Duration::from_secs(3);

/// The observer.
pub struct View {
    file: Feed,
    viewer: Option<Feed>,
}

/// Why it cannot show anything.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// There is a file already.
    #[error(
        "{path} is there already and recordings are never overwritten; choose another session folder or move the file"
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be made.
    #[error("cannot create {path}: {source}; is the folder there and writable?")]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be drawn.
    #[error(transparent)]
    Canvas(#[from] CanvasError),
    /// The thread that draws cannot be started, or is gone.
    #[error("the thread that draws cannot be started: {0}")]
    Thread(std::io::Error),
}

/// The file of the observer's incarnation: `procedure.rrd`, then `procedure-2.rrd`, ….
pub fn file_name(incarnation: u32) -> String {
    if incarnation <= 1 {
        "procedure.rrd".to_owned()
    } else {
        format!("procedure-{incarnation}.rrd")
    }
}

/// Starts a viewer that listens on this machine only.
fn spawn() -> Result<(), rerun::SpawnError> {
    let options = rerun::SpawnOptions {
        // By itself it would listen to the whole network.
        extra_args: vec!["--bind".to_owned(), "127.0.0.1".to_owned()],
        hide_welcome_screen: true,
        ..rerun::SpawnOptions::default()
    };
    rerun::spawn(&options).map(|_| ())
}

impl View {
    fn feeds(&mut self) -> impl Iterator<Item = &mut Feed> {
        std::iter::once(&mut self.file).chain(&mut self.viewer)
    }

    /// A failing file ends the observer; a viewer that is gone does not.
    fn look(&mut self) -> Result<(), ViewError> {
        if let Some(error) = self.file.failure() {
            return Err(error.into());
        }
        if let Some(viewer) = &self.viewer
            && viewer.has_failed()
        {
            let reason = viewer.failure().map(|error| error.to_string()).unwrap_or_default();
            log::warn(&format!("the viewer is not drawn to any more: {reason}"));
            self.viewer = None;
        }
        Ok(())
    }
}

impl Observer for View {
    type Parameters = Parameters;
    type Error = ViewError;

    fn open(parameters: Parameters, assignment: &Assignment) -> Result<Self, ViewError> {
        let path = assignment.folder.join(file_name(assignment.incarnation));
        // Rerun would replace what is there.
        std::fs::File::create_new(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => ViewError::Exists { path: path.clone() },
            _ => ViewError::Create { path: path.clone(), source },
        })?;
        let start = assignment.started_at.map(Timestamp);
        let style = Style { start, ..parameters.style(&assignment.manifest) };
        let session = &assignment.session;
        let name = format!("session {session}");
        let capacity = parameters.queue_mib << 20;
        let painter =
            Painter::new(Canvas::file(&path, session, &name, Index::None)?, style.clone())?;
        let file = Feed::start("procedure.rrd", painter, capacity, FOR_THE_FILE)
            .map_err(ViewError::Thread)?;
        let mut address = parameters.connect.clone();
        if parameters.spawn {
            match spawn() {
                Ok(()) => address = address.or_else(|| Some(SPAWNED.to_owned())),
                Err(error) => log::warn(&format!("the viewer cannot be started: {error}")),
            }
        }
        let viewer = match address {
            None => None,
            Some(address) => {
                let painter = Painter::new(Canvas::viewer(&address, session, &name)?, style)?;
                Some(
                    Feed::start("the viewer", painter, capacity, FOR_THE_VIEWER)
                        .map_err(ViewError::Thread)?,
                )
            }
        };
        Ok(Self { file, viewer })
    }

    fn observe(&mut self, observed: Observed) -> Result<(), ViewError> {
        match observed {
            Observed::Message { received, .. }
                if matches!(received.envelope().kind, Kind::Mark | Kind::End) => {}
            Observed::Message { topic, received } => {
                // Shared memory is taken back from a slow reader: a copy is not.
                let copy = Received::parse(Bytes::copy_from_slice(received.bytes()));
                match copy.and_then(|copy| copy.verify().map(|()| copy)) {
                    Ok(copy) => self.feeds().for_each(|feed| feed.draw(topic, &copy)),
                    Err(error) => {
                        let envelope = received.envelope();
                        let text = format!(
                            "message {} of {} is not shown, it was damaged on its way: {error}",
                            envelope.sequence, envelope.stream
                        );
                        log::error(&text);
                        self.feeds()
                            .for_each(|feed| feed.say(painter::node(&envelope.stream), &text));
                    }
                }
            }
            Observed::Lost { stream, first, last, .. } => {
                let text = format!(
                    "messages {first} to {last} of {stream} are not shown: they never arrived"
                );
                self.feeds().for_each(|feed| feed.say(painter::node(&stream), &text));
            }
        }
        self.look()
    }

    fn idle(&mut self) -> Result<Vec<messages::Flushed>, ViewError> {
        self.feeds().for_each(|feed| feed.tell(false));
        self.look()?;
        Ok(Vec::new())
    }

    fn close(self) -> Result<(), ViewError> {
        if let Some(viewer) = self.viewer
            && let Err(error) = viewer.close()
        {
            log::warn(&format!("the viewer may not show all: {error}"));
        }
        Ok(self.file.close()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_says_what_is_relative_to_what_and_when_alarms_begin() {
        let launch = serde_json::json!({
            "plan": { "reference": "sternum" },
            "parameters": {
                "navigate": { "warning_mm": 8.0, "danger_mm": 3 },
                "locate": { "max_pose_gap_ms": 40 },
                "half": { "warning_mm": 8.0 },
            },
        });
        let style = Parameters::default().style(&launch);
        assert_eq!(style.reference.as_deref(), Some("sternum"));
        let limits = Limits { warning_mm: 8.0, danger_mm: 3.0 };
        assert_eq!(style.limits, BTreeMap::from([("navigate".to_owned(), limits)]));
        let asked = Parameters { reference: Some("pelvis".to_owned()), ..Parameters::default() };
        assert_eq!(asked.style(&launch).reference.as_deref(), Some("pelvis"));
        assert!(Parameters::default().style(&serde_json::Value::Null).limits.is_empty());
    }
}
