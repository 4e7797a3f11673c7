//! Where images and instruments are: poses brought together in time and space.
//!
//! | module | idea |
//! | --- | --- |
//! | [`pose_history`] | where a tool was at an instant between two of its poses |
//! | [`locate_image`] | the node that places each image where the tracker saw the probe |
//! | [`triangle`], [`triangle_mesh`] | the nearest place of a triangle, and the nearest triangle of a mesh |
//! | [`structure_distance`] | signed distances of points and shafts from a closed surface |
//! | [`alarm`] | what a distance means, without flicker |
//! | [`trust`] | whether a registration may guide |
//! | [`tool_axis`], [`watched`] | a shaft in the preoperative image, and how far it is from each structure |
//! | [`navigate`] | the node that says how far each tool is from each structure |
//! | [`plane_cut`], [`outline`] | where an image's plane cuts a bent mesh, and lines from the pieces |
//! | [`overlay`] | the node that outlines the structures in each image |
//! | [`reslice`] | a picture of a volume along any plane |
//! | [`reslice_image`] | the node that shows the preoperative image in the plane of the live one |

pub mod alarm;
pub mod locate_image;
pub mod navigate;
pub mod outline;
pub mod overlay;
pub mod plane_cut;
pub mod pose_history;
pub mod reslice;
pub mod reslice_image;
pub mod structure_distance;
pub mod tool_axis;
pub mod triangle;
pub mod triangle_mesh;
pub mod trust;
pub mod watched;
