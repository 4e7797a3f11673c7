//! The demonstration and the real sweep run, lose nothing, and say so.

use system_tests::{Place, alone, assert_no_more, shared_data, shared_memory};

pub const DEMO: &str = "launch/graphs/sweep.toml";
pub const SWEEP: &str = "launch/graphs/recorded-sweep.toml";

/// The arguments that play the real liver sweep: two files, half a second apart, two dropouts.
pub fn liver() -> Option<Vec<String>> {
    let folder = shared_data("imfusion_liver_sweep")?;
    let set = |key: &str, value: &str| ["--set".to_owned(), format!("{key}={value}")];
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let fan = "{ apex_px = [369.0, -139.33], pixel_spacing_mm = [0.314818, 0.314818], angles_rad = [-0.5285, 0.5285], radii_mm = [50.79, 228.04] }";
    Some(
        [
            set("images.path", &file("liver_sweep_images.igs.mha")),
            set("images.starts_at_s", "-0.722"),
            set("images.clock_offset_ms", "500.0"),
            set("poses.path", &file("liver_sweep_poses.igs.mha")),
            set("poses.starts_at_s", "-0.722"),
            set("calibrations.probe", &file("liver_sweep.xml")),
            set("reconstruct.volume.fan", fan),
        ]
        .concat(),
    )
}

fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn the_demonstration_loses_nothing_and_is_recorded_whole() {
    let _alone = alone();
    let place = Place::new();
    let before = shared_memory();
    let closing = place.run(DEMO, "demo", &["--stop-after", "6s"]).good();
    for (stream, least) in [
        ("ultrasound.image", 115),
        ("ultrasound.truth", 115),
        ("tracker.poses", 590),
        ("locate.located", 115),
        ("segment.segmented", 115),
        ("reconstruct.volume", 2),
    ] {
        let row = closing.stream(stream);
        let sent = row["sent"].as_u64().unwrap();
        assert!(sent >= least, "{stream}: {sent}");
        for consumer in row["consumers"].as_array().unwrap() {
            assert_eq!(consumer["received"], sent, "{stream} at {consumer}");
            assert_eq!(consumer["lost"], 0, "{stream} at {consumer}");
        }
    }
    let verified = place.call(&["verify", closing.path(), "--json"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.stdout, verified.stderr);
    assert!(closing.folder.join("procedure.rrd").metadata().unwrap().len() > 100_000);
    assert_no_more(&before);
    let left = std::fs::read_dir(place.path("vesalius")).unwrap().count();
    assert_eq!(left, 0, "sockets were left behind");
}

#[test]
fn the_demonstration_places_and_leaves_out_as_the_probe_is_seen_and_hidden() {
    let _alone = alone();
    let place = Place::new();
    // One of every four seconds has a hidden phase.
    let closing = place.run(DEMO, "demo", &["--stop-after", "9s", "--clock", "simulated"]).good();
    let placed = placements(&place, closing.path());
    assert!(placed.0 > 120 && placed.1 > 5, "{placed:?}");
}

/// How many located images are placed, and how many are not.
fn placements(place: &Place, session: &str) -> (u64, u64) {
    let counts = place.recording("placements", session.as_ref());
    (counts["placed"].as_u64().unwrap(), counts["unplaced"].as_u64().unwrap())
}

#[test]
fn the_real_liver_sweep_is_placed_but_for_its_dropouts() {
    let _alone = alone();
    let Some(arguments) = liver() else { return };
    let place = Place::new();
    let closing = place.run(SWEEP, "liver", &borrowed(&arguments)).good();
    assert_eq!(closing.stream("images.image")["sent"], 140);
    assert_eq!(closing.stream("poses.poses")["sent"], 309);
    assert_eq!(closing.stream("locate.located")["sent"], 140);
    // Those that came while the network was busy were superseded, as the graph asks for.
    let segmented = closing.stream("segment.segmented")["sent"].as_u64().unwrap();
    assert!((10..=140).contains(&segmented), "{segmented}");
    let (placed, unplaced) = placements(&place, closing.path());
    assert_eq!((placed, unplaced), (122, 18), "as by interpolation between the poses of the file");
}

#[test]
fn the_real_network_runs_on_the_real_sweep() {
    let _alone = alone();
    let Some(mut arguments) = liver() else { return };
    let Some(weights) = shared_data("imfusion_carotid_unet/carotid.pt") else { return };
    let card = system_tests::root().join("models/cards/carotid.toml");
    arguments.extend(["--set".to_owned(), format!("segment.model={}", card.display())]);
    arguments.extend(["--set".to_owned(), format!("segment.weights={}", weights.display())]);
    // The network takes over a second for one image on one thread, so that the sweep cannot be live.
    arguments.extend(["--clock", "simulated", "--stop-after", "0.9s"].map(str::to_owned));
    let place = Place::new();
    let closing = place.run(SWEEP, "carotid", &borrowed(&arguments)).good();
    let located = closing.stream("locate.located")["sent"].as_u64().unwrap();
    assert!(located >= 10, "{located}");
    assert_eq!(closing.stream("segment.segmented")["sent"], located);
    assert_eq!(closing.node("segment")["errors"], 0);
}

#[test]
fn other_recordings_play_in_the_same_graph() {
    let _alone = alone();
    let Some(nwire) = shared_data("plus_recon_nwire/NwirePhantomFreehand.igs.mha") else { return };
    let config =
        nwire.with_file_name("PlusDeviceSet_NwirePhantomFreehand_vtkVolumeReconstructorTest2.xml");
    let place = Place::new();
    let path = nwire.display();
    let arguments = [
        format!("images.path={path}"),
        format!("poses.path={path}"),
        format!("calibrations.probe={}", config.display()),
        "locate.reference=reference".to_owned(),
        "locate.max_pose_gap_ms=300".to_owned(),
    ];
    let arguments: Vec<&str> = arguments.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    let closing = place.run(SWEEP, "nwire", &arguments).good();
    assert_eq!(closing.stream("locate.located")["sent"], 97);
    let (placed, unplaced) = placements(&place, closing.path());
    assert_eq!((placed, unplaced), (97, 0));
}
