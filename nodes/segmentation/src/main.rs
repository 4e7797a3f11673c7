//! The executable `vesalius-segmentation`.

use std::process::ExitCode;

use runtime::Executable;
use segmentation::segment_image::SegmentImage;

fn main() -> ExitCode {
    Executable::new("segmentation")
        .node::<SegmentImage>("image", "labels each pixel of each image with a network")
        .main()
}
