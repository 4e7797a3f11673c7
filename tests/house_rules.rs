//! The house keeps its rules: arrows point down, some packages have one room only, files stay small,
//! and every dependency has a licence that we accept.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use system_tests::root;

/// The floor of each package; an arrow may only point to a lower floor.
const FLOORS: &[(&str, u8)] = &[
    ("messages", 1),
    ("runtime", 2),
    ("formats", 2),
    ("models", 2),
    ("imaging", 3),
    ("fusion", 3),
    ("segmentation", 3),
    ("registration", 3),
    ("simulation", 3),
    ("tracking", 3),
    ("openigtlink", 3),
    ("recordings", 3),
    ("launch", 4),
    ("train", 4),
    ("system-tests", 5),
];

/// Packages of others that have one room only.
const ROOMS: &[(&str, &[&str])] = &[
    ("zenoh", &["runtime"]),
    ("zenoh-ext", &["runtime"]),
    ("mcap", &["recordings"]),
    ("dicom-core", &["formats"]),
    ("dicom-dictionary-std", &["formats"]),
    ("dicom-encoding", &["formats"]),
    // The network protocol of DICOM needs sockets, which formats has none of.
    ("dicom-ul", &["imaging", "simulation"]),
    ("rerun", &["recordings"]),
    ("tch", &["models", "train"]),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        // Of other platforms nothing need have been fetched.
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Each package of ours and what it depends on, tests aside.
fn dependencies(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let members: BTreeSet<&str> = metadata["workspace_members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .filter(|package| members.contains(package["id"].as_str().unwrap()))
        .map(|package| {
            let names = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                .collect();
            (package["name"].as_str().unwrap().to_owned(), names)
        })
        .collect()
}

#[test]
fn arrows_point_down_only() {
    let floors: BTreeMap<&str, u8> = FLOORS.iter().copied().collect();
    for (package, needs) in dependencies(&metadata()) {
        let floor = floors
            .get(package.as_str())
            .unwrap_or_else(|| panic!("`{package}` has no floor in this test"));
        for need in needs {
            if let Some(below) = floors.get(need.as_str()) {
                assert!(
                    below < floor,
                    "`{package}` (floor {floor}) depends on `{need}` (floor {below})"
                );
            }
        }
    }
}

#[test]
fn some_packages_have_one_room_only() {
    for (package, needs) in dependencies(&metadata()) {
        for (guest, rooms) in ROOMS {
            if needs.contains(*guest) {
                assert!(
                    rooms.contains(&package.as_str()),
                    "`{package}` uses `{guest}`, whose room is {rooms:?}"
                );
            }
        }
    }
}

fn tracked(extension: &str) -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .split('\0')
        .filter(|path| Path::new(path).extension().is_some_and(|other| other == extension))
        .map(|path| root().join(path))
        .filter(|path| path.exists())
        .collect()
}

/// Lines before the tests, which may be long.
fn lines_before_tests(text: &str) -> usize {
    text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count()
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for path in tracked("rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = lines_before_tests(&text);
        if lines > 400 {
            wrong.push(format!("{} has {lines} lines before its tests: split it", path.display()));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!(
                "{} does not open with a sentence on what it is for",
                path.display()
            ));
        }
        let name = path.file_stem().unwrap().to_string_lossy();
        if ["utils", "util", "common", "manager", "helpers", "helper", "misc"]
            .contains(&name.as_ref())
        {
            wrong.push(format!("{} has a name that says nothing", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_repository_stays_small() {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    let files = String::from_utf8(output.stdout).unwrap();
    let sizes: Vec<(u64, &str)> = files
        .split('\0')
        .filter_map(|path| Some((std::fs::metadata(root().join(path)).ok()?.len(), path)))
        .filter(|(_, path)| !path.is_empty())
        .collect();
    let large: Vec<_> = sizes.iter().filter(|(size, _)| *size > 5 << 20).collect();
    assert!(large.is_empty(), "files over 5 MiB: {large:?}");
    let weights: u64 =
        sizes.iter().filter(|(_, path)| path.ends_with(".safetensors")).map(|(size, _)| size).sum();
    assert!(weights < 20 << 20, "{weights} bytes of weights");
}

/// An SPDX expression is fine if, for every `AND`, one of its `OR`s is allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ");
    let expression = expression.replace(['(', ')'], " ");
    expression
        .split(" AND ")
        .all(|part| part.split(" OR ").any(|licence| allowed.contains(licence.trim())))
}

#[test]
fn every_dependency_has_an_accepted_licence() {
    let policy: toml::Table =
        std::fs::read_to_string(root().join(".cargo/deny.toml")).unwrap().parse().unwrap();
    let allowed: BTreeSet<String> = policy["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|licence| licence.as_str().unwrap().to_owned())
        .collect();
    assert!(!is_allowed("GPL-3.0-only", &allowed) && is_allowed("GPL-3.0-only OR MIT", &allowed));
    assert!(!is_allowed("MIT AND GPL-3.0-only", &allowed));
    let metadata = metadata();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or("none");
        if !is_allowed(licence, &allowed) {
            wrong.push(format!("{} {}: {licence}", package["name"], package["version"]));
        }
    }
    assert!(wrong.is_empty(), "licences outside .cargo/deny.toml:\n{}", wrong.join("\n"));
}
