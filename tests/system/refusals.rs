//! Bad input is refused with a word on what was expected, what came and what to try; nothing panics.

use std::fs;

use system_tests::{Place, alone, root};

use crate::demonstration::{DEMO, SWEEP};

/// Runs a command that must fail, and gives what it said.
fn refused(place: &Place, arguments: &[&str]) -> String {
    let called = place.call(arguments);
    let said = format!("{}{}", called.stdout, called.stderr);
    assert!(called.code > 0, "{arguments:?} was not refused: exit {}\n{said}", called.code);
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn files_that_are_not_what_they_should_be() {
    let _alone = alone();
    let place = Place::new();
    let sample = fs::read(root().join("recordings/samples/simulated-sweep.igs.mha")).unwrap();
    let cases: [(&str, Vec<u8>); 4] = [
        ("empty.mha", Vec::new()),
        (
            "noise.mha",
            (0..4000u32).map(|byte| (byte.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
        ),
        ("cut.mha", sample[..sample.len() / 2].to_vec()),
        (
            "lying.mha",
            String::from_utf8_lossy(&sample[..300])
                .replace("DimSize = 320 240 60", "DimSize = 320 240 99999999")
                .into_bytes(),
        ),
    ];
    for (name, bytes) in cases {
        let path = place.path(name);
        fs::write(&path, bytes).unwrap();
        let set = format!("images.path={}", path.display());
        let folder = place.path(&format!("{name}-session"));
        let said = refused(
            &place,
            &["run", SWEEP, "--set", &set, "--session-folder", folder.to_str().unwrap()],
        );
        assert!(said.contains(name), "the file is not named: {said}");
    }
}

#[test]
fn a_missing_weight_file_and_a_wrong_checksum_are_found_before_anything_starts() {
    let place = Place::new();
    let card = fs::read_to_string(root().join("models/weights/bmode_vessels.toml")).unwrap();
    let path = place.path("card.toml");
    fs::write(&path, &card).unwrap();
    let set = format!("segment.model={}", path.display());
    let said = refused(&place, &["check", DEMO, "--set", &set]);
    assert!(said.contains("bmode_vessels.safetensors"), "{said}");
    fs::write(place.path("bmode_vessels.safetensors"), b"no weights").unwrap();
    let said = refused(&place, &["check", DEMO, "--set", &set]);
    assert!(said.to_lowercase().contains("sha"), "{said}");
}

#[test]
fn a_read_only_folder_and_a_folder_in_use_say_which() {
    let place = Place::new();
    let used = place.path("used");
    fs::create_dir_all(&used).unwrap();
    fs::write(used.join("something"), b"here").unwrap();
    let said = refused(&place, &["run", DEMO, "--session-folder", used.to_str().unwrap()]);
    assert!(said.contains("used"), "{said}");
    let said = refused(&place, &["run", DEMO, "--session-folder", "/proc/nowhere"]);
    assert!(said.contains("/proc/nowhere"), "{said}");
}

/// On a disk of one MiB the recorder says that it is full, and the rest of the session goes on.
#[test]
fn a_full_disk_is_said_and_what_was_written_stays_readable() {
    let _alone = alone();
    let place = Place::new();
    let disk = place.path("disk");
    fs::create_dir(&disk).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs", disk.to_str().unwrap()])
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        println!("skipped: only root can make a small disk");
        return;
    }
    let folder = disk.join("session");
    let called = place.call(&[
        "run",
        DEMO,
        "--json",
        "--stop-after",
        "8s",
        "--session-folder",
        folder.to_str().unwrap(),
        "--set",
        "record.compression=\"none\"",
    ]);
    let verified = place.call(&["verify", folder.to_str().unwrap(), "--json"]);
    let _ = std::process::Command::new("umount").arg(&disk).status();
    assert!(called.code > 0, "{}\n{}", called.stdout, called.stderr);
    assert!(
        called.stderr.contains("full") || called.stderr.contains("No space"),
        "{}",
        called.stderr
    );
    assert!(!called.stderr.contains("panicked"), "{}", called.stderr);
    assert!(
        verified.stdout.contains("ultrasound.image"),
        "{}\n{}",
        verified.stdout,
        verified.stderr
    );
}

/// Two sessions on one machine have nothing to do with each other.
#[test]
fn two_sessions_at_once_do_not_hear_each_other() {
    let _alone = alone();
    let place = Place::new();
    let (first, second) = (
        place.start(DEMO, "first", &["--stop-after", "5s", "--clock", "simulated"]),
        place.start(DEMO, "second", &["--stop-after", "3s", "--clock", "simulated"]),
    );
    let (first, second) = (first.wait().good(), second.wait().good());
    assert_eq!(first.stream("ultrasound.image")["sent"], 101);
    assert_eq!(second.stream("ultrasound.image")["sent"], 61);
    for closing in [&first, &second] {
        let row = closing.stream("ultrasound.image");
        for consumer in row["consumers"].as_array().unwrap() {
            assert_eq!(consumer["received"], row["sent"]);
        }
    }
    assert_ne!(first.json["session"], second.json["session"]);
}

#[test]
fn every_graph_of_the_house_is_clean() {
    let place = Place::new();
    for entry in fs::read_dir(root().join("launch/graphs")).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let called = place.call(&["check", path.to_str().unwrap()]);
            assert_eq!(called.code, 0, "{}: {}{}", path.display(), called.stdout, called.stderr);
        }
    }
}
