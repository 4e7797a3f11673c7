//! What matters now, in letters that are read from across the room.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use messages::{Alarm, Distances, Guidance, Registration, RegistrationState, Timestamp, ToolPlace};

use super::banner::Banner;
use super::canvas::CanvasError;
use super::distances::{Nearest, closest_mm, nearest, worst};
use super::lanes::Grade;
use super::painter::Painter;
use super::registration::error_at_centre_mm;
use super::words;

/// How often it is written anew at most.
const PERIOD: Duration = Duration::from_millis(200);

/// What is known of what matters.
#[derive(Debug, Default)]
pub struct Summary {
    /// By stream of distances.
    watched: BTreeMap<String, Watched>,
    /// By stream of registrations.
    registered: BTreeMap<String, Registered>,
    /// Nodes that are not healthy, and why.
    unhealthy: BTreeMap<String, String>,
    /// How many nodes have said that they are healthy or not.
    nodes: std::collections::BTreeSet<String>,
    is_changed: bool,
    text: String,
    written_at: Option<Timestamp>,
    banner: Option<Banner>,
}

#[derive(Debug, PartialEq)]
struct Watched {
    guidance: Guidance,
    tools: Vec<ToolLine>,
}

#[derive(Debug, PartialEq)]
struct ToolLine {
    alarm: Option<Alarm>,
    text: String,
    name: String,
    /// What it is nearest to: how far, what error, its name.
    nearest: Option<(f64, f64, String)>,
}

/// What is said of a registration: in words, and in as few as a banner has room for.
#[derive(Debug, PartialEq)]
struct Registered {
    text: String,
    short: String,
}

impl Summary {
    /// Takes note of distances.
    pub fn distances(&mut self, stream: &str, distances: &Distances) {
        let tools = distances.tools.iter().map(|tool| {
            let text = match (&tool.place, nearest(distances, tool)) {
                (ToolPlace::Hidden { reason }, _) => format!("{} hidden: {reason}", tool.name),
                (_, None) => format!("{}: no distance", tool.name),
                (_, Some(Nearest { structure, distance })) => {
                    let distance = words::distance(&distance);
                    format!("{}: **{distance}** from {}", tool.name, structure.name)
                }
            };
            let nearest = nearest(distances, tool).map(|Nearest { structure, distance }| {
                (closest_mm(&distance), distance.error_mm, structure.name.clone())
            });
            ToolLine { alarm: worst(tool), text, name: tool.name.clone(), nearest }
        });
        let watched = Watched { guidance: distances.guidance.clone(), tools: tools.collect() };
        if self.watched.get(stream) != Some(&watched) {
            self.watched.insert(stream.to_owned(), watched);
            self.is_changed = true;
        }
    }

    /// Takes note of a registration.
    pub fn registration(&mut self, stream: &str, registration: &Registration) {
        let state = match registration.state {
            RegistrationState::None { .. } => "not registered",
            RegistrationState::Unverified { .. } => "registered, **unverified**",
            RegistrationState::Accepted => "registered",
            RegistrationState::Degraded { .. } => "registration **degraded**",
            RegistrationState::Refused { .. } => "registration **refused**",
        };
        let (mut text, mut short) = (state.to_owned(), state.replace("**", ""));
        if let Some(alignment) = &registration.alignment {
            if let Some(error_mm) = error_at_centre_mm(alignment) {
                let _ = write!(text, ", ± {error_mm:.1} mm");
                let _ = write!(short, " ±{error_mm:.0} mm");
            }
            let _ = write!(text, ", explains {:.0} %", 100.0 * alignment.fit.explained);
        }
        let registered = Registered { text, short };
        if self.registered.get(stream) != Some(&registered) {
            self.registered.insert(stream.to_owned(), registered);
            self.is_changed = true;
        }
    }

    /// Takes note of a node's health: why it is not healthy, or that it is.
    pub fn health(&mut self, node: &str, reason: Option<&str>) {
        let is_new = self.nodes.insert(node.to_owned());
        let before = match reason {
            Some(reason) => self.unhealthy.insert(node.to_owned(), reason.to_owned()),
            None => self.unhealthy.remove(node),
        };
        self.is_changed |= is_new || before.as_deref() != reason;
    }

    /// What a stream said holds no more.
    pub fn forget(&mut self, stream: &str) {
        self.is_changed |= self.watched.remove(stream).is_some();
        self.is_changed |= self.registered.remove(stream).is_some();
    }

    /// What is read from across the room; none as long as nothing guides or is registered.
    fn banner(&self) -> Option<Banner> {
        if self.watched.is_empty() && self.registered.is_empty() {
            return None;
        }
        let healthy = self.nodes.len().saturating_sub(self.unhealthy.len());
        let registered = self.registered.values().next();
        let registered = registered.map_or("not registered", |of| of.short.as_str());
        let last = format!("{registered}, {healthy}/{} OK", self.nodes.len());
        let watched = self.watched.values().next();
        let (grade, headline, line) = match watched {
            None => (Grade::Waiting, "no guidance".to_owned(), String::new()),
            Some(Watched { guidance: Guidance::Blank { reason }, .. }) => {
                (Grade::Waiting, "no guidance".to_owned(), reason.clone())
            }
            Some(watched) => {
                let mm = |tool: &ToolLine| tool.nearest.as_ref().map_or(f64::INFINITY, |of| of.0);
                let by_alarm = |a: &&ToolLine, b: &&ToolLine| {
                    a.alarm.cmp(&b.alarm).then(mm(b).total_cmp(&mm(a)))
                };
                let worst = watched.tools.iter().max_by(by_alarm);
                match worst.and_then(|tool| Some((tool, tool.alarm?, tool.nearest.as_ref()?))) {
                    None => (Grade::Waiting, "no distance".to_owned(), String::new()),
                    Some((tool, alarm, (mm, error_mm, structure))) => {
                        let grade = words::alarm_grade(alarm);
                        let grade = grade.max(words::guidance_grade(&watched.guidance));
                        let headline = format!("{} {mm:.1} mm", words::alarm(alarm));
                        // The bound comes first: a long name may be cut off, a number never.
                        let line = format!("±{error_mm:.0} mm {} to {structure}", tool.name);
                        (grade, headline, line)
                    }
                }
            }
        };
        Some(Banner { grade, headline, lines: [line, last] })
    }

    /// In Markdown.
    fn markdown(&self) -> String {
        let mut text = String::new();
        for watched in self.watched.values() {
            let heading = match &watched.guidance {
                Guidance::Blank { reason } => format!("# NO GUIDANCE\n{reason}\n"),
                Guidance::Unverified { reason } => {
                    format!("{}\n**unverified**: {reason}\n", alarm_heading(&watched.tools))
                }
                Guidance::Valid => format!("{}\n", alarm_heading(&watched.tools)),
            };
            text.push_str(&heading);
            for tool in &watched.tools {
                let _ = writeln!(text, "## {}", tool.text);
            }
        }
        for registered in self.registered.values() {
            let _ = writeln!(text, "### {}", registered.text);
        }
        for (node, reason) in &self.unhealthy {
            let _ = writeln!(text, "- **{node}** {reason}");
        }
        let healthy = self.nodes.len().saturating_sub(self.unhealthy.len());
        let _ = writeln!(text, "\n{healthy} of {} nodes healthy", self.nodes.len());
        text
    }
}

/// The worst alarm of all tools.
fn alarm_heading(tools: &[ToolLine]) -> &'static str {
    match tools.iter().filter_map(|tool| tool.alarm).max() {
        None => "# NO DISTANCE",
        Some(Alarm::Clear) => "# CLEAR",
        Some(Alarm::Warning) => "# WARNING",
        Some(Alarm::Danger) => "# DANGER",
    }
}

impl Painter {
    /// Writes anew what matters, if it has changed and was not written just now.
    pub(super) fn summarise(&mut self, at: Timestamp) -> Result<(), CanvasError> {
        let summary = &mut self.summary;
        let is_due = summary.written_at.is_none_or(|written| at.since(written) >= PERIOD);
        if !summary.is_changed || !is_due {
            return Ok(());
        }
        summary.is_changed = false;
        let text = summary.markdown();
        let banner = summary.banner();
        if let Some(banner) = banner.filter(|banner| summary.banner.as_ref() != Some(banner)) {
            summary.written_at = Some(at);
            summary.banner = Some(banner.clone());
            self.banner(&banner)?;
        }
        let summary = &mut self.summary;
        if text == summary.text {
            return Ok(());
        }
        summary.text.clone_from(&text);
        summary.written_at = Some(at);
        let document = rerun::TextDocument::from_markdown(text.as_str());
        self.canvas.draw("summary", &document, text.len())
    }
}

#[cfg(test)]
mod tests {
    use messages::{Point, Structure, StructureDistance, StructureKind, ToolDistances};
    use nalgebra::Point3;

    use super::*;

    fn distances(guidance: Guidance, mm: Option<(f64, Alarm)>) -> Distances {
        let at = |z| Point::new(Point3::new(0.0, 0.0, z));
        let structures = mm
            .iter()
            .map(|_| Structure { name: "portal_vein".to_owned(), kind: StructureKind::Vein });
        let of = mm.iter().map(|&(tip_mm, alarm)| StructureDistance {
            tip_mm,
            shaft_mm: tip_mm,
            error_mm: 2.0,
            alarm,
        });
        Distances {
            guidance,
            registration_age_ns: None,
            structures: structures.collect(),
            tools: vec![ToolDistances {
                name: "instrument".to_owned(),
                place: ToolPlace::Seen { tip: at(0.0), shaft_end: at(100.0), error_mm: 0.5 },
                structures: of.collect(),
            }],
        }
    }

    #[test]
    fn the_worst_is_said_first() {
        let mut summary = Summary::default();
        summary.distances(
            "navigate.distances",
            &distances(Guidance::Valid, Some((1.5, Alarm::Danger))),
        );
        summary.health("navigate", None);
        summary.health("tracker", Some("the probe is hidden"));
        let text = summary.markdown();
        assert!(
            text.starts_with("# DANGER\n## instrument: **1.5 ± 2.0 mm** from portal_vein\n"),
            "{text}"
        );
        assert!(text.contains("- **tracker** the probe is hidden\n"), "{text}");
        assert!(text.ends_with("1 of 2 nodes healthy\n"), "{text}");
    }

    #[test]
    fn the_banner_says_what_is_nearest_in_the_colour_of_its_alarm() {
        let mut summary = Summary::default();
        assert_eq!(summary.banner(), None);
        let danger = distances(Guidance::Valid, Some((1.5, Alarm::Danger)));
        summary.distances("navigate.distances", &danger);
        summary.health("navigate", None);
        let banner = summary.banner().unwrap();
        assert_eq!((banner.grade, banner.headline.as_str()), (Grade::Bad, "danger 1.5 mm"));
        assert_eq!(banner.lines, ["±2 mm instrument to portal_vein", "not registered, 1/1 OK"]);
        let doubtful = Guidance::Unverified { reason: "nobody has confirmed it".to_owned() };
        let far = distances(doubtful, Some((25.0, Alarm::Clear)));
        summary.distances("navigate.distances", &far);
        assert_eq!(summary.banner().unwrap().grade, Grade::Doubtful);
        let blank = distances(Guidance::blank("the reference is hidden"), None);
        summary.distances("navigate.distances", &blank);
        let banner = summary.banner().unwrap();
        assert_eq!((banner.grade, banner.headline.as_str()), (Grade::Waiting, "no guidance"));
        assert_eq!(banner.lines[0], "the reference is hidden");
    }

    #[test]
    fn blank_guidance_shows_its_reason_and_no_figure() {
        let mut summary = Summary::default();
        let guidance = Guidance::blank("the reference is hidden");
        summary.distances("navigate.distances", &distances(guidance, None));
        let text = summary.markdown();
        assert!(text.starts_with("# NO GUIDANCE\nthe reference is hidden\n"), "{text}");
        assert!(!text.contains("mm"), "{text}");
    }

    #[test]
    fn what_stays_the_same_is_no_change() {
        let mut summary = Summary::default();
        let clear = distances(Guidance::Valid, Some((25.0, Alarm::Clear)));
        summary.distances("navigate.distances", &clear);
        summary.health("tracker", None);
        assert!(std::mem::take(&mut summary.is_changed));
        summary.distances("navigate.distances", &clear);
        summary.health("tracker", None);
        assert!(!summary.is_changed);
        summary.forget("navigate.distances");
        assert!(summary.is_changed);
    }
}
