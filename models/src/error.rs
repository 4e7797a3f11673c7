//! Everything that can go wrong between a card's path and a network's output.

use std::path::PathBuf;

use thiserror::Error;

/// Why a model could not be read, loaded or run.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The card's file cannot be read or written.
    #[error(
        "the model card {path} cannot be accessed: {source}; give the path of the card's .toml file"
    )]
    CardFile {
        /// Where the card was looked for.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The card is not the TOML that a card is.
    #[error("the model card {path} is not a valid card: {reason}")]
    CardSyntax {
        /// The card's file.
        path: PathBuf,
        /// Line, column and what was expected.
        reason: String,
    },
    /// The card is well formed, but contradicts itself.
    #[error("the model card {path} is not usable: {reason}")]
    CardContent {
        /// The card's file.
        path: PathBuf,
        /// What was expected, what came, what to try.
        reason: String,
    },
    /// The file of weights is not there.
    #[error(
        "the weights of model {model} cannot be read from {path}: {source}; \
         put the file there, or give the path of the weights beside that of the card"
    )]
    Weights {
        /// The model's name on its card.
        model: String,
        /// Where the weights were looked for.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file of weights is not the one that the card describes.
    #[error(
        "the weights {path} are not those of model {model}: expected SHA-256 {expected}, came {came}; \
         the file is damaged or of another version, so fetch it again or use its own card"
    )]
    Checksum {
        /// The model's name on its card.
        model: String,
        /// The file of weights.
        path: PathBuf,
        /// The sum on the card, hexadecimal.
        expected: String,
        /// The file's sum, hexadecimal.
        came: String,
    },
    /// The weights do not fit the architecture on the card.
    #[error("the weights {path} do not fit the card of model {model}: {reason}")]
    Mismatch {
        /// The model's name on its card.
        model: String,
        /// The file of weights.
        path: PathBuf,
        /// Which tensor, and how it differs.
        reason: String,
    },
    /// The image does not have the shape that the network takes.
    #[error(
        "model {model} takes images of shape {expected}, but {came} came; prepare the image as its card says"
    )]
    Shape {
        /// The model's name on its card.
        model: String,
        /// In words.
        expected: String,
        /// Sizes, outermost first.
        came: String,
    },
    /// CUDA was demanded, and is not there.
    #[error(
        "CUDA was asked for, but {reason}; use device \"automatic\" or \"cpu\" on this machine"
    )]
    NoCuda {
        /// Why.
        reason: String,
    },
    /// A number of threads that cannot be.
    #[error("expected 1 to {most} threads for networks, but {came} came")]
    Threads {
        /// The most accepted.
        most: usize,
        /// What came.
        came: usize,
    },
    /// libtorch refused.
    #[error("libtorch failed while {doing}: {reason}")]
    Torch {
        /// What was under way.
        doing: String,
        /// Its own words, without the backtrace.
        reason: String,
    },
}

impl ModelError {
    /// Wraps what libtorch said while `doing` something.
    pub(crate) fn torch(doing: impl Into<String>, error: &tch::TchError) -> Self {
        Self::Torch { doing: doing.into(), reason: brief(&error.to_string()) }
    }
}

/// What libtorch has to say, without its pages of backtrace: the first line, or, where that line only
/// announces that a TorchScript operation failed, the line with the cause.
pub(crate) fn brief(message: &str) -> String {
    let message = message.trim().trim_start_matches("Internal torch error: ");
    let first = message.lines().next().unwrap_or_default().trim();
    let cause = message.lines().map(str::trim).rfind(|line| line.starts_with("RuntimeError: "));
    match cause {
        Some(cause) if first.contains("TorchScript interpreter") => {
            cause.trim_start_matches("RuntimeError: ").into()
        }
        _ => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::brief;

    #[test]
    fn keeps_the_first_line() {
        let long = "Internal torch error: expected 4 dimensions\nException raised from x.cpp:1\nframe #0: y";
        assert_eq!(brief(long), "expected 4 dimensions");
        assert_eq!(brief(""), "");
    }

    #[test]
    fn finds_the_cause_in_a_torchscript_trace() {
        let long = "Internal torch error: The following operation failed in the TorchScript interpreter.\n\
                    Traceback of TorchScript, serialized code (most recent call last):\n  File \"code/x.py\", line 3\n\
                    RuntimeError: Sizes of tensors must match\n";
        assert_eq!(brief(long), "Sizes of tensors must match");
    }
}
