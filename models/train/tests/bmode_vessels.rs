//! The weights that this repository holds do what their card says.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use models::{DeviceChoice, Network, Processor};
use train::samples::held_out_family;
use train::score::score;
use train::threshold::best_threshold;

#[test]
fn vessels_of_a_family_never_trained_on_are_found() {
    let card = Path::new(env!("CARGO_MANIFEST_DIR")).join("../weights/bmode_vessels.toml");
    let processor = Processor::choose(DeviceChoice::Cpu, 1).unwrap();
    let network = Network::load(&card, None, &processor).unwrap();
    let (samples, scanned) = held_out_family().unwrap();
    let some: Vec<_> = samples.into_iter().step_by(5).collect();
    let found = score(&network, &some).unwrap();
    let threshold = best_threshold(&some, &scanned).unwrap();
    println!(
        "Dice {:.3} on {} images; the best threshold for them reaches {:.3}",
        found.dice(),
        some.len(),
        threshold.score.dice()
    );
    assert!(found.dice() > 0.9, "{found:?}");
    assert!(found.dice() > threshold.score.dice() + 0.05, "{found:?}, {threshold:?}");
}
