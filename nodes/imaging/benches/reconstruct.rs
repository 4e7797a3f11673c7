//! How fast images are pasted on one thread and on two (`reconstruct_peers` has all modes), and volumes read, with the sizes of a real sweep: 820×616 pixels of
//! 0.075 mm into voxels of 0.5 mm.
#![allow(missing_docs, reason = "a bench has no readers of its documentation")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use imaging::reconstruct::Reconstruction;
use imaging::reconstruct::settings::{Arithmetic, Distribution, Settings};
use messages::{Affine, Image, Patient};
use nalgebra::{Matrix3x4, Rotation3, Vector3};

const WIDTH: usize = 820;
const HEIGHT: usize = 616;

/// A hand-held sweep of 100 images, 0.4 mm apart, turning slowly.
fn sweep() -> Vec<Affine<Patient, Image>> {
    (0..100)
        .filter_map(|step| {
            let step = f64::from(step);
            let turn = Rotation3::from_euler_angles(0.4 + step * 0.002, -0.3, 0.2 + step * 0.001);
            let mut rows = Matrix3x4::zeros();
            rows.fixed_view_mut::<3, 3>(0, 0).copy_from(&(turn.into_inner() * 0.075));
            rows.set_column(3, &Vector3::new(step * 0.1, 20.0, step * 0.4));
            Affine::from_rows(rows).ok()
        })
        .collect()
}

fn speckle() -> Vec<u8> {
    (0..(WIDTH * HEIGHT) as u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

fn paste(criterion: &mut Criterion) {
    let (places, pixels) = (sweep(), speckle());
    let mut group = criterion.benchmark_group("paste 100 images of 820x616");
    group.throughput(Throughput::Elements(places.len() as u64)).sample_size(10);
    for distribution in [Distribution::Nearest, Distribution::Linear] {
        for arithmetic in [Arithmetic::Exact, Arithmetic::Plus] {
            for threads in [1, 2] {
                let settings =
                    Settings { distribution, arithmetic, threads, ..Settings::default() };
                let name = format!("{distribution:?} mean, {arithmetic:?}, {threads} threads");
                group.bench_function(name, |bencher| {
                    bencher.iter(|| {
                        let Ok(mut volume) = Reconstruction::new(settings.clone()) else { return };
                        for place in &places {
                            let _ = black_box(volume.insert(&pixels, WIDTH, HEIGHT, place));
                        }
                    });
                });
            }
        }
    }
    group.finish();
}

fn read(criterion: &mut Criterion) {
    let Ok(mut volume) = Reconstruction::new(Settings::default()) else { return };
    for place in &sweep() {
        let _ = volume.insert(&speckle(), WIDTH, HEIGHT, place);
    }
    let Ok(whole) = volume.volume() else { return };
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Elements(whole.voxels.as_slice().len() as u64)).sample_size(20);
    group.bench_function("the whole volume", |bencher| bencher.iter(|| volume.volume()));
    group.finish();
}

criterion_group!(benches, paste, read);
criterion_main!(benches);
