//! Why a recording cannot be replayed.

use crate::parameters::ParameterError;
use crate::session::SessionError;

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It says too little about itself.
    #[error(
        "the recording does not say what ran: its manifest is missing or damaged; `vesalius verify` says more"
    )]
    NoManifest,
    /// It has no node that could run again.
    #[error("the recording has no journal of any node, so that nothing can run again")]
    NothingToReplay,
    /// No such node.
    #[error("the recording has no journal of a node `{node}`; {help}")]
    UnknownNode {
        /// What was asked for.
        node: String,
        /// What there is.
        help: String,
    },
    /// What ran then is not here.
    #[error(
        "{node} runs `{runs}`, which is not on this machine: build it, or put its folder into VESALIUS_PATH"
    )]
    NotHere {
        /// The node.
        node: String,
        /// What it runs.
        runs: String,
    },
    /// A setting for no node that is replayed.
    #[error(
        "`{setting}` sets nothing: write NODE.key=value with one of the replayed nodes {nodes}"
    )]
    Setting {
        /// The setting.
        setting: String,
        /// Those nodes.
        nodes: String,
    },
    /// A parameter.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The name of a node.
    #[error("the recording cannot be trusted: {0}")]
    Name(#[from] SessionError),
}
