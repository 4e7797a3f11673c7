//! Distances and alarms against the truth of the same instants.

use messages::{
    Alarm, Distances, Guidance, Point, Score, Structure, StructureDistance, StructureKind,
    ToolDistances, ToolPlace,
};
use nalgebra::Point3;
use simulation::report::Input;

use super::{figure, scores, stamped};

fn distances(shaft_mm: Option<f64>, error_mm: f64, alarm: Alarm) -> Distances {
    let structure = |name: &str, kind| Structure { name: name.to_owned(), kind };
    let there = |shaft_mm| StructureDistance { tip_mm: shaft_mm + 1.0, shaft_mm, error_mm, alarm };
    let place = Point::new(Point3::origin());
    Distances {
        guidance: Guidance::Valid,
        registration_age_ns: None,
        structures: vec![
            structure("liver", StructureKind::Organ),
            structure("portal_vein", StructureKind::Vein),
        ],
        tools: vec![ToolDistances {
            name: "instrument".to_owned(),
            place: ToolPlace::Seen { tip: place, shaft_end: place, error_mm: 0.0 },
            structures: shaft_mm.map_or(Vec::new(), |mm| vec![there(-5.0), there(mm)]),
        }],
    }
}

/// Truth at 10 Hz and measurements at 100 Hz, as functions of time; none where nothing is shown.
fn procedure(
    truth: impl Fn(f64) -> (f64, Alarm),
    measured: impl Fn(f64) -> Option<(f64, Alarm)>,
) -> Vec<Score> {
    let mut inputs = Vec::new();
    for step in 0..2000 {
        let seconds = f64::from(step) * 0.01;
        if step % 10 == 0 {
            let (mm, alarm) = truth(seconds);
            inputs.push(Input::TruthDistances(stamped(seconds, distances(Some(mm), 0.0, alarm))));
        }
        let found = match measured(seconds) {
            Some((mm, alarm)) => distances(Some(mm), 1.5, alarm),
            None => distances(None, 0.0, Alarm::Clear),
        };
        inputs.push(Input::Distances(stamped(seconds, found)));
    }
    scores(inputs)
}

#[test]
fn distances_are_compared_at_the_same_instants_and_what_was_not_shown_is_counted() {
    // Comes as near as 4 mm at 10 s; measured 1 mm too far, from 12 s on 2 mm, from 15 s on not at all.
    let truth = |s: f64| (4.0 + (s - 10.0).abs(), Alarm::Clear);
    let measured = |s: f64| match s {
        s if s < 12.0 => Some((truth(s).0 + 1.0, Alarm::Clear)),
        s if s < 15.0 => Some((truth(s).0 + 2.0, Alarm::Clear)),
        _ => None,
    };
    let scores = procedure(truth, measured);
    assert!((figure(&scores, "distance error, median") - 1.0).abs() < 0.02);
    assert!((figure(&scores, "distance error, p95") - 2.0).abs() < 0.02);
    assert!((figure(&scores, "distance error within its bound") - 80.0).abs() < 0.01);
    assert!((figure(&scores, "time without distances, instrument") - 5.0).abs() < 0.01);
    let approach = "closest approach, instrument to portal_vein";
    assert!((figure(&scores, &format!("{approach}, true")) - 4.0).abs() < 1e-9);
    assert!((figure(&scores, &format!("{approach}, measured then")) - 5.0).abs() < 1e-9);
    assert!((figure(&scores, "distance error of portal_vein, p95") - 2.0).abs() < 0.02);
    assert!(scores.iter().all(|score| !score.measure.contains("liver")));
}

#[test]
fn a_vessel_under_a_wrong_name_is_still_the_nearest_vessel() {
    let with_artery = |vein_mm, artery_mm| {
        let mut distances = distances(Some(vein_mm), 1.5, Alarm::Clear);
        let artery = Structure { name: "hepatic_artery".to_owned(), kind: StructureKind::Artery };
        distances.structures.push(artery);
        let row = StructureDistance { shaft_mm: artery_mm, ..distances.tools[0].structures[1] };
        distances.tools[0].structures.push(row);
        distances
    };
    let scores = scores(vec![
        Input::TruthDistances(stamped(0.0, with_artery(20.0, 6.0))),
        Input::Distances(stamped(0.0, with_artery(7.0, 40.0))),
    ]);
    assert!((figure(&scores, "distance error of portal_vein, p95") - 13.0).abs() < 0.02);
    assert!((figure(&scores, "distance error of hepatic_artery, p95") - 34.0).abs() < 0.02);
    assert!((figure(&scores, "nearest vessel's distance error, p95") - 1.0).abs() < 0.02);
}

#[test]
fn alarms_are_right_false_missed_or_not_shown() {
    let during = |s: f64, times: &[(f64, f64)], alarm| {
        if times.iter().any(|(from, to)| (*from..*to).contains(&s)) { alarm } else { Alarm::Clear }
    };
    // Right although 0.25 s late; missed; not shown; and a false one at 17 s.
    let truth = |s: f64| (5.0, during(s, &[(2.0, 4.0), (7.0, 8.0), (12.0, 13.0)], Alarm::Danger));
    let measured = |s: f64| {
        let alarm = during(s, &[(4.15, 4.6), (17.0, 17.5)], Alarm::Danger);
        (!(11.0..14.0).contains(&s)).then_some((5.0, alarm))
    };
    let scores = procedure(truth, measured);
    for level in ["danger alarms", "warnings"] {
        let counts = ["true", "false", "missed", "while nothing was shown"]
            .map(|what| figure(&scores, &format!("{level}, {what}")));
        assert_eq!(counts, [1.0; 4], "{level}");
    }
    // An alarm that flickers is one alarm, and one that is a second off is no alarm of this one.
    let truth = |s: f64| (5.0, during(s, &[(2.0, 2.3), (2.6, 3.0), (10.0, 11.0)], Alarm::Warning));
    let measured = |s: f64| Some((5.0, during(s, &[(2.1, 2.2), (12.0, 13.0)], Alarm::Warning)));
    let scores = procedure(truth, measured);
    let counts =
        ["true", "false", "missed"].map(|what| figure(&scores, &format!("warnings, {what}")));
    assert_eq!(counts, [1.0, 1.0, 1.0]);
    assert!(scores.iter().all(|s| !s.measure.starts_with("danger") || s.value == Some(0.0)));
}
