//! The best of very many poses, of those that are about alike only one.
//!
//! Without that, the thousand ways to come near one good pose would push out the one way to come near another, and nobody
//! would learn that there is another.

use std::collections::HashMap;

use nalgebra::Point3;

use crate::coarse::Laid;

/// Poses that put the markers into the same cells of this edge are alike.
const CELL_MM: f64 = 20.0;

/// Which cells a pose puts three markers into.
type Key = [i16; 9];

/// The best poses so far.
pub struct Shortlist {
    markers: [Point3<f64>; 3],
    most: usize,
    /// Score, pose and key; up to twice as many as are wanted.
    best: Vec<(f64, Laid, Key)>,
    places: HashMap<Key, usize>,
    bar: f64,
}

impl Shortlist {
    /// An empty list for `most` poses; `markers` are points of the source, far from each other.
    pub fn new(markers: [Point3<f64>; 3], most: usize) -> Self {
        Self { markers, most, best: Vec::new(), places: HashMap::new(), bar: 0.0 }
    }

    /// What does not score more than this does not come into the list any more.
    pub fn bar(&self) -> f64 {
        self.bar
    }

    /// Adds a pose, unless one that is alike scores as much.
    pub fn add(&mut self, score: f64, pose: Laid) {
        // Also leaves out what is no number.
        if !(score > self.bar) {
            return;
        }
        let key = self.key(&pose);
        if let Some(&place) = self.places.get(&key) {
            if score > self.best[place].0 {
                self.best[place] = (score, pose, key);
            }
            return;
        }
        self.places.insert(key, self.best.len());
        self.best.push((score, pose, key));
        if self.best.len() >= 2 * self.most.max(1) {
            self.sort();
            self.best.truncate(self.most.max(1));
            self.bar = self.best.last().map_or(0.0, |worst| worst.0);
            let places = self.best.iter().zip(0..);
            self.places = places.map(|((_, _, key), place)| (*key, place)).collect();
        }
    }

    /// The poses, the best first.
    pub fn into_poses(mut self) -> Vec<Laid> {
        self.sort();
        self.best.truncate(self.most);
        self.best.into_iter().map(|(_, pose, _)| pose).collect()
    }

    /// The order of equals is that in which they came, so that nothing depends on chance.
    fn sort(&mut self) {
        self.best.sort_by(|a, b| b.0.total_cmp(&a.0));
    }

    fn key(&self, pose: &Laid) -> Key {
        let mut key = [0; 9];
        for (marker, cells) in self.markers.iter().zip(key.chunks_mut(3)) {
            let place = pose.rotation * marker.coords + pose.translation;
            for (cell, mm) in cells.iter_mut().zip(place.iter()) {
                *cell = (mm / CELL_MM).floor() as i16;
            }
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{Matrix3, Vector3};

    fn shifted(x_mm: f64) -> Laid {
        let translation = Vector3::new(x_mm, 0.0, 0.0);
        Laid { rotation: Matrix3::identity(), translation }
    }

    fn shifts(list: Shortlist) -> Vec<f64> {
        list.into_poses().iter().map(|pose| pose.translation.x).collect()
    }

    #[test]
    fn one_of_many_that_are_alike_stays_and_does_not_push_out_another() {
        let mut list = Shortlist::new(
            [Point3::origin(), Point3::new(50.0, 0.0, 0.0), Point3::new(0.0, 50.0, 0.0)],
            3,
        );
        list.add(0.3, shifted(105.0));
        for step in 0..100 {
            list.add(0.5 + 0.001 * f64::from(step), shifted(1.0 + 0.05 * f64::from(step)));
        }
        list.add(f64::NAN, shifted(300.0));
        assert_eq!(shifts(list), [1.0 + 0.05 * 99.0, 105.0]);
    }

    #[test]
    fn the_worst_go_when_there_are_too_many_and_the_bar_rises() {
        let mut list = Shortlist::new([Point3::origin(); 3], 2);
        for (score, x_mm) in [(0.1, 5.0), (0.4, 25.0), (0.2, 45.0), (0.3, 65.0)] {
            list.add(score, shifted(x_mm));
        }
        assert_eq!(list.bar(), 0.3);
        list.add(0.25, shifted(85.0));
        list.add(0.35, shifted(105.0));
        assert_eq!(shifts(list), [25.0, 105.0]);
    }
}
