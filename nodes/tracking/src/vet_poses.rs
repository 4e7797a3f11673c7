//! The node `vet_poses`: poses as they came, but for tools whose poses cannot be true.
//!
//! Such a tool is hidden, and the reason names the suspicion and what to look at; so whatever hears the poses blanks
//! what it cannot know, and never places anything by a frozen, loose or distorted sensor. Which of two sensors that
//! move against each other has come off cannot be told: both are hidden; of three, the one that moves against both others.
//! What is learned of pairs and clock is learned anew when the parameters are set.

mod parameters;
mod suspicion;

use std::collections::BTreeMap;
use std::time::Duration;

use messages::{Health, Pose, Stamped, Timestamp, ToolPoses, TrackedTool};
use nalgebra::Isometry3;
use runtime::{Context, Node, inputs, outputs};

use crate::plausibility::clock_watch::{ClockState, ClockWatch};
use crate::plausibility::fixed_pair::{self, FixedPair, Loose};
use crate::plausibility::frozen::Frozen;
use crate::plausibility::jump::Jump;
use crate::plausibility::reported_error::ReportedError;
use parameters::{OTHERS, ToolRules};
pub use parameters::{PairLimits, ParameterError, Parameters, ToolLimits};

inputs! {
    /// What the node hears.
    pub enum Input { poses => Poses(ToolPoses) }
}
outputs! {
    /// What the node says.
    pub enum Output { poses => Poses(ToolPoses) }
}

/// More tools than any tracking system has.
const MOST_TOOLS: usize = 256;

/// Why a parameter or an input cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter cannot be used.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// Poses are not later than those before.
    #[error(
        "poses came out of order: expected some after {newest}, but these are of {came}; they are not passed on (do two devices publish on this stream?)"
    )]
    OutOfOrder {
        /// Those before.
        newest: Timestamp,
        /// Those that came.
        came: Timestamp,
    },
    /// A tool that pairs or limits name is not tracked.
    #[error(transparent)]
    Tool(#[from] messages::WrongTool),
    /// More tools than can be.
    #[error("expected at most {MOST_TOOLS} tools, but {0} came; they are not passed on")]
    TooMany(usize),
}

/// The node.
pub struct VetPoses {
    parameters: Parameters,
    newest: Option<Timestamp>,
    clock: ClockWatch,
    tools: BTreeMap<String, ToolWatch>,
    pairs: Vec<PairWatch>,
}

/// What is known of one tool.
struct ToolWatch {
    rules: ToolRules,
    frozen: Frozen,
    jump: Jump,
    error: ReportedError,
    /// Hidden up to then, and why.
    held: Option<(Timestamp, String)>,
}

struct PairWatch {
    limits: PairLimits,
    rule: fixed_pair::Rule,
    pair: FixedPair,
    /// As long as one of them is not seen, what was wrong stays.
    loose: Option<Loose>,
}

impl Node for VetPoses {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        parameters.check()?;
        let mut pairs = Vec::new();
        for limits in &parameters.pairs {
            let rule = limits.rule(&parameters)?;
            let limits = limits.clone();
            pairs.push(PairWatch { limits, rule, pair: FixedPair::default(), loose: None });
        }
        Ok(Self {
            parameters,
            newest: None,
            clock: ClockWatch::default(),
            tools: BTreeMap::new(),
            pairs,
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let Input::Poses(Stamped { acquired_at, value: mut poses, .. }) = input;
        self.accept(acquired_at, &poses)?;
        let clock = self.clock.see(&self.parameters.clock(), acquired_at, context.now());
        self.watch_pairs(&poses)?;
        let mut said: Vec<String> = suspicion::of_clock(clock).into_iter().collect();
        for tool in &mut poses.tools {
            let doubts = self.doubts(tool, (acquired_at, context.now()), clock)?;
            if let (Pose::Visible { .. }, Some(reason)) = (&tool.pose, &doubts) {
                tool.pose = Pose::Hidden { reason: reason.clone() };
            }
            // What is wrong with both of a pair, or with all, is said once.
            said.extend(doubts.filter(|reason| !said.contains(reason)));
        }
        context.publish(acquired_at, Output::Poses(poses));
        context.report(if said.is_empty() {
            Health::Healthy
        } else {
            Health::Degraded { reason: said.join("; ") }
        });
        Ok(())
    }
}

impl VetPoses {
    fn accept(&mut self, acquired_at: Timestamp, poses: &ToolPoses) -> Result<(), Error> {
        if poses.tools.len() > MOST_TOOLS {
            return Err(Error::TooMany(poses.tools.len()));
        }
        if let Some(newest) = self.newest.filter(|newest| acquired_at <= *newest) {
            return Err(Error::OutOfOrder { newest, came: acquired_at });
        }
        for tool in self.parameters.tools.iter().filter(|tool| tool.name != OTHERS) {
            poses.named::<messages::Tool>(&tool.name)?;
        }
        for name in self.parameters.pairs.iter().flat_map(|pair| &pair.tools) {
            poses.named::<messages::Tool>(name)?;
        }
        self.newest = Some(acquired_at);
        // Names of tools that come and go must not fill the memory.
        if self.tools.len() > MOST_TOOLS {
            self.tools.retain(|name, _| poses.tools.iter().any(|tool| tool.name == *name));
        }
        Ok(())
    }

    fn watch_pairs(&mut self, poses: &ToolPoses) -> Result<(), Error> {
        for watch in &mut self.pairs {
            let [first, second] = &watch.limits.tools;
            let first = poses.named::<messages::Tool>(first)?;
            let second = poses.named::<messages::Tool>(second)?;
            if let (Some(first), Some(second)) = (seen(&first), seen(&second)) {
                watch.loose = watch.pair.see(&watch.rule, first, second);
            }
        }
        Ok(())
    }

    /// Why a tool cannot be believed now.
    fn doubts(
        &mut self,
        tool: &TrackedTool,
        (at, arrived): (Timestamp, Timestamp),
        clock: ClockState,
    ) -> Result<Option<String>, Error> {
        let loose = self.loose(&tool.name);
        if !self.tools.contains_key(&tool.name) {
            let rules = self.parameters.limits(&tool.name).rules(&self.parameters)?;
            self.tools.insert(tool.name.clone(), ToolWatch::new(rules));
        }
        let hold = Duration::from_millis(self.parameters.hold_ms.into());
        let Some(watch) = self.tools.get_mut(&tool.name) else { return Ok(loose) };
        let own = watch.see(tool, at, arrived);
        let off = suspicion::of_clock(clock)
            .filter(|_| matches!(clock, ClockState::Off { .. } | ClockState::Uneven { .. }));
        if let Some(reason) = loose.or(own).or(off) {
            watch.held = Some((at + hold, reason));
        }
        watch.held = watch.held.take().filter(|(until, _)| at <= *until);
        Ok(watch.held.as_ref().map(|(_, reason)| reason.clone()))
    }

    /// What is wrong with a pair of which `name` is one and no other sensor alone can be to blame.
    fn loose(&self, name: &str) -> Option<String> {
        let (watch, loose) = self
            .pairs
            .iter()
            .find_map(|watch| Some((watch, watch.loose?)).filter(|(watch, _)| watch.has(name)))?;
        let is_to_blame = |name: &str| {
            let mut own = self.pairs.iter().filter(|watch| watch.has(name));
            own.clone().count() > 1 && own.all(|watch| watch.loose.is_some())
        };
        let other = watch.limits.tools.iter().find(|other| *other != name)?;
        if is_to_blame(other) && !is_to_blame(name) {
            return None;
        }
        Some(suspicion::of_pair(&watch.limits, loose))
    }
}

impl PairWatch {
    fn has(&self, name: &str) -> bool {
        self.limits.tools.iter().any(|tool| tool == name)
    }
}

impl ToolWatch {
    fn new(rules: ToolRules) -> Self {
        Self {
            rules,
            frozen: Frozen::default(),
            jump: Jump::default(),
            error: ReportedError::default(),
            held: None,
        }
    }

    /// What its own poses betray; all detectors see each of them.
    fn see(&mut self, tool: &TrackedTool, at: Timestamp, arrived: Timestamp) -> Option<String> {
        let pose = seen(&tool.pose);
        let error_mm = match &tool.pose {
            Pose::Visible { error_mm, .. } => *error_mm,
            Pose::Hidden { .. } => None,
        };
        let still = self.rules.frozen.as_ref().and_then(|rule| self.frozen.see(rule, at, pose));
        let jumped = self.jump.see(&self.rules.jump, (at, arrived), pose);
        let too_large = self.rules.error.filter(|rule| self.error.see(rule, error_mm));
        let name = &tool.name;
        still
            .map(|still| suspicion::of_standstill(name, still))
            .or_else(|| jumped.map(|jumped| suspicion::of_jump(name, jumped, &self.rules.jump)))
            .or_else(|| too_large.map(|rule| suspicion::of_error(name, rule)))
    }
}

fn seen<To, From>(pose: &Pose<To, From>) -> Option<&Isometry3<f64>> {
    match pose {
        Pose::Visible { to_from_tool, .. } => Some(to_from_tool.isometry()),
        Pose::Hidden { .. } => None,
    }
}
