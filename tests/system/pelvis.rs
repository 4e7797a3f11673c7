//! The same operation in the pelvis: nerves, ureters and lymph nodes are watched, and vessels are nearly straight.

use system_tests::{Place, alone};

use crate::procedure::figure;

pub const PELVIS: &str = "launch/graphs/pelvis.toml";

#[test]
fn a_pelvis_is_registered_and_what_a_person_drew_in_it_is_watched() {
    let _alone = alone();
    let place = Place::new();
    let closing = place.run(PELVIS, "a", &["--stop-after", "46s", "--clock", "simulated"]).good();
    assert!(figure(&closing, "registration error, median") < 2.0);
    assert!(figure(&closing, "registration error within its bound") > 90.0);
    assert!(figure(&closing, "vessel Dice in live images") > 0.8);
    assert!(figure(&closing, "map Dice, iliac_arteries") > 0.75);
    assert!(figure(&closing, "map Dice, iliac_veins") > 0.75);
    // Nobody accepts it but the stylus, at 40 s, on the ureter.
    let accepted_s = figure(&closing, "registration first accepted");
    assert!((39.9..41.5).contains(&accepted_s), "{accepted_s} s");
    assert!(figure(&closing, "distance error of ureter_right, p95") < 4.0);
    assert!(figure(&closing, "distance error within its bound") > 90.0);
    assert!(figure(&closing, "danger alarms, true") >= 1.0);
    assert_eq!(figure(&closing, "danger alarms, missed"), 0.0);

    let folder = place.path("again").to_str().unwrap().to_owned();
    let called = place.call(&["replay", closing.path(), "-o", &folder]);
    assert_eq!(called.code, 0, "{}\n{}", called.stdout, called.stderr);
    let same = place.call(&["compare", closing.path(), &folder, "--json"]);
    assert_eq!(same.code, 0, "{}\n{}", same.stdout, same.stderr);
}
