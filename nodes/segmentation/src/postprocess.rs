//! A network's output to labels on the image's grid: decided, cropped, brought back, and cleaned of specks.

use models::card::{Decision, Output, Values};
use ndarray::{Array2, ArrayView2, ArrayView3, s};
use thiserror::Error;

use crate::preprocess::{Filter, Preparation, PreparationError, resample};

/// Why an output cannot become labels.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum OutputError {
    /// Another number of channels than the card says.
    #[error(
        "expected an output of {expected} channels, as the card says, but {came} came; use the model's own card"
    )]
    Channels {
        /// As the card says.
        expected: usize,
        /// As the network gave.
        came: usize,
    },
    /// The network gave something that is no number.
    #[error(
        "the network's output at row {row}, column {column} is not a number; this image cannot be segmented"
    )]
    NotANumber {
        /// On the network's grid.
        row: usize,
        /// On the network's grid.
        column: usize,
    },
    /// Another size than was prepared.
    #[error(transparent)]
    Size(#[from] PreparationError),
}

/// The label of each pixel on the network's grid, from an output of `channels × rows × columns`.
///
/// # Errors
/// If the channels are not those of the card, or a value is not a number.
pub fn decide(values: ArrayView3<'_, f32>, output: &Output) -> Result<Array2<u8>, OutputError> {
    let (channels, height, width) = values.dim();
    if channels != output.channels() || channels == 0 {
        return Err(OutputError::Channels { expected: output.channels(), came: channels });
    }
    let mut winner = Array2::<u8>::zeros((height, width));
    let mut best = Array2::from_elem((height, width), f32::NEG_INFINITY);
    for (channel, plane) in values.outer_iter().enumerate() {
        for ((at, &value), (winner, best)) in
            plane.indexed_iter().zip(winner.iter_mut().zip(best.iter_mut()))
        {
            if value.is_nan() {
                return Err(OutputError::NotANumber { row: at.0, column: at.1 });
            }
            if value > *best {
                *winner = channel as u8;
                *best = value;
            }
        }
    }
    let least = match (output.decision, output.values) {
        (Decision::Argmax, _) => return Ok(winner),
        (Decision::Threshold(probability), Values::Probabilities) => probability as f32,
        (Decision::Threshold(probability), Values::Logits) => {
            (probability / (1.0 - probability)).ln() as f32
        }
    };
    winner.zip_mut_with(&best, |label, &best| *label = if best >= least { *label + 1 } else { 0 });
    Ok(winner)
}

/// Labels on the image's grid: each pixel takes that of the network's pixel at its centre.
///
/// # Errors
/// If `labels` has not the size that the network was given.
pub fn labels_to_image(
    labels: ArrayView2<'_, u8>,
    preparation: &Preparation,
) -> Result<Array2<u8>, PreparationError> {
    let labels = crop(labels, preparation)?;
    let nearest = |to: usize, from: usize| -> Vec<usize> {
        // The centre (index + 1/2) · from / to, in whole numbers.
        (0..to).map(|index| ((2 * index + 1) * from / (2 * to)).min(from - 1)).collect()
    };
    let (height, width) = preparation.image_size();
    let rows = nearest(height, labels.nrows());
    let columns = nearest(width, labels.ncols());
    Ok(Array2::from_shape_fn((height, width), |(row, column)| labels[[rows[row], columns[column]]]))
}

/// A plane of values, such as one class's probability, on the image's grid, interpolated linearly.
///
/// # Errors
/// If `values` has not the size that the network was given.
pub fn values_to_image(
    values: ArrayView2<'_, f32>,
    preparation: &Preparation,
) -> Result<Array2<f32>, PreparationError> {
    let values = crop(values, preparation)?.to_owned();
    let (height, width) = preparation.image_size();
    Ok(resample(&values, &Filter::new(values.nrows(), height), &Filter::new(values.ncols(), width)))
}

/// Takes the padding off.
fn crop<'a, T>(
    plane: ArrayView2<'a, T>,
    preparation: &Preparation,
) -> Result<ArrayView2<'a, T>, PreparationError> {
    if plane.dim() != preparation.padded_size() {
        return Err(PreparationError::Size {
            expected: preparation.padded_size(),
            came: plane.dim(),
        });
    }
    let (height, width) = preparation.network_size();
    Ok(plane.slice_move(s![..height, ..width]))
}

/// Turns connected regions of one label, joined by their pixels' sides, that have fewer than `least_area_px`
/// pixels into background.
pub fn remove_specks(labels: &mut Array2<u8>, least_area_px: usize) {
    let (height, width) = labels.dim();
    let mut seen = Array2::from_elem((height, width), false);
    let mut region = Vec::new();
    for start in ndarray::indices((height, width)) {
        let label = labels[start];
        if label == 0 || seen[start] {
            continue;
        }
        region.clear();
        region.push(start);
        seen[start] = true;
        let mut next = 0;
        while next < region.len() {
            let (row, column) = region[next];
            next += 1;
            // Stepping below zero wraps round to a number that lies outside.
            let neighbours = [
                (row.wrapping_sub(1), column),
                (row + 1, column),
                (row, column.wrapping_sub(1)),
                (row, column + 1),
            ];
            for at in neighbours {
                if at.0 < height && at.1 < width && !seen[at] && labels[at] == label {
                    seen[at] = true;
                    region.push(at);
                }
            }
        }
        if region.len() < least_area_px {
            for &at in &region {
                labels[at] = 0;
            }
        }
    }
}

#[cfg(test)]
#[path = "postprocess_tests.rs"]
mod tests;
