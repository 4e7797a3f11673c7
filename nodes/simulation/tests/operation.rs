//! Instruments among the organs: their ways are smooth and as close as promised, and their truth is the truth.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::sync::LazyLock;
use std::time::Duration;

use messages::{Alarm, Distances, Patient, Pose, Tool, ToolPoses, Transform};
use nalgebra::{Point3, Vector3};
use runtime::{Device, Reading};
use simulation::anatomy::deformation::DeformedAnatomy;
use simulation::anatomy::family::Family;
use simulation::anatomy::structure::{Geometry, Structure, StructureKind};
use simulation::devices::{PatientTruth, Tracker, patient_truth, tracker};
use simulation::instrument_course::InstrumentCourse;
use simulation::landmarks::landmarks;
use simulation::operating_tools::OperatingTools;
use simulation::stylus_course::Touch;
use simulation::tool_shape::{INSTRUMENT, STYLUS, ToolKind};
use simulation::true_distance::{StructureNow, ToolInTissue};
use simulation::{SimulatedTracker, Subject, SubjectKind};

fn patient(kind: SubjectKind, seed: u64, family: Family) -> Subject {
    Subject::new(kind, seed, family).unwrap().with_breath_held(true)
}

static ABDOMEN: LazyLock<Subject> =
    LazyLock::new(|| patient(SubjectKind::Abdomen, 1, Family::Winding));
static PELVIS: LazyLock<Subject> =
    LazyLock::new(|| patient(SubjectKind::Pelvis, 1, Family::Winding));

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn instrument(subject: &Subject) -> OperatingTools {
    OperatingTools::new(subject, vec![ToolKind::Instrument], 5.0, &[]).unwrap()
}

/// The most by which the tip and the sensor move in a second.
fn fastest_mm_s(
    tools: &OperatingTools,
    kind: ToolKind,
    subject: &Subject,
    until_s: f64,
) -> [f64; 2] {
    let step = 0.02;
    let places = |at: f64| {
        let pose = tools.patient_from_tool(kind, subject, seconds(at)).unwrap().unwrap();
        let tip = kind.shape().unwrap().ends(&pose)[0].xyz_mm;
        [tip, Point3::from(pose.isometry().translation.vector)]
    };
    let mut fastest = [0.0_f64; 2];
    let mut before = places(0.0);
    for i in 1..(until_s / step) as u32 {
        let now = places(f64::from(i) * step);
        for (fastest, (a, b)) in fastest.iter_mut().zip(before.iter().zip(&now)) {
            *fastest = fastest.max((b - a).norm() / step);
        }
        before = now;
    }
    fastest
}

#[test]
fn the_instrument_moves_smoothly_and_dwells_beside_vessels_but_clear_of_them() {
    let others = [
        patient(SubjectKind::Abdomen, 2, Family::Slender),
        patient(SubjectKind::Pelvis, 3, Family::Wide),
    ];
    for subject in [&*ABDOMEN, &*PELVIS].into_iter().chain(&others) {
        let anatomy = subject.anatomy().unwrap();
        let tools = instrument(subject);
        let [tip, sensor] = fastest_mm_s(&tools, ToolKind::Instrument, subject, 85.0);
        assert!(tip < 60.0 && sensor < 150.0, "{tip} and {sensor} mm/s");
        let course = tools.instrument().unwrap();
        for cycle in 0..4 {
            let (from, to) = course.dwell_s(cycle);
            let at = seconds(0.5 * (from + to));
            let [tip, end] = tools.ends(ToolKind::Instrument, subject, at).unwrap().unwrap();
            let now = subject.moment(at).unwrap().unwrap();
            let tool = ToolInTissue::new(&now, &tip.xyz_mm, &end.xyz_mm, INSTRUMENT.radius_mm);
            let distances = |s: &Structure| tool.distances_mm(&StructureNow::new(&now, s).unwrap());
            let least = |wanted: fn(StructureKind) -> bool| {
                let chosen = anatomy.structures().iter().filter(|s| wanted(s.kind));
                chosen.map(|s| distances(s).1).fold(f64::INFINITY, f64::min)
            };
            let vessels = least(StructureKind::is_vessel);
            let target = &anatomy.structures()[course.target(cycle)];
            let (to_target, _) = distances(target);
            assert!((0.8..15.0).contains(&vessels), "cycle {cycle}: {vessels} mm from a vessel");
            assert!(to_target < 9.0, "cycle {cycle}: {to_target} mm from {}", target.name);
            assert!(least(|kind| kind == StructureKind::Bone) > 1.5, "cycle {cycle}: through bone");
            // Before its approach it is outside.
            let outside =
                tools.ends(ToolKind::Instrument, subject, seconds(from - 7.3)).unwrap().unwrap()[0];
            assert!(anatomy.body_wall().signed_distance_mm(&outside.xyz_mm) > 10.0);
        }
    }
    let again = InstrumentCourse::new(ABDOMEN.anatomy().unwrap(), 5.0).unwrap();
    let first = InstrumentCourse::new(ABDOMEN.anatomy().unwrap(), 5.0).unwrap();
    assert_eq!(again.at(33.3), first.at(33.3));
}

#[test]
fn the_stylus_rests_at_its_landmarks_where_these_are_now() {
    let subject = ABDOMEN.clone().with_packing(10.0, 0.0);
    let touches =
        [("portal_bifurcation", 8.0), ("gallbladder_fundus", 15.0), ("liver_caudal_tip", 40.0)]
            .map(|(name, at_s)| Touch { landmark: name.to_owned(), at_s });
    let tools = OperatingTools::new(&subject, vec![ToolKind::Stylus], 5.0, &touches).unwrap();
    let known = landmarks(subject.anatomy().unwrap());
    for Touch { landmark, at_s } in &touches {
        let rest = known.iter().find(|mark| mark.name == landmark).unwrap().place;
        for off in [-0.75, 0.0, 0.75] {
            let at = seconds(at_s + off);
            let [tip, _] = tools.ends(ToolKind::Stylus, &subject, at).unwrap().unwrap();
            let there = subject.moment(at).unwrap().unwrap().displace(&rest);
            assert!((tip.xyz_mm - there).norm() < 1e-6);
            assert!(tools.held_in_sight(ToolKind::Stylus, at));
        }
        assert!(!tools.held_in_sight(ToolKind::Stylus, seconds(at_s + 1.0)));
    }
    let [tip, _] = fastest_mm_s(&tools, ToolKind::Stylus, &subject, 60.0);
    assert!(tip < 100.0, "{tip} mm/s");

    let refused = |touches: &[Touch]| {
        OperatingTools::new(&subject, vec![ToolKind::Stylus], 5.0, touches)
            .err()
            .unwrap()
            .to_string()
    };
    let touch = |name: &str, at_s| Touch { landmark: name.to_owned(), at_s };
    assert!(refused(&[touch("elbow", 8.0)]).contains("portal_bifurcation"));
    let late = refused(&[touch("liver_caudal_tip", 8.0), touch("liver_left_tip", 9.0)]);
    assert!(late.contains("at least 6 s apart"), "{late}");
}

/// Points of the surface of a solid, some tenths of a millimetre apart.
fn surface(structure: &Structure) -> Vec<Point3<f64>> {
    let Geometry::Solid(solid) = &structure.geometry else {
        panic!("{} is no solid", structure.name)
    };
    let bounds = solid.bounds().grown(0.5);
    let counts = (bounds.high - bounds.low).map(|extent| (extent / 0.5) as usize);
    let mut feet = Vec::new();
    for z in 0..=counts.z {
        for y in 0..=counts.y {
            for x in 0..=counts.x {
                let place = bounds.low + Vector3::new(x as f64, y as f64, z as f64) * 0.5;
                if solid.signed_distance_mm(&place).abs() < 0.5 {
                    feet.push(solid.foot(&place));
                }
            }
        }
    }
    feet
}

#[test]
fn true_distances_are_those_of_the_deformed_shapes_measured_anew() {
    // Breathing, packed and pressed: nothing is where it was at rest.
    let subject = ABDOMEN.clone().with_breath_held(false).with_packing(15.0, 0.0);
    let anatomy = subject.anatomy().unwrap();
    let tools = instrument(&subject);
    let tumour = anatomy.structures().iter().find(|s| s.kind == StructureKind::Tumour).unwrap();
    let (rest_surface, mut compared, mut moved) = (surface(tumour), 0, 0.0_f64);
    for at in [9.0, 11.4, 13.9, 16.0, 33.1] {
        let at = seconds(at);
        let [tip, end] = tools
            .ends(ToolKind::Instrument, &subject, at)
            .unwrap()
            .unwrap()
            .map(|point| point.xyz_mm);
        let now = subject.moment(at).unwrap().unwrap();
        let tool = ToolInTissue::new(&now, &tip, &end, 2.0);
        let shaft: Vec<_> = (0..=480).map(|i| tip + (end - tip) * (f64::from(i) / 480.0)).collect();
        let deformed =
            DeformedAnatomy { anatomy, deformation: now.deformation(), time_s: now.time_s() };
        for name in ["portal_vein", "hepatic_veins", "inferior_vena_cava", "aorta"] {
            let structure = anatomy.structure(name).unwrap();
            let tubes = deformed.tubes(structure).unwrap().unwrap();
            let truth =
                shaft.iter().map(|p| tubes.signed_distance_mm(p)).fold(f64::INFINITY, f64::min);
            let (to_tip, to_shaft) =
                tool.distances_mm(&StructureNow::new(&now, structure).unwrap());
            assert!((to_tip - tubes.signed_distance_mm(&tip)).abs() < 1e-9, "{name}: tip {to_tip}");
            assert!(
                (to_shaft - (truth - 2.0)).abs() < 0.02,
                "{name}: {to_shaft}, not {}",
                truth - 2.0
            );
            compared += 1;
        }
        let surface: Vec<_> = rest_surface.iter().map(|p| now.displace(p)).collect();
        let nearest =
            |p: &Point3<f64>| surface.iter().map(|s| (s - p).norm()).fold(f64::INFINITY, f64::min);
        let (to_tip, to_shaft) = tool.distances_mm(&StructureNow::new(&now, tumour).unwrap());
        assert!((to_tip.abs() - nearest(&tip)).abs() < 0.3, "tip {to_tip}, not {}", nearest(&tip));
        if to_shaft > 0.0 {
            let truth = shaft.iter().step_by(4).map(nearest).fold(f64::INFINITY, f64::min) - 2.0;
            assert!((to_shaft - truth).abs() < 0.4, "{to_shaft}, not {truth}");
        }
        moved = moved.max((now.displace(&tip) - tip).norm());
    }
    assert!(compared == 20 && moved > 5.0, "nothing was deformed: {moved} mm");
}

fn poses(device: &mut Tracker) -> (Duration, ToolPoses) {
    let Reading::Scheduled { since_start, outputs } = device.read().unwrap() else { panic!() };
    let [tracker::Output::Poses(poses)] = &outputs[..] else { panic!() };
    (since_start, poses.clone())
}

fn open_tracker(parameters: serde_json::Value) -> Tracker {
    Tracker::open(serde_json::from_value(parameters).unwrap()).unwrap()
}

#[test]
fn a_tracker_of_probe_and_reference_says_what_it_always_said() {
    let simulated = SimulatedTracker::new(1);
    let mut device =
        open_tracker(serde_json::json!({ "patient": { "seed": 1, "anatomy": "abdomen" } }));
    for sample in 0..300 {
        let (at, poses) = poses(&mut device);
        assert_eq!(poses.tools.len(), 2);
        let probe = simulated.probe(ABDOMEN.motion(), at, sample);
        assert_eq!(poses.named::<messages::Probe>("probe").unwrap(), probe);
        assert_eq!(poses.named::<Patient>("reference").unwrap(), simulated.reference(sample));
    }
}

const OPERATION: &str = r#"{
    "patient": {
        "seed": 1, "anatomy": "abdomen", "breath_held": true, "packing_mm": 8.0, "packed_at_s": 10.0
    },
    "operation": {
        "tools": ["probe", "reference", "instrument", "stylus"], "instrument_from_s": 1.0,
        "touches": [{ "landmark": "portal_bifurcation", "at_s": 12.0 }]
    }
}"#;

#[test]
fn each_tool_is_measured_at_its_true_place_and_hidden_at_its_own_times() {
    let mut device = Tracker::open(serde_json::from_str(OPERATION).unwrap()).unwrap();
    let mut truth = PatientTruth::open(serde_json::from_str(OPERATION).unwrap()).unwrap();
    let tracker_from_patient = SimulatedTracker::new(1).tracker_from_patient();
    let (mut hidden, mut both, mut errors) = ([0; 2], 0, Vec::new());
    for _ in 0..140 {
        let (true_at, distances) = distances(&mut truth);
        for sample in 0..10 {
            let (at, poses) = poses(&mut device);
            let tools = [("instrument", INSTRUMENT), ("stylus", STYLUS)];
            let seen = tools.map(|(name, shape)| match poses.named::<Tool>(name).unwrap() {
                Pose::Hidden { .. } => None,
                Pose::Visible { to_from_tool, .. } => {
                    let pose: Transform<Patient, Tool> =
                        tracker_from_patient.inverse() * to_from_tool;
                    Some((name, shape.ends(&pose)[0]))
                }
            });
            for (count, seen) in hidden.iter_mut().zip(&seen) {
                *count += u32::from(seen.is_none());
            }
            both += u32::from(seen.iter().all(Option::is_none));
            if (11.2..12.8).contains(&at.as_secs_f64()) {
                assert!(seen[1].is_some(), "the stylus was hidden while it touched");
            }
            if sample == 0 {
                // The instants are the same to the nanosecond.
                assert_eq!(true_at, at);
                for (name, tip) in seen.into_iter().flatten() {
                    let tool = distances.tools.iter().find(|tool| tool.name == name).unwrap();
                    let messages::ToolPlace::Seen { tip: truly, .. } = tool.place else { panic!() };
                    errors.push((tip.xyz_mm - truly.xyz_mm).norm());
                }
            }
        }
    }
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    assert!((0.2..0.8).contains(&mean), "{mean} mm");
    assert!(errors.iter().all(|error| *error < 2.5));
    assert!(hidden.iter().all(|count| (80..350).contains(count)), "{hidden:?} of 1400 samples");
    assert!(both < hidden[0].min(hidden[1]), "both are hidden together");
}

fn distances(device: &mut PatientTruth) -> (Duration, Distances) {
    let Reading::Scheduled { since_start, outputs } = device.read().unwrap() else { panic!() };
    let Some(patient_truth::Output::TruthDistances(distances)) = outputs.last() else { panic!() };
    (since_start, distances.clone())
}

/// As a watch over the reference needs it: fixed to it, and measured apart from it.
#[test]
fn the_second_reference_goes_with_the_first_and_has_its_own_noise() {
    let mut device = open_tracker(serde_json::json!({
        "patient": { "seed": 1, "anatomy": "abdomen" },
        "operation": { "tools": ["reference", "second_reference"] },
    }));
    let mut offsets = Vec::new();
    for _ in 0..200 {
        let (_, poses) = poses(&mut device);
        let place = |index: usize| match &poses.tools[index].pose {
            Pose::Visible { to_from_tool, .. } => *to_from_tool.isometry(),
            Pose::Hidden { reason } => panic!("{reason}"),
        };
        assert_eq!(poses.tools[1].name, "second_reference");
        offsets.push((place(0).inverse() * place(1)).translation.vector);
    }
    let mean = offsets.iter().sum::<Vector3<f64>>() / offsets.len() as f64;
    assert!((mean - Vector3::new(60.0, 0.0, 0.0)).norm() < 0.1, "{mean}");
    let noise = offsets.iter().map(|offset| (offset - mean).norm()).fold(0.0, f64::max);
    assert!((0.1..3.0).contains(&noise), "{noise} mm");
}

#[test]
fn the_truth_is_told_again_after_a_restart_and_is_the_same_then() {
    let open = || PatientTruth::open(serde_json::from_str(OPERATION).unwrap()).unwrap();
    let (mut undisturbed, mut restarted) = (open(), open());
    let mut targets = Vec::new();
    for sample in 0..=102 {
        let Reading::Scheduled { since_start, outputs } = undisturbed.read().unwrap() else {
            panic!()
        };
        assert_eq!(outputs.len() == 3, sample % 50 == 0, "targets at the start and each 5 s");
        if let patient_truth::Output::TruthTargets(there) = &outputs[0] {
            targets.push(there.clone());
        }
        if sample == 102 {
            restarted.seek(Duration::from_millis(10_150));
            let Reading::Scheduled { since_start: at, outputs: again } = restarted.read().unwrap()
            else {
                panic!()
            };
            assert_eq!(at, since_start);
            assert_eq!(again.len(), 3);
            let (
                patient_truth::Output::TruthDistances(one),
                patient_truth::Output::TruthDistances(two),
            ) = (&outputs[0], &again[2])
            else {
                panic!()
            };
            assert_eq!(one, two);
            let danger = |d: &Distances| {
                d.tools
                    .iter()
                    .flat_map(|t| &t.structures)
                    .filter(|s| s.alarm == Alarm::Danger)
                    .count()
            };
            assert!(danger(one) > 0, "the instrument dwells in its target");
        }
    }
    assert!((150..=260).contains(&targets[0].landmarks.len()), "{}", targets[0].landmarks.len());
    let names: std::collections::BTreeSet<_> =
        targets[0].landmarks.iter().map(|mark| &mark.name).collect();
    assert_eq!(names.len(), targets[0].landmarks.len(), "a name came twice");
}

#[test]
fn packs_push_the_organs_aside_from_their_time_on() {
    let packed = |packing_mm, at_s| ABDOMEN.clone().with_packing(packing_mm, at_s);
    let (never, always, later) = (packed(0.0, 0.0), packed(12.0, 0.0), packed(12.0, 10.0));
    let targets = simulation::targets::targets(never.anatomy().unwrap());
    let places = |subject: &Subject, at: f64| -> Vec<Point3<f64>> {
        let now = subject.moment_without_probe(seconds(at)).unwrap().unwrap();
        targets.iter().map(|(_, place)| now.displace(place)).collect()
    };
    let largest = |a: &[Point3<f64>], b: &[Point3<f64>]| {
        a.iter().zip(b).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max)
    };
    assert_eq!(largest(&places(&later, 9.9), &places(&never, 9.9)), 0.0);
    assert_eq!(largest(&places(&later, 12.1), &places(&always, 12.1)), 0.0);
    let pushed = largest(&places(&always, 3.0), &places(&never, 3.0));
    assert!((6.0..=12.0).contains(&pushed), "{pushed} mm");
    let halfway = largest(&places(&later, 11.0), &places(&never, 11.0));
    assert!((halfway - 0.5 * pushed).abs() < 0.01, "{halfway} mm of {pushed}");
}
