//! PLUS sequences as NRRD, in one file and in two, whole and frame by frame.

use super::plus_sequence::{check, sequences};
use super::{BESIDE, Target, odd_numbers};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "plus_sequence_nrrd", check, seeds, words: WORDS };

/// As this crate writes them, as PLUS does, and with kinds of axes that others write.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = sequences()
        .iter()
        .flat_map(|sequence| [false, true].map(|gzip| sequence.write_nrrd(gzip).unwrap()))
        .collect();
    for gzip in [false, true] {
        let (header, data) = sequences()[1].write_nrrd_detached("pixels.raw", gzip).unwrap();
        seeds.push([&header, BESIDE, &data].concat());
    }
    let text = |kinds: &str, more: &str, data: &str| {
        format!("NRRD0004\n# by hand\ndimension: 3\nencoding: raw\nendian: little\nkinds: {kinds}\nspace dimension: 2\nspace directions: (0.3,0) (0,0.4) none\nspace origin: (0,0)\nDefaultFrameTransformName: ProbeToTrackerTransform\n{more}Seq_Frame0000_Timestamp:=1.5\nSeq_Frame0000_Status:=OK\n\n{data}")
            .into_bytes()
    };
    let second = "Seq_Frame0001_Timestamp:=1.75\nSeq_Frame0001_Status:=INVALID\n";
    let int16 = "type: int16\nultrasound image orientation:=FMD\nultrasound image type:=RF_REAL\n";
    seeds.extend([
        text("domain domain    list", &format!("sizes: 2 1   2\n{int16}{second}"), "12345678"),
        text("domain domain", &format!("sizes: 2 1\n{int16}"), "1234"),
        text("domain domain", &format!("sizes: 2 1\n{int16}Seq_Frame0000_Tool_ImageStatus:=x\n"), "1234"),
        text("domain domain", &format!("sizes: 2 1\n{int16} #note:=x\n"), "1234"),
        text("RGB-color domain domain", "sizes: 3 2 1\ntype: uchar\n", "123456"),
        text("domain domain list", "sizes: 0 0 1\ntype: none\n", ""),
        text("space space list", "sizes: 1 1 1\ntype: uchar\nSeq_Frame0000_AToBTransform:=1 0 0 1 0 1 0 2 0 0 1 3 0 0 0 1\nSeq_Frame0000_AToBTransformStatus:=OK\n", "\0"),
    ]);
    seeds
}

const WORDS: &[&str] = odd_numbers![
    "NRRD0005\n",
    "dimension: 2\n",
    "dimension: 3\n",
    "dimension: 4\n",
    "encoding: raw\n",
    "encoding: gz\n",
    "endian: little\n",
    "endian: big\n",
    "kinds: ",
    "domain ",
    "space ",
    "list",
    "time",
    "vector ",
    "2-vector ",
    "RGB-color ",
    "RGBA-color ",
    "sizes: ",
    "sizes: 1 1 2\n",
    "space dimension: 2\n",
    "space directions: ",
    "(1,0) ",
    "(0,1) ",
    "none",
    "space origin: (0,0)\n",
    "type: uchar\n",
    "type: int16\n",
    "type: none\n",
    "data file: pixels.raw\n",
    "ultrasound image orientation:=",
    "ultrasound image type:=",
    "UltrasoundImageOrientation",
    "MF",
    "FMD",
    "BRIGHTNESS",
    "Seq_Frame0000_",
    "Seq_Frame0001_",
    "Timestamp:=",
    "UnfilteredTimestamp:=",
    "FrameNumber:=",
    "Status:=OK\n",
    "ImageStatus:=",
    "ProbeToTracker",
    "Transform:=",
    "TransformStatus:=",
    "INVALID\n",
    "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1\n",
    ":=",
    ": ",
    "# ",
    "\n\n",
    "\r\n",
    "\t",
];
