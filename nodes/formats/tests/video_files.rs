//! Videos that are damaged, have odd names or texts beside their images, made by `ffmpeg` where it is installed.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

#[path = "video/folder.rs"]
mod folder;
#[path = "video/made.rs"]
mod made;

use std::path::Path;

use folder::Folder;
use formats::metaimage::Limits;
use formats::video::{Error, Programs, VideoFrame, VideoReader};
use made::{has_ffmpeg, make, run};

fn read(path: &Path) -> Result<Vec<VideoFrame>, Error> {
    let mut reader = VideoReader::open(path, &Programs::default(), &Limits::default())?;
    let (mut frames, mut pixels) = (vec![], vec![]);
    while let Some(frame) = reader.read_frame(&mut pixels)? {
        frames.push(frame);
    }
    Ok(frames)
}

#[test]
fn files_that_were_cut_are_refused() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("cut");
    for (name, words) in [
        ("a.mkv", &["-c:v", "ffv1", "-pix_fmt", "gray"][..]),
        ("a.mp4", &["-c:v", "mpeg4", "-movflags", "faststart"]),
        ("b.mp4", &["-c:v", "mpeg4"]),
        ("a.avi", &["-c:v", "mjpeg"]),
    ] {
        let path = folder.file(name);
        make(&path, "testsrc2=size=64x48:rate=25:duration=2", words);
        assert_eq!(read(&path).unwrap().len(), 50, "{name}");
        let bytes = std::fs::read(&path).unwrap();
        for part in [0.3, 0.5, 0.8] {
            let end = (bytes.len() as f64 * part) as usize;
            std::fs::write(&path, &bytes[..end]).unwrap();
            let error = read(&path).expect_err(name);
            assert!(
                matches!(error, Error::Decode { .. } | Error::Damaged { .. } | Error::Probe { .. }),
                "{name} to {end}: {error}"
            );
        }
    }
}

/// `ffmpeg` itself says nothing of it.
#[test]
fn an_avi_that_ends_between_two_frames_is_refused() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("between");
    let path = folder.file("a.avi");
    make(&path, "testsrc2=size=64x48:rate=25:duration=2", &["-c:v", "mjpeg"]);
    let bytes = std::fs::read(&path).unwrap();
    let chunks: Vec<usize> =
        (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(b"00dc")).collect();
    // The first is in the index.
    std::fs::write(&path, &bytes[..chunks[30]]).unwrap();
    let error = read(&path).unwrap_err();
    assert!(matches!(error, Error::Cut { declared: 50, frames: 29 }), "{error}");
}

#[test]
fn a_byte_that_changed_is_noticed_where_the_codec_has_a_checksum() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("changed");
    let path = folder.file("a.mkv");
    let words = ["-c:v", "ffv1", "-level", "3", "-slicecrc", "1", "-pix_fmt", "gray"];
    make(&path, "testsrc2=size=64x48:rate=25:duration=2", &words);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&path, bytes).unwrap();
    let error = read(&path).unwrap_err();
    assert!(matches!(error, Error::Decode { .. } | Error::Damaged { .. }), "{error}");
}

#[test]
fn names_are_names_and_nothing_else() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("names");
    let made = folder.file("made.mkv");
    make(&made, "testsrc2=size=16x8:rate=10:duration=1", &["-c:v", "ffv1"]);
    for name in
        ["-y.mkv", "http:a.mkv", "concat:a|b.mkv", "file:a", "a%03d.mkv", "'; exit 1 #", "ä\n b"]
    {
        let path = folder.file(name);
        std::fs::copy(&made, &path).unwrap();
        assert_eq!(read(&path).unwrap_or_else(|error| panic!("{name}: {error}")).len(), 10);
    }
}

#[test]
fn what_has_no_video_says_so() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("sound");
    let path = folder.file("a.mkv");
    make(&path, "sine=duration=1", &["-c:a", "pcm_s16le"]);
    let error = read(&path).unwrap_err();
    assert!(matches!(error, Error::NoVideo { streams: 1 }), "{error}");
    let both = folder.file("b.mkv");
    let words = ["-f", "lavfi", "-i", "testsrc2=size=16x8:rate=10:duration=1"];
    run(&[&["-i", path.to_str().unwrap()], &words[..]].concat(), &both);
    assert_eq!(read(&both).unwrap().len(), 10);
}

#[test]
fn an_image_beyond_the_limit_starts_no_decoding() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("large");
    let path = folder.file("a.mkv");
    make(&path, "testsrc2=size=64x48:rate=10:duration=1", &["-c:v", "ffv1"]);
    let limits = Limits { pixel_bytes: 64 * 48 - 1, ..Limits::default() };
    let programs = Programs { ffmpeg: "no-such-program".into(), ..Programs::default() };
    let error = VideoReader::open(&path, &programs, &limits).err().unwrap();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}
