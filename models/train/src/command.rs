//! `vesalius train`: from options to weights and their card.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use models::card::{
    Architecture, Card, Decision, Figure, Format, Input, Intensity, Output, Padding, Provenance,
    Values, sha256_of,
};
use models::unet::UNet2dShape;
use models::{DeviceChoice, Network, Processor};
use runtime::clock::monotonic;

use crate::error::TrainingError;
use crate::fit::{Schedule, fit};
use crate::progress::Progress;
use crate::samples::{held_out_family, held_out_patient, training};
use crate::score::score;
use crate::threshold::best_threshold;

/// Images of held-out patients that each progress line is measured on.
const WATCHED: u64 = 48;
/// Images of held-out patients that the card's figure is measured on.
const SCORED: u64 = 256;

/// Trains the B-mode vessel network on simulated patients, and writes its weights and its card.
#[derive(Clone, Debug, Parser)]
#[command(name = "vesalius train")]
pub struct Options {
    /// Folder that receives NAME.safetensors and NAME.toml
    #[arg(long, default_value = "models/weights")]
    pub output: PathBuf,
    /// Name of the model
    #[arg(long, default_value = "bmode_vessels")]
    pub name: String,
    /// Seed of the patients and of the first weights
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Batches to learn from
    #[arg(long, default_value_t = 1500)]
    pub steps: usize,
    /// Images in a batch
    #[arg(long, default_value_t = 8)]
    pub batch: usize,
    /// Greatest step width of the optimiser
    #[arg(long, default_value_t = 0.004)]
    pub learning_rate: f64,
    /// Channels of the finest level, a multiple of 8
    #[arg(long, default_value_t = 16)]
    pub base_channels: usize,
    /// Levels of resolution
    #[arg(long, default_value_t = 3)]
    pub levels: usize,
    /// CPU threads for the network; another one makes the images
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
}

/// Runs the tool with the arguments after its name.
pub fn run(arguments: &[String]) -> ExitCode {
    let words = std::iter::once("vesalius train").chain(arguments.iter().map(String::as_str));
    let options = match Options::try_parse_from(words) {
        Ok(options) => options,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            // Nothing can be done if the terminal is gone.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match train(&options, &mut |line| println!("{line}")) {
        Ok(card) => {
            println!("wrote {}", card.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{:?}", miette::miette!("{error}"));
            ExitCode::FAILURE
        }
    }
}

/// Trains, measures and writes; returns the path of the card. `say` hears how it goes, line by line.
///
/// What is there under the name stays until the new is complete.
///
/// # Errors
/// If the options cannot be, the training fails, or the files cannot be written.
pub fn train(options: &Options, say: &mut dyn FnMut(String)) -> Result<PathBuf, TrainingError> {
    let place = |ending: &str| options.output.join(format!("{}.{ending}", options.name));
    let unfinished = [place("new.safetensors"), place("new.toml")];
    let [weights, card] = &unfinished;
    let finished = train_into(options, weights, card, say).and_then(|()| {
        for (new, ending) in unfinished.iter().zip(["safetensors", "toml"]) {
            std::fs::rename(new, place(ending)).map_err(|source| not_written(new, source))?;
        }
        Ok(place("toml"))
    });
    if finished.is_err() {
        // Whatever of them was written is of no use; what stopped the training is the error to tell.
        for file in &unfinished {
            let _ = std::fs::remove_file(file);
        }
    }
    finished
}

fn not_written(path: &Path, source: std::io::Error) -> TrainingError {
    TrainingError::Write { path: path.into(), source }
}

fn train_into(
    options: &Options,
    weights: &Path,
    path: &Path,
    say: &mut dyn FnMut(String),
) -> Result<(), TrainingError> {
    let shape = UNet2dShape {
        input_channels: 1,
        base_channels: options.base_channels,
        levels: options.levels,
        output_channels: 2,
    };
    // That the files can be written is found out before the training.
    std::fs::create_dir_all(&options.output)
        .map_err(|source| not_written(&options.output, source))?;
    std::fs::write(weights, []).map_err(|source| not_written(weights, source))?;
    let processor = Processor::choose(DeviceChoice::Cpu, options.threads)?;
    say(format!("training {} on {processor}", options.name));

    let watched = (0..WATCHED)
        .map(|index| held_out_patient(options.seed, index))
        .collect::<Result<Vec<_>, _>>()?;
    let schedule = Schedule {
        seed: options.seed,
        steps: options.steps,
        batch: options.batch,
        learning_rate: options.learning_rate,
        reports: 20,
    };
    let start = monotonic();
    let sample = |index| training(options.seed, index);
    let store = fit(&shape, &schedule, sample, &watched, |report| {
        let progress = Progress {
            step: report.step,
            steps: options.steps,
            loss: report.loss,
            dice: report.score.dice(),
            elapsed: monotonic().saturating_sub(start),
        };
        say(progress.to_string());
    })?;
    store.save(weights)?;

    let sha256 = sha256_of(weights).map_err(|source| not_written(weights, source))?;
    let mut card = describe(options, shape, sha256);
    card.write(path)?;
    // Measured with what was written, in the way that it will be used.
    let network = Network::load(path, Some(weights), &processor)?;
    card.provenance.figures = measure(&network, options.seed)?;
    for figure in &card.provenance.figures {
        say(format!("{}: {}", figure.measure, figure.value));
    }
    Ok(card.write(path)?)
}

fn describe(options: &Options, shape: UNet2dShape, sha256: String) -> Card {
    let command = format!(
        "vesalius train --seed {} --steps {} --batch {} --learning-rate {} --base-channels {} --levels {} --threads {}",
        options.seed,
        options.steps,
        options.batch,
        options.learning_rate,
        options.base_channels,
        options.levels,
        options.threads
    );
    Card {
        name: options.name.clone(),
        description: "Vessels in B-mode images of the liver: a small U-Net, trained on simulated patients only. \
                      Made for the simulated patient; not for use on people."
            .into(),
        licence: "Apache-2.0".into(),
        attribution: None,
        format: Format::Safetensors,
        file: format!("{}.safetensors", options.name).into(),
        sha256,
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
            command: Some(command),
            seed: Some(options.seed),
            notes: vec![
                format!("{} images, each of a patient of its own", options.steps * options.batch),
                "images of 320 × 240 pixels of 0.39 to 0.67 mm; other pixel sizes were not trained on".into(),
            ],
            figures: Vec::new(),
        },
    }
}

fn measure(network: &Network, seed: u64) -> Result<Vec<Figure>, TrainingError> {
    let patients =
        (0..SCORED).map(|index| held_out_patient(seed, index)).collect::<Result<Vec<_>, _>>()?;
    let (family, scanned) = held_out_family()?;
    let (on_patients, on_family) = (score(network, &patients)?, score(network, &family)?);
    let figure =
        |measure: String, value: f64| Figure { measure, value: (value * 1e4).round() / 1e4 };
    let mut figures = vec![
        figure(format!("Dice, {} images of patients held out", patients.len()), on_patients.dice()),
        figure(
            format!(
                "Dice, {} images of 16 sweeps over patients of a family never trained on",
                family.len()
            ),
            on_family.dice(),
        ),
        figure("precision, the same images".into(), on_family.precision()),
        figure("sensitivity, the same images".into(), on_family.sensitivity()),
    ];
    if let Some(best) = best_threshold(&family, &scanned) {
        let measure = format!(
            "Dice, the same images, of the threshold and smoothing best for them (grey {}, {} pixels), sector given",
            best.threshold, best.smoothing_px
        );
        figures.push(figure(measure, best.score.dice()));
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_short_training_leaves_weights_and_a_card_that_load() {
        let _alone = crate::alone_with_the_generator();
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("new");
        let words = [
            "vesalius train",
            "--steps",
            "2",
            "--batch",
            "1",
            "--levels",
            "2",
            "--name",
            "tiny",
            "--output",
        ];
        let options =
            Options::try_parse_from(words.iter().copied().chain([output.to_str().unwrap()]))
                .unwrap();
        let mut lines = Vec::new();
        let path = train(&options, &mut |line| lines.push(line)).unwrap();
        let network =
            Network::load(&path, None, &Processor::choose(DeviceChoice::Cpu, 1).unwrap()).unwrap();
        let card = network.card();
        assert_eq!((card.name.as_str(), card.provenance.seed), ("tiny", Some(1)));
        assert_eq!(card.provenance.figures.len(), 5);
        assert!(card.provenance.command.as_ref().unwrap().contains("--steps 2"));
        assert!(lines.iter().any(|line| line.starts_with("step 2/2")), "{lines:?}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_found_before_training() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, []).unwrap();
        let options = Options::try_parse_from(["vesalius train"]).unwrap();
        let mut lines = Vec::new();
        let error =
            train(&Options { output: file.join("in"), ..options }, &mut |line| lines.push(line))
                .unwrap_err();
        assert!(error.to_string().contains("cannot be written") && lines.is_empty(), "{error}");
    }

    #[test]
    fn a_training_that_fails_leaves_what_was_there() {
        let _alone = crate::alone_with_the_generator();
        let folder = tempfile::tempdir().unwrap();
        let before = folder.path().join("bmode_vessels.safetensors");
        std::fs::write(&before, b"kept").unwrap();
        let options = Options::try_parse_from(["vesalius train", "--steps", "0"]).unwrap();
        let options = Options { output: folder.path().into(), ..options };
        assert!(matches!(train(&options, &mut |_| ()), Err(TrainingError::Options(_))));
        assert_eq!(std::fs::read(&before).unwrap(), b"kept");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
