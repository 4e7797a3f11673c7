//! Where a device's faults stand: in the graph file itself, or in a file of their own.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

use super::fault::Fault;
use super::script::{FaultError, FaultScript};

/// The faults of a device: a list of lines, or the path of a TOML file with them.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultSource {
    /// The lines themselves.
    Lines(Vec<Fault>),
    /// The path of a file.
    File(PathBuf),
}

impl Default for FaultSource {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

impl FaultSource {
    /// The script; `seed` is for one that has none of its own.
    ///
    /// # Errors
    /// If the file cannot be read, or a line makes no sense.
    pub fn script(&self, seed: u64) -> Result<FaultScript, FaultError> {
        match self {
            Self::Lines(lines) => FaultScript::new(seed, lines.clone()),
            Self::File(path) => read(path, seed),
        }
    }
}

/// The script of a file.
fn read(path: &Path, seed: u64) -> Result<FaultScript, FaultError> {
    let failed = |reason: String| FaultError::File { path: path.display().to_string(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    FaultScript::from_toml(&text, seed).map_err(|error| failed(error.to_string()))
}

impl<'de> Deserialize<'de> for FaultSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// By hand, so that a mistake within a line is told as such, and not as "matches no variant".
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = FaultSource;
            fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
                formatter.write_str("a list of faults, or the path of a file with them")
            }
            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<FaultSource, E> {
                Ok(FaultSource::File(path.into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<FaultSource, A::Error> {
                let mut faults = Vec::new();
                loop {
                    let line = faults.len() + 1;
                    match lines.next_element() {
                        Ok(Some(fault)) => faults.push(fault),
                        Ok(None) => return Ok(FaultSource::Lines(faults)),
                        Err(error) => {
                            return Err(A::Error::custom(format!(
                                "line {line} of the faults: {error}"
                            )));
                        }
                    }
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for FaultSource {
    fn schema_name() -> Cow<'static, str> {
        "FaultSource".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let line = generator.subschema_for::<Fault>();
        json_schema!({
            "anyOf": [
                { "type": "array", "items": line },
                { "type": "string", "format": "input-file" },
            ]
        })
    }
}
