//! The parameters of `vet_poses`, with their units, and the detectors they make.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::plausibility::{clock_watch, fixed_pair, frozen, jump, reported_error};

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Poses a second, at most: the false alarms an hour are reckoned with it.
    #[serde(default = "rate_hz")]
    #[schemars(default = "rate_hz", range(min = 1, max = 1000))]
    pub rate_hz: f64,
    /// What holds for single tools, or for all that are not named (`*`); for the others the defaults do.
    #[serde(default)]
    pub tools: Vec<ToolLimits>,
    /// Sensors that are fixed to one rigid body, in pairs: a reference and a second one beside it, or two of one tool.
    #[serde(default)]
    pub pairs: Vec<PairLimits>,
    /// A pose that comes again unchanged for no longer than this, in milliseconds, is that of a sensor slower than the
    /// stream.
    #[serde(default = "longest_repeat_ms")]
    #[schemars(default = "longest_repeat_ms", range(min = 0, max = 5000))]
    pub longest_repeat_ms: u32,
    /// How much later or earlier than at the start poses may arrive, measured by their own instants, in milliseconds; and how
    /// much later half of them.
    #[serde(default = "clock_tolerance_ms")]
    #[schemars(default = "clock_tolerance_ms", range(min = 1, max = 10_000))]
    pub clock_tolerance_ms: f64,
    /// How fast the clock of the poses may drift, in parts per million.
    #[serde(default = "max_drift_ppm")]
    #[schemars(default = "max_drift_ppm", range(min = 10, max = 100_000))]
    pub max_drift_ppm: f64,
    /// How long a tool stays hidden after its last implausible pose, in milliseconds.
    #[serde(default = "hold_ms")]
    #[schemars(default = "hold_ms", range(min = 0, max = 60_000))]
    pub hold_ms: u32,
}

/// What one tool can do, and how well it is measured.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolLimits {
    /// The tool, as the tracker names it; `*` for each that has no entry of its own.
    pub name: String,
    /// No hand moves it faster, in millimetres a second.
    #[serde(default = "max_speed_mm_s")]
    #[schemars(default = "max_speed_mm_s", range(min = 10, max = 100_000))]
    pub max_speed_mm_s: f64,
    /// No hand turns it faster, in degrees a second.
    #[serde(default = "max_turn_deg_s")]
    #[schemars(default = "max_turn_deg_s", range(min = 10, max = 10_000))]
    pub max_turn_deg_s: f64,
    /// The error that the tracker itself gives, in millimetres, which a good pose exceeds in one frame of ten at most.
    /// None to leave it be.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub max_error_mm: Option<f64>,
    /// Standard deviation of the position's noise along each axis, in millimetres: rather too large.
    #[serde(default = "noise_mm")]
    #[schemars(default = "noise_mm", range(min = 0.001, max = 10.0))]
    pub noise_mm: f64,
    /// Standard deviation of the turning noise about each axis, in degrees: rather too large.
    #[serde(default = "noise_deg")]
    #[schemars(default = "noise_deg", range(min = 0.001, max = 10.0))]
    pub noise_deg: f64,
    /// The least standard deviation of a position that was measured, in millimetres: rather too small. A pose with less
    /// is frozen; 0 to do without.
    #[serde(default = "least_noise_mm")]
    #[schemars(default = "least_noise_mm", range(min = 0.0, max = 10.0))]
    pub least_noise_mm: f64,
    /// The steps in which positions are given, in millimetres.
    #[serde(default = "resolution_mm")]
    #[schemars(default = "resolution_mm", range(min = 0.0, max = 10.0))]
    pub resolution_mm: f64,
}

/// Two sensors on one rigid body.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairLimits {
    /// Both, as the tracker names them.
    pub tools: [String; 2],
    /// How far they may move against each other along each axis, in millimetres: what the body bends, and what the
    /// tracker's error changes from one place to another.
    #[serde(default = "tolerance_mm")]
    #[schemars(default = "tolerance_mm", range(min = 0.0, max = 100.0))]
    pub tolerance_mm: f64,
    /// How far they may turn against each other about each axis, in degrees.
    #[serde(default = "tolerance_deg")]
    #[schemars(default = "tolerance_deg", range(min = 0.0, max = 90.0))]
    pub tolerance_deg: f64,
    /// How far apart their origins are, in millimetres, if that was measured: then a distorted magnetic field is found
    /// from the first pose on.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub distance_mm: Option<f64>,
}

/// In place of a name: the tools that are not named.
pub const OTHERS: &str = "*";

fn rate_hz() -> f64 {
    100.0
}
fn longest_repeat_ms() -> u32 {
    100
}
fn clock_tolerance_ms() -> f64 {
    20.0
}
fn max_drift_ppm() -> f64 {
    200.0
}
fn hold_ms() -> u32 {
    500
}
fn max_speed_mm_s() -> f64 {
    2000.0
}
fn max_turn_deg_s() -> f64 {
    900.0
}
fn noise_mm() -> f64 {
    0.25
}
fn noise_deg() -> f64 {
    0.15
}
fn least_noise_mm() -> f64 {
    0.01
}
fn resolution_mm() -> f64 {
    0.01
}
fn tolerance_mm() -> f64 {
    1.0
}
fn tolerance_deg() -> f64 {
    1.0
}

/// Why the parameters cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// A tool is named twice.
    #[error("`{0}` stands twice under `tools`; name it once")]
    Twice(String),
    /// A pair of one.
    #[error("a pair should be of two sensors, but both are `{0}`")]
    WithItself(String),
    /// A number is none, or out of its range.
    #[error("`{name}` should be {allowed}, but is {came}")]
    Number {
        /// The parameter.
        name: &'static str,
        /// What it may be.
        allowed: &'static str,
        /// What it is.
        came: f64,
    },
    /// The noise cannot show.
    #[error("tool `{tool}`: {source}")]
    TooCoarse {
        /// The tool.
        tool: String,
        /// Why.
        source: frozen::TooCoarse,
    },
}

/// The detectors of one tool.
#[derive(Clone, Copy, Debug)]
pub struct ToolRules {
    /// None if it is not asked for.
    pub frozen: Option<frozen::Rule>,
    /// Faster than a hand.
    pub jump: jump::Rule,
    /// None if it is not asked for.
    pub error: Option<reported_error::Rule>,
}

impl ToolLimits {
    /// Those of a tool of which nothing is said.
    pub fn usual(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            max_speed_mm_s: max_speed_mm_s(),
            max_turn_deg_s: max_turn_deg_s(),
            max_error_mm: None,
            noise_mm: noise_mm(),
            noise_deg: noise_deg(),
            least_noise_mm: least_noise_mm(),
            resolution_mm: resolution_mm(),
        }
    }

    /// The noise, in millimetres and radians.
    pub fn noise(&self) -> (f64, f64) {
        (self.noise_mm, self.noise_deg.to_radians())
    }

    /// Its detectors.
    ///
    /// # Errors
    /// If a number cannot be used.
    pub fn rules(&self, parameters: &Parameters) -> Result<ToolRules, ParameterError> {
        positive("max_speed_mm_s", self.max_speed_mm_s)?;
        positive("max_turn_deg_s", self.max_turn_deg_s)?;
        positive("noise_mm", self.noise_mm)?;
        positive("noise_deg", self.noise_deg)?;
        not_negative("least_noise_mm", self.least_noise_mm)?;
        not_negative("resolution_mm", self.resolution_mm)?;
        let rate_hz = parameters.rate_hz;
        let frozen = (self.least_noise_mm > 0.0).then(|| {
            let longest = Duration::from_millis(parameters.longest_repeat_ms.into());
            frozen::Rule::new(self.least_noise_mm, self.resolution_mm, rate_hz, longest)
                .map_err(|source| ParameterError::TooCoarse { tool: self.name.clone(), source })
        });
        let error = self.max_error_mm.map(|limit| {
            not_negative("max_error_mm", limit).map(|()| reported_error::Rule::new(limit, rate_hz))
        });
        let fastest = (self.max_speed_mm_s, self.max_turn_deg_s.to_radians());
        Ok(ToolRules {
            frozen: frozen.transpose()?,
            jump: jump::Rule::new(fastest, self.noise(), rate_hz),
            error: error.transpose()?,
        })
    }
}

impl PairLimits {
    /// Its detector; the noise is that of the worse of both.
    ///
    /// # Errors
    /// If a number cannot be used.
    pub fn rule(&self, parameters: &Parameters) -> Result<fixed_pair::Rule, ParameterError> {
        let [first, second] = &self.tools;
        if first == second {
            return Err(ParameterError::WithItself(first.clone()));
        }
        not_negative("tolerance_mm", self.tolerance_mm)?;
        not_negative("tolerance_deg", self.tolerance_deg)?;
        not_negative("distance_mm", self.distance_mm.unwrap_or(0.0))?;
        let (first, second) = (parameters.limits(first).noise(), parameters.limits(second).noise());
        Ok(fixed_pair::Rule::new(
            (first.0.max(second.0), first.1.max(second.1)),
            (self.tolerance_mm, self.tolerance_deg.to_radians()),
            self.distance_mm,
            parameters.rate_hz,
        ))
    }
}

impl Parameters {
    /// What holds for a tool.
    pub fn limits(&self, name: &str) -> ToolLimits {
        let named = |name: &str| self.tools.iter().find(|tool| tool.name == name);
        match named(name).or_else(|| named(OTHERS)) {
            Some(limits) => ToolLimits { name: name.to_owned(), ..limits.clone() },
            None => ToolLimits::usual(name),
        }
    }

    /// Whether all of them can be used.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn check(&self) -> Result<(), ParameterError> {
        positive("rate_hz", self.rate_hz)?;
        positive("clock_tolerance_ms", self.clock_tolerance_ms)?;
        positive("max_drift_ppm", self.max_drift_ppm)?;
        for (number, tool) in self.tools.iter().enumerate() {
            if self.tools[..number].iter().any(|other| other.name == tool.name) {
                return Err(ParameterError::Twice(tool.name.clone()));
            }
            tool.rules(self)?;
        }
        self.pairs.iter().try_for_each(|pair| pair.rule(self).map(|_| ()))
    }

    /// What is asked of the clock.
    pub fn clock(&self) -> clock_watch::Rule {
        clock_watch::Rule {
            tolerance_ms: self.clock_tolerance_ms,
            max_drift_ppm: self.max_drift_ppm,
        }
    }
}

fn positive(name: &'static str, came: f64) -> Result<(), ParameterError> {
    let allowed = "a number above 0";
    if came.is_finite() && came > 0.0 {
        Ok(())
    } else {
        Err(ParameterError::Number { name, allowed, came })
    }
}

fn not_negative(name: &'static str, came: f64) -> Result<(), ParameterError> {
    let allowed = "a number from 0 on";
    if came.is_finite() && came >= 0.0 {
        Ok(())
    } else {
        Err(ParameterError::Number { name, allowed, came })
    }
}
