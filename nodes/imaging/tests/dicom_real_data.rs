//! Real series that are pushed become the volume that the same folder is read as.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

mod dicom_bench;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dicom_bench::{Bench, dcmtk, python, root, send, text};
use formats::dicom::{Choice, read_series};
use formats::metaimage::Limits;
use serde_json::json;

fn data(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/data").join(name);
    if !path.exists() {
        println!("SKIPPED: real data {name} is absent");
        return None;
    }
    Some(path)
}

/// What is pushed from a folder equals what is read from it.
fn same(folder: &Path, bench: &mut Bench) {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.display().to_string(), std::fs::read(&path).unwrap())
    });
    let read = read_series(files, Choice::Only, &[1; 32], &Limits::default()).unwrap().volume;
    let (_, volume) = bench.volume();
    assert_eq!(volume.size.map(|count| count as usize), read.dims);
    let rows = read.lps_from_voxel.fixed_view::<3, 4>(0, 0).into_owned();
    assert_eq!(*volume.frame_from_voxel.rows(), rows);
    let expected = read.into_intensities().unwrap();
    assert!(volume.voxels.as_slice() == expected, "voxels differ");
    assert!(bench.told.is_empty(), "{:#?}", bench.told);
}

#[test]
fn a_portal_phase_ct_pushed_by_dcmtk_is_the_folder_that_it_is_read_from() {
    let (Some(archive), Some(mut storescu)) =
        (data("ircadb01_ct_vessels/PATIENT_DICOM.tar.xz"), dcmtk("storescu"))
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let tar = Command::new("tar").arg("-xJf").arg(archive).arg("-C").arg(folder.path()).status();
    assert!(tar.is_ok_and(|status| status.success()), "`tar` cannot unpack the archive");
    let images = folder.path().join("PATIENT_DICOM");
    let mut bench = Bench::new(json!({ "modality": "ct" }));
    let stored = storescu
        .args(["-aec", "VESALIUS", "+sd", "127.0.0.1", &bench.port()])
        .arg(&images)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(stored.status.success(), "{}", text(&stored));
    same(&images, &mut bench);
}

#[test]
fn a_ct_in_jpeg_2000_pushed_by_pynetdicom_is_the_folder_that_it_is_read_from() {
    let (Some(folder), Some(python)) = (data("totalsegmentator_ct_mr/example_ct_dicom"), python())
    else {
        return;
    };
    let mut bench = Bench::new(json!({ "modality": "ct" }));
    let said = send(&python, &["--port", &bench.port(), "--folder", folder.to_str().unwrap()]);
    assert_eq!(said["statuses"], json!({ "0000": 20 }), "{said}");
    same(&folder, &mut bench);
}
