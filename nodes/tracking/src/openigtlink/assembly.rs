//! The poses of all tools at one instant, put together from messages that come one by one; no clock of its own.
//!
//! A TDATA has all tools of an instant: who is not in it was not seen. A TRANSFORM or POSITION has one tool; those whose
//! times are within [`Limits::together`] are of one instant, that of the first. It is given out when all tools are in it,
//! when the next instant begins, or [`Limits::linger`] after its first message arrived: who is not in it by then was not
//! seen at that time, and is hidden (PLUS sends nothing of a tool that it does not see). The last pose of a tool is never
//! given out again under a later time.
//!
//! When nothing came for [`Limits::silent`], all tools are hidden, again and again, until something comes.

use std::time::Duration;

use messages::{Pose, Timestamp, ToolPoses, TrackedTool};

use super::sightings::{Sighting, Sightings};
use super::tool_names::ToolNames;

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How far apart the times of messages of one instant may be.
    pub together: Duration,
    /// How long after the first message of an instant the others may arrive.
    pub linger: Duration,
    /// After so long without any tool all are hidden.
    pub silent: Duration,
}

/// The poses at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// When, on the session's clock; always later than the sample before.
    pub at: Timestamp,
    /// Of all tools.
    pub poses: ToolPoses,
    /// Whether nothing came, and this is told by us.
    pub is_silence: bool,
}

/// What cannot be used of what came, since the last question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unused {
    /// Poses of instants that are over.
    pub late: u64,
    /// Poses of tools that nobody wants.
    pub unknown: u64,
}

#[derive(Debug)]
struct Instant {
    at: Timestamp,
    arrived_at: Timestamp,
    tools: Vec<Option<Sighting>>,
}

/// Puts poses together.
#[derive(Debug)]
pub struct Assembly {
    names: ToolNames,
    limits: Limits,
    open: Option<Instant>,
    /// The sample given out last.
    last: Option<Timestamp>,
    /// When anything of any tool arrived last, or since when it is waited for.
    heard: Timestamp,
    unused: Unused,
}

impl Assembly {
    /// Of tools from an instant on.
    pub fn new(names: ToolNames, limits: Limits, now: Timestamp) -> Self {
        Self { names, limits, open: None, last: None, heard: now, unused: Unused::default() }
    }

    /// The tools.
    pub fn tools(&self) -> &[String] {
        self.names.tools()
    }

    /// What could not be used since the last question.
    pub fn take_unused(&mut self) -> Unused {
        std::mem::take(&mut self.unused)
    }

    /// Takes what a message says, whose instant and arrival are given, and gives out what is complete by that.
    pub fn take(&mut self, said: Sightings, at: Timestamp, arrived_at: Timestamp) -> Vec<Sample> {
        match said {
            Sightings::All(seen) => {
                let mut samples: Vec<Sample> = self.finish().into_iter().collect();
                let mut tools = vec![None; self.tools().len()];
                for sighting in seen {
                    match self.names.tool(&sighting.name) {
                        Some(tool) => tools[tool] = Some(sighting),
                        None => self.unused.unknown += 1,
                    }
                }
                self.heard = self.heard.max(arrived_at);
                samples.extend(self.give(Instant { at, arrived_at, tools }));
                samples
            }
            Sightings::One(sighting) => {
                let Some(tool) = self.names.tool(&sighting.name) else {
                    self.unused.unknown += 1;
                    return Vec::new();
                };
                self.heard = self.heard.max(arrived_at);
                let mut samples = Vec::new();
                let is_next = self.open.as_ref().is_some_and(|open| {
                    at.distance(open.at) > self.limits.together || open.tools[tool].is_some()
                });
                if is_next {
                    if self.open.as_ref().is_some_and(|open| at < open.at) {
                        self.unused.late += 1;
                        return samples;
                    }
                    samples.extend(self.finish());
                }
                if self.last.is_some_and(|last| at <= last) {
                    // Of an instant that was given out without it.
                    self.unused.late += 1;
                    return samples;
                }
                let count = self.tools().len();
                let open = self.open.get_or_insert_with(|| Instant {
                    at,
                    arrived_at,
                    tools: vec![None; count],
                });
                open.tools[tool] = Some(sighting);
                if open.tools.iter().all(Option::is_some) {
                    samples.extend(self.finish());
                }
                samples
            }
        }
    }

    /// Gives out what has waited long enough, or that nothing comes.
    pub fn wait(&mut self, now: Timestamp) -> Option<Sample> {
        if let Some(open) = &self.open {
            let waited = now.since(open.arrived_at);
            return if waited >= self.limits.linger { self.finish() } else { None };
        }
        let silent = now.since(self.heard.max(self.last.unwrap_or(self.heard)));
        if silent < self.limits.silent {
            return None;
        }
        let reason =
            format!("nothing was heard of it for {} ms", now.since(self.heard).as_millis());
        self.hide(now, &reason)
    }

    /// How soon [`wait`](Self::wait) is to be asked, at the latest.
    pub fn patience(&self, now: Timestamp) -> Duration {
        match &self.open {
            Some(open) => self.limits.linger.saturating_sub(now.since(open.arrived_at)),
            None => self.limits.silent,
        }
    }

    /// Hides all tools from now on; what was begun is dropped.
    pub fn hide(&mut self, now: Timestamp, reason: &str) -> Option<Sample> {
        self.open = None;
        if self.last.is_some_and(|last| now <= last) {
            return None;
        }
        self.last = Some(now);
        let tools = self.tools().iter().map(|name| TrackedTool {
            name: name.clone(),
            pose: Pose::Hidden { reason: reason.to_owned() },
        });
        Some(Sample { at: now, poses: ToolPoses { tools: tools.collect() }, is_silence: true })
    }

    /// Forgets what came before an instant, such as the start of the procedure.
    pub fn begin(&mut self, now: Timestamp) {
        self.open = None;
        self.heard = now;
        self.unused = Unused::default();
    }

    fn finish(&mut self) -> Option<Sample> {
        let open = self.open.take()?;
        self.give(open)
    }

    fn give(&mut self, instant: Instant) -> Option<Sample> {
        if self.last.is_some_and(|last| instant.at <= last) {
            self.unused.late += instant.tools.iter().flatten().count() as u64;
            return None;
        }
        self.last = Some(instant.at);
        let poses = self.names.tools().iter().zip(instant.tools).map(|(name, seen)| TrackedTool {
            name: name.clone(),
            pose: seen.map_or_else(
                || Pose::Hidden { reason: "the server sent no pose of it at this time".to_owned() },
                |seen| seen.pose,
            ),
        });
        let poses = ToolPoses { tools: poses.collect() };
        Some(Sample { at: instant.at, poses, is_silence: false })
    }
}

#[cfg(test)]
mod tests {
    use messages::Transform;

    use super::*;

    const MS: i64 = 1_000_000;

    fn assembly() -> Assembly {
        let tools = ["probe".to_owned(), "patient".to_owned()];
        let names = ToolNames::new(&tools, &[].into(), "Tracker").unwrap();
        let limits = Limits {
            together: Duration::from_millis(2),
            linger: Duration::from_millis(10),
            silent: Duration::from_millis(200),
        };
        Assembly::new(names, limits, Timestamp(0))
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp(ms * MS)
    }

    fn sighting(name: &str) -> Sighting {
        let pose = Pose::Visible { to_from_tool: Transform::identity(), error_mm: None };
        Sighting { name: name.to_owned(), pose }
    }

    fn one(assembly: &mut Assembly, name: &str, ms: i64) -> Vec<Sample> {
        assembly.take(Sightings::One(sighting(name)), at(ms), at(ms + 3))
    }

    /// When, and which of the two tools is seen.
    fn seen(samples: &[Sample]) -> Vec<(i64, bool, bool)> {
        let visible = |sample: &Sample, tool: usize| {
            matches!(sample.poses.tools[tool].pose, Pose::Visible { .. })
        };
        samples.iter().map(|one| (one.at.0 / MS, visible(one, 0), visible(one, 1))).collect()
    }

    #[test]
    fn transforms_of_one_instant_are_given_out_when_all_are_there() {
        let mut assembly = assembly();
        for ms in [100, 120, 140] {
            assert_eq!(one(&mut assembly, "ProbeToTracker", ms), []);
            assert_eq!(seen(&one(&mut assembly, "PatientToTracker", ms + 1)), [(ms, true, true)]);
        }
        assert_eq!(assembly.take_unused(), Unused::default());
    }

    #[test]
    fn a_tool_that_is_left_out_is_hidden_and_holds_up_nobody() {
        let mut assembly = assembly();
        assert_eq!(one(&mut assembly, "ProbeToTracker", 100), []);
        assert_eq!(assembly.wait(at(105)), None);
        assert_eq!(assembly.patience(at(105)), Duration::from_millis(8));
        let waited: Vec<Sample> = assembly.wait(at(113)).into_iter().collect();
        assert_eq!(seen(&waited), [(100, true, false)]);
        // Or the next instant begins before that.
        assert_eq!(one(&mut assembly, "ProbeToTracker", 120), []);
        assert_eq!(seen(&one(&mut assembly, "ProbeToTracker", 125)), [(120, true, false)]);
    }

    #[test]
    fn what_comes_too_late_is_counted_and_not_used() {
        let mut assembly = assembly();
        one(&mut assembly, "ProbeToTracker", 100);
        assembly.wait(at(113));
        assert_eq!(one(&mut assembly, "PatientToTracker", 100), []);
        one(&mut assembly, "ProbeToTracker", 120);
        assert_eq!(one(&mut assembly, "PatientToTracker", 110), []);
        assert_eq!(one(&mut assembly, "StylusToTracker", 110), []);
        assert_eq!(assembly.take_unused(), Unused { late: 2, unknown: 1 });
        assert_eq!(seen(&one(&mut assembly, "PatientToTracker", 120)), [(120, true, true)]);
    }

    #[test]
    fn tdata_says_at_once_who_is_not_seen() {
        let mut assembly = assembly();
        let all =
            |names: &[&str]| Sightings::All(names.iter().map(|name| sighting(name)).collect());
        let samples = assembly.take(all(&["Patient", "Probe"]), at(100), at(103));
        assert_eq!(seen(&samples), [(100, true, true)]);
        let samples = assembly.take(all(&["Patient", "Stylus"]), at(120), at(123));
        assert_eq!(seen(&samples), [(120, false, true)]);
        let samples = assembly.take(all(&[]), at(140), at(143));
        assert_eq!(seen(&samples), [(140, false, false)]);
        assert!(assembly.take(all(&["Probe"]), at(130), at(144)).is_empty());
        assert_eq!(assembly.take_unused(), Unused { late: 1, unknown: 1 });
    }

    #[test]
    fn silence_hides_all_again_and_again_until_something_comes() {
        let mut assembly = assembly();
        one(&mut assembly, "ProbeToTracker", 100);
        one(&mut assembly, "PatientToTracker", 100);
        assert_eq!(assembly.wait(at(250)), None);
        let silent = assembly.wait(at(304)).unwrap();
        assert_eq!((silent.at, silent.is_silence), (at(304), true));
        let Pose::Hidden { reason } = &silent.poses.tools[0].pose else { panic!("seen") };
        assert_eq!(reason, "nothing was heard of it for 201 ms");
        assert_eq!(assembly.wait(at(350)), None);
        assert!(assembly.wait(at(510)).unwrap().is_silence);
        one(&mut assembly, "ProbeToTracker", 520);
        assert_eq!(seen(&one(&mut assembly, "PatientToTracker", 520)), [(520, true, true)]);
        assert_eq!(assembly.wait(at(530)), None);
    }

    #[test]
    fn a_lost_connection_hides_all_at_once_and_time_never_goes_back() {
        let mut assembly = assembly();
        one(&mut assembly, "ProbeToTracker", 100);
        let hidden = assembly.hide(at(101), "nobody answers").unwrap();
        assert_eq!(seen(&[hidden]), [(101, false, false)]);
        assert_eq!(assembly.hide(at(101), "nobody answers"), None);
        assert_eq!(one(&mut assembly, "PatientToTracker", 100), []);
        assert_eq!(assembly.take_unused().late, 1);
    }
}
