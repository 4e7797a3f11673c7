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

/// A slab of abdomen: fat around a liver with one thick bright vessel along z.
fn slab(turned: bool) -> IntensityVolume<Patient> {
    let (nx, ny, nz) = (120_u32, 96_u32, 12_u32);
    let mut voxels = Vec::new();
    for z in 0..nz {
        for y in 0..ny {
            for x in 0..nx {
                let (x, y) = if turned { (nx - 1 - x, ny - 1 - y) } else { (x, y) };
                let (dx, dy) = (f64::from(x) - 60.0, f64::from(y) - 48.0);
                let hu = if dx.hypot(dy) < 5.0 {
                    180
                } else if (dx / 45.0).hypot(dy / 36.0) < 1.0 {
                    110
                } else {
                    -90
                };
                // A little unrest, as without noise nothing is normal.
                voxels.push(hu + ((x * 7 + y * 13 + z * 29) % 15) as i16 - 7);
            }
        }
    }
    let sign = if turned { -1.0 } else { 1.0 };
    let (x0, y0) = if turned { (1.5 * 119.0, 1.5 * 95.0) } else { (0.0, 0.0) };
    let rows = Matrix3x4::new(
        1.5 * sign,
        0.0,
        0.0,
        x0, //
        0.0,
        1.5 * sign,
        0.0,
        y0, //
        0.0,
        0.0,
        1.5,
        0.0,
    );
    IntensityVolume {
        size: [nx, ny, nz],
        frame_from_voxel: Affine::from_rows(rows).unwrap(),
        modality: Modality::Ct,
        voxels: voxels.into(),
    }
}

#[test]
fn liver_and_vessel_are_labelled_in_whatever_order_the_voxels_come() {
    let segmenter = segmenter(|_| ()).unwrap();
    let straight = segmenter.segment(&slab(false)).unwrap();
    assert_eq!(
        (straight.size, straight.model.as_ref().unwrap().name.as_str()),
        ([120, 96, 12], "ct_vessels")
    );
    let name = |x: usize, y: usize| {
        let label = straight.labels.as_slice()[(6 * 96 + y) * 120 + x];
        label.checked_sub(1).map(|label| straight.structures[usize::from(label)].name.as_str())
    };
    assert_eq!((name(3, 3), name(60, 70)), (None, Some("liver")));
    let vessel = straight.labels.as_slice()[(6 * 96 + 48) * 120 + 60];
    assert!(straight.structures[usize::from(vessel) - 1].kind.is_vessel(), "{:?}", name(60, 48));
    let turned = segmenter.segment(&slab(true)).unwrap();
    let back: Vec<u8> = turned
        .labels
        .as_slice()
        .chunks_exact(120 * 96)
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
