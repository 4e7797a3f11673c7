//! Segmentation: what networks see in images.
//!
//! - [`preprocess`]: an image onto the grid that a network takes.
//! - [`postprocess`]: a network's output to labels on the image's grid.
//! - [`segment_image`]: the node `image`, a network over each image.
//!
//! The first two are pure; which network it is, what it takes and what its output means stands on its card (`models::card`).

pub mod postprocess;
pub mod preprocess;
pub mod segment_image;
