//! Files that declare far more than is in them, unfold, or are made of the smallest parts there are use no more memory
//! than what came can fill: 128 times as much and 256 KiB, and what was inflated four times, up to the limit; of even images
//! that are compressed in whole areas, what their pixels take.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

#[path = "../fuzz/allocations.rs"]
mod allocations;
mod dicom_files;

use std::fmt::Write as _;
use std::io::{self, Write as _};

use dicom_dictionary_std::{tags, uids};
use dicom_files::encoders::twelve_bits;
use dicom_files::{file, fragments, read_files, short, slice};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use formats::metaimage::{Image, Limits};
use formats::placed_volume::PlacedVolume;
use formats::plus_config::PlusConfig;
use formats::plus_sequence::{FrameReader, Sequence};
use formats::surface_file::{Space, Surface};

const MIB: usize = 1 << 20;

/// What was said instead of a value; no more than the bytes that came, and `inflated` ones, may have been in use.
fn refused<T, E: ToString>(
    came: usize,
    inflated: usize,
    read: impl FnOnce() -> Result<T, E>,
) -> String {
    let (done, used) = allocations::most_during(read);
    let most = (256 << 10) + 128 * came + 4 * inflated;
    assert!(used <= most, "{used} bytes were in use for {came} that came");
    done.err().map(|error| error.to_string()).unwrap()
}

fn surface(bytes: &[u8]) -> String {
    refused(bytes.len(), 0, || Surface::read(bytes, Space::Lps))
}

/// As volume, image and sequence, whole and as a stream; the last word is that on the volume.
fn volume(bytes: &[u8], limits: &Limits, inflated: usize) -> String {
    refused(bytes.len(), inflated, || Image::read(bytes, limits));
    refused(bytes.len(), inflated, || Sequence::read(bytes, limits));
    refused(bytes.len(), inflated, || {
        let mut reader = FrameReader::open(bytes, limits)?;
        let mut pixels = Vec::new();
        while reader.read_frame(&mut pixels)?.is_some() {}
        Ok::<_, formats::plus_sequence::Error>(())
    });
    refused(bytes.len(), inflated, || {
        PlacedVolume::read(bytes, limits, |_| Err(io::ErrorKind::NotFound.into()))
    })
}

fn metaimage(size: &str, more: &str, data: &[u8]) -> Vec<u8> {
    let header = format!(
        "ObjectType = Image\nNDims = 3\nDimSize = {size}\nElementType = MET_SHORT\n{more}ElementDataFile = LOCAL\n"
    );
    [header.as_bytes(), data].concat()
}

fn nrrd(sizes: &str, more: &str, data: &[u8]) -> Vec<u8> {
    let header = format!(
        "NRRD0004\ntype: short\ndimension: 3\nspace: LPS\nsizes: {sizes}\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nendian: little\n{more}\n\n"
    );
    [header.as_bytes(), data].concat()
}

fn nifti(dims: [i16; 3], voxels_at: f32, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 352];
    bytes[..4].copy_from_slice(&348_u32.to_le_bytes());
    let shorts =
        [(40, 3), (42, dims[0]), (44, dims[1]), (46, dims[2]), (70, 4), (72, 16), (254, 1)];
    for (at, number) in shorts {
        bytes[at..at + 2].copy_from_slice(&number.to_le_bytes());
    }
    for (at, number) in [(108, voxels_at), (280, 1.0), (300, 1.0), (320, 1.0)] {
        bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    bytes[344..348].copy_from_slice(b"n+1\0");
    [&bytes, data].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn volumes_that_declare_more_than_is_there() {
    let limits = Limits::default();
    for (bytes, what) in [
        (metaimage("1000 1000 1000", "", b"1234"), "end after 4"),
        (metaimage("1 1 1000000000", "", b"1234"), "end after 4"),
        (metaimage("4294967296 4294967296 4294967296", "", b""), "declares"),
        (metaimage("1000 1000 1000", "CompressedData = True\n", &zlib(b"1234")), "end after 4"),
        (nrrd("1000 1000 1000", "encoding: raw", b"1234"), "end after 4"),
        (nrrd("1000 1000 1000", "encoding: gzip", &gzip(b"1234")), "end after 4"),
        (nrrd("4294967296 4294967296 4294967296", "encoding: raw", b"1234"), "more than the limit"),
        (nrrd("1 1 1", "encoding: raw\nbyte skip: 18446744073709551615", b"1234"), "end after 0"),
        (
            nrrd("4294967296 4294967296 4294967296", "encoding: raw\nbyte skip: -1", b"1234"),
            "more than the limit",
        ),
        (nrrd("1 1 1", "encoding: raw\nline skip: 18446744073709551615", b"1234"), "line skip"),
        (nifti([1000; 3], 352.0, b"1234"), "end after 4"),
        (nifti([i16::MAX; 3], 352.0, b"1234"), "more than the limit"),
        (nifti([1; 3], 1e9, b"1234"), "end after 0"),
        (gzip(&nifti([1000; 3], 352.0, b"1234")), "end after 4"),
    ] {
        let said = volume(&bytes, &limits, 0);
        assert!(said.contains(what), "{said}");
    }
    let poses = metaimage("0 0 4000000000", "Seq_Frame0000_Timestamp = 1\n", b"");
    let said = refused(poses.len(), 0, || Sequence::read(&poses, &limits));
    assert!(said.contains("frame 1 of 4000000000"), "{said}");
}

#[test]
fn volumes_that_unfold() {
    let limits = Limits { header_bytes: MIB as u64, pixel_bytes: MIB as u64 };
    let zeros = vec![0; 64 * MIB];
    let of = |sizes: &str| {
        [
            metaimage(sizes, "CompressedData = True\n", &zlib(&zeros)),
            nrrd(sizes, "encoding: gzip", &gzip(&zeros)),
            gzip(
                &[
                    nifti(
                        sizes
                            .split(' ')
                            .map(|side| side.parse().unwrap())
                            .collect::<Vec<_>>()
                            .try_into()
                            .unwrap(),
                        352.0,
                        &[],
                    ),
                    zeros.clone(),
                ]
                .concat(),
            ),
        ]
    };
    // As much as the limit allows is declared, and 64 times more comes.
    for bytes in of("1024 512 1") {
        let said = volume(&bytes, &limits, MIB);
        assert!(said.contains("more"), "{said}");
    }
    // What comes is declared, and is more than the limit.
    for bytes in of("1024 1024 32") {
        let said = volume(&bytes, &limits, 0);
        assert!(said.contains("limit of 1048576"), "{said}");
    }
}

#[test]
fn surfaces_that_declare_more_than_is_there() {
    let ply = |format: &str, vertices: &str, list: &str, data: &[u8]| {
        let header = format!(
            "ply\nformat {format} 1.0\nelement vertex {vertices}\nproperty char x\nproperty char y\nproperty char z\nelement face 1\nproperty list {list} vertex_indices\nend_header\n"
        );
        [header.as_bytes(), data].concat()
    };
    let vtp = |root: &str, points: &str, array: &str| {
        format!(
            "<VTKFile type='PolyData' {root}><PolyData><Piece NumberOfPoints='{points}' NumberOfPolys='20000000'><Points><DataArray type='Float32' NumberOfComponents='3' {array}</DataArray></Points><Polys/></Piece></PolyData></VTKFile>"
        )
        .into_bytes()
    };
    let mut stl = vec![b' '; 80];
    stl.extend(u32::MAX.to_le_bytes());
    for (bytes, what) in [
        (ply("ascii", "18446744073709551615", "uchar int", b"0 0 0 1"), "end early"),
        (ply("binary_little_endian", "20000000", "uchar int", b"12345"), "end early"),
        (ply("binary_little_endian", "0", "uint int", b"\xff\xff\xff\xff12345678"), "end early"),
        (ply("ascii", "0", "uint int", b"1e300 1 2 3"), "end early"),
        (stl, "no STL, PLY"),
        (vtp("", "20000000", "format='ascii'>0 0 0"), "end early"),
        (vtp("", "20000001", "format='ascii'>0 0 0"), "at most"),
        // 240 000 000 bytes are declared, then 2^64 - 1 blocks, then one that would be 240 000 000 bytes of one.
        (vtp("", "20000000", "format='binary'>ABxODgAA"), "end early"),
        (
            vtp(
                "header_type='UInt64' compressor='vtkZLibDataCompressor'",
                "20000000",
                "format='binary'>//////////8AAAAAAAAAAAAAAAAAAAAA",
            ),
            "within its sizes",
        ),
        (
            vtp(
                "compressor='vtkZLibDataCompressor'",
                "20000000",
                "format='binary'>AQAAAAAcTg4AAAAAAQAAAAAA",
            ),
            "cannot hold",
        ),
    ] {
        let said = surface(&bytes);
        assert!(said.contains(what), "{said}");
    }
}

/// Pieces that all have their points in the same place of the appended data.
#[test]
fn pieces_that_lie_in_one_place_do_not_multiply_it() {
    let points = 20_000;
    let mut text = "<VTKFile type='PolyData'><PolyData>".to_owned();
    for _ in 0..200 {
        write!(text, "<Piece NumberOfPoints='{points}'><Points><DataArray type='Float32' NumberOfComponents='3' format='appended' offset='0'/></Points></Piece>").unwrap();
    }
    text.push_str("</PolyData><AppendedData encoding='raw'>_");
    let bytes = [
        text.as_bytes(),
        &(12 * points as u32).to_le_bytes(),
        &vec![0; 12 * points],
        b"</AppendedData></VTKFile>",
    ]
    .concat();
    let said = surface(&bytes);
    assert!(said.contains("bytes of arrays that lie in the same appended data"), "{said}");
}

/// Where a parser compares each with all others, these would not come to an end.
#[test]
fn xml_of_a_great_many_parts() {
    let many = |part: &dyn Fn(usize) -> String| (0..300_000).map(part).collect::<String>();
    let bodies = [
        format!("<a {}/>", many(&|n| format!("a{n}='' "))),
        format!("<a {}/>", many(&|n| format!("xmlns:a{n}='b' "))),
        many(&|n| format!("<a xmlns:a{n}='b'>")),
        many(&|_| "<a>".to_owned()),
        many(&|_| "<".to_owned()),
        many(&|_| "=".to_owned()),
        many(&|_| "<a/>b".to_owned()),
        many(&|_| "&amp;".to_owned()),
    ];
    for body in bodies {
        let config = format!("<PlusConfiguration>{body}");
        refused(config.len(), 0, || PlusConfig::parse(config.as_bytes()));
        surface(format!("<VTKFile type='PolyData'>{body}").as_bytes());
    }
}

#[test]
fn text_of_a_great_many_parts() {
    let many = |part: &dyn Fn(usize) -> String| (0..50_000).map(part).collect::<String>();
    let limits = Limits::default();
    for lines in [
        many(&|n| format!("{n}=\n")),
        many(&|n| format!("Seq_Frame{n}_A=\n")),
        many(&|n| format!("Seq_Frame{n}_ATo0TransformStatus=\n")),
        many(&|n| format!("Seq_Frame{n}_ATo0Transform=1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n")),
        many(&|n| format!("Seq_Frame0_A{n}=\n")),
        "\n".repeat(1_000_000),
    ] {
        let bytes = metaimage("0 0 4000000000", &lines, b"");
        refused(bytes.len(), 0, || Sequence::read(&bytes, &limits));
        refused(bytes.len(), 0, || FrameReader::open(&bytes[..], &limits).map(|_| ()));
        let bytes = metaimage("1 1 1", &lines, b"");
        refused(bytes.len(), 0, || Image::read(&bytes, &limits));
    }
    let ply = |vertices: usize, data: &str| {
        format!(
            "ply\nformat ascii 1.0\nelement vertex {vertices}\nproperty int x\nproperty int y\nproperty int z\nelement face 2\nproperty list int int vertex_index\nend_header\n{data}"
        )
    };
    for text in [
        ply(300_000, &"0 ".repeat(900_000)),
        ply(0, &("900000 ".to_owned() + &"0 ".repeat(900_000))),
        format!(
            "solid\n{}",
            "facet\nvertex 0 0 0\nvertex 0 1 0\nvertex 1 0 0\nendfacet\n".repeat(20_000)
        ),
        format!(
            "solid\n{}",
            many(&|n| format!("facet\nvertex 0 {n} 0\nvertex 1 {n} 0\nvertex 2 {n} 0\nendfacet\n"))
        ),
        "solid\n".to_owned() + &"\u{fffd}".repeat(300_000),
        "ply\n".to_owned() + &"comment\n".repeat(300_000),
    ] {
        surface(text.as_bytes());
    }
    for text in [
        "NRRD0004\n".to_owned() + &"a:=b\n".repeat(300_000),
        "NRRD0004\n".to_owned() + &"#\n".repeat(300_000),
        format!("NRRD0004\nsizes: {}\n\n", "1 ".repeat(300_000)),
    ] {
        refused(text.len(), 0, || PlacedVolume::read(text.as_bytes(), &limits, |_| Ok(Vec::new())));
    }
}

/// An area of one colour takes almost nothing as JPEG 2000, in whatever size; then it is the pixels that are counted.
#[test]
fn an_even_code_stream_takes_a_dozen_bytes_for_each_pixel() {
    let files = [0.0, 2.0].map(|height| {
        let mut object = slice(height);
        twelve_bits(&mut object);
        for (tag, value) in [
            (tags::ROWS, 1000),
            (tags::COLUMNS, 1000),
            (tags::BITS_ALLOCATED, 8),
            (tags::BITS_STORED, 8),
            (tags::HIGH_BIT, 7),
        ] {
            short(&mut object, tag, value);
        }
        fragments(&mut object, &[], vec![include_bytes!("dicom_files/even-8.j2k").to_vec()]);
        (height.to_string(), file(&object, uids::JPEG2000_LOSSLESS))
    });
    let (read, used) = allocations::most_during(|| read_files(files.to_vec()));
    assert_eq!(read.unwrap().volume.dims, [1000, 1000, 2]);
    assert!(used <= 24_000_000, "{used} bytes for a million pixels at once");
}
