//! The node `reslice` against volumes whose value at a place is known, and every reason to show nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/scene.rs"]
mod scene;
#[path = "support/shapes.rs"]
mod shapes;

use fusion::reslice_image::{Input, Output, ResliceImage};
use messages::{
    Affine, Guidance, Health, Image, IntensityVolume, LocatedImage, Modality, Patient, Placement,
    Point, Preoperative, RegistrationState, ReslicedImage, Timestamp, UltrasoundImage,
};
use nalgebra::{Isometry3, Matrix3x4, Point3, Vector3};
use runtime::{Context, Node};
use scene::{accepted, alignment, bending, in_state, stamped};
use serde_json::json;

const MS: i64 = 1_000_000;
const PIXEL_MM: f64 = 0.4;
const WIDTH_PX: u32 = 300;
const HEIGHT_PX: u32 = 220;
/// Voxels along each axis, their distance, and the first one's coordinates.
const SIDE: u32 = 120;
const VOXEL_MM: f64 = 1.5;
const FIRST_MM: f64 = -90.0;

fn node(parameters: serde_json::Value) -> Result<ResliceImage, String> {
    ResliceImage::new(serde_json::from_value(parameters).unwrap()).map_err(|it| it.to_string())
}

/// Hounsfield units that differ from place to place, linear in the coordinates.
fn hu(at: Point3<f64>) -> f64 {
    40.0 + at.x - 0.5 * at.y + 0.25 * at.z
}

fn volume(modality: Modality) -> IntensityVolume<Preoperative> {
    let at = |index: u32| f64::from(index) * VOXEL_MM + FIRST_MM;
    let mut voxels = Vec::new();
    for z in 0..SIDE {
        for y in 0..SIDE {
            for x in 0..SIDE {
                voxels.push(hu(Point3::new(at(x), at(y), at(z))).round() as i16);
            }
        }
    }
    let mut rows = Matrix3x4::from_diagonal_element(VOXEL_MM);
    rows.set_column(3, &Vector3::repeat(FIRST_MM));
    let frame_from_voxel = Affine::from_rows(rows).unwrap();
    IntensityVolume { size: [SIDE; 3], frame_from_voxel, modality, voxels: voxels.into() }
}

/// An image whose middle pixel lies at the pose's origin, tilted as the pose.
fn located(pose: &Isometry3<f64>) -> (LocatedImage, Affine<Patient, Image>) {
    let linear = pose.rotation.to_rotation_matrix().matrix() * PIXEL_MM;
    let middle = Vector3::new(f64::from(WIDTH_PX), f64::from(HEIGHT_PX), 0.0) / 2.0;
    let mut rows = Matrix3x4::zeros();
    rows.fixed_view_mut::<3, 3>(0, 0).copy_from(&linear);
    rows.set_column(3, &(pose.translation.vector - linear * middle));
    let patient_from_image = Affine::from_rows(rows).unwrap();
    let placement = Placement::Placed { patient_from_image, error_mm: None, pose_gap_ns: 0 };
    let pixels = vec![9; (WIDTH_PX * HEIGHT_PX) as usize];
    let image = UltrasoundImage::new(WIDTH_PX, HEIGHT_PX, pixels).unwrap();
    (LocatedImage { image, placement }, patient_from_image)
}

fn handle(node: &mut ResliceImage, input: Input) -> (Vec<ReslicedImage>, Option<Health>) {
    let mut context = Context::at(Timestamp(0));
    node.handle(input, &mut context).unwrap();
    let (published, health) = context.finish();
    (published.into_iter().map(|(_, Output::Resliced(it))| it).collect(), health)
}

fn show(node: &mut ResliceImage, at_ms: i64, image: &LocatedImage) -> Vec<ReslicedImage> {
    handle(node, Input::Located(stamped(Timestamp(at_ms * MS), image.clone()))).0
}

fn scan(modality: Modality) -> Input {
    Input::Volume(stamped(Timestamp(0), volume(modality)))
}

/// Turns and shifts.
fn pose() -> Isometry3<f64> {
    Isometry3::new(Vector3::new(-15.0, 20.0, 7.0), Vector3::new(0.3, -0.5, 0.2))
}

#[test]
fn each_pixel_shows_what_lies_where_it_is_registered_to() {
    let alignment = alignment(pose(), 2.0, bending);
    let mut node = node(json!({ "window": [-160, 240] })).unwrap();
    handle(&mut node, scan(Modality::Ct));
    handle(&mut node, Input::Registration(accepted(alignment.clone())));
    let tilt = Isometry3::new(Vector3::new(10.0, -25.0, 5.0), Vector3::new(0.7, 0.4, -0.9));
    let (image, patient_from_image) = located(&tilt);
    let picture = &show(&mut node, 0, &image)[0];
    assert_eq!((picture.guidance.clone(), picture.modality), (Guidance::Valid, Modality::Ct));
    assert_eq!((picture.width_px, picture.height_px), (WIDTH_PX, HEIGHT_PX));
    let (mut inside, mut worst) = (0, 0.0_f64);
    for (index, &found) in picture.pixels.as_slice().iter().enumerate() {
        let (x, y) = (index as u32 % WIDTH_PX, index as u32 / WIDTH_PX);
        let pixel = Point::<Image>::new(Point3::new(f64::from(x), f64::from(y), 0.0));
        let place = alignment.preoperative(patient_from_image * pixel).unwrap().point.xyz_mm;
        // Where a tile's map leaves the volume a little early, a pixel may be black.
        let margin_mm = place.coords.amax() - (-FIRST_MM);
        if margin_mm < -2.0 {
            let expected = 255.0 * (hu(place) + 160.0) / 400.0;
            worst = worst.max((f64::from(found) - expected).abs());
            inside += 1;
        } else if place.coords.max() > FIRST_MM + VOXEL_MM * f64::from(SIDE) {
            assert_eq!(found, 0, "outside of the volume");
        }
    }
    println!("{inside} pixels inside, the worst differs by {worst:.2} grey levels");
    assert!(inside > 50_000);
    // Half a Hounsfield unit of rounding in voxels, weights of 1/256, and a tenth of a millimetre.
    assert!(worst < 2.0, "{worst}");
}

/// The volume is larger than what was registered, whose border runs slantingly through the picture.
#[test]
fn what_was_registered_is_shown_to_its_border() {
    let turned = Isometry3::rotation(Vector3::new(0.0, 0.0, 0.6));
    let alignment = alignment(turned, 2.0, |_| Vector3::zeros());
    let mut node = node(json!({ "window": [-2000, -1999] })).unwrap();
    let mut large = volume(Modality::Ct);
    large.frame_from_voxel = {
        let mut rows = Matrix3x4::from_diagonal_element(4.0);
        rows.set_column(3, &Vector3::repeat(-240.0));
        Affine::from_rows(rows).unwrap()
    };
    handle(&mut node, Input::Volume(stamped(Timestamp(0), large)));
    handle(&mut node, Input::Registration(accepted(alignment.clone())));
    let (image, patient_from_image) = located(&Isometry3::translation(150.0, 0.0, 0.0));
    let picture = &show(&mut node, 0, &image)[0];
    let (mut shown, mut wrong) = (0, 0);
    for (index, &found) in picture.pixels.as_slice().iter().enumerate() {
        let (x, y) = (index as u32 % WIDTH_PX, index as u32 / WIDTH_PX);
        let pixel = Point::<Image>::new(Point3::new(f64::from(x), f64::from(y), 0.0));
        let is_known = alignment.preoperative(patient_from_image * pixel).is_some();
        shown += usize::from(is_known);
        wrong += usize::from(is_known != (found == 255));
    }
    assert!((5000..60_000).contains(&shown), "the border is in the picture: {shown}");
    // A pixel or two along a border of some three hundred.
    assert!(wrong < 900, "{wrong} pixels");
}

#[test]
fn pictures_come_at_most_so_often() {
    let mut node = node(json!({ "max_rate_hz": 10.0 })).unwrap();
    let (image, _) = located(&Isometry3::identity());
    // At 20 Hz, with a clock that is not quite even, every second is taken.
    let times = [0, 50, 99, 151, 198, 250, 302];
    let shown: Vec<_> = times.map(|at_ms| show(&mut node, at_ms, &image).len()).into();
    assert_eq!(shown, [1, 0, 1, 0, 1, 0, 1]);
    // After a step back in time, as in a new replay, it goes on.
    assert_eq!(show(&mut node, 10, &image).len(), 1);
}

#[test]
fn what_must_not_guide_is_black_and_says_why() {
    let (image, _) = located(&Isometry3::identity());
    let mut node = node(json!({ "max_rate_hz": 200.0 })).unwrap();
    let mut at_ms = 0;
    let mut blank = |node: &mut ResliceImage, image: &LocatedImage, expected: &str| {
        at_ms += 100;
        let stamped = stamped(Timestamp(at_ms * MS), image.clone());
        let (pictures, health) = handle(node, Input::Located(stamped));
        let Guidance::Blank { reason } = &pictures[0].guidance else { panic!("{expected}") };
        assert!(reason.contains(expected), "{reason}");
        assert!(pictures[0].pixels.as_slice().iter().all(|&pixel| pixel == 0));
        assert!(matches!(health, Some(Health::Degraded { .. })));
    };
    blank(&mut node, &image, "no preoperative image has come yet");
    handle(&mut node, scan(Modality::Ct));
    blank(&mut node, &image, "no registration has come yet");
    let refused = RegistrationState::Refused { reason: "another patient".into() };
    handle(&mut node, Input::Registration(in_state(refused, None)));
    blank(&mut node, &image, "refused: another patient");
    let there = alignment(Isometry3::identity(), 2.0, |_| Vector3::zeros());
    handle(&mut node, Input::Registration(accepted(there.clone())));
    let (far, _) = located(&Isometry3::translation(900.0, 0.0, 0.0));
    blank(&mut node, &far, "outside of what was registered");
    let unplaced = LocatedImage {
        placement: Placement::Unplaced { reason: "hidden".into() },
        ..image.clone()
    };
    blank(&mut node, &unplaced, "not placed: hidden");
    let late = show(&mut node, 601_000, &image);
    assert!(late[0].guidance.reason().unwrap().contains("older than the 600 s"));
    // What nobody has confirmed is shown, and says so.
    let unverified = RegistrationState::Unverified { reason: "look at it".into() };
    handle(&mut node, Input::Registration(in_state(unverified, Some(there))));
    let picture = &show(&mut node, 700, &image)[0];
    assert!(matches!(picture.guidance, Guidance::Unverified { .. }));
    assert!(picture.pixels.as_slice().iter().any(|&pixel| pixel > 0));
}

#[test]
fn magnetic_resonance_fills_the_greys_and_a_new_window_is_taken_at_run_time() {
    let (image, _) = located(&Isometry3::identity());
    let mut node = node(json!({})).unwrap();
    handle(&mut node, scan(Modality::Mr));
    let there = alignment(Isometry3::identity(), 2.0, |_| Vector3::zeros());
    handle(&mut node, Input::Registration(accepted(there)));
    let greys = |picture: &ReslicedImage| {
        let pixels = picture.pixels.as_slice();
        (*pixels.iter().min().unwrap(), *pixels.iter().max().unwrap())
    };
    let (low, high) = greys(&show(&mut node, 0, &image)[0]);
    assert!(low < 90 && high > 165, "{low} to {high}");
    // The image and the registration are kept.
    node.configure(serde_json::from_value(json!({ "window": [3000, 3001] })).unwrap()).unwrap();
    assert_eq!(greys(&show(&mut node, 0, &image)[0]), (0, 0));
}

#[test]
fn parameters_that_cannot_be_used_say_what_would_do() {
    for (parameters, expected) in [
        (json!({ "window": [240, -160] }), "`window` should be what is black and, above it"),
        (json!({ "max_rate_hz": 0.0 }), "`max_rate_hz` should be above 0"),
        (json!({ "max_registration_age_s": -1.0 }), "`max_registration_age_s` should be above 0"),
    ] {
        let said = node(parameters).err().unwrap();
        assert!(said.contains(expected), "{said}");
    }
}
