//! The tools `info` and `convert` with videos, run as programs.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use formats::metaimage::Limits;
use formats::plus_sequence::{ImageStatus, Orientation, Sequence};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_vesalius-imaging");

fn tool(name: &str, words: &[&str]) -> Output {
    Command::new(PROGRAM).arg(name).args(words).output().unwrap()
}

/// Makes a video with the times 0, 70, 110, 140, … ms; false, and says so, where there is no `ffmpeg`.
fn made(path: &Path) -> bool {
    let words = ["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i"];
    let uneven = "select='eq(mod(n,7),0)+eq(mod(n,11),0)',format=gray";
    let done = Command::new("ffmpeg")
        .args(words)
        .arg("testsrc2=size=46x34:rate=100:duration=2")
        .args(["-vf", uneven, "-fps_mode", "passthrough", "-c:v", "ffv1"])
        .arg(path)
        .output();
    match done {
        Ok(done) => assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr)),
        Err(error) => {
            println!("SKIPPED: `ffmpeg` cannot be started: {error}");
            return false;
        }
    }
    true
}

#[test]
fn without_the_programs_it_is_said_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    let (video, output) = (folder.path().join("a.mkv"), folder.path().join("out.igs.mha"));
    std::fs::write(&video, b"\x1a\x45\xdf\xa3").unwrap();
    for words in [vec!["info"], vec!["convert"]] {
        let mut command = Command::new(PROGRAM);
        command.args(&words).arg(&video).env("PATH", folder.path());
        if words == ["convert"] {
            command.arg(&output);
        }
        let done = command.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && said.contains("apt install ffmpeg"), "{said}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_video_is_told_and_becomes_a_sequence() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let video = path("a.mkv");
    if !made(Path::new(&video)) {
        return;
    }
    let done = tool("info", &[&video, "--json"]);
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    let frames = (0..200).filter(|n| n % 7 == 0 || n % 11 == 0);
    let times: Vec<f64> = frames.map(|n| f64::from(n) / 100.0).collect();
    assert_eq!((&told["kind"], &told["codec"]), (&Value::from("video"), &Value::from("ffv1")));
    assert_eq!((&told["width_px"], &told["height_px"]), (&Value::from(46), &Value::from(34)));
    assert_eq!(told["frames"], times.len());
    assert_eq!(told["is_constant_rate"], false);
    let text = String::from_utf8(tool("info", &[&video]).stdout).unwrap();
    assert!(text.contains("46×34 px") && text.contains("variable"), "{text}");

    for (name, words) in [("a.igs.mha", &["--uncompressed"][..]), ("b.igs.nrrd", &[])] {
        let output = path(name);
        let done = tool("convert", &[&[video.as_str(), &output], words].concat());
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("--orientation MF"), "{said}");
        let bytes = std::fs::read(&output).unwrap();
        let sequence = Sequence::read(&bytes, &Limits::default()).unwrap();
        let header = sequence.header();
        let came: Vec<f64> = header.frames.iter().map(|frame| frame.timestamp_s).collect();
        assert_eq!(came, times);
        assert!(header.frames.iter().all(|frame| frame.image_status == ImageStatus::Ok));
        assert!(header.frames.iter().all(|frame| frame.transforms.is_empty()));
        let images = header.images.as_ref().unwrap();
        assert_eq!((images.width_px, images.height_px, images.orientation), (46, 34, None));
        assert!(sequence.all_pixels().iter().any(|pixel| *pixel != sequence.all_pixels()[0]));
    }
    let output = path("c.igs.mha");
    let done = tool("convert", &[&video, &output, "--orientation", "MF"]);
    assert!(done.status.success() && !String::from_utf8_lossy(&done.stdout).contains("not known"));
    let sequence = Sequence::read(&std::fs::read(&output).unwrap(), &Limits::default()).unwrap();
    assert_eq!(sequence.header().images.as_ref().unwrap().orientation, Some(Orientation::MF));
    assert_eq!(sequence.gray_image(0).unwrap().width_px, 46);
    let again = tool("info", &[&output, "--json"]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&again["frames"], &again["images"]["type"]), (&told["frames"], &"uint8".into()));
}

#[test]
fn what_cannot_be_done_with_a_video_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let video = path("a.mkv");
    if !made(Path::new(&video)) {
        return;
    }
    let done = tool("convert", &[&video, &path("volume.nii.gz")]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(!done.status.success() && said.contains(".igs.mha or .igs.nrrd"), "{said}");
    let bytes = std::fs::read(&video).unwrap();
    std::fs::write(&video, &bytes[..bytes.len() / 2]).unwrap();
    let done = tool("convert", &[&video, &path("out.igs.mha")]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(!done.status.success() && said.contains("prematurely"), "{said}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let text = String::from_utf8(tool("info", &[&video]).stdout).unwrap();
    assert!(text.contains("damaged"), "{text}");
}
