//! Inputs that once made a reader fail or give a value that cannot be used, and what is said of each now.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fmt::Write as _;

use formats::metaimage::{Image, Limits, Volume};
use formats::placed_volume::PlacedVolume;
use formats::plus_config::PlusConfig;
use formats::plus_sequence::{Frame, Sequence};
use formats::plus_transforms::Chain;
use formats::surface_file::{Space, Surface};
use formats::tree_file::{Tree, TreeKind};

/// Finite steps along axes that span space, and an infinite inverse.
#[test]
fn voxels_too_small_to_compute_with() {
    let bytes = b"NDims = 3\nDimSize = 1 1 1\nElementSpacing = 0.51e-308 1 2.5\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n0";
    let limits = Limits::default();
    assert!(Image::read(bytes, &limits).is_ok());
    for said in [
        Volume::read(bytes, &limits).unwrap_err().to_string(),
        PlacedVolume::read(&bytes[..], &limits, |_| Ok(Vec::new())).unwrap_err().to_string(),
    ] {
        assert!(said.contains("ElementSpacing = 5.1e-309 1e0 2.5e0"), "{said}");
    }
}

/// Finite spacing and directions, whose product is infinite.
#[test]
fn voxels_too_large_to_compute_with() {
    let bytes = b"NDims = 3\nDimSize = 1 1 1\nElementSpacing = 1e300 1 1\nTransformMatrix = 1e9 0 0 0 1 0 0 0 1\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n0";
    let said = Volume::read(bytes, &Limits::default()).unwrap_err().to_string();
    assert!(said.contains("so large or so small"), "{said}");
}

#[test]
fn a_volume_too_far_away_to_compute_with() {
    let bytes = b"NRRD0004\ntype: uchar\ndimension: 3\nspace: LPS\nsizes: 1 1 1\nspace directions: (1e-9,0,0) (0,1,0) (0,0,1)\nspace origin: (1e308,0,0)\nencoding: raw\n\n0";
    let read = PlacedVolume::read(&bytes[..], &Limits::default(), |_| Ok(Vec::new()));
    let said = read.unwrap_err().to_string();
    assert!(said.contains("the place of the volume"), "{said}");
}

/// A matrix that is not singular beside the lengths of its axes, but whose inverse is infinite.
#[test]
fn a_transform_whose_inverse_is_infinite() {
    let matrix = "1e-107 0 0 0  0 1e-107 0 0  0 0 1e-107 0  0 0 0 1";
    let config = format!(
        "<PlusConfiguration><CoordinateDefinitions><Transform From='a' To='b' Matrix='{matrix}'/></CoordinateDefinitions></PlusConfiguration>"
    );
    let said = PlusConfig::parse(config.as_bytes()).unwrap_err().to_string();
    assert!(said.contains("aTob cannot be used") && said.contains("inverse"), "{said}");
    let sequence = format!(
        "NDims = 3\nDimSize = 0 0 1\nElementType = MET_OTHER\nSeq_Frame0_Timestamp = 0\nSeq_Frame0_ATo3Transform = {matrix}\nSeq_Frame0_ATo3TransformStatus = OK\nElementDataFile = LOCAL\n"
    );
    let said = Sequence::read(sequence.as_bytes(), &Limits::default()).unwrap_err().to_string();
    assert!(said.contains("marked OK") && said.contains("inverse"), "{said}");
}

/// Axes whose lengths multiply to infinity: they could be read, but not be written again.
#[test]
fn axes_so_long_that_nobody_knows_whether_they_span_space() {
    let mut bytes = [&540_u32.to_le_bytes()[..], b"n+2\0\r\n\x1a\n", &[2, 0, 8, 0]].concat();
    bytes.resize(544, 0);
    for (at, number) in [(16, 3_i64), (24, 1), (32, 1), (40, 1), (168, 544), (344, 1)] {
        bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }
    for (at, step) in [(112, 0.5_f64), (120, 1.5e-76), (128, 6e204)] {
        bytes[at..at + 8].copy_from_slice(&step.to_le_bytes());
    }
    bytes.push(7);
    let read = PlacedVolume::read(&bytes[..], &Limits::default(), |_| Ok(Vec::new()));
    let said = read.unwrap_err().to_string();
    assert!(said.contains("neither so large nor so small"), "{said}");
}

/// Points whose distance from each other is infinite.
#[test]
fn a_vessel_tree_too_far_away_to_be_measured() {
    let file = |far: &str| {
        format!(
            "# vtk DataFile Version 4.2\nx\nASCII\nDATASET POLYDATA\nPOINTS 2 double\n0 0 0 {far} 0 -{far}\nLINES 1 3\n2 0 1\n"
        )
    };
    let mut tree = Tree::read(file("3e38").as_bytes(), Space::Lps).unwrap();
    assert!(tree.length_mm().is_finite());
    let said = Tree::read(file("1e300").as_bytes(), Space::Lps).unwrap_err().to_string();
    assert!(said.contains("vertex 1 ") && said.contains("beyond 3.4e38"), "{said}");
    tree.points_mm[0][1] = -1e39;
    let said = tree.write(TreeKind::VtkText).unwrap_err().to_string();
    assert!(said.contains("vertex 0 "), "{said}");
}

/// A field whose name ends as that of the status of an image does, and one that would be a comment when it is written.
#[test]
fn a_sequence_as_nrrd_with_fields_that_could_not_be_written_again() {
    let read = |line: &str| {
        let text = format!(
            "NRRD0004\ndimension: 3\nencoding: raw\nkinds: domain domain list\nsizes: 1 1 1\ntype: uchar\nSeq_Frame0000_Timestamp:=1\n{line}\n\nx"
        );
        Sequence::read(text.as_bytes(), &Limits::default())
    };
    let sequence = read("Seq_Frame0000_Tool_ImageStatus:=x").unwrap();
    let again = sequence.write_nrrd(false).unwrap();
    assert_eq!(Sequence::read(&again, &Limits::default()).unwrap(), sequence);
    let said = read(" #note:=x").unwrap_err().to_string();
    assert!(said.contains("`#note:=x`"), "{said}");
}

fn config(transforms: &str) -> PlusConfig {
    let config = format!(
        "<PlusConfiguration><CoordinateDefinitions>{transforms}</CoordinateDefinitions></PlusConfiguration>"
    );
    PlusConfig::parse(config.as_bytes()).unwrap()
}

/// Each of them has a finite inverse, and their product is zero, or infinite the other way.
#[test]
fn a_chain_of_transforms_whose_product_cannot_be_computed_with() {
    let small = |from: &str, to: &str| {
        format!(
            "<Transform From='{from}' To='{to}' Matrix='1e-99 0 0 0 0 1e-99 0 0 0 0 1e-99 0 0 0 0 1'/>"
        )
    };
    let config = config(&["AB", "BC", "CD", "DE"].map(|it| small(&it[..1], &it[1..])).concat());
    let frame = [Frame::at(0.0)];
    let matrix = |from, to| Chain::find(&config, &frame, from, to).unwrap().matrix(&frame[0]);
    assert!(matrix("A", "B").is_some() && matrix("B", "A").is_some());
    assert_eq!((matrix("A", "E"), matrix("E", "A")), (None, None));
}

/// Each was compared with all others, and the message named them all.
#[test]
fn a_device_set_of_a_great_many_transforms() {
    let mut transforms = String::new();
    for frame in 0..50_000 {
        let next = frame + 1;
        let matrix = "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1";
        write!(transforms, "<Transform From='f{frame}' To='f{next}' Matrix='{matrix}'/>").unwrap();
    }
    let config = config(&transforms);
    assert!(Chain::find(&config, &[], "f0", "f50000").is_ok());
    let said = Chain::find(&config, &[], "f0", "g").unwrap_err().to_string();
    assert!(said.len() < 1000 && said.contains(", 99980 more"), "{said}");
}

/// Names that a file made up stood in messages as they came: megabytes, or orders to a terminal.
#[test]
fn messages_quote_the_beginning_of_a_name_and_nothing_that_controls() {
    let name = "\x1b]0;x\x07".to_owned() + &"n".repeat(10_000);
    let ply = format!("ply\nformat ascii 1.0\nelement {name} 1\nproperty float x\nend_header\n");
    let vtk = format!(
        "# vtk DataFile Version 4.2\nx\nASCII\nDATASET POLYDATA\nPOINTS 1 float\n0 0 0\nPOINT_DATA 1\nFIELD f 1\n{name} x\n"
    );
    let limits = Limits::default();
    let volume = |header: String| {
        let absent = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        PlacedVolume::read(header.as_bytes(), &limits, absent).unwrap_err().to_string()
    };
    let nrrd = format!(
        "NRRD0004\ntype: uchar\ndimension: 3\nspace: LPS\nsizes: 1 1 1\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\ndata file: {}\n",
        name.replace(':', "")
    );
    let long = "n".repeat(10_000);
    let metaimage =
        format!("NDims = 3\nDimSize = 1 1 1\nElementType = MET_UCHAR\nElementDataFile = {long}\n");
    let twice = format!("NDims = 3\n{long} = 1\n{long} = 2\nElementDataFile = LOCAL\n");
    let device_set = format!(
        "<PlusConfiguration><CoordinateDefinitions><Transform From='&#x9b;' To='{long}' Matrix='0'/></CoordinateDefinitions></PlusConfiguration>"
    );
    let sequence = format!(
        "NDims = 3\nDimSize = 0 0 1\nElementType = MET_OTHER\nSeq_Frame0_{long}Transform = 0\nElementDataFile = LOCAL\n"
    );
    for said in [
        Surface::read(ply.as_bytes(), Space::Lps).unwrap_err().to_string(),
        Surface::read(vtk.as_bytes(), Space::Lps).unwrap_err().to_string(),
        volume(nrrd),
        volume(metaimage),
        volume(twice),
        PlusConfig::parse(device_set.as_bytes()).unwrap_err().to_string(),
        Sequence::read(sequence.as_bytes(), &limits).unwrap_err().to_string(),
    ] {
        assert!(said.contains("nnn…") && said.len() < 500, "{said}");
        assert!(!said.chars().any(char::is_control), "{said:?}");
    }
}
