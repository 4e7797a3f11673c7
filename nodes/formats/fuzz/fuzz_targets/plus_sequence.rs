//! PLUS sequences, whole and frame by frame.

use std::collections::BTreeMap;

use formats::metaimage::{self, ScalarType};
use formats::plus_sequence::{
    Error, Frame, FrameReader, ImageFormat, ImageStatus, Orientation, Sequence, SequenceHeader,
    TrackedTransform, TransformName, TransformStatus,
};
use nalgebra::Matrix4;

use super::{
    BESIDE, LIMITS, Target, assert_said, bounded, has, inflated, odd_numbers, one_of, with_beside,
};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "plus_sequence", check, seeds, words: WORDS };

/// Read as a whole and frame by frame it is the same, with poses that can be computed with, and the same again when it is
/// written and read.
pub fn check(bytes: &[u8]) {
    let (file, beside) = with_beside(bytes);
    let is_compressed = has(bytes, b"CompressedData") || has(bytes, b"gz");
    let inflated = if is_compressed { inflated(bytes.len()) } else { 0 };
    let read = bounded(bytes.len(), inflated, || match beside {
        Some(data) => Sequence::read_detached(file, data, &LIMITS),
        None => Sequence::read(file, &LIMITS),
    });
    let streamed = bounded(bytes.len(), inflated, || stream(file, beside));
    let Ok(sequence) = read else {
        read.as_ref().err().iter().for_each(|error| assert_said(error));
        let too_large = matches!(read, Err(Error::MetaImage(metaimage::Error::TooLarge { .. })));
        assert!(
            streamed.is_err() || too_large,
            "read frame by frame, but not as a whole: {}",
            read.unwrap_err()
        );
        return;
    };
    let header = sequence.header();
    let (frames, pixels) = streamed.expect("what is read as a whole is read frame by frame");
    assert_eq!((frames, pixels), (header.frames.len(), sequence.all_pixels().len()));
    for (index, frame) in header.frames.iter().enumerate() {
        assert!(frame.timestamp_s.is_finite());
        assert!(frame.unfiltered_timestamp_s.is_none_or(f64::is_finite));
        for (name, transform) in &frame.transforms {
            assert_eq!(
                frame.transform(&name.from, &name.to),
                Some(transform).filter(|_| name.to_string().parse() == Ok(name.clone()))
            );
            if let Some(matrix) = transform.usable() {
                let back = matrix.try_inverse().expect("a pose that is usable has an inverse");
                assert!(
                    matrix.iter().chain(&back).all(|number| number.is_finite()),
                    "{matrix}{back}"
                );
            }
        }
        if let Ok(image) = sequence.gray_image(index) {
            assert_eq!(image.pixels.len(), image.width_px * image.height_px);
        }
    }
    assert!(header.first_step_back().is_none_or(|frame| (1..frames).contains(&frame)));
    let ways = [(false, false), (false, true), (true, false), (true, true)];
    again(&sequence, file.starts_with(b"NRRD"), one_of(&ways, bytes));
}

/// As a file of its own kind it can be written; as the other kind, if that has words for all that it says.
fn again(sequence: &Sequence, is_nrrd: bool, (as_nrrd, is_compressed): (bool, bool)) {
    let written =
        if as_nrrd { sequence.write_nrrd(is_compressed) } else { sequence.write(is_compressed) };
    let error = match written {
        Ok(written) => {
            let read = Sequence::read(&written, &LIMITS);
            return assert_eq!(&read.expect("what was written can be read"), sequence);
        }
        Err(error) => error,
    };
    assert_said(&error);
    let poses = sequence.header().frames.iter().flat_map(|frame| frame.transforms.values());
    // NaN in a pose that is not usable is not equal to itself.
    let is_equal = !poses.flat_map(|pose| pose.matrix.iter()).any(|number| number.is_nan());
    assert!(!is_equal || as_nrrd != is_nrrd, "what was read can be written: {error}");
}

/// Frames, and bytes of their pixels.
fn stream(file: &[u8], beside: Option<&[u8]>) -> Result<(usize, usize), Error> {
    let mut reader = match beside {
        Some(data) => FrameReader::open_detached(file, data, &LIMITS)?,
        None => FrameReader::open(file, &LIMITS)?,
    };
    let (mut frames, mut bytes, mut pixels) = (0, 0, Vec::new());
    while let Some(frame) = reader.read_frame(&mut pixels)? {
        assert_eq!(frame, frames);
        (frames, bytes) = (frames + 1, bytes + pixels.len());
    }
    assert_eq!(frames, reader.header().frames.len());
    Ok((frames, bytes))
}

/// Two frames of poses alone, and with images of several kinds.
pub fn sequences() -> Vec<Sequence> {
    let pose = |status| TrackedTransform {
        matrix: Matrix4::new_translation(&[1.5, -2.0, 3e-9].into()),
        status,
    };
    let frame = |at: f64| Frame {
        timestamp_s: at,
        unfiltered_timestamp_s: Some(at + 0.01),
        number: Some(7 + at as u64),
        image_status: ImageStatus::Ok,
        transforms: BTreeMap::from([
            (TransformName::new("Probe", "Tracker"), pose(TransformStatus::Ok)),
            (TransformName::new("Stylus", "Tracker"), pose(TransformStatus::Invalid)),
            (TransformName::new("Reference", "Tracker"), pose(TransformStatus::Absent)),
        ]),
        fields: BTreeMap::from([("ProbeRotation".to_owned(), "90".to_owned())]),
    };
    let sequence = |format: Option<ImageFormat>| {
        let bytes = format.as_ref().map_or(0, ImageFormat::frame_bytes);
        let header = SequenceHeader {
            images: format,
            frames: vec![frame(0.5), frame(1.5)],
            pixel_spacing: [1.0, 0.5],
            other: vec![("Comment".to_owned(), "by hand".to_owned())],
        };
        Sequence::new(header, (0..2 * bytes).map(|byte| byte as u8).collect()).unwrap()
    };
    let format = |channels, scalar, orientation: &str, image_type: &str| ImageFormat {
        width_px: 3,
        height_px: 2,
        channels,
        scalar,
        orientation: orientation.parse::<Orientation>().ok(),
        image_type: image_type.to_owned(),
    };
    [
        None,
        Some(format(1, ScalarType::U8, "MF", "BRIGHTNESS")),
        Some(format(3, ScalarType::U8, "NUA", "RGB_COLOR")),
        Some(format(2, ScalarType::I16, "FM", "RF_I_LINE_Q_LINE")),
    ]
    .map(sequence)
    .to_vec()
}

/// Images with poses, poses alone, and texts of other writers.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = sequences()
        .iter()
        .flat_map(|sequence| {
            [false, true].map(|is_compressed| sequence.write(is_compressed).unwrap())
        })
        .collect();
    let text = "NDims = 3\nDimSize = 2 1 1\nElementType = MET_UCHAR\nUltrasoundImageOrientation = UN\nSeq_Frame0000_Timestamp = 3\nSeq_Frame0000_ImageStatus = INVALID\nElementDataFile = ";
    seeds.push(format!("{text}LOCAL\nab").into_bytes());
    seeds.push([text.as_bytes(), b"pixels.raw\n", BESIDE, b"ab"].concat());
    seeds.push(b"NDims = 4\nDimSize = 1 1 1 2\nKinds = domain domain domain list\nElementType = MET_UCHAR\nSeq_Frame0000_Timestamp = 3\nSeq_Frame0001_Timestamp = 3\nElementDataFile = LOCAL\nab".to_vec());
    seeds
}

const WORDS: &[&str] = odd_numbers![
    " = ",
    "NDims = 3\n",
    "NDims = 4\n",
    "NDims = 2\n",
    "DimSize = 0 0 2\n",
    "DimSize = 2 2 2\n",
    "Kinds = ",
    "domain ",
    "list",
    "time",
    "ElementType = MET_UCHAR\n",
    "MET_SHORT",
    "MET_OTHER",
    "ElementNumberOfChannels = ",
    "ElementSpacing = ",
    "CompressedData = True\n",
    "CompressedDataSize = ",
    "BinaryDataByteOrderMSB = True\n",
    "UltrasoundImageOrientation = ",
    "MF",
    "MN",
    "UF",
    "UN",
    "FM",
    "FU",
    "NM",
    "NU",
    "MFA",
    "XX",
    "UltrasoundImageType = ",
    "BRIGHTNESS",
    "RGB_COLOR",
    "AnatomicalOrientation = ",
    "CenterOfRotation = ",
    "Seq_Frame",
    "Seq_Frame0000_",
    "Seq_Frame0001_",
    "Timestamp = ",
    "UnfilteredTimestamp = ",
    "FrameNumber = ",
    "ImageStatus = ",
    "ProbeToTracker",
    "ToTo",
    "To",
    "Transform = ",
    "TransformStatus = ",
    "OK\n",
    "INVALID\n",
    "MISSING\n",
    "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1\n",
    " 0 0 0 1\n",
    "ElementDataFile = LOCAL\n",
    "ElementDataFile = pixels.raw\n",
    "\r\n",
];
