//! The statistics of the simulated images, against what physics and the known anatomy demand.

#![allow(clippy::unwrap_used, reason = "tests")]

use messages::{Patient, Probe, Transform};
use nalgebra::{Isometry3, Point3};
use ndarray::{Array2, ArrayView2, s};
use simulation::scan_geometry::{Face, probe_from_face};
use simulation::vessel::{Vessel, VesselKind};
use simulation::{
    Family, ProbeMotion, ProbeShape, ScanGeometry, Scanner, ScannerSettings, SimulatedPatient,
    vessel_mask,
};

const SILENT: ScannerSettings = ScannerSettings {
    frequency_mhz: 3.5,
    attenuation_db_per_cm_mhz: 0.5,
    compensation_db_per_cm_mhz: 0.5,
    noise_db: -200.0,
    gain_db: 0.0,
    dynamic_range_db: 60.0,
    noise_seed: 0,
};

fn at(x: f64, y: f64, z: f64) -> Transform<Patient, Probe> {
    let patient_from_face =
        Transform::<Patient, Face>::from_isometry(Isometry3::translation(x, y, z));
    patient_from_face * probe_from_face().inverse()
}

fn linear() -> ScanGeometry {
    ScanGeometry {
        shape: ProbeShape::Linear { width_mm: 40.0 },
        depth_mm: 60.0,
        ..ScanGeometry::default()
    }
}

/// A vessel of radius 7 mm across the image plane, 50 mm deep in the middle.
fn tube() -> SimulatedPatient {
    let line = [Point3::new(0.0, 50.0, -40.0), Point3::new(0.0, 50.0, 40.0)];
    let vessel = Vessel::new(VesselKind::Hepatic, 0, None, &line, (7.0, 7.0));
    SimulatedPatient::phantom(8, vec![vessel])
}

fn mean(values: ArrayView2<f32>) -> f64 {
    values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64
}

fn power_db(envelope: ArrayView2<f32>) -> f64 {
    10.0 * mean(envelope.mapv(|v| v * v).view()).log10()
}

fn correlation(a: ArrayView2<f32>, b: ArrayView2<f32>) -> f64 {
    let (ma, mb) = (mean(a), mean(b));
    let product = |x: ArrayView2<f32>, mx: f64, y: ArrayView2<f32>, my: f64| -> f64 {
        x.iter().zip(&y).map(|(x, y)| (f64::from(*x) - mx) * (f64::from(*y) - my)).sum()
    };
    product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
}

#[test]
fn speckle_of_even_tissue_follows_the_rayleigh_law() {
    for geometry in [ScanGeometry::default(), linear()] {
        let scanner = Scanner::new(geometry, SILENT).unwrap();
        let envelope: Vec<Array2<f32>> = (0..4)
            .map(|seed| {
                let patient = SimulatedPatient::phantom(seed, Vec::new());
                scanner.envelope(&patient, &at(3.0, 2.0, 7.0 * seed as f64), 0)
            })
            .collect();
        let values: Vec<f64> = envelope.iter().flatten().map(|v| f64::from(*v)).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
        let ratio = mean / deviation;
        assert!((ratio - 1.913).abs() < 0.05, "mean / deviation is {ratio}");
        // P(A > t · mean) = exp(−π t² / 4)
        for t in [0.25, 0.5, 1.0, 1.5, 2.0] {
            let part = values.iter().filter(|v| **v > t * mean).count() as f64 / count;
            let expected = (-std::f64::consts::FRAC_PI_4 * t * t).exp();
            assert!((part - expected).abs() < 0.012, "{part} above {t} means, expected {expected}");
        }
    }
}

#[test]
fn compensated_tissue_is_equally_bright_at_all_depths() {
    let scanner = Scanner::new(ScanGeometry::default(), SILENT).unwrap();
    let patient = SimulatedPatient::phantom(3, Vec::new());
    let stack: Vec<_> =
        (0..6).map(|i| scanner.envelope(&patient, &at(0.0, 0.0, 9.0 * f64::from(i)), 0)).collect();
    let rows = stack[0].nrows();
    for tenth in 0..10 {
        let band = rows * tenth / 10..rows * (tenth + 1) / 10;
        let level =
            stack.iter().map(|e| power_db(e.slice(s![band.clone(), ..]))).sum::<f64>() / 6.0;
        assert!(level.abs() < 0.8, "{level} dB in tenth {tenth}");
    }
}

#[test]
fn uncompensated_tissue_fades_by_the_loss_there_and_back() {
    let settings = ScannerSettings { compensation_db_per_cm_mhz: 0.0, ..SILENT };
    let scanner = Scanner::new(ScanGeometry::default(), settings).unwrap();
    let patient = SimulatedPatient::phantom(3, Vec::new());
    let level = |depth_mm: f64| {
        let row = (depth_mm / scanner.sample_mm()) as usize;
        let levels = (0..8).map(|i| {
            let envelope = scanner.envelope(&patient, &at(0.0, 0.0, 9.0 * f64::from(i)), 0);
            power_db(envelope.slice(s![row - 12..row + 12, ..]))
        });
        levels.sum::<f64>() / 8.0
    };
    let fall = (level(20.0) - level(90.0)) / 7.0;
    let expected = 2.0 * 0.5 * 3.5;
    assert!((fall - expected).abs() < 0.15, "{fall} dB/cm, expected {expected}");
}

#[test]
fn electronic_noise_has_its_level_and_differs_between_frames() {
    let settings = ScannerSettings {
        attenuation_db_per_cm_mhz: 2.0,
        compensation_db_per_cm_mhz: 0.0,
        noise_db: -40.0,
        ..SILENT
    };
    let scanner = Scanner::new(ScanGeometry::default(), settings).unwrap();
    let patient = SimulatedPatient::phantom(3, Vec::new());
    let frame = |number| scanner.envelope(&patient, &at(0.0, 0.0, 0.0), number);
    let deep = |envelope: &Array2<f32>| envelope.slice(s![250.., ..]).to_owned();
    let (first, second) = (frame(1), frame(2));
    assert!((power_db(deep(&first).view()) + 40.0).abs() < 0.5);
    assert!(correlation(deep(&first).view(), deep(&second).view()).abs() < 0.05);
    assert_eq!(first, frame(1));
    let near = |envelope: &Array2<f32>| envelope.slice(s![..40, ..]).to_owned();
    assert!(correlation(near(&first).view(), near(&second).view()) > 0.95);
}

#[test]
fn a_vessel_is_dark_its_wall_shines_and_the_tissue_behind_it_is_brighter() {
    let geometry = ScanGeometry { depth_mm: 90.0, ..linear() };
    let scanner = Scanner::new(geometry, SILENT).unwrap();
    let patient = tube();
    let envelope: Vec<_> = (0..10)
        .map(|i| scanner.envelope(&patient, &at(0.0, 0.0, 3.0 * f64::from(i) - 15.0), 0))
        .collect();
    let beam = |x: f64| ((x / 40.0 + 0.5) * envelope[0].ncols() as f64) as usize;
    let row = |y: f64| (y / scanner.sample_mm()) as usize;
    let level = |x: [f64; 2], y: [f64; 2]| {
        let part = s![row(y[0])..row(y[1]), beam(x[0])..beam(x[1])];
        envelope.iter().map(|e| power_db(e.slice(part))).sum::<f64>() / envelope.len() as f64
    };
    let tissue = level([-19.0, -12.0], [40.0, 60.0]);
    let lumen = level([-4.0, 4.0], [46.0, 54.0]);
    assert!(tissue - lumen > 20.0, "the vessel is only {} dB darker", tissue - lumen);
    let wall = level([-1.0, 1.0], [42.0, 43.2]);
    assert!(wall - tissue > 3.0, "the wall is only {} dB brighter", wall - tissue);
    // The middle beams meet 14 mm of blood, which takes 30 % of what liver takes.
    let expected = 2.0 * 0.7 * 0.5 * 3.5 * 1.4;
    let gain = level([-2.0, 2.0], [60.0, 85.0]) - level([-19.0, -12.0], [60.0, 85.0]);
    assert!((gain - expected).abs() < 0.6, "{gain} dB brighter behind, expected {expected}");
}

#[test]
fn the_image_shows_the_vessel_where_the_truth_says() {
    let scanner = Scanner::new(ScanGeometry::default(), ScannerSettings::default()).unwrap();
    let motion = ProbeMotion::new(4);
    let patient = SimulatedPatient::new(4, Family::DEMONSTRATION);
    let mut seen = 0;
    for frame in 0..10u64 {
        let pose = motion.patient_from_probe(std::time::Duration::from_secs(2 * frame));
        let image = scanner.image(&patient, &pose, frame);
        let mask = vessel_mask(&patient, scanner.geometry(), &pose);
        assert_eq!(image.dim(), (240, 320));
        let average = |inside: u8| {
            let chosen = image.iter().zip(&mask).filter(|(v, m)| **m == inside && **v > 0);
            let (sum, count) =
                chosen.fold((0.0, 0.0), |(s, c), (v, _)| (s + f64::from(*v), c + 1.0));
            (sum / f64::max(count, 1.0), count)
        };
        let ((lumen, pixels), (tissue, _)) = (average(1), average(0));
        assert!((70.0..130.0).contains(&tissue), "tissue has the grey value {tissue}");
        if pixels > 150.0 {
            seen += 1;
            assert!(tissue - lumen > 35.0, "vessels are {lumen}, tissue is {tissue}");
        }
        for ((row, column), value) in image.indexed_iter() {
            let (x, y) = scanner.geometry().face_from_pixel(column as f64, row as f64);
            assert!(*value == 0 || scanner.geometry().in_sector(x, y));
        }
    }
    assert!(seen >= 8, "vessels in {seen} of 10 images");
}

#[test]
fn speckle_sticks_to_the_tissue() {
    let scanner = Scanner::new(linear(), SILENT).unwrap();
    let patient = SimulatedPatient::phantom(5, Vec::new());
    let here = scanner.envelope(&patient, &at(1.0, 2.0, 3.0), 0);
    let (beams, rows) = (here.ncols(), here.nrows());
    let aside = 20;
    let moved = 40.0 / (beams as f64 - 1.0) * f64::from(aside);
    let there = scanner.envelope(&patient, &at(1.0 + moved, 2.0, 3.0), 0);
    let same =
        correlation(here.slice(s![.., aside..]), there.slice(s![.., ..beams as i32 - aside]));
    assert!(same > 0.99, "moved across the beams: {same}");
    let deeper = scanner.envelope(&patient, &at(1.0, 2.0 + 30.0 * scanner.sample_mm(), 3.0), 0);
    let same = correlation(here.slice(s![30.., ..]), deeper.slice(s![..rows - 30, ..]));
    assert!(same > 0.99, "moved along the beams: {same}");
    // A thirtieth of a second of sweeping changes little, the thickness of a slice all.
    let off_plane = |z: f64| {
        correlation(here.view(), scanner.envelope(&patient, &at(1.0, 2.0, 3.0 + z), 0).view())
    };
    let course = [0.1, 0.25, 0.5, 1.0, 2.0, 3.0].map(off_plane);
    assert!(course[0] > 0.85 && course[4] < 0.2, "{course:?}");
    assert!(course[..4].is_sorted_by(|a, b| a > b), "{course:?}");
}

/// Shift at which the correlation of the envelope with itself has fallen to one half, in steps.
fn grain(envelope: ArrayView2<f32>, axis: usize) -> f64 {
    let shifted = |step: usize| {
        let (rows, columns) = envelope.dim();
        let (r, c) = if axis == 0 { (step, 0) } else { (0, step) };
        correlation(envelope.slice(s![r.., c..]), envelope.slice(s![..rows - r, ..columns - c]))
    };
    let course: Vec<_> = (0..12).map(shifted).collect();
    let below = course.iter().position(|c| *c < 0.5).unwrap();
    (below - 1) as f64 + (course[below - 1] - 0.5) / (course[below - 1] - course[below])
}

#[test]
fn grains_widen_with_depth_and_keep_their_length() {
    let scanner = Scanner::new(ScanGeometry::default(), SILENT).unwrap();
    let patient = SimulatedPatient::phantom(6, Vec::new());
    let band = |depth_mm: f64, axis: usize| {
        let row = (depth_mm / scanner.sample_mm()) as usize;
        let grains = (0..6).map(|i| {
            let envelope = scanner.envelope(&patient, &at(0.0, 0.0, 9.0 * f64::from(i)), 0);
            grain(envelope.slice(s![row - 30..row + 30, ..]), axis)
        });
        grains.sum::<f64>() / 6.0
    };
    // Beams 1.1 rad apart in all, from a surface of radius 50 mm.
    let width = |depth: f64| band(depth, 1) * (50.0 + depth) * 1.1 / 223.0;
    let (near, far) = (width(12.0), width(92.0));
    assert!(far / near > 1.5, "{near} mm near, {far} mm far");
    let length = band(92.0, 0) / band(12.0, 0);
    assert!((length - 1.0).abs() < 0.15, "length changes by {length}");
}

#[test]
fn an_image_is_the_same_in_every_run_and_on_every_thread() {
    let render = || {
        let scanner = Scanner::new(ScanGeometry::default(), ScannerSettings::default()).unwrap();
        let patient = SimulatedPatient::new(12, Family::Winding);
        let pose = ProbeMotion::new(12).patient_from_probe(std::time::Duration::from_millis(4321));
        scanner.image(&patient, &pose, 77)
    };
    let here = render();
    let others: Vec<_> = (0..4).map(|_| std::thread::spawn(render)).collect();
    for other in others {
        assert_eq!(other.join().unwrap(), here);
    }
}

#[test]
fn settings_beyond_reason_are_refused_by_name() {
    let good = ScannerSettings::default();
    let bad = [
        ScannerSettings { frequency_mhz: 0.0, ..good },
        ScannerSettings { gain_db: f64::INFINITY, ..good },
        ScannerSettings { dynamic_range_db: f64::NAN, ..good },
    ];
    for (settings, name) in bad.into_iter().zip(["frequency_mhz", "gain_db", "dynamic_range_db"]) {
        let error = Scanner::new(ScanGeometry::default(), settings).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_probe_far_away_or_upside_down_still_gives_an_image() {
    let scanner = Scanner::new(ScanGeometry::default(), ScannerSettings::default()).unwrap();
    let patient = SimulatedPatient::new(1, Family::Wide);
    for pose in [at(0.0, -500.0, 0.0), at(1e7, 0.0, -1e7), at(0.0, 300.0, 0.0)] {
        assert_eq!(scanner.image(&patient, &pose, 0).dim(), (240, 320));
    }
    let turned = Isometry3::rotation(nalgebra::Vector3::x() * std::f64::consts::PI);
    let pose = Transform::<Patient, Face>::from_isometry(turned) * probe_from_face().inverse();
    assert_eq!(scanner.image(&patient, &pose, 0).dim(), (240, 320));
}
