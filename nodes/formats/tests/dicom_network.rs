//! What goes over a network: commands, data sets with nothing around them, what is kept of them, and CT images to send.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

mod dicom_files;

use dicom_core::{DataElement, VR, dicom_value};
use dicom_dictionary_std::tags;
use dicom_encoding::encode::EncoderFor;
use dicom_encoding::encode::implicit_le::ImplicitVRLittleEndianEncoder;
use dicom_files::{BIG, EXPLICIT, IMPLICIT, SECRET, WHO, file, read_files, slice, text};
use dicom_object::from_reader;
use formats::dicom::command::{Command, Status};
use formats::dicom::write::{CtSeries, Origin, WriteError, uid_of};
use formats::dicom::{Damaged, Error, File, InstanceKey, Series, TRANSFER_SYNTAXES, Told};
use formats::metaimage::{Limits, Pixels};
use nalgebra::{Matrix4, Rotation3, Vector3};
use proptest::prelude::*;

/// A data set without preamble and meta information.
fn bare(object: &dicom_files::Object, syntax: &str) -> Vec<u8> {
    let whole = file(object, syntax);
    let length = u32::from_le_bytes(whole[140..144].try_into().unwrap()) as usize;
    whole[144 + length..].to_vec()
}

fn of_data_set(bytes: &[u8], syntax: &str) -> Result<File, Error> {
    File::of_data_set("a", bytes, syntax, &SECRET, &Limits::default())
}

#[test]
fn a_data_set_alone_is_read_as_its_file_is() {
    for syntax in [EXPLICIT, IMPLICIT, BIG] {
        let object = slice(5.0);
        let kept = |file: File| file.keep(&SECRET);
        let network = of_data_set(&bare(&object, syntax), syntax).unwrap();
        let whole =
            File::read("a", &file(&object, syntax), &SECRET, &Limits::default(), |_| Some(0));
        assert_eq!(network.instance(), InstanceKey::of("1.2.3.99.4000 ", &SECRET));
        assert_eq!(network.images(), 1);
        assert_eq!(kept(network), kept(whole.unwrap().unwrap()), "{syntax}");
    }
    let error = of_data_set(&bare(&slice(5.0), EXPLICIT), "1.2.840.10008.1.2.4.80");
    assert!(error.err().unwrap().to_string().contains("JPEG-LS"));
    assert!(of_data_set(&bare(&slice(5.0), EXPLICIT)[..50], EXPLICIT).is_err());
}

#[test]
fn what_is_kept_makes_the_same_volume_and_says_nothing_of_who_it_is() {
    let heights = [2.5, 0.1 + 0.2, 5.0];
    let mut objects: Vec<_> = heights.map(slice).into();
    for (object, height) in objects.iter_mut().zip(heights) {
        dicom_files::decimals(object, tags::IMAGE_POSITION_PATIENT, &[1.0 / 3.0, -20.0, height]);
        dicom_files::decimals(object, tags::RESCALE_SLOPE, &[0.1]);
    }
    let direct = read_files(dicom_files::files(&objects));
    // Uneven: the same is told without the pixels.
    let read = |bytes: &[u8]| {
        File::read("x", bytes, &SECRET, &Limits::default(), |_| Some(0)).unwrap().unwrap()
    };
    let error = direct.unwrap_err().to_string();
    assert!(error.contains("evenly"), "{error}");
    dicom_files::decimals(&mut objects[1], tags::IMAGE_POSITION_PATIENT, &[1.0 / 3.0, -20.0, 0.0]);
    let direct = read_files(dicom_files::files(&objects)).unwrap();
    let kept: Vec<Vec<u8>> =
        objects.iter().map(|object| read(&file(object, EXPLICIT)).keep(&SECRET)).collect();
    let restored: Vec<File> =
        kept.iter().map(|kept| File::restore("x", kept, &SECRET).unwrap()).collect();
    let outlines: Vec<File> = kept
        .iter()
        .map(|kept| File::restore("x", kept, &SECRET).unwrap().without_pixels())
        .collect();
    assert_eq!(Series::check(&outlines.iter().collect::<Vec<_>>()).unwrap(), [4, 3, 3]);
    assert_eq!(Series::assemble(restored).unwrap(), direct);
    for kept in &kept {
        for (_, _, word) in WHO {
            assert!(!kept.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
        }
        for at in [0, 40, kept.len() / 2, kept.len() - 40, kept.len() - 1] {
            let mut changed = kept.clone();
            changed[at] ^= 1;
            assert!(matches!(File::restore("x", &changed, &SECRET), Err(Damaged)));
            assert!(matches!(File::restore("x", &kept[..at], &SECRET), Err(Damaged)));
        }
        assert!(matches!(File::restore("x", kept, &[1; 32]), Err(Damaged)));
    }
}

#[test]
fn what_an_image_tells_of_its_series_and_of_its_instant() {
    let told = |set: &[(dicom_core::Tag, VR, &str)]| {
        let mut object = slice(1.0);
        for (tag, vr, value) in set {
            text(&mut object, *tag, *vr, value);
        }
        *of_data_set(&bare(&object, EXPLICIT), EXPLICIT).unwrap().told()
    };
    assert_eq!(told(&[]), Told::default());
    let all = told(&[
        (tags::IMAGES_IN_ACQUISITION, VR::IS, "64"),
        (tags::ACQUISITION_DATE_TIME, VR::DT, "20240229134507.25+0130"),
    ]);
    assert_eq!(all.images, Some(64));
    let acquired = all.acquired.unwrap();
    assert_eq!((acquired.wall_ns, acquired.zone_minutes), (1_709_214_307_250_000_000, Some(90)));
    let apart = told(&[
        (tags::NUMBER_OF_SERIES_RELATED_INSTANCES, VR::IS, "70"),
        (tags::IMAGES_IN_ACQUISITION, VR::IS, "64"),
        (tags::ACQUISITION_DATE, VR::DA, "20240229"),
        (tags::ACQUISITION_TIME, VR::TM, "134507.25"),
        (tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, "-0500"),
    ]);
    assert_eq!(apart.images, Some(70));
    assert_eq!(apart.acquired.map(|it| it.wall_ns), Some(1_709_214_307_250_000_000));
    assert_eq!(apart.acquired.and_then(|it| it.zone_minutes), Some(-300));
    let nonsense = told(&[
        (tags::IMAGES_IN_ACQUISITION, VR::IS, "-3"),
        (tags::ACQUISITION_DATE_TIME, VR::DT, "yesterday"),
    ]);
    assert_eq!(nonsense, Told::default());
}

#[test]
fn commands_are_read_by_others_and_read_back() {
    let store =
        Command::StoreRequest { id: 7, class: "1.2.3".to_owned(), instance: "1.2.34".to_owned() };
    let answer = |comment: &str| Command::StoreResponse {
        to: 7,
        class: "1.2.3".to_owned(),
        instance: "1.2.34".to_owned(),
        status: Status::NOT_AUTHORIZED,
        comment: comment.to_owned(),
    };
    for command in [
        Command::EchoRequest { id: 1 },
        Command::EchoResponse { to: 1, status: Status::SUCCESS },
        store.clone(),
        answer(""),
        answer("not of this patient"),
        Command::Other { field: 0x20, id: 9, has_data_set: true },
    ] {
        assert_eq!(Command::read(&command.bytes()).unwrap(), command);
    }
    let long = Command::read(&answer(&"ä\\x".repeat(40)).bytes()).unwrap();
    let Command::StoreResponse { comment, .. } = long else { panic!("{long:?}") };
    assert_eq!(comment.len(), 64);
    assert!(comment.starts_with("??x??x"), "{comment}");
    let refused = Command::OtherResponse { field: 0x20, to: 9 }.bytes();
    let status = refused.last_chunk::<2>().unwrap();
    assert_eq!(u16::from_le_bytes(*status), Status::UNRECOGNIZED_OPERATION.0);

    // Written by another hand.
    let object = dicom_object::InMemDicomObject::command_from_element_iter([
        DataElement::new(tags::AFFECTED_SOP_CLASS_UID, VR::UI, "1.2.3"),
        DataElement::new(tags::COMMAND_FIELD, VR::US, dicom_value!(U16, [1])),
        DataElement::new(tags::MESSAGE_ID, VR::US, dicom_value!(U16, [7])),
        DataElement::new(tags::PRIORITY, VR::US, dicom_value!(U16, [0])),
        DataElement::new(tags::COMMAND_DATA_SET_TYPE, VR::US, dicom_value!(U16, [0])),
        DataElement::new(tags::AFFECTED_SOP_INSTANCE_UID, VR::UI, "1.2.34"),
    ]);
    let mut bytes = Vec::new();
    let encoder = EncoderFor::new(ImplicitVRLittleEndianEncoder::default());
    object.write_dataset(&mut bytes, encoder).unwrap();
    assert_eq!(bytes, store.bytes());
    for cut in 0..bytes.len() {
        assert!(Command::read(&bytes[..cut]).is_err());
    }
}

fn origin() -> Origin {
    Origin {
        patient_id: "SIM-1".to_owned(),
        patient_name: "Simulated^Patient".to_owned(),
        study: uid_of("study"),
        series: uid_of("series"),
        frame_of_reference: uid_of("frame"),
        series_number: 4,
        manufacturer: "Vesalius".to_owned(),
        acquired: ["20240229".to_owned(), "134507".to_owned()],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn a_written_series_is_read_back_in_its_place(
        turns in [-3.0..3.0_f64, -3.0..3.0, -3.0..3.0],
        place in [-900.0..900.0_f64, -900.0..900.0, -900.0..900.0],
        spacing in [0.2..3.0_f64, 0.2..3.0, 0.2..3.0],
        dims in [1_usize..5, 1_usize..5, 2_usize..5],
        first in any::<i16>(),
        tells_count in any::<bool>(),
    ) {
        let turn = Rotation3::from_euler_angles(turns[0], turns[1], turns[2]);
        let axes = turn.matrix() * nalgebra::Matrix3::from_diagonal(&Vector3::from(spacing));
        let mut lps_from_voxel = Matrix4::identity();
        lps_from_voxel.fixed_view_mut::<3, 3>(0, 0).copy_from(&axes);
        lps_from_voxel.fixed_view_mut::<3, 1>(0, 3).copy_from(&Vector3::from(place));
        let count = dims.iter().product::<usize>();
        let voxels: Vec<i16> = (0..count).map(|at| first.wrapping_add((at * 31) as i16)).collect();
        let origin = origin();
        let series = CtSeries { origin: &origin, dims, lps_from_voxel, voxels: &voxels, tells_count };
        let files: Vec<(String, Vec<u8>)> =
            (0..dims[2]).rev().map(|at| (at.to_string(), series.file(at).unwrap())).collect();
        for (_, bytes) in &files {
            // Read by another hand, too; elements out of order would be found in another place.
            let object = from_reader(&bytes[..]).unwrap();
            let mut again = Vec::new();
            object.write_all(&mut again).unwrap();
            prop_assert_eq!(&again[again.len() - 2 * dims[0] * dims[1]..], &bytes[bytes.len() - 2 * dims[0] * dims[1]..]);
        }
        let read = read_files(files).unwrap();
        prop_assert_eq!(read.volume.dims, dims);
        let off = (read.volume.lps_from_voxel - lps_from_voxel).abs().max();
        prop_assert!(off < 1e-6, "{}", off);
        prop_assert_eq!(read.volume.voxels, Pixels::I16(voxels));
        prop_assert_eq!(read.number, Some(4));
    }
}

#[test]
fn what_cannot_be_an_image_is_refused_with_the_reason() {
    let origin = origin();
    let voxels = [0; 8];
    let good = CtSeries {
        origin: &origin,
        dims: [2, 2, 2],
        lps_from_voxel: Matrix4::identity(),
        voxels: &voxels,
        tells_count: true,
    };
    assert!(good.file(1).is_ok());
    let told = |series: CtSeries, slice| series.data_set(slice).unwrap_err();
    assert!(matches!(told(good, 2), WriteError::Size { .. }));
    assert!(matches!(told(CtSeries { dims: [70_000, 1, 2], ..good }, 0), WriteError::Size { .. }));
    assert!(matches!(told(CtSeries { dims: [2, 2, 9], ..good }, 5), WriteError::Size { .. }));
    let mut sheared = Matrix4::identity();
    sheared[(0, 1)] = 0.3;
    assert!(matches!(told(CtSeries { lps_from_voxel: sheared, ..good }, 0), WriteError::Axes));
    let long = Origin { patient_name: "x".repeat(65), ..origin.clone() };
    assert!(matches!(told(CtSeries { origin: &long, ..good }, 0), WriteError::Text { .. }));
    let odd = Origin { patient_id: "a\\b".to_owned(), ..origin.clone() };
    assert!(matches!(told(CtSeries { origin: &odd, ..good }, 0), WriteError::Text { .. }));
    assert_eq!(uid_of("a"), uid_of("a"));
    assert_ne!(uid_of("a"), uid_of("b"));
    assert!((0..200).all(|at| uid_of(&at.to_string()).len() <= 64));
    assert!(TRANSFER_SYNTAXES.iter().any(|(uid, _)| *uid == EXPLICIT));
}
