//! A cone-beam CT in the middle of the procedure: packs move the liver, the registration begins anew, and is replayed.

use system_tests::{Place, alone, is_long};

use crate::procedure::figure;

const CONE_BEAM: &str = "launch/graphs/cone-beam.toml";

#[test]
fn a_cone_beam_image_finds_the_organs_that_packs_have_moved_and_is_replayed() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    let place = Place::new();
    let arguments = ["--stop-after", "83s", "--clock", "simulated"];
    let closing = place.run(CONE_BEAM, "a", &arguments).good();

    let [before, packed, after] = ["before packing", "before the cone beam", "after the cone beam"]
        .map(|phase| figure(&closing, &format!("registration error {phase}, median")));
    assert!(before < packed, "{before} mm before the packs, {packed} mm under them");
    assert!(after < packed, "{after} mm after the cone beam, {packed} mm before it");
    // The live images tell of it before the cone beam does.
    assert!(figure(&closing, "packing noticed in live images after") < 5.0);
    let p95 = |phase: &str| figure(&closing, &format!("registration error {phase}, p95"));
    assert!(p95("after the cone beam") < p95("before the cone beam"));
    // A stylus confirms it at 40 s, and what began anew at 80 s.
    let sent = |stream: &str| closing.stream(stream)["sent"].as_u64().unwrap();
    assert_eq!(sent("register.check"), 2);
    assert_eq!((sent("cone_beam.image"), sent("cone_beam_tree.tree")), (1, 1));

    let folder = place.path("same").to_str().unwrap().to_owned();
    let replayed = place.call(&["replay", closing.path(), "-o", &folder]);
    assert_eq!(replayed.code, 0, "{}\n{}", replayed.stdout, replayed.stderr);
    let same = place.call(&["compare", closing.path(), &folder, "--json"]);
    assert_eq!(same.code, 0, "{}\n{}", same.stdout, same.stderr);
}
