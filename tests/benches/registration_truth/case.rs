//! A simulated patient as the registration meets it: the tree of the CT's labels, the trees of a sweep, and targets.

use std::time::Duration;

use imaging::reconstruct_labels::{self, ReconstructLabels};
use messages::{
    Centrelines, Patient, Placement, Pose, Preoperative, SegmentedImage, Stamped, Timestamp,
    Transform, Volume,
};
use nalgebra::Point3;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use runtime::{Context, Node as _};
use segmentation::trace_labels::LabelTracer;
use segmentation::trace_volume::TraceVolume;
use simulation::anatomy::bounds::Bounds;
use simulation::anatomy::family::Family;
use simulation::anatomy::grid::Grid;
use simulation::anatomy::structure::{Structure, StructureKind};
use simulation::anatomy::{Anatomy, labels, volumes};
use simulation::anatomy_under_probe::AnatomyUnderProbe;
use simulation::devices::preoperative::field_of_view;
use simulation::misalignment::preoperative_from_patient;
use simulation::{ScanGeometry, SimulatedTracker, Subject, SubjectKind, vessel_mask};

use crate::mistakes::Mistakes;

/// Which patient.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    pub kind: SubjectKind,
    pub seed: u64,
    pub family: Family,
    /// Share of the vessels that the segmentation misses, and of what it shows that is none.
    pub mistakes: f64,
}

/// A patient as the registration meets it.
pub struct Case {
    /// The tree of the CT's labels, frame `Preoperative`.
    pub map: Centrelines,
    /// Acquisition time in nanoseconds and tree of what was swept until then, frame `Patient`.
    pub trees: Vec<(i64, Centrelines)>,
    /// Where points of the organ lie at rest in the patient, and in the CT.
    pub targets: Vec<[Point3<f64>; 2]>,
}

/// As the device `preoperative` has them.
const SPACING_MM: f64 = 1.5;
const MISALIGNMENT_MM: f64 = 15.0;
const MISALIGNMENT_DEG: f64 = 8.0;
/// One way of the sweep, and one image of three at 20 Hz.
const SWEEP_S: f64 = 20.0;
const IMAGES_HZ: f64 = 20.0 / 3.0;
const POSES_HZ: f64 = 100.0;
/// More than are looked at: not all lie where the registration speaks.
const TARGETS: usize = 1500;

/// Makes the patient and sweeps; takes some seconds.
pub fn case(who: Who) -> Case {
    let subject = Subject::new(who.kind, who.seed, who.family).unwrap().with_breath_held(true);
    let anatomy = subject.anatomy().expect("no block");
    let bounds = field_of_view(anatomy);
    let preoperative_from_patient = preoperative_from_patient(
        who.seed,
        &bounds.centre(),
        MISALIGNMENT_MM,
        MISALIGNMENT_DEG.to_radians(),
    );
    let targets = targets(anatomy, who.seed)
        .into_iter()
        .map(|place| [place, preoperative_from_patient.isometry() * place])
        .collect();
    Case {
        map: map(anatomy, &bounds, preoperative_from_patient),
        trees: sweep(&subject, anatomy, who),
        targets,
    }
}

fn map(
    anatomy: &Anatomy,
    bounds: &Bounds,
    preoperative_from_patient: Transform<Preoperative, Patient>,
) -> Centrelines {
    let grid = Grid::around(bounds, SPACING_MM).unwrap();
    let labels = labels::label_volume(anatomy, &grid, 1);
    let volume = volumes::label_volume(labels, preoperative_from_patient);
    let node = LabelTracer::new(segmentation::trace_labels::Parameters::default()).unwrap();
    node.trace(&volume).unwrap().centrelines().unwrap()
}

fn sweep(subject: &Subject, anatomy: &Anatomy, who: Who) -> Vec<(i64, Centrelines)> {
    // The vessels of the pelvis lie deep.
    let depth_mm = if who.kind == SubjectKind::Pelvis { 140.0 } else { 105.0 };
    let geometry = ScanGeometry { depth_mm, ..ScanGeometry::default() };
    let tracker = SimulatedTracker::new(who.seed);
    let mut mistakes = Mistakes::new(who.seed, who.mistakes, vessels(subject, anatomy, &geometry));
    let parameters =
        serde_json::json!({ "volume": { "spacing_mm": 1.0 }, "publish_every_ms": 5000 });
    let mut node = ReconstructLabels::new(serde_json::from_value(parameters).unwrap()).unwrap();
    let mut context = Context::at(Timestamp(0));
    for image in 0..=(SWEEP_S * IMAGES_HZ) as u64 {
        let elapsed = Duration::from_secs_f64(image as f64 / IMAGES_HZ);
        let sample = (elapsed.as_secs_f64() * POSES_HZ) as u64;
        let Pose::Visible { to_from_tool: tracker_from_probe, .. } =
            tracker.probe(subject.motion(), elapsed, sample)
        else {
            continue;
        };
        let Pose::Visible { to_from_tool: tracker_from_patient, .. } = tracker.reference(sample)
        else {
            continue;
        };
        let patient_from_probe = subject.motion().patient_from_probe(elapsed);
        let pressure = subject.motion().pressure(elapsed);
        let now = AnatomyUnderProbe::new(anatomy, pressure, Duration::ZERO).unwrap();
        let mut mask = vessel_mask(&now, &geometry, &patient_from_probe);
        let truly = patient_from_probe * geometry.probe_from_image();
        for ((row, column), value) in mask.indexed_iter_mut() {
            let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
            if geometry.in_sector(x, y) {
                let pixel = messages::Point::new(Point3::new(column as f64, row as f64, 0.0));
                let place = truly * pixel;
                *value = u8::from(mistakes.shown(&place.xyz_mm, *value != 0));
            }
        }
        let patient_from_probe = tracker_from_patient.inverse() * tracker_from_probe;
        let value = SegmentedImage {
            width_px: geometry.width_px as u32,
            height_px: geometry.height_px as u32,
            classes: vec!["background".to_owned(), "vessel".to_owned()],
            placement: Placement::Placed {
                patient_from_image: patient_from_probe * geometry.probe_from_image(),
                error_mm: None,
                pose_gap_ns: 0,
            },
            model: None,
            labels: mask.into_iter().collect::<Vec<u8>>().into(),
        };
        let acquired_at = Timestamp(elapsed.as_nanos() as i64);
        let stamped = Stamped { acquired_at, sequence: image, value };
        node.handle(reconstruct_labels::Input::Segmented(stamped), &mut context).unwrap();
    }
    node.finish(&mut context).unwrap();
    let volumes = context.finish().0;
    volumes
        .iter()
        .map(|(at, reconstruct_labels::Output::Volume(volume))| (at.0, traced(volume)))
        .collect()
}

/// The part of what is seen that is vessel.
fn vessels(subject: &Subject, anatomy: &Anatomy, geometry: &ScanGeometry) -> f64 {
    let (mut vessel, mut all) = (0, 0);
    for second in 0..=SWEEP_S as u64 {
        let elapsed = Duration::from_secs(second);
        let pressure = subject.motion().pressure(elapsed);
        let now = AnatomyUnderProbe::new(anatomy, pressure, Duration::ZERO).unwrap();
        let mask = vessel_mask(&now, geometry, &subject.motion().patient_from_probe(elapsed));
        vessel += mask.iter().filter(|value| **value != 0).count();
        for (row, column) in pixels(geometry) {
            let (x, y) = geometry.face_from_pixel(column as f64, row as f64);
            all += usize::from(geometry.in_sector(x, y));
        }
    }
    vessel as f64 / all.max(1) as f64
}

/// Row and column of every pixel.
fn pixels(geometry: &ScanGeometry) -> impl Iterator<Item = (usize, usize)> {
    let width_px = geometry.width_px;
    (0..geometry.height_px).flat_map(move |row| (0..width_px).map(move |column| (row, column)))
}

fn traced(volume: &Volume) -> Centrelines {
    let node = TraceVolume::new(segmentation::trace_volume::Parameters::default()).unwrap();
    node.trace(volume).unwrap().centrelines().unwrap()
}

/// Places in the liver, or around the vessels where there is none.
fn targets(anatomy: &Anatomy, seed: u64) -> Vec<Point3<f64>> {
    let liver = anatomy.structures().iter().find(|one| one.kind == StructureKind::Liver);
    let bounds = liver.map_or_else(|| anatomy.bounds(), Structure::bounds);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut places = Vec::new();
    while places.len() < TARGETS {
        let place = Point3::from(std::array::from_fn(|axis| {
            rng.random_range(bounds.low[axis]..bounds.high[axis])
        }));
        let wanted = liver.map_or_else(
            || {
                let near = anatomy.nearest(messages::Point::new(place), StructureKind::is_vessel);
                near.is_some_and(|near| near.signed_distance_mm < 10.0)
            },
            |liver| liver.contains(&place),
        );
        if wanted {
            places.push(place);
        }
    }
    places
}
