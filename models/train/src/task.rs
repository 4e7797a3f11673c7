//! What each of our networks learns: its samples, its card, and how it is measured.

use models::Network;
use models::card::{Card, Figure, Format};
use models::unet::UNet2dShape;

use crate::command::Options;
use crate::error::TrainingError;
use crate::example::Example;
use crate::score::Score;

/// One network that `vesalius train` makes.
pub trait Task {
    /// What it is fitted to.
    type Example: Example;

    /// Size of the network, unless the options say otherwise.
    const BASE_CHANNELS: usize;
    /// Levels of resolution, unless the options say otherwise.
    const LEVELS: usize;

    /// How sure it has to be, unless the options say otherwise.
    const CAUTION: f64;

    /// The network of these sizes.
    fn shape(base_channels: usize, levels: usize) -> UNet2dShape;

    /// Endless samples to train on: number 0, 1, 2, …
    fn training(seed: u64) -> impl FnMut(u64) -> Result<Self::Example, TrainingError> + Send;

    /// `count` samples that progress is measured on: patients of a family that is neither trained on nor shown.
    ///
    /// # Errors
    /// If the simulation refuses.
    fn watched(seed: u64, count: usize) -> Result<Vec<Self::Example>, TrainingError>;

    /// The card, without figures.
    fn card(options: &Options, shape: UNet2dShape, about: About) -> Card;

    /// Figures of the finished network on patients of the family of the demonstration, and of the classical
    /// method on the same.
    ///
    /// # Errors
    /// If the simulation or the network refuses.
    fn measure(network: Network, options: &Options) -> Result<Vec<Figure>, TrainingError>;
}

/// What every card says alike.
#[derive(Clone, Debug)]
pub struct About {
    /// Short name.
    pub name: String,
    /// SHA-256 of the weights.
    pub sha256: String,
    /// The command that trained them.
    pub command: String,
}

/// Licence of the weights.
pub(crate) const LICENCE: &str = "Apache-2.0";
/// How they are stored.
pub(crate) const FORMAT: Format = Format::Safetensors;

/// A figure with four digits behind the point.
pub(crate) fn figure(measure: String, value: f64) -> Figure {
    Figure { measure, value: (value * 1e4).round() / 1e4 }
}

/// Dice, precision and sensitivity of `score` on `what`.
pub(crate) fn figures(what: &str, score: &Score) -> [Figure; 3] {
    [
        figure(format!("Dice, {what}"), score.dice()),
        figure("precision, the same".into(), score.precision()),
        figure("sensitivity, the same".into(), score.sensitivity()),
    ]
}
