//! A network's card and weights, as far as a graph depends on them: there, and the very ones.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::small_file;
use crate::checksum::{sha256, sha256_of_file};
use crate::graph_file::tree::endless_key;
use crate::plan::PlannedFile;

const LARGEST_CARD: u64 = 1 << 20;

/// The part of a card that says which weights it is for.
#[derive(Deserialize)]
struct Card {
    name: String,
    file: PathBuf,
    sha256: String,
}

/// Why a model cannot be used.
#[derive(Debug)]
pub struct Flaw {
    /// The kind of mistake.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// In a few words.
    pub says: String,
    /// What to try.
    pub help: String,
    /// Whether it is the weights and not the card.
    pub of_weights: bool,
}

impl Flaw {
    fn of_card(card: &Path, reason: &str, help: &str) -> Self {
        Self {
            code: "missing-model",
            message: format!("cannot use the model's card {}: {reason}", card.display()),
            says: "no usable card".to_owned(),
            help: help.to_owned(),
            of_weights: false,
        }
    }
}

/// Checks a card and its weights, which lie where the card says or at `weights`.
///
/// # Errors
/// If one is missing, unreadable, or the weights are not those the card was written for.
pub fn check(card: &Path, weights: Option<&Path>) -> Result<Vec<PlannedFile>, Flaw> {
    let bytes = small_file::read(card, LARGEST_CARD).map_err(|reason| {
        Flaw::of_card(card, &reason, "a model is named by the card beside its weights")
    })?;
    let text = str::from_utf8(&bytes)
        .map_err(|_| Flaw::of_card(card, "it is no text", "name the card, not the weights"))?;
    if endless_key(text).is_some() {
        return Err(Flaw::of_card(card, "a key has more than 100 parts", "is it a card?"));
    }
    let read: Card = toml::from_str(text).map_err(|error| {
        Flaw::of_card(card, error.message(), "a card has `name`, `file` and `sha256`")
    })?;
    let beside = card.parent().unwrap_or(Path::new("")).join(&read.file);
    let path = weights.unwrap_or(&beside);
    let digest = sha256_of_file(path).map_err(|reason| Flaw {
        code: "missing-model",
        message: format!(
            "cannot read the weights {} of the model `{}`: {reason}",
            path.display(),
            read.name
        ),
        says: "no weights".to_owned(),
        help: format!("the card {} names them", card.display()),
        of_weights: true,
    })?;
    if !digest.eq_ignore_ascii_case(&read.sha256) {
        return Err(Flaw {
            code: "wrong-checksum",
            message: format!(
                "the weights of the model `{}` are not those its card was written for: {} has SHA-256 {digest}",
                read.name,
                path.display()
            ),
            says: "other weights".to_owned(),
            help: format!(
                "the card says {}; fetch those weights, or the card that belongs to these",
                read.sha256
            ),
            of_weights: true,
        });
    }
    let planned = |kind: &str, path: &Path, sha256: String| PlannedFile {
        kind: kind.to_owned(),
        name: read.name.clone(),
        path: path.to_owned(),
        sha256,
    };
    Ok(vec![planned("model", path, digest), planned("card", card, sha256(&bytes))])
}
