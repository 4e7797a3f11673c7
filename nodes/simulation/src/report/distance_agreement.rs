//! How well measured distances of instruments agree with the true ones, and how near they truly came.

use std::collections::BTreeMap;

use messages::{
    Distances, Score, Structure, StructureDistance, Timestamp, ToolDistances, ToolPlace,
};

use super::histogram::Histogram;
use super::image_agreement::keep;
use super::{is_spared, score, share};

/// Errors farther from a structure than this matter to nobody, mm.
const NEAR_MM: f64 = 50.0;
/// Closest approaches that are told of.
const APPROACHES: usize = 8;
/// Approaches that stayed farther than this are not told of, mm.
const CLOSE_MM: f64 = 15.0;

/// The closest approach of a tool to a structure, while distances were shown.
#[derive(Clone, Copy, Debug)]
struct Closest {
    true_mm: f64,
    /// At the same instant.
    measured_mm: f64,
}

/// Errors of distances, closest approaches, and how long nothing was shown.
#[derive(Clone, Debug, Default)]
pub struct DistanceAgreement {
    measured: BTreeMap<Timestamp, Distances>,
    truth: BTreeMap<Timestamp, Distances>,
    /// How far the tips of tools are from where they are seen: tracking and calibration, nothing else.
    tips: Histogram,
    errors: Histogram,
    within: u64,
    /// Of each structure.
    of: BTreeMap<String, Histogram>,
    /// Of the distance to whichever vessel is nearest, whatever its name.
    nearest: Histogram,
    closest: BTreeMap<(String, String), Closest>,
    /// For each tool: instants with truth, and those of them at which distances were shown.
    instants: BTreeMap<String, [u64; 2]>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    compared: u64,
}

impl DistanceAgreement {
    /// What was measured at an instant.
    pub fn measured(&mut self, at: Timestamp, measured: Distances) {
        match self.truth.remove(&at) {
            Some(truth) => self.compare(at, &measured, &truth),
            None => keep(&mut self.measured, at, measured),
        }
    }

    /// The truth of an instant.
    pub fn truly(&mut self, at: Timestamp, truth: Distances) {
        match self.measured.remove(&at) {
            Some(measured) => self.compare(at, &measured, &truth),
            None => keep(&mut self.truth, at, truth),
        }
    }

    fn compare(&mut self, at: Timestamp, measured: &Distances, truth: &Distances) {
        self.compared += 1;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        for tool in &truth.tools {
            let found = measured.tools.iter().find(|other| other.name == tool.name);
            if let Some(off_mm) = found.and_then(|found| tip_error_mm(found, tool)) {
                self.tips.add(off_mm);
            }
            let shown = found.filter(|found| !found.structures.is_empty());
            let [all, with_distances] = self.instants.entry(tool.name.clone()).or_default();
            *all += 1;
            *with_distances += u64::from(shown.is_some());
            let Some(shown) = shown else { continue };
            let mut nearest = [f64::INFINITY; 2];
            for (structure, there, truly) in pairs(measured, shown, truth, tool) {
                let name = &structure.name;
                if structure.kind.is_vessel() {
                    nearest[0] = nearest[0].min(there.shaft_mm);
                    nearest[1] = nearest[1].min(truly.shaft_mm);
                }
                if truly.shaft_mm < NEAR_MM {
                    let error_mm = (there.shaft_mm - truly.shaft_mm).abs();
                    self.errors.add(error_mm);
                    self.of.entry(name.clone()).or_default().add(error_mm);
                    self.within += u64::from(error_mm <= there.error_mm);
                }
                let now = Closest { true_mm: truly.shaft_mm, measured_mm: there.shaft_mm };
                let key = (tool.name.clone(), name.clone());
                let closest = self.closest.entry(key).or_insert(now);
                if now.true_mm < closest.true_mm {
                    *closest = now;
                }
            }
            let [there_mm, truly_mm] = nearest;
            if truly_mm < NEAR_MM {
                self.nearest.add((there_mm - truly_mm).abs());
            }
        }
    }

    /// The figures.
    pub fn scores(&self) -> Vec<Score> {
        let (count, seen) = (self.errors.count(), self.tips.count());
        let mut scores = vec![
            score("tool tip error, median", self.tips.quantile(0.5), "mm", seen),
            score("tool tip error, p95", self.tips.quantile(0.95), "mm", seen),
            score("distance error, median", self.errors.quantile(0.5), "mm", count),
            score("distance error, p95", self.errors.quantile(0.95), "mm", count),
            share("distance error within its bound", self.within, count),
        ];
        let nearest = |part| self.nearest.quantile(part);
        let count = self.nearest.count();
        scores.push(score("nearest vessel's distance error, median", nearest(0.5), "mm", count));
        scores.push(score("nearest vessel's distance error, p95", nearest(0.95), "mm", count));
        for (structure, errors) in &self.of {
            let measure = format!("distance error of {structure}, p95");
            scores.push(score(measure, errors.quantile(0.95), "mm", errors.count()));
        }
        let span_s = self.first.zip(self.last).map(|(first, last)| last.since(first).as_secs_f64());
        let period_s = span_s.map_or(0.0, |s| s / self.compared.saturating_sub(1).max(1) as f64);
        for (tool, [all, shown]) in &self.instants {
            let blank_s = Some((all - shown) as f64 * period_s);
            scores.push(score(format!("time without distances, {tool}"), blank_s, "s", *all));
        }
        let mut closest: Vec<_> =
            self.closest.iter().filter(|(_, closest)| closest.true_mm < CLOSE_MM).collect();
        closest.sort_by(|a, b| a.1.true_mm.total_cmp(&b.1.true_mm));
        for ((tool, structure), Closest { true_mm, measured_mm }) in
            closest.into_iter().take(APPROACHES)
        {
            let approach = format!("closest approach, {tool} to {structure}");
            scores.push(score(format!("{approach}, true"), Some(*true_mm), "mm", 1));
            scores.push(score(format!("{approach}, measured then"), Some(*measured_mm), "mm", 1));
        }
        scores
    }
}

/// How far the tip of a tool truly is from where it was seen, mm, if it was.
fn tip_error_mm(found: &ToolDistances, truth: &ToolDistances) -> Option<f64> {
    let tip = |tool: &ToolDistances| match tool.place {
        ToolPlace::Seen { tip, .. } => Some(tip.xyz_mm),
        ToolPlace::Hidden { .. } => None,
    };
    Some((tip(found)? - tip(truth)?).norm())
}

/// What both say of each structure that an instrument must not touch.
fn pairs<'a>(
    measured: &'a Distances,
    found: &'a ToolDistances,
    truth: &'a Distances,
    tool: &'a ToolDistances,
) -> impl Iterator<Item = (&'a Structure, &'a StructureDistance, &'a StructureDistance)> {
    measured.structures.iter().zip(&found.structures).filter_map(|(structure, there)| {
        let index = truth.structures.iter().position(|s| s.name == structure.name)?;
        // Of what kind it is, the truth knows.
        let structure = &truth.structures[index];
        let truly = tool.structures.get(index).filter(|_| is_spared(structure.kind))?;
        Some((structure, there, truly))
    })
}
