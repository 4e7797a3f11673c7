//! `vet_poses` on a simulated tracking system: no alarm in ten good minutes, and each fault found within its time.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use messages::{
    Health, Pose, Stamped, Timestamp, Tool, ToolPoses, TrackedTool, Tracker, Transform,
};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp, StandardNormal};
use runtime::{Context, Node as _};
use serde_json::json;
use tracking::vet_poses::{Input, Output, VetPoses};

const RATE_HZ: f64 = 100.0;
/// Those of the simulated tracking system.
const NOISE_MM: f64 = 0.2;
const NOISE_RAD: f64 = 0.1 * std::f64::consts::PI / 180.0;
const PROBE: &str = "probe";

/// What goes wrong, from an instant on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// The probe's pose comes again and again.
    Frozen,
    /// The probe is suddenly elsewhere.
    Jump,
    /// The reference comes off, by 4 mm and 3°.
    Detached,
    /// The reference creeps, a millimetre in five seconds.
    Creeping,
    /// The field is distorted: the second sensor seems 4 mm further away.
    Distorted,
    /// The tracker itself says that the probe is measured badly.
    LargeError,
    /// The instants are 40 ms older at once.
    ClockStep,
    /// And by a millisecond each second.
    ClockDrift,
    /// Poses are held up on their way, by up to 80 ms.
    Jitter,
}

/// A patient who breathes and is slowly moved, a probe in a hand, a stylus in a quick one, and now and then something
/// in the way.
struct Scene {
    rng: ChaCha8Rng,
    fault: Fault,
    fault_at_s: f64,
    frozen: Option<Pose<Tracker, Tool>>,
    phase: f64,
}

impl Scene {
    fn new(seed: u64, fault: Fault) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (phase, fault_at_s) = (rng.random_range(0.0..6.0), rng.random_range(12.0..16.0));
        Self { rng, fault, fault_at_s, frozen: None, phase }
    }

    fn is_faulty(&self, time: f64, fault: Fault) -> bool {
        self.fault == fault && time >= self.fault_at_s
    }

    fn measured(&mut self, truth: Isometry3<f64>, error_mm: f64) -> Pose<Tracker, Tool> {
        let mut draw = |by: f64| {
            Vector3::from_fn(|_, _| {
                by * Distribution::<f64>::sample(&StandardNormal, &mut self.rng)
            })
        };
        let (shift, turn) = (draw(NOISE_MM), draw(NOISE_RAD));
        let pose = Isometry3::from_parts(
            Translation3::from(truth.translation.vector + shift),
            truth.rotation * UnitQuaternion::from_scaled_axis(turn),
        );
        Pose::Visible { to_from_tool: Transform::from_isometry(pose), error_mm: Some(error_mm) }
    }

    /// The frame of an instant, and how long after it it arrives.
    fn frame(&mut self, time: f64) -> (Input, Timestamp) {
        let phased = time + self.phase;
        let patient = Isometry3::new(
            Vector3::new(100.0 + 0.05 * time, 8.0 * (1.6 * phased).sin(), -1000.0),
            Vector3::new(1.9, 0.3, -2.5 + 0.02 * (1.6 * phased).sin()),
        );
        let mut reference = patient;
        let mut second = patient * second_on_patient();
        if self.is_faulty(time, Fault::Detached) {
            reference *= Isometry3::new(Vector3::new(4.0, 0.0, 0.0), Vector3::new(0.0, 0.05, 0.0));
        }
        if self.is_faulty(time, Fault::Creeping) {
            reference *= Isometry3::translation(0.0, 0.2 * (time - self.fault_at_s), 0.0);
        }
        if self.is_faulty(time, Fault::Distorted) {
            let away = (second.translation.vector - patient.translation.vector).normalize();
            second.translation.vector += 4.0 * away;
        }
        let mut probe = patient * swinging(phased, 60.0, 3.0);
        if self.is_faulty(time, Fault::Jump) {
            probe.translation.vector.y += 40.0;
        }
        let error_mm = if self.is_faulty(time, Fault::LargeError) { 1.2 } else { 0.35 };
        let probe = match self.measured(probe, error_mm) {
            _ if phased % 4.0 < 0.3 && time < 12.0 => hidden("line of sight blocked"),
            fresh if self.is_faulty(time, Fault::Frozen) => self.frozen.clone().unwrap_or(fresh),
            fresh => fresh,
        };
        self.frozen = Some(probe.clone());
        let reference = match self.measured(reference, 0.35) {
            _ if phased % 37.0 < 0.5 && time > 20.0 => hidden("out of volume"),
            seen => seen,
        };
        // At up to 1.2 m/s and 8 rad/s.
        let stylus = self.measured(patient * swinging(1.3 * phased, 120.0, 7.0), 0.35);
        let second = self.measured(second, 0.35);
        let tools =
            [("reference", reference), ("second", second), (PROBE, probe), ("stylus", stylus)];
        let tools = tools.map(|(name, pose)| TrackedTool { name: name.to_owned(), pose });
        let mut stamped_s = time;
        if self.is_faulty(time, Fault::ClockStep) {
            stamped_s -= 0.04;
        }
        if self.is_faulty(time, Fault::ClockDrift) {
            stamped_s -= 0.001 * (time - self.fault_at_s);
        }
        let mut wait = Exp::new(1.0 / 0.002).unwrap().sample(&mut self.rng);
        if self.is_faulty(time, Fault::Jitter) {
            wait += self.rng.random_range(0.0..0.08);
        }
        let value = ToolPoses { tools: tools.into() };
        // Of another epoch than zero.
        let at = |seconds: f64| Timestamp::from_secs_f64(1_000_000.0 + seconds);
        let (acquired_at, arrived) = (at(stamped_s), at(time + 0.003 + wait));
        (Input::Poses(Stamped { acquired_at, sequence: 0, value }), arrived)
    }
}

fn swinging(time: f64, by_mm: f64, by_rad_s: f64) -> Isometry3<f64> {
    let angle = by_rad_s * time;
    Isometry3::new(
        Vector3::new(by_mm * angle.sin(), 0.6 * by_mm * (1.3 * angle).cos(), 80.0),
        Vector3::new(0.9 * angle.cos(), 0.4 * (0.8 * angle).sin(), 0.2),
    )
}

fn second_on_patient() -> Isometry3<f64> {
    Isometry3::new(Vector3::new(50.0, 20.0, 5.0), Vector3::new(0.1, 0.2, 0.3))
}

fn hidden(reason: &str) -> Pose<Tracker, Tool> {
    Pose::Hidden { reason: reason.to_owned() }
}

/// Of a pair whose distance is calibrated it cannot be told whether one has come off.
fn node(fault: Fault) -> VetPoses {
    let calibrated = !matches!(fault, Fault::Detached | Fault::Creeping);
    let distance_mm = calibrated.then(|| second_on_patient().translation.vector.norm());
    let parameters = json!({
        "tools": [{ "name": PROBE, "max_error_mm": 1.0 }],
        "pairs": [{ "tools": ["reference", "second"], "distance_mm": distance_mm }],
    });
    VetPoses::new(serde_json::from_value(parameters).unwrap()).unwrap()
}

/// What the node makes of one frame.
fn vetted(node: &mut VetPoses, (input, now): (Input, Timestamp)) -> (ToolPoses, Health) {
    let mut context = Context::at(now);
    let Input::Poses(Stamped { acquired_at, .. }) = &input;
    let at = *acquired_at;
    node.handle(input, &mut context).unwrap();
    let (mut published, health) = context.finish();
    let (published_at, Output::Poses(poses)) = published.pop().unwrap();
    assert_eq!((published_at, published.len()), (at, 0));
    (poses, health.unwrap())
}

/// The tools that the node hides, though the tracker saw them, with the reasons.
fn newly_hidden(before: &ToolPoses, after: &ToolPoses) -> Vec<(String, String)> {
    let both = before.tools.iter().zip(&after.tools);
    both.filter_map(|(before, after)| {
        if let (Pose::Visible { .. }, Pose::Hidden { reason }) = (&before.pose, &after.pose) {
            return Some((after.name.clone(), reason.clone()));
        }
        assert_eq!(before, after, "what is not hidden passes as it came");
        None
    })
    .collect()
}

/// After how many seconds, which tools are hidden and why, and what the node says of itself.
type Found = (f64, Vec<(String, String)>, String);

/// After how many seconds a fault is found, by whom, and what is said; fails if something is found before it.
fn found(fault: Fault, seed: u64, seconds: f64) -> Option<Found> {
    let (mut scene, mut node) = (Scene::new(seed, fault), node(fault));
    let mut newest = Timestamp(0);
    for frame in 0..(seconds * RATE_HZ) as usize {
        let time = frame as f64 / RATE_HZ;
        let input = scene.frame(time);
        let Input::Poses(Stamped { acquired_at, value: before, .. }) = input.0.clone();
        // A clock that is set back stamps some poses as older than those before: a device refuses them.
        if acquired_at <= newest {
            continue;
        }
        newest = acquired_at;
        let (after, health) = vetted(&mut node, input);
        let hidden = newly_hidden(&before, &after);
        match health {
            Health::Healthy => assert!(hidden.is_empty(), "{hidden:?}"),
            Health::Degraded { reason } => {
                let after_s = time - scene.fault_at_s;
                assert!(after_s >= 0.0 && fault != Fault::None, "seed {seed}, {time} s: {reason}");
                return Some((after_s, hidden, reason));
            }
        }
    }
    None
}

#[test]
fn ten_good_minutes_pass_untouched() {
    for seed in 0..if long() { 20 } else { 2 } {
        assert_eq!(found(Fault::None, seed, 600.0), None);
    }
}

/// The fault, within how many seconds it must be found, who is hidden at once, and a word of the reason.
const FAULTS: [(Fault, f64, &[&str], &str); 9] = [
    (Fault::Frozen, 0.15, &[PROBE], "is frozen"),
    (Fault::Jump, 0.01, &[PROBE], "jumped: "),
    (Fault::Detached, 0.3, &["reference", "second"], "moved against each other"),
    (Fault::Creeping, 10.0, &["reference", "second"], "moved against each other"),
    (Fault::Distorted, 0.2, &["reference", "second"], "the magnetic field is distorted"),
    (Fault::LargeError, 0.12, &[PROBE], "an error above 1 mm in 12 frames"),
    (Fault::ClockStep, 5.5, &["reference", "second", PROBE, "stylus"], "has stepped"),
    (Fault::Jitter, 4.5, &["reference", "second", PROBE, "stylus"], "poses arrive unevenly"),
    (Fault::ClockDrift, 45.0, &["reference", "second", PROBE, "stylus"], "drift"),
];

#[test]
fn each_fault_is_found_within_its_time_and_named() {
    let seeds = if long() { 1000 } else { 12 };
    println!("{:<12} {:>8} {:>8} {:>8} s", "fault", "p50", "p95", "most");
    let mut late = Vec::new();
    for (fault, within_s, tools, word) in FAULTS {
        let mut delays: Vec<f64> = Vec::new();
        for seed in 0..seeds {
            let (after_s, hidden, reason) =
                found(fault, seed, 80.0).unwrap_or_else(|| panic!("{fault:?} is not found"));
            let mut names: Vec<&str> = hidden.iter().map(|(name, _)| name.as_str()).collect();
            // What the tracker does not see just then is hidden already.
            names.retain(|name| tools.contains(name));
            assert!(reason.contains(word), "{fault:?}: {reason}");
            assert_eq!(names.len(), hidden.len(), "{fault:?}: {hidden:?}");
            // A clock that drifts is told before it is off by so much that poses must not be used.
            assert!(fault == Fault::ClockDrift || !hidden.is_empty(), "{fault:?}, seed {seed}");
            delays.push(after_s);
        }
        delays.sort_by(f64::total_cmp);
        let at = |share: f64| delays[((delays.len() - 1) as f64 * share).round() as usize];
        println!(
            "{:<12} {:>8.2} {:>8.2} {:>8.2}",
            format!("{fault:?}"),
            at(0.5),
            at(0.95),
            at(1.0)
        );
        if at(1.0) > within_s {
            late.push(format!("{fault:?} is found after {} s", at(1.0)));
        }
    }
    assert!(late.is_empty(), "{late:?}");
}

#[test]
fn a_tool_is_shown_again_once_it_has_been_plausible_for_a_while() {
    let (mut scene, mut node) = (Scene::new(3, Fault::Jump), node(Fault::Jump));
    let mut hidden_s = 0.0;
    let mut health = Health::Healthy;
    for frame in 0..1800 {
        let input = scene.frame(f64::from(frame) / RATE_HZ);
        let Input::Poses(Stamped { value: before, .. }) = input.0.clone();
        let (after, said) = vetted(&mut node, input);
        hidden_s += newly_hidden(&before, &after).len() as f64 / RATE_HZ;
        health = said;
    }
    assert!((0.49..0.52).contains(&hidden_s), "{hidden_s}");
    assert_eq!(health, Health::Healthy);
}

#[test]
fn of_three_sensors_the_one_that_came_off_is_hidden() {
    let pair = |first: &str, second: &str| json!({"tools": [first, second]});
    let parameters = json!({"pairs": [pair("a", "b"), pair("b", "c"), pair("c", "a")]});
    let mut node = VetPoses::new(serde_json::from_value(parameters).unwrap()).unwrap();
    let mut scene = Scene::new(5, Fault::None);
    let mut last = ToolPoses { tools: Vec::new() };
    for frame in 0..800 {
        let places = [("a", 0.0), ("b", 60.0), ("c", if frame < 600 { 120.0 } else { 125.0 })];
        let tools = places.map(|(name, x)| {
            let pose = scene.measured(Isometry3::translation(x, 0.0, -900.0), 0.3);
            TrackedTool { name: name.to_owned(), pose }
        });
        let at = Timestamp(frame * 10_000_000);
        let value = ToolPoses { tools: tools.into() };
        let input = Input::Poses(Stamped { acquired_at: at, sequence: 0, value });
        last = vetted(&mut node, (input, at + Duration::from_millis(3))).0;
    }
    let names = last.tools.iter().filter(|tool| matches!(tool.pose, Pose::Hidden { .. }));
    assert_eq!(names.map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["c"]);
}

#[test]
fn limits_of_all_hold_for_those_that_are_not_named() {
    // The tracker gives each an error of 0.35 mm.
    let parameters = json!({ "tools": [{ "name": "*", "max_error_mm": 0.1 }, { "name": PROBE }] });
    let mut node = VetPoses::new(serde_json::from_value(parameters).unwrap()).unwrap();
    let mut scene = Scene::new(4, Fault::None);
    let mut hidden = Vec::new();
    for frame in 100..200 {
        let input = scene.frame(f64::from(frame) / RATE_HZ);
        let Input::Poses(Stamped { value: before, .. }) = input.0.clone();
        hidden = newly_hidden(&before, &vetted(&mut node, input).0);
    }
    let names: Vec<&str> = hidden.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["reference", "second", "stylus"]);
}

#[test]
fn the_same_inputs_give_the_same_outputs() {
    let run = || {
        let (mut scene, mut node) = (Scene::new(8, Fault::Detached), node(Fault::Detached));
        let frames = (0..2000).map(|frame| scene.frame(f64::from(frame) / RATE_HZ));
        frames.map(|input| vetted(&mut node, input)).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn what_cannot_be_used_is_refused_with_its_reason() {
    let refused = |parameters| {
        let parameters = serde_json::from_value(parameters).unwrap();
        VetPoses::new(parameters).err().unwrap().to_string()
    };
    let coarse = json!({"tools": [{"name": "a", "resolution_mm": 0.5}]});
    assert!(refused(coarse).contains("tool `a`: positions in steps of 0.5 mm"));
    let twice = json!({"tools": [{"name": "a"}, {"name": "a"}]});
    assert!(refused(twice).contains("`a` stands twice"));
    assert!(refused(json!({"pairs": [{"tools": ["a", "a"]}]})).contains("both are `a`"));
    let slow = json!({"tools": [{"name": "a", "max_speed_mm_s": 0.0}]});
    assert!(refused(slow).contains("`max_speed_mm_s` should be a number above 0, but is 0"));

    let (mut scene, mut node) = (Scene::new(1, Fault::None), node(Fault::None));
    let first = scene.frame(0.0);
    vetted(&mut node, first.clone());
    let error = node.handle(first.0, &mut Context::at(first.1)).unwrap_err().to_string();
    assert!(error.contains("out of order"), "{error}");
    let (Input::Poses(mut unnamed), now) = scene.frame(0.02);
    unnamed.value.tools.retain(|tool| tool.name != "second");
    let error = node.handle(Input::Poses(unnamed), &mut Context::at(now)).unwrap_err().to_string();
    assert!(error.contains("no tool is called `second`"), "{error}");
}

fn long() -> bool {
    std::env::var_os("VESALIUS_LONG").is_some()
}
