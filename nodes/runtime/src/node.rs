//! A node: one typed input in, any number of typed outputs out.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::finding::Finding;
use crate::host::explain;
use crate::ports::{Inputs, Outputs};

/// A state machine with typed ports.
///
/// It owns no clock, socket, file or random source; all it knows arrives through `handle`. So live,
/// replayed and simulated runs execute the same code, and the same inputs in the same order give the
/// same outputs. Its tests build it, call `handle` and compare what was published.
pub trait Node: Sized {
    /// The `[nodes.NAME.parameters]` table of the graph file.
    type Parameters: DeserializeOwned + JsonSchema;
    /// One variant for each input port.
    type Input: Inputs;
    /// One variant for each output port.
    type Output: Outputs;
    /// Why an input gave no result.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Builds the node.
    ///
    /// # Errors
    /// If a parameter cannot be used; says which, and what would do.
    fn new(parameters: Self::Parameters) -> Result<Self, Self::Error>;

    /// Handles one input; called for one input at a time, in the order of the journal.
    ///
    /// # Errors
    /// Says why this input gave no result; the runtime then reports the node degraded and goes on.
    fn handle(
        &mut self,
        input: Self::Input,
        context: &mut Context<Self::Output>,
    ) -> Result<(), Self::Error>;

    /// Called once, after the last input: whatever still waits for something that will not come now is
    /// to be published, or said to be missing.
    ///
    /// # Errors
    /// As for [`handle`](Self::handle).
    fn finish(&mut self, context: &mut Context<Self::Output>) -> Result<(), Self::Error> {
        let _ = context;
        Ok(())
    }

    /// Takes new parameters while running; by default the node is built anew.
    ///
    /// # Errors
    /// If a parameter cannot be used; the node goes on with the old ones.
    fn configure(&mut self, parameters: Self::Parameters) -> Result<(), Self::Error> {
        *self = Self::new(parameters)?;
        Ok(())
    }

    /// Whether it could run here, for `vesalius doctor`: what its surroundings offer, and what is missing. By default
    /// it is built and dropped again; one that can be built then has nothing to tell.
    fn examine(parameters: Self::Parameters) -> Vec<Finding> {
        match Self::new(parameters) {
            Ok(_) => Vec::new(),
            Err(error) => vec![Finding::wrong(
                explain(&error),
                "put right what the sentence names, then ask again",
            )],
        }
    }
}
