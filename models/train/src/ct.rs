//! The network `ct_vessels`: vessels, organs and tumours in CT and cone-beam CT.

use models::Network;
use models::card::{
    Architecture, Card, Decision, Figure, Input, Intensity, Output, Padding, Provenance, Values,
};
use models::unet::UNet2dShape;
use segmentation::segment_volume::{Parameters, VolumeSegmenter};
use simulation::anatomy::Region;
use simulation::anatomy::training_volume::Scan;

use crate::command::Options;
use crate::ct_samples::{CLASSES, Patch, Patches, SLICES, SPACING_MM, Volume, WINDOW_HU, held_out};
use crate::error::TrainingError;
use crate::hounsfield_window::{Expert, best_window};
use crate::score::Score;
use crate::task::{About, FORMAT, LICENCE, Task, figure};

/// Structures in CT.
#[derive(Clone, Copy, Debug)]
pub struct CtVessels;

impl Task for CtVessels {
    type Example = Patch;

    const BASE_CHANNELS: usize = 24;
    const LEVELS: usize = 4;
    const CAUTION: f64 = 0.0;

    fn shape(base_channels: usize, levels: usize) -> UNet2dShape {
        let (input_channels, output_channels) = (SLICES, CLASSES.len());
        UNet2dShape { input_channels, base_channels, levels, output_channels }
    }

    fn training(seed: u64) -> impl FnMut(u64) -> Result<Patch, TrainingError> + Send {
        let mut patches = Patches::training(seed);
        move |index| patches.patch(index)
    }

    fn watched(seed: u64, count: usize) -> Result<Vec<Patch>, TrainingError> {
        let mut patches = Patches::tuning(seed);
        (0..count as u64).map(|index| patches.patch(index)).collect()
    }

    fn card(options: &Options, shape: UNet2dShape, about: About) -> Card {
        let (low, high) = WINDOW_HU;
        let patches = options.steps * options.batch;
        Card {
            file: format!("{}.safetensors", about.name).into(),
            name: about.name,
            description: "Liver, its vessels and tumours, great vessels, iliac vessels and kidneys in contrast CT \
                          and cone-beam CT: a small U-Net that labels one axial slice and sees four above and four \
                          below it, trained on simulated patients only. Made for the simulated patient; not for \
                          use on people."
                .into(),
            licence: LICENCE.into(),
            attribution: None,
            format: FORMAT,
            sha256: about.sha256,
            architecture: Some(Architecture::Unet2d(shape)),
            input: Input {
                channels: SLICES,
                spacing_mm: Some(SPACING_MM),
                size_divisor: shape.size_divisor(),
                padding: Padding::Mirror,
                intensity: Intensity::Window { low, high },
            },
            output: Output {
                classes: CLASSES.map(str::to_owned).to_vec(),
                values: Values::Logits,
                decision: Decision::Argmax,
            },
            provenance: Provenance {
                source: None,
                command: Some(about.command),
                seed: Some(options.seed),
                notes: vec![
                    format!(
                        "{patches} patches of 176 × 224 pixels, 96 of a volume; two volumes of three are of \
                         abdomens, one of a pelvis; three of four CT, one cone-beam CT; families slender, wide and \
                         trifurcated"
                    ),
                    "portal venous phase, one CT of four nearer to the arterial; other phases and MR were not \
                     trained on"
                        .into(),
                    "the figures are those of the node: with specks removed and portal and hepatic veins agreed \
                     along each vessel"
                        .into(),
                ],
                figures: Vec::new(),
            },
        }
    }

    fn measure(network: Network, options: &Options) -> Result<Vec<Figure>, TrainingError> {
        let card = Parameters::new(std::path::PathBuf::new());
        let segmenter = VolumeSegmenter::of(network, &card)?;
        let mut all = Vec::new();
        for (region, scan, name, patients) in [
            (Region::Abdomen, Scan::Ct, "CT of abdomens", options.patients.div_ceil(2)),
            (Region::Pelvis, Scan::Ct, "CT of pelves", options.patients.div_ceil(4)),
            (
                Region::Abdomen,
                Scan::ConeBeam,
                "cone-beam CT of abdomens",
                options.patients.div_ceil(4),
            ),
        ] {
            let volumes = (0..patients)
                .map(|seed| held_out(region, seed, scan, None))
                .collect::<Result<Vec<_>, _>>()?;
            let scores = score(&segmenter, &volumes)?;
            let mut whose = format!("{patients} {name} of a family never trained on (winding)");
            for (class, score) in (1..).zip(&scores) {
                if score.truth == 0 {
                    continue;
                }
                let structure = CLASSES[usize::from(class)];
                all.push(figure(format!("Dice of {structure}, {whose}"), score.dice()));
                whose = "the same".into();
                for (expert, given) in [
                    (Expert::Absent, ""),
                    (Expert::MarksIt, ", grown from seeds within a box, both given"),
                ] {
                    let Some(best) = best_window(&volumes, class, expert) else { continue };
                    let (low, high) = best.window_hu;
                    let measure = format!(
                        "Dice of {structure}, the same, of the window and smoothing best for them ({low} to {high} \
                         HU, {} pixels){given}",
                        best.smoothing_px
                    );
                    all.push(figure(measure, best.score.dice()));
                }
            }
        }
        Ok(all)
    }
}

/// For each class but the background, over all volumes, where the scanner saw something.
///
/// # Errors
/// If a volume does not fit the network, or the network fails.
pub fn score(segmenter: &VolumeSegmenter, volumes: &[Volume]) -> Result<Vec<Score>, TrainingError> {
    let mut scores = vec![Score::default(); CLASSES.len() - 1];
    for volume in volumes {
        let labels = segmenter.segment(&volume.message)?;
        let truth = volume.seen_classes();
        let Some(found) = volume.view(labels.labels.as_slice()) else { continue };
        for ((found, truth), seen) in found.iter().zip(&truth).zip(&volume.seen()) {
            let found = if *seen { *found } else { 0 };
            for (class, score) in (1..).zip(&mut scores) {
                score.both += u64::from(found == class && *truth == class);
                score.found += u64::from(found == class);
                score.truth += u64::from(*truth == class);
            }
        }
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use clap::Parser;
    use messages::{Affine, IntensityVolume, Modality, Patient, Transform, Voxel};
    use models::card::sha256_of;
    use models::{DeviceChoice, Processor};
    use ndarray::{Array2, Array3};

    use super::*;
    use crate::fit::{Schedule, fit};

    /// Halves of a patch: fat, and something bright that is called aorta.
    #[allow(clippy::unnecessary_wraps, reason = "the shape that fit takes")]
    fn halves(_: u64) -> Result<Patch, TrainingError> {
        let bright = |column: usize| column >= 16;
        Ok(Patch {
            slices: Array3::from_shape_fn(
                (SLICES, 32, 32),
                |(.., x)| if bright(x) { 200 } else { -90 },
            ),
            classes: Array2::from_shape_fn((32, 32), |(_, x)| if bright(x) { 5 } else { 0 }),
        })
    }

    #[test]
    fn a_short_training_leaves_weights_and_a_card_that_label_volumes() {
        let _alone = crate::alone_with_the_generator();
        let options =
            Options::try_parse_from(["vesalius train", "--network", "ct_vessels"]).unwrap();
        let shape = CtVessels::shape(8, 2);
        let schedule = Schedule { seed: 1, steps: 60, batch: 2, learning_rate: 0.02, reports: 1 };
        let watched = [halves(0).unwrap()];
        let mut dice = 0.0;
        let store =
            fit(&shape, &schedule, halves, &watched, |report| dice = report.dice()).unwrap();
        assert!(dice > 0.9, "{dice}");

        let folder = tempfile::tempdir().unwrap();
        let (weights, path) =
            (folder.path().join("tiny.safetensors"), folder.path().join("tiny.toml"));
        store.save(&weights).unwrap();
        let about = About {
            name: "tiny".into(),
            sha256: sha256_of(&weights).unwrap(),
            command: "vesalius train".into(),
        };
        CtVessels::card(&options, shape, about).write(&path).unwrap();
        let processor = Processor::choose(DeviceChoice::Cpu, 1).unwrap();
        let network = Network::load(&path, None, &processor).unwrap();
        let segmenter = VolumeSegmenter::of(network, &Parameters::new(path)).unwrap();
        // Voxels of 1.5 mm: 24 of each half, which no patch had.
        let unit: Affine<Patient, Voxel> = Affine::from(Transform::identity());
        let rows = unit.rows() * SPACING_MM;
        let volume = IntensityVolume::<Patient> {
            size: [48, 32, 6],
            frame_from_voxel: Affine::from_rows(rows).unwrap(),
            modality: Modality::Ct,
            voxels: (0..48 * 32 * 6)
                .map(|at| if at % 48 >= 24 { 200 } else { -90 })
                .collect::<Vec<i16>>()
                .into(),
        };
        let labels = segmenter.segment(&volume).unwrap();
        let wrong = labels
            .labels
            .as_slice()
            .iter()
            .enumerate()
            .filter(|(at, label)| **label != if at % 48 >= 24 { 5 } else { 0 });
        let wrong = wrong.count();
        assert!(wrong < 48 * 32 * 6 / 20, "{wrong} voxels are wrong");
        assert_eq!(labels.structures[4].name, "aorta");
    }
}
