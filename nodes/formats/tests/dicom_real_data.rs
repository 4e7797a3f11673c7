//! Real CT series: the same millimetre has the same value as in the `NIfTI` file made of it by others.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use formats::dicom::{Choice, Error, Modality, Series, is_dicom, read_series};
use formats::metaimage::{Limits, Pixels};
use formats::placed_volume::PlacedVolume;
use nalgebra::Point3;

const SECRET: [u8; 32] = [7; 32];

fn data(name: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(name);
    if !path.exists() {
        println!("SKIPPED: real data {name} is absent");
        return None;
    }
    Some(path)
}

type Files = Vec<(String, Vec<u8>)>;

fn files_of(folder: &Path) -> Files {
    let mut files: Files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into(), std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// The 129 slices of the portal-phase CT, unpacked once.
fn portal_phase() -> Option<&'static [(String, Vec<u8>)]> {
    static FILES: OnceLock<Option<Files>> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        let archive = data("ircadb01_ct_vessels/PATIENT_DICOM.tar.xz")?;
        let folder = std::env::temp_dir().join(format!("formats-dicom-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let tar = Command::new("tar").arg("-xJf").arg(archive).arg("-C").arg(&folder).status();
        let is_unpacked = tar.is_ok_and(|status| status.success());
        let files = is_unpacked.then(|| files_of(&folder.join("PATIENT_DICOM")));
        std::fs::remove_dir_all(folder).unwrap();
        if files.is_none() {
            println!("SKIPPED: `tar` cannot unpack PATIENT_DICOM.tar.xz");
        }
        files
    });
    files.as_deref()
}

fn read(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Series, Error> {
    read_series(files, Choice::Only, &SECRET, &Limits::default())
}

fn nifti(name: &str) -> Option<PlacedVolume> {
    let bytes = std::fs::read(data(name)?).unwrap();
    Some(PlacedVolume::read(&bytes, &Limits::default(), |_| unreachable!("one file")).unwrap())
}

/// The value of the voxel whose centre is at a place, if there is one within a hundredth of a voxel.
fn value_at(volume: &PlacedVolume, values: &[i16], place: Point3<f64>) -> Option<i16> {
    let index = volume.lps_from_voxel.try_inverse().unwrap().transform_point(&place);
    let whole = index.map(f64::round);
    assert!((index - whole).amax() < 0.01, "{place} is between voxels: {index}");
    let inside = |axis: usize| (0.0..volume.dims[axis] as f64).contains(&whole[axis]);
    let at = |axis: usize| whole[axis] as usize;
    let [width, height, _] = volume.dims;
    (0..3).all(inside).then(|| values[at(0) + width * (at(1) + height * at(2))])
}

#[test]
fn a_portal_phase_ct_is_the_same_as_its_nifti_file_at_each_millimetre() {
    let (Some(files), Some(golden)) = (portal_phase(), nifti("ircadb01_ct_vessels/ct.nii.gz"))
    else {
        return;
    };
    assert!(files.iter().all(|(_, bytes)| is_dicom(bytes)));
    let series = read(files.iter().cloned()).unwrap();
    assert_eq!((series.modality, series.set_aside, series.is_lossy), (Modality::Ct, 0, false));
    assert!((series.slice_thickness_mm.unwrap() - 1.6).abs() < 1e-6);
    // Its number is empty, yet it has a name and a birth date; it names no frame of reference.
    assert!(series.patient.is_some() && series.frame_of_reference.is_none());

    let volume = series.volume;
    assert_eq!(volume.dims, golden.dims);
    let difference = (volume.lps_from_voxel - golden.lps_from_voxel).abs().max();
    assert!(difference < 1e-5, "{} and {}", volume.lps_from_voxel, golden.lps_from_voxel);
    let (Pixels::I16(ours), Pixels::I16(theirs)) = (&volume.voxels, &golden.voxels) else {
        panic!("16 bits each");
    };
    let differ = ours.iter().zip(theirs).filter(|(a, b)| a != b).count();
    assert_eq!(differ, 0, "of {}", ours.len());
    // And by place, without a word on how the grids run.
    for k in 0..2000_usize {
        let index = [k * 7919 % 512, k * 104_729 % 512, k * 1_299_709 % 129];
        let place = volume.lps_from_voxel.transform_point(&Point3::from(index.map(|i| i as f64)));
        let value = value_at(&volume, ours, place);
        assert!(value.is_some());
        assert_eq!(value, value_at(&golden, theirs, place), "{place}");
    }
}

#[test]
fn the_order_of_files_does_not_matter() {
    let Some(files) = portal_phase() else { return };
    // Slices 10 to 99.
    let sorted: Vec<_> = files.iter().filter(|(name, _)| name.len() == 8).cloned().collect();
    let series = read(sorted.clone()).unwrap();
    let mut scrambled = sorted;
    let count = scrambled.len();
    for at in 0..count {
        scrambled.swap(at, (at * 31 + 17) % count);
    }
    for (at, (name, _)) in scrambled.iter_mut().enumerate() {
        *name = format!("{at}");
    }
    assert_eq!(read(scrambled).unwrap(), series);
}

#[test]
fn a_slice_left_out_is_told_with_its_place() {
    let Some(files) = portal_phase() else { return };
    let left = files
        .iter()
        .filter(|(name, _)| !["image_20", "image_21", "image_40"].contains(&name.as_str()));
    let error = read(left.filter(|(name, _)| name.len() <= 8).cloned()).unwrap_err();
    let Error::MissingSlices { missing, gaps, gap, spacing_mm, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!((*missing, *gaps, *gap), (3, 2, 2));
    assert!((spacing_mm - 1.6).abs() < 1e-6);
    let said = error.to_string();
    assert!(said.contains("`image_19`") && said.contains("`image_22`"), "{said}");
}

#[test]
fn a_ct_in_jpeg_2000_lies_where_its_segmentation_does_and_has_the_values_of_a_body() {
    let Some(folder) = data("totalsegmentator_ct_mr/example_ct_dicom") else { return };
    let Some(golden) = nifti("totalsegmentator_ct_mr/example_seg_dicom.nii.gz") else { return };
    let series = read(files_of(&folder)).unwrap();
    // De-identified: nobody is named, though an issuer of numbers is.
    assert!(series.patient.is_none() && series.frame_of_reference.is_some());
    assert!(!series.is_lossy);
    let volume = series.volume;
    assert_eq!(volume.dims, golden.dims);
    let corner = |volume: &PlacedVolume, index: [usize; 3]| {
        volume.lps_from_voxel.transform_point(&Point3::from(index.map(|i| i as f64)))
    };
    // The label map runs the other way along y.
    let [width, height, depth] = volume.dims;
    for index in [[0, 0, 0], [width - 1, 0, 0], [0, height - 1, 0], [0, 0, depth - 1]] {
        let mirrored = [index[0], height - 1 - index[1], index[2]];
        let (ours, theirs) = (corner(&volume, index), corner(&golden, mirrored));
        assert!((ours - theirs).norm() < 1e-3, "{index:?}: {ours} and {theirs}");
    }
    let Pixels::I16(values) = &volume.voxels else { panic!("16 bits") };
    let labels = golden.clone().into_labels().unwrap();
    let mut sums = std::collections::BTreeMap::<u16, (f64, f64)>::new();
    for (at, &label) in labels.iter().enumerate() {
        let (x, y, z) = (at % width, at / width % height, at / width / height);
        let place = corner(&golden, [x, y, z]);
        let index = volume.lps_from_voxel.try_inverse().unwrap().transform_point(&place);
        let index = index.map(|i| i.round() as usize);
        let value = values[index.x + width * (index.y + height * index.z)];
        let sum = sums.entry(label).or_default();
        sum.0 += f64::from(value);
        sum.1 += 1.0;
    }
    // Labels of TotalSegmentator: spleen, liver, aorta, a lumbar vertebra; a contrast-enhanced CT.
    for (label, usual) in
        [(1, 60.0..120.0), (5, 60.0..120.0), (52, 130.0..250.0), (32, 150.0..350.0)]
    {
        let (sum, count) = sums[&label];
        assert!(usual.contains(&(sum / count)), "label {label}: {} HU", sum / count);
    }
}
