//! PLUS sequences as NRRD say the same as their other form, and wrong ones are refused with the reason.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io::BufReader;

use formats::metaimage::{Limits, ScalarType};
use formats::plus_sequence::{
    Error, Frame, FrameReader, ImageFormat, ImageStatus, Sequence, SequenceHeader,
    TrackedTransform, TransformName, TransformStatus,
};
use nalgebra::{Matrix4, Vector3};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<Sequence, Error> {
    Sequence::read(bytes, &Limits::default())
}

fn told(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

/// Two frames of 2×1 pixels as PLUS writes them: padded sizes, `gz` or `raw`, the status of the image as `Status`.
const LINES: [&str; 20] = [
    "NRRD0004",
    "# Complete NRRD file format specification at:",
    "dimension: 3",
    "encoding: raw",
    "endian: little",
    "kinds: domain domain                list",
    "sizes: 2 1                             2",
    "space dimension: 2",
    "space directions: (0.3,0) (0,0.4) none",
    "space origin: (0,0)",
    "type: int16",
    "ultrasound image orientation:=FMD",
    "ultrasound image type:=RF_REAL",
    "DefaultFrameTransformName: ProbeToTrackerTransform",
    "Seq_Frame0000_ProbeToTrackerTransform:=0 -1 0 10 1 0 0 20 0 0 1 30 0 0 0 1 ",
    "Seq_Frame0000_ProbeToTrackerTransformStatus:=OK",
    "Seq_Frame0000_Timestamp:=1.5",
    "Seq_Frame0000_Status:=OK",
    "Seq_Frame0001_Timestamp:=1.75",
    "Seq_Frame0001_Status:=INVALID",
];
const PIXELS: [u8; 8] = [1, 0, 2, 0, 0xff, 0xff, 4, 1];

/// The lines with the first that contains one text replaced by another line, or left out.
fn with(from: &str, to: &str, pixels: &[u8]) -> Vec<u8> {
    let mut lines = LINES.to_vec();
    match lines.iter().position(|line| line.contains(from)) {
        Some(at) if to.is_empty() => drop(lines.remove(at)),
        Some(at) => lines[at] = to,
        None => panic!("no {from}"),
    }
    let mut bytes = (lines.join("\n") + "\n\n").into_bytes();
    bytes.extend_from_slice(pixels);
    bytes
}

#[test]
fn what_plus_writes_is_read() {
    let sequence = read(&with("NRRD0004", "NRRD0004", &PIXELS)).unwrap();
    let header = sequence.header();
    let images = header.images.as_ref().unwrap();
    assert_eq!((images.width_px, images.height_px, images.channels), (2, 1, 1));
    assert_eq!(images.orientation.unwrap().to_string(), "FMD");
    assert_eq!((images.scalar, images.image_type.as_str()), (ScalarType::I16, "RF_REAL"));
    assert_eq!(header.pixel_spacing, [0.3, 0.4]);
    let name = ("DefaultFrameTransformName".to_owned(), "ProbeToTrackerTransform".to_owned());
    assert_eq!(header.other, [name]);
    let [first, second] = &header.frames[..] else { panic!("two frames") };
    assert_eq!((first.timestamp_s, second.timestamp_s), (1.5, 1.75));
    assert_eq!(
        (&first.image_status, &second.image_status),
        (&ImageStatus::Ok, &ImageStatus::Invalid)
    );
    let pose = first.transform("Probe", "Tracker").unwrap().usable().unwrap();
    assert_eq!(pose.column(3).as_slice(), [10.0, 20.0, 30.0, 1.0]);
    assert_eq!(sequence.all_pixels(), PIXELS.as_slice());
}

#[test]
fn big_endian_windows_lines_and_other_kinds_of_colour() {
    let big: Vec<u8> = PIXELS.chunks(2).flat_map(|two| [two[1], two[0]]).collect();
    assert_eq!(read(&with("endian", "endian: big", &big)).unwrap().all_pixels(), PIXELS);
    let text = String::from_utf8(with("endian", "endian: little", &[])).unwrap();
    let windows = [text.replace('\n', "\r\n").as_bytes(), &PIXELS].concat();
    assert_eq!(read(&windows).unwrap().all_pixels(), PIXELS);
    for (kind, channels) in [("vector", 4), ("RGB-color", 3), ("RGBA-color", 4), ("2-vector", 2)] {
        let text = text
            .replace("dimension: 3\n", "dimension: 4\n")
            .replace("kinds: ", &format!("kinds: {kind} "))
            .replace("sizes: ", &format!("sizes: {channels} "))
            .replace("space directions: ", "space directions: none ");
        let pixels = vec![7; 8 * channels];
        let sequence = read(&[text.as_bytes(), &pixels].concat()).unwrap();
        let images = sequence.header().images.clone().unwrap();
        assert_eq!(
            (images.channels, images.width_px, images.height_px),
            (channels, 2, 1),
            "{kind}"
        );
        assert_eq!(sequence.header().pixel_spacing, [0.3, 0.4], "{kind}");
    }
    let wrong =
        text.replace("kinds: domain", "kinds: RGB-color domain").replace("sizes: 2", "sizes: 2 2");
    assert!(told(wrong.as_bytes()).contains("`2 2 1"), "{}", told(wrong.as_bytes()));
}

#[test]
fn poses_without_images_are_read_as_plus_and_others_write_them() {
    let text = String::from_utf8(with("type: int16", "type: uint8", &[])).unwrap();
    let text = text
        .replace("ultrasound image orientation:=FMD\nultrasound image type:=RF_REAL\n", "")
        .replace("_Status:=", "_Other:=");
    let placeholders = text.replace("sizes: 2 1", "sizes: 1 1");
    let none = text.replace("sizes: 2 1", "sizes: 0 0");
    for bytes in [[placeholders.as_bytes(), &[0, 0]].concat(), none.into_bytes()] {
        let sequence = read(&bytes).unwrap();
        assert_eq!(sequence.header().images, None);
        assert_eq!((sequence.header().frames.len(), sequence.all_pixels().len()), (2, 0));
        let (header, pixels) = stream(&bytes).unwrap();
        assert_eq!((&header, pixels.len()), (sequence.header(), 0));
    }
    assert!(read(placeholders.as_bytes()).is_err(), "placeholders are missing");
}

#[test]
fn a_single_image_needs_no_time_and_no_axis_for_it() {
    for dimension in ["dimension: 2", "dimension: 3"] {
        let text = format!(
            "NRRD0004\n{dimension}\nencoding: raw\nkinds: domain domain\nsizes: 2 1\ntype: uint8\n\
             ultrasound image orientation:=MFA\nSeq_Frame0000_Status:=OK\n\n"
        );
        let sequence = read(&[text.as_bytes(), &[5, 6]].concat()).unwrap();
        assert_eq!(sequence.header().frames[0].timestamp_s, 0.0);
        assert_eq!(*sequence.gray_image(0).unwrap().pixels, [5, 6]);
    }
}

#[test]
fn each_mistake_is_named() {
    for (from, to, reason) in [
        ("dimension", "dimension: 2", "the kinds `domain domain"),
        ("kinds", "", "no `kinds`; say which axis is what"),
        ("kinds", "kinds: domain domain domain", "but this file has the sizes `2 1"),
        ("kinds", "kinds: domain list domain", "the kinds `domain list domain`"),
        ("sizes", "sizes: 2 1 -2", "the sizes `2 1 -2`"),
        ("sizes", "sizes: 1 1 18446744073709551615", "bytes of pixels, more than the limit"),
        ("sizes", "sizes: 4000000000 4000000000 2", "bytes of pixels, more than the limit"),
        ("sizes", "sizes: 2 1 1", "belongs to frame 1"),
        ("sizes", "sizes: 2 2 2", "declares 16 bytes of pixels, but the data end after 8"),
        ("sizes", "sizes: 1 1 2", "bytes follow after the pixels"),
        ("type", "type: block", "`type` should be"),
        ("type", "type: none", "ElementType"),
        ("endian", "", "no `endian`"),
        ("encoding", "encoding: bzip2", "the encoding `bzip2` is not supported"),
        ("encoding", "encoding: gz", "damaged or were cut off 0 bytes of pixels after"),
        ("space directions", "space directions: (0,0) (0,1) none", "`space directions` should be"),
        (
            "space directions",
            "space directions: (nan,0) (0,1) none",
            "`space directions` should be",
        ),
        ("space origin", "byte skip: 3", "`byte skip` in a sequence is not supported"),
        ("orientation", "ultrasound image orientation:=QQ", "UltrasoundImageOrientation `QQ`"),
        ("orientation", "Ultrasound Image Type:=BRIGHTNESS", "in line 13 was said before"),
        ("Seq_Frame0000_Timestamp", "Seq_Frame0000_Timestamp:=nan", "finite number of seconds"),
        ("Seq_Frame0000_Timestamp", "Seq_Frame0000_ImageStatus:=OK", "says again"),
        ("Seq_Frame0000_Timestamp", "", "frame 0 of 2 has no `Timestamp`"),
        ("Seq_Frame0000_ProbeToTrackerTransform:", "Seq_Frame0000_ATransform:=1", "16 numbers"),
        ("space origin", "space origin (0,0)", "should read `field: value`"),
        ("space origin", "data file: ../x.raw", "a file in the folder of the header"),
        ("NRRD0004", "NRRD0009", "NRRD0001 to NRRD0005"),
    ] {
        let said = told(&with(from, to, &PIXELS));
        assert!(said.contains(reason), "{to}: {said}");
    }
    let elsewhere = with("space origin", "data file: pixels.raw", &[]);
    assert!(told(&elsewhere).contains("in the file `pixels.raw` beside the header"));
    let joined = Sequence::read_detached(&elsewhere, &PIXELS, &Limits::default()).unwrap();
    assert_eq!(joined.all_pixels(), PIXELS);
    let limits = Limits { header_bytes: 300, ..Limits::default() };
    let whole = with("NRRD0004", "NRRD0004", &PIXELS);
    for error in
        [Sequence::read(&whole, &limits).err(), FrameReader::open(&whole[..], &limits).err()]
    {
        assert!(error.unwrap().to_string().contains("longer than 300 bytes"));
    }
}

fn stream(bytes: &[u8]) -> Result<(SequenceHeader, Vec<u8>), Error> {
    let mut reader = FrameReader::open(BufReader::with_capacity(7, bytes), &Limits::default())?;
    let (mut all, mut pixels, mut count) = (Vec::new(), Vec::new(), 0);
    while let Some(index) = reader.read_frame(&mut pixels)? {
        assert_eq!(index, count);
        count += 1;
        all.extend_from_slice(&pixels);
    }
    assert_eq!(count, reader.header().frames.len());
    Ok((reader.header().clone(), all))
}

const SCALARS: [ScalarType; 10] = [
    ScalarType::I8,
    ScalarType::U8,
    ScalarType::I16,
    ScalarType::U16,
    ScalarType::I32,
    ScalarType::U32,
    ScalarType::I64,
    ScalarType::U64,
    ScalarType::F32,
    ScalarType::F64,
];

prop_compose! {
    fn any_sequence()(
        times in prop::collection::vec((-1e9..1e9, prop::option::of(-1e9..1e9)), 1..8),
        (width, height, channels) in (1usize..6, 1usize..6, 1usize..5),
        orientation in prop::option::of("[MU][FN][AD]?|[FN][MU][AD]?"),
        image_type in "BRIGHTNESS|RF_REAL|RF_IQ_LINE|RF_I_LINE_Q_LINE|RGB_COLOR",
        scalar in prop::sample::select(&SCALARS[..]),
        spacing in prop::array::uniform2(1e-6..1e3),
        poses_only: bool,
        seed: u8,
    ) -> Sequence {
        let images = (!poses_only).then(|| ImageFormat {
            width_px: width,
            height_px: height,
            channels,
            scalar,
            orientation: orientation.map(|text| text.parse().unwrap()),
            image_type,
        });
        let frames = times.into_iter().enumerate().map(|(index, (timestamp_s, unfiltered_timestamp_s))| {
            let mut frame = Frame { timestamp_s, unfiltered_timestamp_s, ..Frame::at(0.0) };
            frame.number = (index % 2 == 0).then_some(index as u64 * 3);
            frame.image_status = [
                ImageStatus::Ok, ImageStatus::Invalid, ImageStatus::Absent, ImageStatus::Other("BLURRED".into()),
            ][(index + usize::from(seed)) % 4].clone();
            let status = [
                TransformStatus::Ok, TransformStatus::Invalid, TransformStatus::Absent,
                TransformStatus::Other("OUT_OF_VIEW".into()),
            ][(index + usize::from(seed / 4)) % 4].clone();
            let matrix = Matrix4::new_translation(&Vector3::new(timestamp_s, 1e-7, -1e17));
            frame.transforms.insert(TransformName::new("Probe", "Tracker"), TrackedTransform { matrix, status });
            frame.fields.insert("ProbeQuality".into(), "a=b: c".into());
            frame
        }).collect();
        let other = vec![("CustomField".to_owned(), "some value".to_owned())];
        let header = SequenceHeader { images, frames, pixel_spacing: spacing, other };
        let frame = header.images.as_ref().map_or(0, ImageFormat::frame_bytes);
        let pixels = (0..frame * header.frames.len()).map(|index| (index as u8).wrapping_mul(seed)).collect();
        Sequence::new(header, pixels).unwrap()
    }
}

proptest! {
    #[test]
    fn sequences_come_back_exactly_from_each_form(sequence in any_sequence(), compressed: bool) {
        let limits = Limits::default();
        for bytes in [sequence.write_nrrd(compressed).unwrap(), sequence.write(compressed).unwrap()] {
            prop_assert_eq!(&read(&bytes).unwrap(), &sequence);
            let (header, pixels) = stream(&bytes).unwrap();
            prop_assert_eq!((&header, &pixels[..]), (sequence.header(), sequence.all_pixels()));
        }
        for (header, data) in [
            sequence.write_nrrd_detached("sweep.raw.gz", compressed).unwrap(),
            sequence.write_detached("sweep.zraw", compressed).unwrap(),
        ] {
            prop_assert_eq!(&Sequence::read_detached(&header, &data, &limits).unwrap(), &sequence);
            prop_assert!(told(&header).contains("`sweep."));
            let mut reader = FrameReader::open_detached(&header, &data[..], &limits).unwrap();
            let (mut pixels, mut all) = (Vec::new(), Vec::new());
            while reader.read_frame(&mut pixels).unwrap().is_some() {
                all.extend_from_slice(&pixels);
            }
            prop_assert_eq!(&all[..], sequence.all_pixels());
        }
    }

    #[test]
    fn damage_is_an_error_or_a_whole_sequence(
        sequence in any_sequence(),
        compressed: bool,
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = sequence.write_nrrd(compressed).unwrap();
        let cut = cut.index(file.len());
        prop_assert!(read(&file[..cut]).is_err());
        prop_assert!(stream(&file[..cut]).is_err());
        let at = at.index(file.len());
        file.splice(at..(at + bytes.len() / 2).min(file.len()), bytes);
        let streamed = stream(&file);
        match read(&file) {
            Ok(read) => {
                let frame = read.header().images.as_ref().map_or(0, ImageFormat::frame_bytes);
                prop_assert_eq!(read.all_pixels().len(), frame * read.header().frames.len());
                prop_assert_eq!(streamed.unwrap().1, read.all_pixels());
            }
            Err(_) => prop_assert!(streamed.is_err()),
        }
    }
}

#[test]
fn what_would_not_read_back_is_not_written() {
    let good = read(&with("NRRD0004", "NRRD0004", &PIXELS)).unwrap();
    let refuse = |change: &dyn Fn(&mut SequenceHeader)| {
        let mut header = good.header().clone();
        change(&mut header);
        assert!(Sequence::new(header, PIXELS.to_vec()).unwrap().write_nrrd(false).is_err());
    };
    refuse(&|header| header.other.push(("ultrasound image type".into(), "X".into())));
    refuse(&|header| header.other.push(("Kinds".into(), "domain".into())));
    refuse(&|header| header.other.push(("# no".into(), "X".into())));
    refuse(&|header| header.other.push(("a:b".into(), "X".into())));
    refuse(&|header| header.other.push(("a".into(), "x\ndata file: y".into())));
    refuse(&|header| header.frames[0].timestamp_s = f64::INFINITY);
    refuse(&|header| {
        header.frames[0].fields.insert("Status".into(), "OK".into());
    });
    assert!(good.write_nrrd_detached("../x.raw", false).is_err());
    let empty = SequenceHeader { frames: vec![], ..good.header().clone() };
    let error = Sequence::new(empty, vec![]).unwrap().write_nrrd(true).unwrap_err().to_string();
    assert!(error.contains("without frames"), "{error}");
}

#[test]
fn a_gzip_bomb_unfolds_no_more_than_declared() {
    let bomb = {
        let zeros = read(&with("NRRD0004", "NRRD0004", &PIXELS)).unwrap();
        let images = ImageFormat {
            width_px: 4096,
            height_px: 4096,
            ..zeros.header().images.clone().unwrap()
        };
        let header = SequenceHeader { images: Some(images), ..zeros.header().clone() };
        Sequence::new(header, vec![0; 4096 * 4096 * 4]).unwrap().write_nrrd(true).unwrap()
    };
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    let at = bomb.windows(9).position(|window| window == b"4096 4096").unwrap();
    let mut small = bomb;
    small.splice(at..at + 9, *b"2 1");
    let said = told(&small);
    assert!(said.contains("more than the declared 8 bytes"), "{said}");
}

#[test]
fn colour_as_plus_writes_it_into_a_metaimage() {
    let text = "ObjectType = Image\nNDims = 3\nDimSize = 3 2 1                        2\nElementNumberOfChannels = 3\n\
        ElementSpacing = 1 1 1\nElementType = MET_UCHAR\nKinds = vector domain domain         list\nOffset = 0 0 0\n\
        UltrasoundImageOrientation = MFA\nUltrasoundImageType = RGB_COLOR\nSeq_Frame0000_Timestamp = 1\n\
        Seq_Frame0001_Timestamp = 2\nElementDataFile = LOCAL\n";
    let pixels: Vec<u8> = (0..12).collect();
    let sequence = read(&[text.as_bytes(), &pixels].concat()).unwrap();
    let images = sequence.header().images.clone().unwrap();
    assert_eq!((images.channels, images.width_px, images.height_px), (3, 2, 1));
    assert_eq!(sequence.pixels(1).unwrap(), &pixels[6..]);
    // 0.299·6 + 0.587·7 + 0.114·8 = 6.8
    assert_eq!(*sequence.gray_image(1).unwrap().pixels, [7, 10]);
    let again = read(&sequence.write_nrrd(true).unwrap()).unwrap();
    assert_eq!(again, sequence);
}
