//! NIfTI-2 and NIfTI in two files are read as their definitions say, and what is written lies where they say.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::HashMap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use formats::metaimage::{Limits, Pixels};
use formats::placed_volume::{Error, PlacedVolume, VolumeKind};
use nalgebra::{Matrix4, Point3};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The file called `name` of those that are there.
fn read_of(files: &[(&str, &[u8])], name: &str) -> Result<PlacedVolume, Error> {
    let files: HashMap<&str, &[u8]> = files.iter().copied().collect();
    let beside = |name: &str| {
        let found = files.get(name).ok_or(io::Error::from(io::ErrorKind::NotFound))?;
        Ok(found.to_vec())
    };
    PlacedVolume::read_named(name, files[name], &Limits::default(), beside)
}

fn read(bytes: &[u8]) -> Result<PlacedVolume, Error> {
    read_of(&[("a/x.nii", bytes)], "a/x.nii")
}

/// 2×1×2 voxels of 16 bits: sform with steps of 0.5, 0.5 and 2 from (10, 20, 30), RAS; places as in `nifti2.h`.
struct Two {
    bytes: Vec<u8>,
    big: bool,
}

impl Two {
    fn new(big: bool) -> Self {
        let mut file = Self { bytes: vec![0; 544], big };
        file.put(0, 540_i32.to_le_bytes());
        file.bytes[4..12].copy_from_slice(b"n+2\0\r\n\x1a\n");
        file.put(12, 4_i16.to_le_bytes()).put(14, 16_i16.to_le_bytes());
        for (k, side) in [3_i64, 2, 1, 2, 1, 1, 1, 1].into_iter().enumerate() {
            file.put(16 + 8 * k, side.to_le_bytes());
        }
        file.put(168, 544_i64.to_le_bytes()).put(348, 1_i32.to_le_bytes());
        file.put(500, 2_i32.to_le_bytes());
        for (at, number) in [
            (112, 0.5),
            (120, 0.5),
            (128, 2.0),
            (176, 1.0),
            (400, 0.5),
            (424, 10.0),
            (440, 0.5),
            (456, 20.0),
            (480, 2.0),
            (488, 30.0),
        ] {
            file.double(at, number);
        }
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

    fn double(&mut self, at: usize, value: f64) -> &mut Self {
        self.put(at, value.to_le_bytes())
    }
}

fn place(volume: &PlacedVolume) -> [f64; 3] {
    volume.lps_from_voxel.transform_point(&Point3::new(1.0, 1.0, 1.0)).into()
}

#[test]
fn nifti_2_is_read_in_both_byte_orders() {
    for big in [false, true] {
        let mut file = Two::new(big);
        for bytes in [file.bytes.clone(), gzip(&file.bytes)] {
            let volume = read(&bytes).unwrap();
            assert_eq!((volume.dims, place(&volume)), ([2, 1, 2], [-10.5, -20.5, 32.0]));
            assert_eq!(volume.voxels, Pixels::I16(vec![1, 2, -1, 260]));
        }
        // A quarter turn about z, on the side that -1 says, at 1/3.
        file.put(348, 0_i32.to_le_bytes()).put(344, 1_i32.to_le_bytes()).double(104, -1.0);
        file.double(368, 0.5_f64.sqrt()).double(376, 1.0 / 3.0).double(384, 2.0).double(392, 3.0);
        let [x, y, z] = place(&read(&file.bytes).unwrap());
        assert!((x + 1.0 / 3.0 - 0.5).abs() < 1e-12 && (y + 2.5).abs() < 1e-12, "{x} {y}");
        assert!((z - 1.0).abs() < 1e-12, "{z}");
        file.double(176, 2.0).double(184, -1000.0);
        let scaled = read(&file.bytes).unwrap().voxels;
        assert_eq!(scaled, Pixels::F32(vec![-998.0, -996.0, -1002.0, -480.0]));
    }
}

#[test]
fn a_wrong_nifti_2_is_refused_with_the_reason() {
    type Change = fn(&mut Two) -> &mut Two;
    let cases: [(Change, &str); 10] = [
        (|f| f.put(348, 0_i32.to_le_bytes()), "no `sform or qform`"),
        (|f| f.double(400, f64::NAN), "`sform` should be finite axes that span space"),
        (|f| f.put(24, (-1_i64).to_le_bytes()), "numbers of voxels above 0"),
        (|f| f.put(24, i64::MAX.to_le_bytes()), "bytes of voxels, more than the limit"),
        (|f| f.put(16, 4_i64.to_le_bytes()).put(48, 3_i64.to_le_bytes()), "one time, one channel"),
        (|f| f.put(12, 128_i16.to_le_bytes()), "datatype 128 of NIfTI-2"),
        (
            |f| f.put(168, 352_i64.to_le_bytes()),
            "`vox_offset` should be a whole number of at least 544",
        ),
        (|f| f.put(168, (1_i64 << 62).to_le_bytes()), "`vox_offset` should be"),
        (
            |f| f.put(40, 9_i64.to_le_bytes()),
            "declares 36 bytes of voxels, but the data end after 8",
        ),
        (|f| f.put(500, 7_i32.to_le_bytes()), "`xyzt_units` should be"),
    ];
    for (change, reason) in cases {
        for big in [false, true] {
            let mut file = Two::new(big);
            change(&mut file);
            let said = read(&file.bytes).unwrap_err().to_string();
            assert!(said.contains(reason), "{reason}: {said}");
        }
    }
    let file = Two::new(false).bytes;
    for length in [4, 348, 539] {
        let said = read(&file[..length]).unwrap_err().to_string();
        assert!(said.contains(&format!("within its header, after {length} bytes")), "{said}");
    }
    // Sent as text, the newlines in the magic have changed.
    let mut text = file;
    text[8..10].copy_from_slice(b"\n\n");
    let said = read(&text).unwrap_err().to_string();
    assert!(said.contains("`magic` should be `n+2` of NIfTI-2"), "{said}");
}

/// The header and the voxels of a pair, of either version and byte order.
fn pair(version: u8, big: bool) -> (Vec<u8>, Vec<u8>) {
    let mut file = Two::new(big);
    if version == 2 {
        file.bytes[4..7].copy_from_slice(b"ni2");
        file.put(168, 0_i64.to_le_bytes());
        let voxels = file.bytes.split_off(544);
        file.bytes.truncate(540);
        return (file.bytes, voxels);
    }
    let voxels = file.bytes.split_off(544);
    let mut one = Two { bytes: vec![0; 348], big };
    one.put(0, 348_i32.to_le_bytes());
    for (k, side) in [3_i16, 2, 1, 2].into_iter().enumerate() {
        one.put(40 + 2 * k, side.to_le_bytes());
    }
    one.put(70, 4_i16.to_le_bytes()).put(72, 16_i16.to_le_bytes()).put(254, 1_i16.to_le_bytes());
    for (at, number) in
        [(280, 0.5_f32), (292, 10.0), (300, 0.5), (308, 20.0), (320, 2.0), (324, 30.0)]
    {
        one.put(at, number.to_le_bytes());
    }
    one.bytes[344..347].copy_from_slice(b"ni1");
    (one.bytes, voxels)
}

#[test]
fn a_pair_is_read_by_the_name_of_its_header() {
    for version in [1, 2] {
        for big in [false, true] {
            let (header, voxels) = pair(version, big);
            let (packed_header, packed) = (gzip(&header), gzip(&voxels));
            for files in [
                [("x.hdr", &header[..]), ("x.img", &voxels[..])],
                [("x.hdr", &header[..]), ("x.img.gz", &packed[..])],
                [("x.hdr.gz", &packed_header[..]), ("x.img.gz", &packed[..])],
                [("X.y.HDR", &header[..]), ("X.y.img", &voxels[..])],
            ] {
                let volume = read_of(&files, files[0].0).unwrap();
                assert_eq!((volume.dims, place(&volume)), ([2, 1, 2], [-10.5, -20.5, 32.0]));
                assert_eq!(volume.voxels, Pixels::I16(vec![1, 2, -1, 260]));
            }
            let told =
                |files: &[(&str, &[u8])], name: &str| read_of(files, name).unwrap_err().to_string();
            let lonely = told(&[("x.hdr", &header)], "x.hdr");
            assert!(lonely.contains("`x.img` beside the header"), "{lonely}");
            let renamed = told(&[("x.nii", &header)], "x.nii");
            assert!(renamed.contains("ends in `.hdr`"), "{renamed}");
            let longer =
                told(&[("x.hdr", &header), ("x.img", &[&voxels[..], &[0]].concat())], "x.hdr");
            assert!(longer.contains("more bytes follow"), "{longer}");
            let alone = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
            let nameless = PlacedVolume::read(&header, &Limits::default(), alone).unwrap_err();
            assert!(matches!(nameless, Error::Pair) && nameless.to_string().contains("two files"));
        }
    }
    // Analyze has the same length and no magic: nobody knows its left side.
    let (mut analyze, voxels) = pair(1, false);
    analyze[344..].fill(0);
    let said =
        read_of(&[("x.hdr", &analyze), ("x.img", &voxels)], "x.hdr").unwrap_err().to_string();
    assert!(said.contains("`magic` should be `n+1` of NIfTI-1"), "{said}");
}

#[test]
fn what_is_written_lies_where_the_definitions_say() {
    let mut lps_from_voxel = Matrix4::from_diagonal(&nalgebra::Vector4::new(-0.5, -0.5, 2.0, 1.0));
    lps_from_voxel.set_column(3, &nalgebra::Vector4::new(-10.0, -20.0, 30.0, 1.0));
    let voxels = Pixels::I16(vec![1, 2, -1, 260]);
    let volume = PlacedVolume { dims: [2, 1, 2], lps_from_voxel, voxels };
    let two = volume.write(&VolumeKind::Nifti2 { gzip: false }, false).unwrap().bytes;
    // Besides the hand-made file it has a rotation, which is none here, and a side.
    let mut expected = Two::new(false);
    expected.put(344, 1_i32.to_le_bytes()).double(104, 1.0);
    for axis in 4..8 {
        expected.double(104 + 8 * axis, 1.0);
    }
    expected.double(376, 10.0).double(384, 20.0).double(392, 30.0);
    assert_eq!(two, expected.bytes);
    let one = volume.write(&VolumeKind::Nifti1 { gzip: false }, false).unwrap().bytes;
    assert_eq!(one.len(), 352 + 8);
    assert_eq!((&one[..4], &one[344..348]), (&[92, 1, 0, 0][..], &b"n+1\0"[..]));
    let shorts = |at: usize| i16::from_le_bytes([one[at], one[at + 1]]);
    assert_eq!([40, 42, 44, 46, 48].map(shorts), [3, 2, 1, 2, 1]);
    assert_eq!([70, 72, 252, 254].map(shorts), [4, 16, 1, 1]);
    let float = |at: usize| f32::from_le_bytes(one[at..at + 4].try_into().unwrap());
    assert_eq!([76, 80, 84, 88].map(float), [1.0, 0.5, 0.5, 2.0]);
    assert_eq!([108, 112, 116].map(float), [352.0, 1.0, 0.0]);
    assert_eq!([256, 260, 264, 268, 272, 276].map(float), [0.0, 0.0, 0.0, 10.0, 20.0, 30.0]);
    assert_eq!([280, 300, 320, 292, 308, 324].map(float), [0.5, 0.5, 2.0, 10.0, 20.0, 30.0]);
    assert_eq!((one[123], &one[352..]), (2, &[1, 0, 2, 0, 255, 255, 4, 1][..]));
}
