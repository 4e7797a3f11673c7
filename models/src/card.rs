//! A model card: the TOML file beside a network's weights that says how to use them rightly.
//!
//! A card names the weights with their SHA-256, the image that the network takes, and what its output
//! means. A network is never used without its card, so that scaling, pixel size and classes cannot be
//! guessed wrongly.

mod check;

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::ModelError;
use crate::unet::UNet2dShape;

/// What the card of a network says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Short name, as in messages and recordings.
    pub name: String,
    /// What it was made for, in a sentence or two.
    pub description: String,
    /// Licence of the weights, an SPDX expression.
    pub licence: String,
    /// Whom the licence obliges to name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// How the weights are stored.
    pub format: Format,
    /// The file of weights, relative to the card's folder.
    pub file: PathBuf,
    /// SHA-256 of the file of weights, 64 hexadecimal digits.
    pub sha256: String,
    /// The network that the weights belong to: needed for safetensors; TorchScript brings its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Architecture>,
    /// The image that the network takes.
    pub input: Input,
    /// What its output means.
    pub output: Output,
    /// Where the weights come from and what they were seen to do.
    pub provenance: Provenance,
}

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Named tensors for one of our own architectures.
    Safetensors,
    /// A traced or scripted PyTorch program with its weights.
    Torchscript,
}

/// One of our own networks, with the numbers that set its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Architecture {
    /// See [`crate::unet`].
    Unet2d(UNet2dShape),
}

/// The image that a network takes: a batch of `channels × height × width` float values, where height and
/// width are multiples of `size_divisor`.
///
/// More than one channel: neighbouring slices of a volume, in the order of rising height, of which the middle one
/// is labelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Channels; 1 is a grey image, an odd number of more is that many slices of a volume.
    pub channels: usize,
    /// Pixel size in mm that images are resampled to, in both directions, and distance of slices; none: as they
    /// come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacing_mm: Option<f64>,
    /// Height and width are padded to multiples of this.
    pub size_divisor: usize,
    /// What the padding holds.
    pub padding: Padding,
    /// What grey values or intensities become.
    pub intensity: Intensity,
}

/// What an image is padded with, at its right and its lower side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// The image reflected at the centre of its last pixel, which is not repeated.
    Mirror,
}

/// What an intensity is for the network: an 8-bit grey value, or that of a volume, such as Hounsfield units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Intensity {
    /// The same number, 0 to 255.
    AsIs,
    /// Divided by 255.
    ZeroToOne,
    /// 0 up to `low`, 1 from `high` on, even between.
    Window {
        /// What becomes 0.
        low: f32,
        /// What becomes 1; greater than `low`.
        high: f32,
    },
}

impl Intensity {
    /// What the network is given for `value`.
    pub fn scale(self, value: f32) -> f32 {
        match self {
            Self::AsIs => value,
            Self::ZeroToOne => value * (1.0 / 255.0),
            Self::Window { low, high } => ((value - low) / (high - low)).clamp(0.0, 1.0),
        }
    }
}

/// What a network's output of `channels × height × width` means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// What label 0, 1, … means; label 0 is the background.
    pub classes: Vec<String>,
    /// What the numbers are.
    pub values: Values,
    /// How a pixel's numbers become its label.
    pub decision: Decision,
}

impl Output {
    /// Channels of the network's output under this decision.
    pub fn channels(&self) -> usize {
        match self.decision {
            Decision::Argmax => self.classes.len(),
            Decision::Threshold(_) => self.classes.len().saturating_sub(1),
        }
    }
}

/// What the numbers of an output are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// Before softmax or sigmoid.
    Logits,
    /// After it.
    Probabilities,
}

/// How the numbers of a pixel become its label.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// One channel for each class; the greatest wins, the first of equals.
    Argmax,
    /// One channel for each class but the background; the greatest wins if its probability, between 0 and 1,
    /// reaches this.
    Threshold(f64),
}

/// Where weights come from, and what was measured with them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Where the weights were published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The command that trained them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The seed of that training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Images trained on and what else is worth knowing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Figures on images that were not trained on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<Figure>,
}

/// One measured figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What was measured, on what.
    pub measure: String,
    /// The number.
    pub value: f64,
}

impl Card {
    /// Reads and checks a card.
    ///
    /// # Errors
    /// If the file cannot be read, is no card, has a field that cards do not have, or contradicts itself.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ModelError::CardFile { path: path.into(), source })?;
        Self::parse(&text, path)
    }

    /// Reads a card from its text; `path` is for messages only.
    ///
    /// # Errors
    /// As [`Card::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ModelError> {
        let card: Self = toml::from_str(text).map_err(|error| ModelError::CardSyntax {
            path: path.into(),
            reason: error.to_string().trim().into(),
        })?;
        card.check().map_err(|reason| ModelError::CardContent { path: path.into(), reason })?;
        Ok(card)
    }

    /// Writes the card as TOML, if it is a card that [`Card::read`] would accept.
    ///
    /// # Errors
    /// If the card contradicts itself or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ModelError> {
        self.check().map_err(|reason| ModelError::CardContent { path: path.into(), reason })?;
        let text = toml::to_string_pretty(self).map_err(|error| ModelError::CardSyntax {
            path: path.into(),
            reason: error.to_string(),
        })?;
        std::fs::write(path, text)
            .map_err(|source| ModelError::CardFile { path: path.into(), source })
    }

    /// Where the weights lie: what the caller says, else where the card at `card` says.
    pub fn weights_path(&self, card: &Path, given: Option<&Path>) -> PathBuf {
        given.map_or_else(
            || card.parent().unwrap_or(Path::new("")).join(&self.file),
            Path::to_path_buf,
        )
    }

    /// Checks that the file of weights is the one that the card describes.
    ///
    /// # Errors
    /// If it cannot be read or its SHA-256 differs.
    pub fn verify_weights(&self, weights: &Path) -> Result<(), ModelError> {
        let came = sha256_of(weights).map_err(|source| ModelError::Weights {
            model: self.name.clone(),
            path: weights.into(),
            source,
        })?;
        if came.eq_ignore_ascii_case(&self.sha256) {
            return Ok(());
        }
        Err(ModelError::Checksum {
            model: self.name.clone(),
            path: weights.into(),
            expected: self.sha256.to_ascii_lowercase(),
            came,
        })
    }
}

/// SHA-256 of a file, as 64 hexadecimal digits.
///
/// # Errors
/// If the file cannot be read.
pub fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block)? {
            0 => break,
            count => hash.update(&block[..count]),
        }
    }
    let mut digits = String::with_capacity(64);
    for byte in hash.finalize() {
        digits.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])),
        );
    }
    Ok(digits)
}

#[cfg(test)]
mod tests;
