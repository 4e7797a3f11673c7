//! Why a training cannot go on.

use models::ModelError;
use thiserror::Error;

/// What stops a training.
#[derive(Debug, Error)]
pub enum TrainingError {
    /// Sizes or counts that cannot be trained with.
    #[error("{0}")]
    Options(String),
    /// The simulation refused.
    #[error("the simulated patient cannot be scanned: {0}")]
    Simulation(#[from] simulation::scan_geometry::OutOfRange),
    /// There is no such patient.
    #[error("a simulated patient cannot be made: {0}")]
    Patient(#[from] simulation::subject::SubjectError),
    /// An anatomy could not be made.
    #[error("a simulated patient cannot be made: {0}")]
    Anatomy(#[from] simulation::anatomy::abdomen::AnatomyError),
    /// An anatomy could not be scanned.
    #[error("a simulated patient cannot be scanned: {0}")]
    Scan(#[from] simulation::training_scans::TrainingScanError),
    /// The probe is pressed in too far.
    #[error("a simulated patient cannot be scanned: {0}")]
    Pressure(#[from] simulation::anatomy::deformation::TooSteep),
    /// A volume cannot be made.
    #[error("a simulated volume cannot be made: {0}")]
    Lattice(#[from] simulation::anatomy::grid::InvalidGrid),
    /// The loss is no longer a number.
    #[error("the loss became {loss} at step {step}; try a lower --learning-rate or another --seed")]
    Diverged {
        /// The step.
        step: usize,
        /// The loss.
        loss: f64,
    },
    /// The thread that makes the samples is gone.
    #[error("the thread that makes samples ended early; its message stands above")]
    NoSamples,
    /// Card or weights.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The weights cannot be written.
    #[error("{path} cannot be written: {source}; choose a folder you may write to with --output")]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// An image or an output of unexpected shape.
    #[error("a sample cannot be prepared for the network: {0}")]
    Preparation(#[from] segmentation::preprocess::PreparationError),
    /// A volume cannot be segmented.
    #[error(transparent)]
    Volume(#[from] segmentation::segment_volume::Error),
    /// The network's output cannot be read.
    #[error(transparent)]
    Output(#[from] segmentation::postprocess::OutputError),
    /// libtorch refused; its first line.
    #[error("libtorch failed: {0}")]
    Torch(String),
}

impl From<tch::TchError> for TrainingError {
    fn from(error: tch::TchError) -> Self {
        Self::Torch(error.to_string().lines().next().unwrap_or_default().to_owned())
    }
}
