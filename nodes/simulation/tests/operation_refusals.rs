//! Tools and patients that cannot be are refused with the reason.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use runtime::Device;
use simulation::devices::{PatientTruth, Tracker};

#[test]
fn tools_that_cannot_be_are_refused() {
    let refused = |parameters: serde_json::Value| {
        Tracker::open(serde_json::from_value(parameters).unwrap()).err().unwrap().to_string()
    };
    let block = refused(serde_json::json!({ "operation": { "tools": ["instrument"] } }));
    assert!(block.contains("`abdomen` or `pelvis`"), "{block}");
    assert!(
        refused(serde_json::json!({ "operation": { "tools": ["probe", "probe"] } }))
            .contains("`probe` twice")
    );
    assert!(
        refused(serde_json::json!({ "patient": { "packing_mm": 50.0 } })).contains("packing_mm")
    );
    let block = PatientTruth::open(
        serde_json::from_value(serde_json::json!({ "patient": { "anatomy": "block" } })).unwrap(),
    );
    assert!(block.err().unwrap().to_string().contains("but is `block`"));
}
