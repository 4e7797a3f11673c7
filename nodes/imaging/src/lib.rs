//! Ultrasound images: where they come from, and the volumes made of them.
//!
//! | module | idea |
//! | --- | --- |
//! | [`sequence`] | the device that plays a recorded sequence |
//! | [`reconstruct`] | placed images pasted into a growing voxel volume |
//! | [`reconstruct_volume`] | the node around it |

pub mod reconstruct;
pub mod reconstruct_volume;
pub mod sequence;
