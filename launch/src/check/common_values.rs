//! `[common]`: values that several nodes take under one parameter name, said once.

use serde_json::{Map, Value};

use super::parameters::Node;
use super::roles::Role;
use crate::graph_file::tree::{Step, Table, Tree};
use crate::graph_file::{GraphFile, NodeEntry};
use crate::problem::{Place, Problem, Spanned, Text};
use crate::{schema, suggest};

/// Gives each node the common values that it has parameters for. A node that has another value of its own
/// is a problem, and so is a common value that no node takes.
pub fn fill(file: &mut GraphFile, roles: &[Option<Role>], problems: &mut Vec<Problem>) {
    let GraphFile { common, nodes, damaged, .. } = file;
    // What is not known, or lies in the damage, may be what takes it.
    let all_known = !*damaged && !roles.is_empty() && roles.iter().all(Option::is_some);
    for (name, value) in &common.entries {
        let mut taken = false;
        for (node, role) in nodes.iter_mut().zip(roles) {
            let Some(schema) = role.as_ref().map(|role| &role.participant.parameters) else {
                continue;
            };
            if schema::inside(schema, &[Step::Key(name.value.clone())]).is_none() {
                continue;
            }
            taken = true;
            match node.parameters.value.entry(&name.value) {
                None => {
                    node.parameters.value.set(name.clone(), value.clone());
                    node.from_common.push(name.value.clone());
                }
                Some((_, own)) if same(&own.value.to_json(), &value.value.to_json()) => {}
                Some((own, _)) => problems.push(conflict(node, own, name)),
            }
        }
        if !taken && all_known {
            problems.push(not_taken(name, roles));
        }
    }
}

/// Whether two values are equal; `1` and `1.0` are.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() || other.is_f64() => {
            one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has = |(key, value): (&String, &Value)| {
                other.get(key).is_some_and(|other| same(value, other))
            };
            one.len() == other.len() && one.iter().all(has)
        }
        _ => one == other,
    }
}

fn conflict(node: &NodeEntry, own: &Spanned<String>, common: &Spanned<String>) -> Problem {
    let (node, name) = (&node.name.value, &own.value);
    let message =
        format!("`{node}` has its own `{name}`, which differs from the one in `[common]`");
    let help = match own.place.text {
        Text::File => format!("remove one of them: without its own, `{node}` takes the common one"),
        Text::CommandLine => {
            format!("to change it for all nodes that take it, set `common.{name}` instead")
        }
    };
    Problem::error("common", message)
        .at(&own.place, format!("only for `{node}`"))
        .at(&common.place, "for all nodes")
        .help(help)
}

fn not_taken(name: &Spanned<String>, roles: &[Option<Role>]) -> Problem {
    let schemas = roles.iter().flatten().map(|role| &role.participant.parameters);
    let known = schemas
        .flat_map(|schema| schema::forms(schema, schema))
        .filter_map(|form| form.get("properties")?.as_object())
        .flat_map(Map::keys);
    let help = match suggest::nearest(&name.value, known.map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "write the name of a parameter as `vesalius describe` lists it, or remove this"
            .to_owned(),
    };
    let message = format!("no node of this graph has a parameter `{}`", name.value);
    Problem::error("unknown-parameter", message).at(&name.place, "taken by nobody").help(help)
}

/// What is wrong with common values: said once, however many nodes find it.
#[derive(Debug, Default)]
pub struct Refusals {
    /// Where keys and values of `[common]` stand.
    places: Vec<Place>,
    /// Each problem, and the nodes that have it.
    said: Vec<(Problem, Vec<String>)>,
}

impl Refusals {
    /// None yet, for the common values of a graph.
    pub fn of(file: &GraphFile) -> Self {
        let mut places = Vec::new();
        places_in(&file.common, &mut places);
        Self { places, said: Vec::new() }
    }

    /// Keeps what a node `found` that stands in `[common]`; the rest goes to `problems` at once.
    pub fn keep(&mut self, node: &Node<'_>, found: Vec<Problem>, problems: &mut Vec<Problem>) {
        for problem in found {
            let place = problem.labels.first().map(|label| &label.place);
            if !place.is_some_and(|place| self.places.contains(place)) {
                problems.push(problem);
                continue;
            }
            let name = node.entry.name.value.clone();
            let alike = |(said, _): &&mut (Problem, Vec<String>)| {
                said.message == problem.message
                    && said.labels.first().map(|label| &label.place) == place
            };
            match self.said.iter_mut().find(alike) {
                Some((_, nodes)) if nodes.contains(&name) => {}
                Some((_, nodes)) => nodes.push(name),
                None => self.said.push((problem, vec![name])),
            }
        }
    }

    /// Adds all, with the names of the nodes that have them.
    pub fn tell(self, problems: &mut Vec<Problem>) {
        for (mut problem, nodes) in self.said {
            if let Some(label) = problem.labels.first_mut() {
                let nodes = suggest::list(nodes.iter().map(String::as_str));
                label.says = format!("{} (for {nodes})", label.says);
            }
            problems.push(problem);
        }
    }
}

fn places_in(table: &Table, places: &mut Vec<Place>) {
    for (key, value) in &table.entries {
        places.push(key.place.clone());
        places_of(value, places);
    }
}

fn places_of(value: &Spanned<Tree>, places: &mut Vec<Place>) {
    places.push(value.place.clone());
    match &value.value {
        Tree::Table(table) => places_in(table, places),
        Tree::List(items) => items.iter().for_each(|item| places_of(item, places)),
        _ => {}
    }
}
