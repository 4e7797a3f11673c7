//! Which alarms were right, which were false, and which were missed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use messages::{Alarm, Distances, Score, Timestamp};

use super::{is_spared, score};

/// A measured alarm is right if a true one is this near in time.
const TOLERANCE: Duration = Duration::from_millis(300);
/// An alarm that pauses for no longer than this is one alarm.
const PAUSE: Duration = Duration::from_millis(500);
/// For how long an alarm that is over still waits for its counterpart.
const PATIENCE: Duration = Duration::from_secs(3);
/// Distances shown so near in time to a true alarm would have told of it.
const SHOWN: Duration = Duration::from_millis(150);

/// A time for which an alarm lasts.
#[derive(Clone, Copy, Debug)]
struct Episode {
    begin: Timestamp,
    end: Timestamp,
    /// There is a counterpart.
    matched: bool,
    /// Distances were shown at the time.
    shown: bool,
}

/// The alarms of one tool at one structure.
#[derive(Clone, Debug, Default)]
struct Pair {
    truth: VecDeque<Episode>,
    measured: VecDeque<Episode>,
    last_shown: Option<Timestamp>,
}

/// Right, false and missed alarms of one level and above.
#[derive(Clone, Debug)]
pub struct AlarmAgreement {
    level: Alarm,
    pairs: BTreeMap<(String, String), Pair>,
    newest: Timestamp,
    /// Instants of truth that came.
    instants: u64,
    right: u64,
    wrong: u64,
    missed: u64,
    unseen: u64,
}

impl AlarmAgreement {
    /// Counts alarms of `level` and above.
    pub fn of(level: Alarm) -> Self {
        let newest = Timestamp(i64::MIN);
        let pairs = BTreeMap::new();
        Self { level, pairs, newest, instants: 0, right: 0, wrong: 0, missed: 0, unseen: 0 }
    }

    /// The truth of an instant.
    pub fn truly(&mut self, at: Timestamp, truth: &Distances) {
        self.instants += 1;
        for (tool, structure, alarm) in alarms(truth) {
            let kind = truth.structures.iter().find(|s| s.name == structure).map(|s| s.kind);
            if !kind.is_some_and(is_spared) {
                continue;
            }
            let pair = self.pairs.entry((tool.to_owned(), structure.to_owned())).or_default();
            if alarm >= self.level {
                let shown = pair.last_shown.is_some_and(|shown| shown.distance(at) <= SHOWN);
                extend(&mut pair.truth, at, shown);
                link(&mut pair.truth, &mut pair.measured);
            }
        }
        self.settle(at);
    }

    /// What was measured at an instant; what the truth does not know is not counted.
    pub fn measured(&mut self, at: Timestamp, measured: &Distances) {
        for (tool, structure, alarm) in alarms(measured) {
            let Some(pair) = self.pairs.get_mut(&(tool.to_owned(), structure.to_owned())) else {
                continue;
            };
            pair.last_shown = Some(at);
            for episode in &mut pair.truth {
                episode.shown |= at + SHOWN >= episode.begin && episode.end + SHOWN >= at;
            }
            if alarm >= self.level {
                extend(&mut pair.measured, at, true);
                link(&mut pair.measured, &mut pair.truth);
            }
        }
        self.settle(at);
    }

    /// Counts what is over; nothing that comes later can change it.
    fn settle(&mut self, at: Timestamp) {
        // Both streams come many times a second; to look every half second is enough.
        if at <= self.newest + PAUSE {
            return;
        }
        self.newest = at;
        self.count(|episode| episode.end + PATIENCE < at);
    }

    /// Counts what still lasts; nothing more comes.
    pub fn finish(&mut self) {
        self.count(|_| true);
    }

    fn count(&mut self, over: impl Fn(&Episode) -> bool) {
        for pair in self.pairs.values_mut() {
            while let Some(episode) = pair.truth.pop_front_if(|episode| over(episode)) {
                match (episode.matched, episode.shown) {
                    (true, _) => self.right += 1,
                    (false, true) => self.missed += 1,
                    (false, false) => self.unseen += 1,
                }
            }
            while let Some(episode) = pair.measured.pop_front_if(|episode| over(episode)) {
                self.wrong += u64::from(!episode.matched);
            }
        }
    }

    /// The figures.
    pub fn scores(&self) -> Vec<Score> {
        let level = match self.level {
            Alarm::Danger => "danger alarms",
            Alarm::Warning | Alarm::Clear => "warnings",
        };
        let count = |what: &str, value: u64| {
            score(format!("{level}, {what}"), Some(value as f64), "", self.instants)
        };
        vec![
            count("true", self.right),
            count("false", self.wrong),
            count("missed", self.missed),
            count("while nothing was shown", self.unseen),
        ]
    }
}

/// Each alarm with its tool and structure.
fn alarms(distances: &Distances) -> impl Iterator<Item = (&str, &str, Alarm)> {
    distances.tools.iter().flat_map(|tool| {
        let named = distances.structures.iter().zip(&tool.structures);
        named.map(|(structure, there)| (tool.name.as_str(), structure.name.as_str(), there.alarm))
    })
}

/// Lets the newest episode last until `at`, or begins one.
fn extend(episodes: &mut VecDeque<Episode>, at: Timestamp, shown: bool) {
    match episodes.back_mut() {
        Some(last) if at <= last.end + PAUSE => {
            last.end = last.end.max(at);
            last.shown |= shown;
        }
        _ => episodes.push_back(Episode { begin: at, end: at, matched: false, shown }),
    }
}

/// The newest episode of one side and all near it on the other are counterparts.
fn link(newest: &mut VecDeque<Episode>, others: &mut VecDeque<Episode>) {
    let Some(one) = newest.back_mut() else { return };
    for other in others {
        if one.begin <= other.end + TOLERANCE && other.begin <= one.end + TOLERANCE {
            one.matched = true;
            other.matched = true;
        }
    }
}
