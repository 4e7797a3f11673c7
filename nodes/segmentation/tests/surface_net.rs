//! Surfaces of shapes that are known are where the shapes are, closed, and of the right kind.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

#[path = "support/closed.rs"]
mod support;

use nalgebra::{Matrix3, Matrix3x4, Point3, Rotation3, Vector3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use segmentation::mesh::Mesh;
use segmentation::surface_net::{LabelSurface, SurfaceParameters, label_surfaces};
use segmentation::vessel_tree::Grid;
use support::closed;

const ALL: SurfaceParameters =
    SurfaceParameters { rounds: 10, least_volume_mm3: 0.0, max_triangles: usize::MAX };

/// Signed distance to a shape's surface, negative inside.
type Shape = fn(&Point3<f64>) -> f64;

fn ball(p: &Point3<f64>) -> f64 {
    p.coords.norm() - 12.0
}

/// A vessel: radius 3, 40 long, flat ends.
fn cylinder(p: &Point3<f64>) -> f64 {
    let (across, along) = (p.x.hypot(p.y) - 3.0, p.z.abs() - 20.0);
    across.max(along).min(0.0) + across.max(0.0).hypot(along.max(0.0))
}

fn torus(p: &Point3<f64>) -> f64 {
    (p.x.hypot(p.y) - 11.0).hypot(p.z) - 4.0
}

/// 50³ mm about the origin, the lattice turned; voxels whose centres are inside are 1.
fn draw(shape: Shape, spacing_mm: [f64; 3], is_mirrored: bool) -> (Grid, Vec<u8>) {
    let size = spacing_mm.map(|spacing| (52.0 / spacing) as u32);
    let turn = *Rotation3::from_euler_angles(0.31, -0.47, 0.83).matrix();
    let mut scale = Matrix3::from_diagonal(&Vector3::from(spacing_mm));
    if is_mirrored {
        scale[(1, 1)] *= -1.0;
    }
    let linear = turn * scale;
    let middle = Vector3::from(size.map(|side| f64::from(side) / 2.0));
    let mut rows = Matrix3x4::zeros();
    rows.fixed_view_mut::<3, 3>(0, 0).copy_from(&linear);
    rows.set_column(3, &-(linear * middle));
    let grid = Grid::new(size, rows).unwrap();
    let mask = mask(&grid, |place| shape(&place) <= 0.0);
    (grid, mask)
}

fn mask(grid: &Grid, is_inside: impl Fn(Point3<f64>) -> bool) -> Vec<u8> {
    let [nx, ny, _] = grid.size();
    let index = |at: usize| [at % nx, at / nx % ny, at / nx / ny].map(|i| i as f64);
    (0..grid.voxels()).map(|at| u8::from(is_inside(grid.to_mm(index(at))))).collect()
}

fn surface(grid: &Grid, mask: &[u8], parameters: &SurfaceParameters) -> LabelSurface {
    let mut surfaces = label_surfaces(grid, mask, |_| true, parameters).unwrap();
    assert_eq!(surfaces.len(), 1);
    surfaces.remove(0)
}

/// Mean and largest distance from a shape of the vertices and of the middles of the triangles.
fn off(mesh: &Mesh, shape: Shape) -> (f64, f64) {
    let middles = mesh.triangles.iter().map(|&triangle| {
        let [a, b, c] = mesh.corners(triangle);
        Point3::from((a.coords + b.coords + c.coords) / 3.0)
    });
    let off: Vec<f64> =
        mesh.vertices_mm.iter().copied().chain(middles).map(|p| shape(&p).abs()).collect();
    (off.iter().sum::<f64>() / off.len() as f64, off.iter().copied().fold(0.0, f64::max))
}

#[test]
fn surfaces_lie_where_the_shapes_do_and_hold_their_volume() {
    use std::f64::consts::PI;
    let shapes: [(&str, Shape, f64, i64); 3] = [
        ("ball", ball, 4.0 / 3.0 * PI * 12.0_f64.powi(3), 2),
        ("cylinder", cylinder, PI * 9.0 * 40.0, 2),
        ("torus", torus, 2.0 * PI * PI * 11.0 * 16.0, 0),
    ];
    for (name, shape, truth_mm3, euler) in shapes {
        for (spacing_mm, is_mirrored) in
            [([1.0; 3], false), ([1.0; 3], true), ([0.7, 0.7, 1.4], false)]
        {
            let (grid, mask) = draw(shape, spacing_mm, is_mirrored);
            let mesh = surface(&grid, &mask, &ALL).mesh;
            assert_eq!(closed(&mesh), (euler, 1), "{name}");
            let voxel_mm = spacing_mm[2];
            let (mean_mm, worst_mm) = off(&mesh, shape);
            let volume = mesh.volume_mm3() / truth_mm3;
            println!(
                "{name} {spacing_mm:?}: mean {mean_mm:.3}, worst {worst_mm:.3}, volume {volume:.4}"
            );
            assert!(
                mean_mm < 0.25 * voxel_mm && worst_mm < voxel_mm,
                "{name} {mean_mm} {worst_mm}"
            );
            assert!((volume - 1.0).abs() < 0.02, "{name} {volume}");
        }
    }
}

#[test]
fn simplified_surfaces_are_closed_and_still_there() {
    for (name, shape, euler) in
        [("ball", ball as Shape, 2), ("cylinder", cylinder, 2), ("torus", torus, 0)]
    {
        let (grid, mask) = draw(shape, [0.7; 3], true);
        let fine = surface(&grid, &mask, &ALL);
        assert_eq!(fine.simplified_by_mm, 0.0);
        let wanted = SurfaceParameters { max_triangles: 800, ..ALL };
        let coarse = surface(&grid, &mask, &wanted);
        assert_eq!(closed(&coarse.mesh), (euler, 1), "{name}");
        assert!((700..=800).contains(&coarse.mesh.triangles.len()), "{name}");
        let (mean_mm, worst_mm) = off(&coarse.mesh, shape);
        let volume = coarse.mesh.volume_mm3() / fine.mesh.volume_mm3();
        let moved_mm = coarse.simplified_by_mm;
        println!(
            "{name}: mean {mean_mm:.3}, worst {worst_mm:.3}, moved {moved_mm:.3}, volume {volume:.4}"
        );
        assert!(mean_mm < 0.175 && worst_mm < 0.7, "{name} {mean_mm} {worst_mm}");
        assert!((volume - 1.0).abs() < 0.01, "{name} {volume}");
        assert!((0.01..0.35).contains(&moved_mm), "{name} {moved_mm}");
    }
}

#[test]
fn what_is_one_voxel_thin_stays_in_one_piece_and_has_a_volume() {
    let grid = Grid::with_spacing([24, 24, 24], [1.0; 3]).unwrap();
    for step in [[1, 0, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]] {
        let mut mask = vec![0; grid.voxels()];
        for k in 0..18 {
            let [x, y, z] = step.map(|s| 3 + s * k);
            mask[(z * 24 + y) * 24 + x] = 1;
        }
        let truth_mm = 17.0 * Vector3::from(step.map(|s| s as f64)).norm();
        for rounds in [0, 10, 100] {
            let thin = surface(&grid, &mask, &SurfaceParameters { rounds, ..ALL }).mesh;
            assert_eq!(closed(&thin).1, 1, "{step:?}");
            let (first, last) =
                (Point3::new(3.0, 3.0, 3.0), Point3::from(step.map(|s| 3.0 + 17.0 * s as f64)));
            let nearest = |to: &Point3<f64>| {
                thin.vertices_mm.iter().map(|v| (v - to).norm()).fold(f64::MAX, f64::min)
            };
            assert!(nearest(&first) < 1.0 && nearest(&last) < 1.0, "{step:?} {rounds}");
            let across_mm2 = thin.volume_mm3() / truth_mm;
            println!("{step:?} {rounds}: {across_mm2:.3} mm² across");
            // A vessel as wide as a voxel has π/4 mm².
            let most_mm2 = if rounds == 0 { 1.5 } else { 1.1 };
            assert!((0.45..most_mm2).contains(&across_mm2), "{step:?} {rounds} {across_mm2}");
        }
        let few = surface(&grid, &mask, &SurfaceParameters { max_triangles: 60, ..ALL }).mesh;
        assert_eq!(closed(&few).1, 1, "{step:?}");
    }
}

#[test]
fn every_mask_has_a_closed_surface_simplified_or_not() {
    let grid = Grid::with_spacing([9, 8, 7], [0.5, 1.0, 2.0]).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for round in 0..300 {
        let share = [0.1, 0.3, 0.5, 0.7, 0.9][round % 5];
        let mask: Vec<u8> =
            (0..grid.voxels()).map(|_| u8::from(random.random_bool(share))).collect();
        let voxels = mask.iter().map(|&voxel| f64::from(voxel)).sum::<f64>();
        let steps = surface(&grid, &mask, &SurfaceParameters { rounds: 0, ..ALL }).mesh;
        closed(&steps);
        // The net before it is relaxed goes along the sides of the voxels, but for the necks that were widened.
        let volume = steps.volume_mm3();
        assert!(volume > voxels - 1e-6 && volume < 2.0 * voxels, "{volume} {voxels}");
        closed(&surface(&grid, &mask, &ALL).mesh);
        closed(&surface(&grid, &mask, &SurfaceParameters { max_triangles: 100, ..ALL }).mesh);
    }
}

#[test]
fn a_label_that_fills_the_volume_is_closed_at_its_border() {
    let grid = Grid::with_spacing([12, 10, 1], [1.0, 1.0, 3.0]).unwrap();
    let mesh = surface(&grid, &[4; 120], &SurfaceParameters { rounds: 0, ..ALL }).mesh;
    assert_eq!(closed(&mesh), (2, 1));
    assert!((mesh.volume_mm3() - 360.0).abs() < 1e-9);
    let lowest = mesh.vertices_mm.iter().map(|v| v.z).fold(f64::MAX, f64::min);
    assert!((lowest + 1.5).abs() < 1e-9, "half a voxel beyond the middle of the first: {lowest}");
}

#[test]
fn specks_and_pinholes_go_and_labels_stay_apart() {
    let grid = Grid::with_spacing([40, 40, 40], [1.0; 3]).unwrap();
    let within = |p: &Point3<f64>, middle: [f64; 3], radius: f64| {
        (p - Point3::from(middle)).norm() <= radius
    };
    let mut labels = mask(&grid, |p| within(&p, [14.0, 20.0, 20.0], 9.0));
    let other = mask(&grid, |p| within(&p, [30.0, 20.0, 20.0], 6.0));
    for (label, other) in labels.iter_mut().zip(other) {
        *label = if other == 1 { 7 } else { *label };
    }
    let at = |x: usize, y: usize, z: usize| (z * 40 + y) * 40 + x;
    labels[at(14, 20, 20)] = 0;
    labels[at(2, 2, 2)] = 1;
    labels[at(3, 3, 3)] = 1;
    let wanted = SurfaceParameters { least_volume_mm3: 5.0, ..ALL };
    let surfaces = label_surfaces(&grid, &labels, |_| true, &wanted).unwrap();
    let found: Vec<_> =
        surfaces.iter().map(|surface| (surface.label, closed(&surface.mesh))).collect();
    assert_eq!(found, [(1, (2, 1)), (7, (2, 1))]);
    let all = label_surfaces(&grid, &labels, |label| label == 1, &ALL).unwrap();
    // The ball, the hole in it, and two voxels that touch in a corner: one piece, pinched there.
    assert_eq!((all.len(), closed(&all[0].mesh)), (1, (7, 3)));
    let none = SurfaceParameters { least_volume_mm3: 1e5, ..ALL };
    assert!(label_surfaces(&grid, &labels, |_| true, &none).unwrap().is_empty());
    assert!(label_surfaces(&grid, &vec![0; 64_000], |_| true, &ALL).unwrap().is_empty());
    assert!(label_surfaces(&grid, &[1; 7], |_| true, &ALL).is_err());
}
