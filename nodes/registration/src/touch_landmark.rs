//! The node `touch_landmark`: says where in the patient a person touches a landmark.
//!
//! When it is told that a tool's tip touches a landmark, it waits until the poses around that instant have come, and
//! takes the mean of the tip while it rested.

use std::collections::VecDeque;

use messages::{
    Health, Instruction, InstructionKind, LandmarkTouch, Patient, Point, Pose, Stamped, Timestamp,
    Tool, ToolPoses, WrongTool,
};
use nalgebra::Point3;
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::rest::{Unrest, rest};

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The tools whose tips may touch a landmark.
    #[schemars(length(min = 1))]
    pub tools: Vec<PointedTool>,
    /// The patient reference sensor, as the tracker names it.
    #[serde(default = "reference")]
    #[schemars(default = "reference")]
    pub reference: String,
    /// How long before and after the instant of touching the tip must rest, in milliseconds.
    #[serde(default = "rest_ms")]
    #[schemars(default = "rest_ms", range(min = 20, max = 1000))]
    pub rest_ms: u32,
    /// The most that the tip may move meanwhile, noise averaged, in millimetres.
    #[serde(default = "max_move_mm")]
    #[schemars(default = "max_move_mm", range(min = 0.1, max = 10.0))]
    pub max_move_mm: f64,
}

/// A tool with a tip.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PointedTool {
    /// Its name, as the tracker calls it.
    pub name: String,
    /// Where its tip lies in the frame of its sensor, in millimetres.
    pub tip_mm: [f64; 3],
}

fn reference() -> String {
    "reference".to_owned()
}
fn rest_ms() -> u32 {
    300
}
fn max_move_mm() -> f64 {
    1.0
}

inputs! {
    /// What the node hears.
    pub enum Input {
        poses => Poses(ToolPoses),
        instructions => Instructions(Instruction),
    }
}
outputs! {
    /// What the node says, acquired at the instant of touching.
    pub enum Output { touch => Touch(LandmarkTouch) }
}

/// Why an input or a parameter cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter is out of range.
    #[error("`{name}` should be {expected}, but it is {came}")]
    Range {
        /// Which.
        name: &'static str,
        /// What would do.
        expected: &'static str,
        /// What came.
        came: String,
    },
    /// Nothing can touch.
    #[error("expected at least one tool under `tools`, each with a tip of three finite numbers")]
    NoTool,
    /// A tool is not tracked.
    #[error(transparent)]
    Tool(#[from] WrongTool),
}

/// Why there is no such place; told as the health of the node.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("no tool `{tool}` has a tip here, only [{known}]; give it under `tools`")]
    NoSuchTool { tool: String, known: String },
    #[error("`{tool}` did not rest on `{landmark}`: {unrest}")]
    Unrest { tool: String, landmark: String, unrest: Unrest },
}

/// More poses than come in the longest rest and the longest wait at 1000 Hz.
const POSES: usize = 5000;
/// A person touches one landmark after the other.
const WAITING: usize = 16;

/// The tips at one instant, in the order of the parameter; `None` where a tool or the reference is hidden.
struct Tips {
    at: Timestamp,
    patient_mm: Vec<Option<Point3<f64>>>,
}

struct Touching {
    at: Timestamp,
    landmark: String,
    tool: String,
}

/// The node.
pub struct TouchLandmark {
    parameters: Parameters,
    tips: VecDeque<Tips>,
    waiting: VecDeque<Touching>,
}

impl Node for TouchLandmark {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        let range = |holds: bool, name, expected, came: String| {
            if holds { Ok(()) } else { Err(Error::Range { name, expected, came }) }
        };
        let Parameters { tools, rest_ms, max_move_mm, .. } = &parameters;
        let finite = tools.iter().all(|tool| tool.tip_mm.iter().all(|mm| mm.is_finite()));
        if tools.is_empty() || !finite {
            return Err(Error::NoTool);
        }
        range((20..=1000).contains(rest_ms), "rest_ms", "20 to 1000 ms", rest_ms.to_string())?;
        let expected = "above 0 mm";
        range(*max_move_mm > 0.0, "max_move_mm", expected, max_move_mm.to_string())?;
        Ok(Self { parameters, tips: VecDeque::new(), waiting: VecDeque::new() })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        match input {
            Input::Poses(Stamped { acquired_at, value, .. }) => self.take(acquired_at, &value)?,
            Input::Instructions(Stamped { acquired_at, value, .. }) => {
                if let InstructionKind::TouchLandmark { landmark, tool } = value.kind {
                    if self.waiting.len() >= WAITING {
                        self.answer(context);
                    }
                    self.waiting.push_back(Touching { at: acquired_at, landmark, tool });
                }
            }
        }
        while let Some(touching) = self.waiting.front()
            && self
                .tips
                .back()
                .is_some_and(|last| last.at.0 >= touching.at.0.saturating_add(self.rest_ns()))
        {
            self.answer(context);
        }
        Ok(())
    }

    fn finish(&mut self, context: &mut Context<Output>) -> Result<(), Error> {
        while !self.waiting.is_empty() {
            self.answer(context);
        }
        Ok(())
    }
}

impl TouchLandmark {
    fn rest_ns(&self) -> i64 {
        i64::from(self.parameters.rest_ms) * 1_000_000
    }

    fn take(&mut self, at: Timestamp, poses: &ToolPoses) -> Result<(), Error> {
        let reference = poses.named::<Patient>(&self.parameters.reference)?;
        let mut patient_mm = Vec::new();
        for tool in &self.parameters.tools {
            let pose = poses.named::<Tool>(&tool.name)?;
            patient_mm.push(match (&reference, pose) {
                (
                    Pose::Visible { to_from_tool: tracker_from_patient, .. },
                    Pose::Visible { to_from_tool: tracker_from_tool, .. },
                ) => {
                    let patient_from_tool = tracker_from_patient.inverse() * tracker_from_tool;
                    let tip = Point::new(Point3::from(tool.tip_mm));
                    Some((patient_from_tool * tip).xyz_mm)
                }
                _ => None,
            });
        }
        if self.tips.len() >= POSES {
            self.tips.pop_front();
        }
        self.tips.push_back(Tips { at, patient_mm });
        Ok(())
    }

    /// Answers the touch that waits longest.
    fn answer(&mut self, context: &mut Context<Output>) {
        let Some(touching) = self.waiting.pop_front() else { return };
        match self.find(&touching) {
            Ok(touch) => {
                context.report(Health::Healthy);
                context.publish(touching.at, Output::Touch(touch));
            }
            Err(refusal) => context.report(Health::Degraded { reason: refusal.to_string() }),
        }
    }

    fn find(&self, Touching { at, landmark, tool }: &Touching) -> Result<LandmarkTouch, Refusal> {
        let tools = &self.parameters.tools;
        let Some(number) = tools.iter().position(|known| known.name == *tool) else {
            let known = tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>();
            return Err(Refusal::NoSuchTool { tool: tool.clone(), known: known.join(", ") });
        };
        let around = at.0.saturating_sub(self.rest_ns())..=at.0.saturating_add(self.rest_ns());
        let within = self.tips.iter().filter(|tips| around.contains(&tips.at.0));
        let samples: Vec<_> = within.map(|tips| tips.patient_mm[number]).collect();
        let touched = rest(&samples, self.parameters.max_move_mm).map_err(|unrest| {
            Refusal::Unrest { tool: tool.clone(), landmark: landmark.clone(), unrest }
        })?;
        let seen = || samples.iter().flatten();
        Ok(LandmarkTouch {
            landmark: landmark.clone(),
            tool: tool.clone(),
            touched: Point::new(touched),
            spread_mm: seen().map(|place| (place - touched).norm()).fold(0.0, f64::max),
            samples: u32::try_from(seen().count()).unwrap_or(u32::MAX),
        })
    }
}
