//! Real CT and label volumes, read the same as Python's standard library reads their bytes.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io;
use std::path::PathBuf;

use formats::metaimage::{Limits, Pixels};
use formats::placed_volume::{PlacedVolume, VolumeKind, Written};
use nalgebra::Point3;

/// A volume of the real data, or a printed line that it is absent.
fn volume(name: &str) -> Option<PlacedVolume> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let path = PathBuf::from(folder).join(name);
    if !path.exists() {
        println!("SKIPPED: real data {name} is absent");
        return None;
    }
    let alone = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
    Some(PlacedVolume::read(&std::fs::read(path).unwrap(), &Limits::default(), alone).unwrap())
}

fn place(volume: &PlacedVolume, index: [f64; 3]) -> [f64; 3] {
    volume.lps_from_voxel.transform_point(&Point3::from(index)).into()
}

#[test]
fn the_portal_phase_ct() {
    let Some(ct) = volume("ircadb01_ct_vessels/ct.nii.gz") else { return };
    assert_eq!(ct.dims, [512, 512, 129]);
    // Its rows point to the patient's right and front in RAS words, so to the left and back.
    let [x, y, z] = place(&ct, [100.0, 10.0, 5.0]);
    assert!((x - 57.0).abs() < 1e-4 && (y - 5.7).abs() < 1e-4 && (z - 8.0).abs() < 1e-4);
    let Pixels::I16(values) = &ct.voxels else { panic!("16 bit") };
    assert_eq!(values.iter().map(|&value| i64::from(value)).sum::<i64>(), -14_871_565_770);
    assert_eq!(values[values.len() / 2], -1003);
}

#[test]
fn the_label_maps_of_the_same_patient() {
    for (name, voxels) in [("portalvein", 103_533), ("livertumor", 214_376), ("artery", 114_923)] {
        let name = format!("ircadb01_ct_vessels/mask_{name}.nii.gz");
        let Some(mask) = volume(&name) else { return };
        let labels = mask.into_labels().unwrap();
        assert!(labels.iter().all(|&label| label <= 1));
        assert_eq!(labels.iter().filter(|&&label| label == 1).count(), voxels, "{name}");
    }
}

#[test]
fn volumes_of_other_types_and_orientations() {
    let Some(wide) = volume("totalsegmentator_ct_mr/example_ct.nii.gz") else { return };
    let Pixels::I32(values) = &wide.voxels else { panic!("32 bit") };
    assert_eq!(values.iter().map(|&value| i64::from(value)).sum::<i64>(), -496_851_173);
    assert_eq!(wide.into_intensities().unwrap().iter().max(), Some(&3382));
    let Some(labels) = volume("totalsegmentator_ct_mr/example_seg_dicom.nii.gz") else { return };
    // A header extension of 12 KiB lies before the voxels.
    assert_eq!(place(&labels, [0.0; 3]), [-249.511_718_75, 61.511_718_75, -804.5]);
    assert_eq!(place(&labels, [1.0, 0.0, 0.0])[0], -249.511_718_75 + 0.976_562_5);
    let labels = labels.into_labels().unwrap();
    assert_eq!(labels.iter().filter(|&&label| label == 64).count(), 3015);
}

#[test]
fn the_portal_phase_ct_is_the_same_in_each_other_kind() {
    let Some(ct) = volume("ircadb01_ct_vessels/ct.nii.gz") else { return };
    // Compression takes long and is tested on small volumes.
    for kind in [
        VolumeKind::MetaImage,
        VolumeKind::NrrdDetached { stem: "ct".to_owned() },
        VolumeKind::Nifti1 { gzip: false },
        VolumeKind::Nifti2 { gzip: false },
    ] {
        let Written { bytes, beside } = ct.write(&kind, false).unwrap();
        let mut second = beside.map(|(_, bytes)| bytes);
        let read = |_: &str| second.take().ok_or(io::Error::from(io::ErrorKind::NotFound));
        let back = PlacedVolume::read(&bytes, &Limits::default(), read).unwrap();
        assert_eq!(back.dims, ct.dims);
        assert!(back.voxels == ct.voxels, "{kind:?}");
        for corner in [[0.0; 3], [511.0, 0.0, 128.0], [511.0, 511.0, 128.0]] {
            let [x, y, z] =
                [0, 1, 2].map(|axis| place(&back, corner)[axis] - place(&ct, corner)[axis]);
            assert!(x.abs() + y.abs() + z.abs() < 1e-9, "{kind:?}: {x} {y} {z}");
        }
    }
}
