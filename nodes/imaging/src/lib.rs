//! Images: where they come from, and the volumes made of ultrasound images.
//!
//! | module | idea |
//! | --- | --- |
//! | [`sequence`] | the device that plays a recorded sequence |
//! | [`openigtlink`] | the device of live images of an OpenIGTLink server |
//! | [`preoperative`] | the device that reads the preoperative image and its labels from files |
//! | [`dicom_receiver`] | the device to which a scanner pushes the images of a series |
//! | [`reconstruct`] | placed images pasted into a growing voxel volume |
//! | [`importance_file`] | how important each pixel is for such a volume, from a picture |
//! | [`image_area`] | where in the images of a sweep the ultrasound is |
//! | [`growing_volume`] | such a volume, given out now and then |
//! | [`reconstruct_volume`], [`reconstruct_labels`] | the nodes around it: grey values, and what a network saw |
//! | [`reconstruct_sweep`] | the tool that makes a volume of a recorded sweep |
//! | [`files`] | the tools that tell what a file holds, and write it as another kind |
//! | [`openigtlink_files`] | the tool that shows OpenIGTLink messages as JSON, and makes them from it |

pub mod dicom_receiver;
pub mod files;
pub mod growing_volume;
pub mod image_area;
pub mod importance_file;
pub mod openigtlink;
pub mod openigtlink_files;
pub mod preoperative;
mod progress;
pub mod reconstruct;
pub mod reconstruct_labels;
pub mod reconstruct_sweep;
pub mod reconstruct_volume;
pub mod sequence;
