//! How far the vessels that were traced during the procedure lie from the true ones.

use std::collections::VecDeque;

use messages::wire::WireError;
use messages::{Centrelines, Patient, Score, Timestamp, VesselTree};

use super::histogram::Histogram;
use super::score;
use crate::anatomy::segment::Segment;
use crate::anatomy::segment_index::SegmentIndex;

/// True trees of different instants that are kept.
const KEPT: usize = 4;
/// Distance between the places of a centreline that are measured, mm.
const STEP_MM: f64 = 1.0;

/// The distances of the newest tree's centrelines from the true ones of its time.
#[derive(Clone, Debug, Default)]
pub struct TreeAgreement {
    truths: VecDeque<(Timestamp, Truth)>,
    waiting: Option<(Timestamp, Centrelines)>,
    distances: Histogram,
}

#[derive(Clone, Debug)]
struct Truth {
    axes: Vec<Segment>,
    index: SegmentIndex,
}

impl Truth {
    fn new(tree: &Centrelines) -> Self {
        let mut axes = Vec::new();
        for branch in tree.branches() {
            let place = |node: u32| tree.nodes()[node as usize].position_mm;
            axes.extend(branch.nodes.windows(2).map(|pair| Segment {
                start: place(pair[0]),
                end: place(pair[1]),
                // The distance from a tube of no width is that from its axis.
                start_radius_mm: 0.0,
                end_radius_mm: 0.0,
            }));
        }
        let index = SegmentIndex::new(&axes);
        Self { axes, index }
    }
}

impl TreeAgreement {
    /// The true tree of an instant.
    ///
    /// # Errors
    /// If its arrays do not fit each other.
    pub fn truly(&mut self, at: Timestamp, tree: &VesselTree<Patient>) -> Result<(), WireError> {
        if self.truths.len() == KEPT {
            self.truths.pop_front();
        }
        self.truths.push_back((at, Truth::new(&tree.centrelines()?)));
        self.measure();
        Ok(())
    }

    /// The tree that was traced from images up to an instant.
    ///
    /// # Errors
    /// If its arrays do not fit each other.
    pub fn traced(&mut self, at: Timestamp, tree: &VesselTree<Patient>) -> Result<(), WireError> {
        self.waiting = Some((at, tree.centrelines()?));
        self.measure();
        Ok(())
    }

    fn measure(&mut self) {
        let Some((at, tree)) = &self.waiting else { return };
        let nearest = self.truths.iter().min_by_key(|(of, _)| of.distance(*at));
        let Some((_, truth)) = nearest else { return };
        let mut distances = Histogram::default();
        for sample in tree.samples(STEP_MM, 4.0 * STEP_MM) {
            let nearest = truth.index.nearest(&truth.axes, &sample.position_mm, f64::INFINITY);
            distances.add(nearest.map_or(f64::INFINITY, |(_, distance)| distance));
        }
        self.distances = distances;
        self.waiting = None;
    }

    /// The figures of the newest tree; their names begin with `of`.
    pub fn scores(&self, of: &str) -> Vec<Score> {
        let (mean, p95) = (self.distances.mean(), self.distances.quantile(0.95));
        let count = self.distances.count();
        vec![
            score(format!("{of}centreline distance, mean"), mean, "mm", count),
            score(format!("{of}centreline distance, p95"), p95, "mm", count),
        ]
    }
}
