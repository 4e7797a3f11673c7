//! The whole procedure: it registers without a guess, guides, is scored against the truth, and replays.

use serde_json::Value;
use system_tests::{Closing, Place, alone};

pub const PROCEDURE: &str = "launch/graphs/procedure.toml";

/// The figure of a measure that `report` gives, if it had anything to measure.
pub fn score(closing: &Closing, measure: &str) -> Option<f64> {
    let scores = closing.json["scores"].as_array().unwrap_or_else(|| panic!("{}", closing.log));
    scores.iter().find(|row| row["measure"] == measure)?["value"].as_f64()
}

/// The same, which must be there.
pub fn figure(closing: &Closing, measure: &str) -> f64 {
    score(closing, measure)
        .unwrap_or_else(|| panic!("no `{measure}` in {:#}", closing.json["scores"]))
}

#[test]
fn a_whole_procedure_finds_the_map_guides_and_is_replayed() {
    let _alone = alone();
    let place = Place::new();
    let arguments = ["--stop-after", "46s", "--clock", "simulated"];
    let closing = place.run(PROCEDURE, "a", &arguments).good();

    // From no initial pose: the patient lies 15 mm and 8 degrees off.
    assert!(figure(&closing, "registration error, median") < 5.0);
    assert!(figure(&closing, "registration error within its bound") > 90.0);
    assert!(figure(&closing, "vessel Dice in live images") > 0.75);
    assert!(figure(&closing, "map Dice, liver") > 0.9);
    // Nobody accepts it but the stylus, at 40 s.
    let accepted_s = figure(&closing, "registration first accepted");
    assert!((39.9..41.5).contains(&accepted_s), "{accepted_s} s");
    assert!(figure(&closing, "overlays that were shown") > 40.0);
    let sent = |stream: &str| closing.stream(stream)["sent"].as_u64().unwrap();
    assert_eq!(sent("navigate.distances"), sent("tracker.poses"));
    assert_eq!(sent("overlay.overlay"), sent("locate.located"));
    assert_eq!(sent("register.check"), 1);

    // What another parameter would have done is told in millimetres.
    let replayed = |name: &str, more: &[&str]| {
        let folder = place.path(name).to_str().unwrap().to_owned();
        let mut arguments = vec!["replay", closing.path(), "-o", &folder];
        arguments.extend(more);
        let called = place.call(&arguments);
        assert_eq!(called.code, 0, "{}\n{}", called.stdout, called.stderr);
        place.call(&["compare", closing.path(), &folder, "--json"])
    };
    let same = replayed("same", &[]);
    assert_eq!(same.code, 0, "{}\n{}", same.stdout, same.stderr);
    let changed =
        replayed("changed", &["--node", "register", "--set", "register.max_check_error_mm=1.0"]);
    assert_eq!(changed.code, 1, "{}\n{}", changed.stdout, changed.stderr);
    let said: Value = changed.json();
    assert!(said.to_string().contains("register.registration"), "{said}");

    // An organ that may not bend: what that does to the registration and to the distances is told in millimetres.
    let stiff = ["--node", "register", "--set", "register.max_bending_mm=0.1", "--downstream"];
    let said: Value = replayed("stiff", &stiff).json();
    for stream in ["register.registration", "navigate.distances"] {
        let spreads = said["streams"][stream]["spreads_mm"].as_object();
        assert!(spreads.is_some_and(|spreads| !spreads.is_empty()), "{stream}: {said}");
    }
}
