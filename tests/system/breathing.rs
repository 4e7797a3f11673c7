//! A patient who breathes: with a sensor in the organ as the reference, map and images meet all the same.

use system_tests::{Place, alone, is_long};

use crate::procedure::figure;

const BREATHING: &str = "launch/graphs/breathing.toml";

#[test]
fn a_patient_who_breathes_is_registered_relative_to_a_sensor_in_the_organ() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    let place = Place::new();
    let arguments = ["--stop-after", "46s", "--clock", "simulated"];
    let closing = place.run(BREATHING, "a", &arguments).good();
    assert!(figure(&closing, "registration error, median") < 3.0);
    assert!(figure(&closing, "registration error within its bound") > 90.0);
    assert!(figure(&closing, "tool tip error, p95") < 2.0);
    let accepted_s = figure(&closing, "registration first accepted");
    assert!((39.9..41.5).contains(&accepted_s), "{accepted_s} s");
}
