//! How long a picture of 512×512 pixels through a volume takes, along planes of several directions.
#![allow(missing_docs, reason = "a bench has no readers of its documentation")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fusion::reslice::Voxels;
use nalgebra::{Matrix3x4, Rotation3, Vector3};

const SIDE: usize = 384;

fn reslice(criterion: &mut Criterion) {
    let noise = |index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8;
    let values: Vec<u8> = (0..(SIDE * SIDE * SIDE) as u32).map(noise).collect();
    let Ok(voxels) = Voxels::new([SIDE; 3], &values) else { return };
    let mut group = criterion.benchmark_group("reslice 512x512 of 384^3, one core");
    for (name, angles) in
        [("axial", [0.0; 3]), ("sagittal", [0.0, 1.57, 0.0]), ("oblique", [0.5, 0.7, 0.3])]
    {
        let turn = Rotation3::from_euler_angles(angles[0], angles[1], angles[2]).into_inner() * 0.5;
        let (right, down) = (Vector3::from(turn.column(0)), Vector3::from(turn.column(1)));
        let origin = Vector3::repeat(SIDE as f64 / 2.0) - (right + down) * 256.0;
        let map = Matrix3x4::from_columns(&[right, down, Vector3::zeros(), origin]);
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(voxels.reslice((512, 512), &map)));
        });
    }
    group.finish();
}

criterion_group!(benches, reslice);
criterion_main!(benches);
