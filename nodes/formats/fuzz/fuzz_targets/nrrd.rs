//! Volumes as NRRD, in one file and in two.

use std::io;

use formats::nrrd;

use super::{
    BESIDE, LIMITS, Target, assert_said, assert_volume, bounded, gzip, has, inflated, odd_numbers,
    with_beside,
};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "nrrd", check, seeds, words: WORDS };

fn check(bytes: &[u8]) {
    let (file, beside) = with_beside(bytes);
    let inflated = if has(bytes, b"gz") { inflated(bytes.len()) } else { 0 };
    let read = bounded(bytes.len(), inflated, || {
        nrrd::read(file, &LIMITS, |_| {
            beside.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    });
    match read {
        Ok(volume) => {
            assert!(nrrd::is_nrrd(bytes));
            assert_volume(volume);
        }
        Err(error) => assert_said(&error),
    }
}

/// Headers of several spaces and types, with raw and gzip voxels.
pub fn seeds() -> Vec<Vec<u8>> {
    let header = |more: &str| {
        format!("NRRD0004\n# by hand\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 3 2 1\nspace directions: (0.5,0,0) (0,0,1) (0,-2.5,0)\nkinds: domain domain domain\nendian: little\nspace origin: (-10,20.5,3e1)\n{more}")
            .into_bytes()
    };
    let voxels = b"0123456789ab";
    let file = |more: &str, voxels: &[u8]| [&header(more), voxels].concat();
    vec![
        file("encoding: raw\n\n", voxels),
        file("encoding: gzip\nkey:=value\n\n", &gzip(voxels)),
        file("encoding: raw\nspace units: \"mm\" \"mm\" \"mm\"\nline skip: 2\nbyte skip: 3\n\n", b"one\ntwo\nskp0123456789ab"),
        file("encoding: raw\nbyte skip: -1\n\n", b"anything before it 0123456789ab"),
        file("encoding: raw\ndata file: voxels.raw\n", &[BESIDE, voxels].concat()),
        file("encoding: gz\nbyteskip: 4\ndatafile: voxels.raw.gz\n\n", &[BESIDE, &gzip(b"skip0123456789ab")].concat()),
        b"NRRD0005\r\ntype: unsigned char\r\ndimension: 3\r\nspace: RAS\r\nsizes: 1 2 3\r\nspace directions: (1,0,0) (0,1,0) (0,0,1)\r\nspace origin: (0,0,0)\r\nencoding: raw\r\n\r\n123456".to_vec(),
        b"NRRD0001\ntype: double\nendian: big\ndimension: 3\nspace: left-anterior-superior\nsizes: 1 1 1\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\n\n12345678".to_vec(),
    ]
}

const WORDS: &[&str] = odd_numbers![
    "NRRD0005\n",
    "type: ",
    "signed char",
    "uchar",
    "short",
    "unsigned short",
    "int",
    "uint",
    "longlong",
    "unsigned long long int",
    "float",
    "double",
    "uint8_t",
    "dimension: 3\n",
    "sizes: ",
    "space: ",
    "left-posterior-superior",
    "right-anterior-superior",
    "left-anterior-superior",
    "LPS",
    "RAS",
    "LAS",
    "space directions: ",
    "(1,0,0) ",
    "(0,1,0) ",
    "(0,0,1)\n",
    "none",
    "space origin: (0,0,0)\n",
    "space units: \"mm\" \"mm\" \"mm\"\n",
    "kinds: ",
    "endian: little\n",
    "endian: big\n",
    "encoding: raw\n",
    "encoding: gzip\n",
    "encoding: gz\n",
    "data file: ",
    "datafile: ",
    "LIST",
    "line skip: ",
    "lineskip: ",
    "byte skip: ",
    "byteskip: -1\n",
    ":=",
    "# ",
    "\n\n",
    "\r\n\r\n",
    "\x1f",
];
