//! Signed distances of points and shafts against shapes whose distances are known.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/shapes.rs"]
mod shapes;

use fusion::structure_distance::{Hint, StructureDistance};
use fusion::triangle::nearest_to_segment;
use fusion::triangle_mesh::TriangleMesh;
use nalgebra::{Point3, Vector3};
use proptest::prelude::*;
use shapes::{Shape, capsule, cuboid, hollow};

fn ready((vertices, triangles): &Shape) -> StructureDistance {
    StructureDistance::new(TriangleMesh::new(vertices, triangles))
}

fn point_mm(surface: &StructureDistance, point: &Point3<f64>) -> f64 {
    surface.point_mm(point, &mut Hint::default())
}

fn axis_mm(surface: &StructureDistance, axis: &[Point3<f64>]) -> f64 {
    let tip_mm = point_mm(surface, &axis[0]);
    let found = surface.axis_mm(axis, tip_mm, &mut Hint::default());
    assert!(found.distance_mm <= tip_mm);
    found.distance_mm
}

/// The exact signed distance of a box.
fn cuboid_mm(point: &Point3<f64>, half: [f64; 3]) -> f64 {
    let beyond = point.coords.abs() - Vector3::from(half);
    beyond.sup(&Vector3::zeros()).norm() + beyond.max().min(0.0)
}

const HALF: [f64; 3] = [10.0, 4.0, 1.0];

fn place() -> impl Strategy<Value = Point3<f64>> {
    [-15.0..15.0, -8.0..8.0, -4.0..4.0_f64].prop_map(Point3::from)
}

proptest! {
    #[test]
    fn a_point_is_as_far_from_a_box_as_it_is(point in place()) {
        let surface = ready(&cuboid([0.0; 3], HALF));
        prop_assert!((point_mm(&surface, &point) - cuboid_mm(&point, HALF)).abs() < 1e-9);
    }

    #[test]
    fn a_cavity_is_outside(point in place()) {
        let inner = [8.0, 2.0, 0.5];
        let surface = ready(&hollow(cuboid([0.0; 3], HALF), cuboid([0.0; 3], inner)));
        let expected = cuboid_mm(&point, HALF).max(-cuboid_mm(&point, inner));
        prop_assert!((point_mm(&surface, &point) - expected).abs() < 1e-9);
    }

    /// Triangles that share no vertices, as STL has them, and triangles turned inside out.
    #[test]
    fn a_heap_of_triangles_is_as_good_as_a_mesh(point in place()) {
        let (vertices, triangles) = cuboid([0.0; 3], HALF);
        let heap = triangles.iter().flatten().map(|&corner| vertices[corner as usize]).collect();
        let turned = (0..12).map(|triangle| [3 * triangle, 3 * triangle + 2, 3 * triangle + 1]);
        let surface = ready(&(heap, turned.collect()));
        prop_assert!(surface.is_closed());
        prop_assert!((point_mm(&surface, &point) - cuboid_mm(&point, HALF)).abs() < 1e-9);
    }

    /// A shaft is as near as the nearest of many places on it, and no less deep inside.
    #[test]
    fn a_bent_shaft_is_as_far_as_its_nearest_place(
        axis in proptest::collection::vec(place(), 2..5)
    ) {
        let surface = ready(&cuboid([0.0; 3], HALF));
        let sampled = axis.windows(2).flat_map(|ends| {
            (0..=2000).map(move |step| ends[0] + (ends[1] - ends[0]) * (f64::from(step) / 2000.0))
        });
        let expected = sampled.map(|at| cuboid_mm(&at, HALF)).fold(f64::INFINITY, f64::min);
        let found = axis_mm(&surface, &axis);
        // Samples lie up to 18 micrometres from the nearest place; depths, of up to 1 mm, to 70.
        prop_assert!((found - expected).abs() < 0.08, "{found} {expected}");
        prop_assert!(expected < 0.02 || (found - expected).abs() < 0.02, "{found} {expected}");
    }

    #[test]
    fn the_tree_finds_what_a_search_of_all_triangles_finds(from in place(), to in place()) {
        let shape = capsule([-9.0, 0.0, 0.0], [6.0, 3.0, 1.0], 2.0, 24);
        let mesh = TriangleMesh::new(&shape.0, &shape.1);
        let all = (0..mesh.corners().len())
            .map(|triangle| nearest_to_segment(&[from, to], &mesh.triangle(triangle)).0.sqrt())
            .fold(f64::INFINITY, f64::min);
        let surface = StructureDistance::new(mesh);
        let found = axis_mm(&surface, &[from, to]);
        let right = if found > 0.0 { (found - all).abs() < 1e-9 } else { all < -found + 0.05 - 0.02 * found };
        prop_assert!(right, "{} {}", found, all);
    }
}

/// Fine enough that the facets lie within 7e-5 mm of the round surface.
#[test]
fn a_sphere_and_a_capsule_are_met_to_a_ten_thousandth_of_a_millimetre() {
    let sphere = ready(&capsule([3.0, -2.0, 5.0], [3.0, -2.0, 5.0], 1.0, 400));
    let (from, to) = (Point3::new(0.0, 0.0, 0.0), Point3::new(2.0, 1.0, 5.0));
    let tube = ready(&capsule([0.0; 3], [2.0, 1.0, 5.0], 1.0, 400));
    assert!(sphere.is_closed() && tube.is_closed());
    let mut hints = [Hint::default(); 2];
    for step in 0..400_i32 {
        let turn = f64::from(step) * 0.7;
        let out = Vector3::new(turn.sin(), turn.cos() * 0.6, (0.37 * turn).sin()) * (turn % 3.0);
        let point = Point3::new(3.0, -2.0, 5.0) + out;
        let found = sphere.point_mm(&point, &mut hints[0]);
        assert!((found - (out.norm() - 1.0)).abs() < 1e-4, "{found} {}", out.norm() - 1.0);
        let point = Point3::new(1.0, 0.5, 2.5) + out * 1.5;
        let along = to - from;
        let fraction = ((point - from).dot(&along) / along.norm_squared()).clamp(0.0, 1.0);
        let expected = (point - from - along * fraction).norm() - 1.0;
        let found = tube.point_mm(&point, &mut hints[1]);
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
}

#[test]
fn a_shaft_that_passes_through_says_how_deep_it_goes() {
    let sphere = ready(&capsule([0.0; 3], [0.0; 3], 10.0, 200));
    for height in [0.0, 3.0, 9.0] {
        let axis = [Point3::new(-40.0, height, 0.0), Point3::new(60.0, height, 0.0)];
        let found = axis_mm(&sphere, &axis);
        assert!(
            (found - (height - 10.0)).abs() < 0.06 + 0.02 * (10.0 - height),
            "{found} at {height}"
        );
    }
    let within = [Point3::new(-6.0, 1.0, 0.0), Point3::new(7.0, 1.0, 0.0)];
    assert!((axis_mm(&sphere, &within) + 9.0).abs() < 0.06 + 0.18);
}

#[test]
fn a_shaft_that_hardly_grazes_a_surface_is_not_outside() {
    let sphere = ready(&capsule([0.0; 3], [0.0; 3], 10.0, 200));
    for under_mm in [1e-6, 1e-4, 1e-2] {
        // Through a corner of the mesh, so that it is known how deep.
        let height = 10.0 - under_mm;
        let axis = [Point3::new(-3.0, -70.0, -height), Point3::new(3.0, 70.0, -height)];
        let found = axis_mm(&sphere, &axis);
        assert!(found <= 0.0 && found >= -under_mm, "{found} at {under_mm}");
    }
}

#[test]
fn what_has_no_inside_has_no_negative_distance() {
    let (vertices, mut triangles) = cuboid([0.0; 3], HALF);
    triangles.pop();
    let open = ready(&(vertices, triangles));
    assert!(!open.is_closed());
    assert!((point_mm(&open, &Point3::origin()) - 1.0).abs() < 1e-9);
    let nothing = ready(&(Vec::new(), Vec::new()));
    assert!(nothing.is_empty() && point_mm(&nothing, &Point3::origin()).is_infinite());
    let tip_mm = f64::INFINITY;
    let axis = [Point3::origin(), Point3::new(1.0, 0.0, 0.0)];
    let found = nothing.axis_mm(&axis, tip_mm, &mut Hint::default());
    assert!(found.distance_mm.is_infinite());
}

/// A hint from anywhere, and even of another mesh, leaves the answer as it is.
#[test]
fn a_hint_changes_nothing() {
    let surface = ready(&capsule([0.0; 3], [30.0, 0.0, 0.0], 5.0, 60));
    let mut hints = [Hint::default(); 2];
    for step in 0..500_i32 {
        let turn = f64::from(step);
        let tip =
            Point3::new(40.0 * turn.sin(), 20.0 * (1.3 * turn).cos(), 9.0 * (0.2 * turn).sin());
        let axis = [tip, tip + Vector3::new(10.0, 40.0, (turn * 0.1).cos() * 30.0)];
        let tip_mm = surface.point_mm(&tip, &mut hints[0]);
        assert!((tip_mm - point_mm(&surface, &tip)).abs() < 1e-12);
        let found = surface.axis_mm(&axis, tip_mm, &mut hints[1]).distance_mm;
        // Depths are found to a tolerance, from either side.
        let tolerance = if found > 0.0 { 1e-12 } else { 0.05 - 0.02 * found };
        assert!((found - axis_mm(&surface, &axis)).abs() <= tolerance);
    }
}
