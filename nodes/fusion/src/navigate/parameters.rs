//! What the node `navigate` is told: the tools, what is watched, and when nothing may be shown.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::alarm::{Margin, Thresholds};

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The tools that are watched.
    #[schemars(length(min = 1))]
    pub tools: Vec<Tool>,
    /// The patient reference sensor, as the tracker names it. Without one the tracker's own frame is
    /// taken as the patient's.
    #[serde(default)]
    pub reference: Option<String>,
    /// Names of structures, such as `portal_vein`, and kinds, such as `nerve`, that are watched; by
    /// default everything that the map holds.
    #[serde(default)]
    pub watch: Vec<String>,
    /// A tool nearer than this to a structure is near, in millimetres.
    #[serde(default = "warning_mm")]
    #[schemars(default = "warning_mm", range(min = -100.0, max = 100.0))]
    pub warning_mm: f64,
    /// A tool nearer than this to a structure is too near, in millimetres.
    #[serde(default = "danger_mm")]
    #[schemars(default = "danger_mm", range(min = -100.0, max = 100.0))]
    pub danger_mm: f64,
    /// An alarm ends this much further off than it began, in millimetres.
    #[serde(default = "hysteresis_mm")]
    #[schemars(default = "hysteresis_mm", range(min = 0.0, max = 20.0))]
    pub hysteresis_mm: f64,
    /// Other thresholds for some structures or kinds; the first that fits holds.
    #[serde(default)]
    pub margins: Vec<Margin>,
    /// Whether alarms go by the distance less its error, instead of the distance.
    #[serde(default)]
    pub count_error: bool,
    /// Nothing is shown from a registration made from images older than this, in seconds.
    #[serde(default = "max_registration_age_s")]
    #[schemars(default = "max_registration_age_s", range(min = 1.0, max = 36000.0))]
    pub max_registration_age_s: f64,
    /// Nothing is shown of a tool whose tip is not known better than this in 95 of 100 cases, in
    /// millimetres.
    #[serde(default = "max_error_mm")]
    #[schemars(default = "max_error_mm", range(min = 0.1, max = 100.0))]
    pub max_error_mm: f64,
    /// Nothing is shown from poses that are older than this when they arrive, in milliseconds.
    #[serde(default = "max_pose_age_ms")]
    #[schemars(default = "max_pose_age_ms", range(min = 1, max = 10000))]
    pub max_pose_age_ms: u32,
}

/// A tool and its shape, in the frame of its sensor.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// As the tracker names it.
    pub name: String,
    /// The tip, in millimetres.
    pub tip_mm: [f64; 3],
    /// The other end of the straight part of the shaft that is watched, in millimetres.
    pub shaft_end_mm: [f64; 3],
    /// The shaft's radius, in millimetres; its ends are round.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 50.0))]
    pub radius_mm: f64,
    /// Root mean square error of the tip's calibration, in millimetres.
    #[schemars(range(min = 0.0, max = 50.0))]
    pub calibration_error_mm: f64,
}

fn warning_mm() -> f64 {
    8.0
}
fn danger_mm() -> f64 {
    3.0
}
fn hysteresis_mm() -> f64 {
    1.0
}
fn max_registration_age_s() -> f64 {
    600.0
}
fn max_error_mm() -> f64 {
    15.0
}
fn max_pose_age_ms() -> u32 {
    200
}

/// A parameter that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` should be {expected}, but it is {came}")]
pub struct Error {
    name: String,
    expected: &'static str,
    came: String,
}

impl Parameters {
    /// Checks what the schema cannot.
    ///
    /// # Errors
    /// Says which parameter is wrong.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |name: &str, expected, came: &dyn std::fmt::Debug| {
            Err(Error { name: name.into(), expected, came: format!("{came:?}") })
        };
        let ages = (self.max_registration_age_s, self.max_error_mm);
        if !(ages.0 > 0.0 && ages.0 < 1e9) {
            return wrong("max_registration_age_s", "above 0 s", &ages.0);
        }
        if !(ages.1 > 0.0) {
            return wrong("max_error_mm", "above 0 mm", &ages.1);
        }
        let own = (self.warning_mm, self.danger_mm);
        let margins = self.margins.iter().map(|margin| (margin.warning_mm, margin.danger_mm));
        for (warning_mm, danger_mm) in std::iter::once(own).chain(margins) {
            let thresholds =
                Thresholds { warning_mm, danger_mm, hysteresis_mm: self.hysteresis_mm };
            if !thresholds.are_ordered() {
                let expected = "not below `danger_mm`, with a hysteresis of 0 mm or more";
                return wrong("warning_mm", expected, &thresholds);
            }
        }
        if self.tools.is_empty() {
            return wrong("tools", "at least one tool", &self.tools);
        }
        for (index, tool) in self.tools.iter().enumerate() {
            let finite = tool.tip_mm.iter().chain(&tool.shaft_end_mm).all(|mm| mm.is_finite());
            let sizes = [tool.radius_mm, tool.calibration_error_mm];
            if !finite || !sizes.iter().all(|mm| mm.is_finite() && *mm >= 0.0) {
                return wrong("tools", "tools of finite size, radius and error", tool);
            }
            if self.tools[..index].iter().any(|other| other.name == tool.name) {
                return wrong("tools", "tools of different names", &tool.name);
            }
        }
        Ok(())
    }
}
