//! The network of this repository on a made-up body, stored in any order.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use messages::{Affine, Modality, Patient};
use nalgebra::Matrix3x4;

use super::*;

fn segmenter(parameters: impl FnOnce(&mut Parameters)) -> Result<VolumeSegmenter, Error> {
    let card = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/weights/ct_vessels.toml");
    let mut usual = Parameters::new(card);
    parameters(&mut usual);
    VolumeSegmenter::new(&usual)
}

/// Voxels of 2 mm.
const SIZE: [u32; 3] = [160, 128, 28];

/// What lies where in every slice, in voxels: a wall of fat and muscle around fat, in which lie a liver with one
/// thick bright vessel along z, the spine and the aorta. Air outside.
fn hounsfield(x: f64, y: f64) -> i16 {
    let inside = |centre: [f64; 2], radii: [f64; 2]| {
        ((x - centre[0]) / radii[0]).hypot((y - centre[1]) / radii[1]) < 1.0
    };
    // Patient's right is at low x, back at high y.
    if !inside([80.0, 64.0], [76.0, 60.0]) {
        -1000
    } else if !inside([80.0, 64.0], [68.0, 52.0]) {
        -95
    } else if !inside([80.0, 64.0], [63.0, 47.0]) {
        60
    } else if inside([50.0, 58.0], [3.5, 3.5]) {
        180
    } else if inside([52.0, 60.0], [33.0, 34.0]) {
        110
    } else if inside([80.0, 98.0], [11.0, 9.0]) {
        300
    } else if inside([90.0, 82.0], [5.5, 5.5]) {
        170
    } else {
        -90
    }
}

fn slab(turned: bool) -> IntensityVolume<Patient> {
    let [nx, ny, nz] = SIZE;
    let mut voxels = Vec::new();
    for z in 0..nz {
        for y in 0..ny {
            for x in 0..nx {
                let (x, y) = if turned { (nx - 1 - x, ny - 1 - y) } else { (x, y) };
                // A little unrest, as without noise nothing is normal.
                let unrest = ((x * 7 + y * 13 + z * 29) % 15) as i16 - 7;
                voxels.push(hounsfield(x.into(), y.into()) + unrest);
            }
        }
    }
    let sign = if turned { -1.0 } else { 1.0 };
    let corner = |count: u32| if turned { 2.0 * f64::from(count - 1) } else { 0.0 };
    let rows = Matrix3x4::new(
        2.0 * sign,
        0.0,
        0.0,
        corner(nx), //
        0.0,
        2.0 * sign,
        0.0,
        corner(ny), //
        0.0,
        0.0,
        2.0,
        0.0,
    );
    IntensityVolume {
        size: SIZE,
        frame_from_voxel: Affine::from_rows(rows).unwrap(),
        modality: Modality::Ct,
        voxels: voxels.into(),
    }
}

#[test]
fn liver_and_vessel_are_labelled_in_whatever_order_the_voxels_come() {
    let segmenter = segmenter(|_| ()).unwrap();
    let straight = segmenter.segment(&slab(false)).unwrap();
    let [nx, ny, nz] = SIZE.map(|count| count as usize);
    assert_eq!(
        (straight.size, straight.model.as_ref().unwrap().name.as_str()),
        (SIZE, "ct_vessels")
    );
    let structure = |x: usize, y: usize| {
        let label = straight.labels.as_slice()[(nz / 2 * ny + y) * nx + x];
        label.checked_sub(1).map(|label| &straight.structures[usize::from(label)])
    };
    let name = |x: usize, y: usize| structure(x, y).map(|structure| structure.name.as_str());
    assert_eq!((name(1, 1), name(36, 66), name(90, 82)), (None, Some("liver"), Some("aorta")));
    assert!(structure(50, 58).unwrap().kind.is_vessel(), "{:?}", name(50, 58));
    let turned = segmenter.segment(&slab(true)).unwrap();
    let back: Vec<u8> = turned
        .labels
        .as_slice()
        .chunks_exact(nx * ny)
        .flat_map(|slice| slice.iter().rev().copied())
        .collect();
    assert!(straight.labels.as_slice() == back, "the same body, stored from the other corner");
}

#[test]
fn structures_are_named_and_of_their_kind() {
    let segmenter = segmenter(|parameters| parameters.single.push("no_such_thing".into())).unwrap();
    let kind = |name: &str| {
        let found = segmenter.structures.iter().find(|structure| structure.name == name);
        found.map(|structure| structure.kind)
    };
    assert_eq!(kind("portal_vein"), Some(StructureKind::Vein));
    assert_eq!(kind("inferior_vena_cava"), Some(StructureKind::Vein));
    assert_eq!(kind("hepatic_artery"), Some(StructureKind::Artery));
    assert_eq!(kind("liver"), Some(StructureKind::Organ));
    assert_eq!(kind("tumour"), Some(StructureKind::Tumour));
    assert_eq!(kind("background"), None);
    assert!(segmenter.systems.is_some());
}

#[test]
fn what_does_not_fit_is_refused() {
    let error = segmenter(|parameters| parameters.least_component_mm3 = f64::NAN).unwrap_err();
    assert!(matches!(error, Error::LeastComponent(_)));
    let segmenter = segmenter(|_| ()).unwrap();
    let short = IntensityVolume { voxels: vec![0_i16; 5].into(), ..slab(false) };
    assert!(matches!(segmenter.segment(&short), Err(Error::Lattice(LatticeError::Voxels { .. }))));
}
