//! Where images and instruments are: poses brought together in time and space.
//!
//! | module | idea |
//! | --- | --- |
//! | [`pose_history`] | where a tool was at an instant between two of its poses |
//! | [`locate_image`] | the node that places each image where the tracker saw the probe |

pub mod locate_image;
pub mod pose_history;
