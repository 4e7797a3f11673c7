//! Distances: where tools are, how far they are from what, which alarms are raised.

use messages::{Distances, Guidance, Structure, StructureDistance, ToolDistances, ToolPlace};

use super::difference::Difference;
use super::spread::Unit;

/// Compares tools and structures by name.
pub fn distances(a: &Distances, b: &Distances, difference: &mut Difference) {
    guidances(&a.guidance, &b.guidance, difference);
    match (a.registration_age_ns, b.registration_age_ns) {
        (Some(a), Some(b)) if a != b => difference.ms(a.abs_diff(b) as f64 * 1e-6),
        (Some(_), None) | (None, Some(_)) => {
            difference.other("only one side has a registration");
        }
        _ => {}
    }
    for mine in &a.tools {
        let Some(theirs) = b.tools.iter().find(|tool| tool.name == mine.name) else {
            difference.other(format!("only the first has the tool `{}`", mine.name));
            continue;
        };
        places(mine, theirs, difference);
        structures((a, mine), (b, theirs), difference);
    }
    for theirs in &b.tools {
        if a.tools.iter().all(|tool| tool.name != theirs.name) {
            difference.other(format!("only the second has the tool `{}`", theirs.name));
        }
    }
}

/// Compares whether something may guide, and why not.
pub fn guidances(a: &Guidance, b: &Guidance, difference: &mut Difference) {
    let words = |guidance: &Guidance| match guidance {
        Guidance::Valid => "valid".to_owned(),
        Guidance::Unverified { reason } => format!("unverified ({reason})"),
        Guidance::Blank { reason } => format!("blank ({reason})"),
    };
    if a != b {
        difference.other(format!("{} against {}", words(a), words(b)));
    }
}

fn places(a: &ToolDistances, b: &ToolDistances, difference: &mut Difference) {
    match (&a.place, &b.place) {
        (
            ToolPlace::Seen { tip: tip_a, shaft_end: end_a, error_mm: error_a },
            ToolPlace::Seen { tip: tip_b, shaft_end: end_b, error_mm: error_b },
        ) => {
            for (a, b) in [(tip_a, tip_b), (end_a, end_b)] {
                if a != b {
                    difference.mm((a.xyz_mm - b.xyz_mm).norm());
                }
            }
            if error_a != error_b {
                difference.mm((error_a - error_b).abs());
            }
        }
        (ToolPlace::Hidden { reason: of_a }, ToolPlace::Hidden { reason: of_b }) => {
            if of_a != of_b {
                difference.other(format!("`{}` is hidden: {of_a} against {of_b}", a.name));
            }
        }
        (ToolPlace::Seen { .. }, ToolPlace::Hidden { reason }) => {
            difference.other(format!("only the second hides `{}`: {reason}", a.name));
        }
        (ToolPlace::Hidden { reason }, ToolPlace::Seen { .. }) => {
            difference.other(format!("only the first hides `{}`: {reason}", a.name));
        }
    }
}

/// The distances of one tool, with what they are from.
fn pairs<'a>(
    (all, tool): (&'a Distances, &'a ToolDistances),
) -> impl Iterator<Item = (&'a Structure, &'a StructureDistance)> {
    all.structures.iter().zip(&tool.structures)
}

fn structures<'a>(
    a: (&'a Distances, &'a ToolDistances),
    b: (&'a Distances, &'a ToolDistances),
    difference: &mut Difference,
) {
    let tool = &a.1.name;
    if a.1.structures.is_empty() != b.1.structures.is_empty() {
        let side = if a.1.structures.is_empty() { "second" } else { "first" };
        difference.other(format!("only the {side} has distances of `{tool}`"));
        return;
    }
    for (structure, mine) in pairs(a) {
        let theirs = pairs(b).find(|(other, _)| *other == structure);
        let Some((_, theirs)) = theirs else {
            difference.other(format!("only the first has a distance of {}", structure.name));
            continue;
        };
        for (mine, theirs) in [
            (mine.tip_mm, theirs.tip_mm),
            (mine.shaft_mm, theirs.shaft_mm),
            (mine.error_mm, theirs.error_mm),
        ] {
            if mine != theirs {
                difference.mm((mine - theirs).abs());
            }
        }
        let [of_a, of_b] = [mine, theirs].map(|of| of.tip_mm.min(of.shaft_mm));
        let pair = format!("{tool} to {}", structure.name);
        difference.figure(pair, Unit::Mm, (of_a - of_b).abs());
        if mine.alarm != theirs.alarm {
            difference.other(format!(
                "`{tool}` at {}: {:?} against {:?}",
                structure.name, mine.alarm, theirs.alarm
            ));
        }
    }
    for (structure, _) in pairs(b) {
        if pairs(a).all(|(other, _)| other != structure) {
            difference.other(format!("only the second has a distance of {}", structure.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use messages::{Alarm, Point, StructureKind};
    use nalgebra::Point3;

    use super::*;

    fn at(tip_mm: f64, alarm: Alarm) -> Distances {
        let point = |z| Point::new(Point3::new(0.0, 0.0, z));
        let structure = |name: &str| Structure { name: name.to_owned(), kind: StructureKind::Vein };
        let of = |tip_mm, alarm| StructureDistance { tip_mm, shaft_mm: 1.0, error_mm: 2.0, alarm };
        Distances {
            guidance: Guidance::Valid,
            registration_age_ns: Some(1_000_000),
            structures: vec![structure("portal_vein"), structure("cava")],
            tools: vec![ToolDistances {
                name: "instrument".to_owned(),
                place: ToolPlace::Seen {
                    tip: point(tip_mm),
                    shaft_end: point(100.0),
                    error_mm: 0.5,
                },
                structures: vec![of(tip_mm, alarm), of(30.0, Alarm::Clear)],
            }],
        }
    }

    fn compared(a: &Distances, b: &Distances) -> Difference {
        let mut difference = Difference::default();
        distances(a, b, &mut difference);
        difference
    }

    #[test]
    fn distances_are_millimetres_and_an_alarm_on_one_side_is_told() {
        assert!(compared(&at(5.0, Alarm::Warning), &at(5.0, Alarm::Warning)).is_none());
        let found = compared(&at(5.0, Alarm::Warning), &at(5.75, Alarm::Warning));
        assert_eq!((found.mm, found.others), (Some(0.75), 0));
        let found = compared(&at(2.9, Alarm::Danger), &at(3.1, Alarm::Warning));
        assert!((found.mm.unwrap() - 0.2).abs() < 1e-12);
        assert_eq!(found.other, ["`instrument` at portal_vein: Danger against Warning"]);
    }

    #[test]
    fn structures_are_found_by_name() {
        let a = at(5.0, Alarm::Clear);
        let mut b = a.clone();
        b.structures.swap(0, 1);
        b.tools[0].structures.swap(0, 1);
        assert!(compared(&a, &b).is_none());
        b.structures[0].name = "aorta".to_owned();
        assert_eq!(
            compared(&a, &b).other,
            ["only the first has a distance of cava", "only the second has a distance of aorta"]
        );
    }

    #[test]
    fn what_only_one_side_shows_is_told() {
        let a = at(5.0, Alarm::Clear);
        let mut b = a.clone();
        b.guidance = Guidance::blank("stale");
        b.registration_age_ns = Some(3_000_000);
        b.tools[0].structures.clear();
        b.tools[0].place = ToolPlace::Hidden { reason: "out of volume".to_owned() };
        let found = compared(&a, &b);
        assert_eq!(
            found.other,
            [
                "valid against blank (stale)",
                "only the second hides `instrument`: out of volume",
                "only the first has distances of `instrument`",
            ]
        );
        assert_eq!(found.ms, Some(2.0));
        b.tools.clear();
        assert_eq!(compared(&b, &a).other[1], "only the second has the tool `instrument`");
    }

    #[test]
    fn no_number_is_within_no_tolerance() {
        let found = compared(&at(5.0, Alarm::Clear), &at(f64::NAN, Alarm::Clear));
        assert_eq!(found.mm, Some(f64::INFINITY));
    }
}
