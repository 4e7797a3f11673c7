//! Videos with transforms beside their images, as IGSIO writes them, become frames of a sequence.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

#[path = "video/folder.rs"]
mod folder;
#[path = "video/igsio.rs"]
mod igsio;
#[path = "video/made.rs"]
mod made;

use std::path::Path;

use folder::Folder;
use formats::metaimage::Limits;
use formats::plus_sequence::{Frame, TransformStatus};
use formats::summary::VideoSummary;
use formats::video::{Error, Programs, VideoReader};
use made::{has_ffmpeg, make, run};

fn frames(path: &Path) -> Result<(Vec<Frame>, Vec<u8>), Error> {
    let mut reader = VideoReader::open(path, &Programs::default(), &Limits::default())?;
    let (mut frames, mut all, mut pixels) = (vec![], vec![], vec![]);
    while let Some(frame) = reader.read_frame(&mut pixels)? {
        let index = frames.len() as u64;
        frames.push(Frame::from_fields(index, frame.time_s, frame.fields).unwrap());
        all.extend_from_slice(&pixels);
    }
    assert_eq!(reader.texts_left(), 0);
    Ok((frames, all))
}

#[test]
fn each_transform_belongs_to_its_image() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("igsio");
    let path = folder.file("a.mkv");
    let times_ms = [0, 35, 71, 107, 142, 178];
    let images: Vec<Vec<u8>> = (0..6).map(|n| vec![n * 40; 8 * 4 * 3]).collect();
    let all = |text: &dyn Fn(usize) -> String| (0..6).map(text).collect::<Vec<_>>();
    let fields = [
        ("ProbeToTrackerTransform", all(&|n| format!("1 0 0 {n} 0 1 0 0 0 0 1 0 0 0 0 1 "))),
        (
            "ProbeToTrackerTransformStatus",
            all(&|n| if n == 3 { "INVALID" } else { "OK" }.to_owned()),
        ),
        ("Timestamp", all(&|n| format!("{:.4}", 100.0 + n as f64 * 0.0357))),
        ("FrameNumber", all(&|n| (400 + n).to_string())),
        ("Depth", all(&|_| "55 mm".to_owned())),
    ];
    std::fs::write(&path, igsio::mkv([8, 4], &times_ms, &images, &fields)).unwrap();

    let (frames, pixels) = frames(&path).unwrap();
    assert_eq!((frames.len(), pixels.len()), (6, 6 * 32));
    for (n, (frame, image)) in frames.iter().zip(pixels.chunks(32)).enumerate() {
        assert!(image.iter().all(|pixel| usize::from(*pixel) == n * 40), "{n}: {image:?}");
        assert!((frame.timestamp_s - (100.0 + n as f64 * 0.0357)).abs() < 1e-4, "{frame:?}");
        assert_eq!(frame.number, Some(400 + n as u64));
        assert_eq!(frame.fields["Depth"], "55 mm");
        let transform = frame.transform("Probe", "Tracker").unwrap();
        assert_eq!(transform.matrix[(0, 3)], n as f64);
        let expected = if n == 3 { TransformStatus::Invalid } else { TransformStatus::Ok };
        assert_eq!(transform.status, expected);
    }
    let summary = VideoSummary::read(&path, &Programs::default(), &Limits::default()).unwrap();
    assert_eq!((summary.frames, summary.width_px, summary.height_px), (6, 8, 4));
    assert_eq!(summary.fields.len(), 5);
}

#[test]
fn subtitles_for_people_are_left_alone() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("subtitles");
    let (texts, silent, path) =
        (folder.file("a.srt"), folder.file("silent.mkv"), folder.file("a.mkv"));
    std::fs::write(&texts, "1\n00:00:00,000 --> 00:00:00,900\nThe liver.\n\n").unwrap();
    make(&silent, "testsrc2=size=16x8:rate=10:duration=1", &["-c:v", "ffv1"]);
    let (texts, silent) = (texts.to_str().unwrap(), silent.to_str().unwrap());
    let words = ["-i", silent, "-i", texts, "-c:v", "copy", "-c:s", "srt"];
    run(&[&words[..], &["-metadata:s:s:0", "title=English"]].concat(), &path);
    let (frames, _) = frames(&path).unwrap();
    assert!(frames.iter().all(|frame| frame.fields.is_empty() && frame.transforms.is_empty()));
    assert_eq!((frames.len(), frames[9].timestamp_s), (10, 0.9));
}

#[test]
fn texts_that_make_no_frame_say_what_is_wrong() {
    let of =
        |name: &str, text: &str| Frame::from_fields(7, 0.5, [(name.to_owned(), text.to_owned())]);
    assert_eq!(of("Depth", "55").unwrap().timestamp_s, 0.5);
    let error = of("ProbeToTrackerTransform", "1 2 3").unwrap_err().to_string();
    assert!(error.contains("Seq_Frame0007_ProbeToTrackerTransform"), "{error}");
    assert!(of("Timestamp", "nan").is_err());
    assert!(of("ProbeToTrackerTransformStatus", "OK").is_err());
}
