//! Enhanced multi-frame files: each frame lies where its functional groups say, its own or the shared ones.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod dicom_files;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_files::frames::{lossless_jpeg, run_lengths};
use dicom_files::{
    BIG, Change, EXPLICIT, IMPLICIT, Object, decimals, file, fragments, image, read_files,
    sequence, slice, text, words,
};
use formats::dicom::{Error, Series};
use formats::metaimage::Pixels;
use nalgebra::Point3;

/// A group of one attribute, as a sequence of one item in `object`.
fn group(object: &mut Object, tag: Tag, attributes: &[(Tag, &[f64])]) {
    let mut item = Object::new_empty();
    for (tag, values) in attributes {
        decimals(&mut item, *tag, values);
    }
    sequence(object, tag, vec![item]);
}

fn position(object: &mut Object, height: f64) {
    let place: &[f64] = &[-10.0, -20.0, height];
    group(object, tags::PLANE_POSITION_SEQUENCE, &[(tags::IMAGE_POSITION_PATIENT, place)]);
}

fn orientation(object: &mut Object) {
    let directions: &[f64] = &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let attribute = (tags::IMAGE_ORIENTATION_PATIENT, directions);
    group(object, tags::PLANE_ORIENTATION_SEQUENCE, &[attribute]);
}

fn measures(object: &mut Object, between_rows: f64) {
    let attributes: [(Tag, &[f64]); 2] =
        [(tags::PIXEL_SPACING, &[between_rows, 0.5]), (tags::SLICE_THICKNESS, &[3.0])];
    group(object, tags::PIXEL_MEASURES_SEQUENCE, &attributes);
}

fn values(object: &mut Object, intercept: f64) {
    let attributes: [(Tag, &[f64]); 2] =
        [(tags::RESCALE_SLOPE, &[1.0]), (tags::RESCALE_INTERCEPT, &[intercept])];
    group(object, tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, &attributes);
}

/// Numbers of all frames: 100 times the frame, plus the pixel.
fn numbers(frames: usize) -> Vec<u16> {
    (0..frames as u16).flat_map(|frame| (0..12).map(move |at| 100 * frame + at)).collect()
}

/// Frames at heights; all but the place is shared.
fn enhanced(heights: &[f64]) -> Object {
    let mut object = image();
    text(&mut object, tags::SOP_CLASS_UID, VR::UI, uids::ENHANCED_CT_IMAGE_STORAGE);
    text(&mut object, tags::NUMBER_OF_FRAMES, VR::IS, &heights.len().to_string());
    let mut shared = Object::new_empty();
    orientation(&mut shared);
    measures(&mut shared, 0.75);
    values(&mut shared, -1000.0);
    sequence(&mut object, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![shared]);
    let frames = heights.iter().map(|&height| {
        let mut frame = Object::new_empty();
        position(&mut frame, height);
        frame
    });
    let frames = frames.collect();
    sequence(&mut object, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames);
    words(&mut object, &numbers(heights.len()));
    object
}

fn read_one(object: &Object, syntax: &str) -> Result<Series, Error> {
    read_files(vec![("e".to_owned(), file(object, syntax))])
}

/// Checks frames at 2, 0 and 4 mm.
fn check(series: &Series) {
    assert_eq!(series.volume.dims, [4, 3, 3]);
    let place = series.volume.lps_from_voxel.transform_point(&Point3::new(1.0, 2.0, 1.0));
    assert_eq!(place, Point3::new(-9.5, -18.5, 2.0));
    assert_eq!(series.slice_thickness_mm, Some(3.0));
    let expected =
        [1, 0, 2].iter().flat_map(|frame| (0..12).map(move |at| 100 * frame + at - 1000));
    assert_eq!(series.volume.voxels, Pixels::I16(expected.collect()));
}

#[test]
fn frames_are_sorted_by_place_in_each_encoding() {
    for syntax in [EXPLICIT, IMPLICIT, BIG] {
        check(&read_one(&enhanced(&[2.0, 0.0, 4.0]), syntax).unwrap());
    }
}

#[test]
fn compressed_frames_are_found_by_fragment_or_by_table() {
    let all = numbers(3);
    let frames = all.chunks(12);
    for (syntax, frames) in [
        (uids::RLE_LOSSLESS, frames.clone().map(run_lengths).collect::<Vec<_>>()),
        (uids::JPEG_LOSSLESS_SV1, frames.map(|frame| even(lossless_jpeg(frame, 4, 16))).collect()),
    ] {
        let mut object = enhanced(&[2.0, 0.0, 4.0]);
        fragments(&mut object, &[], frames.clone());
        check(&read_one(&object, syntax).unwrap());
        // The second frame in two fragments.
        let mut parts = frames.clone();
        let rest = parts[1].split_off(20);
        parts.insert(2, rest);
        let begin =
            |part: usize| parts[..part].iter().map(|part| part.len() as u32 + 8).sum::<u32>();
        let table = [begin(0), begin(1), begin(3)];
        fragments(&mut object, &table, parts.clone());
        check(&read_one(&object, syntax).unwrap());
        for table in [&[][..], &[0, 1, 2], &table[..2], &[begin(1), begin(2), begin(3)]] {
            fragments(&mut object, table, parts.clone());
            let said = read_one(&object, syntax).unwrap_err().to_string();
            assert!(said.contains("3 frames in 4 fragments without an offset table"), "{said}");
        }
        fragments(&mut object, &[], frames[..2].to_vec());
        let said = read_one(&object, syntax).unwrap_err().to_string();
        assert!(said.contains("3 frames with 2 compressed fragments"), "{said}");
    }
}

fn even(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

#[test]
fn what_a_frame_says_itself_counts_before_what_is_shared() {
    let with = |change: fn(&mut Object)| {
        let mut object = enhanced(&[0.0, 2.0]);
        let frames = [0.0, 2.0].map(|height| {
            let mut frame = Object::new_empty();
            position(&mut frame, height);
            if height > 0.0 {
                change(&mut frame);
            }
            frame
        });
        sequence(&mut object, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames.into());
        read_one(&object, EXPLICIT)
    };
    let Pixels::I16(numbers) = with(|frame| values(frame, 7.0)).unwrap().volume.voxels else {
        panic!("16 bits");
    };
    assert_eq!((numbers[0], numbers[12]), (-1000, 107));
    let said = with(|frame| measures(frame, 0.8)).unwrap_err().to_string();
    assert!(said.contains("(`e` frame 2)") || said.contains("(`e` frame 1)"), "{said}");
    assert!(said.contains("0.8000 mm along columns") && said.contains("0.7500 mm"), "{said}");
}

#[test]
fn frames_may_be_spread_over_files_and_stand_beside_slices() {
    let classic = |height| {
        let mut object = slice(height);
        decimals(&mut object, tags::RESCALE_INTERCEPT, &[0.0]);
        object
    };
    let files = [enhanced(&[0.0, 6.0]), classic(4.0), enhanced(&[8.0, 2.0])];
    let series = read_files(dicom_files::files(&files)).unwrap();
    assert_eq!(series.volume.dims, [4, 3, 5]);
    let Pixels::I16(values) = series.volume.voxels else { panic!("16 bits") };
    let first: Vec<i16> = values.chunks(12).map(|slice| slice[0]).collect();
    assert_eq!(first, [-1000, -900, 40, -900, -1000]);
    let said =
        read_files(dicom_files::files(&[enhanced(&[0.0, 2.0]), enhanced(&[6.0, 8.0, 10.0])]));
    let said = said.unwrap_err().to_string();
    assert!(
        said.contains("between `a` frame 2 (2.000 mm") && said.contains("`b` frame 1"),
        "{said}"
    );
}

#[test]
fn groups_that_are_missing_or_do_not_fit_are_told() {
    let cases: [(Change, &str); 6] = [
        (
            |o| text(o, tags::NUMBER_OF_FRAMES, VR::IS, "3"),
            "`NumberOfFrames` (0028,0008) should be as many as there are functional groups (2), but is `3`",
        ),
        (
            |o| assert!(o.remove_element(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE)),
            "no `ImageOrientationPatient`",
        ),
        (
            |o| {
                let frames = vec![Object::new_empty(), Object::new_empty()];
                sequence(o, tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames);
            },
            "no `ImagePositionPatient`",
        ),
        (
            |o| {
                let mut shared = Object::new_empty();
                orientation(&mut shared);
                measures(&mut shared, 1.0);
                sequence(o, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![shared]);
            },
            "no `RescaleSlope`",
        ),
        (
            |o| assert!(o.remove_element(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)),
            "2 frames without functional groups",
        ),
        (|o| words(o, &numbers(1)), "should have 48 bytes, but have 24"),
    ];
    for (change, reason) in cases {
        let mut object = enhanced(&[0.0, 2.0]);
        change(&mut object);
        let said = read_one(&object, EXPLICIT).unwrap_err().to_string();
        assert!(said.contains(reason), "{reason}: {said}");
    }
}

/// How lengths of sequences and items are written, and of what type sequences are.
#[derive(Clone, Copy)]
struct Style {
    is_sequence_open: bool,
    is_item_open: bool,
    is_unknown: bool,
}

impl Style {
    /// An element by hand; within an unknown one, types are not written.
    fn element(self, tag: Tag, value: &[u8]) -> Vec<u8> {
        let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
        if self.is_unknown {
            bytes.extend((value.len() as u32).to_le_bytes());
        } else {
            bytes.extend(b"DS");
            bytes.extend((value.len() as u16).to_le_bytes());
        }
        [&bytes, value].concat()
    }

    /// A sequence by hand. The outermost has its type written.
    fn sequence(self, tag: Tag, is_outermost: bool, items: &[Vec<u8>]) -> Vec<u8> {
        let mark = |tag: u16, length: u32| {
            let tag = [0xfffe_u16.to_le_bytes(), tag.to_le_bytes()].concat();
            [tag, length.to_le_bytes().to_vec()].concat()
        };
        let mut value = Vec::new();
        for item in items {
            let length = if self.is_item_open { u32::MAX } else { item.len() as u32 };
            value.extend(mark(0xe000, length));
            value.extend(item);
            if self.is_item_open {
                value.extend(mark(0xe00d, 0));
            }
        }
        let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
        if !self.is_unknown || is_outermost {
            bytes.extend(if self.is_unknown { b"UN" } else { b"SQ" });
            bytes.extend([0, 0]);
        }
        let length = if self.is_sequence_open { u32::MAX } else { value.len() as u32 };
        bytes.extend(length.to_le_bytes());
        bytes.extend(value);
        if self.is_sequence_open {
            bytes.extend(mark(0xe0dd, 0));
        }
        bytes
    }

    fn group(self, tag: Tag, attributes: &[(Tag, &str)]) -> Vec<u8> {
        let attributes = attributes.iter().map(|(tag, value)| {
            let mut value = value.as_bytes().to_vec();
            value.resize(value.len().next_multiple_of(2), b' ');
            self.element(*tag, &value)
        });
        self.sequence(tag, false, &[attributes.collect::<Vec<_>>().concat()])
    }
}

#[test]
fn sequences_may_have_lengths_or_marks_or_an_unknown_type() {
    for style in 0..8 {
        let bit = |bit: usize| style >> bit & 1 == 1;
        let style = Style { is_sequence_open: bit(0), is_item_open: bit(1), is_unknown: bit(2) };
        let mut object = enhanced(&[2.0, 0.0, 4.0]);
        for tag in [
            tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
            tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
            tags::PIXEL_DATA,
        ] {
            object.remove_element(tag);
        }
        let mut bytes = file(&object, EXPLICIT);
        let shared = [
            style.group(
                tags::PIXEL_MEASURES_SEQUENCE,
                &[(tags::SLICE_THICKNESS, "3"), (tags::PIXEL_SPACING, "0.75\\0.5")],
            ),
            style.group(
                tags::PLANE_ORIENTATION_SEQUENCE,
                &[(tags::IMAGE_ORIENTATION_PATIENT, "1\\0\\0\\0\\1\\0")],
            ),
            style.group(
                tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE,
                &[(tags::RESCALE_INTERCEPT, "-1000"), (tags::RESCALE_SLOPE, "1")],
            ),
        ];
        let tag = tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE;
        bytes.extend(style.sequence(tag, true, &[shared.concat()]));
        let frames = ["-10\\-20\\2", "-10\\-20\\0", "-10\\-20\\4"].map(|place| {
            style.group(tags::PLANE_POSITION_SEQUENCE, &[(tags::IMAGE_POSITION_PATIENT, place)])
        });
        bytes.extend(style.sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, true, &frames));
        let pixels: Vec<u8> = numbers(3).iter().flat_map(|number| number.to_le_bytes()).collect();
        bytes.extend([0xe0, 0x7f, 0x10, 0, b'O', b'W', 0, 0]);
        bytes.extend((pixels.len() as u32).to_le_bytes());
        bytes.extend(pixels);
        check(&read_files(vec![("e".to_owned(), bytes)]).unwrap());
    }
}
