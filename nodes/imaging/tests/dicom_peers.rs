//! A series that `pynetdicom` or dcmtk pushes becomes the volume that they made, voxel by voxel, in its place.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

mod dicom_bench;

use std::process::Stdio;

use dicom_bench::{Bench, Truth, dcmtk, python, send, text};
use messages::Modality;
use serde_json::json;

fn statuses(said: &serde_json::Value) -> Vec<(&str, u64)> {
    let all = said["statuses"].as_object().unwrap();
    all.iter().map(|(code, count)| (code.as_str(), count.as_u64().unwrap())).collect()
}

#[test]
fn a_series_in_each_transfer_syntax_becomes_its_volume() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    for more in [
        &["--syntax", "explicit", "--oblique"][..],
        &["--syntax", "implicit", "--oblique", "--shuffled"],
        &["--syntax", "big", "--count"],
        &["--syntax", "deflated"],
        &["--syntax", "rle", "--oblique", "--shuffled"],
        &["--syntax", "explicit", "--enhanced", "--oblique"],
        &["--syntax", "explicit", "--each", "--oblique"],
        &["--syntax", "explicit", "--twice", "2,5", "--shuffled"],
    ] {
        let mut bench = Bench::new(json!({}));
        let port = bench.port();
        let mut arguments = vec!["--port", &port, "--out", out];
        arguments.extend(more);
        let said = send(&python, &arguments);
        assert_eq!(said["echo"], 0, "{said}");
        let images = if more.contains(&"--enhanced") {
            1
        } else {
            11 + if more.contains(&"--twice") { 2 } else { 0 }
        };
        assert_eq!(statuses(&said), [("0000", images)], "{more:?}");
        let (_, volume) = bench.volume();
        assert_eq!(volume.modality, Modality::ConeBeamCt);
        Truth::read(folder.path()).assert_is(&volume);
        assert!(bench.is_silent(), "{more:?}: {:#?}", bench.told);
    }
}

#[test]
fn what_broke_off_is_told_and_sending_again_completes_it() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    for (fault, words) in [
        (&["--abort-after", "7", "--count"][..], "7 of 11 slices"),
        (&["--cut-after", "7", "--count"], "7 of 11 slices"),
        (&["--abort-after", "7"], "7 images are here, then the association was broken off"),
        (&["--abort-after", "6", "--shuffled"], "a gap from z ="),
        (&["--leave-out", "4,5,6"], "3 slices are missing"),
    ] {
        let mut bench = Bench::new(json!({}));
        let port = bench.port();
        let mut arguments = vec!["--port", &port, "--oblique", "--out", out];
        arguments.extend(fault);
        send(&python, &arguments);
        let told = bench.tells(words);
        assert!(told.contains("send the series again"), "{told}");
        assert!(bench.is_silent(), "{:#?}", bench.told);
        let mut whole = vec!["--port", &port, "--oblique"];
        whole.extend(fault.contains(&"--count").then_some("--count"));
        assert_eq!(statuses(&send(&python, &whole)), [("0000", 11)]);
        Truth::read(folder.path()).assert_is(&bench.volume().1);
        assert!(bench.is_silent(), "{:#?}", bench.told);
    }
}

#[test]
fn images_of_another_patient_are_refused_and_nobody_is_named_on_disk() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let mut bench = Bench::in_session(json!({}), folder.path());
    let port = bench.port();
    let said = send(&python, &["--port", &port, "--out", out.path().to_str().unwrap()]);
    assert_eq!(statuses(&said), [("0000", 11)]);
    Truth::read(out.path()).assert_is(&bench.volume().1);
    let other =
        ["--port", &port, "--patient", "PID0815", "--name", "Musterfrau^Eva", "--seed", "2"];
    let said = send(&python, &other);
    assert_eq!(statuses(&said), [("0124", 11)], "not authorized");
    assert!(said["comments"][0].as_str().unwrap().contains("patient"), "{said}");
    let told = bench.tells("another patient");
    assert!(bench.is_silent(), "told once, not for each image: {:#?}", bench.told);

    // A process that is started again finds what was stored, and takes no image twice.
    drop(bench);
    let mut bench = Bench::in_session(json!({}), folder.path());
    Truth::read(out.path()).assert_is(&bench.volume().1);
    let said = send(&python, &["--port", &bench.port()]);
    assert_eq!(statuses(&said), [("0000", 11)]);
    assert!(bench.is_silent(), "{:#?}", bench.told);
    drop(bench);

    let mut files = vec![("told".to_owned(), told.into_bytes())];
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 11, "{}", files.len());
    for (name, bytes) in &files {
        for word in ["PID4711", "PID0815", "Muster", "Elsewhere", "19640812", "ACC0815", "1.2.826"]
        {
            let is_in = |text: &[u8]| text.windows(word.len()).any(|it| it == word.as_bytes());
            assert!(!is_in(bytes) && !is_in(name.as_bytes()), "{word} in {name}");
        }
    }
}

#[test]
fn what_is_not_taken_is_refused_with_a_sentence() {
    let Some(python) = python() else { return };
    let mut bench = Bench::new(json!({ "callers": ["PYNETDICOM"] }));
    let port = bench.port();
    let said = send(&python, &["--port", &port, "--called", "PACS"]);
    assert_eq!(said["established"], false);
    bench.tells("calls AE title `PACS`");
    let said = send(&python, &["--port", &port, "--calling", "STRANGER"]);
    assert_eq!(said["established"], false);
    bench.tells("`STRANGER` is none of `callers`");
    let said = send(&python, &["--port", &port, "--syntax", "jpeg_ls"]);
    assert_eq!((&said["echo"], said["refused_contexts"].as_array().unwrap().len()), (&json!(0), 1));
    bench.tells("transfer syntaxes that are not read (`1.2.840.10008.1.2.4.80`)");
    let said = send(&python, &["--port", &port, "--uneven", "5"]);
    assert_eq!(statuses(&said), [("0000", 11)]);
    bench.tells("not evenly spaced");

    let mut bench = Bench::new(json!({ "modality": "mr" }));
    let said = send(&python, &["--port", &bench.port()]);
    assert_eq!(statuses(&said), [("A900", 11)]);
    bench.tells("modality CT");

    let mut bench = Bench::new(json!({ "max_mib": 1 }));
    let said = send(&python, &["--port", &bench.port(), "--slices", "4600", "--enhanced"]);
    assert_eq!(statuses(&said), [("C000", 1)], "{said}");
    bench.tells("more than the limit");
    assert!(bench.is_silent());
}

#[test]
fn dcmtk_pushes_series_of_its_own_making() {
    let (Some(python), Some(mut echo), Some(_)) = (python(), dcmtk("echoscu"), dcmtk("storescu"))
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let mut bench = Bench::new(json!({}));
    let port = bench.port();
    let echoed = echo.args(["-aec", "VESALIUS", "127.0.0.1", &port]).output().unwrap();
    assert!(echoed.status.success(), "{}", text(&echoed));
    let strange = dcmtk("echoscu").unwrap().args(["-aec", "PACS", "127.0.0.1", &port]).output();
    assert!(!strange.unwrap().status.success());
    bench.tells("`PACS`");

    send(&python, &["--oblique", "--out", out]);
    let images = folder.path().join("images");
    // As they are, in big endian, and as lossless JPEG, all made by dcmtk.
    for (convert, more, syntax) in [
        (None, &[][..], "-xe"),
        (Some("dcmconv"), &["+tb"][..], "-xb"),
        (Some("dcmconv"), &["+ti"], "-xi"),
        (Some("dcmcrle"), &[], "-xr"),
        (Some("dcmcjpeg"), &["+e1"], "-xs"),
    ] {
        let sent = folder.path().join("sent");
        std::fs::create_dir_all(&sent).unwrap();
        for entry in std::fs::read_dir(&images).unwrap() {
            let path = entry.unwrap().path();
            let to = sent.join(path.file_name().unwrap());
            let Some(program) = convert else {
                std::fs::copy(&path, &to).unwrap();
                continue;
            };
            let converted =
                dcmtk(program).unwrap().args(more).arg(&path).arg(&to).output().unwrap();
            assert!(converted.status.success(), "{program}: {}", text(&converted));
        }
        let mut bench = Bench::new(json!({}));
        let port = bench.port();
        let stored = dcmtk("storescu")
            .unwrap()
            .args(["-aec", "VESALIUS", syntax, "+sd", "127.0.0.1", &port])
            .arg(&sent)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(stored.status.success(), "{syntax}: {}", text(&stored));
        Truth::read(folder.path()).assert_is(&bench.volume().1);
        std::fs::remove_dir_all(sent).unwrap();
    }
}
