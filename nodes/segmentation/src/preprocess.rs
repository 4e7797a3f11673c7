//! An 8-bit image onto the grid that a network takes: resampled, scaled, and padded as its card says.

use models::card::{Input, Intensity, Padding};
use ndarray::{Array2, Array3, ArrayView2};
use thiserror::Error;

/// More pixels than any network here should be given at once (8192 × 8192).
const MOST_PIXELS: usize = 1 << 26;

/// Why an image cannot be prepared, or an output cannot be brought back.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PreparationError {
    /// An image without pixels.
    #[error(
        "expected an image with pixels, but {height_px} rows of {width_px} came; look at its source"
    )]
    Empty {
        /// Rows.
        height_px: usize,
        /// Columns.
        width_px: usize,
    },
    /// A pixel size that none can have.
    #[error(
        "expected pixel sizes above 0 mm, but {x_mm} × {y_mm} came; check the image's calibration"
    )]
    Spacing {
        /// Between columns.
        x_mm: f64,
        /// Between rows.
        y_mm: f64,
    },
    /// The pixel size makes the network's grid senseless.
    #[error(
        "an image of {width_px} × {height_px} pixels of {x_mm} × {y_mm} mm would need {came:.0} pixels for the \
         network, which takes at most {MOST_PIXELS}; check the pixel size, which must be in mm"
    )]
    TooLarge {
        /// Columns of the image.
        width_px: usize,
        /// Rows of the image.
        height_px: usize,
        /// Between columns.
        x_mm: f64,
        /// Between rows.
        y_mm: f64,
        /// Pixels that the network's grid would have.
        came: f64,
    },
    /// An image or an output of another size than the one prepared for.
    #[error(
        "expected {expected:?} rows and columns, but {came:?} came; prepare anew when the size changes"
    )]
    Size {
        /// Rows and columns.
        expected: (usize, usize),
        /// Rows and columns.
        came: (usize, usize),
    },
}

/// How images of one size and pixel size become a network's input, and how its grid lies on theirs.
///
/// The network's grid covers the same area as the image: its pixels have the size on the card, rounded so
/// that a whole number of them fits. Padding follows at the right and the lower side.
#[derive(Clone, Debug, PartialEq)]
pub struct Preparation {
    image: (usize, usize),
    network: (usize, usize),
    padded: (usize, usize),
    padding: Padding,
    intensity: Intensity,
    rows: Filter,
    columns: Filter,
}

impl Preparation {
    /// For images of `height_px` rows and `width_px` columns with `spacing_mm` between columns and between
    /// rows (x, y), and a network that takes `input`.
    ///
    /// # Errors
    /// If the image has no pixels, a pixel size is not above zero, or the network's grid would be too large.
    pub fn new(
        (height_px, width_px): (usize, usize),
        spacing_mm: [f64; 2],
        input: &Input,
    ) -> Result<Self, PreparationError> {
        if height_px == 0 || width_px == 0 {
            return Err(PreparationError::Empty { height_px, width_px });
        }
        let [x_mm, y_mm] = spacing_mm;
        if !spacing_mm.iter().all(|spacing| spacing.is_finite() && *spacing > 0.0) {
            return Err(PreparationError::Spacing { x_mm, y_mm });
        }
        let divisor = input.size_divisor.max(1);
        let resampled = |count: usize, from_mm: f64| match input.spacing_mm {
            None => count as f64,
            Some(to_mm) => (count as f64 * from_mm / to_mm).round().max(1.0),
        };
        let (height, width) = (resampled(height_px, y_mm), resampled(width_px, x_mm));
        let came = (height + divisor as f64) * (width + divisor as f64);
        // Also false for what is no number or infinite.
        if !(came <= MOST_PIXELS as f64) {
            return Err(PreparationError::TooLarge { width_px, height_px, x_mm, y_mm, came });
        }
        let network = (height as usize, width as usize);
        Ok(Self {
            image: (height_px, width_px),
            network,
            padded: (network.0.next_multiple_of(divisor), network.1.next_multiple_of(divisor)),
            padding: input.padding,
            intensity: input.intensity,
            rows: Filter::new(height_px, network.0),
            columns: Filter::new(width_px, network.1),
        })
    }

    /// Rows and columns of the images.
    pub fn image_size(&self) -> (usize, usize) {
        self.image
    }

    /// Rows and columns of the network's grid, without padding.
    pub fn network_size(&self) -> (usize, usize) {
        self.network
    }

    /// Rows and columns of what the network takes, with padding.
    pub fn padded_size(&self) -> (usize, usize) {
        self.padded
    }

    /// The network's input, `1 × rows × columns`, of an image.
    ///
    /// # Errors
    /// If the image has another size than [`Preparation::image_size`].
    pub fn apply(&self, image: ArrayView2<'_, u8>) -> Result<Array3<f32>, PreparationError> {
        if image.dim() != self.image {
            return Err(PreparationError::Size { expected: self.image, came: image.dim() });
        }
        let grey = image.mapv(|value| self.intensity.scale(f32::from(value)));
        let resampled = resample(&grey, &self.rows, &self.columns);
        Ok(self.pad(&resampled))
    }

    fn pad(&self, image: &Array2<f32>) -> Array3<f32> {
        let Padding::Mirror = self.padding;
        let (height, width) = self.network;
        let columns: Vec<usize> =
            (0..self.padded.1).map(|column| mirrored(column, width)).collect();
        let mut padded = Array3::zeros((1, self.padded.0, self.padded.1));
        for row in 0..self.padded.0 {
            let source = image.row(mirrored(row, height));
            for (target, &column) in
                padded.slice_mut(ndarray::s![0, row, ..]).iter_mut().zip(&columns)
            {
                *target = source[column];
            }
        }
        padded
    }
}

/// The pixel that a mirror at the centre of the last pixel, and another at that of the first, shows at `at`.
pub(crate) fn mirrored(at: usize, count: usize) -> usize {
    let period = 2 * (count - 1);
    if period == 0 {
        return 0;
    }
    let within = at % period;
    within.min(period - within)
}

/// The weights that make each of `to` samples out of neighbouring ones of `from`, both covering the same extent.
///
/// Linear interpolation between the centres of the samples; when there are fewer samples than before, the
/// triangle is widened to the new distance, so that fine detail is averaged and not picked at random
/// (as `Pillow` and `PyTorch` with `antialias=True`).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filter {
    from: usize,
    taps: Vec<Tap>,
}

#[derive(Clone, Debug, PartialEq)]
struct Tap {
    first: usize,
    weights: Vec<f32>,
}

impl Filter {
    /// Both counts are at least 1.
    pub(crate) fn new(from: usize, to: usize) -> Self {
        let scale = from as f64 / to as f64;
        let reach = scale.max(1.0);
        let taps = (0..to)
            .map(|index| {
                let centre = (index as f64 + 0.5) * scale;
                let first = (centre - reach + 0.5).floor().max(0.0) as usize;
                let end = ((centre + reach + 0.5).floor() as usize).min(from);
                let weight =
                    |at: usize| (1.0 - ((at as f64 + 0.5 - centre) / reach).abs()).max(0.0);
                let weights: Vec<f64> = (first..end).map(weight).collect();
                let sum: f64 = weights.iter().sum();
                Tap { first, weights: weights.iter().map(|weight| (weight / sum) as f32).collect() }
            })
            .collect();
        Self { from, taps }
    }

    fn is_identity(&self) -> bool {
        self.from == self.taps.len()
    }
}

/// Applies one filter along the rows' direction and one along the columns'.
pub(crate) fn resample(image: &Array2<f32>, rows: &Filter, columns: &Filter) -> Array2<f32> {
    let narrowed =
        if columns.is_identity() { image.clone() } else { along_columns(image, columns) };
    if rows.is_identity() { narrowed } else { along_rows(&narrowed, rows) }
}

fn along_columns(image: &Array2<f32>, columns: &Filter) -> Array2<f32> {
    let mut result = Array2::zeros((image.nrows(), columns.taps.len()));
    for (source, mut target) in image.rows().into_iter().zip(result.rows_mut()) {
        for (target, tap) in target.iter_mut().zip(&columns.taps) {
            let near = source.iter().skip(tap.first);
            *target = tap.weights.iter().zip(near).map(|(weight, value)| weight * value).sum();
        }
    }
    result
}

fn along_rows(image: &Array2<f32>, rows: &Filter) -> Array2<f32> {
    let mut result = Array2::zeros((rows.taps.len(), image.ncols()));
    for (mut target, tap) in result.rows_mut().into_iter().zip(&rows.taps) {
        for (offset, &weight) in tap.weights.iter().enumerate() {
            target.scaled_add(weight, &image.row(tap.first + offset));
        }
    }
    result
}

#[cfg(test)]
#[path = "preprocess_tests.rs"]
mod tests;
