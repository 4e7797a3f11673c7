//! Volumes of three kinds of file lie where they say, and wrong ones are refused with the reason.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use formats::metaimage::{Limits, Pixels};
use formats::placed_volume::{Error, PlacedVolume};
use nalgebra::{Matrix4, Point3, Rotation3, Unit, UnitQuaternion, Vector3};
use proptest::prelude::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn alone(_: &str) -> io::Result<Vec<u8>> {
    Err(io::Error::new(io::ErrorKind::NotFound, "no second file here"))
}

fn read(bytes: &[u8]) -> Result<PlacedVolume, Error> {
    PlacedVolume::read(bytes, &Limits::default(), alone)
}

fn told(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

/// Where voxel 1, 1, 1 lies.
fn place(volume: &PlacedVolume) -> [f64; 3] {
    volume.lps_from_voxel.transform_point(&Point3::new(1.0, 1.0, 1.0)).into()
}

const NRRD: [&str; 9] = [
    "NRRD0005",
    "# a comment",
    "type: short",
    "dimension: 3",
    "space: left-posterior-superior",
    "sizes: 2 1 2",
    "space directions: (0.5,0,0) (0,0.5,0) (0,0,2)",
    "endian: little",
    "encoding: raw",
];

/// The lines with some replaced, or left out where the new one is empty.
fn nrrd_with(changes: &[&str], data: &[u8]) -> Vec<u8> {
    let field = |line: &str| line.split(':').next().unwrap().to_owned();
    let mut lines: Vec<String> = NRRD.iter().map(|line| (*line).to_owned()).collect();
    lines.push("space origin: (10,20,30)".to_owned());
    for change in changes {
        match lines.iter_mut().find(|line| field(line) == field(change)) {
            Some(line) => (*change).clone_into(line),
            None => lines.push((*change).to_owned()),
        }
    }
    lines.retain(|line| !line.ends_with(": -"));
    let mut bytes = (lines.join("\n") + "\n\n").into_bytes();
    bytes.extend_from_slice(data);
    bytes
}

const SHORTS: [u8; 8] = [1, 0, 2, 0, 0xff, 0xff, 4, 1];

#[test]
fn a_nrrd_lies_where_it_says_in_each_space() {
    for (space, expected) in [
        ("left-posterior-superior", [10.5, 20.5, 32.0]),
        ("LPS", [10.5, 20.5, 32.0]),
        ("right-anterior-superior", [-10.5, -20.5, 32.0]),
        ("left-anterior-superior", [10.5, -20.5, 32.0]),
    ] {
        let volume = read(&nrrd_with(&[&format!("space: {space}")], &SHORTS)).unwrap();
        assert_eq!((volume.dims, place(&volume)), ([2, 1, 2], expected), "{space}");
        assert_eq!(volume.voxels, Pixels::I16(vec![1, 2, -1, 260]));
    }
    let turned = nrrd_with(&["space directions: (0,0.5,0) (-0.5,0,0) (0,0,2)"], &SHORTS);
    assert_eq!(place(&read(&turned).unwrap()), [9.5, 20.5, 32.0]);
}

#[test]
fn a_nrrd_may_be_compressed_detached_big_endian_and_preceded() {
    let expected = Pixels::I16(vec![1, 2, -1, 260]);
    for encoding in ["gzip", "gz"] {
        let bytes = nrrd_with(&[&format!("encoding: {encoding}")], &gzip(&SHORTS));
        assert_eq!(read(&bytes).unwrap().voxels, expected);
    }
    let big: Vec<u8> = SHORTS.chunks(2).flat_map(|two| [two[1], two[0]]).collect();
    assert_eq!(read(&nrrd_with(&["endian: big"], &big)).unwrap().voxels, expected);
    let mut preceded = b"P5\n2 2\n??".to_vec();
    preceded.extend_from_slice(&SHORTS);
    let bytes = nrrd_with(&["line skip: 2", "byte skip: 2"], &preceded);
    assert_eq!(read(&bytes).unwrap().voxels, expected);
    assert_eq!(read(&nrrd_with(&["byte skip: -1"], &preceded)).unwrap().voxels, expected);
    let windows = String::from_utf8(nrrd_with(&[], &[])).unwrap().replace('\n', "\r\n");
    let windows = [windows.as_bytes(), &SHORTS].concat();
    assert_eq!(read(&windows).unwrap().voxels, expected);

    let header = nrrd_with(&["data file: voxels.raw"], &[]);
    let beside = |name: &str| {
        assert_eq!(name, "voxels.raw");
        Ok(SHORTS.to_vec())
    };
    // With and without the blank line.
    for header in [&header[..], &header[..header.len() - 1]] {
        let volume = PlacedVolume::read(header, &Limits::default(), beside).unwrap();
        assert_eq!(volume.voxels, expected);
    }
    assert!(told(&header).contains("`voxels.raw` beside the header"));
}

#[test]
fn a_wrong_nrrd_is_refused_with_the_reason() {
    for (change, reason) in [
        ("space: -", "which side is left"),
        ("space: scanner-xyz", "the space `scanner-xyz` is not supported"),
        ("space origin: -", "no `space origin`"),
        ("space origin: (1,2,nan)", "`space origin` should be"),
        ("space directions: (1,0,0) (0,1,0) none", "`space directions` should be"),
        ("space directions: (1,0,0) (2,0,0) (0,0,1)", "span space"),
        ("space directions: (1,0,0) (0,inf,0) (0,0,1)", "finite"),
        ("space units: \"mm\" \"m\" \"mm\"", "`space units` should be"),
        ("dimension: 4", "a NRRD of dimension 4"),
        ("sizes: 2 0 2", "three whole numbers above 0"),
        ("sizes: 2 2", "three whole numbers above 0"),
        ("type: block", "`type` should be"),
        ("endian: -", "no `endian`"),
        ("encoding: bzip2", "the encoding `bzip2` is not supported"),
        ("encoding: gzip", "damaged"),
        ("sizes: 2 2 2", "declares 16 bytes of voxels, but the data end after 8"),
        ("sizes: 1 1 2", "more bytes follow after the declared 4"),
        ("sizes: 99999999 99999999 99999999", "more than the limit"),
        ("data file: ../secret.raw", "a file in the folder of the header"),
        ("data file: /etc/passwd", "a file in the folder of the header"),
        ("data file: LIST", "several files"),
        ("colour: red", "should read `field: value`"),
        ("line skip: 9", "no more lines than the data have"),
    ] {
        let said = told(&nrrd_with(&[change], &SHORTS));
        assert!(said.contains(reason), "{change}: {said}");
    }
    let twice = nrrd_with(&["lineskip: 0", "line skip: 0"], &SHORTS);
    assert!(told(&twice).contains("was said before"));
    let cut = nrrd_with(&["encoding: gzip"], &gzip(&SHORTS));
    assert!(told(&cut[..cut.len() - 5]).contains("cut off"));
    assert!(told(b"NRRD0009\n\n").contains("NRRD0001 to NRRD0005"));
    assert!(told(b"NRRD0004\ntype: short").contains("cut off"));
}

#[test]
fn a_small_file_cannot_claim_or_unfold_much() {
    let bomb = gzip(&vec![0; 50 << 20]);
    assert!(bomb.len() < 100 << 10);
    let said = told(&nrrd_with(&["encoding: gzip"], &bomb));
    assert!(said.contains("more bytes follow after the declared 8"), "{said}");
    let limits = Limits { pixel_bytes: 1000, ..Limits::default() };
    let large = nrrd_with(&["encoding: gzip", "sizes: 1000 1000 1000"], &bomb);
    let error = PlacedVolume::read(&large, &limits, alone).unwrap_err();
    assert!(matches!(error, Error::TooLarge { declared: 2_000_000_000, limit: 1000 }), "{error}");
}

/// 2×1×2 voxels of 16 bits: sform with steps of 0.5, 0.5 and 2 from (10, 20, 30), RAS.
struct Nifti {
    bytes: Vec<u8>,
    big: bool,
}

impl Nifti {
    fn new(big: bool) -> Self {
        let mut file = Self { bytes: vec![0; 352], big };
        file.int(0, 348);
        for (k, side) in [3, 2, 1, 2, 1, 1, 1, 1].into_iter().enumerate() {
            file.short(40 + 2 * k, side);
        }
        file.short(70, 4).short(72, 16);
        for (at, number) in [(76, 1.0), (80, 0.5), (84, 0.5), (88, 2.0), (108, 352.0), (112, 1.0)] {
            file.float(at, number);
        }
        file.bytes[123] = 2;
        file.short(254, 1);
        for (at, number) in
            [(280, 0.5), (292, 10.0), (300, 0.5), (308, 20.0), (320, 2.0), (324, 30.0)]
        {
            file.float(at, number);
        }
        file.bytes[344..348].copy_from_slice(b"n+1\0");
        for value in [1_i16, 2, -1, 260] {
            let two = if big { value.to_be_bytes() } else { value.to_le_bytes() };
            file.bytes.extend_from_slice(&two);
        }
        file
    }

    fn put<const N: usize>(&mut self, at: usize, mut little: [u8; N]) -> &mut Self {
        if self.big {
            little.reverse();
        }
        self.bytes[at..at + N].copy_from_slice(&little);
        self
    }

    fn short(&mut self, at: usize, value: i16) -> &mut Self {
        self.put(at, value.to_le_bytes())
    }

    fn int(&mut self, at: usize, value: i32) -> &mut Self {
        self.put(at, value.to_le_bytes())
    }

    fn float(&mut self, at: usize, value: f32) -> &mut Self {
        self.put(at, value.to_le_bytes())
    }
}

#[test]
fn a_nifti_becomes_lps_in_both_byte_orders_compressed_or_not() {
    for big in [false, true] {
        let file = Nifti::new(big);
        for bytes in [file.bytes.clone(), gzip(&file.bytes)] {
            let volume = read(&bytes).unwrap();
            assert_eq!((volume.dims, place(&volume)), ([2, 1, 2], [-10.5, -20.5, 32.0]));
            assert_eq!(volume.voxels, Pixels::I16(vec![1, 2, -1, 260]));
        }
    }
    let mut micrometres = Nifti::new(false);
    micrometres.bytes[123] = 3;
    let [x, y, z] = place(&read(&micrometres.bytes).unwrap());
    assert!((x + 0.0105).abs() < 1e-9 && (y + 0.0205).abs() < 1e-9 && (z - 0.032).abs() < 1e-9);
}

#[test]
fn numbers_are_scaled_as_the_header_says() {
    let mut file = Nifti::new(true);
    file.float(112, 2.0).float(116, -1000.0);
    let volume = read(&file.bytes).unwrap();
    assert_eq!(volume.voxels, Pixels::F32(vec![-998.0, -996.0, -1002.0, -480.0]));
    assert_eq!(volume.into_intensities().unwrap(), [-998, -996, -1002, -480]);
    let mut unscaled = Nifti::new(false);
    unscaled.float(112, 0.0).float(116, 7.0);
    assert_eq!(read(&unscaled.bytes).unwrap().voxels, Pixels::I16(vec![1, 2, -1, 260]));
}

#[test]
fn an_extension_before_the_voxels_is_skipped() {
    let mut file = Nifti::new(false);
    file.float(108, 368.0);
    file.bytes.splice(348..352, [1, 0, 0, 0]);
    file.bytes.splice(352..352, [7; 16]);
    assert_eq!(read(&file.bytes).unwrap().voxels, Pixels::I16(vec![1, 2, -1, 260]));
}

#[test]
fn a_wrong_nifti_is_refused_with_the_reason() {
    type Change = fn(&mut Nifti) -> &mut Nifti;
    let cases: [(Change, &str); 13] = [
        (|f| f.short(254, 0), "no `sform or qform`"),
        (|f| f.float(280, 0.0), "`sform` should be finite axes that span space"),
        (|f| f.float(292, f32::NAN), "`sform` should be"),
        (|f| f.short(254, 0).short(252, 1).float(256, 1.2), "unit quaternion"),
        (|f| f.short(254, 0).short(252, 1).float(84, 0.0), "`pixdim` should be steps above 0"),
        (|f| f.short(252, 1), "the same place as `sform`"),
        (|f| f.short(46, 0), "numbers of voxels above 0"),
        (|f| f.short(40, 4).short(48, 3), "one time, one channel"),
        (|f| f.short(70, 128), "datatype 128"),
        (|f| f.short(72, 8), "`bitpix` should be 16"),
        (|f| f.float(112, f32::NAN), "`scl_slope and scl_inter`"),
        (|f| f.float(108, 100.0), "`vox_offset` should be"),
        (|f| f.short(46, 9), "declares 36 bytes of voxels, but the data end after 8"),
    ];
    for (change, reason) in cases {
        for big in [false, true] {
            let mut file = Nifti::new(big);
            change(&mut file);
            let said = told(&file.bytes);
            assert!(said.contains(reason), "{reason}: {said}");
            assert_eq!(told(&gzip(&file.bytes)), said);
        }
    }
    let file = Nifti::new(false).bytes;
    assert!(told(&file[..200]).contains("within its header, after 200 bytes"));
    assert!(told(&[&file[..], &[0]].concat()).contains("more bytes follow"));
    let packed = gzip(&file);
    assert!(told(&packed[..packed.len() - 4]).contains("cut off"));
    let mut pair = file.clone();
    pair[344..348].copy_from_slice(b"ni1\0");
    assert!(told(&pair).contains("two files"));
    assert!(told(b"what else").contains("no NRRD, NIfTI or MetaImage"));
    assert!(told(&gzip(b"what else")).contains("no NRRD, NIfTI or MetaImage"));
}

#[test]
fn a_metaimage_is_read_too() {
    let text = "ObjectType = Image\nNDims = 3\nDimSize = 2 1 2\nElementSpacing = 0.5 0.5 2\nOffset = 10 20 30\nElementType = MET_UCHAR\nElementDataFile = ";
    let local = [format!("{text}LOCAL\n").as_bytes(), &[1, 2, 3, 4]].concat();
    let volume = read(&local).unwrap();
    assert_eq!((volume.dims, place(&volume)), ([2, 1, 2], [10.5, 20.5, 32.0]));
    assert_eq!(volume.into_labels().unwrap(), [1, 2, 3, 4]);
    let detached = format!("{text}x.raw\n");
    let beside = |_: &str| Ok(vec![1, 2, 3, 4]);
    let volume = PlacedVolume::read(detached.as_bytes(), &Limits::default(), beside).unwrap();
    assert_eq!(volume.into_labels().unwrap(), [1, 2, 3, 4]);
}

#[test]
fn numbers_that_are_no_intensity_or_no_label_are_named() {
    let volume = |values: Vec<f32>| PlacedVolume {
        dims: [2, 1, 2],
        lps_from_voxel: Matrix4::identity(),
        voxels: Pixels::F32(values),
    };
    assert_eq!(volume(vec![0.4, -0.6, 9.0, 1e4]).into_intensities().unwrap(), [0, -1, 9, 10_000]);
    let said = volume(vec![0.0, 1.0, 2.0, f32::NAN]).into_intensities().unwrap_err().to_string();
    assert!(said.contains("voxel [1, 0, 1]") && said.contains("NaN"), "{said}");
    assert!(volume(vec![0.0, 0.0, 4e4, 0.0]).into_intensities().is_err());
    assert_eq!(volume(vec![0.0, 1.0, 2.0, 65_535.0]).into_labels().unwrap(), [0, 1, 2, 65_535]);
    for bad in [0.5, -1.0, 65_536.0, f32::NAN, f32::INFINITY] {
        let said = volume(vec![0.0, bad, 0.0, 0.0]).into_labels().unwrap_err().to_string();
        assert!(said.contains("voxel [1, 0, 0]"), "{bad}: {said}");
    }
}

proptest! {
    #[test]
    fn a_quaternion_means_its_rotation(
        axis in proptest::array::uniform3(-1.0_f64..1.0),
        angle in -3.1_f64..3.1,
        mirrored: bool,
    ) {
        let axis = Vector3::from(axis);
        prop_assume!(axis.norm() > 0.1);
        let turn = UnitQuaternion::from_axis_angle(&Unit::new_normalize(axis), angle);
        let turn = if turn.w < 0.0 { UnitQuaternion::new_unchecked(-turn.into_inner()) } else { turn };
        let mut file = Nifti::new(false);
        file.short(254, 0).short(252, 1).float(76, if mirrored { -1.0 } else { 1.0 });
        for (at, number) in [(256, turn.i), (260, turn.j), (264, turn.k), (268, 1.0), (272, 2.0), (276, 3.0)] {
            file.float(at, number as f32);
        }
        let third = if mirrored { -2.0 } else { 2.0 };
        let rotation: Rotation3<f64> = turn.to_rotation_matrix();
        let ras = rotation * Vector3::new(0.5, 0.5, third) + Vector3::new(1.0, 2.0, 3.0);
        let lps = Vector3::from(place(&read(&file.bytes).unwrap()));
        prop_assert!((lps - Vector3::new(-ras.x, -ras.y, ras.z)).norm() < 1e-5);
    }

    #[test]
    fn damaged_files_are_errors_or_volumes_and_never_panic(
        changes in proptest::collection::vec((0_usize..400, any::<u8>()), 1..6),
        cut in 0_usize..420,
        which in 0_usize..4,
    ) {
        let mut bytes = match which {
            0 => Nifti::new(false).bytes,
            1 => gzip(&Nifti::new(true).bytes),
            2 => nrrd_with(&[], &SHORTS),
            _ => nrrd_with(&["encoding: gzip"], &gzip(&SHORTS)),
        };
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(cut.max(1));
        let limits = Limits { pixel_bytes: 1 << 20, ..Limits::default() };
        if let Ok(volume) = PlacedVolume::read(&bytes, &limits, alone) {
            prop_assert_eq!(volume.voxels.len(), volume.len());
            prop_assert!(volume.lps_from_voxel.iter().all(|value| value.is_finite()));
        }
    }
}
