//! Masks of tubes with known centrelines and radii become the trees they were drawn from.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "support/draw.rs"]
mod draw;
#[path = "../../registration/tests/support/synthetic.rs"]
mod synthetic;

use messages::Centrelines;
use messages::centrelines::Node;
use nalgebra::{Isometry3, Matrix3x4, Point3, Rotation3, Vector3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use registration::{Parameters, Reference, Verdict};
use segmentation::vessel_tree::{Grid, GridError, TreeError, TreeParameters, vessel_tree};
use synthetic::{Conditions, case, grow, preoperative, tree_of};

/// A line with a radius at each end.
type Tube = (Point3<f64>, Point3<f64>, f64, f64);

fn to_tube(p: &Point3<f64>, (a, b, ra, rb): &Tube) -> (f64, f64) {
    let axis = b - a;
    let part = ((p - a).dot(&axis) / axis.norm_squared()).clamp(0.0, 1.0);
    ((p - (a + axis * part)).norm(), ra + (rb - ra) * part)
}

fn draw(grid: &Grid, inside: impl Fn(&Point3<f64>) -> bool) -> Vec<u8> {
    let [nx, ny, _] = grid.size();
    (0..grid.voxels())
        .map(|at| {
            u8::from(inside(&grid.to_mm([at % nx, at / nx % ny, at / nx / ny].map(|i| i as f64))))
        })
        .collect()
}

fn draw_tubes(grid: &Grid, tubes: &[Tube]) -> Vec<u8> {
    draw(grid, |p| {
        tubes.iter().any(|tube| {
            let (distance, radius) = to_tube(p, tube);
            distance <= radius
        })
    })
}

/// Mean distance of the nodes to the nearest tube's centreline, and mean error of the radius, away from tips and joints.
fn errors(tree: &Centrelines, tubes: &[Tube]) -> (f64, f64) {
    let (mut distance_sum, mut radius_sum, mut count) = (0.0, 0.0, 0.0);
    for node in tree.nodes() {
        let nearest = tubes
            .iter()
            .map(|tube| to_tube(&node.position_mm, tube))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap();
        let near_end = tubes.iter().any(|(a, b, ra, rb)| {
            (node.position_mm - a).norm() < 1.3 * ra || (node.position_mm - b).norm() < 1.3 * rb
        });
        distance_sum += nearest.0;
        if !near_end {
            radius_sum += (node.radius_mm - nearest.1).abs();
        }
        count += 1.0;
    }
    (distance_sum / count, radius_sum / count)
}

fn p(x: f64, y: f64, z: f64) -> Point3<f64> {
    Point3::new(x, y, z)
}

#[test]
fn an_oblique_tube_is_one_branch_on_its_axis() {
    let grid = Grid::with_spacing([60, 60, 60], [1.0; 3]).unwrap();
    for radius in [0.9, 1.5, 2.5, 4.0, 6.0] {
        let tubes = [(p(10.0, 12.0, 9.0), p(49.3, 40.1, 51.7), radius, radius)];
        let tree = vessel_tree(&grid, &draw_tubes(&grid, &tubes), None, &TreeParameters::default())
            .unwrap();
        assert_eq!((tree.branches().len(), tree.branch_points().len()), (1, 0), "radius {radius}");
        let (distance, radius_error) = errors(&tree, &tubes);
        assert!(distance < 0.3 && radius_error < 0.4, "radius {radius}: {distance} {radius_error}");
        assert!((tree.length_mm() - 64.0).abs() < 2.0 * radius, "{}", tree.length_mm());
    }
}

#[test]
fn anisotropic_and_rotated_grids_give_the_same_tree_in_millimetres() {
    let rotation = Rotation3::from_euler_angles(0.4, -0.3, 1.1);
    let spacing = [0.6, 0.6, 1.5];
    let mut matrix = Matrix3x4::zeros();
    for (axis, side) in spacing.into_iter().enumerate() {
        matrix.set_column(axis, &(rotation * Vector3::ith(axis, side)));
    }
    matrix.set_column(3, &Vector3::new(-40.0, 25.0, 110.0));
    let grid = Grid::new([80, 80, 34], matrix).unwrap();
    let at = |x: f64, y: f64, z: f64| grid.to_mm([x / 0.6, y / 0.6, z / 1.5]);
    let tubes = [
        (at(6.0, 8.0, 6.0), at(24.0, 24.0, 22.0), 3.5, 3.2),
        (at(24.0, 24.0, 22.0), at(42.0, 24.0, 44.0), 2.6, 2.2),
        (at(24.0, 24.0, 22.0), at(20.0, 43.0, 40.0), 2.4, 2.0),
    ];
    let tree =
        vessel_tree(&grid, &draw_tubes(&grid, &tubes), None, &TreeParameters::default()).unwrap();
    assert_eq!((tree.branches().len(), tree.branch_points().len()), (3, 1));
    let (distance, radius_error) = errors(&tree, &tubes);
    assert!(distance < 0.4 && radius_error < 0.4, "{distance} {radius_error}");
    let joint = tree.nodes()[tree.branch_points()[0] as usize].position_mm;
    assert!((joint - at(24.0, 24.0, 22.0)).norm() < 2.0, "{joint}");
}

#[test]
fn loops_are_kept() {
    let grid = Grid::with_spacing([50, 50, 20], [1.0; 3]).unwrap();
    let ring = |q: &Point3<f64>| ((q.x - 25.0).hypot(q.y - 25.0) - 15.0).hypot(q.z - 10.0) <= 3.0;
    let tree = vessel_tree(&grid, &draw(&grid, ring), None, &TreeParameters::default()).unwrap();
    assert_eq!((tree.branches().len(), tree.branch_points().len()), (1, 0));
    let nodes = &tree.branches()[0].nodes;
    assert_eq!(nodes.first(), nodes.last());
    assert!(
        (tree.length_mm() / (std::f64::consts::TAU * 15.0) - 1.0).abs() < 0.05,
        "{}",
        tree.length_mm()
    );
    let off: f64 = tree
        .nodes()
        .iter()
        .map(|n| {
            ((n.position_mm.x - 25.0).hypot(n.position_mm.y - 25.0) - 15.0)
                .hypot(n.position_mm.z - 10.0)
        })
        .sum();
    assert!(off / (tree.nodes().len() as f64) < 0.3);
    // A ring with a tail: the loop stays and the tail leaves it at one branch point.
    let tailed = draw(&grid, |q| ring(q) || ((q.x - 25.0).hypot(q.z - 10.0) <= 2.0 && q.y < 12.0));
    let tree = vessel_tree(&grid, &tailed, None, &TreeParameters::default()).unwrap();
    assert_eq!((tree.branches().len(), tree.branch_points().len(), tree.components().1), (2, 1, 1));
}

#[test]
fn a_rough_surface_makes_no_branches() {
    let grid = Grid::with_spacing([70, 40, 40], [1.0; 3]).unwrap();
    let tubes = [(p(5.0, 20.0, 20.0), p(64.0, 20.0, 20.0), 6.0, 4.0)];
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mask = draw_tubes(&grid, &tubes);
    let [nx, ny, _] = grid.size();
    let rough: Vec<u8> = (0..mask.len())
        .map(|at| {
            let place = p((at % nx) as f64, (at / nx % ny) as f64, (at / nx / ny) as f64);
            let (distance, radius) = to_tube(&place, &tubes[0]);
            if (distance - radius).abs() < 0.7 { u8::from(rng.random_bool(0.5)) } else { mask[at] }
        })
        .collect();
    let tree = vessel_tree(&grid, &rough, None, &TreeParameters::default()).unwrap();
    assert_eq!((tree.branches().len(), tree.components().1), (1, 1));
    let (distance, radius_error) = errors(&tree, &tubes);
    assert!(distance < 0.5 && radius_error < 0.6, "{distance} {radius_error}");
}

#[test]
fn a_vessel_cut_by_the_field_of_view_keeps_its_radius_to_the_cut() {
    let grid = Grid::with_spacing([60, 30, 30], [1.0; 3]).unwrap();
    let tubes = [(p(-10.0, 15.0, 15.0), p(80.0, 15.0, 15.0), 5.0, 5.0)];
    let seen = draw(&grid, |q| q.x < 40.0);
    let tree =
        vessel_tree(&grid, &draw_tubes(&grid, &tubes), Some(&seen), &TreeParameters::default())
            .unwrap();
    assert_eq!(tree.branches().len(), 1);
    let xs: Vec<f64> = tree.nodes().iter().map(|n| n.position_mm.x).collect();
    let (low, high) =
        (xs.iter().copied().fold(f64::MAX, f64::min), xs.iter().copied().fold(f64::MIN, f64::max));
    assert!(low < 2.5 && (37.0..40.0).contains(&high), "{low} {high}");
    assert!(tree.nodes().iter().all(|n| (n.radius_mm - 5.0).abs() < 0.6), "{:?}", tree.nodes());
}

#[test]
fn two_vessels_are_two_components_and_specks_are_none() {
    let grid = Grid::with_spacing([40, 40, 40], [1.0; 3]).unwrap();
    let tubes = [
        (p(5.0, 10.0, 10.0), p(35.0, 10.0, 12.0), 2.0, 2.0),
        (p(5.0, 30.0, 20.0), p(35.0, 28.0, 30.0), 3.0, 2.0),
    ];
    let mut mask = draw_tubes(&grid, &tubes);
    mask[40 * 40 * 38 + 40 * 2 + 2] = 1;
    let tree = vessel_tree(&grid, &mask, None, &TreeParameters::default()).unwrap();
    assert_eq!((tree.branches().len(), tree.components().1), (2, 2));
}

#[test]
fn bad_and_empty_input_is_answered() {
    let grid = Grid::with_spacing([4, 4, 4], [1.0; 3]).unwrap();
    let parameters =
        TreeParameters { least_component_mm3: 0.0, least_tree_mm: 0.0, ..Default::default() };
    assert_eq!(vessel_tree(&grid, &[0; 64], None, &parameters).unwrap(), Centrelines::default());
    assert!(matches!(
        vessel_tree(&grid, &[0; 60], None, &parameters),
        Err(TreeError::Grid(GridError::Length { array: "mask", .. }))
    ));
    assert!(matches!(
        vessel_tree(&grid, &[0; 64], Some(&[1; 4]), &parameters),
        Err(TreeError::Grid(GridError::Length { array: "seen", .. }))
    ));
    let stuck = TreeParameters { step_mm: f64::NAN, ..parameters };
    assert!(matches!(vessel_tree(&grid, &[0; 64], None, &stuck), Err(TreeError::Parameter(_))));
    // All vessel, with no background anywhere, and a single voxel: neither hangs nor panics.
    vessel_tree(&grid, &[1; 64], None, &parameters).unwrap();
    let mut one = [0; 64];
    one[21] = 1;
    vessel_tree(&grid, &one, None, &parameters).unwrap();
}

#[test]
fn an_organ_keeps_its_vessels() {
    let grid = Grid::with_spacing([200, 160, 160], [0.9, 0.9, 0.7]).unwrap();
    let truth = draw::placed(&preoperative(&grow(4, false)), Vector3::new(90.0, 72.0, 56.0), 1.3);
    let mask = draw::draw_tree(&grid, &truth);
    let tree = vessel_tree(&grid, &mask, None, &TreeParameters::default()).unwrap();
    let near = |from: &Centrelines, to: &Centrelines| {
        let (from, to) = (from.samples(2.0, 4.0), to.samples(0.5, 4.0));
        let is_near =
            |place: &Point3<f64>| to.iter().any(|sample| (sample.position_mm - place).norm() < 1.5);
        let near = from.iter().filter(|sample| is_near(&sample.position_mm)).count();
        near as f64 / from.len() as f64
    };
    let (found, true_share) = (near(&truth, &tree), near(&tree, &truth));
    assert!(found > 0.9, "{found:.3} of the true centrelines were found");
    assert!(true_share > 0.97, "{true_share:.3} of the centrelines found are true");
}

#[test]
fn a_traced_mask_registers_to_the_tree_it_shows() {
    // What is seen is drawn into a volume, segmented back into a tree, and that is registered.
    let vessels = grow(11, false);
    let patient = case(Conditions {
        seed: 11,
        deformation_mm: 6.0,
        rotation_rad: 4.0,
        hard: false,
        swept: (0.4, 0.7),
    });
    let motion = Isometry3::new(Vector3::new(90.0, 75.0, 55.0), Vector3::new(0.05, 0.0, 0.3));
    let seen = tree_of(&vessels, |v, k| {
        let node = vessels[v].points[k];
        (node.radius_mm > 1.5 && node.position_mm.x.abs() < 45.0)
            .then(|| Node { position_mm: motion * node.position_mm, ..node })
    });
    let grid = Grid::with_spacing([190, 150, 120], [1.0; 3]).unwrap();
    let mask = draw::draw_tree(&grid, &seen);
    let source = vessel_tree(&grid, &mask, None, &TreeParameters::default()).unwrap();
    let reference = Reference::new(preoperative(&vessels));
    let outcome = reference.register(&source, &Parameters::default()).unwrap();
    assert_eq!(outcome.assessment.verdict, Verdict::Accepted, "{:?}", outcome.assessment);
    let found = outcome.registration.unwrap();
    for (_, before) in &patient.near {
        let error = (found.rigid.target_from_source * (motion * before) - before).norm();
        assert!(error < 1.0, "{error}");
    }
}
