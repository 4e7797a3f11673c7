//! Volumes as NIfTI-1 and NIfTI-2 in two files, header and voxels.

use std::io;

use formats::nifti;

use super::nifti::{file, file_2};
use super::{
    BESIDE, LIMITS, Target, assert_said, assert_volume, bounded, gzip, has, inflated, with_beside,
};

/// What is tried, and with what.
pub const TARGET: Target =
    Target { name: "nifti_pair", check, seeds, words: super::nifti::TARGET.words };

fn check(bytes: &[u8]) {
    let (header, image) = with_beside(bytes);
    let is_packed = image.is_some_and(|image| image.starts_with(&[0x1f, 0x8b]));
    let image_name = if is_packed { "a.b.img.gz" } else { "a.b.img" };
    let read_as = |name: Option<&str>| {
        nifti::read(header, &LIMITS, name, |asked| {
            // A header from outside must not make a caller open any other file.
            assert!(["a.b.img", "a.b.img.gz"].contains(&asked), "{asked}");
            let found = image.filter(|_| asked == image_name);
            found.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    };
    let inflated = if has(bytes, &[0x1f, 0x8b]) { inflated(bytes.len()) } else { 0 };
    match bounded(bytes.len(), inflated, || read_as(Some("a.b.hdr"))) {
        Ok(volume) => {
            assert!(nifti::is_nifti(header));
            // Whatever the case of its ending; but a header alone does not say what the other file is called.
            let same = read_as(Some("a.b.HDR.gz")).expect("the same by another name");
            assert_eq!((same.dims, same.lps_from_voxel), (volume.dims, volume.lps_from_voxel));
            let is_pair = read_as(None).is_err();
            assert_eq!(read_as(Some("a.b.nii")).is_err(), is_pair);
            assert!(image.is_some() || !is_pair);
            assert_volume(volume);
        }
        Err(error) => assert_said(&error),
    }
}

/// Headers of both versions and byte orders, with the voxels as they are and as gzip.
fn seeds() -> Vec<Vec<u8>> {
    let pair = |whole: &[u8], length: usize, pack: fn(&[u8]) -> Vec<u8>| {
        [&whole[..length], BESIDE, &pack(&whole[whole.len() - 24..])].concat()
    };
    let raw: fn(&[u8]) -> Vec<u8> = <[u8]>::to_vec;
    let one = |is_big| file(is_big, &[(108, &[0; 4]), (344, b"ni1\0")]);
    let two = |is_big| file_2(is_big, &[(4, b"ni2"), (168, &[0; 8])]);
    let skipped: Vec<u8> =
        [&file(false, &[(108, &3_f32.to_le_bytes()), (344, b"ni1\0")])[..348], BESIDE, b"skp"]
            .concat();
    vec![
        pair(&one(false), 348, raw),
        pair(&one(true), 352, gzip),
        pair(&two(false), 540, gzip),
        pair(&two(true), 544, raw),
        [&skipped[..], &[7; 24]].concat(),
        [&gzip(&one(false)[..348]), BESIDE, &[7; 24]].concat(),
        two(false),
        file(false, &[]),
    ]
}
