//! A receiver under test, and senders that nobody here wrote: `pynetdicom`, and the programs of dcmtk.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "each test uses a part of it"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use imaging::dicom_receiver::{DicomReceiver, Output as Received};
use messages::{IntensityVolume, Patient, Point, Timestamp, Voxel};
use nalgebra::{Matrix4, Point3};
use runtime::{Assignment, Device, DeviceSession, Reading, clock};
use serde_json::{Value, json};

/// A busy machine takes long.
const PATIENCE_S: u64 = 120;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The Python of the tests, if it is there with `pynetdicom`.
pub fn python() -> Option<PathBuf> {
    let python = std::env::var_os("VESALIUS_TEST_PYTHON")
        .map_or_else(|| root().join(".vesalius/python/bin/python"), PathBuf::from);
    let there = Command::new(&python).args(["-c", "import pynetdicom"]).output();
    if there.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    println!("SKIPPED: no Python with pynetdicom; `./vesalius test` makes the environment");
    None
}

/// A program of dcmtk, if it is installed.
pub fn dcmtk(program: &str) -> Option<Command> {
    let there = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return Some(Command::new(program));
    }
    println!("SKIPPED: no `{program}`; install dcmtk (Debian: apt install dcmtk)");
    None
}

/// What `tests/python/dicom_sender.py` says.
pub fn send(python: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(python)
        .arg(root().join("tests/python/dicom_sender.py"))
        .args(arguments)
        .output()
        .unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    let line = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(line.lines().last().unwrap()).unwrap_or_else(|_| panic!("{said}"))
}

pub fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// A device and what came out of it.
pub struct Bench {
    device: DicomReceiver,
    /// Sentences of its health.
    pub told: Vec<String>,
}

impl Bench {
    pub fn new(parameters: Value) -> Self {
        Self::of(
            DicomReceiver::open(serde_json::from_value(with_port(parameters)).unwrap()).unwrap(),
        )
    }

    /// In the session of that folder.
    pub fn in_session(parameters: Value, folder: &Path) -> Self {
        let parameters = serde_json::from_value(with_port(parameters)).unwrap();
        Self::of(DicomReceiver::open_in(parameters, &session(folder)).unwrap())
    }

    fn of(device: DicomReceiver) -> Self {
        Self { device, told: Vec::new() }
    }

    pub fn port(&self) -> String {
        self.device.address().port().to_string()
    }

    /// The next volume and its instant.
    pub fn volume(&mut self) -> (Timestamp, IntensityVolume<Patient>) {
        self.until(|_| false).unwrap_or_else(|| panic!("no volume came; told: {:#?}", self.told))
    }

    /// Waits until it has told something with these words.
    pub fn tells(&mut self, words: &str) -> String {
        let has = |told: &[String]| told.iter().any(|it| it.contains(words));
        if let Some(volume) = self.until(has) {
            panic!("a volume of {:?} came; told: {:#?}", volume.1.size, self.told);
        }
        let told = self.told.iter().find(|it| it.contains(words));
        told.unwrap_or_else(|| panic!("nothing of {words}; told: {:#?}", self.told)).clone()
    }

    /// For a time in which nothing more should come.
    pub fn is_silent(&mut self) -> bool {
        let before = self.told.len();
        for _ in 0..8 {
            match self.device.read().unwrap() {
                Reading::Nothing => {}
                Reading::Refused { reason } => self.told.push(reason),
                _ => return false,
            }
        }
        self.told.len() == before
    }

    fn until(
        &mut self,
        is_enough: impl Fn(&[String]) -> bool,
    ) -> Option<(Timestamp, IntensityVolume<Patient>)> {
        let begun = clock::monotonic();
        while clock::monotonic().saturating_sub(begun).as_secs() < PATIENCE_S {
            if is_enough(&self.told) {
                return None;
            }
            match self.device.read().unwrap() {
                Reading::Nothing => {}
                Reading::Refused { reason } => self.told.push(reason),
                Reading::Acquired { acquired_at, mut outputs } => {
                    let Received::Image(image) = outputs.remove(0);
                    return Some((acquired_at, image));
                }
                other => panic!("{other:?}"),
            }
        }
        None
    }
}

fn with_port(parameters: Value) -> Value {
    let mut all = json!({ "address": "tcp://127.0.0.1:0", "settle_ms": 300 });
    let own = parameters.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(own);
    all
}

/// A session whose folder it is.
pub fn session(folder: &Path) -> DeviceSession {
    let assignment: Assignment = serde_json::from_value(json!({
        "session": "s", "node": "receiver", "runs": "imaging/dicom_receiver", "incarnation": 1,
        "folder": folder, "secret": vec![9_u8; 32], "parameters": {},
        "clock": runtime::clock::SessionClock::new(), "mode": "live",
        "startup_ms": 1000, "shared_memory_mib": 1, "zenoh": {},
    }))
    .unwrap();
    DeviceSession::of(&assignment)
}

/// The voxels that a sender made, and where they lie.
pub struct Truth {
    size: [usize; 3],
    lps_from_voxel: Matrix4<f64>,
    voxels: Vec<i16>,
}

impl Truth {
    /// As `dicom_sender.py --out` wrote it.
    pub fn read(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("truth.json")).unwrap();
        let told: Value = serde_json::from_str(&text).unwrap();
        let numbers: Vec<f64> = serde_json::from_value(told["matrix"].clone()).unwrap();
        let bytes = std::fs::read(folder.join("truth.i16")).unwrap();
        Self {
            size: serde_json::from_value(told["size"].clone()).unwrap(),
            lps_from_voxel: Matrix4::from_row_slice(&numbers),
            voxels: bytes.as_chunks::<2>().0.iter().map(|it| i16::from_le_bytes(*it)).collect(),
        }
    }

    /// Whether each voxel has the value that lies at its place, and there are no others.
    pub fn assert_is(&self, volume: &IntensityVolume<Patient>) {
        let size = volume.size.map(|count| count as usize);
        assert_eq!(size.iter().product::<usize>(), self.voxels.len(), "{size:?}");
        let [width, height, _] = self.size;
        let voxel_from_frame = volume.frame_from_voxel.inverse();
        for (at, value) in self.voxels.iter().enumerate() {
            let index = [at % width, at / width % height, at / (width * height)];
            let index = Point3::from(index.map(|it| it as f64));
            let place: Point<Patient> = Point::new(self.lps_from_voxel.transform_point(&index));
            let found: Point<Voxel> = voxel_from_frame * place;
            let whole = found.xyz_mm.map(f64::round);
            assert!(
                (found.xyz_mm - whole).amax() < 1e-3,
                "{place:?} lies between voxels: {found:?}"
            );
            let [x, y, z] = [whole.x as usize, whole.y as usize, whole.z as usize];
            let here = volume.voxels.as_slice()[x + size[0] * (y + size[1] * z)];
            assert_eq!(here, *value, "at {place:?}");
        }
    }
}
