//! The executable `vesalius-imaging`.

use std::process::ExitCode;

use imaging::preoperative::Preoperative;
use imaging::reconstruct_labels::ReconstructLabels;
use imaging::reconstruct_volume::ReconstructVolume;
use imaging::sequence::Sequence;
use runtime::Executable;

fn main() -> ExitCode {
    Executable::new("imaging")
        .device::<Sequence>(
            "sequence",
            "plays a recorded PLUS sequence at its own pace: images, poses, or both",
        )
        .device::<Preoperative>(
            "preoperative",
            "reads the preoperative image, labels drawn in it (NRRD, NIfTI-1, MetaImage), and surfaces (STL, PLY, VTP)",
        )
        .node::<ReconstructVolume>("reconstruct", "pastes placed images into a volume")
        .node::<ReconstructLabels>(
            "reconstruct_labels",
            "pastes what a network saw in placed images into a volume",
        )
        .main()
}
