//! Volumes come back from each kind of file as they were written, and what a kind cannot hold is refused.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io;

use formats::metaimage::{self, Limits, Pixels};
use formats::placed_volume::{Error, PlacedVolume, VolumeKind, Written};
use nalgebra::{Matrix4, Point3, Rotation3, Vector3};
use proptest::prelude::*;

fn kinds() -> Vec<VolumeKind> {
    let stem = || "ct 1".to_owned();
    vec![
        VolumeKind::MetaImage,
        VolumeKind::MetaImageDetached { stem: stem() },
        VolumeKind::Nrrd,
        VolumeKind::NrrdDetached { stem: stem() },
        VolumeKind::Nifti1 { gzip: false },
        VolumeKind::Nifti1 { gzip: true },
        VolumeKind::Nifti2 { gzip: false },
        VolumeKind::Nifti2 { gzip: true },
    ]
}

fn read(written: &Written) -> Result<PlacedVolume, Error> {
    let beside = |name: &str| match &written.beside {
        Some((other, bytes)) if other == name => Ok(bytes.clone()),
        _ => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
    };
    PlacedVolume::read(&written.bytes, &Limits::default(), beside)
}

fn place(volume: &PlacedVolume, index: [f64; 3]) -> Point3<f64> {
    volume.lps_from_voxel.transform_point(&Point3::from(index))
}

/// How far apart two volumes of one size put a voxel at most.
fn apart_mm(one: &PlacedVolume, other: &PlacedVolume) -> f64 {
    let [x, y, z] = one.dims.map(|side| (side - 1) as f64);
    let corners = [[0.0; 3], [x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, z], [x, y, z]];
    corners.map(|at| (place(one, at) - place(other, at)).norm()).into_iter().fold(0.0, f64::max)
}

/// Oblique, anisotropic, and as CT numbers are, with one voxel that stands out.
fn ct() -> PlacedVolume {
    let dims = [7, 6, 5];
    let mut voxels: Vec<i16> = (0..7 * 6 * 5).map(|index| -1000 + index as i16).collect();
    voxels[LANDMARK[0] + 7 * (LANDMARK[1] + 6 * LANDMARK[2])] = 3071;
    let turn = Rotation3::from_euler_angles(0.3, -0.2, 1.1).into_inner();
    let mut lps_from_voxel = Matrix4::identity();
    let axes = turn * nalgebra::Matrix3::from_diagonal(&Vector3::new(0.57, 0.61, 1.6));
    lps_from_voxel.fixed_view_mut::<3, 3>(0, 0).copy_from(&axes);
    lps_from_voxel.fixed_view_mut::<3, 1>(0, 3).copy_from(&Vector3::new(-147.3, 91.25, -812.6));
    PlacedVolume { dims, lps_from_voxel, voxels: Pixels::I16(voxels) }
}
const LANDMARK: [usize; 3] = [5, 2, 3];

#[test]
fn a_landmark_lies_at_the_same_place_in_each_kind_of_file() {
    let original = ct();
    let expected = place(&original, LANDMARK.map(|index| index as f64));
    for kind in kinds() {
        for compressed in [false, true] {
            let volume = read(&original.write(&kind, compressed).unwrap()).unwrap();
            assert_eq!(volume.dims, original.dims, "{kind:?}");
            let Pixels::I16(values) = &volume.voxels else { panic!("16 bit") };
            let brightest = values.iter().position(|&value| value == 3071).unwrap();
            let index = [brightest % 7, brightest / 7 % 6, brightest / 42];
            assert_eq!(index, LANDMARK, "{kind:?}");
            let apart = (place(&volume, index.map(|index| index as f64)) - expected).norm();
            assert!(apart < 1e-3, "{kind:?}: {apart} mm");
            assert_eq!(volume.voxels, original.voxels, "{kind:?}");
        }
    }
}

#[test]
fn the_rotation_alone_says_the_same_place() {
    let mut upright = ct();
    upright.lps_from_voxel = Matrix4::new_nonuniform_scaling(&Vector3::new(0.5, 0.5, 2.0));
    let mut mirrored = ct();
    mirrored.lps_from_voxel.column_mut(1).neg_mut();
    for original in [ct(), upright, mirrored] {
        let mut one = original.write(&VolumeKind::Nifti1 { gzip: false }, false).unwrap();
        one.bytes[254..256].fill(0);
        let mut two = original.write(&VolumeKind::Nifti2 { gzip: false }, false).unwrap();
        two.bytes[348..352].fill(0);
        for (written, tolerance_mm) in [(one, 1e-3), (two, 1e-9)] {
            let volume = read(&written).unwrap();
            let apart = apart_mm(&volume, &original);
            assert!(apart < tolerance_mm, "{apart} mm");
        }
    }
}

#[test]
fn files_are_called_as_their_headers_say() {
    let name =
        |kind: &VolumeKind, compressed| ct().write(kind, compressed).unwrap().beside.unwrap().0;
    let metaimage = VolumeKind::from_file_name("a/ct.mhd").unwrap();
    assert_eq!(
        (name(&metaimage, false), name(&metaimage, true)),
        ("ct.raw".into(), "ct.zraw".into())
    );
    let nrrd = VolumeKind::from_file_name("a/ct.nhdr").unwrap();
    assert_eq!((name(&nrrd, false), name(&nrrd, true)), ("ct.raw".into(), "ct.raw.gz".into()));
    for stem in ["a%d", "a\nb", "../a", "LIST a"] {
        for kind in [
            VolumeKind::MetaImageDetached { stem: stem.to_owned() },
            VolumeKind::NrrdDetached { stem: stem.to_owned() },
        ] {
            assert!(ct().write(&kind, false).is_err(), "{kind:?}");
        }
    }
    let compressed = ct().write(&VolumeKind::Nifti1 { gzip: true }, false).unwrap().bytes;
    assert_eq!(compressed[..2], [0x1f, 0x8b]);
    assert_eq!(ct().write(&VolumeKind::Nifti1 { gzip: false }, true).unwrap().bytes[..2], [92, 1]);
}

#[test]
fn sheared_axes_are_kept_or_refused() {
    let mut sheared = ct();
    sheared.lps_from_voxel[(0, 1)] += 0.1;
    for kind in kinds() {
        let written = sheared.write(&kind, true);
        if matches!(kind, VolumeKind::MetaImage | VolumeKind::MetaImageDetached { .. }) {
            let said = written.unwrap_err().to_string();
            assert!(said.contains("not at right angles, which MetaImage cannot say"), "{said}");
        } else {
            let apart = apart_mm(&read(&written.unwrap()).unwrap(), &sheared);
            assert!(apart < 1e-3, "{kind:?}: {apart} mm");
        }
    }
    assert!(metaimage::Volume::try_from(sheared).is_err());
    let volume = metaimage::Volume::try_from(ct()).unwrap();
    assert!((volume.spacing_mm - Vector3::new(0.57, 0.61, 1.6)).norm() < 1e-12);
    assert!(apart_mm(&PlacedVolume::try_from(volume).unwrap(), &ct()) < 1e-9);
}

#[test]
fn what_makes_no_sense_is_not_written() {
    let told = |change: &dyn Fn(&mut PlacedVolume)| {
        let mut volume = ct();
        change(&mut volume);
        let said =
            kinds().into_iter().map(|kind| volume.write(&kind, true).unwrap_err().to_string());
        let said: Vec<String> = said.collect();
        assert!(said.windows(2).all(|two| two[0] == two[1]), "{said:?}");
        said[0].clone()
    };
    assert!(told(&|volume| volume.dims[2] = 6).contains("the number of voxels"));
    assert!(told(&|volume| volume.dims = [usize::MAX; 3]).contains("the number of voxels"));
    let empty = told(&|volume| (volume.dims[0], volume.voxels) = (0, Pixels::U8(vec![])));
    assert!(empty.contains("at least one"), "{empty}");
    assert!(told(&|volume| volume.lps_from_voxel[(0, 3)] = f64::NAN).contains("finite axes"));
    assert!(told(&|volume| volume.lps_from_voxel.column_mut(1).fill(0.0)).contains("span space"));
    assert!(told(&|volume| volume.lps_from_voxel[(3, 0)] = 0.5).contains("a last row of 0 0 0 1"));
}

#[test]
fn what_nifti_1_has_no_numbers_for_is_refused() {
    let one = VolumeKind::Nifti1 { gzip: false };
    let two = VolumeKind::Nifti2 { gzip: false };
    let long = PlacedVolume {
        dims: [40_000, 1, 1],
        lps_from_voxel: Matrix4::identity(),
        voxels: Pixels::U8(vec![3; 40_000]),
    };
    let said = long.write(&one, false).unwrap_err().to_string();
    assert!(said.contains("sides end at 32767") && said.contains("NIfTI-2"), "{said}");
    assert_eq!(read(&long.write(&two, false).unwrap()).unwrap(), long);
    // Micrometre voxels half a metre away from the origin.
    let mut tiny = ct();
    tiny.lps_from_voxel.fixed_view_mut::<3, 3>(0, 0).scale_mut(1e-3);
    let said = tiny.write(&one, false).unwrap_err().to_string();
    assert!(said.contains("32-bit numbers of NIfTI-1 would move"), "{said}");
    assert_eq!(read(&tiny.write(&two, false).unwrap()).unwrap(), tiny);
    // Numbers that are infinite or zero as 32 bits.
    for scale in [1e300, 1e-300] {
        let mut beyond = ct();
        beyond.lps_from_voxel.fixed_view_mut::<3, 4>(0, 0).scale_mut(scale);
        assert!(beyond.write(&one, false).is_err(), "{scale}");
    }
}

fn any_pixels(length: usize) -> impl Strategy<Value = Pixels> {
    use proptest::collection::vec;
    prop_oneof![
        vec(any::<u8>(), length).prop_map(Pixels::U8),
        vec(any::<i8>(), length).prop_map(Pixels::I8),
        vec(any::<u16>(), length).prop_map(Pixels::U16),
        vec(any::<i16>(), length).prop_map(Pixels::I16),
        vec(any::<u32>(), length).prop_map(Pixels::U32),
        vec(any::<i32>(), length).prop_map(Pixels::I32),
        vec(any::<u64>(), length).prop_map(Pixels::U64),
        vec(any::<i64>(), length).prop_map(Pixels::I64),
        vec(-1e30f32..1e30, length).prop_map(Pixels::F32),
        vec(-1e300..1e300, length).prop_map(Pixels::F64),
    ]
}

prop_compose! {
    fn any_volume()(dims in prop::array::uniform3(1usize..6))(
        voxels in any_pixels(dims.iter().product()),
        dims in Just(dims),
        spacing in prop::array::uniform3(0.1..9.0),
        origin in prop::array::uniform3(-1e3..1e3),
        angles in prop::array::uniform3(-3.2..3.2),
        // Half and quarter turns are where quaternions are weakest.
        turns in prop::option::of(prop::array::uniform3(-2_i32..3)),
        mirrored in any::<bool>(),
    ) -> PlacedVolume {
        let angles = turns.map_or(angles, |turns| turns.map(|turn| f64::from(turn) * std::f64::consts::FRAC_PI_2));
        let turn = Rotation3::from_euler_angles(angles[0], angles[1], angles[2]).into_inner();
        let side = if mirrored { -1.0 } else { 1.0 };
        let axes = turn * nalgebra::Matrix3::from_diagonal(&Vector3::new(spacing[0], side * spacing[1], spacing[2]));
        let mut lps_from_voxel = Matrix4::identity();
        lps_from_voxel.fixed_view_mut::<3, 3>(0, 0).copy_from(&axes);
        lps_from_voxel.fixed_view_mut::<3, 1>(0, 3).copy_from(&Vector3::from(origin));
        PlacedVolume { dims, lps_from_voxel, voxels }
    }
}

proptest! {
    #[test]
    fn volumes_come_back(volume in any_volume(), compressed: bool) {
        for kind in kinds() {
            let back = read(&volume.write(&kind, compressed).unwrap()).unwrap();
            prop_assert_eq!(back.dims, volume.dims);
            prop_assert_eq!(&back.voxels, &volume.voxels);
            match kind {
                VolumeKind::Nrrd | VolumeKind::NrrdDetached { .. } | VolumeKind::Nifti2 { .. } => {
                    prop_assert_eq!(back.lps_from_voxel, volume.lps_from_voxel);
                }
                VolumeKind::Nifti1 { .. } => prop_assert!(apart_mm(&back, &volume) < 2e-4),
                VolumeKind::MetaImage | VolumeKind::MetaImageDetached { .. } => {
                    prop_assert!(apart_mm(&back, &volume) < 1e-12);
                }
            }
        }
    }

    #[test]
    fn a_file_cut_or_damaged_is_an_error_or_a_whole_volume(
        volume in any_volume(),
        kind in 0_usize..8,
        compressed: bool,
        at in any::<prop::sample::Index>(),
        value: u8,
    ) {
        let kind = &kinds()[kind];
        let mut written = volume.write(kind, compressed).unwrap();
        let at = at.index(written.bytes.len());
        let mut cut = written.clone();
        cut.bytes.truncate(at);
        let has_all = written.beside.is_some() && at + 2 >= written.bytes.len();
        prop_assert!(has_all || read(&cut).is_err());
        written.bytes[at] = value;
        if let Ok(volume) = read(&written) {
            prop_assert_eq!(volume.voxels.len(), volume.len());
            prop_assert!(volume.lps_from_voxel.iter().all(|number| number.is_finite()));
        }
    }
}
