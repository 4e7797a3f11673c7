//! The weights that this repository holds do what their card says.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use models::{DeviceChoice, Network, Processor};
use simulation::SubjectKind;
use train::samples::sweeps;
use train::score::score;
use train::threshold::best_threshold;

fn network() -> Network {
    let card = Path::new(env!("CARGO_MANIFEST_DIR")).join("../weights/bmode_vessels.toml");
    let processor = Processor::choose(DeviceChoice::Cpu, 1).unwrap();
    Network::load(&card, None, &processor).unwrap()
}

#[test]
fn vessels_of_families_never_trained_on_are_found() {
    let network = network();
    for (kind, patients, least_dice, least_precision) in [
        (SubjectKind::Block, 4, 0.9, 0.9),
        (SubjectKind::Abdomen, 2, 0.8, 0.85),
        (SubjectKind::Pelvis, 1, 0.75, 0.75),
    ] {
        let (samples, scanned) = sweeps(kind, patients).unwrap();
        let some: Vec<_> = samples.into_iter().step_by(2).collect();
        let found = score(&network, &some).unwrap();
        let threshold = best_threshold(&some, &scanned).unwrap();
        println!(
            "{kind:?}: Dice {:.3}, precision {:.3}, sensitivity {:.3} on {} images; the best threshold for them reaches {:.3}",
            found.dice(),
            found.precision(),
            found.sensitivity(),
            some.len(),
            threshold.score.dice()
        );
        assert!(found.dice() > least_dice, "{kind:?} {found:?}");
        assert!(found.precision() > least_precision, "{kind:?} {found:?}");
        assert!(found.dice() > threshold.score.dice() + 0.05, "{kind:?} {found:?}, {threshold:?}");
    }
}
