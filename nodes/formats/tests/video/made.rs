//! Videos made by `ffmpeg`, where it is installed.

use std::path::Path;
use std::process::Command;

/// Whether both programs are here; if not, says that a test is skipped.
pub fn has_ffmpeg() -> bool {
    let is_here = |program: &str| {
        let done = Command::new(program).arg("-version").output();
        done.is_ok_and(|done| done.status.success())
    };
    let both = is_here("ffmpeg") && is_here("ffprobe");
    if !both {
        println!("SKIPPED: `ffmpeg` and `ffprobe` are not installed");
    }
    both
}

/// Makes a video of a source of `lavfi`.
pub fn make(path: &Path, source: &str, words: &[&str]) {
    run(&[&["-f", "lavfi", "-i", source], words].concat(), path);
}

/// Runs `ffmpeg`; it must succeed.
pub fn run(words: &[&str], output: &Path) {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y"]).args(words).arg(output);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
