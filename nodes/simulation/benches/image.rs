//! Time for one B-mode image and its truth, one thread.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use runtime::Device;
use simulation::anatomy::family::Family as AnatomyFamily;
use simulation::devices::Preoperative;
use simulation::{
    Family, ProbeMotion, ScanGeometry, Scanner, ScannerSettings, SimulatedPatient, Subject,
    SubjectKind, training_sample, vessel_mask,
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
    for (name, kind) in [("abdomen", SubjectKind::Abdomen), ("pelvis", SubjectKind::Pelvis)] {
        let Ok(subject) = Subject::new(kind, 1, AnatomyFamily::DEMONSTRATION) else {
            return;
        };
        criterion.bench_function(&format!("{name}: image and truth 320x240"), |bencher| {
            bencher.iter(|| {
                frame += 1;
                black_box(subject.scan(&scanner, Duration::from_millis(frame * 40), frame))
            });
        });
        let mut seed = 1;
        let mut growth = criterion.benchmark_group("growth");
        growth.sample_size(10);
        growth.bench_function(name, |bencher| {
            bencher.iter(|| {
                seed += 1;
                black_box(Subject::new(kind, seed, AnatomyFamily::DEMONSTRATION))
            });
        });
        growth.finish();
    }
    let mut volumes = criterion.benchmark_group("preoperative volume and labels, 1.5 mm");
    volumes.sample_size(10);
    for modality in ["ct", "mr"] {
        volumes.bench_function(modality, |bencher| {
            bencher.iter(|| {
                let parameters =
                    serde_json::from_value(serde_json::json!({ "patient": { "anatomy": "abdomen" }, "modality": modality }));
                black_box(parameters.ok().map(Preoperative::open))
            });
        });
    }
    volumes.finish();
    criterion.bench_function("training sample", |bencher| {
        bencher.iter(|| {
            frame += 1;
            black_box(training_sample(1, frame))
        });
    });
}

criterion_group!(benches, images);
criterion_main!(benches);
