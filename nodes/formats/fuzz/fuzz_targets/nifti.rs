//! Volumes as NIfTI-1 and NIfTI-2, as they are and as gzip.

use formats::nifti;

use super::{LIMITS, Target, assert_said, assert_volume, bounded, gzip, inflated, odd_numbers};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "nifti", check, seeds, words: WORDS };

fn nothing_beside(_: &str) -> std::io::Result<Vec<u8>> {
    Err(std::io::ErrorKind::NotFound.into())
}

fn check(bytes: &[u8]) {
    let is_gzip = bytes.starts_with(&[0x1f, 0x8b]);
    let read = bounded(bytes.len(), if is_gzip { inflated(bytes.len()) } else { 0 }, || {
        nifti::read(bytes, &LIMITS, None, nothing_beside)
    });
    let volume = match read {
        Ok(volume) => volume,
        Err(error) => return assert_said(&error),
    };
    assert!(nifti::is_nifti(bytes));
    if !is_gzip {
        let packed = gzip(bytes);
        let same =
            nifti::read(&packed, &LIMITS, None, nothing_beside).expect("the same file as gzip");
        assert_eq!((same.dims, same.lps_from_voxel), (volume.dims, volume.lps_from_voxel));
        assert_eq!(same.voxels.scalar(), volume.voxels.scalar());
    }
    assert_volume(volume);
}

/// A NIfTI-1 file with 2 × 3 × 2 voxels, and changes to its header: where, and which bytes.
pub fn file(is_big_endian: bool, changes: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; 352];
    let mut put = |at: usize, number: &[u8]| {
        bytes[at..at + number.len()].copy_from_slice(number);
        if is_big_endian {
            bytes[at..at + number.len()].reverse();
        }
    };
    put(0, &348_u32.to_le_bytes());
    for (index, side) in [3_i16, 2, 3, 2, 1, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * index, &side.to_le_bytes());
    }
    put(70, &4_i16.to_le_bytes());
    put(72, &16_i16.to_le_bytes());
    for (index, step) in [1_f32, 0.5, 1.0, 2.5].into_iter().enumerate() {
        put(76 + 4 * index, &step.to_le_bytes());
    }
    put(108, &352_f32.to_le_bytes());
    put(254, &1_i16.to_le_bytes());
    for (index, number) in
        [0.5_f32, 0.0, 0.0, -10.0, 0.0, 1.0, 0.0, 20.0, 0.0, 0.0, 2.5, 3.0].into_iter().enumerate()
    {
        put(280 + 4 * index, &number.to_le_bytes());
    }
    bytes[123] = 2;
    bytes[344..348].copy_from_slice(b"n+1\0");
    for &(at, change) in changes {
        bytes[at..at + change.len()].copy_from_slice(change);
    }
    bytes.extend((0..24).collect::<Vec<u8>>());
    bytes
}

/// A NIfTI-2 file with 2 × 3 × 2 voxels, and changes to its header: where, and which bytes.
pub fn file_2(is_big_endian: bool, changes: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; 544];
    let mut put = |at: usize, number: &[u8]| {
        bytes[at..at + number.len()].copy_from_slice(number);
        if is_big_endian {
            bytes[at..at + number.len()].reverse();
        }
    };
    put(0, &540_u32.to_le_bytes());
    put(12, &4_i16.to_le_bytes());
    put(14, &16_i16.to_le_bytes());
    for (index, side) in [3_i64, 2, 3, 2, 1, 1, 1, 1].into_iter().enumerate() {
        put(16 + 8 * index, &side.to_le_bytes());
    }
    let (steps, rows) = ([1.0, 0.5, 1.0, 2.5], [(400, 0.5), (440, 1.0), (480, 2.5), (488, 3.0)]);
    let steps = steps.into_iter().enumerate().map(|(index, step)| (104 + 8 * index, step));
    for (at, number) in steps.chain(rows).chain([(176, 1.0)]) {
        put(at, &f64::to_le_bytes(number));
    }
    put(168, &544_i64.to_le_bytes());
    put(348, &1_i32.to_le_bytes());
    put(500, &2_i32.to_le_bytes());
    bytes[4..12].copy_from_slice(b"n+2\0\r\n\x1a\n");
    for &(at, change) in changes {
        bytes[at..at + change.len()].copy_from_slice(change);
    }
    bytes.extend((0..24).collect::<Vec<u8>>());
    bytes
}

/// Of both versions, in either byte order, `sform` and `qform`, scaled, of other units, and as gzip.
pub fn seeds() -> Vec<Vec<u8>> {
    let (one, code) = (1_f32.to_le_bytes(), 1_i16.to_le_bytes());
    let origin = [-10_f32, 20.0, 3.0].map(f32::to_le_bytes).concat();
    let qform: &[(usize, &[u8])] = &[(252, &code), (268, &origin)];
    let only_qform: &[(usize, &[u8])] =
        &[(252, &code), (254, &[0, 0]), (264, &one), (268, &origin), (78, &[0x80, 0xbf])];
    let plain = file(false, &[]);
    let doubles =
        [&file(false, &[(70, &64_i16.to_le_bytes()), (72, &64_i16.to_le_bytes())])[..], &[7; 72]]
            .concat();
    vec![
        gzip(&plain),
        plain,
        file(true, &[]),
        file(false, qform),
        file(false, only_qform),
        file(false, &[(112, &2_f32.to_le_bytes()), (116, &one)]),
        file(false, &[(123, &[3])]),
        file(true, &[(123, &[1])]),
        doubles,
        file_2(false, &[]),
        gzip(&file_2(true, &[])),
        // Only the `qform`: half a turn about the first axis.
        file_2(true, &[(347, &[1]), (348, &[0; 4]), (352, &1_f64.to_be_bytes())]),
        file_2(false, &[(176, &0.5_f64.to_le_bytes()), (184, &(-1e3_f64).to_le_bytes())]),
    ]
}

const WORDS: &[&str] = odd_numbers![
    "n+1\0",
    "ni1\0",
    "n+2\0\r\n\x1a\n",
    "ni2\0\r\n\x1a\n",
    "\x1c\x02\0\0",
    "\0\0\x02\x1c",
    "\x5c\x01\0\0",
    "\0\0\x01\x5c",
    "\0\0",
    "\x02\x1c\0\0",
    "\x7f\x7f",
    "\x01\0",
    "\0\x01"
];
