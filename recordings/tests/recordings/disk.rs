//! Disks that are full, folders that cannot be written, files that are there already.

use std::path::Path;
use std::process::Command;

use messages::Timestamp;
use messages::wire::Received;
use recordings::manifest::Manifest;
use recordings::record::{Compression, Parameters, PartError, PartWriter, Record};
use recordings::{Recording, verify};
use runtime::{Observed, Observer};

use super::session;

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("procedure.mcap"), b"precious").unwrap();
    let error = Record::open(Parameters::default(), &session::assignment(folder.path(), 1));
    let error = error.err().unwrap().to_string();
    assert!(error.contains("never overwritten") && error.contains("procedure.mcap"), "{error}");
    assert_eq!(std::fs::read(folder.path().join("procedure.mcap")).unwrap(), b"precious");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    for folder in ["/proc/self", "/no/such/folder"] {
        let error = Record::open(Parameters::default(), &session::assignment(Path::new(folder), 1));
        let error = error.err().unwrap().to_string();
        assert!(error.contains(folder) && error.contains("writable?"), "{error}");
    }
}

#[test]
fn a_full_disk_is_told_at_the_first_byte() {
    let path = Path::new("/dev/full");
    let Ok(file) = std::fs::OpenOptions::new().write(true).open(path) else {
        println!("skipped: this system has no /dev/full");
        return;
    };
    let manifest = Manifest::new(&session::assignment(Path::new("/tmp"), 1), Timestamp(0));
    let error = PartWriter::in_file(file, path, Compression::Lz4, &manifest).err().unwrap();
    assert!(matches!(error, PartError::Full { written: 0, .. }), "{error}");
    assert!(error.to_string().contains("free some space"), "{error}");
}

/// A file system of a few MiB, if this process may mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn when_the_disk_fills_up_what_was_written_before_stays_readable() {
    let Some(disk) = SmallDisk::mount() else {
        println!("skipped: this process may not mount a small disk");
        return;
    };
    let folder = disk.0.path();
    let mut recorder =
        Record::open(session::many_chunks(), &session::assignment(folder, 1)).unwrap();
    let mut failure = None;
    for (topic, bytes) in session::script(200, [160, 120]) {
        let received = Received::parse(bytes).unwrap();
        if let Err(error) = recorder.observe(Observed::Message { topic, received }) {
            failure = Some(error);
            break;
        }
    }
    let failure = match failure {
        Some(failure) => failure.to_string(),
        None => recorder.close().err().unwrap().to_string(),
    };
    assert!(failure.contains("is full after") && failure.contains("procedure.mcap"), "{failure}");
    let recording = Recording::open(folder).unwrap();
    let count = recording.messages().flatten().count();
    assert!(count > 50, "{count}");
    let report = verify::verify(folder).unwrap();
    assert!(report.parts[0].damage.is_empty() && !report.parts[0].closed, "{report:?}");
    assert!(
        report.parts[0].torn.as_ref().unwrap().what.contains("is whole"),
        "half a chunk stayed behind"
    );
}
