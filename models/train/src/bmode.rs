//! The network `bmode_vessels`: vessels in B-mode images.

use models::Network;
use models::card::{
    Architecture, Card, Decision, Figure, Input, Intensity, Output, Padding, Provenance, Values,
};
use models::unet::UNet2dShape;
use simulation::SubjectKind;

use crate::command::Options;
use crate::error::TrainingError;
use crate::samples::{Sample, Samples, sweeps};
use crate::score::score;
use crate::task::{About, FORMAT, LICENCE, Task, figure, figures};
use crate::threshold::best_threshold;

/// Vessels in B-mode images.
#[derive(Clone, Copy, Debug)]
pub struct BmodeVessels;

impl Task for BmodeVessels {
    type Example = Sample;

    const BASE_CHANNELS: usize = 16;
    const LEVELS: usize = 3;
    // A false vessel misleads a registration more than a missed one.
    const CAUTION: f64 = 0.75;

    fn shape(base_channels: usize, levels: usize) -> UNet2dShape {
        UNet2dShape { input_channels: 1, base_channels, levels, output_channels: 2 }
    }

    fn training(seed: u64) -> impl FnMut(u64) -> Result<Sample, TrainingError> + Send {
        let mut samples = Samples::training(seed);
        move |index| samples.sample(index)
    }

    fn watched(seed: u64, count: usize) -> Result<Vec<Sample>, TrainingError> {
        let mut samples = Samples::tuning(seed);
        (0..count as u64).map(|index| samples.sample(index)).collect()
    }

    fn card(options: &Options, shape: UNet2dShape, about: About) -> Card {
        let images = options.steps * options.batch;
        Card {
            file: format!("{}.safetensors", about.name).into(),
            name: about.name,
            description: "Vessels in B-mode images of the abdomen and the pelvis: a small U-Net, trained on \
                          simulated patients only. Made for the simulated patient; not for use on people."
                .into(),
            licence: LICENCE.into(),
            attribution: None,
            format: FORMAT,
            sha256: about.sha256,
            architecture: Some(Architecture::Unet2d(shape)),
            input: Input {
                channels: 1,
                spacing_mm: None,
                size_divisor: shape.size_divisor(),
                padding: Padding::Mirror,
                intensity: Intensity::ZeroToOne,
            },
            output: Output {
                classes: vec!["background".into(), "vessel".into()],
                values: Values::Logits,
                decision: Decision::Argmax,
            },
            provenance: Provenance {
                source: None,
                command: Some(about.command),
                seed: Some(options.seed),
                notes: vec![
                    format!(
                        "{images} images: a quarter of blocks of liver, the others of abdomens and pelves, \
                         40 of each; families slender, wide and trifurcated"
                    ),
                    "images of 320 × 240 pixels of 0.39 to 0.72 mm; other pixel sizes were not trained on"
                        .into(),
                    "precision counts what is called vessel, sensitivity what is vessel; vessels that lie in \
                     the shadow of bone or gas count as missed"
                        .into(),
                ],
                figures: Vec::new(),
            },
        }
    }

    fn measure(network: Network, options: &Options) -> Result<Vec<Figure>, TrainingError> {
        let mut tuning = Samples::tuning(options.seed);
        let images = 16 * options.patients;
        let tuned = (0..images).map(|index| tuning.sample(index)).collect::<Result<Vec<_>, _>>()?;
        let mut all = vec![figure(
            format!(
                "Dice, {images} images of patients held out, of the family accessory and of blocks"
            ),
            score(&network, &tuned)?.dice(),
        )];
        for (kind, name, patients) in [
            (SubjectKind::Block, "blocks of liver", 2 * options.patients),
            (SubjectKind::Abdomen, "abdomens", options.patients),
            (SubjectKind::Pelvis, "pelves", options.patients.div_ceil(2)),
        ] {
            let (samples, scanned) = sweeps(kind, patients)?;
            let what = format!(
                "{} images of sweeps over {patients} {name} of a family never trained on (winding)",
                samples.len()
            );
            all.extend(figures(&what, &score(&network, &samples)?));
            if let Some(best) = best_threshold(&samples, &scanned) {
                let measure = format!(
                    "Dice, the same, of the threshold and smoothing best for them (grey {}, {} pixels), sector given",
                    best.threshold, best.smoothing_px
                );
                all.push(figure(measure, best.score.dice()));
            }
        }
        Ok(all)
    }
}
