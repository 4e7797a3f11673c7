//! The contract: a replay gives back, bit for bit, what was recorded; a simulated clock makes two runs
//! equal; and what is different is found.

use std::time::Duration;

use system_tests::{Called, Closing, Load, Place, alone, signal};

use crate::demonstration::{DEMO, SWEEP, liver};

fn replay(place: &Place, closing: &Closing, name: &str, more: &[&str]) -> String {
    let folder = place.path(name).to_str().unwrap().to_owned();
    let mut arguments = vec!["replay", closing.path(), "-o", &folder];
    arguments.extend(more);
    let replayed = place.call(&arguments);
    assert_eq!(replayed.code, 0, "{}\n{}", replayed.stdout, replayed.stderr);
    folder
}

fn compare(place: &Place, a: &str, b: &str) -> Called {
    place.call(&["compare", a, b, "--json"])
}

fn assert_equal(place: &Place, a: &str, b: &str) {
    let compared = compare(place, a, b);
    assert_eq!(compared.code, 0, "{}\n{}", compared.stdout, compared.stderr);
}

#[test]
fn a_replay_of_the_demonstration_is_equal_though_the_machine_is_busy() {
    let _alone = alone();
    let place = Place::new();
    let load = Load::new(2);
    // Under load messages may be late; what matters here is that the replay is equal all the same.
    let closing = place.run(DEMO, "a", &["--stop-after", "5s"]);
    assert!(closing.json["streams"].is_array(), "{}", closing.log);
    let replayed = replay(&place, &closing, "b", &[]);
    drop(load);
    assert_equal(&place, closing.path(), &replayed);
}

#[test]
fn a_replay_of_the_real_sweep_is_equal_though_the_machine_is_busy() {
    let _alone = alone();
    let Some(arguments) = liver() else { return };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let place = Place::new();
    let _load = Load::new(1);
    let closing = place.run(SWEEP, "a", &arguments);
    assert!(closing.json["streams"].is_array(), "{}", closing.log);
    let replayed = replay(&place, &closing, "b", &[]);
    assert_equal(&place, closing.path(), &replayed);
}

#[test]
fn two_runs_on_the_simulated_clock_are_equal_and_another_seed_is_not() {
    let _alone = alone();
    let place = Place::new();
    let simulated = ["--stop-after", "4s", "--clock", "simulated"];
    let a = place.run(DEMO, "a", &simulated).good();
    let b = place.run(DEMO, "b", &simulated).good();
    assert_equal(&place, a.path(), b.path());
    let other = [&simulated[..], &["--set", "common.patient.seed=2"]].concat();
    let c = place.run(DEMO, "c", &other).good();
    let compared = compare(&place, a.path(), c.path());
    assert_eq!(compared.code, 1, "{}", compared.stdout);
}

/// A node that was changed and then restarted is built in the replay with what it had each time.
#[test]
fn a_node_that_was_changed_and_killed_is_replayed_with_its_parameters_of_then() {
    let _alone = alone();
    let place = Place::new();
    let running = place.start(DEMO, "a", &["--stop-after", "9s"]);
    running.record();
    std::thread::sleep(Duration::from_secs(2));
    // Nobody tracks such a tool: from now on no image is placed, before and after the restart.
    let set = place.call(&["set", "locate", "probe=forceps"]);
    assert_eq!(set.code, 0, "{}\n{}", set.stdout, set.stderr);
    std::thread::sleep(Duration::from_secs(1));
    signal(running.pid("locate"), "KILL");
    let closing = running.wait();
    assert_eq!(closing.node("locate")["restarts"], 1, "{}", closing.log);
    let placed = place.recording("placements", &closing.folder);
    assert!(placed["placed"].as_u64().unwrap() > 10, "{placed}");
    assert!(placed["unplaced"].as_u64().unwrap() > 80, "{placed}");
    let replayed = replay(&place, &closing, "b", &[]);
    assert_equal(&place, closing.path(), &replayed);
}

/// Outputs come from the node processes: what one of them is told to do otherwise shows.
#[test]
fn a_changed_parameter_makes_the_comparison_fail_and_only_there() {
    let _alone = alone();
    let place = Place::new();
    let closing = place.run(DEMO, "a", &["--stop-after", "4s", "--clock", "simulated"]).good();
    let same = replay(&place, &closing, "same", &["--node", "reconstruct"]);
    assert_equal(&place, closing.path(), &same);
    let changed = replay(
        &place,
        &closing,
        "changed",
        &["--node", "reconstruct", "--set", "reconstruct.volume.spacing_mm=1.5"],
    );
    let compared = compare(&place, closing.path(), &changed);
    assert_eq!(compared.code, 1, "{}\n{}", compared.stdout, compared.stderr);
    assert!(compared.stdout.contains("reconstruct.volume"), "{}", compared.stdout);
}

/// What was late, stale or blank then is so in the replay, at the same instants.
#[test]
fn late_and_blank_outputs_are_replayed_as_they_were() {
    let _alone = alone();
    let place = Place::new();
    let root = system_tests::root();
    let text = std::fs::read_to_string(root.join(DEMO)).unwrap();
    let tight = text
        .replace("deadline_ms = 500 ", "deadline_ms = 45 ")
        .replace("deadline_ms = 1000", "deadline_ms = 45")
        .replace("\"calibrations/", &format!("\"{}/launch/graphs/calibrations/", root.display()))
        .replace("\"../../models/", &format!("\"{}/models/", root.display()));
    assert_ne!(tight, text);
    let graph = place.path("tight.toml");
    std::fs::write(&graph, tight).unwrap();
    let load = Load::new(2);
    let closing = place.run(graph.to_str().unwrap(), "a", &["--stop-after", "4s"]);
    drop(load);
    let replayed = replay(&place, &closing, "b", &[]);
    let late: u64 = ["locate.located", "segment.segmented"]
        .map(|stream| {
            let row = closing.stream(stream);
            row["blanks"].as_u64().unwrap() + row["stale"].as_u64().unwrap()
        })
        .iter()
        .sum();
    assert!(late > 0, "nothing was late, so that this shows nothing:\n{}", closing.log);
    assert_equal(&place, closing.path(), &replayed);
}
