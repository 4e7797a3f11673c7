//! A folder with executables that only describe themselves, and files for graphs to name.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use launch::catalogue::{Cache, Catalogue};
use launch::check::{Checked, Report, check};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The folder of one test.
pub struct Lab {
    folder: tempfile::TempDir,
}

pub const CALIBRATION: &str =
    "probe_from_image = [\n  [0.1, 0, 0, -5],\n  [0, 0.1, 0, 0],\n  [0, 0, 0.1, 0],\n]\n";

impl Lab {
    pub fn new() -> Self {
        let lab = Self { folder: tempfile::tempdir().unwrap() };
        lab.describing("vesalius-lab", &description());
        lab.executable("vesalius-broken", "echo 'libtorch_cpu.so is missing' >&2; exit 3");
        lab.write("graphs/probe.toml", CALIBRATION);
        lab.write("graphs/sweep.mha", "ObjectType = Image\n");
        lab.write("graphs/weights.bin", "weights");
        let card = |sha256: &str| {
            format!("name = \"vessels\"\nfile = \"weights.bin\"\nsha256 = \"{sha256}\"\n")
        };
        lab.write("graphs/card.toml", &card(&sha256("weights")));
        lab.write("graphs/other-card.toml", &card(&"0".repeat(64)));
        lab
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn executable(&self, name: &str, script: &str) -> PathBuf {
        let path = self.write(name, &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// An executable that answers `describe` and otherwise prints its arguments.
    pub fn describing(&self, file: &str, description: &Value) -> PathBuf {
        let script = format!(
            "if [ \"$1\" = describe ]; then cat <<'END'\n{description}\nEND\nelse echo \"$0\" \"$@\" | sed 's:.*/::'; exit 7; fi"
        );
        self.executable(file, &script)
    }

    /// An executable with one device that gives `outputs`.
    pub fn offering(&self, file: &str, device: &str, outputs: &Value) -> PathBuf {
        let device = json!({"name": device, "kind": "device", "outputs": outputs});
        self.describing(file, &json!({"executable": file, "participants": [device]}))
    }

    pub fn catalogue(&self) -> Catalogue {
        Catalogue::of_folders(&[self.path().to_owned()], Cache::default())
    }

    pub fn check(&self, graph: &str, settings: &[&str]) -> Checked {
        let path = self.write("graphs/graph.toml", graph);
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        check(&path, &settings, &self.catalogue())
    }

    /// What a person sees, with the folder's name taken out.
    pub fn said(&self, checked: &Checked) -> String {
        // Wide, so that the length of the folder's name does not move the breaks.
        let report = Report { colour: false, width: 400 };
        let folder = self.path().canonicalize().unwrap();
        let said = report.text(checked, "graph.toml").replace(folder.to_str().unwrap(), "/lab");
        let here = std::env::current_dir().unwrap();
        said.replace(self.path().to_str().unwrap(), "/lab").replace(here.to_str().unwrap(), "/here")
    }
}

pub fn sha256(text: &str) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    Sha256::digest(text).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn description() -> Value {
    let port = |message: &str, version: u32, frames: &[&str]| json!({"message": message, "version": version, "frames": frames});
    let image = port("UltrasoundImage", 1, &["image"]);
    let poses = port("ToolPoses", 1, &["tracker", "tool"]);
    let located = port("LocatedImage", 1, &["patient", "image"]);
    let parameters = |properties: Value, required: &[&str]| json!({"type": "object", "properties": properties, "required": required});
    let rate = json!({"type": "number", "minimum": 1, "maximum": 100, "default": 25.0, "description": "Images a second."});
    let address = json!({"type": ["string", "null"], "format": "address", "default": null, "description": "Where the device listens."});
    let tools =
        json!({"type": "array", "items": {"type": "string"}, "description": "The tools to track."});
    let participant = |name: &str,
                       kind: &str,
                       help: &str,
                       inputs: Value,
                       outputs: Value,
                       parameters: Value| {
        json!({"name": name, "kind": kind, "help": help, "inputs": inputs, "outputs": outputs, "parameters": parameters})
    };
    let locate = json!({
        "type": "object",
        "properties": {
            "calibration": {"type": "string", "format": "calibration", "description": "The probe's\n calibration."},
            "reference": {"type": ["string", "null"], "default": null},
            "max_gap_ms": {"type": "integer", "format": "uint32", "minimum": 1, "maximum": 1000, "default": 60},
            "blending": {"$ref": "#/$defs/Blending", "default": "linear"},
            "sector": {"anyOf": [{"$ref": "#/$defs/Sector"}, {"type": "null"}], "default": null},
        },
        "required": ["calibration"],
        "$defs": {
            "Blending": {"oneOf": [
                {"type": "string", "const": "nearest", "description": "The nearer pose."},
                {"type": "string", "const": "linear", "description": "Between both poses."},
            ]},
            "Sector": {
                "type": "object",
                "properties": {"apex_px": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}},
                "required": ["apex_px"],
            },
        },
    });
    let either = |port: Value| {
        let mut port = port;
        port["optional"] = true.into();
        port
    };
    let segment = json!({
        "model": {"type": "string", "format": "model"},
        "weights": {"type": ["string", "null"], "format": "weights", "default": null},
        "threads": {"type": "integer", "format": "uint8", "minimum": 1, "default": 1},
    });
    let file = json!({"path": {"type": "string", "format": "input-file"}});
    json!({
        "executable": "lab",
        "version": "1.2.3",
        "participants": [
            participant("scanner", "device", "an ultrasound scanner", json!({}), json!({"image": image}),
                parameters(json!({"rate_hz": rate, "address": address}), &[])),
            participant("tracker", "device", "a tracking system", json!({}), json!({"poses": poses}),
                parameters(json!({"address": address, "tools": tools}), &[])),
            participant("file", "device", "plays a file", json!({}), json!({"image": image}), parameters(file, &["path"])),
            participant("locate", "node", "places images", json!({"image": image, "poses": poses}), json!({"located": located}), locate),
            participant("segment", "node", "labels images", json!({"located": located}),
                json!({"segmented": port("SegmentedImage", 1, &["patient", "image"])}), parameters(segment, &["model"])),
            participant("smooth", "node", "smooths images", json!({"image": image}), json!({"image": image}), parameters(json!({}), &[])),
            participant("newer", "node", "takes newer images", json!({"image": port("UltrasoundImage", 2, &["image"])}), json!({}), json!({})),
            participant("raw", "node", "takes unregistered images", json!({"located": port("LocatedImage", 1, &["tracker", "image"])}), json!({}), json!({})),
            json!({"name": "hold", "kind": "node", "help": "gives each image one later", "delays": true,
                "inputs": {"image": image}, "outputs": {"image": image}, "parameters": {}}),
            participant("steer", "node", "steers what it hears",
                json!({"located": located, "poses": either(poses.clone())}), json!({}), json!({})),
            participant("wait", "node", "waits for anything",
                json!({"image": either(image.clone()), "poses": either(poses.clone())}), json!({}), json!({})),
            participant("patient", "device", "a simulated patient", json!({}),
                json!({"image": image, "truth": image, "truth_poses": poses}), parameters(json!({}), &[])),
            participant("report", "node", "scores", json!({"image": image, "poses": poses}), json!({}), json!({})),
            participant("record", "observer", "records", json!({}), json!({}), parameters(json!({}), &[])),
            participant("play", "source", "plays a recording", json!({}), json!({}), json!({})),
        ],
        "tools": [{"name": "calibrate", "help": "finds a calibration"}],
    })
}
