//! The executable `vesalius-imaging`.

use std::process::ExitCode;

use imaging::dicom_receiver::DicomReceiver;
use imaging::openigtlink::OpenIgtLink;
use imaging::preoperative::Preoperative;
use imaging::reconstruct_labels::ReconstructLabels;
use imaging::reconstruct_volume::ReconstructVolume;
use imaging::sequence::Sequence;
use imaging::{files, openigtlink_files, reconstruct_sweep};
use runtime::{Executable, Tool};

fn main() -> ExitCode {
    let tool = |name, help, run| Tool { name, help, run };
    Executable::new("imaging")
        .device::<Sequence>(
            "sequence",
            "plays a recorded PLUS sequence at its own pace: images, poses, or both",
        )
        .device::<Preoperative>(
            "preoperative",
            "reads the preoperative image, labels drawn in it (NRRD, NIfTI, MetaImage), and surfaces (STL, PLY, VTP, VTK)",
        )
        .device::<DicomReceiver>(
            "dicom_receiver",
            "a DICOM storage service (C-STORE, C-ECHO): the images that a scanner pushes become one volume",
        )
        .device::<OpenIgtLink>(
            "openigtlink",
            "takes live ultrasound images from an OpenIGTLink server, such as PLUS or 3D Slicer",
        )
        .node::<ReconstructVolume>("reconstruct", "pastes placed images into a volume")
        .node::<ReconstructLabels>(
            "reconstruct_labels",
            "pastes what a network saw in placed images into a volume",
        )
        .tool(tool(
            "reconstruct",
            "makes a volume of a tracked sweep, as PLUS does",
            reconstruct_sweep::run,
        ))
        .tool(tool("info", "tells what a file of images or shapes, or a recording, holds", files::info::run))
        .tool(tool("convert", "writes a file of images or shapes as another kind", files::convert::run))
        .tool(tool("igtl", "shows OpenIGTLink messages, and makes them from JSON", openigtlink_files::run))
        .main()
}
