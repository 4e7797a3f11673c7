//! Networks: what a model card says, the weights it names, and how both become a network that runs.
//!
//! - [`card`]: the TOML file beside the weights, with everything needed to use them rightly.
//! - [`device`]: where networks run. CUDA is loaded when the program runs, never linked.
//! - [`nvidia_driver`]: which NVIDIA driver this machine has loaded, if any.
//! - [`load`]: a card and its weights to a [`Network`], checked before its first image.
//! - [`unet`]: the architecture of our own networks.
//!
//! This crate is the only one that speaks to libtorch; the others pass and receive `ndarray` arrays.

pub mod card;
pub mod device;
mod error;
pub mod load;
pub mod nvidia_driver;
pub mod unet;

pub use card::Card;
pub use device::{DeviceChoice, Processor};
pub use error::ModelError;
pub use load::Network;

/// libtorch draws every test's random numbers from one generator: a test that seeds it must be alone.
#[cfg(test)]
fn alone_with_the_generator() -> std::sync::MutexGuard<'static, ()> {
    static GENERATOR: std::sync::Mutex<()> = std::sync::Mutex::new(());
    GENERATOR.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
