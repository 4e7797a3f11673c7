//! Poses between poses: exact on motions of constant velocity, refused with the reason elsewhere.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::time::Duration;

use formats::metaimage::Limits;
use formats::plus_sequence::Sequence;
use fusion::pose_history::{PoseHistory, Reason};
use messages::{Pose, Probe, Timestamp, Tracker, Transform};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use proptest::prelude::*;

type History = PoseHistory<Tracker, Probe>;

const MS: i64 = 1_000_000;

fn ms(milliseconds: i64) -> Timestamp {
    Timestamp(milliseconds * MS)
}

fn at_x(x_mm: f64) -> Pose<Tracker, Probe> {
    visible(Isometry3::translation(x_mm, 0.0, 0.0), None)
}

fn visible(isometry: Isometry3<f64>, error_mm: Option<f64>) -> Pose<Tracker, Probe> {
    Pose::Visible { to_from_tool: Transform::from_isometry(isometry), error_mm }
}

fn hidden() -> Pose<Tracker, Probe> {
    Pose::Hidden { reason: "out of volume".to_owned() }
}

fn history(poses: impl IntoIterator<Item = (i64, Pose<Tracker, Probe>)>) -> History {
    let mut history = History::new(100);
    for (at, pose) in poses {
        history.push(ms(at), pose).unwrap();
    }
    history
}

fn x_mm(history: &History, at: Timestamp, max_gap_ms: u64) -> Result<f64, Reason> {
    let found = history.interpolate(at, Duration::from_millis(max_gap_ms))?;
    Ok(found.to_from_tool.isometry().translation.x)
}

#[test]
fn between_two_poses() {
    let history = history([(100, at_x(0.0)), (120, at_x(10.0)), (140, at_x(30.0))]);
    assert_eq!(x_mm(&history, ms(100), 20), Ok(0.0));
    assert_eq!(x_mm(&history, ms(105), 20), Ok(2.5));
    assert_eq!(x_mm(&history, ms(120), 20), Ok(10.0));
    assert_eq!(x_mm(&history, ms(130), 20), Ok(20.0));
    assert_eq!(x_mm(&history, ms(140), 20), Ok(30.0));
    let found = history.interpolate(ms(105), Duration::from_millis(20)).unwrap();
    assert_eq!(found.gap, Duration::from_millis(20));
    let found = history.interpolate(ms(120), Duration::from_millis(20)).unwrap();
    assert_eq!(found.gap, Duration::ZERO);
}

#[test]
fn nothing_is_extrapolated() {
    let empty = History::new(10);
    assert_eq!(x_mm(&empty, ms(0), 1000), Err(Reason::NoPoseYet));
    let history = history([(100, at_x(0.0)), (120, at_x(10.0))]);
    let later = Duration::from_nanos(1);
    assert_eq!(
        x_mm(&history, Timestamp(100 * MS - 1), 1000),
        Err(Reason::BeforeFirstPose { later })
    );
    let waiting = Reason::WaitingForNewerPose { older: Duration::from_nanos(1) };
    assert_eq!(x_mm(&history, Timestamp(120 * MS + 1), 1000), Err(waiting.clone()));
    assert!(waiting.may_pass() && Reason::NoPoseYet.may_pass());
    assert!(!Reason::BeforeFirstPose { later }.may_pass());
}

#[test]
fn a_gap_that_is_too_wide_says_how_wide() {
    let history = history([(0, at_x(0.0)), (2647, at_x(10.0))]);
    let reason = x_mm(&history, ms(1000), 100).unwrap_err();
    assert_eq!(
        reason,
        Reason::GapTooWide {
            gap: Duration::from_millis(2647),
            max_gap: Duration::from_millis(100)
        }
    );
    assert_eq!(
        reason.to_string(),
        "the poses around it are 2647.0 ms apart, more than the 100.0 ms allowed"
    );
    assert!(!reason.may_pass());
    assert!(x_mm(&history, ms(1000), 2647).is_ok());
    assert!(x_mm(&history, ms(1000), 2646).is_err());
    // The measured instants themselves are good, however wide the gap.
    assert_eq!(x_mm(&history, ms(2647), 100), Ok(10.0));
}

#[test]
fn a_hidden_tool_is_nowhere_up_to_both_neighbours() {
    let history = history([(0, at_x(0.0)), (10, hidden()), (20, at_x(20.0)), (30, at_x(30.0))]);
    for at in [1, 9, 10, 11, 19] {
        let reason = x_mm(&history, ms(at), 1000).unwrap_err();
        assert_eq!(reason, Reason::Hidden { reason: "out of volume".to_owned() }, "{at}");
    }
    for (at, x) in [(0, 0.0), (20, 20.0), (25, 25.0)] {
        assert_eq!(x_mm(&history, ms(at), 1000), Ok(x));
    }
}

#[test]
fn the_newest_are_kept() {
    let mut history = History::new(3);
    for at in 0..10 {
        history.push(ms(at * 10), at_x(at as f64)).unwrap();
    }
    assert_eq!(history.newest(), Some(ms(90)));
    assert_eq!(x_mm(&history, ms(75), 10), Ok(7.5));
    let forgotten = Reason::Forgotten { later: Duration::from_millis(5) };
    assert_eq!(x_mm(&history, ms(65), 10), Err(forgotten));
}

#[test]
fn a_pose_out_of_order_changes_nothing() {
    let mut history = history([(100, at_x(0.0)), (120, at_x(10.0))]);
    let before = history.clone();
    for at in [120, 119, 0] {
        assert!(history.push(ms(at), at_x(99.0)).is_err());
    }
    assert!(history == before);
}

#[test]
fn errors_are_those_of_the_worse_neighbour() {
    let still = Isometry3::identity();
    for (before, after, expected) in [
        (Some(0.1), Some(0.3), Some(0.3)),
        (Some(0.3), Some(0.1), Some(0.3)),
        (None, Some(0.1), None),
        (None, None, None),
    ] {
        let history = history([(0, visible(still, before)), (10, visible(still, after))]);
        let found = history.interpolate(ms(5), Duration::from_millis(10)).unwrap();
        assert_eq!(found.error_mm, expected);
    }
}

#[test]
fn half_a_turn_has_no_shorter_way() {
    let turn = UnitQuaternion::from_scaled_axis(Vector3::x() * std::f64::consts::PI);
    let turned = Isometry3::from_parts(Translation3::identity(), turn);
    let history = history([(0, visible(Isometry3::identity(), None)), (10, visible(turned, None))]);
    assert_eq!(x_mm(&history, ms(5), 10), Err(Reason::HalfATurn));
    assert_eq!(x_mm(&history, ms(10), 10), Ok(0.0));
}

fn constant_motion(
    start: [f64; 3],
    velocity: [f64; 3],
    axis: [f64; 3],
    seconds: f64,
) -> Isometry3<f64> {
    let position = Vector3::from(start) + Vector3::from(velocity) * seconds;
    let rotation = UnitQuaternion::from_scaled_axis(Vector3::from(axis) * seconds);
    Isometry3::from_parts(position.into(), rotation)
}

proptest! {
    /// At constant velocities interpolation is exact, whichever of its two quaternions a rotation has.
    #[test]
    fn constant_velocities_are_exact(
        start in prop::array::uniform3(-500.0..500.0),
        velocity in prop::array::uniform3(-300.0..300.0),
        axis in prop::array::uniform3(-10.0..10.0),
        first_ms in 0i64..10_000,
        step_ms in 1i64..100,
        fraction in 0.0..1.0,
        negate: bool,
    ) {
        let motion = |at: Timestamp| constant_motion(start, velocity, axis, at.as_secs_f64());
        let (before, after) = (ms(first_ms), ms(first_ms + step_ms));
        let mut second = motion(after);
        if negate {
            let opposite = -second.rotation.into_inner();
            second.rotation = UnitQuaternion::new_unchecked(opposite);
        }
        let history = history([
            (first_ms, visible(motion(before), None)),
            (first_ms + step_ms, visible(second, None)),
        ]);
        let at = Timestamp(before.0 + (fraction * (after.0 - before.0) as f64) as i64);
        let found = history.interpolate(at, Duration::from_millis(100)).unwrap();
        let truth = motion(at);
        let difference = found.to_from_tool.isometry().inv_mul(&truth);
        prop_assert!(difference.translation.vector.norm() < 1e-6, "{difference}");
        prop_assert!(difference.rotation.angle() < 1e-9, "{difference}");
    }

    /// Whatever is asked, the answer lies between the neighbours.
    #[test]
    fn never_outside_the_neighbours(
        steps in prop::collection::vec((1i64..50, -100.0..100.0f64), 2..40),
        at in 0i64..2000,
    ) {
        let mut time = 0;
        let poses: Vec<(i64, f64)> = steps.iter().map(|(step, x)| { time += step; (time, *x) }).collect();
        let history = history(poses.iter().map(|(at, x)| (*at, at_x(*x))));
        match x_mm(&history, ms(at), 50) {
            Ok(x) => {
                let around = poses.windows(2).find(|pair| pair[0].0 <= at && at <= pair[1].0).unwrap();
                let (low, high) = (around[0].1.min(around[1].1), around[0].1.max(around[1].1));
                prop_assert!((low - 1e-9..=high + 1e-9).contains(&x));
            }
            Err(Reason::BeforeFirstPose { .. }) => prop_assert!(at < poses[0].0),
            Err(Reason::WaitingForNewerPose { .. }) => prop_assert!(at > poses[poses.len() - 1].0),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

/// Every other pose of a real hand-held sweep is left out and interpolated.
#[test]
fn a_real_hand_held_probe() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let path = PathBuf::from(folder).join("imfusion_liver_sweep/liver_sweep_poses.igs.mha");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("SKIPPED: real data imfusion_liver_sweep is absent");
        return;
    };
    let sequence = Sequence::read(&bytes, &Limits::default()).unwrap();
    let poses: Vec<(Timestamp, Isometry3<f64>)> = sequence
        .header()
        .frames
        .iter()
        .map(|frame| {
            let matrix = frame.transform("Probe", "Tracker").unwrap().usable().unwrap();
            let transform = Transform::<Tracker, Probe>::from_matrix(matrix).unwrap();
            (Timestamp::from_secs_f64(frame.timestamp_s), *transform.isometry())
        })
        .collect();
    let mut history = History::new(poses.len());
    for (at, pose) in poses.iter().step_by(2) {
        history.push(*at, visible(*pose, None)).unwrap();
    }
    let (mut errors_mm, mut refused) = (Vec::new(), 0);
    for (at, truth) in poses.iter().skip(1).step_by(2) {
        match history.interpolate(*at, Duration::from_millis(100)) {
            Ok(found) => {
                let found = found.to_from_tool.isometry().translation.vector;
                errors_mm.push((found - truth.translation.vector).norm());
            }
            Err(Reason::GapTooWide { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    errors_mm.sort_by(f64::total_cmp);
    let median = errors_mm[errors_mm.len() / 2];
    println!("{} interpolated, median error {median:.3} mm, {refused} refused", errors_mm.len());
    assert!(errors_mm.len() > 140, "{}", errors_mm.len());
    assert!(median < 0.2, "{median} mm");
    // The two dropouts of the recording are refused.
    assert!((1..=6).contains(&refused), "{refused}");
}
