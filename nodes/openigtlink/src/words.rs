//! What is said in words: states as STATUS, distances as STRING.

use std::fmt::Write as _;

use formats::openigtlink::{Status, Text};
use messages::{Alarm, Distances, ToolPlace};

/// All is well.
const OK: u16 = 1;
/// Device not ready.
const NOT_READY: u16 = 13;

/// That something is as it should be, with words.
pub fn good(text: &str) -> Status {
    Status { code: OK, subcode: 0, error_name: Text::truncated("OK"), message: terminated(text) }
}

/// That something is not, and why.
pub fn not_ready(what: &str, reason: &str) -> Status {
    let error_name = Text::truncated(what);
    Status { code: NOT_READY, subcode: 0, error_name, message: terminated(reason) }
}

/// The library reads to a zero.
fn terminated(text: &str) -> Vec<u8> {
    let mut bytes = text.replace('\0', " ").into_bytes();
    bytes.push(0);
    bytes
}

/// The distances, a line for each tool: its worst alarm, and the nearest structure; and the worst alarm of all.
pub fn distances(distances: &Distances) -> (String, Option<Alarm>) {
    if let Some(reason) = distances.guidance.reason()
        && distances.guidance.is_blank()
    {
        return (format!("no guidance: {reason}"), None);
    }
    let mut text = String::new();
    let mut worst = None;
    if let Some(reason) = distances.guidance.reason() {
        let _ = writeln!(text, "unverified: {reason}");
    }
    for tool in &distances.tools {
        if let ToolPlace::Hidden { reason } = &tool.place {
            let _ = writeln!(text, "{}: hidden, {reason}", tool.name);
            continue;
        }
        let near = tool.structures.iter().zip(&distances.structures);
        let nearest = near.min_by(|a, b| {
            let key =
                |distance: &messages::StructureDistance| distance.tip_mm.min(distance.shaft_mm);
            b.0.alarm.cmp(&a.0.alarm).then(key(a.0).total_cmp(&key(b.0)))
        });
        let Some((distance, structure)) = nearest else {
            let _ = writeln!(text, "{}: outside of what is registered", tool.name);
            continue;
        };
        worst = worst.max(Some(distance.alarm));
        let alarm = match distance.alarm {
            Alarm::Clear => "clear",
            Alarm::Warning => "WARNING",
            Alarm::Danger => "DANGER",
        };
        let _ = writeln!(
            text,
            "{}: {alarm}, tip {:.1} mm and shaft {:.1} mm from {}, error up to {:.1} mm",
            tool.name, distance.tip_mm, distance.shaft_mm, structure.name, distance.error_mm
        );
    }
    (text.trim_end().to_owned(), worst)
}

#[cfg(test)]
mod tests {
    use messages::{Guidance, Point, Structure, StructureDistance, StructureKind, ToolDistances};
    use nalgebra::Point3;

    use super::*;

    fn some(guidance: Guidance, alarms: &[(Alarm, f64)]) -> Distances {
        let place = ToolPlace::Seen {
            tip: Point::new(Point3::origin()),
            shaft_end: Point::new(Point3::origin()),
            error_mm: 1.0,
        };
        let distance = |(alarm, tip_mm): &(Alarm, f64)| StructureDistance {
            tip_mm: *tip_mm,
            shaft_mm: 9.0,
            error_mm: 1.5,
            alarm: *alarm,
        };
        Distances {
            guidance,
            registration_age_ns: None,
            structures: (0..alarms.len())
                .map(|at| Structure { name: format!("s{at}"), kind: StructureKind::Vein })
                .collect(),
            tools: vec![ToolDistances {
                name: "stylus".into(),
                place,
                structures: alarms.iter().map(distance).collect(),
            }],
        }
    }

    #[test]
    fn the_worst_alarm_comes_first_and_the_nearest_of_these() {
        let all = some(
            Guidance::Valid,
            &[(Alarm::Clear, 1.0), (Alarm::Danger, 4.0), (Alarm::Danger, 3.0)],
        );
        let (text, worst) = distances(&all);
        assert_eq!(text, "stylus: DANGER, tip 3.0 mm and shaft 9.0 mm from s2, error up to 1.5 mm");
        assert_eq!(worst, Some(Alarm::Danger));
        let unsure = some(Guidance::Unverified { reason: "look".into() }, &[(Alarm::Clear, 9.0)]);
        assert!(distances(&unsure).0.starts_with("unverified: look\nstylus: clear"));
        assert_eq!(
            distances(&some(Guidance::blank("no map"), &[])),
            ("no guidance: no map".into(), None)
        );
        assert!(distances(&some(Guidance::Valid, &[])).0.contains("outside"));
    }

    #[test]
    fn a_status_ends_in_a_zero_and_has_none_within() {
        let status = not_ready("Degraded", "a\0b");
        assert_eq!((status.code, status.message.as_slice()), (13, &b"a b\0"[..]));
        assert!(good("fine").is_ok());
    }
}
