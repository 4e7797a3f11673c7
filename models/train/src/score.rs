//! How well labels agree with the truth, over many images.

use models::Network;
use ndarray::ArrayView2;
use segmentation::postprocess::{decide, labels_to_image};
use segmentation::preprocess::Preparation;

use crate::error::TrainingError;
use crate::samples::Sample;

/// Counts of vessel pixels, summed over images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Found and true.
    pub both: u64,
    /// Found.
    pub found: u64,
    /// True.
    pub truth: u64,
}

impl Score {
    /// Adds an image; non-zero is vessel. Both have the same size.
    pub fn add(&mut self, found: ArrayView2<'_, u8>, truth: ArrayView2<'_, u8>) {
        for (&found, &truth) in found.iter().zip(truth) {
            self.both += u64::from(found != 0 && truth != 0);
            self.found += u64::from(found != 0);
            self.truth += u64::from(truth != 0);
        }
    }

    /// Dice coefficient over the pixels of all images together, 0 to 1.
    pub fn dice(&self) -> f64 {
        ratio(2 * self.both, self.found + self.truth)
    }

    /// Share of what was found that is true.
    pub fn precision(&self) -> f64 {
        ratio(self.both, self.found)
    }

    /// Share of what is true that was found.
    pub fn sensitivity(&self) -> f64 {
        ratio(self.both, self.truth)
    }
}

/// Nothing out of nothing is everything.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Scores a network on samples, each taken through preparation, network and decision as the segmentation node
/// takes an image.
///
/// # Errors
/// If an image or the network's output is not what its card says, or libtorch fails.
pub fn score(network: &Network, samples: &[Sample]) -> Result<Score, TrainingError> {
    let mut score = Score::default();
    for sample in samples {
        // The card asks for no resampling, so that the pixel size does not matter.
        let preparation = Preparation::new(sample.image.dim(), [1.0, 1.0], &network.card().input)?;
        let output = network.infer(preparation.apply(sample.image.view())?.view())?;
        let labels = decide(output.view(), &network.card().output)?;
        score.add(labels_to_image(labels.view(), &preparation)?.view(), sample.mask.view());
    }
    Ok(score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn counts_over_all_images() {
        let mut score = Score::default();
        assert_eq!((score.dice(), score.precision(), score.sensitivity()), (1.0, 1.0, 1.0));
        score.add(arr2(&[[1, 1], [0, 0]]).view(), arr2(&[[1, 0], [1, 0]]).view());
        assert_eq!((score.dice(), score.precision(), score.sensitivity()), (0.5, 0.5, 0.5));
        score.add(arr2(&[[0, 0]]).view(), arr2(&[[1, 1]]).view());
        assert_eq!(score, Score { both: 1, found: 2, truth: 4 });
        assert_eq!(score.sensitivity(), 0.25);
    }
}
