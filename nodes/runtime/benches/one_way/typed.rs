//! The same with a device and a node of the runtime, each in its own process.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use messages::{Bulk, Health, Timestamp, UltrasoundImage};
use runtime::assignment::{Assignment, Delivery, InputAssignment, Mode};
use runtime::bus::{Bus, config};
use runtime::clock::{SessionClock, monotonic};
use runtime::host::{Control, run_device, run_node};
use runtime::{Context, Device, Node, Reading, inputs, keys, outputs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Folder, again};

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Parameters {
    bytes: usize,
    count: usize,
    pause_us: u64,
    result: std::path::PathBuf,
}

outputs! {
    /// What is sent.
    pub enum Sent { image => Image(UltrasoundImage) }
}
inputs! {
    /// What is heard.
    pub enum Heard { image => Image(UltrasoundImage) }
}
outputs! {
    /// Never sent.
    pub enum Nothing { health => Health(Health) }
}

fn now() -> Timestamp {
    Timestamp(i64::try_from(monotonic().as_nanos()).unwrap())
}

struct Camera {
    parameters: Parameters,
    pixels: Bulk<u8>,
    sent: usize,
}

impl Device for Camera {
    type Parameters = Parameters;
    type Output = Sent;
    type Error = std::io::Error;

    fn open(parameters: Parameters) -> Result<Self, std::io::Error> {
        let pixels = vec![7u8; parameters.bytes].into();
        Ok(Self { parameters, pixels, sent: 0 })
    }

    fn read(&mut self) -> Result<Reading<Sent>, std::io::Error> {
        if self.sent == self.parameters.count + self.parameters.count / 10 {
            return Ok(Reading::End);
        }
        self.sent += 1;
        std::thread::sleep(Duration::from_micros(self.parameters.pause_us));
        let acquired_at = now();
        let bytes = u32::try_from(self.parameters.bytes).unwrap_or(u32::MAX);
        let image = UltrasoundImage { width_px: bytes, height_px: 1, pixels: self.pixels.clone() };
        Ok(Reading::Acquired { acquired_at, outputs: vec![Sent::Image(image)] })
    }
}

struct Measure {
    parameters: Parameters,
    times: Vec<u64>,
}

impl Node for Measure {
    type Parameters = Parameters;
    type Input = Heard;
    type Output = Nothing;
    type Error = std::io::Error;

    fn new(parameters: Parameters) -> Result<Self, std::io::Error> {
        Ok(Self { parameters, times: Vec::new() })
    }

    fn handle(&mut self, input: Heard, _: &mut Context<Nothing>) -> Result<(), std::io::Error> {
        let Heard::Image(image) = input;
        let last = image.value.pixels.as_slice().last().copied();
        let time = now().since(image.acquired_at);
        self.times
            .push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX) + u64::from(last != Some(7)));
        if self.times.len() == self.parameters.count + self.parameters.count / 10 {
            let text = self.times[self.parameters.count / 10..].iter().fold(
                String::new(),
                |mut text, time| {
                    let _ = writeln!(text, "{time}");
                    text
                },
            );
            std::fs::write(&self.parameters.result, text)?;
        }
        Ok(())
    }
}

/// One of the two processes.
pub fn participate(name: &str) {
    let assignment = Assignment::from_environment().unwrap();
    match name {
        "camera" => run_device::<Camera>(assignment).unwrap(),
        _ => run_node::<Measure>(assignment).unwrap(),
    }
}

/// One-way times in nanoseconds.
pub fn measure(bytes: usize, count: usize, pause_us: u64) -> Vec<u64> {
    let folder = Folder::new("typed");
    let socket = |name: &str| folder.0.join(format!("{name}.sock"));
    let (session, result) = ("0ne0way0", folder.0.join("times"));
    let bus = Bus::open(&config(Some(&socket("launch")), &[]), 0, true).unwrap();
    let linked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&linked);
    let key = format!("{}/alive/linked/**", keys::session(session));
    let _tokens = bus
        .watch_tokens(&key, move |_, alive| *counted.lock().unwrap() += usize::from(alive))
        .unwrap();
    let ended = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&ended);
    let status = format!("{}/event/*", keys::session(session));
    let _events = bus
        .subscribe(&status, runtime::bus::Recovery::None, move |_, bytes| {
            *counted.lock().unwrap() += usize::from(bytes.windows(5).any(|word| word == b"ended"));
        })
        .unwrap();
    // Session time is monotonic time, so that both processes and this one read the same clock.
    let clock = SessionClock { epoch_monotonic_ns: 0, epoch_unix_ns: 0 };
    let parameters = Parameters { bytes, count, pause_us, result: result.clone() };
    let mut children = Vec::new();
    for (name, peers) in [("camera", vec!["launch"]), ("measure", vec!["launch", "camera"])] {
        let connect: Vec<_> = peers.iter().map(|name| socket(name)).collect();
        let connect: Vec<_> = connect.iter().map(std::path::PathBuf::as_path).collect();
        let input = InputAssignment {
            stream: "camera.image".into(),
            key: keys::stream(session, "camera", "image"),
            delivery: Delivery::Every,
            deadline_ms: None,
        };
        let assignment = Assignment {
            session: session.into(),
            node: name.into(),
            runs: format!("bench/{name}"),
            incarnation: 1,
            folder: folder.0.clone(),
            secret: [0; 32].into(),
            parameters: serde_json::to_value(&parameters).unwrap(),
            inputs: if name == "measure" {
                BTreeMap::from([("image".into(), input)])
            } else {
                BTreeMap::new()
            },
            observes: Vec::new(),
            clock,
            mode: Mode::Live,
            started_at: None,
            joined_late: false,
            stop_after_ns: None,
            startup_ms: 60_000,
            shared_memory_mib: ((16 * bytes as u64) >> 20).max(64),
            priority: None,
            paced_by: Vec::new(),
            peers: 0,
            door: folder.0.join(format!("{name}.door")),
            manifest: serde_json::Value::Null,
            zenoh: config(Some(&socket(name)), &connect),
        };
        let path = folder.0.join(format!("{name}.json"));
        std::fs::write(&path, serde_json::to_vec(&assignment).unwrap()).unwrap();
        let child =
            again().args(["node", name]).env(runtime::assignment::VARIABLE, &path).spawn().unwrap();
        children.push(child);
    }
    while *linked.lock().unwrap() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    bus.put(&keys::control(session), Control::Start { at: now().0 }.to_bytes()).unwrap();
    while *ended.lock().unwrap() < 2 {
        std::thread::sleep(Duration::from_millis(20));
    }
    bus.put(&keys::control(session), Control::Exit.to_bytes()).unwrap();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    bus.close();
    let text = std::fs::read_to_string(result).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}
