//! How long a registration takes without a guess, and how long from the last pose.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot be set up fails")]

#[path = "../tests/support/synthetic.rs"]
mod synthetic;

use criterion::{Criterion, criterion_group, criterion_main};
use nalgebra::{Isometry3, Vector3};
use registration::{Parameters, Reference};
use synthetic::{Conditions, case};

fn register(criterion: &mut Criterion) {
    let conditions = Conditions {
        seed: 1,
        deformation_mm: 10.0,
        rotation_rad: 4.0,
        hard: false,
        swept: (0.4, 0.7),
    };
    let patient = case(conditions);
    let parameters = Parameters::default();
    let reference = Reference::new(patient.preoperative.clone());
    let source = &patient.intraoperative;
    let outcome = reference.register(source, &parameters).unwrap();
    let pose = outcome.registration.unwrap().rigid.target_from_source;
    let start =
        Isometry3::new(Vector3::new(3.0, -2.0, 2.0), Vector3::new(0.03, 0.04, -0.03)) * pose;

    let branches = [&patient.preoperative, source].map(|tree| tree.branches().len());
    let mut group =
        criterion.benchmark_group(format!("{} branches to {}", branches[1], branches[0]));
    group.sample_size(10);
    group.bench_function("prepare", |bencher| {
        bencher.iter_with_large_drop(|| Reference::new(patient.preoperative.clone()));
    });
    group.bench_function("register", |bencher| {
        bencher.iter_with_large_drop(|| reference.register(source, &parameters));
    });
    group.bench_function("update", |bencher| {
        bencher.iter_with_large_drop(|| reference.update(source, &start, Some(0.3), &parameters));
    });
    group.finish();
}

criterion_group!(benches, register);
criterion_main!(benches);
