//! Training of our own networks on simulated patients, by one command and one seed.
//!
//! | module | idea |
//! | --- | --- |
//! | [`command`] | from options to weights and their card |
//! | [`task`] | what a network of ours is: samples, card, figures |
//! | [`bmode`], [`samples`] | vessels in B-mode images |
//! | [`ct`], [`ct_samples`] | vessels, organs and tumours in CT and cone-beam CT |
//! | [`example`], [`fit`] | the loop that fits a network to samples |
//! | [`loss`] | what it makes small |
//! | [`score`] | Dice over many images |
//! | [`threshold`], [`hounsfield_window`] | what the classical methods reach, for comparison |
//! | [`progress`] | the line that says how far it is |

pub mod bmode;
pub mod command;
pub mod ct;
pub mod ct_samples;
mod error;
pub mod example;
pub mod fit;
pub mod hounsfield_window;
pub mod loss;
pub mod progress;
pub mod samples;
pub mod score;
pub mod task;
pub mod threshold;

pub use error::TrainingError;

/// libtorch draws every test's random numbers from one generator: a test that trains must be alone.
#[cfg(test)]
fn alone_with_the_generator() -> std::sync::MutexGuard<'static, ()> {
    static GENERATOR: std::sync::Mutex<()> = std::sync::Mutex::new(());
    tch::set_num_threads(1);
    GENERATOR.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
