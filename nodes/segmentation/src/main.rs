//! The executable `vesalius-segmentation`.

use std::process::ExitCode;

use runtime::Executable;
use segmentation::extract_surfaces::ExtractSurfaces;
use segmentation::segment_image::SegmentImage;
use segmentation::segment_volume::{SegmentConeBeam, SegmentPreoperative};
use segmentation::trace_labels::{TraceConeBeam, TraceLabels};
use segmentation::trace_volume::TraceVolume;

fn main() -> ExitCode {
    Executable::new("segmentation")
        .node::<SegmentImage>("image", "labels each pixel of each image with a network")
        .node::<SegmentPreoperative>(
            "volume",
            "labels each voxel of a preoperative volume with a network",
        )
        .node::<SegmentConeBeam>(
            "cone_beam_volume",
            "labels each voxel of a volume made during the procedure with a network",
        )
        .node::<TraceLabels>(
            "preoperative_vessel_tree",
            "traces the vessels of a labelled preoperative volume: centrelines with radii",
        )
        .node::<TraceConeBeam>(
            "cone_beam_vessel_tree",
            "traces the vessels of a labelled volume made during the procedure",
        )
        .node::<TraceVolume>(
            "vessel_tree",
            "traces the vessels of a volume reconstructed from labelled images",
        )
        .node::<ExtractSurfaces>(
            "surfaces",
            "finds the closed surface of each structure of labelled and of hand-drawn volumes, and takes imported ones",
        )
        .main()
}
