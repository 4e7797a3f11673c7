//! Images of all channels, types and byte orders, with their pixels inside, in a second file or in one a slice.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::HashMap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use formats::metaimage::{DataFile, Error, Header, Image, Limits, Pixels, ScalarType};
use formats::placed_volume::PlacedVolume;

const TYPES: [(&str, ScalarType); 10] = [
    ("MET_CHAR", ScalarType::I8),
    ("MET_UCHAR", ScalarType::U8),
    ("MET_SHORT", ScalarType::I16),
    ("MET_USHORT", ScalarType::U16),
    ("MET_INT", ScalarType::I32),
    ("MET_UINT", ScalarType::U32),
    ("MET_LONG_LONG", ScalarType::I64),
    ("MET_ULONG_LONG", ScalarType::U64),
    ("MET_FLOAT", ScalarType::F32),
    ("MET_DOUBLE", ScalarType::F64),
];

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn header(lines: &[&str]) -> Vec<u8> {
    ("ObjectType = Image\n".to_owned() + &lines.join("\n") + "\n").into_bytes()
}

/// With the files of these names in the same folder.
fn read(bytes: &[u8], files: &[(&str, &[u8])]) -> Result<Image, Error> {
    let files: HashMap<&str, &[u8]> = files.iter().copied().collect();
    let beside = |name: &str| {
        let found = files.get(name).ok_or(io::Error::new(io::ErrorKind::NotFound, "not there"))?;
        Ok(found.to_vec())
    };
    Image::read_with(bytes, &Limits::default(), beside)
}

/// The numbers 1, 2, 3, … of a type, and their bytes.
fn numbers(scalar: ScalarType, count: u8, big: bool) -> (Pixels, Vec<u8>) {
    macro_rules! of {
        ($($variant:ident $type:ty),*) => {
            match scalar {$(
                ScalarType::$variant => {
                    let values: Vec<$type> = (1..=count).map(|value| value as $type).collect();
                    let bytes = values.iter().flat_map(|v| if big { v.to_be_bytes() } else { v.to_le_bytes() });
                    let bytes = bytes.collect();
                    (Pixels::$variant(values), bytes)
                }
            )*}
        };
    }
    of!(I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, U32 u32, I64 i64, U64 u64, F32 f32, F64 f64)
}

#[test]
fn colour_of_two_and_three_dimensions_in_each_way_of_storing() {
    for (name, scalar) in TYPES {
        for (axes, big, is_compressed, is_local, says_size) in (0..32).map(|bits: u8| {
            (2 + (bits & 1), bits & 2 > 0, bits & 4 > 0, bits & 8 > 0, bits & 16 > 0)
        }) {
            let (pixels, raw) = numbers(scalar, 6 * axes, big);
            let data = if is_compressed { zlib(&raw) } else { raw };
            let size = if axes == 2 { "DimSize = 2 2" } else { "DimSize = 2 1 3" };
            let compressed_size = format!("CompressedDataSize = {}", data.len());
            let texts = [
                format!("NDims = {axes}"),
                format!("ElementType = {name}"),
                format!("BinaryDataByteOrderMSB = {}", if big { "True" } else { "False" }),
                format!("CompressedData = {}", if is_compressed { "True" } else { "False" }),
            ];
            let mut lines: Vec<&str> = texts.iter().map(String::as_str).collect();
            lines.extend([size, "ElementNumberOfChannels = 3"]);
            if says_size && is_compressed {
                lines.push(&compressed_size);
            }
            lines.push(if is_local {
                "ElementDataFile = LOCAL"
            } else {
                "ElementDataFile = a.raw"
            });
            let head = header(&lines);
            let image = if is_local {
                read(&[&head[..], &data].concat(), &[])
            } else {
                read(&head, &[("a.raw", &data)])
            };
            let image = image.unwrap();
            assert_eq!((&image.pixels, image.header.channels), (&pixels, 3), "{lines:?}");
            let written = image.write(is_compressed).unwrap();
            assert_eq!(read(&written, &[]).unwrap().pixels, pixels);
        }
    }
}

const SLICES: [&str; 5] = [
    "NDims = 3",
    "DimSize = 2 1 3",
    "ElementSpacing = 0.5 0.5 2",
    "ElementType = MET_SHORT",
    "BinaryDataByteOrderMSB = True",
];
const FILES: [(&str, &[u8]); 3] =
    [("s/08.raw", &[0, 1, 0, 2]), ("s/09.raw", &[0, 3, 0, 4]), ("s/10.raw", &[0, 5, 0, 6])];

fn slices(last: &[&str]) -> Vec<u8> {
    header(&[&SLICES[..], last].concat())
}

#[test]
fn one_file_for_each_slice_by_pattern_or_list() {
    let pattern = slices(&["ElementDataFile = s/%02d.raw 8 10 1"]);
    let list = slices(&["ElementDataFile = LIST", "s/08.raw", "s/09.raw", "s/10.raw"]);
    for bytes in [pattern.clone(), list] {
        let image = read(&bytes, &FILES).unwrap();
        assert_eq!(image.pixels, Pixels::I16(vec![1, 2, 3, 4, 5, 6]));
        let said = Image::read(&bytes, &Limits::default()).unwrap_err().to_string();
        assert!(said.contains("in 3 files beside the header"), "{said}");
        assert!(Image::read_detached(&bytes, &[0; 12], &Limits::default()).is_err());
        // What is written again is one file.
        assert_eq!(read(&image.write(true).unwrap(), &[]).unwrap().pixels, image.pixels);
        // The header alone comes back with all its files.
        let again = Header::parse(&image.header.write().unwrap()).unwrap().0;
        assert_eq!(again.data_file, image.header.data_file);
        assert!(matches!(again.data_file, DataFile::Slices(names) if names.len() == 3));
    }
    let beside =
        |name: &str| Ok(FILES.iter().find(|(other, _)| *other == name).unwrap().1.to_vec());
    let volume = PlacedVolume::read(&pattern, &Limits::default(), beside).unwrap();
    assert_eq!(volume.into_labels().unwrap(), [1, 2, 3, 4, 5, 6]);
    let packed = FILES.map(|(name, raw)| (name, zlib(raw)));
    let packed = [0, 1, 2].map(|at| (packed[at].0, &packed[at].1[..]));
    let bytes = slices(&["CompressedData = True", "ElementDataFile = s/%02d.raw 8 10 1"]);
    assert_eq!(read(&bytes, &packed).unwrap().pixels, Pixels::I16(vec![1, 2, 3, 4, 5, 6]));
}

#[test]
fn wrong_slices_are_refused_with_the_reason() {
    let told = |last: &[&str], files| read(&slices(last), files).unwrap_err().to_string();
    let pattern = ["ElementDataFile = s/%02d.raw 8 10 1"];
    let said = told(&pattern, &FILES[..2]);
    assert!(
        said.contains("`s/10.raw` beside the header, which cannot be read: not there"),
        "{said}"
    );
    let short = [FILES[0], FILES[1], ("s/10.raw", &[0, 5, 0][..])];
    assert!(
        told(&pattern, &short).contains("declares 4 bytes of pixels, but the data end after 3")
    );
    let long = [FILES[0], FILES[1], ("s/10.raw", &[0; 5][..])];
    assert!(told(&pattern, &long).contains("bytes follow after the pixels"));
    let said = told(&["ElementDataFile = s/%02d.raw 8 11 1"], &FILES);
    assert!(said.contains("names 4 files, but 3 slices are declared"), "{said}");
    let said = told(&["ElementDataFile = LIST", "s/08.raw"], &FILES);
    assert!(said.contains("names 1 files, but 3 slices are declared"), "{said}");
    let said = told(&["ElementDataFile = LIST", "s/08.raw", "../x", "s/10.raw"], &FILES);
    assert!(said.contains("line 9") && said.contains("folder of the header"), "{said}");
    assert!(told(&["ElementDataFile = %x.raw 1 3 1"], &FILES).contains("a pattern such as"));
    let many = header(&[
        "NDims = 3",
        "DimSize = 1 1 4000000000",
        "ElementType = MET_UCHAR",
        "ElementDataFile = %d.raw 1 4000000000 1",
    ]);
    assert!(read(&many, &[]).unwrap_err().to_string().contains("one file for each slice"));
    let line =
        header(&["NDims = 1", "DimSize = 3", "ElementType = MET_UCHAR", "ElementDataFile = %d"]);
    assert!(read(&line, &[]).is_err());
}

#[test]
fn a_header_size_skips_what_is_before_the_pixels() {
    let with = |size: &str| header(&[&SLICES[..], &[size, "ElementDataFile = a.raw"]].concat());
    let data = [9, 9, 9, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6];
    for size in ["HeaderSize = 3", "HeaderSize = -1"] {
        let image = read(&with(size), &[("a.raw", &data)]).unwrap();
        assert_eq!(image.pixels, Pixels::I16(vec![1, 2, 3, 4, 5, 6]), "{size}");
        let image = Image::read_detached(&with(size), &data, &Limits::default()).unwrap();
        assert_eq!(image.pixels, Pixels::I16(vec![1, 2, 3, 4, 5, 6]), "{size}");
        let again = Header::parse(&image.header.write().unwrap()).unwrap().0;
        assert_eq!(
            (again.skip_bytes, again.is_data_last),
            (image.header.skip_bytes, image.header.is_data_last)
        );
        assert!(read(&with(size), &[("a.raw", &data[..11])]).is_err());
    }
    assert!(read(&with("HeaderSize = -2"), &[("a.raw", &data)]).is_err());
    let local = header(&[&SLICES[..], &["HeaderSize = -1", "ElementDataFile = LOCAL"]].concat());
    let said = read(&local, &[]).unwrap_err().to_string();
    assert!(said.contains("`HeaderSize` with local or compressed pixels"), "{said}");
}

#[test]
fn what_is_no_volume_says_what_to_do() {
    let told = |lines: &[&str], data: &[u8]| {
        let bytes = [&header(lines)[..], data].concat();
        let alone = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
        PlacedVolume::read(&bytes, &Limits::default(), alone).unwrap_err().to_string()
    };
    let byte = "ElementType = MET_UCHAR";
    let local = "ElementDataFile = LOCAL";
    let said = told(&["NDims = 2", "DimSize = 2 1", byte, local], &[1, 2]);
    assert!(said.contains("2 dimensions") && said.contains("NDims = 3"), "{said}");
    let colour = ["NDims = 3", "DimSize = 1 1 2", "ElementNumberOfChannels = 3", byte, local];
    let said = told(&colour, &[1; 6]);
    assert!(said.contains("3 channels") && said.contains("export one channel"), "{said}");
    let sequence = ["NDims = 3", "DimSize = 1 1 2", byte, "Seq_Frame0000_Timestamp = 1", local];
    assert!(told(&sequence, &[1; 2]).contains("a sequence of images over time and no volume"));
    let nrrd = |lines: &str| {
        let bytes = format!("NRRD0004\ntype: uchar\nencoding: raw\nspace: LPS\n{lines}\n\n");
        let alone = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
        PlacedVolume::read(bytes.as_bytes(), &Limits::default(), alone).unwrap_err().to_string()
    };
    let said = nrrd("dimension: 4\nsizes: 3 1 1 1\nkinds: RGB-color domain domain domain");
    assert!(said.contains("a NRRD of dimension 4") && said.contains("one channel"), "{said}");
    let said = nrrd("dimension: 3\nsizes: 3 1 1\nkinds: RGB-color domain domain");
    assert!(said.contains("the kinds `RGB-color domain domain`"), "{said}");
    let said = nrrd("dimension: 2\nsizes: 1 1");
    assert!(said.contains("a NRRD of dimension 2") && said.contains("export one volume"), "{said}");
    let said =
        nrrd("dimension: 3\nsizes: 1 1 2\nkinds: domain domain list\nSeq_Frame0000_Timestamp:=1");
    assert!(said.contains("a sequence of images over time and no volume"), "{said}");
}
