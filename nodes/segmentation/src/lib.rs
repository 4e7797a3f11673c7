//! Segmentation: what networks see in images, and the vessels in volumes of what they saw.
//!
//! | module | idea |
//! | --- | --- |
//! | [`preprocess`] | an image onto the grid that a network takes |
//! | [`postprocess`] | a network's output to labels on the image's grid |
//! | [`vessel_tree`] | a mask of vessels to their centrelines with radii |
//! | [`surface_net`] | a volume of labels to the closed surface of each; [`mesh`]: its triangles |
//! | [`segment_image`] | the node `image`: a network over each image |
//! | [`segment_volume`] | the nodes `volume` and `cone_beam_volume`: a network over a volume |
//! | [`trace_labels`] | the nodes `preoperative_vessel_tree` and `cone_beam_vessel_tree`: the vessels of a labelled volume |
//! | [`extract_surfaces`] | the node `surfaces`: the surfaces of the structures of labelled volumes, and [`imported`] ones |
//! | [`compute_device`] | what a network runs on here, and why not on the other, for `vesalius doctor` |
//! | [`drawn_over`] | labels give way to what a person drew |
//! | [`trace_volume`] | the node `vessel_tree`: the vessels of a volume reconstructed from labelled images |
//!
//! The first four are pure; which network it is, what it takes and what its output means stands on its card
//! (`models::card`).

pub mod compute_device;
pub mod drawn_over;
pub mod extract_surfaces;
pub mod imported;
pub mod mesh;
pub mod postprocess;
pub mod preprocess;
pub mod segment_image;
pub mod segment_volume;
pub mod surface_net;
pub mod trace_labels;
pub mod trace_volume;
pub mod vessel_tree;
