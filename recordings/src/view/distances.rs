//! Distances of tools from structures: the tools in space, curves, alarms in words and as states.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use messages::wire::Received;
use messages::{
    Alarm, Distances, Guidance, Point, Structure, StructureDistance, Timestamp, ToolDistances,
    ToolPlace,
};

use super::canvas::{CanvasError, part, place};
use super::colours::{self, Rgb};
use super::lanes::Grade;
use super::layout::is_truth;
use super::painter::{Painter, node};
use super::words;

/// How often tools and curves are drawn if nothing but their place changes.
const PERIOD: Duration = Duration::from_millis(50);
/// How often the limits of alarms are drawn.
const LIMITS_PERIOD: Duration = Duration::from_secs(1);
/// A structure farther away than this has no curve, millimetres.
const FAR_MM: f64 = 40.0;
/// Below the curves a strip shows what may guide, and one for each tool its worst alarm: how far down the
/// first is, how far the next, millimetres; and how wide, in points.
const STRIPS_MM: [f64; 2] = [-6.0, -1.3];
const STRIP: f32 = 9.0;
/// Radius of the line that shows a shaft, millimetres.
const SHAFT_MM: f32 = 1.5;
/// Radius of the ball that shows a tip, millimetres.
const TIP_MM: f32 = 3.0;

/// What one stream of distances said last.
#[derive(Debug, Default)]
pub struct Watch {
    drawn_at: Option<Timestamp>,
    limits_at: Option<Timestamp>,
    guidance: Option<Guidance>,
    tools: HashMap<String, Tool>,
}

/// What was said of one tool.
#[derive(Debug, Default)]
struct Tool {
    is_hidden: bool,
    is_drawn: bool,
    /// What is not clear, by structure.
    alarms: BTreeMap<String, Alarm>,
    /// The structures that have a curve now.
    curves: BTreeSet<String>,
}

/// The structure that a tool is nearest to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest<'a> {
    /// Which structure.
    pub structure: &'a Structure,
    /// How far it is.
    pub distance: StructureDistance,
}

/// The structure that is nearest to any part of a tool; none if no distance is known.
pub fn nearest<'a>(distances: &'a Distances, tool: &ToolDistances) -> Option<Nearest<'a>> {
    let pairs = distances.structures.iter().zip(&tool.structures);
    pairs
        .map(|(structure, distance)| Nearest { structure, distance: *distance })
        .min_by(|a, b| closest_mm(&a.distance).total_cmp(&closest_mm(&b.distance)))
}

/// From the nearest place of the tool, millimetres.
pub fn closest_mm(distance: &StructureDistance) -> f64 {
    distance.tip_mm.min(distance.shaft_mm)
}

/// The worst of a tool's alarms; none if no distance is known.
pub fn worst(tool: &ToolDistances) -> Option<Alarm> {
    tool.structures.iter().map(|distance| distance.alarm).max()
}

impl Painter {
    pub(super) fn distances(
        &mut self,
        received: &Received,
        distances: &Distances,
    ) -> Result<Option<String>, CanvasError> {
        let stream = &received.envelope().stream;
        let at = received.envelope().acquired_at;
        let guidance = words::guidance(&distances.guidance);
        let watch = self.watches.entry(stream.clone()).or_default();
        let is_new = watch.guidance.as_ref().map(std::mem::discriminant)
            != Some(std::mem::discriminant(&distances.guidance));
        watch.guidance = Some(distances.guidance.clone());
        let is_due = watch.drawn_at.is_none_or(|drawn| at.since(drawn) >= PERIOD);
        // What is known, not measured, is drawn for who looks for it, and warns nobody.
        let is_truth = is_truth(stream);
        if !is_truth {
            if is_new {
                let level = words::level(words::guidance_grade(&distances.guidance));
                self.say(node(stream), level, &guidance)?;
            }
            let state = words::guidance_state(&distances.guidance);
            self.state(&format!("guidance/{}", part(stream)), state)?;
        }
        let mut is_changed = is_new;
        for tool in &distances.tools {
            is_changed |= self.alarms(stream, distances, tool)?;
        }
        if is_due || is_changed {
            if let Some(watch) = self.watches.get_mut(stream) {
                watch.drawn_at = Some(at);
            }
            self.strip(stream, 0, "guidance", words::guidance_grade(&distances.guidance))?;
            for (number, tool) in (1..).zip(&distances.tools) {
                self.watched_tool(stream, distances, tool)?;
                self.curves(stream, distances, tool)?;
                let grade = worst(tool).map_or(Grade::Waiting, words::alarm_grade);
                self.strip(stream, number, &tool.name, grade)?;
            }
            self.limits(stream, at)?;
        }
        if !is_truth {
            let seen = distances.tools.iter().find(|of| matches!(of.place, ToolPlace::Seen { .. }));
            self.reslice(distances, at, tool_colour(seen.and_then(worst)))?;
            self.summary.distances(stream, distances);
        }
        Ok(Some(said(distances, &guidance)))
    }

    /// Tells what changed of a tool's alarms, and whether anything did.
    fn alarms(
        &mut self,
        stream: &str,
        distances: &Distances,
        tool: &ToolDistances,
    ) -> Result<bool, CanvasError> {
        let hidden = match &tool.place {
            ToolPlace::Hidden { reason } => Some(reason),
            ToolPlace::Seen { .. } => None,
        };
        let known = self.watches.entry(stream.to_owned()).or_default();
        let before = known.tools.entry(tool.name.clone()).or_default();
        let mut lines = Vec::new();
        let mut is_changed = before.is_hidden != hidden.is_some();
        if is_changed {
            before.is_hidden = hidden.is_some();
            lines.push(match hidden {
                Some(reason) => (Grade::Doubtful, format!("`{}` is hidden: {reason}", tool.name)),
                None => (Grade::Good, format!("`{}` is seen again", tool.name)),
            });
        }
        for (structure, distance) in distances.structures.iter().zip(&tool.structures) {
            let was = before.alarms.get(&structure.name).copied().unwrap_or(Alarm::Clear);
            if was == distance.alarm {
                continue;
            }
            is_changed = true;
            if distance.alarm == Alarm::Clear {
                before.alarms.remove(&structure.name);
            } else {
                before.alarms.insert(structure.name.clone(), distance.alarm);
            }
            let text = format!(
                "{}: `{}` {} from {}",
                words::alarm(distance.alarm),
                tool.name,
                words::distance(distance),
                structure.name
            );
            lines.push((words::alarm_grade(distance.alarm), text));
        }
        if tool.structures.is_empty() {
            // What is near when distances come back is told anew.
            before.alarms.clear();
        }
        let state = match (hidden, worst(tool)) {
            (Some(_), _) => "hidden",
            (None, None) => "unknown",
            (None, Some(alarm)) => words::alarm(alarm),
        };
        if is_truth(stream) {
            return Ok(is_changed);
        }
        for (grade, text) in lines {
            self.say(node(stream), words::level(grade), &text)?;
        }
        let lane = format!("alarm/{}/{}", part(stream), part(&tool.name));
        is_changed |= self.state(&lane, state)?;
        Ok(is_changed)
    }

    /// The tool in space: its shaft, and its tip with what is nearest.
    fn watched_tool(
        &mut self,
        stream: &str,
        distances: &Distances,
        tool: &ToolDistances,
    ) -> Result<(), CanvasError> {
        let entity = format!("patient/{}/now/{}", place(stream), part(&tool.name));
        let known = self.watches.entry(stream.to_owned()).or_default();
        let before = known.tools.entry(tool.name.clone()).or_default();
        let ToolPlace::Seen { tip, shaft_end, .. } = &tool.place else {
            let was_drawn = std::mem::take(&mut before.is_drawn);
            return if was_drawn { self.canvas.clear(&entity) } else { Ok(()) };
        };
        before.is_drawn = true;
        let [r, g, b] = tool_colour(worst(tool));
        let colour = rerun::Color::from_rgb(r, g, b);
        let xyz = |point: &Point<messages::Patient>| {
            let point = point.xyz_mm;
            [point.x as f32, point.y as f32, point.z as f32]
        };
        let shaft = rerun::LineStrips3D::new([[xyz(tip), xyz(shaft_end)]])
            .with_radii([SHAFT_MM])
            .with_colors([colour]);
        self.canvas.draw(&format!("{entity}/shaft"), &shaft, 48)?;
        let label = match nearest(distances, tool) {
            Some(Nearest { structure, distance }) => {
                format!("{} {}", structure.name, words::distance(&distance))
            }
            None => tool.name.clone(),
        };
        let point = rerun::Points3D::new([xyz(tip)])
            .with_radii([TIP_MM])
            .with_colors([colour])
            .with_labels([label])
            .with_show_labels(true);
        self.canvas.draw(&format!("{entity}/tip"), &point, 64)
    }

    /// One curve for each structure that is not far.
    fn curves(
        &mut self,
        stream: &str,
        distances: &Distances,
        tool: &ToolDistances,
    ) -> Result<(), CanvasError> {
        let base = format!("distances/{}/{}", place(stream), part(&tool.name));
        let known = self.watches.entry(stream.to_owned()).or_default();
        let mut before =
            std::mem::take(&mut known.tools.entry(tool.name.clone()).or_default().curves);
        let mut now = BTreeSet::new();
        for (structure, distance) in distances.structures.iter().zip(&tool.structures) {
            let mm = closest_mm(distance);
            // Also false for what is no number.
            if !(mm <= FAR_MM) {
                continue;
            }
            let entity = format!("{base}/{}", part(&structure.name));
            if self.named_curves.insert(entity.clone()) {
                let name = format!("{}: {}", tool.name, structure.name);
                self.canvas
                    .draw_always(&entity, &line(&name, colours::structure(structure), 2.5))?;
            }
            self.scalar(&entity, mm)?;
            before.remove(&structure.name);
            now.insert(structure.name.clone());
        }
        for ended in before {
            // A gap, not a line to where it comes near again.
            self.scalar(&format!("{base}/{}", part(&ended)), f64::NAN)?;
        }
        if let Some(tool) =
            self.watches.get_mut(stream).and_then(|watch| watch.tools.get_mut(&tool.name))
        {
            tool.curves = now;
        }
        Ok(())
    }

    /// A strip below the curves, in the colour of how good something is: it goes where they go, which the
    /// lanes do not.
    fn strip(
        &mut self,
        stream: &str,
        number: u32,
        name: &str,
        grade: Grade,
    ) -> Result<(), CanvasError> {
        let entity = format!("alarms/{}/{}", place(stream), part(name));
        if self.strips.insert(entity.clone(), grade) != Some(grade) {
            let name = if number == 0 { name.to_owned() } else { format!("{name}: alarm") };
            self.canvas.draw(&entity, &line(&name, grade.colour(), STRIP), 32)?;
        }
        let [first_mm, next_mm] = STRIPS_MM;
        self.scalar(&entity, first_mm + next_mm * f64::from(number))
    }

    /// The distances at which alarms begin, as level lines, where the session says them.
    fn limits(&mut self, stream: &str, at: Timestamp) -> Result<(), CanvasError> {
        let Some(limits) = self.style.limits.get(node(stream)).copied() else { return Ok(()) };
        let watch = self.watches.entry(stream.to_owned()).or_default();
        if watch.limits_at.is_some_and(|drawn| at.since(drawn) < LIMITS_PERIOD) {
            return Ok(());
        }
        watch.limits_at = Some(at);
        for (name, grade, mm) in [
            ("warning", Grade::Doubtful, limits.warning_mm),
            ("danger", Grade::Bad, limits.danger_mm),
        ] {
            let entity = format!("distances/{}/limits/{name}", place(stream));
            if self.named_curves.insert(entity.clone()) {
                self.canvas.draw_always(&entity, &line(name, grade.colour(), 1.0))?;
            }
            self.scalar(&entity, mm)?;
        }
        Ok(())
    }

    /// A stream of distances says that it has nothing usable.
    pub(super) fn forget_distances(&mut self, stream: &str) -> Result<(), CanvasError> {
        self.summary.forget(stream);
        let Some(watch) = self.watches.remove(stream) else { return Ok(()) };
        self.strip(stream, 0, "guidance", Grade::Bad)?;
        if !is_truth(stream) {
            self.state(&format!("guidance/{}", part(stream)), "blank")?;
        }
        for (name, tool) in watch.tools {
            if !is_truth(stream) {
                self.state(&format!("alarm/{}/{}", part(stream), part(&name)), "unknown")?;
            }
            for ended in tool.curves {
                let base = format!("distances/{}/{}", place(stream), part(&name));
                self.scalar(&format!("{base}/{}", part(&ended)), f64::NAN)?;
            }
        }
        Ok(())
    }
}

fn line(name: &str, [r, g, b]: Rgb, width: f32) -> rerun::SeriesLines {
    rerun::SeriesLines::new()
        .with_names([name])
        .with_colors([rerun::Color::from_rgb(r, g, b)])
        .with_widths([width])
}

/// White as long as nothing is known.
fn tool_colour(alarm: Option<Alarm>) -> Rgb {
    alarm.map_or([235, 235, 235], |alarm| words::alarm_grade(alarm).colour())
}

fn said(distances: &Distances, guidance: &str) -> String {
    let tools = distances.tools.iter().filter_map(|tool| {
        let nearest = nearest(distances, tool)?;
        let distance = words::distance(&nearest.distance);
        Some(format!("`{}` {distance} from {}", tool.name, nearest.structure.name))
    });
    std::iter::once(guidance.to_owned()).chain(tools).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use messages::StructureKind;

    use super::*;

    fn distances(mm: &[[f64; 2]]) -> Distances {
        let distance = |&[tip_mm, shaft_mm]: &[f64; 2]| StructureDistance {
            tip_mm,
            shaft_mm,
            error_mm: 2.0,
            alarm: if shaft_mm < 3.0 { Alarm::Danger } else { Alarm::Clear },
        };
        let structure = |number: usize| Structure {
            name: format!("structure_{number}"),
            kind: StructureKind::Other,
        };
        Distances {
            guidance: Guidance::Valid,
            registration_age_ns: None,
            structures: (0..mm.len()).map(structure).collect(),
            tools: vec![ToolDistances {
                name: "stylus".to_owned(),
                place: ToolPlace::Hidden { reason: "of a test".to_owned() },
                structures: mm.iter().map(distance).collect(),
            }],
        }
    }

    #[test]
    fn what_any_part_of_the_tool_is_nearest_to_counts() {
        let distances = distances(&[[9.0, 5.0], [4.0, 4.0], [f64::NAN, f64::NAN], [30.0, 2.5]]);
        let nearest = nearest(&distances, &distances.tools[0]).unwrap();
        assert_eq!(nearest.structure.name, "structure_3");
        assert_eq!(worst(&distances.tools[0]), Some(Alarm::Danger));
        assert_eq!(
            said(&distances, "may guide"),
            "may guide; `stylus` 2.5 ± 2.0 mm from structure_3"
        );
    }

    #[test]
    fn without_distances_nothing_is_near() {
        let nothing = distances(&[]);
        assert_eq!(nearest(&nothing, &nothing.tools[0]), None);
        assert_eq!(worst(&nothing.tools[0]), None);
    }
}
