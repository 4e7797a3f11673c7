//! The node `overlay` against cuts that are known, and every reason to draw nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/scene.rs"]
mod scene;
#[path = "support/shapes.rs"]
mod shapes;

use fusion::overlay::{Input, Output, Overlay};
use messages::{
    Affine, Alignment, Guidance, Health, Image, LocatedImage, Overlay as Outlines, Patient,
    Placement, Point, RegistrationState, StructureKind, Timestamp, UltrasoundImage,
};
use nalgebra::{Isometry3, Matrix3x4, Point3, Vector3};
use runtime::{Context, Node};
use scene::{accepted, alignment, bending, in_state, map, stamped};
use serde_json::json;
use shapes::{Shape, capsule};

const S: i64 = 1_000_000_000;
const PIXEL_MM: f64 = 0.4;
const WIDTH_PX: u32 = 320;
const HEIGHT_PX: u32 = 240;

fn node(parameters: serde_json::Value) -> Overlay {
    Overlay::new(serde_json::from_value(parameters).unwrap()).unwrap()
}

/// An image whose middle pixel lies at the pose's origin, tilted as the pose.
fn plane(pose: &Isometry3<f64>) -> Affine<Patient, Image> {
    let rotation = pose.rotation.to_rotation_matrix();
    let linear = rotation.matrix() * PIXEL_MM;
    let middle = Vector3::new(f64::from(WIDTH_PX), f64::from(HEIGHT_PX), 0.0) / 2.0;
    let mut rows = Matrix3x4::zeros();
    rows.fixed_view_mut::<3, 3>(0, 0).copy_from(&linear);
    rows.set_column(3, &(pose.translation.vector - linear * middle));
    Affine::from_rows(rows).unwrap()
}

fn located(patient_from_image: Affine<Patient, Image>) -> LocatedImage {
    let placement =
        Placement::Placed { patient_from_image, error_mm: Some(0.5), pose_gap_ns: 10_000_000 };
    let pixels = vec![0; (WIDTH_PX * HEIGHT_PX) as usize];
    LocatedImage { image: UltrasoundImage::new(WIDTH_PX, HEIGHT_PX, pixels).unwrap(), placement }
}

fn handle(
    node: &mut Overlay,
    now: i64,
    input: Input,
) -> (Vec<(Timestamp, Outlines)>, Option<Health>) {
    let mut context = Context::at(Timestamp(now));
    node.handle(input, &mut context).unwrap();
    let (published, health) = context.finish();
    (published.into_iter().map(|(at, Output::Overlay(it))| (at, it)).collect(), health)
}

fn outline(node: &mut Overlay, image: LocatedImage) -> Outlines {
    let (mut published, _) = handle(node, S, Input::Located(stamped(Timestamp(S), image)));
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].0, Timestamp(S));
    published.remove(0).1
}

fn shown(shape: Shape, alignment: Alignment, parameters: serde_json::Value) -> Overlay {
    let mut node = node(parameters);
    handle(&mut node, 0, Input::Surfaces(map(vec![("tumour", StructureKind::Tumour, 1.0, shape)])));
    handle(&mut node, 0, Input::Registration(accepted(alignment)));
    node
}

fn rigid(pose: Isometry3<f64>) -> Alignment {
    alignment(pose, 2.0, |_| Vector3::zeros())
}

fn sphere() -> Shape {
    capsule([10.0, 5.0, -8.0], [10.0, 5.0, -8.0], 20.0, 120)
}

/// A registration that turns and shifts, and the patient's pose of an image through a place of the map.
fn registered() -> Isometry3<f64> {
    Isometry3::new(Vector3::new(-15.0, 20.0, 7.0), Vector3::new(0.3, -0.5, 0.2))
}

#[test]
fn a_tilted_plane_cuts_a_sphere_in_the_circle_it_should() {
    let pose = registered();
    let mut node = shown(sphere(), rigid(pose), json!({}));
    // The plane passes the centre at 12 mm, so that the circle's radius is 16 mm.
    let tilt = Isometry3::new(Vector3::zeros(), Vector3::new(0.7, 0.4, -0.9)).rotation;
    let centre = pose.inverse() * Point3::new(10.0, 5.0, -8.0);
    let middle = centre + tilt * Vector3::new(4.0, -3.0, 12.0);
    let image = plane(&Isometry3::from_parts(middle.into(), tilt));
    let overlay = outline(&mut node, located(image));
    assert_eq!(overlay.guidance, Guidance::Valid);
    assert_eq!((overlay.width_px, overlay.height_px), (WIDTH_PX, HEIGHT_PX));
    let [(line, points)] = overlay.lines().collect::<Vec<_>>()[..] else { panic!("{overlay:?}") };
    assert!(line.closed);
    let expected_px = [160.0 - 4.0 / PIXEL_MM, 120.0 + 3.0 / PIXEL_MM];
    let from_circle =
        |x: f64, y: f64| ((x - expected_px[0]).hypot(y - expected_px[1]) - 16.0 / PIXEL_MM).abs();
    for (index, &[x, y]) in points.iter().enumerate() {
        assert!(from_circle(x.into(), y.into()) < 0.3, "{x} {y}");
        let [next_x, next_y] = points[(index + 1) % points.len()];
        let between = (f64::from(x + next_x) / 2.0, f64::from(y + next_y) / 2.0);
        assert!(from_circle(between.0, between.1) < 0.4, "{between:?}");
    }
    assert!(
        (12..200).contains(&points.len()),
        "neither coarse nor every triangle: {}",
        points.len()
    );
    let error_mm = (4.0 + (1.614_f64 * 0.5).powi(2) + 1.0).sqrt();
    assert!((f64::from(line.error_px) - error_mm / PIXEL_MM).abs() < 1e-3, "{line:?}");
    let one = serde_json::to_value(&overlay).unwrap();
    assert_eq!(
        one,
        serde_json::to_value(outline(&mut node, located(image))).unwrap(),
        "again the same"
    );
}

/// Each point, taken through the registration into the map, lies on the sphere.
fn assert_on_the_sphere(overlay: &Outlines, image: Affine<Patient, Image>, alignment: &Alignment) {
    let lines: Vec<_> = overlay.lines().collect();
    assert!(!lines.is_empty());
    for &[x, y] in lines.iter().flat_map(|(_, points)| *points) {
        let there = image * Point::new(Point3::new(f64::from(x), f64::from(y), 0.0));
        let at = alignment.preoperative(there).unwrap().point.xyz_mm;
        let off = (at - Point3::new(10.0, 5.0, -8.0)).norm() - 20.0;
        // 0.07 mm are between the facets and the sphere; the field bends what is straight in a facet.
        assert!(off.abs() < 0.1, "{off} mm at {x} {y}");
    }
}

#[test]
fn a_bent_map_is_cut_where_the_registration_bends_it() {
    let alignment = alignment(registered(), 2.0, bending);
    let mut node = shown(sphere(), alignment.clone(), json!({}));
    let centre = registered().inverse() * Point3::new(8.0, 3.0, -8.0);
    for turn in 0..20 {
        let turn = f64::from(turn) * 0.6;
        let tilt = Vector3::new(turn, turn.sin(), 2.0 * turn.cos());
        let off = Vector3::new(turn.cos(), turn.sin(), (2.0 * turn).sin()) * 8.0;
        let image = plane(&Isometry3::new(centre.coords + off, tilt));
        assert_on_the_sphere(&outline(&mut node, located(image)), image, &alignment);
    }
}

#[test]
fn a_new_registration_moves_the_outline_and_a_new_state_alone_does_not() {
    let image = plane(&Isometry3::translation(10.0, 5.0, 0.0));
    let first = rigid(Isometry3::identity());
    let mut node = shown(sphere(), first.clone(), json!({}));
    let before = outline(&mut node, located(image));
    assert_on_the_sphere(&before, image, &first);
    let state = RegistrationState::Degraded { reason: "it moved".into() };
    handle(&mut node, 0, Input::Registration(in_state(state, Some(first))));
    let degraded = outline(&mut node, located(image));
    assert_eq!(degraded.points_px, before.points_px);
    assert!(
        matches!(&degraded.guidance, Guidance::Unverified { reason } if reason.contains("it moved"))
    );
    let second = alignment(Isometry3::translation(3.0, -2.0, 1.0), 2.0, bending);
    handle(&mut node, 0, Input::Registration(accepted(second.clone())));
    assert_on_the_sphere(&outline(&mut node, located(image)), image, &second);
}

#[test]
fn an_outline_is_open_where_the_image_ends_and_where_the_map_ends() {
    let alignment = rigid(Isometry3::identity());
    let mut node = shown(sphere(), alignment.clone(), json!({}));
    // The sphere's centre lies on the image's left edge.
    let image = plane(&Isometry3::translation(10.0 + 64.0, 5.0, -8.0));
    let overlay = outline(&mut node, located(image));
    let [(line, points)] = overlay.lines().collect::<Vec<_>>()[..] else { panic!("{overlay:?}") };
    assert!(!line.closed);
    assert!(points.iter().all(|point| point[0] >= -0.5), "{points:?}");
    let ends = [points[0], points[points.len() - 1]].map(|end| (end[0], (end[1] - 120.0).abs()));
    for (x, y) in ends {
        assert!((x + 0.5).abs() < 0.01 && (y - 50.0).abs() < 0.3, "{x} {y}");
    }
    // Half of this one lies beyond the lattice.
    let shape = capsule([150.0, 0.0, 0.0], [150.0, 0.0, 0.0], 20.0, 120);
    let mut node = shown(shape, alignment, json!({}));
    let overlay = outline(&mut node, located(plane(&Isometry3::translation(140.0, 0.0, 0.0))));
    let [(line, points)] = overlay.lines().collect::<Vec<_>>()[..] else { panic!("{overlay:?}") };
    assert!(!line.closed && points.len() > 5, "{overlay:?}");
}

#[test]
fn only_what_is_to_be_shown_is_drawn() {
    let tube = |x: f64| capsule([x, 0.0, -30.0], [x, 0.0, 30.0], 3.0, 40);
    let structures = || {
        map(vec![
            ("portal_vein", StructureKind::Vein, 1.0, tube(0.0)),
            ("hepatic_vein", StructureKind::Vein, 1.0, tube(20.0)),
            ("left_nerve", StructureKind::Nerve, 1.0, tube(-20.0)),
        ])
    };
    let image = || located(plane(&Isometry3::identity()));
    let names = |node: &mut Overlay| {
        let overlay = outline(node, image());
        let name =
            |line: &messages::Outline| overlay.structures[usize::from(line.structure)].name.clone();
        overlay.outlines.iter().map(name).collect::<Vec<_>>()
    };
    for (show, expected) in [
        (json!([]), vec!["portal_vein", "hepatic_vein", "left_nerve"]),
        (json!(["vein"]), vec!["portal_vein", "hepatic_vein"]),
        (json!(["left_nerve", "portal_vein"]), vec!["portal_vein", "left_nerve"]),
    ] {
        let mut node = node(json!({ "show": show }));
        handle(&mut node, 0, Input::Surfaces(structures()));
        handle(&mut node, 0, Input::Registration(accepted(rigid(Isometry3::identity()))));
        assert_eq!(names(&mut node), expected);
    }
    let mut node = node(json!({ "show": ["nerve"] }));
    handle(&mut node, 0, Input::Surfaces(structures()));
    handle(&mut node, 0, Input::Registration(accepted(rigid(Isometry3::identity()))));
    node.configure(serde_json::from_value(json!({ "show": ["vein", "ureter"] })).unwrap()).unwrap();
    assert_eq!(names(&mut node), ["portal_vein", "hepatic_vein"], "the map is kept");
    let overlay = outline(&mut node, image());
    let reason = overlay.guidance.reason().unwrap();
    assert!(reason.contains("`ureter` is to be shown"), "{reason}");
}

fn blank(overlay: &Outlines) -> &str {
    assert!(overlay.outlines.is_empty() && overlay.points == 0);
    let Guidance::Blank { reason } = &overlay.guidance else { panic!("{overlay:?}") };
    reason
}

#[test]
fn whatever_is_missing_old_or_unsure_leaves_the_image_bare() {
    let image = || located(plane(&Isometry3::identity()));
    let mut empty = node(json!({}));
    assert!(blank(&outline(&mut empty, image())).contains("no surfaces"));
    let surfaces = map(vec![("tumour", StructureKind::Tumour, 1.0, sphere())]);
    handle(&mut empty, 0, Input::Surfaces(surfaces));
    assert!(blank(&outline(&mut empty, image())).contains("no registration has come"));

    let good = || shown(sphere(), rigid(Isometry3::identity()), json!({}));
    let mut node = good();
    assert!(outline(&mut node, image()).outlines.len() == 1);
    let placement = Placement::Unplaced { reason: "the tool was hidden".into() };
    let unplaced = LocatedImage { placement, ..image() };
    assert!(blank(&outline(&mut node, unplaced)).contains("not placed: the tool was hidden"));
    let far = located(plane(&Isometry3::translation(0.0, 0.0, 151.0)));
    assert!(blank(&outline(&mut node, far)).contains("outside of what was registered"));
    let late = Input::Located(stamped(Timestamp(0), image()));
    let (published, health) = handle(&mut node, S, late);
    assert!(blank(&published[0].1).contains("more than the 500 ms"));
    assert!(matches!(health, Some(Health::Degraded { .. })));
    for (state, expected) in [
        (RegistrationState::None { reason: "sweep".into() }, "no registration: sweep"),
        (RegistrationState::Refused { reason: "a phantom".into() }, "refused: a phantom"),
    ] {
        handle(&mut node, 0, Input::Registration(in_state(state, None)));
        assert!(blank(&outline(&mut node, image())).contains(expected));
    }
    let strict = json!({ "max_error_mm": 2.1 });
    let mut node = shown(sphere(), rigid(Isometry3::identity()), strict);
    assert!(blank(&outline(&mut node, image())).contains("known to the 2.1 mm asked for"));
    let old = json!({ "max_registration_age_s": 0.5 });
    let mut node = shown(sphere(), rigid(Isometry3::identity()), old);
    assert!(blank(&outline(&mut node, image())).contains("older than the 0.5 s allowed"));
}

#[test]
fn an_image_whose_placing_has_no_error_is_not_verified() {
    let mut node = shown(sphere(), rigid(Isometry3::identity()), json!({}));
    let mut image = located(plane(&Isometry3::identity()));
    if let Placement::Placed { error_mm, .. } = &mut image.placement {
        *error_mm = None;
    }
    let overlay = outline(&mut node, image);
    assert!(overlay.guidance.reason().unwrap().contains("does not say how well"));
    assert_eq!(overlay.outlines.len(), 1);
}
