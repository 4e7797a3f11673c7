//! Images of every kind round-trip, and wrong ones are refused with key, line and reason.
#![allow(clippy::unwrap_used, reason = "tests")]

use formats::metaimage::{Error, Header, Image, Limits, PixelReader, Pixels, Volume};
use nalgebra::{Matrix3, Rotation3, Vector3};
use proptest::prelude::*;

fn file(lines: &[&str], data: &[u8]) -> Vec<u8> {
    let mut bytes = (lines.join("\n") + "\n").into_bytes();
    bytes.extend_from_slice(data);
    bytes
}

fn read(lines: &[&str], data: &[u8]) -> Result<Image, Error> {
    Image::read(&file(lines, data), &Limits::default())
}

/// The lines with the one of the same key replaced, or with the new one before the last.
fn with<'a>(lines: &[&'a str], line: &'a str) -> Vec<&'a str> {
    let key = line.split('=').next().unwrap().trim();
    let mut lines = lines.to_vec();
    match lines.iter_mut().find(|old| old.split('=').next().unwrap().trim() == key) {
        Some(old) => *old = line,
        None => lines.insert(lines.len() - 1, line),
    }
    lines
}

const PLAIN: [&str; 6] = [
    "ObjectType = Image",
    "NDims = 3",
    "DimSize = 2 1 2",
    "ElementSpacing = 0.5 0.5 2",
    "ElementType = MET_UCHAR",
    "ElementDataFile = LOCAL",
];

#[test]
fn a_plain_file() {
    let image = read(&PLAIN, &[1, 2, 3, 4]).unwrap();
    assert_eq!(image.pixels, Pixels::U8(vec![1, 2, 3, 4]));
    assert_eq!(image.header.dims, [2, 1, 2]);
    assert_eq!(image.header.spacing_mm, [0.5, 0.5, 2.0]);
    assert_eq!(image.header.transform_matrix, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn windows_line_ends_and_trailing_blanks() {
    let lines: Vec<String> = PLAIN.iter().map(|line| format!("{line}      \r")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // A pixel that looks like a newline right after the header is still a pixel.
    let image = read(&lines, b"\n\r\n\n").unwrap();
    assert_eq!(image.pixels, Pixels::U8(b"\n\r\n\n".to_vec()));
}

#[test]
fn other_names_of_the_same_key() {
    for key in ["Offset", "Position", "Origin"] {
        let line = format!("{key} = 1 -2 3e1");
        assert_eq!(
            read(&with(&PLAIN, &line), &[0; 4]).unwrap().header.offset_mm,
            [1.0, -2.0, 30.0]
        );
    }
    let twice = [&with(&PLAIN, "Offset = 0 0 0")[..6], &["Position = 1 1 1"], &PLAIN[5..]].concat();
    let error = read(&twice, &[0; 4]).unwrap_err();
    assert!(matches!(error, Error::Duplicate { line: 7, first_line: 6, .. }), "{error}");
}

#[test]
fn the_direction_of_an_axis_is_a_row_in_the_file() {
    // x of the image points to world y, y to world -x.
    let lines = with(&PLAIN, "TransformMatrix = 0 1 0 -1 0 0 0 0 1");
    let volume = Volume::read(&file(&lines, &[0; 4]), &Limits::default()).unwrap();
    let matrix = volume.world_from_voxel();
    assert_eq!(matrix.column(0).as_slice(), [0.0, 0.5, 0.0, 0.0]);
    assert_eq!(matrix.column(1).as_slice(), [-0.5, 0.0, 0.0, 0.0]);
}

#[test]
fn every_number_type_in_both_byte_orders() {
    let cases: [(&str, Pixels, &[u8]); 10] = [
        ("MET_CHAR", Pixels::I8(vec![-1, 2]), &[0xff, 2]),
        ("MET_UCHAR", Pixels::U8(vec![255, 2]), &[0xff, 2]),
        ("MET_SHORT", Pixels::I16(vec![-2, 258]), &[0xff, 0xfe, 1, 2]),
        ("MET_USHORT", Pixels::U16(vec![65534, 258]), &[0xff, 0xfe, 1, 2]),
        ("MET_INT", Pixels::I32(vec![-2, 258]), &[255, 255, 255, 254, 0, 0, 1, 2]),
        ("MET_ULONG", Pixels::U32(vec![1, 258]), &[0, 0, 0, 1, 0, 0, 1, 2]),
        (
            "MET_LONG_LONG",
            Pixels::I64(vec![-1, 1]),
            &[255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 1],
        ),
        (
            "MET_ULONG_LONG",
            Pixels::U64(vec![2, 1]),
            &[0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1],
        ),
        ("MET_FLOAT", Pixels::F32(vec![1.0, -2.0]), &[0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]),
        (
            "MET_DOUBLE",
            Pixels::F64(vec![1.0, -2.0]),
            &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0],
        ),
    ];
    for (name, pixels, big) in cases {
        let kind = format!("ElementType = {name}");
        let lines = with(&with(&PLAIN, "DimSize = 2 1 1"), &kind);
        let scalar_bytes = big.len() / 2;
        let little: Vec<u8> =
            big.chunks(scalar_bytes).flat_map(|n| n.iter().rev().copied()).collect();
        assert_eq!(read(&lines, &little).unwrap().pixels, pixels, "{name}");
        for key in ["BinaryDataByteOrderMSB = True", "ElementByteOrderMSB = True"] {
            assert_eq!(read(&with(&lines, key), big).unwrap().pixels, pixels, "{name}");
        }
    }
}

#[test]
fn a_header_with_its_data_beside_it() {
    let header = with(&PLAIN, "ElementDataFile = pixels.raw").join("\r\n");
    let image = Image::read_detached(header.as_bytes(), &[1, 2, 3, 4], &Limits::default()).unwrap();
    assert_eq!(image.pixels, Pixels::U8(vec![1, 2, 3, 4]));
    let error = Image::read(header.as_bytes(), &Limits::default()).unwrap_err();
    assert!(matches!(&error, Error::Detached { name } if name == "pixels.raw"), "{error}");

    let (header, data) = image.write_detached("a/b.zraw", true).unwrap();
    let again = Image::read_detached(&header, &data, &Limits::default()).unwrap();
    assert_eq!(again.pixels, image.pixels);
    assert!(again.header.compressed);

    let skipping =
        [&PLAIN[..5], &["HeaderSize = 3", "ElementDataFile = x.raw"]].concat().join("\n");
    let image =
        Image::read_detached(skipping.as_bytes(), &[9, 9, 9, 1, 2, 3, 4], &Limits::default());
    assert_eq!(image.unwrap().pixels, Pixels::U8(vec![1, 2, 3, 4]));
    assert!(Image::read_detached(skipping.as_bytes(), &[9, 9], &Limits::default()).is_err());
}

#[test]
fn a_data_file_never_leaves_its_folder() {
    for name in ["/etc/passwd", "../x.raw", "a/../../x.raw", "C:\\x.raw", "\\\\host\\x", "a\\..\\x"]
    {
        let line = format!("ElementDataFile = {name}");
        let error = Header::parse(&file(&with(&PLAIN, &line), &[])).unwrap_err().to_string();
        assert!(error.contains("folder of the header"), "{name}: {error}");
    }
}

#[test]
fn wrong_values_name_their_key_and_line() {
    let cases = [
        ("NDims = 0", "NDims"),
        ("NDims = 9", "NDims"),
        ("NDims = 2", "DimSize"),
        ("DimSize = 2 1", "DimSize"),
        ("DimSize = -2 1 2", "DimSize"),
        ("DimSize = 2 1 2 1", "DimSize"),
        ("DimSize = 2 1 99999999999999999999999", "DimSize"),
        ("ElementSpacing = nan 1 1", "ElementSpacing"),
        ("ElementSpacing = 0 1 1", "ElementSpacing"),
        ("ElementSpacing = -1 1 1", "ElementSpacing"),
        ("ElementSpacing = inf 1 1", "ElementSpacing"),
        ("Offset = 0 0 NaN", "Offset"),
        ("TransformMatrix = 1 0 0 0 1 0 0 0 0", "TransformMatrix"),
        ("TransformMatrix = 1 0 0 1 0 0 0 0 1", "TransformMatrix"),
        ("TransformMatrix = 1 0 0 0 1 0 0 0", "TransformMatrix"),
        ("ElementType = UCHAR", "ElementType"),
        ("ElementNumberOfChannels = 0", "ElementNumberOfChannels"),
        ("ElementNumberOfChannels = 1e9", "ElementNumberOfChannels"),
        ("CompressedData = maybe", "CompressedData"),
        ("ObjectType = Tube", "ObjectType"),
        ("ElementDataFile =", "ElementDataFile"),
    ];
    for (line, key) in cases {
        let error = read(&with(&PLAIN, line), &[0; 4]).unwrap_err();
        let text = error.to_string();
        let is_value = matches!(&error, Error::Value { key: came, line: 1.., .. } if came == key);
        assert!(is_value && text.contains(key) && text.contains("line"), "{line}: {text}");
    }
}

#[test]
fn what_is_missing_is_named() {
    for (index, key) in [(1, "NDims"), (2, "DimSize"), (4, "ElementType")] {
        let mut lines = PLAIN.to_vec();
        lines.remove(index);
        let error = read(&lines, &[0; 4]).unwrap_err();
        assert!(matches!(error, Error::Missing { key: came, .. } if came == key), "{error}");
    }
    let error = read(&PLAIN[..5], &[]).unwrap_err();
    assert!(matches!(error, Error::HeaderWithoutEnd { .. }), "{error}");
    assert!(matches!(read(&[], &[]), Err(Error::HeaderWithoutEnd { .. })));
    let error = Image::read(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::NotAField { line: 1, .. }), "{error}");
}

#[test]
fn text_pixels_are_refused() {
    let error = read(&with(&PLAIN, "BinaryData = False"), b"1 2 3 4").unwrap_err().to_string();
    assert!(error.contains("written as text"), "{error}");
    let error = read(&with(&PLAIN, "ElementType = MET_OTHER"), &[0; 4]).unwrap_err().to_string();
    assert!(error.contains("MET_OTHER"), "{error}");
}

#[test]
fn too_few_and_too_many_bytes() {
    let error = read(&PLAIN, &[0; 3]).unwrap_err();
    assert!(matches!(error, Error::DataEndEarly { declared: 4, came: 3 }), "{error}");
    let error = read(&PLAIN, &[0; 5]).unwrap_err();
    assert!(matches!(error, Error::TrailingBytes { .. }), "{error}");
}

fn compressed(data: &[u8]) -> Vec<u8> {
    let lines = with(&with(&PLAIN, "NDims = 1"), "DimSize = 1");
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.contains("Spacing")).collect();
    let mut image = read(&lines, &[0]).unwrap();
    image.header.dims = vec![data.len()];
    image.pixels = Pixels::U8(data.to_vec());
    image.write(true).unwrap()
}

/// The file with another value for a key.
fn edit(bytes: &[u8], key: &str, value: &str) -> Vec<u8> {
    let (_, offset) = Header::parse(bytes).unwrap();
    let text = str::from_utf8(&bytes[..offset]).unwrap();
    let mut out = String::new();
    for line in text.lines() {
        let same = line.split('=').next().unwrap().trim() == key;
        if same {
            out.extend([key, " = ", value, "\n"]);
        } else {
            out.extend([line, "\n"]);
        }
    }
    [out.as_bytes(), &bytes[offset..]].concat()
}

#[test]
fn a_zlib_bomb_writes_no_more_than_declared() {
    // 64 MiB of zeros in 64 KiB that claim to be ten pixels.
    let bomb = edit(&compressed(&vec![0; 64 << 20]), "DimSize", "10");
    assert!(bomb.len() < 100_000);
    let error = Image::read(&bomb, &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::DataLonger { declared: 10 }), "{error}");
}

#[test]
fn memory_follows_the_bytes_that_come() {
    let lines = with(&PLAIN, "DimSize = 1000 1000 1000");
    let bytes = file(&lines, &[7; 1000]);
    let (header, offset) = Header::parse(&bytes).unwrap();
    let mut pixels = Vec::new();
    let mut reader = PixelReader::new(&header, &bytes[offset..]).unwrap();
    let error = reader.read(1_000_000_000, &mut pixels).unwrap_err();
    assert!(
        matches!(error, Error::DataEndEarly { declared: 1_000_000_000, came: 1000 }),
        "{error}"
    );
    assert!(pixels.capacity() <= 1 << 17, "{}", pixels.capacity());
}

#[test]
fn sizes_beyond_all_bounds() {
    for size in ["4000000000 4000000000 4000000000", "100000 100000 100"] {
        let line = format!("DimSize = {size}");
        let error = read(&with(&PLAIN, &line), &[0; 4]).unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    }
}

#[test]
fn lying_compressed_sizes() {
    let data: Vec<u8> = (0..=255).collect();
    let good = compressed(&data);
    assert_eq!(Image::read(&good, &Limits::default()).unwrap().pixels, Pixels::U8(data));
    let (header, _) = Header::parse(&good).unwrap();
    let size = header.compressed_bytes.unwrap();

    let error = |bytes: &[u8]| Image::read(bytes, &Limits::default()).unwrap_err();
    let short = error(&edit(&good, "CompressedDataSize", &(size - 1).to_string()));
    assert!(matches!(short, Error::StreamEndsEarly { .. }), "{short}");
    let long = error(&edit(&good, "CompressedDataSize", &(size + 1).to_string()));
    assert!(matches!(long, Error::TrailingBytes { .. }), "{long}");
    let garbage = error(&[&good[..], b"x"].concat());
    assert!(matches!(garbage, Error::TrailingBytes { .. }), "{garbage}");
    let small = error(&edit(&good, "DimSize", "255"));
    assert!(matches!(small, Error::DataLonger { declared: 255 }), "{small}");
    let large = error(&edit(&good, "DimSize", "257"));
    assert!(matches!(large, Error::DataEndEarly { declared: 257, came: 256 }), "{large}");
    // All pixels are there, and only the checksum is cut off.
    let cut = error(&good[..good.len() - 1]);
    assert!(matches!(cut, Error::StreamEndsEarly { .. }), "{cut}");
    let empty = error(&edit(&good, "CompressedDataSize", ""));
    assert!(matches!(empty, Error::Value { .. }), "{empty}");
}

#[test]
fn a_header_that_would_not_read_back_is_not_written() {
    let image = read(&PLAIN, &[1, 2, 3, 4]).unwrap();
    let mut newline = image.clone();
    newline.header.other.push(formats::metaimage::Field {
        key: "Comment".into(),
        value: "one\nDimSize = 9 9 9".into(),
        line: 0,
    });
    assert!(newline.write(false).is_err());
    let mut short = image.clone();
    short.pixels = Pixels::U8(vec![1, 2, 3]);
    assert!(matches!(short.write(false), Err(Error::PixelsDoNotFit { .. })));
    let mut other = image;
    other.pixels = Pixels::I8(vec![1, 2, 3, 4]);
    assert!(matches!(other.write(false), Err(Error::PixelsDoNotFit { .. })));
}

fn any_pixels(length: usize) -> impl Strategy<Value = Pixels> {
    use proptest::collection::vec;
    prop_oneof![
        vec(any::<u8>(), length).prop_map(Pixels::U8),
        vec(any::<i8>(), length).prop_map(Pixels::I8),
        vec(any::<u16>(), length).prop_map(Pixels::U16),
        vec(any::<i16>(), length).prop_map(Pixels::I16),
        vec(any::<i32>(), length).prop_map(Pixels::I32),
        vec(any::<u64>(), length).prop_map(Pixels::U64),
        vec(-1e30f32..1e30, length).prop_map(Pixels::F32),
        vec(-1e300..1e300, length).prop_map(Pixels::F64),
    ]
}

prop_compose! {
    fn any_volume()(dims in prop::array::uniform3(1usize..6))(
        voxels in any_pixels(dims.iter().product()),
        dims in Just(dims),
        spacing in prop::array::uniform3(1e-6..1e6),
        origin in prop::array::uniform3(-1e6..1e6),
        angles in prop::array::uniform3(-3.0..3.0),
    ) -> Volume {
        Volume {
            dims,
            spacing_mm: Vector3::from(spacing),
            origin_mm: Vector3::from(origin),
            direction: Rotation3::from_euler_angles(angles[0], angles[1], angles[2]).into_inner(),
            voxels,
        }
    }
}

proptest! {
    #[test]
    fn volumes_come_back_exactly(volume in any_volume(), compressed: bool) {
        let bytes = volume.write(compressed).unwrap();
        prop_assert_eq!(Volume::read(&bytes, &Limits::default()).unwrap(), volume);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Image::read(&bytes, &Limits::default());
        let all = [file(&PLAIN[..5], &[]), bytes].concat();
        let _ = Image::read(&all, &Limits::default());
    }

    #[test]
    fn random_values_never_panic(key in 0usize..6, value in "[-0-9a-zA-Z. ]{0,40}") {
        let name = PLAIN[key].split(' ').next().unwrap();
        let line = format!("{name} = {value}");
        let _ = read(&with(&PLAIN, &line), &[0; 4]);
    }
}

#[test]
fn a_mirrored_direction_is_kept() {
    let volume = Volume {
        dims: [1, 1, 1],
        spacing_mm: Vector3::new(1.0, 2.0, 3.0),
        origin_mm: Vector3::zeros(),
        direction: Matrix3::from_diagonal(&Vector3::new(1.0, -1.0, 1.0)),
        voxels: Pixels::F32(vec![-0.5]),
    };
    let bytes = volume.write(false).unwrap();
    assert_eq!(Volume::read(&bytes, &Limits::default()).unwrap(), volume);
}
