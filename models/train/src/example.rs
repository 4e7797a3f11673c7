//! What a network is fitted to: images with a label for each pixel.

use tch::{Kind, Tensor};

use crate::error::TrainingError;

/// An image with its truth, as one of a batch.
pub trait Example: Sized + Send + 'static {
    /// A batch as the network takes it, `images × channels × rows × columns` as floats, and the labels,
    /// `images × rows × columns` as whole numbers.
    ///
    /// # Errors
    /// If there is none, they differ in size, or libtorch fails.
    fn batch(examples: &[Self]) -> Result<(Tensor, Tensor), TrainingError>;
}

/// Labels of images of one size as a tensor.
///
/// # Errors
/// If libtorch fails.
pub(crate) fn labels(
    flat: &[u8],
    [images, rows, columns]: [usize; 3],
) -> Result<Tensor, TrainingError> {
    let size = [images as i64, rows as i64, columns as i64];
    Ok(Tensor::f_from_data_size(flat, &size, Kind::Uint8)?.f_to_kind(Kind::Int64)?)
}

/// What a batch without images is refused with.
pub(crate) fn empty() -> TrainingError {
    TrainingError::Options("expected at least one image in a batch, but none came".into())
}

/// What images of different sizes are refused with.
pub(crate) fn uneven(rows: usize, columns: usize) -> TrainingError {
    TrainingError::Options(format!("expected all images of a batch to be {rows} × {columns}"))
}
