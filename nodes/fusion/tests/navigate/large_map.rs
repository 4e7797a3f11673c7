//! Maps that take longer to prepare than the time between two poses.

use fusion::navigate::{Input, Navigate};
use messages::StructureKind;
use serde_json::json;

use crate::scene::map;
use crate::shapes::capsule;
use crate::{at, blank, guided, handle, node, poses, tip_at};

/// With so many vessels, each of more triangles than are prepared at once.
fn large(count: u32) -> Input {
    let shape = |index| capsule([60.0, 0.0, f64::from(index)], [60.0, 0.0, 70.0], 8.0, 100);
    let structures =
        (0..count).map(|index| ("vein", StructureKind::Vein, 0.5, shape(index))).collect();
    Input::Surfaces(map(structures))
}

/// Poses go on while the structures of a large map are prepared, one with each.
#[test]
fn a_large_map_is_taken_over_several_poses_and_the_one_before_is_watched_meanwhile() {
    let mut guided = guided(json!({}));
    handle(&mut guided, 0, large(4));
    let watched: Vec<usize> =
        (0..5).map(|_| tip_at(&mut guided, [30.0, 0.0, 0.0]).structures.len()).collect();
    assert_eq!(watched, [2, 2, 4, 4, 4], "the first with the map itself");
    let mut fresh = node(json!({}));
    handle(&mut fresh, 0, large(3));
    let distances = tip_at(&mut fresh, [30.0, 0.0, 0.0]);
    assert!(blank(&distances).contains("being prepared"), "{distances:?}");
}

#[test]
fn poses_that_wait_already_go_before_the_rest_of_a_map_but_not_for_ever() {
    let mut slow = guided(json!({}));
    handle(&mut slow, 0, large(3));
    let watched = |node: &mut Navigate, late_ms: i64| {
        let pose = poses(0, &[("needle", at(30.0, 0.0, 0.0)), ("patient", at(0.0, 0.0, 0.0))]);
        handle(node, late_ms * 1_000_000, pose).0[0].1.structures.len()
    };
    let late: Vec<usize> = (0..50).map(|_| watched(&mut slow, 100)).collect();
    assert_eq!(late.iter().position(|count| *count == 3), Some(41), "{late:?}");
    let mut quick = guided(json!({}));
    handle(&mut quick, 0, large(3));
    assert_eq!([10, 100, 10].map(|late_ms| watched(&mut quick, late_ms)), [2, 2, 3]);
}
