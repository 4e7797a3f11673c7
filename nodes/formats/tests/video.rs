//! Videos as `ffmpeg` makes them are read back: pixels, times, and what is wrong with those that are damaged.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

#[path = "video/folder.rs"]
mod folder;
#[path = "video/made.rs"]
mod made;

use std::path::{Path, PathBuf};
use std::process::Command;

use folder::Folder;
use formats::metaimage::Limits;
use formats::video::{Container, Error, PacketTimes, Programs, VideoFrame, VideoReader};
use made::{has_ffmpeg, make, run};

fn open(path: &Path) -> Result<VideoReader, Error> {
    VideoReader::open(path, &Programs::default(), &Limits::default())
}

fn all(path: &Path) -> Result<(VideoReader, Vec<VideoFrame>, Vec<u8>), Error> {
    let mut reader = open(path)?;
    let (mut frames, mut all, mut pixels) = (vec![], vec![], vec![]);
    while let Some(frame) = reader.read_frame(&mut pixels)? {
        frames.push(frame);
        all.extend_from_slice(&pixels);
    }
    assert!(matches!(reader.read_frame(&mut pixels), Ok(None)), "the end stays the end");
    Ok((reader, frames, all))
}

/// Times of an uneven rate, in hundredths of a second: those that 7 or 11 divide.
fn uneven() -> Vec<i64> {
    (0..200).filter(|n| n % 7 == 0 || n % 11 == 0).collect()
}

const UNEVEN: &str = "select='eq(mod(n,7),0)+eq(mod(n,11),0)',format=gray";

#[test]
fn without_the_programs_it_is_said_what_to_install() {
    let folder = Folder::new("absent");
    let path = folder.file("a.mkv");
    std::fs::write(&path, b"\x1a\x45\xdf\xa3").unwrap();
    let absent = PathBuf::from("no-such-program-as-this");
    let programs = Programs { ffprobe: absent.clone(), ..Programs::default() };
    let said = VideoReader::open(&path, &programs, &Limits::default()).err().unwrap().to_string();
    assert!(said.contains("`no-such-program-as-this` is not here"), "{said}");
    assert!(said.contains("apt install ffmpeg"), "{said}");
    let said = PacketTimes::of_file(&path, &programs, &Limits::default()).unwrap_err();
    assert!(matches!(said, Error::Absent { .. }), "{said}");
    if !has_ffmpeg() {
        return;
    }
    make(&path, "testsrc2=size=16x8:rate=10:duration=1", &["-c:v", "ffv1"]);
    let programs = Programs { ffmpeg: absent, ..Programs::default() };
    let said = VideoReader::open(&path, &programs, &Limits::default()).err().unwrap();
    assert!(matches!(said, Error::Absent { .. }), "{said}");
}

#[test]
fn what_is_no_video_file_starts_no_program() {
    let folder = Folder::new("no-video");
    let path = folder.file("playlist.mkv");
    std::fs::write(&path, "#EXTM3U\n#EXTINF:1,\n/etc/hostname\n").unwrap();
    let absent = Programs { ffprobe: "no-such".into(), ffmpeg: "no-such".into() };
    let open = |path: &Path| VideoReader::open(path, &absent, &Limits::default()).err().unwrap();
    assert!(matches!(open(&path), Error::NotAVideo));
    assert!(matches!(open(folder.as_ref()), Error::NotRegular));
    assert!(matches!(open(&folder.file("missing.mkv")), Error::File(_)));
    let pipe = folder.file("pipe.mkv");
    if Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        assert!(matches!(open(&pipe), Error::NotRegular));
    }
}

#[test]
fn lossless_video_is_read_pixel_by_pixel_at_its_uneven_times() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("lossless");
    let (video, raw) = (folder.file("a.mkv"), folder.file("a.raw"));
    let source = "testsrc2=size=46x34:rate=100:duration=2";
    let words = ["-vf", UNEVEN, "-fps_mode", "passthrough"];
    make(&video, source, &[&words[..], &["-c:v", "ffv1"]].concat());
    make(&raw, source, &[&words[..], &["-f", "rawvideo"]].concat());
    let (reader, frames, pixels) = all(&video).unwrap();
    assert_eq!((reader.container(), reader.size_px()), (Container::Matroska, [46, 34]));
    let stream = reader.stream();
    assert_eq!((stream.codec.as_str(), stream.pixel_format.as_str()), ("ffv1", "gray"));
    let times: Vec<f64> = frames.iter().map(|frame| frame.time_s).collect();
    let expected: Vec<f64> = uneven().iter().map(|n| *n as f64 / 100.0).collect();
    assert_eq!(times, expected);
    assert!(pixels == std::fs::read(&raw).unwrap(), "other pixels came");
    let (_, _, packets) =
        PacketTimes::of_file(&video, &Programs::default(), &Limits::default()).unwrap();
    let ticks: Vec<i64> = frames.iter().map(|frame| frame.ticks).collect();
    assert_eq!((packets.ticks, packets.untimed, packets.remark), (ticks, 0, None));
}

#[test]
fn each_kind_of_file_has_all_frames_at_their_times() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("kinds");
    for (name, container, codec) in [
        ("a.mkv", Container::Matroska, "mpeg4"),
        ("a.mp4", Container::QuickTime, "mpeg4"),
        ("a.mov", Container::QuickTime, "mjpeg"),
        ("a.avi", Container::Avi, "mjpeg"),
        ("a.mpg", Container::MpegProgram, "mpeg2video"),
        ("a.m2v", Container::MpegVideo, "mpeg2video"),
        ("a.ts", Container::MpegTransport, "mpeg2video"),
        ("a.m2ts", Container::MpegTransport, "mpeg2video"),
        ("a.wmv", Container::Asf, "wmv2"),
        ("a.flv", Container::Flv, "flv"),
    ] {
        let path = folder.file(name);
        make(&path, "testsrc2=size=64x48:rate=25:duration=1", &["-bf", "0", "-c:v", codec]);
        let (reader, frames, pixels) = all(&path).unwrap();
        assert_eq!((reader.container(), reader.size_px()), (container, [64, 48]), "{name}");
        assert_eq!((frames.len(), pixels.len()), (25, 25 * 64 * 48), "{name}");
        for pair in frames.windows(2) {
            let gap = pair[1].time_s - pair[0].time_s;
            assert!((gap - 0.04).abs() < 0.0011, "{name}: {pair:?}");
        }
        let packets = PacketTimes::of_file(&path, &Programs::default(), &Limits::default());
        assert_eq!(packets.unwrap().2.ticks.len(), 25, "{name}");
    }
}

/// Frames that are stored in another order than they are shown in.
#[test]
fn frames_come_in_the_order_in_which_they_are_shown() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("order");
    let path = folder.file("a.mp4");
    let source = "color=black:size=64x48:rate=25:duration=1";
    // Frame n has the gray value 10 n.
    let words = ["-vf", "geq=lum='16+N*8':cb=128:cr=128", "-c:v", "mpeg4", "-bf", "2", "-q:v", "2"];
    make(&path, source, &words);
    let (_, frames, pixels) = all(&path).unwrap();
    for (n, (frame, image)) in frames.iter().zip(pixels.chunks(64 * 48)).enumerate() {
        assert!((frame.time_s - n as f64 / 25.0).abs() < 1e-9, "{n}: {frame:?}");
        let expected = n as f64 * 8.0 * 255.0 / 219.0;
        assert!((f64::from(image[0]) - expected).abs() < 4.0, "{n}: {}", image[0]);
    }
    assert_eq!(frames.len(), 25);
}

#[test]
fn black_is_0_and_white_is_255_and_nothing_is_turned() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("levels");
    for (colour, expected) in [("black", 0), ("white", 255)] {
        let path = folder.file(&format!("{colour}.mp4"));
        let source = format!("color={colour}:size=32x16:rate=5:duration=1");
        make(&path, &source, &["-c:v", "mpeg4", "-pix_fmt", "yuv420p"]);
        let (_, _, pixels) = all(&path).unwrap();
        assert!(pixels.iter().all(|pixel| *pixel == expected), "{colour}: {}", pixels[0]);
    }
    let turned = folder.file("turned.mov");
    let white = folder.file("white.mp4");
    let words = ["-i", white.to_str().unwrap(), "-c", "copy", "-metadata:s:v", "rotate=90"];
    run(&words, &turned);
    let (reader, ..) = all(&turned).unwrap();
    assert_eq!(reader.size_px(), [32, 16]);
    // Later versions have another way to write it.
    if let Some(rotation) = reader.stream().rotation_deg {
        assert_eq!(rotation.abs(), 90.0);
    } else {
        println!("SKIPPED: this `ffmpeg` writes no rotation");
    }
}

#[test]
fn samples_of_16_bits_are_rounded_to_8() {
    if !has_ffmpeg() {
        return;
    }
    let folder = Folder::new("sixteen");
    let path = folder.file("a.mkv");
    let filter = "format=gray16le,geq=lum='32768+X*64'";
    make(&path, "color=black:size=16x4:rate=5:duration=1", &["-vf", filter, "-c:v", "ffv1"]);
    let (reader, _, pixels) = all(&path).unwrap();
    assert_eq!(reader.stream().pixel_format, "gray16le");
    for (x, pixel) in pixels[..16].iter().enumerate() {
        let exact = (32768.0 + 64.0 * x as f64) / 256.0;
        assert!((f64::from(*pixel) - exact).abs() <= 1.0, "{x}: {pixel} for {exact}");
    }
    assert_eq!(pixels[..16], pixels[16..32], "no pattern is laid over");
}
