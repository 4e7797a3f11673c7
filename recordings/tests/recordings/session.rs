//! A small session: what its processes would have said, and the recorder that hears it.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use messages::wire::{self, Kind, Origin, Received, Validity};
use messages::{
    Affine, Event, EventKind, Health, JournalEntry, LocatedImage, Message, ModelIdentity,
    NodeStatus, Placement, Pose, Schema, SegmentedImage, Taken, Timestamp, ToolPoses, TrackedTool,
    Transform, UltrasoundImage, Volume,
};
use nalgebra::{Isometry3, Matrix3x4, Vector3};
use recordings::compare::Tolerance;
use recordings::record::{Parameters, Record};
use runtime::{Assignment, Observed, Observer, Topic};

/// When the session starts.
pub const START: i64 = 1_700_000_000_000_000_000;
const MS: i64 = 1_000_000;

/// One heard message.
pub type Heard = (Topic, Bytes);

/// Says things on one stream, counting up.
pub struct Voice {
    topic: Topic,
    origin: Origin,
    schema: Schema,
    pub next: u64,
}

impl Voice {
    pub fn new<T: Message>(topic: Topic, stream: &str) -> Self {
        let origin =
            Origin { session: "0badcafe".to_owned(), stream: stream.to_owned(), incarnation: 1 };
        Self { topic, origin, schema: Schema::of::<T>(), next: 0 }
    }

    pub fn say_as<T: Message>(
        &mut self,
        acquired: i64,
        published: i64,
        validity: &Validity,
        value: &T,
    ) -> Heard {
        let (acquired, published) = (Timestamp(acquired), Timestamp(published));
        let message = wire::message(&self.origin, self.next, acquired, published, validity, value);
        self.next += 1;
        (self.topic, message.unwrap().to_vec().unwrap().into())
    }

    pub fn say<T: Message>(&mut self, acquired: i64, published: i64, value: &T) -> Heard {
        self.say_as(acquired, published, &Validity::Valid, value)
    }

    fn control(&self, kind: Kind, at: i64, reason: Option<&str>) -> Heard {
        let bytes = wire::control(
            &self.origin,
            self.schema,
            kind,
            self.next,
            (Timestamp(at), Timestamp(at)),
            reason,
        );
        (self.topic, bytes.unwrap().into())
    }

    pub fn blank(&mut self, at: i64, reason: &str) -> Heard {
        let heard = self.control(Kind::Blank, at, Some(reason));
        self.next += 1;
        heard
    }

    pub fn mark(&self, at: i64) -> Heard {
        self.control(Kind::Mark, at, None)
    }

    pub fn end(&self, at: i64) -> Heard {
        self.control(Kind::End, at, None)
    }
}

pub fn speckle(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 56) as u8
        })
        .collect()
}

pub fn image(seed: u64, width: u32, height: u32) -> UltrasoundImage {
    UltrasoundImage::new(width, height, speckle(seed, (width * height) as usize)).unwrap()
}

pub fn poses(step: usize, hidden: bool) -> ToolPoses {
    let at = |x: f64| {
        let isometry =
            Isometry3::new(Vector3::new(x, 20.0, 30.0), Vector3::new(0.0, 0.1, x * 0.01));
        Pose::Visible { to_from_tool: Transform::from_isometry(isometry), error_mm: Some(0.3) }
    };
    let probe =
        if hidden { Pose::Hidden { reason: "out of volume".to_owned() } } else { at(step as f64) };
    let tool = |name: &str, pose| TrackedTool { name: name.to_owned(), pose };
    ToolPoses { tools: vec![tool("probe", probe), tool("patient", at(-100.0))] }
}

fn placement(step: usize, placed: bool) -> Placement {
    if !placed {
        return Placement::Unplaced { reason: "the probe is hidden".to_owned() };
    }
    let rows = Matrix3x4::new(0.5, 0.0, 0.0, step as f64, 0.0, 0.5, 0.0, 2.0, 0.0, 0.0, 1.0, 3.0);
    let patient_from_image = Affine::from_rows(rows).unwrap();
    Placement::Placed { patient_from_image, error_mm: Some(0.5), pose_gap_ns: 7 }
}

/// What a session of `steps` images says: images, poses, places, labels, volumes, health, journals,
/// events and status, with some blanks and hidden tools, in the order of arrival; ends included.
pub fn script(steps: usize, [width, height]: [u32; 2]) -> Vec<Heard> {
    let mut heard = Vec::new();
    let mut us = Voice::new::<UltrasoundImage>(Topic::Stream, "us.image");
    let mut tracker = Voice::new::<ToolPoses>(Topic::Stream, "tracker.poses");
    let mut locate = Voice::new::<LocatedImage>(Topic::Stream, "locate.image");
    let mut segment = Voice::new::<SegmentedImage>(Topic::Stream, "segment.labels");
    let mut volume = Voice::new::<Volume>(Topic::Stream, "reconstruct.volume");
    let mut health = Voice::new::<Health>(Topic::Health, "locate.health");
    let mut journal = Voice::new::<JournalEntry>(Topic::Journal, "locate.journal");
    let mut event = Voice::new::<Event>(Topic::Event, "launch.event");
    let mut status = Voice::new::<NodeStatus>(Topic::Status, "locate.status");

    heard.push(us.mark(i64::MIN));
    let said = Event { node: "us".to_owned(), kind: EventKind::Ready, text: "us runs".to_owned() };
    heard.push(event.say(START - MS, START - MS, &said));
    heard.push(health.say(START, START, &Health::Healthy));
    let started = Taken::Started { parameters: "{}".to_owned() };
    heard.push(journal.say(
        START,
        START,
        &JournalEntry { taken_at: Timestamp(START), taken: started },
    ));
    for step in 0..steps {
        let at = START + step as i64 * 50 * MS;
        let hidden = step % 7 == 3;
        heard.push(tracker.say(at - 2 * MS, at, &poses(step, hidden)));
        let picture = image(step as u64, width, height);
        heard.push(us.say(at - 5 * MS, at + MS, &picture));
        let taken =
            Taken::Input { port: "image".to_owned(), incarnation: 1, sequence: step as u64 };
        let entry = JournalEntry { taken_at: Timestamp(at + 2 * MS), taken };
        heard.push(journal.say(at + 2 * MS, at + 2 * MS, &entry));
        let located = LocatedImage { image: picture, placement: placement(step, !hidden) };
        let stale = Validity::Stale { reason: "no pose within 40 ms".to_owned() };
        let validity = if hidden { &stale } else { &Validity::Valid };
        heard.push(locate.say_as(at - 5 * MS, at + 3 * MS, validity, &located));
        if hidden {
            heard.push(segment.blank(at + 4 * MS, "no placed image"));
            let reason = "the probe is hidden".to_owned();
            heard.push(health.say(at + 4 * MS, at + 4 * MS, &Health::Degraded { reason }));
        } else {
            heard.push(segment.say(at - 5 * MS, at + 4 * MS, &labels(step, width, height)));
        }
        if step % 5 == 4 {
            heard.push(volume.say(at - 5 * MS, at + 6 * MS, &small_volume(step)));
        }
        let counted = NodeStatus { uptime_ns: step as u64, ..NodeStatus::default() };
        heard.push(status.say(at, at, &counted));
    }
    let last = START + steps as i64 * 50 * MS;
    let said =
        Event { node: "us".to_owned(), kind: EventKind::Ended, text: "us has ended".to_owned() };
    heard.push(event.say(last, last, &said));
    for voice in [&us, &tracker, &locate, &segment, &volume, &health, &journal] {
        heard.push(voice.end(last));
    }
    heard
}

pub fn labels(step: usize, width: u32, height: u32) -> SegmentedImage {
    let inside = |i: u32| {
        let (x, y) = (f64::from(i % width), f64::from(i / width));
        let (dx, dy) = (x - f64::from(width) / 2.0, y - f64::from(height) / 2.0);
        dx * dx + dy * dy < f64::from(width) * 2.0 + step as f64
    };
    SegmentedImage {
        width_px: width,
        height_px: height,
        classes: vec!["background".to_owned(), "vessel".to_owned()],
        placement: placement(step, true),
        model: Some(ModelIdentity {
            name: "tiny".to_owned(),
            sha256: "00".to_owned(),
            device: "cpu".to_owned(),
        }),
        labels: (0..width * height).map(|i| u8::from(inside(i))).collect::<Vec<u8>>().into(),
    }
}

pub fn small_volume(step: usize) -> Volume {
    let rows = Matrix3x4::new(2.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0);
    Volume {
        size: [6, 5, 4],
        patient_from_voxel: Affine::from_rows(rows).unwrap(),
        images: step as u64,
        voxels: speckle(step as u64, 120).into(),
        seen: (0..120).map(|i| u8::from(i % 3 == 0)).collect::<Vec<u8>>().into(),
    }
}

/// What the streams of the script are called.
pub const OBSERVES: [&str; 7] = [
    "us.image",
    "tracker.poses",
    "locate.image",
    "segment.labels",
    "reconstruct.volume",
    "locate.health",
    "locate.journal",
];

pub fn assignment(folder: &Path, incarnation: u32) -> Assignment {
    let text = serde_json::json!({
        "session": "0badcafe", "node": "record", "runs": "recordings/record",
        "incarnation": incarnation, "folder": folder, "secret": vec![0; 32], "parameters": {},
        "observes": OBSERVES,
        "clock": { "epoch_monotonic_ns": 0, "epoch_unix_ns": START },
        "mode": "live", "startup_ms": 1000, "shared_memory_mib": 16,
        "manifest": {
            "reference": "patient", "graph": "version = 1\n",
            "parameters": { "navigate": { "warning_mm": 8.0, "danger_mm": 3.0 } },
        },
        "zenoh": {},
    });
    serde_json::from_value(text).unwrap()
}

pub fn hear(observer: &mut impl Observer, heard: &[Heard]) {
    for (topic, bytes) in heard {
        let received = Received::parse(bytes.clone()).unwrap();
        observer.observe(Observed::Message { topic: *topic, received }).unwrap();
    }
}

/// Records what was heard into `folder`.
pub fn record_with(folder: &Path, heard: &[Heard], parameters: Parameters) {
    let mut recorder = Record::open(parameters, &assignment(folder, 1)).unwrap();
    recorder.started(Timestamp(START));
    hear(&mut recorder, heard);
    recorder.close().unwrap();
}

pub fn record(folder: &Path, heard: &[Heard]) {
    record_with(folder, heard, Parameters::default());
}

/// Parameters that close a chunk after each message, so that a small recording has many.
pub fn many_chunks() -> Parameters {
    Parameters { chunk_ms: 0, ..Parameters::default() }
}

/// What of it belongs into a recording.
pub fn recorded(heard: &[Heard]) -> Vec<Heard> {
    let kept = |(topic, bytes): &&Heard| {
        let kind = Received::parse(bytes.clone()).unwrap().envelope().kind;
        *topic != Topic::Status && matches!(kind, Kind::Message | Kind::Blank)
    };
    heard.iter().filter(kept).cloned().collect()
}

/// A tolerance of any difference that can be measured.
pub fn anything() -> Tolerance {
    Tolerance {
        mm: 1e9,
        length_mm: 1e9,
        degrees: 360.0,
        px: 1e9,
        share: 1.0,
        dice: 0.0,
        ms: 1e9,
        grey: 1e9,
    }
}

/// Waits until `done`, or gives up after a long time.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain until {what}");
}
