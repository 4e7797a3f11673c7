//! Slices become a volume where they lie; a stack that is none is refused with the reason.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod dicom_files;

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use dicom_files::{
    Change, EXPLICIT, Object, SECRET, decimals, file, files, image, read, read_files, short, slice,
    text, told, words,
};
use dicom_object::FileMetaTableBuilder;
use formats::dicom::{Choice, Error, Modality, SeriesKey, is_dicom, list_series, read_series};
use formats::metaimage::{Limits, Pixels};
use nalgebra::{Point3, Rotation3, Vector3};
use proptest::prelude::*;

fn stack(heights: &[f64]) -> Vec<Object> {
    heights.iter().map(|&height| slice(height)).collect()
}

#[test]
fn slices_are_sorted_by_place_and_values_are_hounsfield_units() {
    for heights in [[0.0, 2.5, 5.0], [5.0, 0.0, 2.5], [2.5, 5.0, 0.0]] {
        let series = read(&stack(&heights)).unwrap();
        assert_eq!(series.volume.dims, [4, 3, 3]);
        let expected: Vec<i16> =
            [0, 25, 50].iter().flat_map(|base| (0..12).map(move |at| base + at - 1024)).collect();
        assert_eq!(series.volume.voxels, Pixels::I16(expected));
        let place = series.volume.lps_from_voxel.transform_point(&Point3::new(1.0, 2.0, 1.0));
        // The distance of rows comes first in the file, and is along y.
        assert_eq!(place, Point3::new(-9.5, -18.5, 2.5));
        assert_eq!((series.modality, series.number), (Modality::Ct, Some(5)));
        assert_eq!(series.slice_thickness_mm, Some(2.5));
        assert!(series.patient.is_some() && series.frame_of_reference.is_some());
    }
}

#[test]
fn a_stack_downwards_is_turned_upwards_with_its_images() {
    // Rows to the right and columns to the front: the normal still points up.
    let turned = |height| {
        let mut object = slice(height);
        decimals(&mut object, tags::IMAGE_ORIENTATION_PATIENT, &[-1.0, 0.0, 0.0, 0.0, -1.0, 0.0]);
        object
    };
    let series = read(&[turned(5.0), turned(0.0)]).unwrap();
    let place = series.volume.lps_from_voxel.transform_point(&Point3::new(1.0, 2.0, 1.0));
    assert_eq!(place, Point3::new(-10.5, -21.5, 5.0));
    // Rows to the left and columns to the front: the normal points down, and so does the stack.
    let mirrored = |height| {
        let mut object = slice(height);
        decimals(&mut object, tags::IMAGE_ORIENTATION_PATIENT, &[1.0, 0.0, 0.0, 0.0, -1.0, 0.0]);
        object
    };
    let series = read(&[mirrored(0.0), mirrored(5.0)]).unwrap();
    let place = series.volume.lps_from_voxel.transform_point(&Point3::new(1.0, 2.0, 1.0));
    assert_eq!(place, Point3::new(-9.5, -21.5, 0.0));
    let Pixels::I16(values) = series.volume.voxels else { panic!("16 bits") };
    assert_eq!((values[0], values[12]), (50 - 1024, -1024));
}

#[test]
fn missing_slices_are_told_with_their_place() {
    let error = read(&stack(&[0.0, 2.5, 5.0, 12.5, 15.0, 20.0])).unwrap_err();
    let said = error.to_string();
    let Error::MissingSlices { missing, gaps, gap, below_mm, above_mm, .. } = error else {
        panic!("{said}");
    };
    assert_eq!((missing, gaps, gap, below_mm, above_mm), (3, 2, 2, 5.0, 12.5));
    assert!(
        said.contains("slices are missing (3 in all, gaps: 2): 2 between `c` (5.000 mm"),
        "{said}"
    );
    assert!(said.contains("and `d` (12.500 mm)"), "{said}");
}

#[test]
fn places_that_come_twice_are_told() {
    let said = told(&stack(&[0.0, 2.5, 5.0, 2.5]));
    assert!(said.contains("`b` and `d` lie at the same place, 2.500 mm"), "{said}");
    let said = told(&stack(&[0.0, 2.5, 5.0, 0.0, 2.5, 5.0]));
    assert!(said.contains("pairs: 3") && said.contains("several phases"), "{said}");
}

#[test]
fn uneven_slices_are_refused_and_rounded_places_are_not() {
    let said = told(&stack(&[0.0, 2.5, 5.4, 7.5]));
    assert!(said.contains("not evenly spaced: `c` lies 0.400 mm beside"), "{said}");
    assert!(said.contains("more than 0.100 mm"), "{said}");
    // Two ranges of different steps.
    let said = told(&stack(&[0.0, 2.0, 4.0, 6.0, 11.0, 16.0]));
    assert!(said.contains("not evenly spaced"), "{said}");
    // Steps of 0.625 mm, written with one digit.
    let rounded = [0.0, 0.6, 1.3, 1.9, 2.5, 3.1];
    let volume = read(&stack(&rounded)).unwrap().volume;
    assert!((volume.lps_from_voxel[(2, 2)] - 0.62).abs() < 1e-9);
}

#[test]
fn a_tilted_gantry_is_refused_with_its_angle() {
    let tilted: Vec<Object> = (0..5)
        .map(|index| {
            let mut object = slice(2.0 * f64::from(index));
            let y = -20.0 + 2.0 * f64::from(index) * 15.0_f64.to_radians().tan();
            let position = [-10.0, y, 2.0 * f64::from(index)];
            decimals(&mut object, tags::IMAGE_POSITION_PATIENT, &position);
            object
        })
        .collect();
    let error = read(&tilted).unwrap_err();
    assert!(matches!(error, Error::Tilted { degrees } if (degrees - 15.0).abs() < 1e-3), "{error}");
    assert!(error.to_string().contains("15.00° off their normal"));
}

#[test]
fn images_that_differ_are_named_whichever_comes_first() {
    let change = |change: fn(&mut Object)| {
        let mut object = slice(5.0);
        change(&mut object);
        object
    };
    let other_size = |object: &mut Object| {
        short(object, tags::COLUMNS, 2);
        short(object, tags::ROWS, 6);
    };
    let localizer = |object: &mut Object| {
        decimals(object, tags::IMAGE_ORIENTATION_PATIENT, &[0.0, 1.0, 0.0, 0.0, 0.0, -1.0]);
        text(object, tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\LOCALIZER");
    };
    let cases: [(Change, &str); 6] = [
        (other_size, "the size must be the same in all images, but is 6 rows of 2 pixels in 1 of"),
        (localizer, "(`x` (a localizer)) and 1.0000\\0.0000\\0.0000\\0.0000\\1.0000\\0.0000 in 2"),
        (
            |object| decimals(object, tags::PIXEL_SPACING, &[0.75, 0.75]),
            "the distance of pixels must be the same in all images, but is 0.7500 mm along rows",
        ),
        (
            |object| text(object, tags::FRAME_OF_REFERENCE_UID, VR::UI, "1.2.3.4"),
            "the frame of reference must be the same",
        ),
        (
            |object| text(object, tags::PATIENT_ID, VR::LO, "PID4712"),
            "the patient must be the same",
        ),
        (
            |object| text(object, tags::MODALITY, VR::CS, "MR"),
            "but is MR in 1 of them (`x`) and CT in 2",
        ),
    ];
    for (make, reason) in cases {
        for first in [true, false] {
            let mut all = files(&stack(&[0.0, 2.5]));
            let odd = ("x".to_owned(), file(&change(make), EXPLICIT));
            all.insert(if first { 0 } else { 2 }, odd);
            let said = read_files(all).unwrap_err().to_string();
            assert!(said.contains(reason) && said.contains("(`x`"), "{reason}: {said}");
        }
    }
}

#[test]
fn one_image_or_none_is_no_volume() {
    assert!(told(&stack(&[0.0])).contains("two images at least, but there is only `a`"));
    assert!(told(&[]).contains("there is no image among the files"));
}

/// Two series of two slices each; the second one is of number 2.
fn two_series() -> Vec<(String, Vec<u8>)> {
    let other = |height| {
        let mut object = slice(height);
        text(&mut object, tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.99.2001");
        text(&mut object, tags::SERIES_NUMBER, VR::IS, "2");
        object
    };
    files(&[slice(0.0), other(10.0), slice(2.5), other(14.0), other(18.0)])
}

#[test]
fn of_several_series_one_is_chosen() {
    let said = read_files(two_series()).unwrap_err().to_string();
    assert!(said.contains("of 2 series of images"), "{said}");
    assert!(
        said.contains("0: CT, series number 2, 3 images of 3 rows of 4 pixels, key "),
        "{said}"
    );
    assert!(said.contains("1: CT, series number 5, 2 images"), "{said}");

    let limits = Limits::default();
    let listed = list_series(two_series(), &SECRET, &limits).unwrap();
    let mut backwards = two_series();
    backwards.reverse();
    assert_eq!(list_series(backwards, &SECRET, &limits).unwrap(), listed);
    for (index, slices) in [(0, 3), (1, 2)] {
        let key: SeriesKey = listed[index].key.to_string().parse().unwrap();
        assert!(said.contains(&key.to_string()));
        for choice in [Choice::Index(index), Choice::Key(key)] {
            let series = read_series(two_series(), choice, &SECRET, &limits).unwrap();
            assert_eq!((series.volume.dims[2], series.set_aside), (slices, 5 - slices));
            assert_eq!((series.key, series.number), (key, listed[index].number));
        }
    }
    // What is not chosen takes nothing from the limit: here, of two slices.
    let tight = Limits { pixel_bytes: 48, ..limits };
    assert!(read_series(two_series(), Choice::Key(listed[1].key), &SECRET, &tight).is_ok());
    assert!(read_series(two_series(), Choice::Key(listed[0].key), &SECRET, &tight).is_err());
    let key = SeriesKey::from([9; 32]);
    for (choice, what) in [(Choice::Index(2), "index 2"), (Choice::Key(key), "key 0909")] {
        let said = read_series(two_series(), choice, &SECRET, &limits).unwrap_err().to_string();
        assert!(said.contains(what) && said.contains("1: CT, series number 5"), "{said}");
    }
    assert!("12".parse::<SeriesKey>().is_err() && "+0".repeat(32).parse::<SeriesKey>().is_err());
}

#[test]
fn the_number_of_a_series_does_not_depend_on_the_order_of_its_files() {
    // Told by whichever file comes first, it would have no number and be the last in the list, or 3 and be the first.
    let mut objects = [slice(0.0), slice(2.0), slice(4.0)];
    text(&mut objects[0], tags::SERIES_NUMBER, VR::IS, "");
    text(&mut objects[2], tags::SERIES_NUMBER, VR::IS, "3");
    let mut other = slice(0.0);
    text(&mut other, tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.99.2001");
    text(&mut other, tags::SERIES_NUMBER, VR::IS, "4");
    let [a, b, c] = objects;
    for order in [[a.clone(), b.clone(), c.clone()], [c, b, a]] {
        let [first, second, third] = order;
        let all = files(&[first, second, other.clone(), third]);
        let listed = list_series(all.clone(), &SECRET, &Limits::default()).unwrap();
        let numbers: Vec<_> = listed.iter().map(|it| (it.number, it.images)).collect();
        assert_eq!(numbers, [(Some(3), 3), (Some(4), 1)]);
        let series = read_series(all, Choice::Index(0), &SECRET, &Limits::default()).unwrap();
        assert_eq!((series.number, series.volume.dims[2]), (Some(3), 3));
    }
}

#[test]
fn what_is_no_volume_is_set_aside_if_it_is_a_series_of_its_own() {
    let mut localizer = slice(100.0);
    text(&mut localizer, tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.99.1");
    text(&mut localizer, tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\LOCALIZER");
    // A dose report has no pixels.
    let mut report = Object::new_empty();
    text(&mut report, tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.99.3");
    text(&mut report, tags::MODALITY, VR::CS, "SR");
    let mut all = files(&[slice(0.0), localizer.clone(), slice(2.5), report.clone()]);
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(EXPLICIT)
        .media_storage_sop_class_uid(uids::MEDIA_STORAGE_DIRECTORY_STORAGE)
        .media_storage_sop_instance_uid("1.2.3");
    let mut directory = Vec::new();
    let empty = Object::new_empty().with_meta(meta).unwrap();
    empty.write_all(&mut directory).unwrap();
    all.push(("DICOMDIR".to_owned(), directory));
    let series = read_files(all).unwrap();
    assert_eq!((series.volume.dims[2], series.set_aside), (2, 2));

    // In a series by themselves they are what is wrong.
    assert!(told(&[localizer]).contains("two images at least"));
    let said = told(&[report]);
    assert!(said.contains("`a`: there is no `PixelData` (7FE0,0010)"), "{said}");
}

#[test]
fn an_image_without_a_place_is_told_only_if_it_is_chosen() {
    let mut screenshot = image();
    words(&mut screenshot, &[0; 12]);
    text(&mut screenshot, tags::MODALITY, VR::CS, "OT");
    let said = told(&[screenshot.clone(), slice(0.0)]);
    assert!(said.contains("the modality must be the same"), "{said}");
    let said = told(&[screenshot.clone()]);
    assert!(said.contains("`a`: there is no `ImagePositionPatient` (0020,0032)"), "{said}");
    text(&mut screenshot, tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.99.4");
    let all = files(&[slice(0.0), screenshot, slice(2.5)]);
    assert!(matches!(read_files(all.clone()), Err(Error::SeveralSeries { .. })));
    let index = |index| read_series(all.clone(), Choice::Index(index), &SECRET, &Limits::default());
    let read = [index(0), index(1)];
    assert_eq!(read.iter().filter(|read| read.is_ok()).count(), 1);
}

#[test]
fn places_that_make_no_sense_are_refused() {
    let cases: [(Change, &str); 10] = [
        (|o| text(o, tags::IMAGE_POSITION_PATIENT, VR::DS, "0\\0"), "should be 3 finite numbers"),
        (|o| text(o, tags::IMAGE_POSITION_PATIENT, VR::DS, "0\\0\\nan"), "3 finite numbers"),
        (|o| text(o, tags::IMAGE_POSITION_PATIENT, VR::DS, "0\\0\\1e300"), "within 100000 mm"),
        (|o| text(o, tags::PIXEL_SPACING, VR::DS, "0\\1"), "two distances from 0.0001 to 1000 mm"),
        (|o| text(o, tags::PIXEL_SPACING, VR::DS, "-1\\1"), "two distances"),
        (|o| text(o, tags::PIXEL_SPACING, VR::DS, "inf\\1"), "2 finite numbers"),
        (
            |o| text(o, tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\1\\0\\0"),
            "two unit vectors at a right angle",
        ),
        (
            |o| text(o, tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "2\\0\\0\\0\\1\\0"),
            "two unit vectors",
        ),
        (
            |o| text(o, tags::RESCALE_SLOPE, VR::DS, "0"),
            "`RescaleSlope` (0028,1053) should be not 0",
        ),
        (|o| text(o, tags::NUMBER_OF_FRAMES, VR::IS, "-3"), "`NumberOfFrames` (0028,0008)"),
    ];
    for (change, reason) in cases {
        let mut object = slice(0.0);
        change(&mut object);
        let said = told(&[object, slice(2.5)]);
        assert!(said.starts_with("`a`: ") && said.contains(reason), "{reason}: {said}");
    }
}

#[test]
fn files_of_other_kinds_are_refused_by_name() {
    let mut all = files(&stack(&[0.0, 2.5]));
    assert!(all.iter().all(|(_, bytes)| is_dicom(bytes)));
    for other in [&b""[..], b"NRRD0005\n", b"ObjectType = Image", &[0x5c, 1, 0, 0, 0, 0, 0, 0, 0]] {
        assert!(!is_dicom(other));
        all.push(("notes.txt".to_owned(), other.to_vec()));
        let said = read_files(all.clone()).unwrap_err().to_string();
        assert!(said.contains("`notes.txt`: this is no DICOM file"), "{said}");
        all.pop();
    }
}

proptest! {
    #[test]
    fn a_stack_lies_where_its_slices_do_however_it_is_turned(
        angles in proptest::array::uniform3(-3.0_f64..3.0),
        origin in proptest::array::uniform3(-200.0_f64..200.0),
        step in 0.3_f64..8.0,
        count in 2_usize..9,
        seed in 0_usize..1000,
    ) {
        let turn = Rotation3::from_euler_angles(angles[0], angles[1], angles[2]);
        let [x, y, z] = [Vector3::x(), Vector3::y(), Vector3::z()].map(|axis| turn * axis);
        let origin = Vector3::from(origin);
        let mut stack: Vec<(f64, Object)> = (0..count).map(|index| {
            let height = index as f64;
            let mut object = slice(height);
            let place = origin + z * step * height;
            let digits = |v: f64| (v * 1e6).round() / 1e6;
            decimals(&mut object, tags::IMAGE_POSITION_PATIENT, place.map(digits).as_slice());
            let directions: Vec<f64> = x.iter().chain(y.iter()).copied().map(digits).collect();
            decimals(&mut object, tags::IMAGE_ORIENTATION_PATIENT, &directions);
            (height, object)
        }).collect();
        stack.rotate_left(seed % count);
        stack.swap(0, (seed / 7) % count);
        let objects: Vec<Object> = stack.into_iter().map(|(_, object)| object).collect();
        let volume = read(&objects).unwrap().volume;
        let place = volume.lps_from_voxel.transform_point(&Point3::new(3.0, 2.0, 1.0));
        let expected = origin + x * 1.5 + y * 1.5 + z * step;
        prop_assert!((place.coords - expected).norm() < 1e-4);
        let Pixels::I16(values) = volume.voxels else { panic!("16 bits") };
        for (index, slice) in values.chunks(12).enumerate() {
            prop_assert_eq!(slice[0], 10 * index as i16 - 1024);
        }
    }
}
