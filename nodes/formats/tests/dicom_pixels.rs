//! What the bits of pixels mean: byte order, sign, rescaling, padding; and what is refused.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod dicom_files;

use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_files::encoders::{NUMBERS, expected, first_in, no_rescale, twelve_bits, volume_in};
use dicom_files::{
    BIG, Change, EXPLICIT, IMPLICIT, Object, SECRET, decimals, file, read, read_files, short,
    slice, text, told, words,
};
use formats::dicom::{Choice, is_dicom, read_series};
use formats::metaimage::{Limits, Pixels};

#[test]
fn uncompressed_pixels_in_either_byte_order_with_or_without_types() {
    for syntax in [EXPLICIT, IMPLICIT, BIG] {
        let read = first_in(syntax, |object| {
            twelve_bits(object);
            words(object, &NUMBERS);
        });
        assert_eq!(read, expected(), "{syntax}");
    }
}

#[test]
fn eight_bits_in_bytes_and_in_words() {
    let eight = |object: &mut Object| {
        no_rescale(object);
        short(object, tags::BITS_ALLOCATED, 8);
        short(object, tags::BITS_STORED, 8);
        short(object, tags::HIGH_BIT, 7);
    };
    let bytes: Vec<u8> = (0..12).map(|at| 250_u8.wrapping_add(at)).collect();
    let signed: Vec<i16> = bytes.iter().map(|byte| i16::from(*byte as i8)).collect();
    for syntax in [EXPLICIT, IMPLICIT, BIG] {
        let read = first_in(syntax, |object| {
            eight(object);
            let pixels = PrimitiveValue::U8(bytes.clone().into());
            object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, pixels));
        });
        assert_eq!(read, signed, "{syntax}");
        let read = first_in(syntax, |object| {
            eight(object);
            // The first pixel is the lower half of a word.
            let pairs = bytes.chunks(2).map(|two| u16::from_le_bytes([two[0], two[1]]));
            words(object, &pairs.collect::<Vec<_>>());
        });
        assert_eq!(read, signed, "{syntax}");
    }
}

#[test]
fn only_the_bits_that_are_stored_count() {
    let numbers: Vec<u16> = (0..12).map(|at| 0xf000 | (0x0ffa + at) & 0xfff).collect();
    let read = first_in(EXPLICIT, |object| {
        twelve_bits(object);
        short(object, tags::PIXEL_REPRESENTATION, 1);
        words(object, &numbers);
    });
    assert_eq!(read, [-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5]);
    // The number in the upper bits, an overlay in the lower ones.
    let read = first_in(EXPLICIT, |object| {
        twelve_bits(object);
        short(object, tags::HIGH_BIT, 15);
        words(object, &NUMBERS.map(|number| number << 4 | 0x9));
    });
    assert_eq!(read, expected());
}

#[test]
fn numbers_that_do_not_fit_16_bits_or_have_fractions_have_a_wider_type() {
    let with = |slope: f64, intercept: f64, numbers: [u16; 12]| {
        volume_in(EXPLICIT, |object| {
            short(object, tags::PIXEL_REPRESENTATION, 0);
            decimals(object, tags::RESCALE_SLOPE, &[slope]);
            decimals(object, tags::RESCALE_INTERCEPT, &[intercept]);
            words(object, &numbers);
        })
    };
    let mut numbers = [7; 12];
    numbers[1] = 40_000;
    let Pixels::I32(values) = with(1.0, -10.0, numbers).unwrap() else { panic!("32 bits") };
    assert_eq!(values[..3], [-3, 39_990, -3]);
    let Pixels::I16(values) = with(-1.0, 20_000.0, numbers).unwrap() else { panic!("16 bits") };
    assert_eq!(values[..3], [19_993, -20_000, 19_993]);
    let Pixels::F32(values) = with(0.5, -10.0, numbers).unwrap() else { panic!("fractions") };
    assert_eq!(values[..3], [-6.5, 19_990.0, -6.5]);
    let Pixels::F32(values) = with(1e9, 0.0, numbers).unwrap() else { panic!("large") };
    assert_eq!(values[0], 7e9);
    assert!(with(1e300, 0.0, numbers).unwrap_err().to_string().contains("rescaled values reach"));
}

#[test]
fn each_slice_has_its_own_rescaling() {
    let objects = [(0.0, 0.25), (2.0, 2.0)].map(|(height, slope)| {
        let mut object = slice(height);
        text(&mut object, tags::MODALITY, VR::CS, "PT");
        decimals(&mut object, tags::RESCALE_SLOPE, &[slope]);
        decimals(&mut object, tags::RESCALE_INTERCEPT, &[0.0]);
        words(&mut object, &[3; 12]);
        object
    });
    let Pixels::F32(values) = read(&objects).unwrap().volume.voxels else { panic!("fractions") };
    assert_eq!((values[0], values[12]), (0.75, 6.0));
}

#[test]
fn only_a_ct_must_be_rescaled() {
    let with = |modality: &str, has: [bool; 2]| {
        let objects = [0.0, 2.0].map(|height| {
            let mut object = slice(height);
            text(&mut object, tags::MODALITY, VR::CS, modality);
            for (has, tag) in has.into_iter().zip([tags::RESCALE_SLOPE, tags::RESCALE_INTERCEPT]) {
                if !has {
                    object.remove_element(tag);
                }
            }
            object
        });
        read(&objects).map(|series| series.volume.voxels)
    };
    let Pixels::I16(values) = with("MR", [false, false]).unwrap() else { panic!("16 bits") };
    assert_eq!(values[..2], [0, 1]);
    for (modality, has, reason) in [
        ("CT", [false, false], "no `RescaleSlope`"),
        ("CT", [true, false], "no `RescaleIntercept`"),
        ("MR", [false, true], "no `RescaleSlope`"),
    ] {
        let said = with(modality, has).unwrap_err().to_string();
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn padding_becomes_the_lowest_value_that_was_measured() {
    let numbers =
        [-2000_i16, -2000, 24, 1024, 1060, 24, 24, 24, 24, 24, 24, -2000].map(|it| it as u16);
    let with = |padding: u16, limit: Option<u16>, numbers: &[u16]| {
        volume_in(IMPLICIT, |object| {
            short(object, tags::PIXEL_PADDING_VALUE, padding);
            if let Some(limit) = limit {
                short(object, tags::PIXEL_PADDING_RANGE_LIMIT, limit);
            }
            words(object, numbers);
        })
    };
    let Pixels::I16(values) = with(-2000_i16 as u16, None, &numbers).unwrap() else { panic!() };
    assert_eq!(values[..6], [-1000, -1000, -1000, 0, 36, -1000]);
    // A range, in whichever order.
    for (one, other) in [(-2000_i16, 24_i16), (24, -2000)] {
        let voxels = with(one as u16, Some(other as u16), &numbers).unwrap();
        let Pixels::I16(values) = voxels else { panic!() };
        assert_eq!(values[..6], [0, 0, 0, 0, 36, 0]);
    }
    let said = with(5, None, &[5; 12]).unwrap_err().to_string();
    assert!(said.contains("all pixels are padding"), "{said}");
}

#[test]
fn pixels_that_are_not_read_are_refused_with_the_reason() {
    let cases: [(Change, &str); 14] = [
        (
            |o| text(o, tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB"),
            "a colour image (RGB, 1 samples",
        ),
        (|o| text(o, tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "PALETTE COLOR"), "PALETTE COLOR"),
        (|o| short(o, tags::SAMPLES_PER_PIXEL, 3), "a colour image (MONOCHROME2, 3 samples"),
        (|o| text(o, tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME1"), "an inverted image"),
        (|o| short(o, tags::BITS_ALLOCATED, 32), "`BitsAllocated` (0028,0100) should be 8 or 16"),
        (
            |o| short(o, tags::BITS_STORED, 17),
            "`BitsStored` (0028,0101) should be from 1 to the 16",
        ),
        (|o| short(o, tags::HIGH_BIT, 14), "`HighBit` (0028,0102) should be from 15 to 15"),
        (|o| short(o, tags::PIXEL_REPRESENTATION, 2), "should be 0 or 1, but is `2`"),
        (|o| short(o, tags::ROWS, 0), "`Rows` (0028,0010) should be a number above 0"),
        (|o| short(o, tags::ROWS, 4), "should have 32 bytes, but have 24"),
        (|o| short(o, tags::ROWS, 2), "should have 16 bytes, but have 24"),
        (
            |o| text(o, tags::NUMBER_OF_FRAMES, VR::IS, "2"),
            "2 frames without functional groups is not supported",
        ),
        (
            |o| dicom_files::sequence(o, tags::MODALITY_LUT_SEQUENCE, vec![Object::new_empty()]),
            "a table of values (`ModalityLUTSequence`)",
        ),
        (|o| assert!(o.remove_element(tags::COLUMNS)), "no `Columns` (0028,0011)"),
    ];
    for (change, reason) in cases {
        let mut object = slice(0.0);
        change(&mut object);
        let said = told(&[object, slice(2.0)]);
        assert!(said.contains("`a`: ") && said.contains(reason), "{reason}: {said}");
    }
}

#[test]
fn a_data_set_without_a_preamble_is_read_too() {
    for syntax in [EXPLICIT, IMPLICIT] {
        let files = [0.0, 2.0].map(|height| {
            let bytes = file(&slice(height), syntax);
            let meta_end = 144 + u32::from_le_bytes(bytes[140..144].try_into().unwrap()) as usize;
            (format!("{height}"), bytes[meta_end..].to_vec())
        });
        assert!(files.iter().all(|(_, bytes)| is_dicom(bytes)));
        assert_eq!(read_files(files.into()).unwrap().volume.dims, [4, 3, 2], "{syntax}");
    }
    let bytes = file(&slice(0.0), EXPLICIT);
    assert!(is_dicom(&bytes[132..]), "meta information without a preamble");
}

#[test]
fn what_follows_the_pixels_does_not_matter() {
    let files = [0.0, 2.0].map(|height| {
        let mut object = slice(height);
        let padding = PrimitiveValue::U8(vec![0; 6].into());
        object.put(DataElement::new(Tag(0xfffc, 0xfffc), VR::OB, padding));
        let mut bytes = file(&object, EXPLICIT);
        bytes.extend([0; 13]);
        (format!("{height}"), bytes)
    });
    assert_eq!(read_files(files.into()).unwrap().volume.dims, [4, 3, 2]);
}

#[test]
fn limits_hold_for_all_files_together() {
    let files = dicom_files::files(&[0.0, 2.0, 4.0].map(slice));
    let read = |pixel_bytes| {
        let limits = Limits { pixel_bytes, ..Limits::default() };
        read_series(files.clone(), Choice::Only, &SECRET, &limits)
    };
    assert!(read(72).is_ok());
    let said = read(71).unwrap_err().to_string();
    assert!(
        said.contains("`c`: the pixels so far take 72 bytes, more than the limit of 71"),
        "{said}"
    );
    let limits = Limits { header_bytes: 100, ..Limits::default() };
    let said = read_series(files.clone(), Choice::Only, &SECRET, &limits).unwrap_err().to_string();
    assert!(said.contains("longer than the limit (100 bytes)"), "{said}");
}
