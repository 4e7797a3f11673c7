//! Videos made by `ffmpeg` where it is installed, in a folder of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that goes with the value.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let name = format!("vesalius-video-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

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
