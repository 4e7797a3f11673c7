//! Whether a node's parameters are what its schema allows.

use std::fmt::Write as _;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::paths::{Location, LocationSegment};
use serde_json::Value;

use super::roles::Role;
use crate::graph_file::NodeEntry;
use crate::graph_file::tree::{Step, Table, Tree};
use crate::problem::{Place, Problem, Spanned};
use crate::{schema, suggest};

/// A node whose role is known.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    /// What the graph file says.
    pub entry: &'a NodeEntry,
    /// What it runs.
    pub role: &'a Role,
}

impl Node<'_> {
    /// `node.parameter` or `common.parameter`, as `--set` takes it.
    pub fn name(&self, at: &[Step]) -> String {
        let node = match at.first() {
            Some(Step::Key(key)) if self.entry.from_common.contains(key) => "common",
            _ => self.entry.name.value.as_str(),
        };
        match key_name(at) {
            key if key.is_empty() => node.to_owned(),
            key => format!("{node}.{key}"),
        }
    }

    /// The text of a parameter and where it stands.
    pub fn text_at(&self, steps: &[Step]) -> Option<(Place, String)> {
        match self.entry.parameters.value.find(steps)?.1 {
            Some(Spanned { value: Tree::Text(text), place }) => Some((place.clone(), text.clone())),
            _ => None,
        }
    }
}

/// A parameter's name with dots, as in a graph file.
fn key_name(steps: &[Step]) -> String {
    let mut name = String::new();
    for step in steps {
        match step {
            Step::Key(key) if name.is_empty() => name.push_str(key),
            Step::Key(key) => {
                name.push('.');
                name.push_str(key);
            }
            Step::Index(index) => {
                let _ = write!(name, "[{index}]");
            }
        }
    }
    name
}

/// Adds everything in the parameters `values` of `node` that its schema does not allow; what is
/// missing is told only of a file that is not `damaged`.
pub fn check(node: &Node<'_>, values: &Value, damaged: bool, problems: &mut Vec<Problem>) {
    let written = &node.entry.parameters.value;
    let mut refused = Vec::new();
    unspeakable(written, &mut Vec::new(), &mut refused, node, problems);
    let schema = schema::strict(&node.role.participant.parameters);
    let validator = match jsonschema::validator_for(&schema) {
        Ok(validator) => validator,
        Err(error) => {
            let message = format!("`{}` describes its parameters wrongly: {error}", node.role.runs);
            problems.push(
                Problem::error("bad-schema", message)
                    .at(&node.entry.name.place, "its parameters cannot be checked"),
            );
            return;
        }
    };
    let mut telling = Telling { node, schema: &schema, damaged, problems };
    for error in validator.iter_errors(values) {
        if !refused.contains(&steps(error.instance_path())) {
            telling.tell(&error);
        }
    }
}

/// Numbers that JSON cannot say.
fn unspeakable(
    table: &Table,
    above: &mut Vec<Step>,
    refused: &mut Vec<Vec<Step>>,
    node: &Node<'_>,
    problems: &mut Vec<Problem>,
) {
    for (key, value) in &table.entries {
        above.push(Step::Key(key.value.clone()));
        unspeakable_value(value, above, refused, node, problems);
        above.pop();
    }
}

fn unspeakable_value(
    value: &Spanned<Tree>,
    at: &mut Vec<Step>,
    refused: &mut Vec<Vec<Step>>,
    node: &Node<'_>,
    problems: &mut Vec<Problem>,
) {
    match &value.value {
        Tree::Table(table) => unspeakable(table, at, refused, node, problems),
        Tree::List(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push(Step::Index(index));
                unspeakable_value(item, at, refused, node, problems);
                at.pop();
            }
        }
        number if number.to_json().is_null() => {
            let message = format!("`{}` is no number that can be used", node.name(at));
            problems.push(
                Problem::error("not-finite", message)
                    .at(&value.place, "infinite, undefined or too large"),
            );
            refused.push(at.clone());
        }
        _ => {}
    }
}

fn steps(path: &Location) -> Vec<Step> {
    path.segments()
        .map(|segment| match segment {
            LocationSegment::Property(key) => Step::Key(key.into_owned()),
            LocationSegment::Index(index) => Step::Index(index),
        })
        .collect()
}

struct Telling<'a> {
    node: &'a Node<'a>,
    schema: &'a Value,
    damaged: bool,
    problems: &'a mut Vec<Problem>,
}

impl Telling<'_> {
    fn tell(&mut self, error: &ValidationError<'_>) {
        let at = steps(error.instance_path());
        match error.kind() {
            Kind::AdditionalProperties { unexpected }
            | Kind::UnevaluatedProperties { unexpected } => {
                for key in unexpected {
                    self.unknown(&at, key);
                }
            }
            Kind::Required { property } => {
                if !self.damaged {
                    self.missing(&at, property.as_str().unwrap_or_default());
                }
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                match best_form(&at, context) {
                    Some(errors) => errors.iter().for_each(|error| self.tell(error)),
                    None => self.wrong(&at, error),
                }
            }
            _ => self.wrong(&at, error),
        }
    }

    fn unknown(&mut self, at: &[Step], key: &str) {
        let mut steps = at.to_vec();
        steps.push(Step::Key(key.to_owned()));
        let place = self.place(&steps).0;
        let known: Vec<&str> = schema::inside(self.schema, at)
            .map(|schema| schema::forms(self.schema, schema))
            .into_iter()
            .flatten()
            .filter_map(|form| form.get("properties")?.as_object())
            .flat_map(|known| known.keys().map(String::as_str))
            .collect();
        let (message, are) = if at.is_empty() {
            let message = format!("`{}` has no parameter `{key}`", self.node.role.runs);
            (message, "its parameters are")
        } else {
            let message = format!("`{}` has no key `{key}`", self.node.name(at));
            (message, "its keys are")
        };
        let help = if known.is_empty() {
            "it takes no parameters".to_owned()
        } else {
            suggest::did_you_mean(key, known, are)
        };
        self.problems.push(
            Problem::error("unknown-parameter", message).at(&place, "no such parameter").help(help),
        );
    }

    fn missing(&mut self, at: &[Step], key: &str) {
        let mut steps = at.to_vec();
        steps.push(Step::Key(key.to_owned()));
        let message = format!("the parameter `{}` is missing", self.node.name(&steps));
        let place = self.place(at).0;
        let schema = schema::inside(self.schema, &steps);
        let allowed = schema.map(|schema| schema::allowed(self.schema, schema));
        let meaning = schema
            .and_then(|schema| schema.get("description")?.as_str())
            .map(|meaning| meaning.split_whitespace().collect::<Vec<_>>().join(" "));
        let help = match (allowed, meaning) {
            (Some(allowed), Some(meaning)) => format!("it should be {allowed}: {meaning}"),
            (Some(allowed), None) => format!("it should be {allowed}"),
            (None, _) => String::new(),
        };
        self.problems.push(
            Problem::error("missing-parameter", message)
                .at(&place, format!("needs `{key}`"))
                .help(help),
        );
    }

    fn wrong(&mut self, at: &[Step], error: &ValidationError<'_>) {
        let (_, value) = self.place(at);
        let allowed = schema::inside(self.schema, at).map_or_else(
            || "another value".to_owned(),
            |schema| schema::allowed(self.schema, schema),
        );
        let is = match error.instance().as_ref() {
            Value::String(text) => format!("`{text}`"),
            Value::Object(_) => "a table".to_owned(),
            Value::Array(items) if items.len() > 4 => format!("a list of {}", items.len()),
            other => other.to_string(),
        };
        let says = match error.kind() {
            Kind::Type { .. } => "of another kind",
            Kind::Minimum { .. } | Kind::ExclusiveMinimum { .. } => "too small",
            Kind::Maximum { .. } | Kind::ExclusiveMaximum { .. } => "too large",
            Kind::Enum { .. } | Kind::Constant { .. } => "not one of them",
            Kind::OneOfNotValid { .. } | Kind::AnyOf { .. } => "none of them",
            _ => "not allowed",
        };
        let message = format!("`{}` should be {allowed}, but is {is}", self.node.name(at));
        let problem = Problem::error("wrong-parameter", message).at(&value, says);
        self.problems.push(match self.help(at, error) {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    /// A word that was meant, or a condition that the words of the schema do not say.
    fn help(&self, at: &[Step], error: &ValidationError<'_>) -> Option<String> {
        let instance = error.instance();
        if let Some(text) = instance.as_str() {
            let schema = schema::inside(self.schema, at)?;
            let words: Vec<&str> = schema::forms(self.schema, schema)
                .into_iter()
                .flat_map(|form| {
                    let options = form.get("enum").and_then(Value::as_array);
                    form.get("const").into_iter().chain(options.into_iter().flatten())
                })
                .filter_map(Value::as_str)
                .collect();
            if let Some(word) = suggest::nearest(text, words) {
                return Some(format!("did you mean `{word}`?"));
            }
        }
        match error.kind() {
            Kind::Pattern { .. }
            | Kind::MultipleOf { .. }
            | Kind::UniqueItems
            | Kind::Contains
            | Kind::MinLength { .. }
            | Kind::MaxLength { .. }
            | Kind::Custom { .. } => Some(error.to_string()),
            _ => None,
        }
    }

    /// Where a parameter's key stands, and where its value does.
    fn place(&self, at: &[Step]) -> (Place, Place) {
        match self.node.entry.parameters.value.find(at) {
            Some((key, Some(value))) => (key, value.place.clone()),
            Some((key, None)) => (key.clone(), key),
            None => {
                let whole = self.node.entry.parameters.place.clone();
                (whole.clone(), whole)
            }
        }
    }
}

/// The errors of the form that was meant: the only one of the right kind, or else the only one that
/// does not miss a key by which it is told from the others.
fn best_form<'e>(
    at: &[Step],
    context: &'e [Vec<ValidationError<'static>>],
) -> Option<&'e [ValidationError<'static>]> {
    let here = |error: &ValidationError<'_>| steps(error.instance_path()).len() == at.len();
    let only = |unlike: &dyn Fn(&Kind) -> bool| {
        let fits = |errors: &&Vec<ValidationError<'static>>| {
            !errors.iter().any(|error| here(error) && unlike(error.kind()))
        };
        let mut fitting = context.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(errors), None) => Some(errors.as_slice()),
            _ => None,
        }
    };
    let kind =
        |kind: &Kind| matches!(kind, Kind::Type { .. } | Kind::Constant { .. } | Kind::Enum { .. });
    only(&kind).or_else(|| only(&|error| kind(error) || matches!(error, Kind::Required { .. })))
}
