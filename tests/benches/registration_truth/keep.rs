//! Trees and targets of a patient as a file.

use std::path::Path;

use messages::Centrelines;
use messages::centrelines::{Branch, Node};
use nalgebra::Point3;
use serde_json::{Value, json};

use crate::case::Case;

/// Writes a patient.
pub fn write(path: &Path, case: &Case) {
    let trees: Vec<Value> =
        case.trees.iter().map(|(at, tree)| json!({ "at": at, "tree": to_json(tree) })).collect();
    let targets: Vec<[[f64; 3]; 2]> =
        case.targets.iter().map(|pair| pair.map(|place| place.coords.into())).collect();
    let all = json!({ "map": to_json(&case.map), "trees": trees, "targets": targets });
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, all.to_string()).unwrap();
}

/// Reads a patient, if there is such a file.
pub fn read(path: &Path) -> Option<Case> {
    let all: Value = serde_json::from_slice(&std::fs::read(path).ok()?).unwrap();
    let targets: Vec<[[f64; 3]; 2]> = serde_json::from_value(all["targets"].clone()).unwrap();
    let trees = all["trees"].as_array().unwrap().iter();
    Some(Case {
        map: from_json(&all["map"]),
        trees: trees.map(|tree| (tree["at"].as_i64().unwrap(), from_json(&tree["tree"]))).collect(),
        targets: targets.into_iter().map(|pair| pair.map(Point3::from)).collect(),
    })
}

fn to_json(tree: &Centrelines) -> Value {
    let nodes: Vec<([f64; 3], f64)> =
        tree.nodes().iter().map(|node| (node.position_mm.coords.into(), node.radius_mm)).collect();
    let branches: Vec<(&[u32], Option<u8>)> =
        tree.branches().iter().map(|branch| (&branch.nodes[..], branch.label)).collect();
    json!({ "nodes": nodes, "branches": branches })
}

fn from_json(value: &Value) -> Centrelines {
    let nodes: Vec<([f64; 3], f64)> = serde_json::from_value(value["nodes"].clone()).unwrap();
    let branches: Vec<(Vec<u32>, Option<u8>)> =
        serde_json::from_value(value["branches"].clone()).unwrap();
    let node =
        |(place, radius_mm): ([f64; 3], f64)| Node { position_mm: Point3::from(place), radius_mm };
    let branch = |(nodes, label)| Branch { nodes, label };
    Centrelines::new(
        nodes.into_iter().map(node).collect(),
        branches.into_iter().map(branch).collect(),
    )
    .unwrap()
}
