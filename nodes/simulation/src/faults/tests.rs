//! Faults are in force when their script says so, and do what it says, again and again.

use std::convert::Infallible;
use std::time::Duration;

use messages::FaultPhase;
use nalgebra::{Isometry3, Point3, UnitQuaternion, Vector3};
use proptest::prelude::*;

use super::*;

fn script(text: &str) -> FaultScript {
    FaultScript::from_toml(text, 7).unwrap()
}

fn refused(text: &str) -> String {
    FaultScript::from_toml(text, 7).unwrap_err().to_string()
}

fn s(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A tool that moves on a line, 1 m away: 100 mm in each second, and turns.
fn truth(at: Duration) -> Isometry3<f64> {
    let seconds = at.as_secs_f64();
    Isometry3::new(
        Vector3::new(100.0 * seconds, 20.0, -1000.0),
        Vector3::new(0.0, 0.1 * seconds, 0.3),
    )
}

fn sight(script: &FaultScript, tool: &str, at: Duration, markers: &[Point3<f64>]) -> Sight {
    script
        .measure(tool, at, markers, |at| Ok::<_, Infallible>(Sight::whole(truth(at))))
        .unwrap_or_else(|never| match never {})
}

fn seen(script: &FaultScript, at: Duration) -> Isometry3<f64> {
    match sight(script, "probe", at, &[]) {
        Sight::Seen { pose, .. } | Sight::OutOfVolume { pose } => pose,
        Sight::Hidden(reason) => panic!("{reason} at {at:?}"),
    }
}

fn off_mm(script: &FaultScript, at: Duration) -> Vector3<f64> {
    seen(script, at).translation.vector - truth(at).translation.vector
}

#[test]
fn what_is_unknown_or_makes_no_sense_is_refused_with_what_was_expected() {
    for (text, part) in [
        (
            "[[faults]]\nat_s = 1.0\nfault = 'drop'",
            "unknown variant `drop`, expected one of `dropout`",
        ),
        (
            "[[faults]]\nat_s = 1.0\nfor = 2\nfault = 'unplugged'",
            "unknown field `for`, expected one of `at_s`",
        ),
        (
            "[[faults]]\nat_s = 1.0\nfault.bias.shift = [1, 2, 3]",
            "unexpected keys in table: shift, available keys: shift_mm, turn_deg",
        ),
        ("[[faults]]\nat_s = 1.0\nfault = 'dropout'", "dropout"),
        ("[[faults]]\nfault = 'unplugged'", "missing field `at_s`"),
        ("sead = 3", "unknown field `sead`, expected `seed` or `faults`"),
        (
            "[[faults]]\nat_s = -1.0\nfault = 'unplugged'",
            "line 1 of the faults: `at_s` must lie between 0",
        ),
        ("[[faults]]\nat_s = nan\nfault = 'unplugged'", "but is NaN"),
        (
            "[[faults]]\nat_s = 1\nfault = 'unplugged'\n[[faults]]\nat_s = 1.0\nfault.dropout.share = 1.5",
            "line 2 of the faults: `dropout.share` must lie between 0 and 1, but is 1.5",
        ),
        ("[[faults]]\nat_s = 1.0\nevery_s = 3.0\nfault = 'unplugged'", "say with `for_s`"),
        (
            "[[faults]]\nat_s = 1.0\nevery_s = 3.0\nfor_s = 4.0\nfault = 'unplugged'",
            "lasts no longer",
        ),
        ("[[faults]]\nat_s = 1.0\ntimes = 3\nfault = 'unplugged'", "say both, or none"),
        ("[[faults]]\nat_s = 1.0\nfor_s = 3\nfault = 'process_kill'", "in an instant"),
        ("[[faults]]\nat_s = 1.0\ntools = ['a']\nfault = 'power_cycle'", "the whole device"),
    ] {
        let error = refused(text);
        assert!(error.contains(part), "{text}: {error}");
    }
    let there = script("[[faults]]\nat_s = 0\ntools = ['stilus']\nfault = 'unplugged'");
    let error = there.check_tools(&["probe", "stylus"]).unwrap_err().to_string();
    assert!(error.contains("no tool is called `stilus`; there are [probe, stylus]"), "{error}");
}

#[test]
fn a_graph_holds_a_script_or_names_a_file_with_one() {
    let read =
        |value| serde_json::from_value::<FaultSource>(value).map_err(|error| error.to_string());
    let lines = read(serde_json::json!([{ "at_s": 1.0, "fault": "unplugged" }])).unwrap();
    assert!(!lines.script(0).unwrap().is_empty());
    let error =
        read(serde_json::json!([{ "at_s": 1.0, "fault": "unplugged" }, { "at": 2 }])).unwrap_err();
    assert!(error.contains("line 2 of the faults: unknown field `at`"), "{error}");
    assert!(read(serde_json::json!(5)).unwrap_err().contains("a list of faults, or the path"));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faults.toml");
    std::fs::write(&path, "seed = 3\n[[faults]]\nat_s = 1.0\nfault = 'unplugged'\n").unwrap();
    let file = read(serde_json::json!(path)).unwrap();
    assert_eq!(file.script(9).unwrap(), lines.script(3).unwrap());
    let error = FaultSource::File("nowhere.toml".into()).script(0).unwrap_err().to_string();
    assert!(error.contains("cannot read the fault script nowhere.toml"), "{error}");
}

#[test]
fn each_fault_of_a_pose_does_what_it_says_while_it_is_in_force_and_nothing_else() {
    let with = |fault: &str| script(&format!("[[faults]]\nat_s = 2.0\nfor_s = 1.0\n{fault}"));
    let moved = |fault: &str, at: f64| off_mm(&with(fault), s(at));
    for fault in [
        "fault.bias.shift_mm = [1.0, -2.0, 3.0]",
        "tools = ['probe']\nfault.latency.by_ms = 50",
        "fault.frozen.frame_numbers = false",
        "tools = ['probe']\nfault.jitter.up_to_ms = 30",
        "fault.noise.position_mm = 1.0",
        "fault.detachment.slip_mm = [0, 0, 5]",
        "fault.field_distortion = { reference_mm = 1000, error_mm = 2.0 }",
        "fault = 'out_of_volume'",
    ] {
        assert_eq!(sight(&with(fault), "probe", s(1.999), &[]), Sight::whole(truth(s(1.999))));
        assert_eq!(sight(&with(fault), "probe", s(3.0), &[]), Sight::whole(truth(s(3.0))));
        assert_ne!(
            sight(&with(fault), "probe", s(2.5), &[]),
            Sight::whole(truth(s(2.5))),
            "{fault}"
        );
    }
    let near = |a: Vector3<f64>, b: [f64; 3]| (a - Vector3::from(b)).norm() < 1e-6;
    assert!(near(moved("fault.bias.shift_mm = [1.0, -2.0, 3.0]", 2.5), [1.0, -2.0, 3.0]));
    assert!(near(moved("tools = ['probe']\nfault.latency.by_ms = 50", 2.5), [-5.0, 0.0, 0.0]));
    assert!(near(moved("fault.frozen.frame_numbers = false", 2.75), [-75.0, 0.0, 0.0]));
    let late = moved("tools = ['probe']\nfault.jitter.up_to_ms = 30", 2.5).x;
    assert!((-3.0..0.0).contains(&late), "{late}");
    // The slip is along the tool's axes, and takes its time.
    let slip = "fault.detachment = { slip_mm = [0, 0, 5], within_s = 0.5 }";
    let turned = truth(s(2.6)).rotation * Vector3::new(0.0, 0.0, 5.0);
    assert!((moved(slip, 2.6) - turned).norm() < 1e-6);
    assert!((moved(slip, 2.25).norm() - 2.5).abs() < 1e-6);
    let turn = seen(&with("fault.bias.turn_deg = [0, 90, 0]"), s(2.5)).rotation;
    let quarter = UnitQuaternion::from_axis_angle(&Vector3::y_axis(), 90_f64.to_radians());
    assert!((truth(s(2.5)).rotation * quarter).angle_to(&turn) < 1e-9);
}

#[test]
fn a_fault_concerns_its_tools_only_and_faults_add_up() {
    let both = script(
        "[[faults]]\nat_s = 0\ntools = ['probe']\nfault.bias.shift_mm = [1, 0, 0]\n\
         [[faults]]\nat_s = 0\nfault.bias.shift_mm = [0, 2, 0]",
    );
    assert!((off_mm(&both, s(1.0)) - Vector3::new(1.0, 2.0, 0.0)).norm() < 1e-9);
    let Sight::Seen { pose, .. } = sight(&both, "stylus", s(1.0), &[]) else { panic!() };
    assert!((pose.translation.vector - truth(s(1.0)).translation.vector).y > 1.9);
    assert!((pose.translation.x - truth(s(1.0)).translation.x).abs() < 1e-9);
}

#[test]
fn a_frozen_pose_keeps_its_noise_but_can_still_be_hidden() {
    let frozen = script(
        "[[faults]]\nat_s = 0\nfault.noise.position_mm = 1.0\n\
         [[faults]]\nat_s = 2\nfor_s = 2\nfault.frozen.frame_numbers = false\n\
         [[faults]]\nat_s = 3\nfor_s = 0.5\nfault = 'unplugged'",
    );
    assert_eq!(seen(&frozen, s(2.0)), seen(&frozen, s(2.9)));
    assert_ne!(seen(&frozen, s(1.9)), seen(&frozen, s(2.0)));
    assert_ne!(seen(&frozen, s(4.0)), seen(&frozen, s(4.1)));
    assert_eq!(sight(&frozen, "probe", s(3.1), &[]), Sight::Hidden(Hidden::Unplugged));
}

#[test]
fn an_obstacle_hides_markers_until_too_few_are_left() {
    // At 1 s it hides what is near the tool's origin; it has come along the x axis.
    let hand = script(
        "[[faults]]\nat_s = 0\nfault.occlusion = { centre_mm = [0, 20, -999], radius_mm = 30, moves_mm_per_s = [100, 0, 0] }",
    );
    let at = |x: f64| Point3::new(x, 0.0, 0.0);
    let partly = sight(&hand, "probe", s(1.0), &[at(0.0), at(50.0), at(60.0), at(70.0)]);
    let Sight::Seen { hidden_markers, .. } = partly else { panic!("{partly:?}") };
    assert_eq!(hidden_markers, [true, false, false, false]);
    let blocked = sight(&hand, "probe", s(1.0), &[at(0.0), at(10.0), at(60.0), at(70.0)]);
    assert_eq!(blocked, Sight::Hidden(Hidden::Blocked));
    assert_eq!(sight(&hand, "probe", s(1.0), &[]), Sight::Hidden(Hidden::Blocked));
}

#[test]
fn noise_has_its_deviation_and_no_bias_and_dropouts_their_share() {
    let noisy =
        script("[[faults]]\nat_s = 0\nfault.noise = { position_mm = 2.0, rotation_deg = 1.0 }");
    let (mut mean, mut square, mut turned) = (Vector3::zeros(), 0.0, 0.0);
    let count = 4000;
    for i in 0..count {
        let at = s(f64::from(i) * 0.01);
        let off = off_mm(&noisy, at);
        mean += off / f64::from(count);
        square += off.norm_squared() / f64::from(3 * count);
        let angle = truth(at).rotation.angle_to(&seen(&noisy, at).rotation);
        turned += angle.to_degrees().powi(2) / f64::from(3 * count);
    }
    assert!(mean.norm() < 0.15 && (square.sqrt() - 2.0).abs() < 0.1, "{mean} {square}");
    assert!((turned.sqrt() - 1.0).abs() < 0.05, "{turned}");

    let lost = script("[[faults]]\nat_s = 0\nfault.dropout.share = 0.3");
    let missing = (0..2000).filter(|i| {
        sight(&lost, "probe", s(f64::from(*i) * 0.01), &[]) == Sight::Hidden(Hidden::Missing)
    });
    let share = missing.count() as f64 / 2000.0;
    assert!((share - 0.3).abs() < 0.04, "{share}");
}

#[test]
fn distortion_grows_with_the_power_of_the_distance_and_is_smooth() {
    let bent = script(
        "[[faults]]\nat_s = 0\nfault.field_distortion = { reference_mm = 500, error_mm = 2.0, error_deg = 1.0 }",
    );
    let at = |place: Vector3<f64>| {
        let truth = Isometry3::translation(place.x, place.y, place.z);
        let seen = bent.measure("x", s(1.0), &[], |_| Ok::<_, Infallible>(Sight::whole(truth)));
        let Ok(Sight::Seen { pose, .. }) = seen else { panic!("{seen:?}") };
        (pose.translation.vector - place, pose.rotation.angle().to_degrees())
    };
    let direction = Vector3::new(1.0, -2.0, -3.0).normalize();
    for (distance, factor) in [(500.0, 1.0), (250.0, 1.0 / 16.0), (1000.0, 16.0)] {
        let (error, turn) = at(direction * distance);
        assert!((error.norm() / (2.0 * factor) - 1.0).abs() < 1e-9, "{distance}: {}", error.norm());
        assert!((turn / factor - 1.0).abs() < 1e-6, "{distance}: {turn}");
    }
    let step = (at(direction * 500.0).0 - at(direction * 501.0).0).norm();
    assert!(step < 0.06, "{step}");
}

#[test]
fn a_drifting_clock_stays_off_when_the_drift_is_over() {
    let drift = script("[[faults]]\nat_s = 10\nfor_s = 20\nfault.clock_drift.ppm = 500");
    let ahead_us = |at: f64| drift.device_time(s(at)).as_secs_f64() * 1e6 - at * 1e6;
    for (at, expected) in [(5.0, 0.0), (20.0, 5000.0), (30.0, 10_000.0), (100.0, 10_000.0)] {
        assert!((ahead_us(at) - expected).abs() < 1.0, "{at}: {}", ahead_us(at));
    }
    let slow = script(
        "[[faults]]\nat_s = 0\nfor_s = 1\nevery_s = 2\ntimes = 3\nfault.clock_drift.ppm = -1000",
    );
    let behind_ms = (100.0 - slow.device_time(s(100.0)).as_secs_f64()) * 1e3;
    assert!((behind_ms - 3.0).abs() < 1e-3, "{behind_ms}");
}

#[test]
fn replies_are_damaged_in_their_checksum_or_cut_in_half() {
    let text = "[[faults]]\nat_s = 1\nfor_s = 1\nfault.wrong_crc.share = 0.5\n";
    let crc = script(text);
    let half =
        script(&format!("{text}[[faults]]\nat_s = 1.5\nfor_s = 0.5\nfault.half_frames.share = 1"));
    assert_eq!(crc.damage(s(0.5), 3), Damage::Whole);
    let wrong = (0..1000).filter(|reply| crc.damage(s(1.2), *reply) == Damage::WrongCrc).count();
    assert!((420..580).contains(&wrong), "{wrong}");
    assert!((0..100).all(|reply| half.damage(s(1.6), reply) == Damage::Half));

    let reply = b"OKAYA896\r".to_vec();
    let damaged = |damage: Damage| {
        let mut bytes = reply.clone();
        damage.apply(&mut bytes, 4..8);
        bytes
    };
    assert_eq!(damaged(Damage::Whole), reply);
    assert_eq!(damaged(Damage::Half), b"OKAY");
    assert_eq!(damaged(Damage::WrongCrc), b"OKAYB9A7\r");
    let mut binary = vec![1, 2, 0x41, 0x00];
    Damage::WrongCrc.apply(&mut binary, 2..4);
    assert_eq!(binary, [1, 2, 0xbe, 0xff]);
}

#[test]
fn connections_hang_and_break_and_the_process_is_killed_once() {
    use Connection::{Off, Stuck, Up};

    let line = script(
        "[[faults]]\nat_s = 1\nfor_s = 2\nfault = 'stuck_connection'\n\
         [[faults]]\nat_s = 2\nfor_s = 2\nfault = 'power_cycle'\n\
         [[faults]]\nat_s = 5\nfault = 'process_kill'",
    );
    let at = |seconds: f64| line.connection(s(seconds));
    let states = [0.5, 1.0, 2.0, 3.5, 4.0].map(at);
    assert_eq!(states, [Up, Stuck, Off, Off, Up]);
    assert!(line.lost_power(s(1.9), s(2.1)) && !line.lost_power(s(2.1), s(4.5)));
    assert!(line.killed(s(5.0), s(5.001)) && !line.killed(s(4.0), s(5.0)));
    assert!(!line.killed(s(5.001), s(100.0)));
}

#[test]
fn faults_are_announced_when_they_begin_and_end() {
    let lines = script(
        "[[faults]]\nat_s = 1\nfor_s = 2\ntools = ['probe']\nfault = 'out_of_volume'\n\
         [[faults]]\nat_s = 2\nfault = 'process_kill'",
    );
    let said = lines.announcements("polaris vega", s(0.0), s(10.0));
    let told: Vec<_> =
        said.iter().map(|(at, said)| (at.as_secs_f64(), said.fault.as_str(), said.phase)).collect();
    assert_eq!(
        told,
        [
            (1.0, "out_of_volume", FaultPhase::Begins),
            (2.0, "process_kill", FaultPhase::Begins),
            (3.0, "out_of_volume", FaultPhase::Ends),
        ]
    );
    assert_eq!(
        said[0].1.text,
        "probe of polaris vega: out of volume begins, as line 1 of the faults says"
    );
    assert_eq!(said[0].1.tools, ["probe"]);
}

proptest! {
    /// Asked in any steps, the same faults begin and end, and they do so where they are in force.
    #[test]
    fn changes_agree_with_what_is_in_force(
        seed: u64,
        at_s in 0.0..5.0f64,
        for_s in 0.0..1.0f64,
        rest_s in 0.01..3.0f64,
        times in 0..6u64,
        steps in proptest::collection::vec(0.001..2.0f64, 1..30),
    ) {
        let every_s = for_s + rest_s;
        let text = format!(
            "seed = {}\n[[faults]]\nat_s = {at_s}\nfor_s = {for_s}\nevery_s = {every_s}\ntimes = {times}\nfault = 'unplugged'",
            seed >> 1
        );
        let script = FaultScript::from_toml(&text, 0).unwrap();
        let mut asked = Vec::new();
        let mut from = Duration::ZERO;
        for step in steps {
            let to = from + s(step);
            asked.extend(script.changes(from, to));
            from = to;
        }
        prop_assert_eq!(&asked, &script.changes(Duration::ZERO, from));
        prop_assert!(asked.len() as u64 <= 2 * times);
        for change in asked {
            let now = script.in_force(change.at).any(|now| now.repetition == change.what.repetition);
            let long = change.what.end.unwrap() > change.what.begin;
            prop_assert_eq!(now, change.begins && long);
            let stretch = at_s + every_s * change.what.repetition as f64;
            let place = change.at.as_secs_f64() - stretch;
            prop_assert!((-1e-6..=every_s + 1e-6).contains(&place), "{} of {}", place, every_s);
        }
    }

    /// The same script gives the same measurement; another seed another one.
    #[test]
    fn measurements_repeat(seed in 0..u64::MAX - 1, at_ms in 0..100_000u64) {
        let text = "[[faults]]\nat_s = 0\nfault.noise.position_mm = 1.0\n\
             [[faults]]\nat_s = 0\ntools = ['probe']\nfault.jitter.up_to_ms = 20\n\
             [[faults]]\nat_s = 0\nfault.field_distortion = { reference_mm = 900, error_mm = 1.0 }";
        let at = Duration::from_millis(at_ms);
        let pose = |seed| seen(&FaultScript::from_toml(text, seed).unwrap(), at);
        prop_assert_eq!(pose(seed), pose(seed));
        prop_assert_ne!(pose(seed), pose(seed + 1));
    }

    /// A clock that drifts never runs backwards.
    #[test]
    fn device_time_never_runs_backwards(ppm in -100_000.0..100_000.0f64, a in 0..60_000u64, b in 0..60_000u64) {
        let script = script(&format!(
            "[[faults]]\nat_s = 3\nfor_s = 1\nevery_s = 4\nfault.clock_drift.ppm = {ppm:?}"
        ));
        let (early, late) = (a.min(b), a.max(b));
        prop_assert!(
            script.device_time(Duration::from_millis(early)) <= script.device_time(Duration::from_millis(late))
        );
    }
}
