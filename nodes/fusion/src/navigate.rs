//! The node `navigate`: says how far the tip and the shaft of each tool are from each structure.
//!
//! Tools are taken relative to the patient reference sensor of the same instant and mapped into the
//! preoperative image, where the structures are. One pose in, one answer out. The error of a distance is
//! the root of the sum of the squares of three bounds that hold in 95 of 100 cases: the registration's
//! at the tip or at the nearest place of the shaft, whichever is greater; the tracking's, of tool,
//! reference and calibration; and the surface's. That assumes them independent and pointing straight at
//! the structure, and the shaft known as well as the tip.
//!
//! A map is prepared a few structures with each pose, so that a large one holds up no pose for long; until it
//! is all there the one before it is watched.
//!
//! Alarms go by the distance of the shaft's surface, which is never more than that of the tip.

use std::time::Duration;

use messages::{
    Distances, Guidance, Health, Patient, Point, Pose, Preoperative, Registration, Stamped,
    Surfaces, Timestamp, ToolDistances, ToolPlace, ToolPoses, Tracker, Transform,
};
use nalgebra::Point3;
use runtime::{Context, Node, inputs, outputs};

use crate::alarm::Thresholds;
use crate::tool_axis::ToolAxis;
use crate::trust::{BOUND_OF_RMS, together, trusted};
use crate::watched::{Memory, Preparation, Watch, Watched};

mod parameters;

pub use parameters::{Error, Parameters, Tool};

inputs! {
    /// What the node hears.
    pub enum Input {
        surfaces => Surfaces(Surfaces<Preoperative>),
        registration => Registration(Registration),
        poses => Poses(ToolPoses),
    }
}
outputs! {
    /// What the node says.
    pub enum Output { distances => Distances(Distances) }
}

/// So many triangles of a new map, or a structure that has more, are prepared at once: some milliseconds.
const TRIANGLES_AT_ONCE: usize = 5_000;
/// Poses that are older wait behind others, on a slow machine since the last structure: those go first.
const WAITING: Duration = Duration::from_millis(50);
/// But no more of them than this, lest a map is never prepared where poses are always late.
const WAITING_FIRST: u32 = 20;

/// The node.
pub struct Navigate {
    parameters: Parameters,
    watch: Watch,
    max_registration_age: Duration,
    /// The map, for other parameters.
    map: Option<Surfaces<Preoperative>>,
    /// That map, before it is watched.
    preparation: Option<Preparation>,
    /// Poses that went before the rest of it.
    went_first: u32,
    watched: Option<Watched>,
    registration: Option<Registration>,
    /// What is remembered of each tool, and where its shaft lies.
    tools: Vec<(Memory, ToolAxis)>,
}

/// Where the tracker sees a tool.
struct Seen {
    place: ToolPlace,
    /// Whether the tracker says how well.
    error_known: bool,
}

impl Node for Navigate {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        parameters.check()?;
        let thresholds = Thresholds {
            warning_mm: parameters.warning_mm,
            danger_mm: parameters.danger_mm,
            hysteresis_mm: parameters.hysteresis_mm,
        };
        let watch = Watch {
            names: parameters.watch.clone(),
            thresholds,
            margins: parameters.margins.clone(),
            count_error: parameters.count_error,
        };
        Ok(Self {
            watch,
            max_registration_age: Duration::from_secs_f64(parameters.max_registration_age_s),
            map: None,
            preparation: None,
            went_first: 0,
            watched: None,
            registration: None,
            tools: vec![Default::default(); parameters.tools.len()],
            parameters,
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        match input {
            Input::Surfaces(Stamped { value: map, .. }) => {
                self.take_map(map, TRIANGLES_AT_ONCE);
            }
            Input::Registration(Stamped { value: registration, .. }) => {
                self.registration = Some(registration);
            }
            Input::Poses(Stamped { acquired_at, value: poses, .. }) => {
                let waits = context.now().since(acquired_at) > WAITING;
                if waits && self.went_first < WAITING_FIRST {
                    self.went_first += 1;
                } else {
                    self.went_first = 0;
                    self.prepare(TRIANGLES_AT_ONCE);
                }
                let distances = self.measure(&poses, acquired_at, context.now());
                context.report(self.health(&distances, &poses));
                context.publish(acquired_at, Output::Distances(distances));
            }
        }
        Ok(())
    }

    /// The map and the registration may have come long ago and once: they are kept.
    fn configure(&mut self, parameters: Parameters) -> Result<(), Error> {
        let mut other = Self::new(parameters)?;
        other.registration = self.registration.take();
        if let Some(map) = self.map.take() {
            // At once: nothing else is watched meanwhile.
            other.take_map(map, usize::MAX);
        }
        *self = other;
        Ok(())
    }
}

impl Navigate {
    /// Begins with a map.
    fn take_map(&mut self, map: Surfaces<Preoperative>, triangles: usize) {
        self.preparation = Some(Preparation::new(&self.watch));
        self.map = Some(map);
        self.prepare(triangles);
    }

    /// Goes on with a map that is not watched yet.
    fn prepare(&mut self, triangles: usize) {
        let (Some(preparation), Some(map)) = (self.preparation.take(), &self.map) else { return };
        match preparation.go_on(map, &self.watch, triangles) {
            Ok(watched) => {
                self.watched = Some(watched);
                // Alarms of another map say nothing about this one.
                self.tools.fill_with(Default::default);
            }
            Err(rest) => self.preparation = Some(rest),
        }
    }

    fn measure(&mut self, poses: &ToolPoses, at: Timestamp, now: Timestamp) -> Distances {
        let reference = self.patient_from_tracker(poses);
        let seen: Vec<Seen> =
            self.parameters.tools.iter().map(|tool| seen(tool, poses, &reference)).collect();
        let mut distances = Distances {
            guidance: Guidance::Valid,
            registration_age_ns: self.registration.as_ref().and_then(|registration| {
                let made_at = registration.alignment.as_ref()?.data_acquired_at;
                u64::try_from(at.since(made_at).as_nanos()).ok()
            }),
            structures: self.watched.as_ref().map_or(Vec::new(), |it| it.structures.clone()),
            tools: Vec::with_capacity(seen.len()),
        };
        let unsure = seen
            .iter()
            .any(|tool| matches!(tool.place, ToolPlace::Seen { .. }) && !tool.error_known);
        for (tool, Seen { place, .. }) in self.parameters.tools.iter().zip(seen) {
            let name = tool.name.clone();
            distances.tools.push(ToolDistances { name, place, structures: Vec::new() });
        }
        distances.guidance = if let Err(reason) = reference {
            Guidance::blank(reason)
        } else {
            let max_age = Duration::from_millis(self.parameters.max_pose_age_ms.into());
            if now.since(at) > max_age {
                let ms = self.parameters.max_pose_age_ms;
                Guidance::blank(format!(
                    "poses come more than the {ms} ms allowed after their time"
                ))
            } else {
                self.fill(&mut distances.tools, at, unsure).unwrap_or_else(Guidance::blank)
            }
        };
        distances
    }

    /// The rigid motion from the tracker to the patient and its root mean square error, if it is known.
    fn patient_from_tracker(
        &self,
        poses: &ToolPoses,
    ) -> Result<(Transform<Patient, Tracker>, Option<f64>), String> {
        let Some(reference) = &self.parameters.reference else {
            return Ok((Transform::identity(), Some(0.0)));
        };
        match poses.named::<Patient>(reference) {
            Ok(Pose::Visible { to_from_tool, error_mm }) => Ok((to_from_tool.inverse(), error_mm)),
            Ok(Pose::Hidden { reason }) => {
                Err(format!("the patient reference `{reference}` is hidden: {reason}"))
            }
            Err(wrong) => Err(format!("the patient reference is not tracked: {wrong}")),
        }
    }

    /// Fills in the distances of the tools that are seen, if any may be shown.
    fn fill(
        &mut self,
        tools: &mut [ToolDistances],
        at: Timestamp,
        unsure: bool,
    ) -> Result<Guidance, String> {
        let Some(watched) = &self.watched else {
            return Err(match self.preparation {
                Some(_) => "the surfaces of the structures are being prepared".into(),
                None => "no surfaces of structures have come yet".into(),
            });
        };
        if watched.structures.is_empty() {
            return Err("the map holds nothing that is to be watched".into());
        }
        let mut trusted = trusted(self.registration.as_ref(), at, self.max_registration_age)?;
        if unsure {
            trusted.doubt("the tracker does not say how well it sees".into());
        }
        for problem in &watched.problems {
            trusted.doubt(problem.clone());
        }
        let max_mm = self.parameters.max_error_mm;
        let (mut within, mut beyond) = (0, 0);
        let states = self.tools.iter_mut().zip(&self.parameters.tools);
        for (tool, ((memory, axis), shape)) in tools.iter_mut().zip(states) {
            let ToolPlace::Seen { tip, shaft_end, error_mm } = tool.place else { continue };
            if !axis.trace(trusted.alignment, tip, shaft_end) {
                continue;
            }
            // Also over it if it is no number.
            if !(together(&[axis.error_mm(0.0), error_mm]) <= max_mm) {
                let reason = format!("its place is not known to the {max_mm} mm asked for");
                tool.place = ToolPlace::Hidden { reason };
                beyond += 1;
                continue;
            }
            tool.structures = watched.measure(axis, shape.radius_mm, error_mm, memory);
            within += 1;
        }
        if within == 0 && beyond > 0 {
            return Err(format!("no tool's place is known to the {max_mm} mm asked for"));
        }
        Ok(trusted.guidance())
    }

    fn health(&self, distances: &Distances, poses: &ToolPoses) -> Health {
        let blank = distances.guidance.is_blank().then(|| distances.guidance.reason()).flatten();
        let mut reasons: Vec<String> =
            blank.map(|reason| format!("nothing guides: {reason}")).into_iter().collect();
        let untracked = self.parameters.tools.iter().filter_map(|tool| {
            let tracked = poses.tools.iter().any(|tracked| tracked.name == tool.name);
            (!tracked).then(|| format!("the tool `{}` is not tracked", tool.name))
        });
        reasons.extend(untracked);
        reasons.extend(self.watched.iter().flat_map(|watched| watched.problems.iter().cloned()));
        if reasons.is_empty() {
            Health::Healthy
        } else {
            Health::Degraded { reason: reasons.join("; ") }
        }
    }
}

/// Where the tracker sees a tool in the patient.
fn seen(
    tool: &Tool,
    poses: &ToolPoses,
    reference: &Result<(Transform<Patient, Tracker>, Option<f64>), String>,
) -> Seen {
    let hidden = |reason| Seen { place: ToolPlace::Hidden { reason }, error_known: false };
    let (patient_from_tracker, reference_mm) = match reference {
        Ok(known) => *known,
        Err(reason) => return hidden(reason.clone()),
    };
    match poses.named::<messages::Tool>(&tool.name) {
        Ok(Pose::Visible { to_from_tool, error_mm }) => {
            let patient_from_tool = patient_from_tracker * to_from_tool;
            let place = |mm: [f64; 3]| patient_from_tool * Point::new(Point3::from(mm));
            let rms = [error_mm.unwrap_or(0.0), reference_mm.unwrap_or(0.0)];
            let error_mm_95 = BOUND_OF_RMS * together(&[rms[0], rms[1], tool.calibration_error_mm]);
            Seen {
                place: ToolPlace::Seen {
                    tip: place(tool.tip_mm),
                    shaft_end: place(tool.shaft_end_mm),
                    error_mm: error_mm_95,
                },
                error_known: error_mm.is_some() && reference_mm.is_some(),
            }
        }
        Ok(Pose::Hidden { reason }) => hidden(reason),
        Err(wrong) => hidden(wrong.to_string()),
    }
}
