//! The whole procedure on emulated devices behind their real protocols, which fail one after the other.
//!
//! Each fault has its reason said, blanks the distances of the instrument as long as nothing can be known, and passes;
//! what has nothing to do with it goes on as fast as before.

use system_tests::{Closing, Place, alone, free_port, is_long, root};

use crate::device_faults::{At, Fault, Told, assert_injected, script, within};

const fn fault(
    name: &'static str,
    at_s: f64,
    for_s: f64,
    line: &'static str,
    says: &'static str,
) -> Fault {
    Fault { name, at_s: READY_S + at_s, for_s, line, says }
}

/// Until the first of them a registration is there, also on a slow machine, and the instrument is tracked.
const READY_S: f64 = 70.0;

/// Times are from then on.
const OF_THE_TRACKER: &[Fault] = &[
    fault(
        "out_of_volume",
        0.0,
        1.5,
        r#"tools = ["reference"], fault = "out_of_volume""#,
        "out of volume",
    ),
    fault("dropout", 4.0, 1.5, r#"tools = ["instrument"], fault.dropout.share = 1.0"#, "missing"),
    fault(
        "occlusion",
        8.0,
        1.5,
        "fault.occlusion = { centre_mm = [0.0, 0.0, -120.0], radius_mm = 150.0 }",
        "missing",
    ),
    fault("wrong_crc", 12.0, 1.5, "fault.wrong_crc.share = 1.0", "damaged"),
    fault("half_frames", 16.0, 1.5, "fault.half_frames.share = 1.0", "half way"),
    fault("stuck_connection", 20.0, 1.5, r#"fault = "stuck_connection""#, "not answered"),
    fault("power_cycle", 28.0, 1.5, r#"fault = "power_cycle""#, "tracker"),
    fault("unplugged", 36.0, 1.5, r#"tools = ["instrument"], fault = "unplugged""#, "plug"),
    fault(
        "frozen",
        42.0,
        1.5,
        r#"tools = ["instrument"], fault.frozen.frame_numbers = false"#,
        "frozen",
    ),
    fault("frozen", 46.0, 1.5, "fault.frozen.frame_numbers = true", "no new frame"),
    // What is off for long is known for an error only while it begins: afterwards it is as good a place as any.
    fault(
        "bias",
        50.0,
        0.4,
        r#"tools = ["instrument"], fault.bias.shift_mm = [80.0, 0.0, 0.0]"#,
        "jumped",
    ),
    fault(
        "detachment",
        54.0,
        3.0,
        r#"tools = ["second_reference"], fault.detachment = { slip_mm = [6.0, 0.0, 3.0], within_s = 0.2 }"#,
        "one has come off",
    ),
    fault(
        "field_distortion",
        61.0,
        3.0,
        "fault.field_distortion = { reference_mm = 300.0, error_mm = 60.0 }",
        "magnetic field",
    ),
    fault("process_kill", 68.0, 0.0, r#"fault = "process_kill""#, "tracker"),
    // So noisy that two sensors on one body do not keep still against each other.
    fault("noise", 75.0, 2.0, "fault.noise.position_mm = 4.0", "`second_reference`"),
    // Frames come late, by their own count; the poses themselves are true.
    fault("latency", 82.0, 6.0, "fault.latency.by_ms = 60.0", "or their way has changed"),
    fault("jitter", 93.0, 6.0, "fault.jitter.up_to_ms = 80.0", "unevenly"),
];

/// Those of the images, afterwards.
const OF_THE_ULTRASOUND: &[Fault] = &[
    fault("stuck_connection", 105.0, 2.0, r#"fault = "stuck_connection""#, "no image"),
    fault("wrong_crc", 110.0, 2.0, "fault.wrong_crc.share = 1.0", "damaged"),
    fault("half_frames", 115.0, 2.0, "fault.half_frames.share = 1.0", "image"),
    fault("power_cycle", 120.0, 2.0, r#"fault = "power_cycle""#, "127.0.0.1"),
    fault("process_kill", 125.0, 0.0, r#"fault = "process_kill""#, "127.0.0.1"),
];

/// The cone-beam CT breaks off after some slices, and is pushed again.
const PUSHED_AT_S: f64 = 20.0;
const PUSHED_FIRST: usize = 20;

/// The graph that ships, at free ports, with faults.
fn run(place: &Place, tracker: &[Fault], ultrasound: &[Fault], seconds: f64) -> Closing {
    let mut text = std::fs::read_to_string(root().join("launch/graphs/hardware.toml")).unwrap();
    let (aurora, images, storage) = (free_port(), free_port(), free_port());
    let (graphs, models) = (root().join("launch/graphs"), root().join("models"));
    let of = |node: &str, parameters: String| {
        (format!("[nodes.{node}]\n"), format!("[nodes.{node}]\n{parameters}\n"))
    };
    let faults = |script: String| format!("parameters.faults = [\n{script}]");
    let address = format!("parameters.address = \"tcp://127.0.0.1:{storage}\"");
    for (from, to) in [
        ("127.0.0.1:8765".to_owned(), format!("127.0.0.1:{aurora}")),
        ("127.0.0.1:18944".to_owned(), format!("127.0.0.1:{images}")),
        ("calibrations/".to_owned(), format!("{}/calibrations/", graphs.display())),
        ("../../models/".to_owned(), format!("{}/", models.display())),
        // The packs would make distances blank, too.
        ("packing_mm = 15.0".to_owned(), "packing_mm = 0.0".to_owned()),
        ("parameters.at_s = 55.0".to_owned(), format!("parameters.at_s = {PUSHED_AT_S:?}")),
        of("aurora", faults(script(tracker))),
        of("scanner_of_ultrasound", faults(script(ultrasound))),
        of("cone_beam", address.clone()),
        of(
            "scanner",
            format!(
                "{address}\nparameters.faults.abort_after = {PUSHED_FIRST}\nparameters.again_after_s = 3.0"
            ),
        ),
    ] {
        assert!(text.contains(&from), "`{from}` is not in hardware.toml any more");
        text = text.replace(&from, &to);
    }
    let path = place.path("graph.toml");
    std::fs::write(&path, text).unwrap();
    let time = format!("{seconds}s");
    place.run(path.to_str().unwrap(), "procedure", &["--stop-after", &time])
}

/// How many come in a second.
fn rate<T>(rows: &[At<T>], from_s: f64, to_s: f64) -> f64 {
    within(rows, from_s, to_s).count() as f64 / (to_s - from_s)
}

#[test]
fn each_fault_in_a_whole_procedure_is_said_blanks_what_it_must_and_passes() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    let place = Place::new();
    let closing = run(&place, OF_THE_TRACKER, OF_THE_ULTRASOUND, READY_S + 135.0);
    let told = Told::of(&place, &closing, OF_THE_TRACKER.first());
    assert_injected(&told, OF_THE_TRACKER);
    assert_injected(&told, OF_THE_ULTRASOUND);

    let mut misses = Vec::new();
    let mut expect = |is_so: bool, what: String| {
        if !is_so {
            misses.push(what);
        }
    };
    let usual = (
        rate(&told.images, READY_S - 10.0, READY_S),
        rate(&told.instrument, READY_S - 10.0, READY_S),
    );
    for (index, fault) in OF_THE_TRACKER.iter().enumerate() {
        let Fault { name, at_s, says, .. } = *fault;
        let ends = fault.ends_s();
        let next = OF_THE_TRACKER.get(index + 1).map_or(READY_S + 104.0, |next| next.at_s);
        let before = within(&told.instrument, at_s - 0.5, at_s).any(Option::is_none);
        expect(before, format!("{name}: no distances before it"));
        let reasons: Vec<&String> = within(&told.instrument, at_s, ends + 0.5).flatten().collect();
        expect(
            reasons.iter().any(|reason| reason.contains(says)),
            format!("{name}: `{says}` is not among {reasons:?}"),
        );
        let noticed = fault.noticed_s(&told.instrument).unwrap_or(ends);
        let taken = within(&told.instrument, noticed + 0.05, ends - 0.05);
        let taken = taken.filter(|why| why.is_none()).count();
        expect(taken == 0, format!("{name}: {taken} times there are distances during it"));
        let back = told.instrument.iter().find(|(at, why)| *at >= ends && why.is_none());
        let back = back.map_or(f64::INFINITY, |(at, _)| *at);
        expect(back < next, format!("{name}: the instrument does not come back"));
        let during = rate(&told.images, at_s, ends);
        println!(
            "{name:<18} blank after {:>4.0} ms, back {:>5.2} s after its end, {during:.1} images/s: {}",
            1e3 * (noticed - at_s),
            back - ends,
            reasons.iter().find(|why| why.contains(says)).map_or("", |why| why.as_str())
        );
        expect(during > 0.6 * usual.0, format!("{name}: {during} images a second of {}", usual.0));
    }
    for (index, fault) in OF_THE_ULTRASOUND.iter().enumerate() {
        let Fault { name, at_s, for_s, says, .. } = *fault;
        let ends = fault.ends_s();
        let next = OF_THE_ULTRASOUND.get(index + 1).map_or(READY_S + 134.0, |next| next.at_s);
        let said: Vec<&String> = within(&told.ultrasound, at_s, ends + 0.5).collect();
        expect(
            said.iter().any(|said| said.contains(says)),
            format!("images, {name}: `{says}` is not among {said:?}"),
        );
        let images = within(&told.images, at_s + 0.3, at_s + for_s - 0.1).count();
        expect(images == 0, format!("images, {name}: {images} images during it"));
        let back = told.images.iter().find(|(at, placed)| *at >= ends && *placed);
        let back = back.map_or(f64::INFINITY, |(at, _)| *at);
        expect(back < next, format!("images, {name}: none is placed after it"));
        let during = rate(&told.instrument, at_s, ends);
        println!(
            "images, {name:<18} back {:>5.2} s after its end, {during:.1} distances/s: {}",
            back - ends,
            said.first().map_or("", |said| said.as_str())
        );
        expect(
            during > 0.6 * usual.1,
            format!("images, {name}: {during} distances a second of {}", usual.1),
        );
    }
    let is_said = |stream: &str, words: &str| {
        let mut all = told.health.iter().map(|(_, health)| health);
        all.any(|(of, said)| of == stream && said.as_ref().is_some_and(|said| said.contains(words)))
    };
    expect(
        is_said(
            "cone_beam.health",
            &format!("{PUSHED_FIRST} images are here, then the association was broken off"),
        ),
        format!("nothing is said of the push that broke off: {:?}", told.health),
    );
    expect(told.cone_beam.len() == 1, format!("{} cone-beam CTs", told.cone_beam.len()));
    for stream in ["ultrasound.image", "driver.poses", "tracker.poses"] {
        for consumer in closing.stream(stream)["consumers"].as_array().unwrap() {
            expect(consumer["lost"] == 0, format!("{stream}: {consumer}"));
        }
    }
    assert!(misses.is_empty(), "{}\n{}", misses.join("\n"), closing.log);
}

#[test]
fn nothing_is_suspected_in_ten_minutes_without_a_fault() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    let place = Place::new();
    let closing = run(&place, &[], &[], 600.0);
    let told = Told::of(&place, &closing, None);
    assert!(told.injected.is_empty(), "{:?}", told.injected);
    assert!(told.instrument.len() > 20_000, "only {} sets of distances", told.instrument.len());
    println!("{} sets of poses, {} suspicions", told.probe.len(), told.suspicions.len());
    assert!(told.suspicions.is_empty(), "{:?}\n{}", told.suspicions, closing.log);
}
