//! How long a mask takes to become a tree and a surface: an organ's vessels in 200×160×160 voxels.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot be set up fails")]

#[path = "../tests/support/draw.rs"]
mod draw;
#[path = "../../registration/tests/support/synthetic.rs"]
mod synthetic;

use criterion::{Criterion, criterion_group, criterion_main};
use nalgebra::Vector3;
use segmentation::surface_net::{SurfaceParameters, label_surfaces};
use segmentation::vessel_tree::{Grid, TreeParameters, tube_mesh, vessel_tree};

fn trace(criterion: &mut Criterion) {
    let grid = Grid::with_spacing([200, 160, 160], [0.9, 0.9, 0.7]).unwrap();
    let organ = synthetic::preoperative(&synthetic::grow(4, false));
    let middle = Vector3::new(90.0, 72.0, 56.0);
    let mask = draw::draw_tree(&grid, &draw::placed(&organ, middle, 1.3));
    let tree = vessel_tree(&grid, &mask, None, &TreeParameters::default()).unwrap();
    let vessel = mask.iter().filter(|&&voxel| voxel > 0).count();
    let (percent, branches) = (100.0 * vessel as f64 / mask.len() as f64, tree.branches().len());
    let mut group = criterion
        .benchmark_group(format!("200x160x160, {percent:.1} % vessel, {branches} branches"));
    group.sample_size(10);
    group.bench_function("mask to tree", |bencher| {
        bencher.iter(|| vessel_tree(&grid, &mask, None, &TreeParameters::default()));
    });
    group.bench_function("mask to surface", |bencher| {
        bencher.iter(|| label_surfaces(&grid, &mask, |_| true, &SurfaceParameters::default()));
    });
    group.bench_function("tree to tubes", |bencher| bencher.iter(|| tube_mesh(&tree, 12)));
    group.finish();
}

criterion_group!(benches, trace);
criterion_main!(benches);
