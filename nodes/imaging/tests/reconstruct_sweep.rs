//! The tool `reconstruct` on a real sweep, against the volume that PLUS made of it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use formats::metaimage::{Limits, Pixels, Volume};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_vesalius-imaging");
const CONFIG: &str = "PlusDeviceSet_NwirePhantomFreehand_vtkVolumeReconstructorTest2.xml";

fn data() -> Option<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/plus_recon_nwire");
    let folder = PathBuf::from(folder);
    if !folder.exists() {
        println!("SKIPPED: real data plus_recon_nwire is absent");
    }
    folder.exists().then_some(folder)
}

fn reconstruct(sweep: &Path, words: &[&str], output: &Path) -> Output {
    Command::new(PROGRAM)
        .arg("reconstruct")
        .arg(sweep)
        .args(words)
        .arg("-o")
        .arg(output)
        .output()
        .unwrap()
}

fn volume(path: &Path) -> Volume {
    Volume::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap()
}

fn grey(volume: &Volume) -> &[u8] {
    let Pixels::U8(voxels) = &volume.voxels else { panic!("8 bit") };
    voxels
}

#[test]
fn a_device_set_gives_the_volume_of_plus_on_its_grid() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = data.join(CONFIG);
    let plus = volume(&data.join("NwirePhantomFreehandReconstructed.mha"));
    for sweep in ["NwirePhantomFreehand.igs.mha", "NwirePhantomFreehand.igs.nrrd"] {
        let output = folder.path().join("volume.mha");
        let words = ["--config", config.to_str().unwrap(), "--json"];
        let done = reconstruct(&data.join(sweep), &words, &output);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let report: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!((&report["images"], &report["pasted"]), (&Value::from(97), &Value::from(97)));
        let own = volume(&output);
        assert_eq!(own.dims, plus.dims);
        assert!(
            (own.origin_mm - plus.origin_mm).amax() < 1e-3,
            "{} {}",
            own.origin_mm,
            plus.origin_mm
        );
        assert_eq!(own.spacing_mm, plus.spacing_mm);
        let pairs = grey(&own).iter().zip(grey(&plus));
        let worst = pairs.clone().map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        let different = pairs.filter(|(a, b)| a != b).count();
        println!("{sweep}: {different} of {} voxels differ, by at most {worst}", grey(&own).len());
        assert!(worst <= 2 && different < 2000);
    }
}

#[test]
fn options_go_before_what_the_device_set_says() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (config, sweep) = (data.join(CONFIG), data.join("NwirePhantomFreehand.igs.mha"));
    let output = folder.path().join("volume.nrrd");
    let words = [
        "--config",
        config.to_str().unwrap(),
        "--spacing-mm",
        "1",
        "--interpolation",
        "nearest",
        "--compounding",
        "maximum",
        "--fill-holes",
        "--threads",
        "1",
        "--json",
    ];
    let done = reconstruct(&sweep, &words, &output);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(report["interpolation"], "nearest");
    assert_eq!(report["compounding"], "maximum");
    assert_eq!(report["size"], serde_json::json!([51, 52, 37]));
    assert!(report["voxels_filled"].as_u64().unwrap() > 0);
    // The same voxels again, from the volume that was made.
    let again = folder.path().join("again.nii.gz");
    let words =
        ["--config", config.to_str().unwrap(), "--like", output.to_str().unwrap(), "--json"];
    let done = reconstruct(&sweep, &words, &again);
    let like: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&like["size"], &like["origin_mm"]), (&report["size"], &report["origin_mm"]));
}

#[test]
fn what_cannot_be_done_is_said_with_what_to_try() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (config, sweep) = (data.join(CONFIG), data.join("NwirePhantomFreehand.igs.mha"));
    let config = config.to_str().unwrap();
    let output = folder.path().join("volume.mha");
    for (words, expected) in [
        (&[][..], "no transforms lead from Image to Reference"),
        (
            &["--config", config, "--reference-frame", "Moon"],
            "no transforms lead from Image to Moon",
        ),
        (
            &["--config", config, "--reference-frame", "Stylus"],
            "none of the 97 images has a place: 97 times",
        ),
        (&["--config", config, "--compounding", "importance"], "give --importance FILE.png"),
        (&["--config", config, "--spacing-mm", "0"], "grid.spacing_mm should be"),
        (&["--config", config, "--spacing-mm", "0.01", "--memory-mib", "64"], "raise memory_bytes"),
        (&["--config", "nowhere.xml"], "cannot open nowhere.xml"),
    ] {
        let done = reconstruct(&sweep, words, &output);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && said.contains(expected), "{said}");
        assert!(!output.exists());
    }
    let done = reconstruct(&sweep, &["--config", config], &folder.path().join("volume.jpg"));
    assert!(
        String::from_utf8_lossy(&done.stderr).contains(".nii.gz"),
        "the known endings are listed"
    );
}

/// Images of 120×90 pixels, which go to and fro over 40 mm: hundreds of megabytes, compressed to few.
fn long_sweep(path: &Path, images: usize) -> u64 {
    let mut header = format!(
        "ObjectType = Image\nNDims = 3\nCompressedData = True\nDimSize = 120 90 {images}\n\
         ElementType = MET_UCHAR\nUltrasoundImageOrientation = MF\n\
         UltrasoundImageType = BRIGHTNESS\n"
    );
    for index in 0..images {
        let z_mm = 20.0 + 20.0 * (index as f64 * 0.01).sin();
        writeln!(
            header,
            "Seq_Frame{index:04}_ImageToReferenceTransform = 0.25 0 0 0 0 0.25 0 0 0 0 0.25 {z_mm} 0 0 0 1\n\
             Seq_Frame{index:04}_ImageToReferenceTransformStatus = OK\n\
             Seq_Frame{index:04}_Timestamp = {}\nSeq_Frame{index:04}_ImageStatus = OK",
            index as f64 * 0.02
        )
        .unwrap();
    }
    header.push_str("ElementDataFile = LOCAL\n");
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    let mut pixels = ZlibEncoder::new(file, Compression::fast());
    for index in 0..images {
        pixels.write_all(&[(index % 200) as u8 + 10; 120 * 90]).unwrap();
    }
    pixels.finish().unwrap();
    120 * 90 * images as u64
}

#[test]
fn a_sweep_of_twenty_thousand_images_needs_no_more_memory_than_its_volume() {
    let folder = tempfile::tempdir().unwrap();
    let (sweep, output) = (folder.path().join("long.igs.mha"), folder.path().join("volume.mha"));
    let mib_of = |images: usize| {
        let bytes = long_sweep(&sweep, images);
        let done = reconstruct(&sweep, &["--json"], &output);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let report: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(report["pasted"], images);
        let mib = report["peak_memory_mib"].as_f64().unwrap();
        println!(
            "{images} images, {} MiB of pixels: {mib:.0} MiB of memory, {} images/s",
            bytes >> 20,
            report["images_per_second"]
        );
        mib
    };
    let (few, many) = (mib_of(500), mib_of(20_000));
    // Poses and status of all frames are kept, some 3 KiB each; their pixels are not.
    assert!(many - few < 80.0, "{few} MiB for 500 images, {many} MiB for 20 000");
    let volume = volume(&output);
    let seen = grey(&volume).iter().filter(|value| **value > 0).count();
    assert!(seen > grey(&volume).len() * 9 / 10, "{seen} of {:?} voxels", volume.dims);
}

#[test]
fn images_without_lit_angles_are_left_out_as_the_device_set_asks() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let sweep = data.join("NwirePhantomFreehand.igs.mha");
    let set = std::fs::read_to_string(data.join(CONFIG)).unwrap();
    let fan = "FanAnglesDeg=\"-30 30\" FanOriginPixel=\"410 -300\" FanRadiusStartPixel=\"360\" FanRadiusStopPixel=\"860\"";
    let report = |attributes: &str| -> Value {
        let config = folder.path().join("config.xml");
        let set = set.replacen("OutputSpacing", &format!("{attributes} OutputSpacing"), 1);
        std::fs::write(&config, set).unwrap();
        let words = ["--config", config.to_str().unwrap(), "--json"];
        let done = reconstruct(&sweep, &words, &folder.path().join("volume.mha"));
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap()
    };
    let whole = report(fan);
    let lit = report(&format!("{fan} EnableFanAnglesAutoDetect=\"TRUE\""));
    let count = |report: &Value, name: &str| report[name].as_u64().unwrap();
    println!("{} of 97 images have no lit angle", count(&lit, "dark"));
    assert_eq!((count(&whole, "dark"), count(&whole, "pasted")), (0, 97));
    assert!(count(&lit, "dark") > 0 && count(&lit, "pasted") > 0);
    assert_eq!(count(&lit, "dark") + count(&lit, "pasted"), 97);
    assert!(count(&lit, "voxels_met") < count(&whole, "voxels_met"));
    // Without a fan there is nothing to narrow.
    let none = report("EnableFanAnglesAutoDetect=\"TRUE\"");
    assert_eq!(count(&none, "pasted"), 97);
    assert!(none["remarks"][0].as_str().unwrap().contains("FanAnglesDeg gives none"), "{none}");
}

#[test]
fn the_image_area_is_found_and_nothing_else_used() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (config, sweep) = (data.join(CONFIG), data.join("NwirePhantomFreehand.igs.mha"));
    let output = folder.path().join("volume.mha");
    let words = ["--config", config.to_str().unwrap(), "--find-image-area"];
    let done = reconstruct(&sweep, &words, &output);
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("a rectangle found in 97 images: ClipRectangleOrigin=\"164 194\""));
    assert!(said.contains("--find-image-area goes before the clip rectangle"));
    let words = [&words[..], &["--json"]].concat();
    let report: Value =
        serde_json::from_slice(&reconstruct(&sweep, &words, &output).stdout).unwrap();
    let area = &report["image_area"];
    assert_eq!(area["rectangle"]["width_px"], 491);
    assert_eq!((&area["images"], &area["unseen"][0]), (&Value::from(97), &Value::from("top")));
    // Two wires in a picture that was cut out around them.
    let cropped = data.join("NwirePhantomFreehandCropped.igs.mha");
    let done = reconstruct(&cropped, &words, &output);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        !done.status.success() && said.contains("give the clip rectangle or the fan"),
        "{said}"
    );
}
