//! The executable `vesalius-imaging`.

use std::process::ExitCode;

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
        .node::<ReconstructVolume>("reconstruct", "pastes placed images into a volume")
        .node::<ReconstructLabels>(
            "reconstruct_labels",
            "pastes what a network saw in placed images into a volume",
        )
        .main()
}
