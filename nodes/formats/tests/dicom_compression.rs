//! Pixels that are deflated, in run lengths or in JPEG; other transfer syntaxes are refused with their name.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod dicom_files;

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use dicom_files::encoders::{
    NUMBERS, deflated, expected, first_in, no_rescale, twelve_bits, volume_in, with_syntax,
};
use dicom_files::frames::{baseline_jpeg, lossless_jpeg, run_lengths};
use dicom_files::{
    EXPLICIT, Object, SECRET, file, fragments, read, read_files, short, slice, text, words,
};
use formats::dicom::{Choice, read_series};
use formats::metaimage::{Limits, Pixels};

#[test]
fn a_deflated_file_is_inflated() {
    let files = [0.0, 2.0].map(|height| {
        let mut object = slice(height);
        twelve_bits(&mut object);
        words(&mut object, &NUMBERS);
        (format!("{height}"), deflated(&file(&object, EXPLICIT)))
    });
    let Pixels::I16(values) = read_files(files.to_vec()).unwrap().volume.voxels else {
        panic!("16 bits");
    };
    assert_eq!(values[..12], expected());
    let mut cut = files.to_vec();
    let length = cut[1].1.len();
    cut[1].1.truncate(length - 20);
    let said = read_files(cut).unwrap_err().to_string();
    assert!(said.contains("`2`: ") && said.contains("inflated"), "{said}");
}

#[test]
fn run_lengths_and_lossless_jpeg_give_each_number_back() {
    let syntaxes = [
        (uids::RLE_LOSSLESS, run_lengths(&NUMBERS)),
        (uids::JPEG_LOSSLESS_SV1, lossless_jpeg(&NUMBERS, 4, 12)),
        (uids::JPEG_LOSSLESS, lossless_jpeg(&NUMBERS, 4, 16)),
    ];
    for (syntax, frame) in syntaxes {
        // In one fragment, and in two.
        let (one, other) = frame.split_at(frame.len() / 4 * 2);
        for parts in [vec![frame.clone()], vec![one.to_vec(), other.to_vec()]] {
            let make = |object: &mut Object| {
                twelve_bits(object);
                fragments(object, &[], parts.clone());
            };
            assert_eq!(first_in(syntax, make), expected(), "{syntax}");
        }
    }
    // Signed numbers keep their sign.
    let read = first_in(uids::JPEG_LOSSLESS_SV1, |object| {
        no_rescale(object);
        let numbers = [-5_i16, 4, -1000, 1000, 0, 0, 0, -1, 1, 2, -2, 7].map(|it| it as u16);
        fragments(object, &[], vec![lossless_jpeg(&numbers, 4, 16)]);
    });
    assert_eq!(read, [-5, 4, -1000, 1000, 0, 0, 0, -1, 1, 2, -2, 7]);
}

#[test]
fn baseline_jpeg_is_read_and_said_to_be_lossy() {
    let objects = [0.0, 2.0].map(|height| {
        let mut object = slice(height);
        no_rescale(&mut object);
        for (tag, value) in [
            (tags::ROWS, 8),
            (tags::COLUMNS, 16),
            (tags::BITS_ALLOCATED, 8),
            (tags::BITS_STORED, 8),
            (tags::HIGH_BIT, 7),
            (tags::PIXEL_REPRESENTATION, 0),
        ] {
            short(&mut object, tag, value);
        }
        fragments(&mut object, &[], vec![baseline_jpeg(&[200, 40])]);
        object
    });
    let files = objects.map(|object| ("x".to_owned(), file(&object, uids::JPEG_BASELINE8_BIT)));
    let series = read_files(files.into()).unwrap();
    assert!(series.is_lossy);
    let Pixels::I16(values) = series.volume.voxels else { panic!("16 bits") };
    for (at, value) in values.into_iter().enumerate() {
        assert_eq!(value, if at % 16 < 8 { 200 } else { 40 });
    }
}

/// Code streams of another hand: without loss the numbers of the other tests, with loss a slope.
#[test]
fn jpeg_2000_gives_each_number_back_or_nearly() {
    let stream = include_bytes!("dicom_files/lossless-16.j2k").to_vec();
    let read = first_in(uids::JPEG2000_LOSSLESS, |object| {
        twelve_bits(object);
        short(object, tags::BITS_STORED, 16);
        short(object, tags::HIGH_BIT, 15);
        fragments(object, &[], vec![stream.clone()]);
    });
    assert_eq!(read, expected());
    let stream = include_bytes!("dicom_files/lossy-8.j2k").to_vec();
    let read = volume_in(uids::JPEG2000, |object| {
        twelve_bits(object);
        for (tag, value) in [
            (tags::ROWS, 16),
            (tags::COLUMNS, 16),
            (tags::BITS_ALLOCATED, 8),
            (tags::BITS_STORED, 8),
            (tags::HIGH_BIT, 7),
        ] {
            short(object, tag, value);
        }
        fragments(object, &[], vec![stream.clone()]);
    });
    let Pixels::I16(values) = read.unwrap() else { panic!("16 bits") };
    for (at, value) in (0..256).zip(values) {
        let (x, y) = (at % 16, at / 16);
        assert!((value - (x * y + 3 * x) % 256).abs() <= 12, "{x} {y}: {value}");
    }
}

#[test]
fn what_is_said_to_be_lossy_is() {
    let with = |said: &str| {
        let objects = [0.0, 2.0].map(|height| {
            let mut object = slice(height);
            text(&mut object, tags::LOSSY_IMAGE_COMPRESSION, VR::CS, said);
            object
        });
        read(&objects).unwrap().is_lossy
    };
    assert!(with("01") && !with("00"));
}

#[test]
fn transfer_syntaxes_that_are_not_read_are_named_with_a_way_out() {
    let frame = run_lengths(&NUMBERS);
    for (syntax, reason) in [
        (
            uids::JPEGLS_LOSSLESS,
            "JPEG-LS (1.2.840.10008.1.2.4.80) is not supported; convert the file first, for example with dcmtk's `dcmdjpls",
        ),
        (uids::JPEGLS_NEAR_LOSSLESS, "JPEG-LS"),
        (uids::HTJ2K_LOSSLESS, "High-Throughput JPEG 2000 (1.2.840.10008.1.2.4.201)"),
        (uids::JPEGXL_LOSSLESS, "JPEG XL"),
        (uids::JPEG2000MC, "JPEG 2000 in parts"),
        (uids::MPEG2MPML, "this is a video"),
        ("1.2.840.10008.1.2.4.55", "`dcmdjpeg in.dcm out.dcm`"),
        (
            "1.2.840.113619.5.2",
            "(1.2.840.113619.5.2) is not supported; convert the file first, for example with `gdcmconv --raw",
        ),
    ] {
        let plain = file(&slice(0.0), EXPLICIT);
        let said = read_files(vec![("x".to_owned(), with_syntax(&plain, syntax))]).unwrap_err();
        assert!(said.to_string().contains(reason), "{reason}: {said}");
    }
    // Of 12 bits with loss only the head is understood.
    let mut twelve = baseline_jpeg(&[1]);
    let head = twelve.windows(2).position(|at| at == [0xff, 0xc0]).unwrap();
    (twelve[head + 1], twelve[head + 4]) = (0xc1, 12);
    for (frame, reason) in [
        (twelve, "12 bits with loss are not read"),
        (frame, "JPEG pixels are damaged (it does not begin as JPEG"),
        (
            lossless_jpeg(&NUMBERS, 4, 12),
            "it has 3 rows of 4 pixels where the data set says 8 of 8",
        ),
    ] {
        let said = volume_in(uids::JPEG_EXTENDED12_BIT, |object| {
            short(object, tags::ROWS, 8);
            short(object, tags::COLUMNS, 8);
            fragments(object, &[], vec![frame.clone()]);
        });
        let said = said.unwrap_err().to_string();
        assert!(said.contains(reason), "{reason}: {said}");
    }
}

#[test]
fn what_is_not_read_does_not_matter_in_another_series() {
    let mut other = slice(9.0);
    text(&mut other, tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.99.7");
    text(&mut other, tags::SERIES_NUMBER, VR::IS, "9");
    let mut files = dicom_files::files(&[slice(0.0), slice(2.0)]);
    let other = with_syntax(&file(&other, EXPLICIT), uids::JPEGLS_LOSSLESS);
    files.push(("z".to_owned(), other));
    let read = |choice| read_series(files.clone(), choice, &SECRET, &Limits::default());
    let said = read(Choice::Only).unwrap_err().to_string();
    assert!(said.contains("1: CT, series number 9, 1 image of 3 rows"), "{said}");
    assert_eq!(read(Choice::Index(0)).unwrap().volume.dims, [4, 3, 2]);
    let said = read(Choice::Index(1)).unwrap_err().to_string();
    assert!(said.contains("`z`: the transfer syntax JPEG-LS"), "{said}");
}
