//! Damaged and hostile files are errors, or well-formed volumes; never a panic, and never much memory.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod dicom_files;

use std::io::Write;
use std::path::Path;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_files::encoders::{NUMBERS, twelve_bits, with_syntax};
use dicom_files::frames::{baseline_jpeg, lossless_jpeg, run_lengths};
use dicom_files::{
    BIG, EXPLICIT, IMPLICIT, Object, SECRET, file, fragments, read_files, sequence, short, slice,
    text,
};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use formats::dicom::{Choice, Error, Series, is_dicom, read_series};
use formats::metaimage::Limits;
use proptest::prelude::*;

/// Two slices in each transfer syntax that is read.
fn good() -> Vec<[Vec<u8>; 2]> {
    let pair = |syntax: &str, change: &dyn Fn(&mut Object)| {
        [0.0, 2.0].map(|height| {
            let mut object = slice(height);
            let mut item = Object::new_empty();
            text(&mut item, tags::CODE_VALUE, VR::SH, "x");
            sequence(&mut object, tags::PROCEDURE_CODE_SEQUENCE, vec![item.clone(), item]);
            change(&mut object);
            file(&object, syntax)
        })
    };
    let frame = |frame: Vec<u8>| {
        move |object: &mut Object| {
            twelve_bits(object);
            fragments(object, &[], vec![frame.clone()]);
        }
    };
    let baseline = |object: &mut Object| {
        twelve_bits(object);
        short(object, tags::ROWS, 8);
        short(object, tags::COLUMNS, 16);
        fragments(object, &[], vec![baseline_jpeg(&[200, 40])]);
    };
    vec![
        pair(EXPLICIT, &|_| {}),
        pair(IMPLICIT, &|_| {}),
        pair(BIG, &|_| {}),
        pair(uids::RLE_LOSSLESS, &frame(run_lengths(&NUMBERS))),
        pair(uids::JPEG_LOSSLESS_SV1, &frame(lossless_jpeg(&NUMBERS, 4, 12))),
        pair(uids::JPEG_BASELINE8_BIT, &baseline),
    ]
}

fn read_pair(pair: &[Vec<u8>; 2], limits: &Limits) -> Result<Series, Error> {
    let names = ["a", "b"].map(str::to_owned);
    read_series(names.into_iter().zip(pair.clone()), Choice::Only, &SECRET, limits)
}

/// Well-formed, if it is a volume at all.
fn check(read: Result<Series, Error>) -> Result<(), TestCaseError> {
    match read {
        Ok(series) => {
            prop_assert_eq!(series.volume.voxels.len(), series.volume.len());
            prop_assert!(series.volume.lps_from_voxel.iter().all(|value| value.is_finite()));
            prop_assert!(series.volume.lps_from_voxel.try_inverse().is_some());
        }
        Err(error) => prop_assert!(!error.to_string().is_empty()),
    }
    Ok(())
}

#[test]
fn a_file_cut_off_anywhere_is_an_error() {
    for pair in good() {
        assert!(read_pair(&pair, &Limits::default()).is_ok());
        let length = pair[1].len();
        for cut in 0..length {
            let mut pair = pair.clone();
            pair[1].truncate(cut);
            let Err(error) = read_pair(&pair, &Limits::default()) else {
                // Only what nobody looks at may be gone: the mark that ends an image.
                assert!(length - cut <= 10, "{cut} of {length} bytes were enough");
                continue;
            };
            assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn real_files_cut_off_or_changed_anywhere_are_errors() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = Path::new(folder).join("totalsegmentator_ct_mr/example_ct_dicom");
    if !folder.exists() {
        println!("SKIPPED: real data {} is absent", folder.display());
        return;
    }
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let [a, b] = [0, 1].map(|at| std::fs::read(&paths[at]).unwrap());
    assert!(read_pair(&[a.clone(), b.clone()], &Limits::default()).is_ok());
    // What comes before the pixels: every 50th byte.
    let pixels = b.windows(4).position(|at| at == [0xe0, 0x7f, 0x10, 0]).unwrap();
    let far = (pixels..b.len() - 8).step_by(b.len() / 40);
    for cut in (0..pixels).step_by(50).chain(far) {
        let pair = [b[..cut].to_vec(), a.clone()];
        assert!(read_pair(&pair, &Limits::default()).is_err(), "{cut} bytes");
    }
    // In the code stream: its head, and a byte here and there.
    for step in 0..60 {
        let at = pixels + 28 + if step < 50 { 3 * step } else { step * 2477 };
        let mut b = b.clone();
        b[at] ^= [1, 0x80, 0xff][step % 3];
        check(read_pair(&[b, a.clone()], &Limits::default())).unwrap();
    }
}

#[test]
fn deep_nests_do_not_exhaust_the_stack() {
    for is_closed in [true, false] {
        let mut bytes = file(&Object::new_empty(), EXPLICIT);
        let depth = 200_000;
        for _ in 0..depth {
            bytes.extend([8, 0, 0x15, 0x11, b'S', b'Q', 0, 0, 0xff, 0xff, 0xff, 0xff]);
            bytes.extend([0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff]);
        }
        for _ in 0..if is_closed { depth } else { 0 } {
            bytes.extend([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0]);
            bytes.extend([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
        }
        let said = read_files(vec![("x".to_owned(), bytes)]).unwrap_err().to_string();
        assert!(said.contains(if is_closed { "`PixelData`" } else { "cut off" }), "{said}");
    }
}

#[test]
fn a_small_file_cannot_claim_or_unfold_much() {
    let told = |bytes: Vec<u8>| read_files(vec![("x".to_owned(), bytes)]).unwrap_err().to_string();
    // Far more than is there, in each encoding.
    let mut huge = slice(0.0);
    short(&mut huge, tags::ROWS, 65_535);
    short(&mut huge, tags::COLUMNS, 16_000);
    assert!(told(file(&huge, EXPLICIT)).contains("should have 2097120000 bytes, but have 24"));
    short(&mut huge, tags::COLUMNS, 65_535);
    assert!(told(file(&huge, EXPLICIT)).contains("more than the limit of 4294967296"));
    for (syntax, frame, columns, reason) in [
        (uids::RLE_LOSSLESS, run_lengths(&NUMBERS), 30_000, "a segment ends early"),
        (uids::JPEG_LOSSLESS, lossless_jpeg(&NUMBERS, 4, 12), 30_000, "it was cut off"),
        (uids::JPEG_BASELINE8_BIT, baseline_jpeg(&[1]), 30_000, "it was cut off"),
    ] {
        let mut object = slice(0.0);
        twelve_bits(&mut object);
        short(&mut object, tags::ROWS, 65_535);
        short(&mut object, tags::COLUMNS, columns);
        let mut frame = frame;
        // The head says the same.
        for at in 0..frame.len() - 9 {
            if frame[at] == 0xff && matches!(frame[at + 1], 0xc0 | 0xc3) {
                frame[at + 5..at + 7].copy_from_slice(&65_535_u16.to_be_bytes());
                frame[at + 7..at + 9].copy_from_slice(&columns.to_be_bytes());
                break;
            }
        }
        fragments(&mut object, &[], vec![frame]);
        let said = told(file(&object, syntax));
        assert!(said.contains(reason), "{said}");
    }
    // A code stream that is nothing but its head.
    let mut head = vec![0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0];
    for word in [30_000_u32, 65_535, 0, 0, 30_000, 65_535, 0, 0] {
        head.extend(word.to_be_bytes());
    }
    head.extend([0, 1, 15, 1, 1]);
    let mut object = slice(0.0);
    short(&mut object, tags::ROWS, 65_535);
    short(&mut object, tags::COLUMNS, 30_000);
    fragments(&mut object, &[], vec![head]);
    let said = told(file(&object, uids::JPEG2000));
    assert!(
        said.contains("JPEG 2000 pixels are damaged (it is larger than so few bytes"),
        "{said}"
    );
    // Elements without end, and a length that is not there.
    let empty = file(&Object::new_empty(), EXPLICIT);
    let many = [8, 0, 5, 0, b'C', b'S', 0, 0].repeat(1 << 17);
    assert!(told([&empty[..], &many].concat()).contains("the limit (65536 elements)"));
    let long = [9, 0, 1, 0x10, b'O', b'B', 0, 0, 0, 0, 0, 0x20];
    let said = told([&empty[..], &long].concat());
    assert!(said.contains("longer than the limit (268435456 bytes)"), "{said}");
    let long = [9, 0, 1, 0x10, b'O', b'B', 0, 0, 0, 0, 0, 1];
    assert!(
        told([&empty[..], &long].concat()).contains("declares 16777216 bytes, but only 0 follow")
    );
}

/// Each of many frames would look through all that is shared, for minutes.
#[test]
fn much_that_very_many_frames_share_is_refused() {
    let mut object = slice(0.0);
    text(&mut object, tags::NUMBER_OF_FRAMES, VR::IS, "50000");
    let mut shared = Object::new_empty();
    for element in 0..30_000 {
        text(&mut shared, Tag(0x0009, 0x1000 + element), VR::SH, "x");
    }
    let mut group = Object::new_empty();
    sequence(&mut group, tags::PIXEL_MEASURES_SEQUENCE, vec![shared]);
    sequence(&mut object, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![group]);
    let frames = vec![Object::new_empty(); 50_000];
    sequence(&mut object, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames);
    let said = read_files(vec![("x".to_owned(), file(&object, EXPLICIT))]).unwrap_err();
    let said = said.to_string();
    assert!(said.contains("should be at most 21474 bytes for 50000 frames"), "{said}");
}

#[test]
fn a_deflated_bomb_is_stopped_early() {
    // 2 GiB of zeros, and of one private element.
    let element = [9, 0, 1, 0x10, b'O', b'B', 0, 0, 0xf0, 0xff, 0xff, 0x7f];
    for start in [&[][..], &element] {
        let mut bomb = with_syntax(&file(&Object::new_empty(), EXPLICIT), "1.2.840.10008.1.2.1.99");
        let mut encoder = DeflateEncoder::new(&mut bomb, Compression::fast());
        encoder.write_all(start).unwrap();
        let zeros = vec![0; 1 << 20];
        for _ in 0..256 {
            encoder.write_all(&zeros).unwrap();
        }
        encoder.finish().unwrap();
        let said = read_files(vec![("x".to_owned(), bomb)]).unwrap_err().to_string();
        assert!(said.contains("longer than the limit"), "{said}");
    }
}

proptest! {
    #[test]
    fn damaged_files_are_errors_or_volumes_and_never_panic(
        changes in proptest::collection::vec((0_usize..1500, any::<u8>()), 1..6),
        in_pixels: bool,
        which in 0_usize..6,
    ) {
        let mut pair = good().swap_remove(which);
        let length = pair[1].len();
        for (at, value) in changes {
            // The last bytes are the pixels, compressed or not.
            let at = if in_pixels { length.saturating_sub(1 + at % 180) } else { at % length };
            pair[1][at] = value;
        }
        let limits = Limits { pixel_bytes: 1 << 20, ..Limits::default() };
        check(read_pair(&pair, &limits))?;
    }

    #[test]
    fn any_bytes_are_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        start in 0_usize..4,
    ) {
        let start: &[u8] = [&[0; 128][..], b"", &[8, 0, 5, 0], &[2, 0, 0x10, 0, b'U', b'I']][start];
        let magic: &[u8] = if start.len() == 128 { b"DICM" } else { b"" };
        let bytes = [start, magic, &bytes].concat();
        is_dicom(&bytes);
        prop_assert!(read_files(vec![("x".to_owned(), bytes)]).is_err());
    }
}
