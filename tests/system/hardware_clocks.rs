//! Hardware in the loop: a server of OpenIGTLink or a tracker whose clock goes wrong, or whose poses come late.

use std::path::PathBuf;

use system_tests::{Place, alone, free_port, is_long};

use crate::device_faults::{Fault, Told, assert_injected, script, within};
use crate::hardware::{graph, on_the_network, placing, written};

/// Tracked ultrasound as PLUS serves it: images and poses over one connection, with the clock of that machine.
fn plus_graph(place: &Place, faults: &[Fault]) -> PathBuf {
    let devices = format!(
        r#"
[nodes.scanner]
runs = "simulation/openigtlink_ultrasound"
parameters.address = "127.0.0.1:{port}"
parameters.faults = [
{faults}]

[nodes.ultrasound]
runs = "imaging/openigtlink"
parameters.address = "127.0.0.1:{port}"

[nodes.driver]
runs = "tracking/openigtlink"
parameters.address = "127.0.0.1:{port}"
parameters.tools = ["probe", "reference"]

[nodes.tracker]
runs = "tracking/vet_poses"
inputs.poses = "driver.poses"
"#,
        port = free_port(),
        faults = script(faults),
    );
    written(place, &(placing(100) + &devices))
}

/// What it sends comes late, or unevenly, as over a network that somebody else uses.
const OF_THE_WAY: &[Fault] = &[
    Fault {
        name: "latency",
        at_s: 14.0,
        for_s: 6.0,
        line: "fault.latency.by_ms = 60.0",
        says: "or their way has changed",
    },
    Fault {
        name: "jitter",
        at_s: 25.0,
        for_s: 6.0,
        line: "fault.jitter.up_to_ms = 120.0",
        says: "unevenly",
    },
];

#[test]
fn poses_that_come_late_over_openigtlink_hide_the_tools_until_they_are_in_time_again() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    let place = Place::new();
    let graph = plus_graph(&place, OF_THE_WAY);
    let closing = place.run(graph.to_str().unwrap(), "way", &["--stop-after", "36s"]);
    let told = Told::of(&place, &closing, OF_THE_WAY.first());
    assert_injected(&told, OF_THE_WAY);
    for (fault, next) in OF_THE_WAY.iter().zip([25.0, 35.5]) {
        let noticed = fault.noticed_s(&told.probe).unwrap();
        println!("{} is noticed after {:.1} s", fault.name, noticed - fault.at_s);
        assert!((2.4..5.5).contains(&(noticed - fault.at_s)), "{}: {noticed} s", fault.name);
        let taken = within(&told.probe, noticed + 0.1, fault.ends_s() - 0.1);
        assert_eq!(taken.filter(|why| why.is_none()).count(), 0, "{}", fault.name);
        let back = within(&told.probe, fault.ends_s(), next).any(Option::is_none);
        assert!(back, "the probe does not come back after {}\n{}", fault.name, closing.log);
    }
}

/// Its clock begins to run slow long before poses are later than a surgeon could bear.
const OF_THE_CLOCK: &[Fault] = &[Fault {
    name: "clock_drift",
    at_s: 14.0,
    for_s: 30.0,
    line: "fault.clock_drift.ppm = -4000.0",
    says: "the clock of the poses",
}];

#[test]
fn a_clock_that_runs_slow_hides_the_tools_before_they_are_far_off() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    for (protocol, graph) in [
        ("OpenIGTLink", plus_graph as fn(&Place, &[Fault]) -> PathBuf),
        ("NDI", |place, faults| graph(place, faults, &[], on_the_network())),
    ] {
        let place = Place::new();
        let graph = graph(&place, OF_THE_CLOCK);
        let closing = place.run(graph.to_str().unwrap(), "clock", &["--stop-after", "44s"]);
        let told = Told::of(&place, &closing, OF_THE_CLOCK.first());
        let fault = &OF_THE_CLOCK[0];
        let is_it = |why: &Option<String>| why.as_ref().is_some_and(|why| why.contains(fault.says));
        let noticed = told.probe.iter().find(|(_, why)| is_it(why));
        // Not before it drifts, and by then it is off by 4 ms for each second.
        let (noticed, _) = noticed.unwrap_or_else(|| panic!("never noticed\n{}", closing.log));
        println!("{protocol}: 4000 ppm are noticed after {:.1} s", noticed - fault.at_s);
        assert!((16.0..32.0).contains(noticed), "{protocol}: noticed at {noticed} s");
        assert!(within(&told.probe, noticed + 0.1, 43.0).all(Option::is_some));
    }
}
