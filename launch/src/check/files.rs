//! The files that parameters name: they must be there, and go into the plan by their full path.

use std::fs::File;

use serde_json::Value;

use super::calibrations::Calibrations;
use super::model;
use super::parameters::Node;
use crate::graph_file::GraphFile;
use crate::graph_file::tree::Step;
use crate::plan::PlannedFile;
use crate::problem::{Place, Problem, file_reason};
use crate::schema;

/// What the parameters of one node want from files.
pub struct Wanted<'a> {
    /// The graph file.
    pub file: &'a GraphFile,
    /// Its calibrations.
    pub calibrations: &'a Calibrations,
    /// The files in use, for the plan.
    pub files: &'a mut Vec<PlannedFile>,
    /// What is wrong.
    pub problems: &'a mut Vec<Problem>,
}

impl Wanted<'_> {
    /// Replaces, in `values`, names of calibrations by their content and relative paths by full ones,
    /// and writes whole numbers as such.
    pub fn fill(&mut self, node: &Node<'_>, values: &mut Value) {
        let schema = &node.role.participant.parameters;
        schema::whole_numbers(schema, values);
        let formats = schema::formats(schema, values);
        for (steps, format) in &formats {
            let Some((place, text)) = node.text_at(steps) else {
                continue;
            };
            let replaced = match format.as_str() {
                "calibration" => {
                    self.calibrations.content(&text, &place, self.file, self.files, self.problems)
                }
                "input-file" => self.input_file(node, steps, &place, &text, false),
                "input-file-or-folder" => self.input_file(node, steps, &place, &text, true),
                "weights" => self.file.resolve(&text, &place).to_str().map(Value::from),
                "model" => self.model(&formats, steps, &place, &text, node),
                _ => None,
            };
            if let (Some(replaced), Some(value)) = (replaced, value_at(values, steps)) {
                *value = replaced;
            }
        }
    }

    fn input_file(
        &mut self,
        node: &Node<'_>,
        steps: &[Step],
        place: &Place,
        text: &str,
        may_be_folder: bool,
    ) -> Option<Value> {
        let path = self.file.resolve(text, place);
        let reason = match std::fs::metadata(&path) {
            Ok(about) if about.is_dir() && may_be_folder => {
                std::fs::read_dir(&path).err().map(|error| file_reason(&error))
            }
            Ok(about) if about.is_dir() => Some("it is a folder".to_owned()),
            Ok(_) => File::open(&path).err().map(|error| file_reason(&error)),
            Err(error) => Some(file_reason(&error)),
        };
        if let Some(reason) = reason {
            let message = format!("cannot read the file `{}`: {reason}", node.name(steps));
            self.problems.push(
                Problem::error("missing-file", message)
                    .at(place, "cannot be read")
                    .help(format!("looked for {}", path.display())),
            );
        }
        path.to_str().map(Value::from)
    }

    fn model(
        &mut self,
        formats: &[(Vec<Step>, String)],
        steps: &[Step],
        place: &Place,
        text: &str,
        node: &Node<'_>,
    ) -> Option<Value> {
        let beside = |other: &[Step]| {
            other.len() == steps.len() && other[..other.len() - 1] == steps[..steps.len() - 1]
        };
        let weights = formats
            .iter()
            .find(|(other, format)| format == "weights" && beside(other))
            .and_then(|(other, _)| node.text_at(other))
            .map(|(place, text)| (self.file.resolve(&text, &place), place));
        let card = self.file.resolve(text, place);
        match model::check(&card, weights.as_ref().map(|(path, _)| path.as_path())) {
            Ok(files) => {
                for file in files {
                    if !self.files.contains(&file) {
                        self.files.push(file);
                    }
                }
            }
            Err(flaw) => {
                let place = match &weights {
                    Some((_, weights)) if flaw.of_weights => weights,
                    _ => place,
                };
                self.problems.push(
                    Problem::error(flaw.code, flaw.message).at(place, flaw.says).help(flaw.help),
                );
            }
        }
        card.to_str().map(Value::from)
    }
}

fn value_at<'v>(values: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
    let mut value = values;
    for step in steps {
        value = match step {
            Step::Key(key) => value.get_mut(key)?,
            Step::Index(index) => value.get_mut(index)?,
        };
    }
    Some(value)
}
