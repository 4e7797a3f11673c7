//! What `ffmpeg` and `ffprobe` do wrong is told, and never waited for; scripts stand in for both.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

#[path = "video/folder.rs"]
mod folder;

use std::path::{Path, PathBuf};

use folder::Folder;
use formats::metaimage::Limits;
use formats::video::{Error, NutError, NutReader, Packet, PacketTimes, Programs, VideoReader};

/// Three frames of 8 by 2 pixels at 0, 70 and 900 ms, as `ffmpeg` writes them.
const NUT: &[u8] = include_bytes!("video/gray-8x2.nut");

const ANSWER: &str = r#"{ "streams": [ { "index": 0, "codec_name": "ffv1", "codec_type": "video", "width": 8,
    "height": 2, "pix_fmt": "gray", "time_base": "1/1000", "start_time": "0.000000" } ] }"#;

fn packets(bytes: &[u8], most: u64) -> Result<Vec<(Packet, Vec<u8>)>, NutError> {
    let mut reader = NutReader::open(bytes, most).map_err(|(_, error)| error)?;
    let (mut packets, mut data) = (vec![], vec![]);
    while let Some(packet) = reader.read_packet(&mut data)? {
        packets.push((packet, data.clone()));
    }
    Ok(packets)
}

#[test]
fn frames_of_nut_have_their_times_and_bytes() {
    let reader = NutReader::open(NUT, 16).ok().unwrap();
    assert_eq!(reader.streams().len(), 1);
    assert_eq!(reader.streams()[0].size_px, Some([8, 2]));
    // Finer than it was asked for, by a whole number.
    let [num, den] = reader.streams()[0].time_base;
    assert_eq!((num, den % 1000), (1, 0));
    let found = packets(NUT, 16).unwrap();
    let times: Vec<f64> =
        found.iter().map(|(packet, _)| packet.pts as f64 / f64::from(den)).collect();
    assert_eq!(times, [0.0, 0.07, 0.9]);
    let row = [0x4c, 0x4c, 0x96, 0x96, 0x1d, 0x1d, 0x69, 0x69];
    assert!(found.iter().all(|(_, data)| data[..] == [row, row].concat()));
    assert!(matches!(packets(NUT, 15), Err(NutError::TooLarge { declared: 16, .. })));
}

#[test]
fn nut_that_was_cut_is_not_taken_for_whole() {
    let whole = packets(NUT, 16).unwrap();
    let mut between = 0;
    for end in 0..NUT.len() {
        match packets(&NUT[..end], 16) {
            Ok(found) => {
                assert!(found.len() < whole.len() && found == whole[..found.len()], "{end}");
                between += 1;
            }
            Err(NutError::Empty) => assert_eq!(end, 0),
            Err(NutError::Cut(_)) => {}
            Err(error) => panic!("{end}: {error}"),
        }
    }
    // After the header of the stream, each of two headers, the syncpoint and two frames.
    assert_eq!(between, 6);
}

/// The programs, doing what these scripts say.
fn programs(folder: &Folder, ffprobe: &str, ffmpeg: &str) -> Programs {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/video/stand_in.sh");
    let program = |name: &str, does: &str| -> PathBuf {
        let path = folder.file(name);
        std::os::unix::fs::symlink(&script, &path).unwrap();
        std::fs::write(folder.file(&format!("{name}.does")), does).unwrap();
        path
    };
    std::fs::write(folder.file("answer.json"), ANSWER).unwrap();
    std::fs::write(folder.file("whole.nut"), NUT).unwrap();
    Programs { ffprobe: program("ffprobe", ffprobe), ffmpeg: program("ffmpeg", ffmpeg) }
}

const DESCRIBE: &str = r#"cat "${0%/*}/answer.json""#;
const WHOLE: &str = r#"cat "${0%/*}/whole.nut""#;

/// How many frames come, and what goes wrong.
fn read(name: &str, ffprobe: &str, ffmpeg: &str) -> (usize, Result<(), Error>) {
    let folder = Folder::new(name);
    let video = folder.file("a.mkv");
    std::fs::write(&video, b"\x1a\x45\xdf\xa3").unwrap();
    let programs = programs(&folder, ffprobe, ffmpeg);
    let mut reader = match VideoReader::open(&video, &programs, &Limits::default()) {
        Ok(reader) => reader,
        Err(error) => return (0, Err(error)),
    };
    let (mut frames, mut pixels) = (0, vec![]);
    loop {
        match reader.read_frame(&mut pixels) {
            Ok(Some(_)) => frames += 1,
            Ok(None) => return (frames, Ok(())),
            Err(error) => {
                assert!(matches!(reader.read_frame(&mut pixels), Ok(None)));
                return (frames, Err(error));
            }
        }
    }
}

#[test]
fn what_ffmpeg_does_decides_whether_all_is_there() {
    let (frames, read_well) = read("whole", DESCRIBE, WHOLE);
    assert!(frames == 3 && read_well.is_ok(), "{frames} {read_well:?}");
    // More than a pipe holds.
    let flood = "yes '[a @ 0x12] complaint' | head -n 20000 >&2; ";
    let whole = |rest: &str| format!("{flood}{WHOLE}; {flood}{rest}");
    let cut = r#"head -c 159 "${0%/*}/whole.nut""#;
    let within = r#"head -c 290 "${0%/*}/whole.nut""#;
    for (name, does, frames, expected) in [
        ("complaint", whole("exit 0"), 3, "`ffmpeg` says: [a] complaint"),
        ("failure", whole("echo broken >&2; exit 1"), 3, "stopped after 3 frames: broken"),
        ("silent", format!("{WHOLE}; exit 7"), 3, "stopped after 3 frames: nothing"),
        ("killed", format!("{WHOLE}; kill -9 $$"), 3, "was ended by signal 9"),
        ("within", format!("{within}; exit 0"), 2, "ends within a frame"),
        ("cut", format!("{within}; echo no room >&2; exit 1"), 2, "after 2 frames: no room"),
        ("no-frame", cut.to_owned(), 0, "not one frame"),
        ("nothing", "exit 0".to_owned(), 0, "not one frame"),
        ("old", "echo \"Unrecognized option 'fps_mode'.\" >&2; exit 1".to_owned(), 0, "fps_mode"),
        ("other", "echo hello, this is no NUT at all".to_owned(), 0, "is not understood"),
    ] {
        let (came, error) = read(name, DESCRIBE, &does);
        let error = error.unwrap_err().to_string();
        assert!(error.contains(expected) && came == frames, "{name}: {came} frames, {error}");
    }
}

#[test]
fn what_ffprobe_answers_is_checked() {
    for (name, does, expected) in [
        ("refused", "echo 'moov atom not found' >&2; exit 1", "cannot read it: moov atom"),
        ("empty", "exit 0", "should have answered with JSON"),
        ("sound", r#"echo '{ "streams": [ { "codec_type": "audio" } ] }'"#, "no moving images"),
        ("endless", "yes '{'", "the description of the streams takes"),
        ("killed-probe", "kill -9 $$", "was ended by signal 9"),
    ] {
        let (_, error) = read(name, does, WHOLE);
        let error = error.unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn other_sizes_than_that_of_the_first_image_are_refused() {
    // The stream says that its images have 8 by 1 pixels.
    let at = NUT.windows(4).position(|window| window == [8, 2, 1, 1]).unwrap();
    let mut changed = NUT.to_vec();
    changed[at + 1] = 1;
    let folder = Folder::new("sizes");
    let video = folder.file("a.mkv");
    std::fs::write(&video, b"\x1a\x45\xdf\xa3").unwrap();
    let programs = programs(&folder, DESCRIBE, WHOLE);
    std::fs::write(folder.file("whole.nut"), changed).unwrap();
    let mut reader = VideoReader::open(&video, &programs, &Limits::default()).unwrap();
    let error = reader.read_frame(&mut vec![]).unwrap_err();
    assert!(matches!(error, Error::FrameSize { frame: 0, expected: 8, came: 16 }), "{error}");
    let few = Limits { pixel_bytes: 15, ..Limits::default() };
    let error = VideoReader::open(&video, &programs, &few).err().unwrap();
    assert!(matches!(error, Error::TooLarge { declared: 16, limit: 15, .. }), "{error}");
}

#[test]
fn an_endless_video_ends_with_its_reader() {
    let folder = Folder::new("endless-video");
    let video = folder.file("a.mkv");
    std::fs::write(&video, b"\x1a\x45\xdf\xa3").unwrap();
    let endless = format!("echo $$ > \"$0.pid\"; {WHOLE}; exec sleep 1000");
    let programs = programs(&folder, DESCRIBE, &endless);
    let mut reader = VideoReader::open(&video, &programs, &Limits::default()).unwrap();
    let mut pixels = vec![];
    reader.read_frame(&mut pixels).unwrap().unwrap();
    let process = std::fs::read_to_string(folder.file("ffmpeg.pid")).unwrap();
    let process = Path::new("/proc").join(process.trim());
    assert!(process.exists());
    drop(reader);
    assert!(!process.exists());
}

#[test]
fn times_of_packets_are_taken_with_what_was_wrong() {
    let folder = Folder::new("packets");
    let video = folder.file("a.mkv");
    std::fs::write(&video, b"\x1a\x45\xdf\xa3").unwrap();
    let lists = format!(
        "case \"$*\" in *packet=pts*) echo 'pts=40|dts=0|flags=K_'; echo 'File ended prematurely' >&2;; *) {DESCRIBE};; esac"
    );
    let programs = programs(&folder, &lists, "exit 1");
    let (_, stream, times) = PacketTimes::of_file(&video, &programs, &Limits::default()).unwrap();
    assert_eq!((stream.codec.as_str(), times.ticks), ("ffv1", vec![40]));
    assert_eq!(times.remark.as_deref(), Some("File ended prematurely"));
}
