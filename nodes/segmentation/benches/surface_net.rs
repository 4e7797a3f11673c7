//! How long the surfaces of 25 structures in 300×220×200 voxels take: organs, tumours and a tree of vessels.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot be set up fails")]

use criterion::{Criterion, criterion_group, criterion_main};
use nalgebra::{Point3, Vector3};
use segmentation::surface_net::{SurfaceParameters, label_surfaces};
use segmentation::vessel_tree::Grid;

const SIZE: [u32; 3] = [300, 220, 200];

/// Label 1 is a trunk through the whole volume, 2 a liver of 1.5 litres in it, 3 to 15 organs and tumours, 16 to 25
/// vessels that run across most of the volume.
fn labels(grid: &Grid) -> Vec<u8> {
    let [nx, ny, _] = grid.size();
    let places: Vec<(Point3<f64>, f64)> = (0..13)
        .map(|k| {
            let angle = f64::from(k) * 2.4;
            let place = Point3::new(
                150.0 + 90.0 * angle.cos(),
                110.0 + 50.0 * angle.sin(),
                100.0 + 6.0 * f64::from(k),
            );
            (place, 8.0 + f64::from(k))
        })
        .collect();
    let inside = |p: Point3<f64>| {
        for vessel in 0..10_u8 {
            let k = f64::from(vessel);
            let middle = Vector3::new(
                110.0 + 40.0 * (p.z / 30.0 + k).sin(),
                100.0 + 35.0 * (p.z / 40.0 + 2.0 * k).cos(),
                p.z,
            );
            if (p.coords - middle).norm() < 1.5 + 0.4 * k {
                return 16 + vessel;
            }
        }
        for (k, (place, radius)) in places.iter().enumerate() {
            if (p - place).norm() < *radius {
                return 3 + k as u8;
            }
        }
        let off =
            (p - Point3::new(110.0, 100.0, 100.0)).component_div(&Vector3::new(70.0, 60.0, 55.0));
        let trunk = (p - Point3::new(150.0, 110.0, 100.0))
            .component_div(&Vector3::new(148.0, 108.0, 400.0));
        if off.norm() < 1.0 { 2 } else { u8::from(trunk.norm() < 1.0) }
    };
    let index = |at: usize| [at % nx, at / nx % ny, at / nx / ny].map(|i| i as f64);
    (0..grid.voxels()).map(|at| inside(Point3::from(index(at)))).collect()
}

fn surfaces(criterion: &mut Criterion) {
    let grid = Grid::with_spacing(SIZE, [1.2; 3]).unwrap();
    let labels = labels(&grid);
    let whole = SurfaceParameters { max_triangles: usize::MAX, ..SurfaceParameters::default() };
    let made = label_surfaces(&grid, &labels, |_| true, &whole).unwrap();
    let triangles: usize = made.iter().map(|surface| surface.mesh.triangles.len()).sum();
    let mut group = criterion
        .benchmark_group(format!("300x220x200, {} structures, {triangles} triangles", made.len()));
    group.sample_size(10);
    group.bench_function("all triangles", |bencher| {
        bencher.iter(|| label_surfaces(&grid, &labels, |_| true, &whole));
    });
    group.bench_function("at most 20000 each", |bencher| {
        bencher.iter(|| label_surfaces(&grid, &labels, |_| true, &SurfaceParameters::default()));
    });
    group.finish();
}

criterion_group!(benches, surfaces);
criterion_main!(benches);
