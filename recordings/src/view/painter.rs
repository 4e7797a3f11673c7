//! Draws every message at its place, whatever it is.
//!
//! | entity | holds |
//! | --- | --- |
//! | `streams/NODE/PORT` | one row for each message: kind, detail, incarnation, bytes |
//! | `images/NODE/PORT` | images, labels and outlines, flat |
//! | `patient/NODE/PORT` | what has a place in space, millimetres in the patient's frame |
//! | `preoperative/NODE/PORT` | the same in the frame of the preoperative image; slices of volumes |
//! | `registration/NODE/PORT/…` | how well the preoperative map fits |
//! | `distances/NODE/PORT/TOOL/STRUCTURE` | how far a tool is from what is near, millimetres |
//! | `alarms/NODE/PORT/…` | what may guide, and the worst alarm of each tool, as strips below the curves |
//! | `states/…` | what may guide, alarms, registrations and health, each a lane |
//! | `banner`, `summary` | what matters now, in large letters and in words |
//! | `scores/NODE/PORT` | how good it is against known truth |
//! | `volumes/NODE/PORT` | small volumes, whole |
//! | `latency/…`, `load/…` | milliseconds; processor and memory |
//! | `log/NODE` | events, health, what was hidden, blanked or lost, in words |

use std::collections::{BTreeMap, HashMap, HashSet};

use messages::wire::{Kind, Received, Validity, WireError};
use messages::{
    Event, Frame, Health, JournalEntry, NodeStatus, Patient, Preoperative, Registration, Timestamp,
};
use rerun::external::arrow::array::{UInt32Array, UInt64Array};
use runtime::Topic;

use super::canvas::{Canvas, CanvasError, part, place};
use super::distances::Watch;
use super::landmarks::Planned;
use super::lanes::{Grade, Lanes};
use super::layout::{self, Carried};
use super::overlay::Overlays;
use super::properties::Eye;
use super::reslices::Reslices;
use super::segmentation::Vessels;
use super::summary::Summary;
use super::surfaces::Shown;
use super::tools::Paths;
use super::vessel_tree::{Strip, frame};

/// How things are drawn.
#[derive(Clone, Debug)]
pub struct Style {
    /// The tool that everything is relative to.
    pub reference: Option<String>,
    /// Images in space are at most so wide, pixels.
    pub texture_px: u32,
    /// Volumes of up to this many bytes are also stored whole.
    pub tensor_bytes: usize,
    /// The distances at which alarms begin, by node, where the session says them.
    pub limits: BTreeMap<String, Limits>,
    /// When the session started, if that is known: what the timeline `session_time` counts from.
    pub start: Option<Timestamp>,
}

/// The distances at which alarms begin, millimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Look.
    pub warning_mm: f64,
    /// Stop.
    pub danger_mm: f64,
}

/// Draws every message.
pub struct Painter {
    pub(super) canvas: Canvas,
    pub(super) style: Style,
    /// What each stream carries, as far as it was seen.
    kinds: BTreeMap<String, Carried>,
    /// What the layout was made for.
    laid_out: Option<(BTreeMap<String, Carried>, Option<Eye>)>,
    /// Looks at what was registered first.
    pub(super) eye: Option<Eye>,
    /// Looks at the volume, as long as nothing is registered.
    pub(super) volume_eye: Option<Eye>,
    pub(super) vessels: HashMap<String, Vessels>,
    pub(super) paths: HashMap<String, Paths>,
    pub(super) cpu: HashMap<String, (u64, u64)>,
    /// The last vessel tree of the preoperative image, and its stream.
    pub(super) preoperative: Option<(String, Vec<Strip>)>,
    /// The last registration of each stream.
    pub(super) registrations: HashMap<String, Registration>,
    pub(super) shown: Shown,
    pub(super) reslices: Reslices,
    pub(super) planned: Planned,
    /// The registrations that landmarks are drawn by.
    pub(super) moved_landmarks: HashSet<String>,
    pub(super) watches: HashMap<String, Watch>,
    /// The curves that have a name and a colour.
    pub(super) named_curves: HashSet<String>,
    /// The colours of the strips below the curves.
    pub(super) strips: HashMap<String, Grade>,
    pub(super) overlays: Overlays,
    /// The mean edge of a pixel of the live image that was placed last, millimetres.
    pub(super) mm_per_px: Option<f64>,
    pub(super) lanes: Lanes,
    pub(super) summary: Summary,
}

impl Painter {
    /// Draws on `canvas`.
    ///
    /// # Errors
    /// If Rerun refuses it.
    pub fn new(canvas: Canvas, style: Style) -> Result<Self, CanvasError> {
        // LPS.
        for frame in [Patient::NAME, Preoperative::NAME] {
            canvas.draw_always(frame, &rerun::ViewCoordinates::LBU())?;
        }
        Ok(Self {
            canvas,
            style,
            kinds: BTreeMap::new(),
            laid_out: None,
            eye: None,
            volume_eye: None,
            vessels: HashMap::new(),
            paths: HashMap::new(),
            cpu: HashMap::new(),
            preoperative: None,
            registrations: HashMap::new(),
            shown: Shown::default(),
            reslices: Reslices::default(),
            planned: Planned::new(),
            moved_landmarks: HashSet::new(),
            watches: HashMap::new(),
            named_curves: HashSet::new(),
            strips: HashMap::new(),
            overlays: Overlays::new(),
            mm_per_px: None,
            lanes: Lanes::new(),
            summary: Summary::default(),
        })
    }

    /// Draws one message.
    ///
    /// # Errors
    /// If Rerun refuses it, or does not write what it took. A message that cannot be read is told in
    /// words.
    pub fn paint(&mut self, topic: Topic, received: &Received) -> Result<(), CanvasError> {
        let envelope = received.envelope();
        if matches!(envelope.kind, Kind::Mark | Kind::End) {
            return Ok(());
        }
        self.canvas.at(envelope, self.style.start);
        if topic == Topic::Stream && !self.kinds.contains_key(&envelope.stream) {
            let frame = frame(received).unwrap_or_default().to_owned();
            let carried = Carried { schema: envelope.schema.clone(), frame };
            self.kinds.insert(envelope.stream.clone(), carried);
            self.lay_out()?;
        }
        let detail = match &envelope.validity {
            Validity::Valid => String::new(),
            Validity::Stale { reason } => reason.clone(),
        };
        let painted = if envelope.kind == Kind::Blank {
            self.blank(received, &detail)?;
            Ok(None)
        } else {
            match topic {
                Topic::Stream => self.stream(received)?,
                Topic::Health => self.health(received)?,
                Topic::Event => self.event(received)?,
                Topic::Journal => journal(received),
                Topic::Status => self.status(received)?,
            }
        };
        let said = match painted {
            Ok(None) => detail,
            Ok(Some(said)) if detail.is_empty() => said,
            Ok(Some(said)) => format!("{said}; stale: {detail}"),
            Err(error) => {
                let text = format!("message {} of {}: {error}", envelope.sequence, envelope.stream);
                self.say(node(&envelope.stream), rerun::TextLogLevel::ERROR, &text)?;
                error.to_string()
            }
        };
        self.summarise(envelope.published_at)?;
        self.row(topic, received, &said)
    }

    /// One row for each message: what the counts of a recording are compared with.
    fn row(&mut self, topic: Topic, received: &Received, detail: &str) -> Result<(), CanvasError> {
        let envelope = received.envelope();
        let kind = match (envelope.kind, &envelope.validity) {
            (Kind::Blank, _) => "blank",
            (_, Validity::Stale { .. }) => "stale",
            (_, Validity::Valid) => "message",
        };
        let row = rerun::DynamicArchetype::new("Message")
            .with_component::<rerun::components::Text>("kind", [kind])
            .with_component::<rerun::components::Text>("detail", [detail])
            .with_component_from_data(
                "incarnation",
                std::sync::Arc::new(UInt32Array::from(vec![envelope.incarnation])),
            )
            .with_component_from_data(
                "bytes",
                std::sync::Arc::new(UInt64Array::from(vec![received.bytes().len() as u64])),
            );
        let place = place(&envelope.stream);
        self.canvas.draw(&format!("streams/{place}"), &row, detail.len())?;
        if topic == Topic::Stream && envelope.kind == Kind::Message {
            let age = envelope.published_at.since(envelope.acquired_at).as_secs_f64() * 1e3;
            self.scalar(&format!("latency/{place}"), age)?;
        }
        Ok(())
    }

    fn health(&mut self, received: &Received) -> Result<Painted, CanvasError> {
        let health = match received.decode::<Health>() {
            Ok(health) => health.value,
            Err(error) => return Ok(Err(error)),
        };
        let node = node(&received.envelope().stream);
        let (level, state, text) = match &health {
            Health::Healthy => (rerun::TextLogLevel::INFO, "healthy", "healthy".to_owned()),
            Health::Degraded { reason } => {
                (rerun::TextLogLevel::WARN, "not healthy", format!("degraded: {reason}"))
            }
        };
        self.say(node, level, &text)?;
        self.state(&format!("health/{}", part(node)), state)?;
        let reason = (health != Health::Healthy).then_some(text.as_str());
        self.summary.health(node, reason);
        Ok(Ok(Some(text)))
    }

    fn event(&mut self, received: &Received) -> Result<Painted, CanvasError> {
        let event = match received.decode::<Event>() {
            Ok(event) => event.value,
            Err(error) => return Ok(Err(error)),
        };
        let level = if event.kind.is_failure() {
            rerun::TextLogLevel::ERROR
        } else {
            rerun::TextLogLevel::INFO
        };
        self.say(&event.node, level, &event.text)?;
        Ok(Ok(Some(event.text)))
    }

    fn status(&mut self, received: &Received) -> Result<Painted, CanvasError> {
        match received.decode::<NodeStatus>() {
            Ok(status) => {
                self.node_status(node(&received.envelope().stream), &status.value)?;
                Ok(Ok(None))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    pub(super) fn scalar(&mut self, entity: &str, value: f64) -> Result<(), CanvasError> {
        self.canvas.draw(entity, &rerun::Scalars::single(value), 8)
    }

    /// Writes a line into the log of a node, which it begins with.
    ///
    /// # Errors
    /// As [`paint`](Self::paint).
    pub fn say(&mut self, node: &str, level: &str, text: &str) -> Result<(), CanvasError> {
        let line = rerun::TextLog::new(format!("{node}: {text}")).with_level(level);
        self.canvas.draw(&format!("log/{node}"), &line, text.len())
    }

    /// Stores the layout anew when there is something new to show.
    pub(super) fn lay_out(&mut self) -> Result<(), CanvasError> {
        let looks = self.eye.or(self.volume_eye);
        let is_same = |(kinds, eye): &(_, _)| *kinds == self.kinds && *eye == looks;
        if !self.laid_out.as_ref().is_some_and(is_same) {
            let is_timed = self.style.start.is_some();
            self.canvas.lay_out(&layout::layout(&self.kinds, looks, is_timed))?;
            self.laid_out = Some((self.kinds.clone(), looks));
        }
        Ok(())
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// If it is not.
    pub fn flush(&mut self) -> Result<(), CanvasError> {
        self.canvas.flush()
    }
}

/// A message that was drawn, with what is to be said of it; or why it could not be read.
pub type Painted = Result<Option<String>, WireError>;

fn journal(received: &Received) -> Painted {
    let entry = received.decode::<JournalEntry>()?.value;
    Ok(Some(match entry.taken {
        messages::Taken::Input { port, incarnation, sequence } if incarnation > 1 => {
            format!("{port} {sequence} of incarnation {incarnation}")
        }
        messages::Taken::Input { port, sequence, .. } => format!("{port} {sequence}"),
        messages::Taken::Deadline { port } => format!("the deadline of {port}"),
        messages::Taken::Started { .. } => "started".to_owned(),
        messages::Taken::Finished => "finished".to_owned(),
        messages::Taken::Configured { parameters } => format!("configured {parameters}"),
    }))
}

/// The node of a stream `node.port`.
pub fn node(stream: &str) -> &str {
    stream.split('.').next().unwrap_or(stream)
}
