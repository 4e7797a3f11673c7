//! The weights that this repository holds for CT do what their card says, as the node uses them.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use segmentation::segment_volume::{Parameters, VolumeSegmenter};
use simulation::anatomy::Region;
use simulation::anatomy::training_volume::Scan;
use train::ct::score;
use train::ct_samples::{CLASSES, held_out};
use train::hounsfield_window::{Expert, best_window};

#[test]
fn structures_of_a_family_never_trained_on_are_found_in_ct_and_cone_beam_ct() {
    let card = Path::new(env!("CARGO_MANIFEST_DIR")).join("../weights/ct_vessels.toml");
    let segmenter = VolumeSegmenter::new(&Parameters::new(card)).unwrap();
    for (region, scan, least) in [
        (
            Region::Abdomen,
            Scan::Ct,
            &[("liver", 0.9), ("portal_vein", 0.7), ("hepatic_veins", 0.75)][..],
        ),
        (Region::Abdomen, Scan::ConeBeam, &[("liver", 0.8), ("portal_vein", 0.5)][..]),
        (Region::Pelvis, Scan::Ct, &[("iliac_arteries", 0.75), ("iliac_veins", 0.75)][..]),
    ] {
        // Thin enough to be quick, thick enough that vessels run through it.
        let volumes = [held_out(region, 3, scan, Some(60.0)).unwrap()];
        let scores = score(&segmenter, &volumes).unwrap();
        for (name, least_dice) in least {
            let class = CLASSES.iter().position(|known| known == name).unwrap();
            let dice = scores[class - 1].dice();
            let window = |expert| best_window(&volumes, class as u8, expert).unwrap().score.dice();
            let (alone, marked) = (window(Expert::Absent), window(Expert::MarksIt));
            println!(
                "{name}, {scan:?}: Dice {dice:.3}; the best window {alone:.3}, grown from given seeds {marked:.3}"
            );
            assert!(dice > *least_dice, "{name}: {:?}", scores[class - 1]);
            assert!(dice > alone, "{name}: the best window reaches {alone}");
        }
    }
}
