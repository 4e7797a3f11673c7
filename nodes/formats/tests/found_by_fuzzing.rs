//! Inputs that once made a reader fail or give a value that cannot be used, and what is said of each now.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use formats::metaimage::{Image, Limits, Volume};
use formats::placed_volume::PlacedVolume;
use formats::plus_config::PlusConfig;
use formats::plus_sequence::Sequence;

/// Finite steps along axes that span space, and an infinite inverse.
#[test]
fn voxels_too_small_to_compute_with() {
    let bytes = b"NDims = 3\nDimSize = 1 1 1\nElementSpacing = 0.51e-308 1 2.5\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n0";
    let limits = Limits::default();
    assert!(Image::read(bytes, &limits).is_ok());
    for said in [
        Volume::read(bytes, &limits).unwrap_err().to_string(),
        PlacedVolume::read(&bytes[..], &limits, |_| Ok(Vec::new())).unwrap_err().to_string(),
    ] {
        assert!(said.contains("ElementSpacing = 5.1e-309 1e0 2.5e0"), "{said}");
    }
}

/// Finite spacing and directions, whose product is infinite.
#[test]
fn voxels_too_large_to_compute_with() {
    let bytes = b"NDims = 3\nDimSize = 1 1 1\nElementSpacing = 1e300 1 1\nTransformMatrix = 1e9 0 0 0 1 0 0 0 1\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n0";
    let said = Volume::read(bytes, &Limits::default()).unwrap_err().to_string();
    assert!(said.contains("so large or so small"), "{said}");
}

#[test]
fn a_volume_too_far_away_to_compute_with() {
    let bytes = b"NRRD0004\ntype: uchar\ndimension: 3\nspace: LPS\nsizes: 1 1 1\nspace directions: (1e-9,0,0) (0,1,0) (0,0,1)\nspace origin: (1e308,0,0)\nencoding: raw\n\n0";
    let read = PlacedVolume::read(&bytes[..], &Limits::default(), |_| Ok(Vec::new()));
    let said = read.unwrap_err().to_string();
    assert!(said.contains("the place of the volume"), "{said}");
}

/// A matrix that is not singular beside the lengths of its axes, but whose inverse is infinite.
#[test]
fn a_transform_whose_inverse_is_infinite() {
    let matrix = "1e-107 0 0 0  0 1e-107 0 0  0 0 1e-107 0  0 0 0 1";
    let config = format!(
        "<PlusConfiguration><CoordinateDefinitions><Transform From='a' To='b' Matrix='{matrix}'/></CoordinateDefinitions></PlusConfiguration>"
    );
    let said = PlusConfig::parse(config.as_bytes()).unwrap_err().to_string();
    assert!(said.contains("aTob cannot be used") && said.contains("inverse"), "{said}");
    let sequence = format!(
        "NDims = 3\nDimSize = 0 0 1\nElementType = MET_OTHER\nSeq_Frame0_Timestamp = 0\nSeq_Frame0_ATo3Transform = {matrix}\nSeq_Frame0_ATo3TransformStatus = OK\nElementDataFile = LOCAL\n"
    );
    let said = Sequence::read(sequence.as_bytes(), &Limits::default()).unwrap_err().to_string();
    assert!(said.contains("marked OK") && said.contains("inverse"), "{said}");
}
