//! What a structure of the map stands for where the truth knows it only in parts, such as all iliac arteries.

use messages::{Distances, Structure, StructureDistance, ToolDistances};

/// The structures of the truth that are together one of the map: the one of its name; where the truth knows none of that
/// name, all of its kind that the map does not know by name.
pub fn parts(map: &[Structure], truth: &[Structure], index: usize) -> Vec<usize> {
    let Some(whole) = map.get(index) else { return Vec::new() };
    let is_in = |structures: &[Structure], name: &str| structures.iter().any(|s| s.name == name);
    let is_known = is_in(truth, &whole.name);
    let is_part = |part: &Structure| {
        if is_known {
            part.name == whole.name
        } else {
            part.kind == whole.kind && !is_in(map, &part.name)
        }
    };
    truth.iter().enumerate().filter(|(_, part)| is_part(part)).map(|(i, _)| i).collect()
}

/// True distances with the structures that the map knows as one taken together: the distance to them is that to the
/// nearest part, and the alarm the highest of all.
pub fn together(truth: Distances, map: &[Structure]) -> Distances {
    let known = truth.structures;
    let is_whole = |index: &usize| !known.iter().any(|part| part.name == map[*index].name);
    let wholes: Vec<(usize, Vec<usize>)> = (0..map.len())
        .filter(is_whole)
        .map(|index| (index, parts(map, &known, index)))
        .filter(|(_, parts)| !parts.is_empty())
        .collect();
    let kept: Vec<usize> = (0..known.len())
        .filter(|place| !wholes.iter().any(|(_, parts)| parts.contains(place)))
        .collect();
    let divided = |measured: &[StructureDistance]| -> Vec<StructureDistance> {
        let own = kept.iter().filter_map(|place| measured.get(*place)).copied();
        let taken_together = wholes.iter().filter_map(|(_, parts)| {
            let of_parts = parts.iter().filter_map(|place| measured.get(*place)).copied();
            of_parts.reduce(|a, b| StructureDistance {
                tip_mm: a.tip_mm.min(b.tip_mm),
                shaft_mm: a.shaft_mm.min(b.shaft_mm),
                error_mm: a.error_mm.max(b.error_mm),
                alarm: a.alarm.max(b.alarm),
            })
        });
        own.chain(taken_together).collect()
    };
    let tools = truth.tools.into_iter().map(|tool| {
        let structures = divided(&tool.structures);
        ToolDistances { structures, ..tool }
    });
    let tools = tools.collect();
    let own = kept.iter().map(|place| known[*place].clone());
    let structures = own.chain(wholes.iter().map(|(index, _)| map[*index].clone())).collect();
    Distances { structures, tools, ..truth }
}

#[cfg(test)]
mod tests {
    use messages::{Alarm, Guidance, Point, StructureKind, ToolPlace};
    use nalgebra::Point3;

    use super::*;

    fn structures(all: &[(&str, StructureKind)]) -> Vec<Structure> {
        all.iter().map(|(name, kind)| Structure { name: (*name).to_owned(), kind: *kind }).collect()
    }

    #[test]
    fn what_the_map_knows_as_one_is_as_near_as_its_nearest_part() {
        use StructureKind::{Artery, Nerve, Vein};
        let map = structures(&[("aorta", Artery), ("iliac_arteries", Artery), ("cava", Vein)]);
        let known = structures(&[
            ("iliac_right", Artery),
            ("aorta", Artery),
            ("iliac_left", Artery),
            ("sciatic", Nerve),
        ]);
        assert_eq!(parts(&map, &known, 0), [1]);
        assert_eq!(parts(&map, &known, 1), [0, 2]);
        assert!(parts(&map, &known, 2).is_empty());
        let origin = Point::new(Point3::origin());
        let distance = |mm: f64, alarm| StructureDistance {
            tip_mm: mm,
            shaft_mm: mm - 1.0,
            error_mm: 0.0,
            alarm,
        };
        let truth = Distances {
            guidance: Guidance::Valid,
            registration_age_ns: None,
            structures: known,
            tools: vec![ToolDistances {
                name: "instrument".to_owned(),
                place: ToolPlace::Seen { tip: origin, shaft_end: origin, error_mm: 0.0 },
                structures: vec![
                    distance(9.0, Alarm::Clear),
                    distance(2.0, Alarm::Danger),
                    distance(5.0, Alarm::Warning),
                    distance(7.0, Alarm::Warning),
                ],
            }],
        };
        let divided = together(truth, &map);
        let names: Vec<&str> = divided.structures.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["aorta", "sciatic", "iliac_arteries"]);
        let tips: Vec<f64> = divided.tools[0].structures.iter().map(|s| s.tip_mm).collect();
        assert_eq!(tips, [2.0, 7.0, 5.0]);
        assert_eq!(divided.tools[0].structures[2].alarm, Alarm::Warning);
    }

    #[test]
    fn what_is_known_by_name_is_itself() {
        let vein = StructureKind::Vein;
        let map = structures(&[("cava", vein), ("iliac_veins", vein), ("portal_vein", vein)]);
        let known = structures(&[("iliac_vein_left", vein), ("cava", vein)]);
        assert_eq!(parts(&map, &known, 0), [1]);
        // Whatever else the map takes for a vein should be one of those that it does not name.
        assert_eq!([parts(&map, &known, 1), parts(&map, &known, 2)], [[0], [0]]);
    }
}
