//! Nothing of who the patient is stays in what is read; yet one patient is told from another.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod dicom_files;

use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_files::{EXPLICIT, Object, SECRET, WHO, file, files, read, slice, text, told};
use formats::dicom::{Choice, PatientKey, list_series, read_series};
use formats::metaimage::{Limits, Volume};
use formats::placed_volume::PlacedVolume;
use nalgebra::Matrix3;
use proptest::prelude::*;

/// The volume as a file.
fn written(volume: &PlacedVolume) -> Vec<u8> {
    let axes: Matrix3<f64> = volume.lps_from_voxel.fixed_view::<3, 3>(0, 0).into();
    let spacing_mm = [0, 1, 2].map(|axis| axes.column(axis).norm()).into();
    let direction = axes * Matrix3::from_diagonal(&spacing_mm).try_inverse().unwrap();
    let origin_mm = volume.lps_from_voxel.fixed_view::<3, 1>(0, 3).into();
    let voxels = volume.voxels.clone();
    let volume = Volume { dims: volume.dims, spacing_mm, origin_mm, direction, voxels };
    volume.write(false).unwrap()
}

/// Whether any value that says who it is, or a word of one, is in the bytes: as it is, or as hexadecimal digits.
fn leaks(bytes: &[u8]) -> Option<String> {
    let words = WHO.iter().flat_map(|(_, _, value)| {
        value.split(['^', ' ']).filter(|word| word.len() > 3).chain([*value])
    });
    words.map(str::to_owned).find(|word| {
        let hex = word.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        [word.clone(), hex].iter().any(|text| {
            let text = text.to_ascii_lowercase().into_bytes();
            bytes.to_ascii_lowercase().windows(text.len()).any(|window| window == text)
        })
    })
}

#[test]
fn nothing_of_who_it_is_is_kept() {
    let all = files(&[slice(0.0), slice(2.0), slice(4.0)]);
    // What is looked for would be found.
    assert!(leaks(&all[0].1).is_some());
    for (_, _, value) in WHO {
        assert!(leaks(format!("a {value} b").as_bytes()).is_some());
    }
    let limits = Limits::default();
    let series = read_series(all.clone(), Choice::Only, &SECRET, &limits).unwrap();
    let kept = format!("{series:?} {series:#?}");
    assert!(kept.contains(&series.patient.unwrap().to_string()));
    assert_eq!(leaks(kept.as_bytes()), None);
    assert_eq!(leaks(&written(&series.volume)), None);
    let listed = list_series(all, &SECRET, &limits).unwrap();
    assert_eq!(leaks(format!("{listed:?} {}", listed[0]).as_bytes()), None);
}

#[test]
fn no_message_says_who_it_is() {
    let other = |tag: Tag, vr: VR, value: &str| {
        let mut object = slice(2.0);
        text(&mut object, tag, vr, value);
        object
    };
    for wrong in [
        vec![slice(0.0), other(tags::PATIENT_ID, VR::LO, "PID4712")],
        vec![slice(0.0), other(tags::FRAME_OF_REFERENCE_UID, VR::UI, "1.2.3")],
        vec![slice(0.0), other(tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3")],
        vec![slice(0.0), other(tags::ROWS, VR::US, "")],
        vec![slice(0.0), other(tags::PIXEL_SPACING, VR::DS, "x")],
        vec![slice(0.0), slice(0.0)],
        vec![slice(0.0)],
        vec![slice(0.0), slice(2.0), slice(9.0)],
    ] {
        assert_eq!(leaks(told(&wrong).as_bytes()), None);
    }
    let whole = file(&slice(0.0), EXPLICIT);
    for length in 0..whole.len() {
        let cut = vec![("x".to_owned(), whole[..length].to_vec())];
        let said = read_series(cut, Choice::Only, &SECRET, &Limits::default()).unwrap_err();
        assert_eq!(leaks(format!("{said} {said:?}").as_bytes()), None);
    }
}

/// The key of a patient of whom some values are changed; an empty one is as if it were not there.
fn key(changes: &[(Tag, VR, &str)], secret: &[u8; 32]) -> Option<PatientKey> {
    let objects = [0.0, 2.0].map(|height| {
        let mut object = slice(height);
        for &(tag, vr, value) in changes {
            text(&mut object, tag, vr, value);
        }
        object
    });
    let read = read_series(files(&objects), Choice::Only, secret, &Limits::default());
    read.unwrap().patient
}

const NO_ID: (Tag, VR, &str) = (tags::PATIENT_ID, VR::LO, "");

#[test]
fn one_patient_is_told_from_another_and_by_the_secret_alone() {
    let id = |value| (tags::PATIENT_ID, VR::LO, value);
    let issuer = |value| (tags::ISSUER_OF_PATIENT_ID, VR::LO, value);
    let name = |value| (tags::PATIENT_NAME, VR::PN, value);
    let birth = |value| (tags::PATIENT_BIRTH_DATE, VR::DA, value);
    let known = key(&[], &SECRET).unwrap();
    assert_ne!(key(&[], &[8; 32]).unwrap(), known);
    assert_ne!(key(&[id("PID4712")], &SECRET).unwrap(), known);
    assert_ne!(key(&[issuer("")], &SECRET).unwrap(), known);
    // What is in the one must not be taken for the other.
    assert_ne!(key(&[id("PID"), issuer("4711IssuerOfNumbers")], &SECRET).unwrap(), known);
    // The number counts, however it is padded, and however the name is written.
    assert_eq!(key(&[id(" PID4711  "), name("M^E"), birth("")], &SECRET).unwrap(), known);

    let named = key(&[NO_ID], &SECRET).unwrap();
    assert_ne!(named, known);
    assert_eq!(key(&[NO_ID, name("Mustermann^Erika^^^"), issuer("x")], &SECRET).unwrap(), named);
    assert_ne!(key(&[NO_ID, name("Mustermann^Eva")], &SECRET).unwrap(), named);
    assert_ne!(key(&[NO_ID, birth("19640813")], &SECRET).unwrap(), named);
    // Of many with the same name nobody knows which it is.
    assert_eq!(key(&[NO_ID, birth("")], &SECRET), None);
    assert_eq!(key(&[NO_ID, name("")], &SECRET), None);

    let hex = known.to_string();
    assert_eq!((hex.len(), format!("{known:?}")), (64, hex.clone()));
    assert_eq!(hex.parse::<PatientKey>().unwrap(), known);
    assert_eq!(PatientKey::from(*known.as_bytes()), known);
}

#[test]
fn an_umlaut_is_the_same_in_each_character_set() {
    let with = |set: &str, name: &[u8]| {
        let objects = [0.0, 2.0].map(|height| {
            let mut object = slice(height);
            text(&mut object, tags::PATIENT_ID, VR::LO, "");
            // Of unknown type, so that the bytes are written as they are.
            let bytes = PrimitiveValue::U8(name.into());
            object.put(DataElement::new(tags::PATIENT_NAME, VR::UN, bytes));
            object.put(DataElement::new(
                tags::SPECIFIC_CHARACTER_SET,
                VR::CS,
                PrimitiveValue::from(set),
            ));
            object
        });
        read(&objects).unwrap().patient.unwrap()
    };
    let latin = with("ISO_IR 100", b"M\xfcller^Eva ");
    assert_eq!(with("ISO_IR 192", "Müller^Eva".as_bytes()), latin);
    assert_ne!(with("ISO_IR 192", "Möller^Eva ".as_bytes()), latin);
    // An unknown set is told from others by its bytes.
    assert_ne!(with("ISO_IR 999", b"M\xfcller^Eva "), latin);
}

proptest! {
    #[test]
    fn any_bytes_of_a_name_are_hashed(
        name in proptest::collection::vec(any::<u8>(), 1..40),
        set in proptest::sample::select(vec![
            "ISO_IR 100", "ISO_IR 13", "ISO_IR 87", "ISO_IR 144", "ISO_IR 149", "ISO_IR 166", "ISO_IR 192",
            "GB18030", "GBK", "\\ISO 2022 IR 87", "x",
        ]),
    ) {
        let objects: Vec<Object> = [0.0, 2.0].map(|height| {
            let mut object = slice(height);
            text(&mut object, tags::SPECIFIC_CHARACTER_SET, VR::CS, set);
            object.put(DataElement::new(tags::PATIENT_ID, VR::UN, PrimitiveValue::U8(name.as_slice().into())));
            object
        }).into();
        prop_assert_eq!(read(&objects).unwrap().volume.dims, [4, 3, 2]);
    }
}
