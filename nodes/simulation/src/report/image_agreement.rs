//! How well the vessels that were found in live images agree with those that they truly show.

use std::collections::BTreeMap;

use messages::{Image, Placement, Point, Score, SegmentedImage, Timestamp};
use nalgebra::Point3;

use super::histogram::Histogram;
use super::score;

/// Images that wait for their counterpart.
const KEPT: usize = 256;
/// An image with fewer true pixels of vessels says little of its own.
const ENOUGH_PIXELS: u64 = 50;

/// Dice coefficient of vessels, of all images together and of each, and how far images are misplaced.
#[derive(Clone, Debug, Default)]
pub struct ImageAgreement {
    found: BTreeMap<Timestamp, SegmentedImage>,
    truth: BTreeMap<Timestamp, SegmentedImage>,
    both: u64,
    sum: u64,
    images: u64,
    of_each: Histogram,
    misplaced: Histogram,
}

impl ImageAgreement {
    /// What was found in the image of an instant.
    pub fn found(&mut self, at: Timestamp, found: SegmentedImage) {
        match self.truth.remove(&at) {
            Some(truth) => self.compare(&found, &truth),
            None => keep(&mut self.found, at, found),
        }
    }

    /// What the image of an instant truly shows.
    pub fn truly(&mut self, at: Timestamp, truth: SegmentedImage) {
        match self.found.remove(&at) {
            Some(found) => self.compare(&found, &truth),
            None => keep(&mut self.truth, at, truth),
        }
    }

    fn compare(&mut self, found: &SegmentedImage, truth: &SegmentedImage) {
        let same = (found.width_px, found.height_px) == (truth.width_px, truth.height_px);
        if !same {
            return;
        }
        let (is_found, is_true) = (vessels(&found.classes), vessels(&truth.classes));
        let (mut both, mut founds, mut trues) = (0, 0, 0);
        for (a, b) in found.labels.as_slice().iter().zip(truth.labels.as_slice()) {
            let (a, b) = (is_found[usize::from(*a)], is_true[usize::from(*b)]);
            both += u64::from(a && b);
            founds += u64::from(a);
            trues += u64::from(b);
        }
        self.images += 1;
        self.both += both;
        self.sum += founds + trues;
        if trues >= ENOUGH_PIXELS {
            // As a percentage: the histogram's bins are made for millimetres.
            self.of_each.add(200.0 * both as f64 / (founds + trues) as f64);
        }
        if let (
            Placement::Placed { patient_from_image: placed, .. },
            Placement::Placed { patient_from_image: truly, .. },
        ) = (&found.placement, &truth.placement)
        {
            let half = |pixels: u32| 0.5 * f64::from(pixels);
            let middle =
                Point::<Image>::new(Point3::new(half(found.width_px), half(found.height_px), 0.0));
            self.misplaced.add(((*placed * middle).xyz_mm - (*truly * middle).xyz_mm).norm());
        }
    }

    /// The figures.
    pub fn scores(&self) -> Vec<Score> {
        let pooled = (self.sum > 0).then(|| 2.0 * self.both as f64 / self.sum as f64);
        let each = &self.of_each;
        let of_each = |part: f64| each.quantile(part).map(|percent| percent / 100.0);
        let misplaced = &self.misplaced;
        vec![
            score("vessel Dice in live images", pooled, "", self.images),
            score("vessel Dice of an image, median", of_each(0.5), "", each.count()),
            score("vessel Dice of an image, p5", of_each(0.05), "", each.count()),
            score("image misplaced, median", misplaced.quantile(0.5), "mm", misplaced.count()),
            score("image misplaced, p95", misplaced.quantile(0.95), "mm", misplaced.count()),
        ]
    }
}

/// For each label whether it is a vessel, by the name of its class.
fn vessels(classes: &[String]) -> [bool; 256] {
    const WORDS: [&str; 5] = ["vessel", "vein", "arter", "aorta", "cava"];
    let mut is_vessel = [false; 256];
    for (is_vessel, class) in is_vessel.iter_mut().zip(classes) {
        *is_vessel = WORDS.iter().any(|word| class.contains(word));
    }
    is_vessel
}

/// Keeps a value until its counterpart comes, and gives up the oldest rather than the room.
pub(super) fn keep<T>(waiting: &mut BTreeMap<Timestamp, T>, at: Timestamp, value: T) {
    waiting.insert(at, value);
    if waiting.len() > KEPT {
        waiting.pop_first();
    }
}
