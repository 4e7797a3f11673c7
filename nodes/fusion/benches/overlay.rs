//! How long the outlines of one image take against a map of 25 structures and 200 000 triangles: right
//! after a new registration, and while it holds.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot be set up fails")]

#[path = "../tests/support/anatomy.rs"]
mod anatomy;
#[path = "../tests/support/scene.rs"]
mod scene;
#[path = "../tests/support/shapes.rs"]
mod shapes;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use fusion::overlay::{Input, Overlay};
use messages::{Affine, Image, LocatedImage, Patient, Placement, Timestamp, UltrasoundImage};
use nalgebra::{Isometry3, Matrix3x4, Vector3};
use runtime::{Context, Node};
use scene::{accepted, alignment, bending, stamped};

/// An image of 320 × 240 pixels of 0.4 mm that sweeps through the organ.
fn image(step: u32) -> LocatedImage {
    let turn = f64::from(step) * 0.02;
    let along = Vector3::new(40.0 * turn.sin() - 64.0, -48.0, 30.0 * turn.cos());
    let pose = Isometry3::new(along, Vector3::new(0.3 * turn.sin(), 0.4, 0.2));
    let mut rows = Matrix3x4::zeros();
    rows.fixed_view_mut::<3, 3>(0, 0)
        .copy_from(&(pose.rotation.to_rotation_matrix().matrix() * 0.4));
    rows.set_column(3, &pose.translation.vector);
    let patient_from_image = Affine::<Patient, Image>::from_rows(rows).unwrap();
    LocatedImage {
        image: UltrasoundImage::new(320, 240, vec![0; 320 * 240]).unwrap(),
        placement: Placement::Placed { patient_from_image, error_mm: Some(0.5), pose_gap_ns: 0 },
    }
}

fn overlay(criterion: &mut Criterion) {
    let map = anatomy::map_of_25();
    let mut group = criterion.benchmark_group(format!("{} triangles", map.value.triangles));
    group.sample_size(20);
    let mut node = Overlay::new(serde_json::from_value(serde_json::json!({})).unwrap()).unwrap();
    node.handle(Input::Surfaces(map), &mut Context::at(Timestamp(0))).unwrap();
    let register = |node: &mut Overlay, error_mm: f32| {
        let alignment = alignment(Isometry3::identity(), error_mm, bending);
        let registration = Input::Registration(accepted(alignment));
        node.handle(registration, &mut Context::at(Timestamp(0))).unwrap();
    };
    let draw = |node: &mut Overlay, image: LocatedImage| {
        let at = Timestamp(1000);
        let mut context = Context::at(at);
        node.handle(Input::Located(stamped(at, image)), &mut context).unwrap();
        context.finish()
    };
    register(&mut node, 1.0);
    let mut step = 0;
    group.bench_function("an image", |bencher| {
        let next = || {
            step += 1;
            image(step)
        };
        bencher.iter_batched(next, |image| draw(&mut node, image), BatchSize::SmallInput);
    });
    let mut error_mm = 1.0;
    let registrations: Vec<_> = (0..64)
        .map(|_| {
            // Another error, so that it is another field.
            error_mm += 0.01;
            accepted(alignment(Isometry3::identity(), error_mm, bending))
        })
        .collect();
    let mut next = registrations.iter().cycle();
    group.bench_function("a new registration and the first image", |bencher| {
        let input = || next.next().cloned();
        let take = |registration: Option<_>| {
            let registration = Input::Registration(registration.unwrap());
            node.handle(registration, &mut Context::at(Timestamp(0))).unwrap();
            draw(&mut node, image(10))
        };
        bencher.iter_batched(input, take, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, overlay);
criterion_main!(benches);
