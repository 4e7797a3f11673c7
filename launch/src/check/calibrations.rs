//! Calibration files: there, unchanged, and usable.
//!
//! A calibration is TOML that goes into the plan as it is, or a PLUS device set, of which the maps
//! from the image to the probe and from the tracker to the reference are taken.

use std::collections::BTreeMap;
use std::path::PathBuf;

use formats::plus_config::PlusConfig;
use messages::{Affine, Image, Patient, Probe, Tracker, Transform};
use nalgebra::Matrix4;
use serde_json::{Value, json};
use toml::de::DeTable;

use super::roles::Role;
use super::small_file;
use crate::checksum::sha256;
use crate::graph_file::tree::{endless_key, table};
use crate::graph_file::{CalibrationEntry, Checksum, GraphFile};
use crate::plan::PlannedFile;
use crate::problem::{Place, Problem, Severity, Text};
use crate::{schema, suggest};

const LARGEST_FILE: u64 = 16 << 20;

/// The calibrations of a graph.
#[derive(Debug, Default)]
pub struct Calibrations {
    /// Those that can be used.
    usable: BTreeMap<String, Loaded>,
}

#[derive(Debug)]
struct Loaded {
    path: PathBuf,
    sha256: String,
    content: Value,
}

/// Loads all calibrations of a graph; what cannot be used is a problem.
pub fn load(file: &GraphFile, problems: &mut Vec<Problem>) -> Calibrations {
    let mut usable = BTreeMap::new();
    for entry in &file.calibrations {
        match load_one(file, entry) {
            Ok(loaded) => {
                problems.extend(unsummed(file, entry, &loaded));
                usable.insert(entry.name.value.clone(), loaded);
            }
            Err(problem) => problems.push(*problem),
        }
    }
    Calibrations { usable }
}

fn load_one(file: &GraphFile, entry: &CalibrationEntry) -> Result<Loaded, Box<Problem>> {
    let name = &entry.name.value;
    let path = file.resolve(&entry.file.value, &entry.file.place);
    let bytes = small_file::read(&path, LARGEST_FILE).map_err(|reason| {
        let message = format!("cannot read the calibration `{name}`: {reason}");
        Problem::error("missing-calibration", message)
            .at(&entry.file.place, "cannot be read")
            .help(format!("looked for {}", path.display()))
    })?;
    let digest = sha256(&bytes);
    if let Checksum::Given(expected) = &entry.sha256
        && expected.value != digest
    {
        let message =
            format!("the calibration `{name}` is not the file that this graph was written for");
        let problem = Problem::error("wrong-checksum", message)
            .at(&expected.place, "another SHA-256")
            .help(format!(
                "{} has SHA-256 {digest}; write that only if this is the calibration of this probe",
                path.display()
            ));
        return Err(Box::new(problem));
    }
    let content = content(&bytes).map_err(|reason| {
        let message = format!("the calibration `{name}` cannot be used: {reason}");
        Problem::error("bad-calibration", message).at(&entry.file.place, "no usable calibration")
    })?;
    Ok(Loaded { path, sha256: digest, content })
}

/// Warns of a calibration that any other file could replace unnoticed. One that is given on the command
/// line is named anew for each run, and what is missing from a damaged file may stand in its damage.
fn unsummed(file: &GraphFile, entry: &CalibrationEntry, loaded: &Loaded) -> Option<Problem> {
    let from_file = entry.file.place.text == Text::File;
    if entry.sha256 != Checksum::Missing || !from_file || file.damaged {
        return None;
    }
    let message = format!(
        "the calibration `{}` has no checksum: another file in its place would go unnoticed",
        entry.name.value
    );
    Some(Problem::warning("no-checksum", message).at(&entry.file.place, "whatever it holds").help(
        format!(
            // Without spaces, so that no narrow terminal breaks it.
            "if this is the right file, write beside `file`\nsha256=\"{}\"",
            loaded.sha256
        ),
    ))
}

fn content(bytes: &[u8]) -> Result<Value, String> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let content = if start.trim_ascii_start().starts_with(b"<") {
        from_plus(&PlusConfig::parse(start).map_err(|error| error.to_string())?)?
    } else {
        from_toml(start)?
    };
    check_matrices(&content)?;
    Ok(content)
}

fn from_toml(bytes: &[u8]) -> Result<Value, String> {
    let text = str::from_utf8(bytes)
        .map_err(|error| format!("byte {} is no text", error.valid_up_to()))?;
    if endless_key(text).is_some() {
        return Err("a key has more than 100 parts".to_owned());
    }
    let parsed = DeTable::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        format!("line {line} is no TOML: {}", error.message())
    })?;
    Ok(table(parsed.get_ref(), &Place::file).to_json())
}

/// A device set as the nodes take it: `ImageToProbe` and, if there is one, `TrackerToReference`.
fn from_plus(config: &PlusConfig) -> Result<Value, String> {
    let rows = |matrix: &Matrix4<f64>, count: usize| -> Vec<Vec<f64>> {
        (0..count).map(|row| (0..4).map(|column| matrix[(row, column)]).collect()).collect()
    };
    let image = chain(config, "Image", "Probe").ok_or_else(|| {
        let known = config.transforms.iter();
        let known: Vec<String> =
            known.map(|known| format!("{}To{}", known.from, known.to)).collect();
        format!(
            "the device set has no way from Image to Probe; it has {}",
            suggest::list(known.iter().map(String::as_str))
        )
    })?;
    let mut content = json!({"probe_from_image": rows(&image, 3)});
    if let Some(tracker) = chain(config, "Tracker", "Reference") {
        content["patient_from_tracker"] = json!(rows(&tracker, 4));
    }
    Ok(content)
}

/// The matrix that maps `from` to `to`, over frames in between if need be; the shortest way.
fn chain(config: &PlusConfig, from: &str, to: &str) -> Option<Matrix4<f64>> {
    let mut reached: Vec<(&str, Matrix4<f64>)> = vec![(from, Matrix4::identity())];
    let mut next = 0;
    while let Some((frame, matrix)) = reached.get(next).copied() {
        if frame == to {
            return Some(matrix);
        }
        for transform in &config.transforms {
            let step = if transform.from == frame {
                Some((transform.to.as_str(), transform.matrix))
            } else if transform.to == frame {
                transform.matrix.try_inverse().map(|inverse| (transform.from.as_str(), inverse))
            } else {
                None
            };
            if let Some((other, step)) = step
                && !reached.iter().any(|(known, _)| *known == other)
            {
                reached.push((other, step * matrix));
            }
        }
        next += 1;
    }
    None
}

/// The matrices that Vesalius gives a meaning to must be what they are named.
fn check_matrices(content: &Value) -> Result<(), String> {
    if let Some(rows) = content.get("probe_from_image") {
        serde_json::from_value::<Affine<Probe, Image>>(rows.clone()).map_err(|error| {
            format!("`probe_from_image` should be three rows of four numbers: {error}")
        })?;
    }
    if let Some(rows) = content.get("patient_from_tracker") {
        let rows: [[f64; 4]; 4] = serde_json::from_value(rows.clone()).map_err(|error| {
            format!("`patient_from_tracker` should be four rows of four numbers: {error}")
        })?;
        Transform::<Patient, Tracker>::from_matrix(&Matrix4::from_fn(|row, column| {
            rows[row][column]
        }))
        .map_err(|error| format!("`patient_from_tracker`: {error}"))?;
    }
    Ok(())
}

impl Calibrations {
    /// What the calibration called `name` holds, noted among the files in use.
    pub fn content(
        &self,
        name: &str,
        place: &Place,
        file: &GraphFile,
        files: &mut Vec<PlannedFile>,
        problems: &mut Vec<Problem>,
    ) -> Option<Value> {
        if let Some(loaded) = self.usable.get(name) {
            let planned = PlannedFile {
                kind: "calibration".to_owned(),
                name: name.to_owned(),
                path: loaded.path.clone(),
                sha256: loaded.sha256.clone(),
            };
            if !files.contains(&planned) {
                files.push(planned);
            }
            return Some(loaded.content.clone());
        }
        let mut known = file.calibrations.iter().map(|entry| entry.name.value.as_str());
        // One that is there but cannot be used was told already.
        if !known.clone().any(|known| known == name) && !file.damaged {
            let help = if known.next().is_none() {
                format!("add it under [calibrations]: {name} = {{ file = \"…\", sha256 = \"…\" }}")
            } else {
                let known = file.calibrations.iter().map(|entry| entry.name.value.as_str());
                suggest::did_you_mean(name, known, "the calibrations are")
            };
            problems.push(
                Problem::error(
                    "missing-calibration",
                    format!("the graph has no calibration `{name}`"),
                )
                .at(place, "no such calibration")
                .help(help),
            );
        }
        None
    }
}

/// Warns of calibrations that no node takes: one that was meant to be used may be missing.
pub fn unused(file: &GraphFile, roles: &[Option<Role>], problems: &mut Vec<Problem>) {
    // What is missing or misspelt elsewhere may be what uses it.
    let errors = problems.iter().any(|problem| problem.severity == Severity::Error);
    if errors || roles.iter().any(Option::is_none) {
        return;
    }
    let mut used = Vec::new();
    for (node, role) in file.nodes.iter().zip(roles) {
        let values = node.parameters.value.to_json();
        let schema = role.as_ref().map(|role| &role.participant.parameters);
        for (steps, format) in
            schema.map(|schema| schema::formats(schema, &values)).unwrap_or_default()
        {
            if let ("calibration", Some((_, Some(name)))) =
                (format.as_str(), node.parameters.value.find(&steps))
            {
                used.push(name.value.to_json());
            }
        }
    }
    for entry in &file.calibrations {
        if !used.iter().any(|name| *name == entry.name.value.as_str()) {
            let message = format!("no node uses the calibration `{}`", entry.name.value);
            problems.push(
                Problem::warning("unused", message)
                    .at(&entry.name.place, "used by nobody")
                    .help("remove it, or name it in the parameters of the node that needs it"),
            );
        }
    }
}
