//! Training of our own networks on simulated patients, by one command and one seed.
//!
//! | module | idea |
//! | --- | --- |
//! | [`samples`] | images with their true vessels: to train on, and held out |
//! | [`fit`] | the loop that fits a network to samples |
//! | [`loss`] | what it makes small |
//! | [`score`] | Dice over many images |
//! | [`threshold`] | what a threshold alone reaches, for comparison |
//! | [`progress`] | the line that says how far it is |
//! | [`command`] | from options to weights and their card |

pub mod command;
mod error;
pub mod fit;
pub mod loss;
pub mod progress;
pub mod samples;
pub mod score;
pub mod threshold;

pub use error::TrainingError;

/// libtorch draws every test's random numbers from one generator: a test that trains must be alone.
#[cfg(test)]
fn alone_with_the_generator() -> std::sync::MutexGuard<'static, ()> {
    static GENERATOR: std::sync::Mutex<()> = std::sync::Mutex::new(());
    tch::set_num_threads(1);
    GENERATOR.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
