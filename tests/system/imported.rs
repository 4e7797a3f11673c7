//! A real patient's CT and the labels drawn in it, and surfaces from elsewhere, are the map.

use std::fmt::Write as _;

use serde_json::{Value, json};
use system_tests::{Place, alone, shared_data};

const IMPORTED: &str = "launch/graphs/imported.toml";

/// A bar of 6 × 6 × 80 mm as a text STL: what a planning program would write of a ureter.
fn bar(from_mm: [f64; 3]) -> String {
    let corner = |bits: usize| {
        let at =
            |axis: usize, long: f64| from_mm[axis] + if bits >> axis & 1 == 1 { long } else { 0.0 };
        format!("vertex {} {} {}", at(0, 6.0), at(1, 6.0), at(2, 80.0))
    };
    let sides =
        [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
    let mut text = "solid 3D Slicer output. SPACE=LPS\n".to_owned();
    for [a, b, c, d] in sides {
        for three in [[a, b, c], [a, c, d]] {
            let [a, b, c] = three.map(corner);
            writeln!(text, "facet normal 0 0 0\nouter loop\n{a}\n{b}\n{c}\nendloop\nendfacet")
                .unwrap();
        }
    }
    text + "endsolid\n"
}

#[test]
fn a_real_patients_labels_and_an_imported_ureter_become_the_map_and_are_replayed() {
    let _alone = alone();
    if shared_data("ircadb01_ct_vessels/ct.nii.gz").is_none() {
        return;
    }
    let place = Place::new();
    let ureter = place.path("ureter.stl");
    std::fs::write(&ureter, bar([180.0, 160.0, 20.0])).unwrap();
    let surfaces = format!(
        "preoperative.surfaces=[{{ path = {ureter:?}, name = \"ureter\", kind = \"ureter\", error_mm = 2.0 }}]"
    );
    let arguments = ["--clock", "simulated", "--set", &surfaces];
    let closing = place.run(IMPORTED, "a", &arguments).good();

    let found = place.recording("structures", &closing.folder);
    let (labels, surfaces, tree) =
        (&found["preoperative.labels"], &found["surfaces.surfaces"], &found["map.tree"]);
    let expected = [
        ("liver", "organ"),
        ("spleen", "organ"),
        ("left_kidney", "organ"),
        ("right_kidney", "organ"),
        ("bone", "bone"),
        ("artery", "artery"),
        ("venous_system", "vein"),
        ("portal_vein", "vein"),
        ("tumours", "tumour"),
    ];
    let of = |map: &Value, name: &str, what: &str| {
        map[name][what].as_f64().unwrap_or_else(|| panic!("no {what} of {name} in {map}"))
    };
    for (name, kind) in expected {
        println!("{name}: labels {}, surface {}", labels[name], surfaces[name]);
        assert_eq!((&labels[name]["kind"], &surfaces[name]["kind"]), (&json!(kind), &json!(kind)));
        let (drawn, enclosed) = (of(labels, name, "mm3"), of(surfaces, name, "mm3"));
        assert!(drawn > 5000.0, "{name}: {drawn} mm³");
        // Steps are smoothed, and pieces and cavities below 10 mm³ left out.
        assert!((enclosed / drawn - 1.0).abs() < 0.05, "{name}: {enclosed} of {drawn} mm³");
    }
    assert_eq!(surfaces["ureter"]["kind"], "ureter");
    assert!((of(surfaces, "ureter", "mm3") - 2880.0).abs() < 1.0, "{}", surfaces["ureter"]);
    assert_eq!(of(surfaces, "ureter", "error_mm"), 2.0);
    println!("{tree}");
    for (vessel, least_mm) in [("portal_vein", 300.0), ("venous_system", 300.0), ("artery", 300.0)]
    {
        assert!(of(tree, vessel, "mm") > least_mm, "{vessel}: {tree}");
        assert!(of(tree, vessel, "branches") >= 5.0, "{vessel}: {tree}");
    }

    let again = place.path("again").to_str().unwrap().to_owned();
    let replayed = place.call(&["replay", closing.path(), "-o", &again]);
    assert_eq!(replayed.code, 0, "{}\n{}", replayed.stdout, replayed.stderr);
    let same = place.call(&["compare", closing.path(), &again]);
    assert_eq!(same.code, 0, "{}\n{}", same.stdout, same.stderr);
}

#[test]
fn a_map_whose_files_are_not_there_is_refused_with_what_was_looked_for() {
    let place = Place::new();
    let set = "preoperative.surfaces=[{ path = \"nowhere/ureter.stl\", name = \"ureter\", kind = \"ureter\" }]";
    let called = place.call(&["check", IMPORTED, "--set", set]);
    assert_eq!(called.code, 1, "{}\n{}", called.stdout, called.stderr);
    let said = format!("{}{}", called.stdout, called.stderr);
    assert!(
        said.contains("preoperative.surfaces") && said.contains("nowhere/ureter.stl"),
        "{said}"
    );
}
