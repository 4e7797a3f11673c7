//! PLUS sequences round-trip, and wrong or damaged ones are refused without a panic.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use formats::metaimage::{Limits, ScalarType};
use formats::plus_sequence::{
    Error, Frame, FrameReader, ImageFormat, ImageStatus, Sequence, SequenceHeader,
    TrackedTransform, TransformName, TransformStatus,
};
use nalgebra::Matrix4;
use proptest::prelude::*;

const POSES: &str = "\
ObjectType = Image
NDims = 3
DimSize = 0 0 2
ElementType = MET_OTHER
Kinds = domain domain list
UltrasoundImageOrientation = MF
Seq_Frame0000_FrameNumber = 7
Seq_Frame0000_ProbeToTrackerTransform = 0 -1 0 10 1 0 0 20 0 0 1 30 0 0 0 1 
Seq_Frame0000_ProbeToTrackerTransformStatus = OK
Seq_Frame0000_Timestamp = 1.5
Seq_Frame0000_ProbeQuality = 0.97
Seq_Frame0001_ProbeToTrackerTransform = nan 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
Seq_Frame0001_ProbeToTrackerTransformStatus = INVALID
Seq_Frame0001_Timestamp = 1.6
Seq_Frame0001_UnfilteredTimestamp = 1.61
ElementDataFile = LOCAL
";

fn read(text: &str) -> Result<Sequence, Error> {
    Sequence::read(text.as_bytes(), &Limits::default())
}

#[test]
fn poses_without_images() {
    let sequence = read(POSES).unwrap();
    let header = sequence.header();
    assert_eq!(header.images, None);
    assert_eq!(header.frames.len(), 2);
    let [first, second] = &header.frames[..] else { panic!("two frames") };
    assert_eq!((first.timestamp_s, first.number), (1.5, Some(7)));
    let pose = first.transform("Probe", "Tracker").unwrap().usable().unwrap();
    assert_eq!(pose.column(3).as_slice(), [10.0, 20.0, 30.0, 1.0]);
    assert_eq!((pose[(0, 1)], pose[(1, 0)]), (-1.0, 1.0));
    assert_eq!(first.fields["ProbeQuality"], "0.97");
    assert_eq!(second.unfiltered_timestamp_s, Some(1.61));
    assert_eq!(second.transform("Probe", "Tracker").unwrap().status, TransformStatus::Invalid);
    assert_eq!(second.transform("Probe", "Tracker").unwrap().usable(), None);
    let reason = sequence.gray_image(0).unwrap_err().to_string();
    assert!(reason.contains("poses only"), "{reason}");
}

#[test]
fn no_status_means_not_usable() {
    let text = POSES.replace("Seq_Frame0000_ProbeToTrackerTransformStatus = OK\n", "");
    let sequence = read(&text).unwrap();
    let pose = sequence.header().frames[0].transform("Probe", "Tracker").unwrap();
    assert_eq!((&pose.status, pose.usable()), (&TransformStatus::Absent, None));
}

#[test]
fn plus_leaves_the_compressed_size_empty_when_nothing_is_compressed() {
    let text =
        POSES.replace("NDims = 3", "NDims = 3\nCompressedData = False\nCompressedDataSize = ");
    assert_eq!(read(&text).unwrap().header().frames.len(), 2);
}

#[test]
fn a_fourth_axis_of_one_plane() {
    let text = POSES
        .replace("NDims = 3", "NDims = 4")
        .replace("DimSize = 0 0 2", "DimSize = 0 0 0 2")
        .replace("domain domain list", "domain domain domain list");
    assert_eq!(read(&text).unwrap().header().frames.len(), 2);
    let deep = text.replace("DimSize = 0 0 0 2", "DimSize = 4 4 3 2");
    assert!(matches!(read(&deep), Err(Error::NotASequence { .. })));
    let volume = POSES.replace("Kinds = domain domain list", "Kinds = domain domain domain");
    assert!(matches!(read(&volume), Err(Error::NotASequence { .. })));
}

#[test]
fn each_mistake_is_named() {
    let status = "Seq_Frame0000_ProbeToTrackerTransformStatus = OK";
    let cases: [(&str, &str, &str); 16] = [
        ("Seq_Frame0000_Timestamp = 1.5\n", "", "frame 0 of 2 has no `Timestamp`"),
        (
            "Seq_Frame0000_Timestamp = 1.5",
            "Seq_Frame0000_Timestamp = nan",
            "finite number of seconds",
        ),
        (
            "Seq_Frame0000_Timestamp = 1.5",
            "Seq_Frame0000_Timestamp = 1.5\nSeq_Frame0000_Timestamp = 1.7",
            "says again",
        ),
        ("DimSize = 0 0 2", "DimSize = 0 0 1", "belongs to frame 1"),
        ("DimSize = 0 0 2", "DimSize = 0 0 3", "frame 2 of 3 has no `Timestamp`"),
        ("DimSize = 0 0 2", "DimSize = 0 0 18446744073709551615", "has no `Timestamp`"),
        ("DimSize = 0 0 2", "DimSize = 0 1 2", "the sizes `0 1 2`"),
        ("10 1 0 0 20", "10 1 0 20", "16 numbers"),
        ("30 0 0 0 1", "30 0 0 0 2", "last row"),
        ("30 0 0 0 1", "inf 0 0 0 1", "NaN or infinite"),
        ("0 -1 0 10 1 0 0 20", "1 0 0 10 1 0 0 20", "singular"),
        ("FrameNumber = 7", "FrameNumber = -7", "whole number"),
        ("Seq_Frame0000_ProbeQuality", "Seq_FrameX_ProbeQuality", "Seq_FrameNNNN_Field"),
        ("Seq_Frame0000_ProbeQuality", "Seq_Frame0000", "Seq_FrameNNNN_Field"),
        (
            status,
            "Seq_Frame0000_StylusToTrackerTransformStatus = OK",
            "no `StylusToTrackerTransform`",
        ),
        (status, "Seq_Frame0000_ProbeTransformStatus = OK", "<From>To<To>"),
    ];
    for (from, to, expected) in cases {
        let text = POSES.replacen(from, to, 1);
        assert_ne!(text, POSES);
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
}

fn format(width_px: usize, height_px: usize) -> ImageFormat {
    ImageFormat {
        width_px,
        height_px,
        channels: 1,
        scalar: ScalarType::U8,
        orientation: Some("MF".parse().unwrap()),
        image_type: "BRIGHTNESS".to_owned(),
    }
}

fn small(format: ImageFormat) -> Sequence {
    let mut frames = vec![Frame::at(0.25), Frame::at(0.5), Frame::at(0.75)];
    frames[1].image_status = ImageStatus::Invalid;
    frames[2].transforms.insert(
        TransformName::new("Probe", "Tracker"),
        TrackedTransform {
            matrix: Matrix4::new_translation(&nalgebra::Vector3::new(1e-7, 0.1, -1e17)),
            status: TransformStatus::Ok,
        },
    );
    let pixels = (0..format.frame_bytes() * 3).map(|index| (index * 37) as u8).collect();
    let header = SequenceHeader {
        images: Some(format),
        frames,
        pixel_spacing: [1.0, 1.0],
        other: vec![("CustomField".to_owned(), "some value".to_owned())],
    };
    Sequence::new(header, pixels).unwrap()
}

#[test]
fn the_gray_image_borrows_what_lies_right_and_turns_what_does_not() {
    let sequence = small(format(3, 2));
    let image = sequence.gray_image(0).unwrap();
    assert!(matches!(image.pixels, Cow::Borrowed(_)));
    assert_eq!(*image.pixels, [0, 37, 74, 111, 148, 185]);

    let lying = small(ImageFormat { orientation: Some("FU".parse().unwrap()), ..format(3, 2) });
    let image = lying.gray_image(0).unwrap();
    // Rows are lines of depth, the first on the marked side's far end.
    assert_eq!((image.width_px, image.height_px), (2, 3));
    assert_eq!(*image.pixels, [111, 0, 148, 37, 185, 74]);

    let colour = small(ImageFormat { channels: 3, image_type: "RGB_COLOR".into(), ..format(1, 1) });
    // 0.299·0 + 0.587·37 + 0.114·74 = 30.155
    assert_eq!(*colour.gray_image(0).unwrap().pixels, [30]);
}

#[test]
fn what_is_no_gray_image_says_why() {
    let reason = |sequence: &Sequence, frame| sequence.gray_image(frame).unwrap_err().to_string();
    let good = small(format(3, 2));
    assert!(reason(&good, 1).contains("ImageStatus"));
    assert!(reason(&good, 3).contains("has 3 frames"));
    let unknown = small(ImageFormat { orientation: None, ..format(3, 2) });
    assert!(reason(&unknown, 0).contains("UltrasoundImageOrientation = MF"));
    let wide = small(ImageFormat { scalar: ScalarType::I16, ..format(3, 2) });
    assert!(reason(&wide, 0).contains("MET_SHORT"));
    let raw = small(ImageFormat { image_type: "RF_REAL".into(), ..format(3, 2) });
    assert!(reason(&raw, 0).contains("RF_REAL"));
}

/// A source that gives a few bytes at a time.
struct Drip<'a>(&'a [u8], usize);
impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(out.len());
        self.0.read(&mut out[..length])
    }
}

fn stream(source: impl BufRead) -> Result<(SequenceHeader, Vec<u8>), Error> {
    let mut reader = FrameReader::open(source, &Limits::default())?;
    let (mut all, mut pixels, mut expected) = (Vec::new(), Vec::new(), 0);
    while let Some(index) = reader.read_frame(&mut pixels)? {
        assert_eq!(index, expected);
        expected += 1;
        all.extend_from_slice(&pixels);
    }
    assert_eq!(expected, reader.header().frames.len());
    assert_eq!(reader.read_frame(&mut pixels)?, None);
    Ok((reader.header().clone(), all))
}

#[test]
fn streamed_frames_are_those_of_the_whole() {
    for compressed in [false, true] {
        let sequence = small(format(31, 17));
        let bytes = sequence.write(compressed).unwrap();
        for step in [1, 2, 7, 1 << 20] {
            let source = BufReader::with_capacity(step.min(64), Drip(&bytes, step));
            let (header, pixels) = stream(source).unwrap();
            assert_eq!(&header, sequence.header());
            assert_eq!(pixels, sequence.all_pixels());
        }
    }
}

/// A source of header lines that never ends.
struct Lines(usize);
impl Read for Lines {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        for byte in out.iter_mut() {
            *byte = b"a = b\n"[self.0 % 6];
            self.0 += 1;
        }
        Ok(out.len())
    }
}

#[test]
fn a_stream_without_newlines_is_not_swallowed() {
    let mut reader = BufReader::new(io::repeat(b'a'));
    assert!(FrameReader::open(&mut reader, &Limits::default()).is_err());
    let limits = Limits { header_bytes: 1000, ..Limits::default() };
    let error = FrameReader::open(BufReader::new(Lines(0)), &limits).err().unwrap().to_string();
    assert!(error.contains("longer than 1000 bytes"), "{error}");
}

/// Each prefix of a file is an error, whatever it is cut in.
#[test]
fn cut_off_anywhere() {
    for compressed in [false, true] {
        let bytes = small(format(5, 4)).write(compressed).unwrap();
        for length in 0..bytes.len() {
            assert!(Sequence::read(&bytes[..length], &Limits::default()).is_err(), "{length}");
            assert!(stream(&bytes[..length]).is_err(), "{length}");
        }
        assert!(Sequence::read(&bytes, &Limits::default()).is_ok());
    }
    // Without pixels only the last newline may be missing.
    for length in 0..POSES.len() {
        assert_eq!(read(&POSES[..length]).is_ok(), length == POSES.len() - 1, "{length}");
    }
}

/// Whatever one bit does to a file, it stays an error or a sequence that is whole.
#[test]
fn each_bit_flipped() {
    for bytes in [
        small(format(5, 4)).write(false).unwrap(),
        small(format(5, 4)).write(true).unwrap(),
        POSES.as_bytes().to_vec(),
    ] {
        let original = Sequence::read(&bytes, &Limits::default()).unwrap();
        let (_, header, data) = SequenceHeader::parse(&bytes).unwrap();
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[index] ^= 1 << bit;
                let Ok(sequence) = Sequence::read(&damaged, &Limits::default()) else {
                    continue;
                };
                let images = sequence.header().images.as_ref();
                let frame = images.map_or(0, ImageFormat::frame_bytes);
                assert_eq!(sequence.all_pixels().len(), frame * sequence.header().frames.len());
                assert!(sequence.header().frames.iter().all(|frame| frame.timestamp_s.is_finite()));
                for index in 0..sequence.header().frames.len() {
                    let _ = sequence.gray_image(index);
                }
                if header.compressed && index >= data {
                    // The bits before a stored block, and hints in the zlib header, mean nothing.
                    assert_eq!(sequence.all_pixels(), original.all_pixels(), "{index}.{bit}");
                }
            }
        }
    }
}

#[test]
fn what_would_not_read_back_is_not_written() {
    let good = small(format(2, 2));
    let pixels = good.all_pixels().to_vec();
    let refuse = |change: &dyn Fn(&mut SequenceHeader)| {
        let mut header = good.header().clone();
        change(&mut header);
        let sequence = Sequence::new(header, pixels.clone()).unwrap();
        assert!(sequence.write(false).is_err());
    };
    refuse(&|header| header.frames[0].timestamp_s = f64::NAN);
    refuse(&|header| {
        header.frames[0].fields.insert("A".into(), "x\nSeq_Frame0001_B = y".into());
    });
    refuse(&|header| {
        header.frames[0].fields.insert("A B".into(), "x".into());
    });
    refuse(&|header| {
        header.frames[0].fields.insert("A".into(), " x".into());
    });
    refuse(&|header| {
        let transform = header.frames[2].transforms.values().next().unwrap().clone();
        header.frames[0].transforms.insert(TransformName::new("To", "To"), transform);
    });
    refuse(&|header| header.other.push(("DimSize".into(), "1 1 1".into())));
    assert!(Sequence::new(good.header().clone(), pixels[1..].to_vec()).is_err());
}

prop_compose! {
    fn any_frame()(
        timestamp_s in -1e9..1e9,
        unfiltered_timestamp_s in prop::option::of(-1e9..1e9),
        number in prop::option::of(any::<u64>()),
        status in 0..4,
        matrix in prop::array::uniform12(-1e3..1e3f64),
        ok: bool,
        quality in "[a-zA-Z0-9][a-zA-Z0-9=. ]{0,9}[a-zA-Z0-9]",
    ) -> Frame {
        let mut frame = Frame { timestamp_s, unfiltered_timestamp_s, number, ..Frame::at(0.0) };
        frame.image_status = match status {
            0 => ImageStatus::Ok,
            1 => ImageStatus::Invalid,
            2 => ImageStatus::Absent,
            _ => ImageStatus::Other("BLURRED".into()),
        };
        let mut all = [0.0; 16];
        all[..12].copy_from_slice(&matrix);
        all[15] = 1.0;
        let matrix = Matrix4::from_row_slice(&all);
        // A random matrix is as good as never singular; those marked OK must not be.
        let singular = matrix.determinant().abs() < 1.0;
        let status = match (ok, singular) {
            (true, false) => TransformStatus::Ok,
            _ => TransformStatus::Other("OUT_OF_VIEW".into()),
        };
        frame.transforms.insert(TransformName::new("Probe", "Tracker"), TrackedTransform { matrix, status });
        frame.fields.insert("ProbeQuality".into(), quality);
        frame
    }
}

proptest! {
    #[test]
    fn sequences_come_back_exactly(
        frames in prop::collection::vec(any_frame(), 0..12),
        (width, height, channels) in (1usize..6, 1usize..6, 1usize..4),
        orientation in prop::option::of("[MU][FN][AD]?|[FN][MU][AD]?"),
        seed: u8,
        compressed: bool,
        poses_only: bool,
    ) {
        let images = (!poses_only).then(|| ImageFormat {
            channels,
            orientation: orientation.map(|text| text.parse().unwrap()),
            ..format(width, height)
        });
        let bytes = images.as_ref().map_or(0, ImageFormat::frame_bytes) * frames.len();
        let pixels: Vec<u8> = (0..bytes).map(|index| (index as u8).wrapping_mul(seed)).collect();
        let header = SequenceHeader { images, frames, pixel_spacing: [0.5, 2.0], other: vec![] };
        let sequence = Sequence::new(header, pixels).unwrap();
        let bytes = sequence.write(compressed).unwrap();
        prop_assert_eq!(&Sequence::read(&bytes, &Limits::default()).unwrap(), &sequence);
        let (header, pixels) = stream(&bytes[..]).unwrap();
        prop_assert_eq!(&header, sequence.header());
        prop_assert_eq!(&pixels, sequence.all_pixels());
    }

    #[test]
    fn random_damage_never_panics(
        position in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..20),
        compressed: bool,
    ) {
        let mut file = small(format(5, 4)).write(compressed).unwrap();
        let at = position.index(file.len());
        let end = (at + bytes.len() / 2).min(file.len());
        file.splice(at..end, bytes);
        let _ = Sequence::read(&file, &Limits::default());
        let _ = stream(&file[..]);
    }
}
