//! Fits a network to samples: the same seed, samples and number of threads give the same weights.

use std::sync::mpsc::sync_channel;

use models::unet::{UNet2d, UNet2dShape};
use tch::nn::{self, OptimizerConfig, VarStore};
use tch::{Device, Tensor};

use crate::error::TrainingError;
use crate::example::Example;
use crate::loss::loss;
use crate::score::Score;

/// Batches that wait, so that making samples and learning from them go on side by side.
const WAITING: usize = 4;

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Seed of the first weights.
    pub seed: u64,
    /// Batches to learn from.
    pub steps: usize,
    /// Images in a batch.
    pub batch: usize,
    /// Greatest step width: risen to over the first twentieth of the steps, then lowered to zero as a cosine.
    pub learning_rate: f64,
    /// How many times, evenly spread, the network is scored on the held-out images.
    pub reports: usize,
}

impl Schedule {
    /// Whether one can train so.
    ///
    /// # Errors
    /// In words, if not.
    pub fn check(&self) -> Result<(), TrainingError> {
        if self.steps == 0 || self.batch == 0 {
            return Err(TrainingError::Options(
                "expected at least one step and one image in a batch".into(),
            ));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(TrainingError::Options(format!(
                "expected a learning rate above 0, but {} came; try 0.003",
                self.learning_rate
            )));
        }
        Ok(())
    }

    /// The step width at a step.
    fn rate(&self, step: usize) -> f64 {
        let rise = (self.steps / 20).max(1);
        if step < rise {
            return self.learning_rate * (step + 1) as f64 / rise as f64;
        }
        let done = (step - rise) as f64 / (self.steps - rise).max(1) as f64;
        self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
    }

    /// Whether the network is scored after a step.
    fn reports_after(&self, step: usize) -> bool {
        let reports = self.reports.clamp(1, self.steps);
        (step + 1) * reports / self.steps > step * reports / self.steps
    }
}

/// What is known after some steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Steps done.
    pub step: usize,
    /// Mean loss since the last report.
    pub loss: f64,
    /// On the held-out images, for each class but the background.
    pub scores: Vec<Score>,
}

impl Report {
    /// Mean Dice of the classes that the held-out images show; 1 if they show none.
    pub fn dice(&self) -> f64 {
        let shown: Vec<f64> =
            self.scores.iter().filter(|score| score.truth > 0).map(Score::dice).collect();
        if shown.is_empty() { 1.0 } else { shown.iter().sum::<f64>() / shown.len() as f64 }
    }
}

/// Fits a network of `shape` to the samples 0, 1, 2, … of `sample`, which runs on a thread of its own, and
/// returns the store that holds its weights. `report` hears how it goes on `held_out`.
///
/// # Errors
/// If the schedule or the shape cannot be, a sample cannot be made, or the loss is no longer a number.
pub fn fit<E: Example>(
    shape: &UNet2dShape,
    schedule: &Schedule,
    mut sample: impl FnMut(u64) -> Result<E, TrainingError> + Send,
    held_out: &[E],
    mut report: impl FnMut(Report),
) -> Result<VarStore, TrainingError> {
    schedule.check()?;
    tch::manual_seed(schedule.seed as i64);
    let store = VarStore::new(Device::Cpu);
    let network = UNet2d::new(&store.root(), shape).map_err(TrainingError::Options)?;
    let mut optimiser =
        nn::AdamW { wd: 1e-4, ..Default::default() }.build(&store, schedule.learning_rate)?;
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(WAITING);
        scope.spawn(move || {
            for step in 0..schedule.steps {
                let numbers = step * schedule.batch..(step + 1) * schedule.batch;
                let samples: Result<Vec<E>, _> =
                    numbers.map(|number| sample(number as u64)).collect();
                // The other side hangs up when it has failed.
                if send.send(samples).is_err() {
                    return;
                }
            }
        });
        let (mut sum, mut count) = (0.0, 0);
        for step in 0..schedule.steps {
            let samples = receive.recv().map_err(|_| TrainingError::NoSamples)??;
            let (images, labels) = E::batch(&samples)?;
            let loss = loss(&network.forward(&images)?, &labels)?;
            optimiser.set_lr(schedule.rate(step));
            optimiser.zero_grad();
            loss.f_backward()?;
            optimiser.clip_grad_norm(1.0);
            optimiser.step();
            let value = loss.f_double_value(&[])?;
            if !value.is_finite() {
                return Err(TrainingError::Diverged { step, loss: value });
            }
            (sum, count) = (sum + value, count + 1);
            if schedule.reports_after(step) {
                let scores = scores(&network, shape.output_channels, held_out)?;
                report(Report { step: step + 1, loss: sum / f64::from(count), scores });
                (sum, count) = (0.0, 0);
            }
        }
        Ok(())
    })?;
    Ok(store)
}

fn scores<E: Example>(
    network: &UNet2d,
    classes: usize,
    examples: &[E],
) -> Result<Vec<Score>, TrainingError> {
    let mut scores = vec![Score::default(); classes.saturating_sub(1)];
    for example in examples {
        let (images, labels) = E::batch(std::slice::from_ref(example))?;
        let found = tch::no_grad(|| network.forward(&images)?.f_argmax(1, false))?;
        let count =
            |tensor: &Tensor| tensor.f_sum(None)?.f_int64_value(&[]).map(|count| count as u64);
        for (class, score) in (1..).zip(&mut scores) {
            let (found, truth) = (found.f_eq(class)?, labels.f_eq(class)?);
            score.both += count(&found.f_logical_and(&truth)?)?;
            score.found += count(&found)?;
            score.truth += count(&truth)?;
        }
    }
    Ok(scores)
}

#[cfg(test)]
mod tests;
