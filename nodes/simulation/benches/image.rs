//! Time for one B-mode image and its truth, one thread.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use simulation::{
    Family, ProbeMotion, ScanGeometry, Scanner, ScannerSettings, SimulatedPatient, training_sample,
    vessel_mask,
};

fn images(criterion: &mut Criterion) {
    let Ok(scanner) = Scanner::new(ScanGeometry::default(), ScannerSettings::default()) else {
        return;
    };
    let patient = SimulatedPatient::new(1, Family::DEMONSTRATION);
    let motion = ProbeMotion::new(1);
    let mut frame = 0;
    criterion.bench_function("image 320x240", |bencher| {
        bencher.iter(|| {
            frame += 1;
            let pose = motion.patient_from_probe(Duration::from_millis(frame * 40));
            black_box(scanner.image(&patient, &pose, frame))
        });
    });
    criterion.bench_function("truth 320x240", |bencher| {
        bencher.iter(|| {
            frame += 1;
            let pose = motion.patient_from_probe(Duration::from_millis(frame * 40));
            black_box(vessel_mask(&patient, scanner.geometry(), &pose))
        });
    });
    criterion.bench_function("training sample", |bencher| {
        bencher.iter(|| {
            frame += 1;
            black_box(training_sample(1, frame))
        });
    });
}

criterion_group!(benches, images);
criterion_main!(benches);
