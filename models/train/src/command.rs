//! `vesalius train`: from options to weights and their card.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use models::card::sha256_of;
use models::{DeviceChoice, Network, Processor};
use runtime::clock::monotonic;
use tch::Tensor;
use tch::nn::VarStore;

use crate::bmode::BmodeVessels;
use crate::ct::CtVessels;
use crate::error::TrainingError;
use crate::fit::{Schedule, fit};
use crate::progress::Progress;
use crate::task::{About, Task};

/// Samples that progress is measured on.
const WATCHED: usize = 64;

/// Which network is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Kind {
    /// Vessels in B-mode images.
    BmodeVessels,
    /// Vessels, organs and tumours in CT and cone-beam CT.
    CtVessels,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::BmodeVessels => "bmode_vessels",
            Self::CtVessels => "ct_vessels",
        }
    }
}

/// Trains a network on simulated patients, and writes its weights and its card.
#[derive(Clone, Debug, Parser)]
#[command(name = "vesalius train")]
pub struct Options {
    /// Which network
    #[arg(long, value_enum, default_value_t = Kind::BmodeVessels)]
    pub network: Kind,
    /// Folder that receives NAME.safetensors and NAME.toml
    #[arg(long, default_value = "models/weights")]
    pub output: PathBuf,
    /// Name of the model; by default that of the network
    #[arg(long)]
    pub name: Option<String>,
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
    /// Channels of the finest level, a multiple of 8; by default what the network usually has
    #[arg(long)]
    pub base_channels: Option<usize>,
    /// Levels of resolution; by default what the network usually has
    #[arg(long)]
    pub levels: Option<usize>,
    /// By how much, as a logit, a pixel has to be likelier of a class than of the background; by default what the
    /// network usually has
    #[arg(long)]
    pub caution: Option<f64>,
    /// CPU threads for the network; another one makes the images
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Patients of each kind that the card's figures are measured on
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub patients: u64,
    /// Do not train: measure the weights that are there anew, and write the figures onto their card
    #[arg(long)]
    pub only_measure: bool,
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
    let name = options.name.clone().unwrap_or_else(|| options.network.name().to_owned());
    let place = |ending: &str| options.output.join(format!("{name}.{ending}"));
    if options.only_measure {
        let path = place("toml");
        match options.network {
            Kind::BmodeVessels => write_figures::<BmodeVessels>(options, &path, None, say)?,
            Kind::CtVessels => write_figures::<CtVessels>(options, &path, None, say)?,
        }
        return Ok(path);
    }
    let unfinished = [place("new.safetensors"), place("new.toml")];
    let [weights, card] = &unfinished;
    let trained = match options.network {
        Kind::BmodeVessels => train_into::<BmodeVessels>(options, &name, weights, card, say),
        Kind::CtVessels => train_into::<CtVessels>(options, &name, weights, card, say),
    };
    let finished = trained.and_then(|()| {
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

fn train_into<T: Task>(
    options: &Options,
    name: &str,
    weights: &Path,
    path: &Path,
    say: &mut dyn FnMut(String),
) -> Result<(), TrainingError> {
    let base_channels = options.base_channels.unwrap_or(T::BASE_CHANNELS);
    let levels = options.levels.unwrap_or(T::LEVELS);
    let shape = T::shape(base_channels, levels);
    // That the files can be written is found out before the training.
    std::fs::create_dir_all(&options.output)
        .map_err(|source| not_written(&options.output, source))?;
    std::fs::write(weights, []).map_err(|source| not_written(weights, source))?;
    let processor = Processor::choose(DeviceChoice::Cpu, options.threads)?;
    say(format!("training {name} on {processor}"));

    let schedule = Schedule {
        seed: options.seed,
        steps: options.steps,
        batch: options.batch,
        learning_rate: options.learning_rate,
        reports: 20,
    };
    schedule.check()?;
    // On no more than is trained on: a short trial should end soon.
    let watched = T::watched(options.seed, WATCHED.min(options.steps * options.batch))?;
    let start = monotonic();
    let store = fit(&shape, &schedule, T::training(options.seed), &watched, |report| {
        let progress = Progress {
            step: report.step,
            steps: options.steps,
            loss: report.loss,
            dice: report.dice(),
            elapsed: monotonic().saturating_sub(start),
        };
        say(progress.to_string());
    })?;
    let caution = options.caution.unwrap_or(T::CAUTION);
    lower(&store, shape.output_channels, caution)?;
    store.save(weights)?;

    let sha256 = sha256_of(weights).map_err(|source| not_written(weights, source))?;
    let command = format!(
        "vesalius train --network {} --seed {} --steps {} --batch {} --learning-rate {} \
         --base-channels {base_channels} --levels {levels} --caution {caution} --threads {} --patients {}",
        options.network.name(),
        options.seed,
        options.steps,
        options.batch,
        options.learning_rate,
        options.threads,
        options.patients
    );
    T::card(options, shape, About { name: name.to_owned(), sha256, command }).write(path)?;
    write_figures::<T>(options, path, Some(weights), say)
}

/// Takes `caution` from the logits of all classes but the background, the first.
fn lower(store: &VarStore, classes: usize, caution: f64) -> Result<(), TrainingError> {
    let Some(mut bias) = store.variables().remove("output.bias") else { return Ok(()) };
    // Each class has as many outputs as a block has pixels, side by side.
    let each = bias.numel() / classes.max(1);
    let shift: Vec<f32> =
        (0..bias.numel()).map(|output| if output < each { 0.0 } else { caution as f32 }).collect();
    let lowered = bias.f_sub(&Tensor::f_from_slice(&shift)?)?;
    Ok(tch::no_grad(|| bias.f_copy_(&lowered))?)
}

/// Measures what was written, in the way that it will be used, and adds the figures to its card.
fn write_figures<T: Task>(
    options: &Options,
    path: &Path,
    weights: Option<&Path>,
    say: &mut dyn FnMut(String),
) -> Result<(), TrainingError> {
    let processor = Processor::choose(DeviceChoice::Cpu, options.threads)?;
    let network = Network::load(path, weights, &processor)?;
    let mut card = network.card().clone();
    card.provenance.figures = T::measure(network, options)?;
    for figure in &card.provenance.figures {
        say(format!("{}: {}", figure.measure, figure.value));
    }
    Ok(card.write(path)?)
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
            "--patients",
            "1",
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
        assert_eq!(card.provenance.figures.len(), 1 + 3 * 4);
        assert!(card.provenance.command.as_ref().unwrap().contains("--steps 2"));
        assert!(lines.iter().any(|line| line.starts_with("step 2/2")), "{lines:?}");
        // Measuring again tells the same and changes nothing else.
        let again = Options { only_measure: true, ..options };
        assert_eq!(train(&again, &mut |_| ()).unwrap(), path);
        assert_eq!(models::Card::read(&path).unwrap(), *card);
    }

    #[test]
    fn caution_lowers_all_classes_but_the_background() {
        let _alone = crate::alone_with_the_generator();
        let store = VarStore::new(tch::Device::Cpu);
        let shape = CtVessels::shape(8, 2);
        let network = models::unet::UNet2d::new(&store.root(), &shape).unwrap();
        let image = Tensor::rand(
            [1, crate::ct_samples::SLICES as i64, 16, 16],
            (tch::Kind::Float, tch::Device::Cpu),
        );
        let output = || tch::no_grad(|| network.forward(&image).unwrap());
        let before = output();
        lower(&store, shape.output_channels, 0.75).unwrap();
        let change = output() - before;
        for class in 0..11 {
            let expected = if class == 0 { 0.0 } else { -0.75 };
            let off = (change.select(1, class) - expected).abs().max().double_value(&[]);
            assert!(off < 1e-5, "class {class} is off by {off}");
        }
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
