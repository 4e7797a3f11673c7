//! A tumour is cut out of the liver: the map still has it, the images do not, and the registration holds.

use system_tests::{Place, alone, is_long};

use crate::procedure::{PROCEDURE, figure};

#[test]
fn a_liver_that_was_resected_is_registered_to_the_map_of_before() {
    if !is_long() {
        return;
    }
    let _alone = alone();
    let place = Place::new();
    // Before the sweep, and in the midst of the guidance.
    for at_s in ["0", "46"] {
        let resected_at = format!("common.patient.resected_at_s={at_s}");
        let arguments = [
            "--set",
            "common.patient.resection_mm=25",
            "--set",
            &resected_at,
            "--stop-after",
            "56s",
            "--clock",
            "simulated",
        ];
        let closing = place.run(PROCEDURE, at_s, &arguments).good();
        assert!(figure(&closing, "registration error, median") < 3.0);
        assert!(figure(&closing, "registration error, p95") < 5.0);
        assert!(figure(&closing, "registration error within its bound") > 90.0);
        assert!(figure(&closing, "distance error within its bound") > 80.0);
    }
}
