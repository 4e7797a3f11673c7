//! Labelled balls come out as named surfaces; what was drawn goes before what was labelled.

use messages::{Affine, Structure, StructureKind, Timestamp};
use nalgebra::{Matrix3x4, Point3};
use serde_json::json;

use super::*;

/// A ball: its label, middle in millimetres, and radius.
type Ball = (u8, [f64; 3], f64);

/// A lattice of 60 × 50 × 40 mm with voxels of `spacing_mm`, turned about z, with balls in it.
fn volume(
    spacing_mm: f64,
    structures: &[(&str, StructureKind)],
    balls: &[Ball],
) -> LabelVolume<Preoperative> {
    let (s, c) = 0.3_f64.sin_cos();
    let d = spacing_mm;
    let rows = Matrix3x4::new(
        c * d,
        -s * d,
        0.0,
        -100.0, //
        s * d,
        c * d,
        0.0,
        20.0, //
        0.0,
        0.0,
        d,
        300.0,
    );
    let size = [60.0, 50.0, 40.0].map(|mm: f64| (mm / spacing_mm) as u32);
    let grid = Grid::new(size, rows).unwrap();
    let label = |at: usize| {
        let [nx, ny, _] = grid.size();
        let index = [at % nx, at / nx % ny, at / nx / ny].map(|i| i as f64 * spacing_mm);
        let holds = |(_, middle, radius): &&Ball| {
            (Point3::from(index) - Point3::from(*middle)).norm() <= *radius
        };
        balls.iter().find(holds).map_or(0, |ball| ball.0)
    };
    let structures =
        structures.iter().map(|&(name, kind)| Structure { name: name.to_owned(), kind }).collect();
    LabelVolume {
        size,
        frame_from_voxel: Affine::from_rows(rows).unwrap(),
        structures,
        model: None,
        labels: (0..grid.voxels()).map(label).collect::<Vec<_>>().into(),
    }
}

fn node(parameters: serde_json::Value) -> ExtractSurfaces {
    ExtractSurfaces::new(serde_json::from_value(parameters).unwrap()).unwrap()
}

fn stamped(at: i64, value: LabelVolume<Preoperative>) -> Stamped<LabelVolume<Preoperative>> {
    Stamped { acquired_at: Timestamp(at), sequence: 0, value }
}

fn handle(node: &mut ExtractSurfaces, input: Input) -> (Surfaces<Preoperative>, Health) {
    let mut context = Context::at(Timestamp(9));
    let came = match &input {
        Input::Labels(stamped) | Input::Delineation(stamped) => stamped.acquired_at,
        Input::Imported(stamped) => stamped.acquired_at,
    };
    node.handle(input, &mut context).unwrap();
    let (mut published, health) = context.finish();
    let Some((acquired_at, Output::Surfaces(surfaces))) = published.pop() else {
        panic!("no surfaces")
    };
    assert!(published.is_empty() && acquired_at == came);
    (surfaces, health.unwrap())
}

const KNOWN: &[(&str, StructureKind)] = &[
    ("liver", StructureKind::Organ),
    ("tumour", StructureKind::Tumour),
    ("absent", StructureKind::Vein),
];
const LIVER: Ball = (1, [25.0, 25.0, 20.0], 14.0);
const TUMOUR: Ball = (2, [48.0, 25.0, 20.0], 6.0);

fn names(surfaces: &Surfaces<Preoperative>) -> Vec<&str> {
    surfaces.structures.iter().map(|surface| surface.structure.name.as_str()).collect()
}

/// Mean radius of a surface about the middle of its vertices.
fn radius_mm(surfaces: &Surfaces<Preoperative>, name: &str) -> f64 {
    let mesh = surfaces.meshes().find(|mesh| mesh.surface.structure.name == name).unwrap();
    let count = mesh.positions_mm.len() as f64;
    let place = |p: &[f32; 3]| Point3::from(p.map(f64::from));
    let middle = mesh.positions_mm.iter().map(|p| place(p).coords).sum::<nalgebra::Vector3<f64>>();
    let middle = Point3::from(middle / count);
    mesh.positions_mm.iter().map(|p| (place(p) - middle).norm()).sum::<f64>() / count
}

#[test]
fn labelled_structures_have_surfaces_where_they_are() {
    let value = volume(1.0, KNOWN, &[LIVER, TUMOUR]);
    let to_mm = value.frame_from_voxel;
    let (surfaces, health) = handle(&mut node(json!({})), Input::Labels(stamped(7, value)));
    assert_eq!(health, Health::Healthy);
    assert_eq!(names(&surfaces), ["liver", "tumour"]);
    let middle = to_mm * messages::Point::new(Point3::from(TUMOUR.1));
    let tumour = surfaces.meshes().nth(1).unwrap();
    for vertex in tumour.positions_mm {
        let off = (Point3::from(vertex.map(f64::from)) - middle.xyz_mm).norm();
        assert!((off - 6.0).abs() < 0.6, "{off}");
    }
    // Half the diagonal of a voxel of 1 mm, and 1 mm of labelling.
    assert!((tumour.surface.error_mm - 1.75_f32.sqrt()).abs() < 1e-3, "{:?}", tumour.surface);
}

#[test]
fn what_was_drawn_goes_before_what_was_labelled_in_either_order() {
    // Drawn on another lattice: a larger tumour, and a nerve that no network knows.
    let drawn = || {
        let known = [("tumour", StructureKind::Tumour), ("nerve", StructureKind::Nerve)];
        let balls = [(1, TUMOUR.1, 9.0), (2, [10.0, 8.0, 8.0], 4.0)];
        stamped(5, volume(0.8, &known, &balls))
    };
    let labels = || stamped(7, volume(1.0, KNOWN, &[LIVER, TUMOUR]));
    let mut first = node(json!({ "drawing_error_mm": 0.5 }));
    let (only_labels, _) = handle(&mut first, Input::Labels(labels()));
    let (both, _) = handle(&mut first, Input::Delineation(drawn()));
    let mut second = node(json!({ "drawing_error_mm": 0.5 }));
    let (only_drawn, _) = handle(&mut second, Input::Delineation(drawn()));
    let (as_well, _) = handle(&mut second, Input::Labels(labels()));
    assert_eq!(names(&only_labels), ["liver", "tumour"]);
    assert_eq!(names(&only_drawn), ["tumour", "nerve"]);
    assert_eq!(names(&both), ["tumour", "nerve", "liver"]);
    assert_eq!(both, as_well);
    assert!((radius_mm(&only_labels, "tumour") - 6.0).abs() < 0.2);
    assert!((radius_mm(&both, "tumour") - 9.0).abs() < 0.2);
    let error_mm = both.structures[0].error_mm;
    assert!((error_mm - (0.75 * 0.64_f32 + 0.25).sqrt()).abs() < 1e-3, "{error_mm}");
}

#[test]
fn what_was_imported_goes_before_all_else() {
    // Made by this node elsewhere: a smaller tumour, a ureter, and what is not wanted here.
    let known = [
        ("tumour", StructureKind::Tumour),
        ("ureter", StructureKind::Ureter),
        ("skin", StructureKind::Other),
    ];
    let balls = [(1, TUMOUR.1, 4.0), (2, [8.0, 8.0, 20.0], 3.0), (3, [8.0, 40.0, 30.0], 4.0)];
    let (made, _) =
        handle(&mut node(json!({})), Input::Labels(stamped(1, volume(0.8, &known, &balls))));
    let imported = || Stamped { acquired_at: Timestamp(3), sequence: 0, value: made.clone() };
    let mut node = node(json!({ "leave_out": ["skin"] }));
    let labels = Input::Labels(stamped(7, volume(1.0, KNOWN, &[LIVER, TUMOUR])));
    let (alone, health) = handle(&mut node, Input::Imported(imported()));
    assert_eq!((names(&alone), health), (vec!["tumour", "ureter"], Health::Healthy));
    let (both, _) = handle(&mut node, labels);
    assert_eq!(names(&both), ["tumour", "ureter", "liver"]);
    assert_eq!(both.structures[1].structure.kind, StructureKind::Ureter);
    assert!((radius_mm(&both, "tumour") - 4.0).abs() < 0.2);
    assert_eq!(both.structures[0].error_mm, made.structures[0].error_mm);
}

#[test]
fn a_vessel_gives_way_to_a_node_that_was_drawn_in_it_and_to_no_tumour() {
    let known = [("vein", StructureKind::Vein)];
    let vein = (1, [25.0, 25.0, 20.0], 10.0);
    let drawn = |kind| stamped(5, volume(0.8, &[("body", kind)], &[(1, [31.0, 25.0, 20.0], 6.0)]));
    let labels = || stamped(7, volume(1.0, &known, &[vein]));
    let parameters = || json!({ "drawing_error_mm": 3.0 });
    let farthest_mm = |surfaces: &Surfaces<Preoperative>| {
        let to_mm = volume(1.0, &known, &[]).frame_from_voxel;
        let end = to_mm * messages::Point::new(Point3::new(35.0, 25.0, 20.0));
        let mesh = surfaces.meshes().find(|m| m.surface.structure.name == "vein").unwrap();
        let off = |p: &[f32; 3]| (Point3::from(p.map(f64::from)) - end.xyz_mm).norm();
        mesh.positions_mm.iter().map(off).fold(f64::INFINITY, f64::min)
    };
    for (kind, gives_way) in [(StructureKind::LymphNode, true), (StructureKind::Tumour, false)] {
        let mut first = node(parameters());
        let (alone, _) = handle(&mut first, Input::Labels(labels()));
        let (both, _) = handle(&mut first, Input::Delineation(drawn(kind)));
        let mut second = node(parameters());
        handle(&mut second, Input::Delineation(drawn(kind)));
        let (as_well, _) = handle(&mut second, Input::Labels(labels()));
        assert_eq!(both, as_well);
        assert!(farthest_mm(&alone) < 1.0);
        // Where the node was drawn, the vein's end is gone, and what is left of it is as sure as the drawing.
        assert_eq!(farthest_mm(&both) > 3.0, gives_way, "{}", farthest_mm(&both));
        let error_mm = both.meshes().find(|m| m.surface.structure.name == "vein").unwrap();
        let expected = 0.75_f32 + if gives_way { 9.0 } else { 1.0 };
        assert!((error_mm.surface.error_mm - expected.sqrt()).abs() < 1e-3);
    }
}

#[test]
fn a_large_surface_is_simplified_and_its_error_says_so() {
    let value = || stamped(7, volume(0.8, KNOWN, &[LIVER]));
    let (fine, _) = handle(&mut node(json!({})), Input::Labels(value()));
    let (coarse, _) = handle(&mut node(json!({ "max_triangles": 300 })), Input::Labels(value()));
    assert!(fine.triangles > 2000 && coarse.triangles <= 300, "{fine:?} {coarse:?}");
    assert!((radius_mm(&coarse, "liver") - 14.0).abs() < 0.3, "{}", radius_mm(&coarse, "liver"));
    assert!(coarse.structures[0].error_mm > fine.structures[0].error_mm);
}

#[test]
fn what_is_left_out_or_too_small_has_no_surface() {
    let value = || stamped(7, volume(1.0, KNOWN, &[LIVER, TUMOUR]));
    let mut without = node(json!({ "leave_out": ["liver"] }));
    assert_eq!(names(&handle(&mut without, Input::Labels(value())).0), ["tumour"]);
    let mut large = node(json!({ "least_volume_mm3": 2000.0 }));
    assert_eq!(names(&handle(&mut large, Input::Labels(value())).0), ["liver"]);
    let mut none = node(json!({ "least_volume_mm3": 50_000.0 }));
    let (surfaces, health) = handle(&mut none, Input::Labels(value()));
    assert!(surfaces.structures.is_empty());
    let Health::Degraded { reason } = health else { panic!("healthy") };
    assert!(reason.contains("least_volume_mm3"), "{reason}");
}

#[test]
fn what_cannot_be_worked_on_is_an_error_that_says_why() {
    let wrong = |parameters: serde_json::Value| {
        let error = ExtractSurfaces::new(serde_json::from_value(parameters).unwrap()).err();
        error.unwrap().to_string()
    };
    let told = wrong(json!({ "max_triangles": 3 }));
    assert!(told.contains("`max_triangles` should be from 100 to 2000000, but it is 3"), "{told}");
    assert!(wrong(json!({ "drawing_error_mm": -1.0 })).contains("drawing_error_mm"));
    let mut short = volume(1.0, KNOWN, &[LIVER]);
    short.labels = vec![1; 17].into();
    let mut context = Context::at(Timestamp(9));
    let input = Input::Delineation(stamped(7, short));
    let told = node(json!({})).handle(input, &mut context).unwrap_err().to_string();
    assert!(told.contains("`delineation`") && told.contains("has 17"), "{told}");
}
