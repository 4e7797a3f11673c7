//! What a structure of the map stands for where the truth knows it only in parts, such as all iliac arteries.

use messages::{Distances, Structure, StructureDistance};

/// The structures of the truth that are together one of the map: the one of its name; else, if it is the only one of
/// its kind that the truth does not know by name, all of that kind that the map does not know by name.
pub fn parts(map: &[Structure], truth: &[Structure], index: usize) -> Vec<usize> {
    let Some(whole) = map.get(index) else { return Vec::new() };
    let is_in = |structures: &[Structure], name: &str| structures.iter().any(|s| s.name == name);
    let numbered = truth.iter().enumerate();
    if is_in(truth, &whole.name) {
        return numbered.filter(|(_, part)| part.name == whole.name).map(|(i, _)| i).collect();
    }
    let nameless = map.iter().filter(|s| s.kind == whole.kind && !is_in(truth, &s.name)).count();
    let is_part = |part: &Structure| part.kind == whole.kind && !is_in(map, &part.name);
    numbered.filter(|(_, part)| nameless == 1 && is_part(part)).map(|(i, _)| i).collect()
}

/// True distances with the structures that the map knows as one taken together: the distance to them is that to the
/// nearest part, and the alarm the highest of all.
pub fn together(mut truth: Distances, map: &[Structure]) -> Distances {
    for index in 0..map.len() {
        let parts = parts(map, &truth.structures, index);
        let is_by_name = |part: &usize| truth.structures[*part].name == map[index].name;
        if parts.is_empty() || parts.iter().any(is_by_name) {
            continue;
        }
        let kept = |place: usize| !parts.contains(&place);
        for tool in &mut truth.tools {
            let of_parts = parts.iter().filter_map(|part| tool.structures.get(*part)).cloned();
            let whole = of_parts.reduce(|a, b| StructureDistance {
                tip_mm: a.tip_mm.min(b.tip_mm),
                shaft_mm: a.shaft_mm.min(b.shaft_mm),
                error_mm: a.error_mm.max(b.error_mm),
                alarm: a.alarm.max(b.alarm),
            });
            let mut place = 0..;
            tool.structures.retain(|_| place.next().is_none_or(kept));
            tool.structures.extend(whole);
        }
        let mut place = 0..;
        truth.structures.retain(|_| place.next().is_none_or(kept));
        truth.structures.push(map[index].clone());
    }
    truth
}

#[cfg(test)]
mod tests {
    use messages::{Alarm, Guidance, Point, StructureKind, ToolDistances, ToolPlace};
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
    fn two_nameless_structures_of_a_kind_stand_for_nothing() {
        let vein = StructureKind::Vein;
        let map = structures(&[("iliac_veins", vein), ("others", vein)]);
        assert!(parts(&map, &structures(&[("iliac_vein_right", vein)]), 0).is_empty());
    }
}
