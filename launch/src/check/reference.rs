//! The patient reference: one sensor for the whole graph.

use serde_json::Value;

use super::parameters::Node;
use super::roles::Role;
use crate::graph_file::GraphFile;
use crate::graph_file::tree::{Step, Table, Tree};
use crate::problem::{Problem, Spanned};
use crate::schema;
use crate::suggest;

/// The parameter by which a node is told the reference.
const PARAMETER: &str = "reference";
/// The message of a stream of tracked tools.
const POSES: &str = "ToolPoses";
/// The parameter in which a tracker names its tools.
const TOOLS: &str = "tools";

/// Tells the graph's reference to a node that asks for one, as text or as one of some words; a node that was
/// told another, or cannot take it, is a problem.
pub fn fill(file: &GraphFile, node: &Node<'_>, values: &mut Value, problems: &mut Vec<Problem>) {
    let Some(reference) = &file.reference else {
        return;
    };
    let root = &node.role.participant.parameters;
    let Some(asked) = schema::inside(root, &[Step::Key(PARAMETER.to_owned())]) else {
        return;
    };
    let words = schema::words(root, asked);
    let takes = |name: &str| match &words {
        Some(words) => words.iter().any(|word| word == name),
        None => schema::allowed(root, asked) == "text",
    };
    let Value::Object(values) = values else { return };
    match (values.get(PARAMETER), &words) {
        (None, _) if takes(&reference.value) => {
            values.insert(PARAMETER.to_owned(), Value::String(reference.value.clone()));
        }
        (None, Some(words)) => {
            problems.push(cannot_take(node, reference, words));
            // So that it is not told as missing, too.
            values.insert(PARAMETER.to_owned(), words.first().map(String::as_str).into());
        }
        (Some(Value::String(own)), _) if *own != reference.value && takes(own) => {
            let Some((place, _)) = node.text_at(&[Step::Key(PARAMETER.to_owned())]) else {
                return;
            };
            let message = format!(
                "`{}` takes `{own}` as patient reference, but the graph takes `{}`",
                node.entry.name.value, reference.value
            );
            problems.push(
                Problem::error("reference", message)
                    .at(&place, "another sensor")
                    .at(&reference.place, "the graph's reference")
                    .help("remove it here: a node is told the graph's reference"),
            );
        }
        _ => {}
    }
}

fn cannot_take(node: &Node<'_>, reference: &Spanned<String>, words: &[String]) -> Problem {
    let words = || words.iter().map(String::as_str);
    let name = &node.entry.name.value;
    let message = format!(
        "`{name}` takes {} as patient reference, but the graph takes `{}`",
        suggest::choice(words()),
        reference.value
    );
    let help = suggest::nearest(&reference.value, words()).map_or_else(
        || format!("choose one of them as the graph's reference, or remove `{name}`"),
        |meant| format!("did you mean `{meant}`?"),
    );
    Problem::error("reference", message)
        .at(&reference.place, "the graph's reference")
        .at(&node.entry.name.place, "cannot take it")
        .help(help)
}

/// Whether a tracker of the graph knows the reference, as far as trackers list their tools.
pub fn check(file: &GraphFile, roles: &[Option<Role>], problems: &mut Vec<Problem>) {
    let Some(reference) = &file.reference else {
        return;
    };
    if roles.iter().any(Option::is_none) {
        return;
    }
    let mut listed: Vec<&str> = Vec::new();
    let mut trackers = 0;
    let mut silent = false;
    for (node, role) in file.nodes.iter().zip(roles) {
        let outputs = role.iter().flat_map(|role| &role.participant.outputs.0);
        if !outputs.into_iter().any(|port| port.carries.message == POSES) {
            continue;
        }
        trackers += 1;
        match tools(&node.parameters.value).map(names) {
            Some(names) if !names.is_empty() => listed.extend(names),
            _ => silent = true,
        }
    }
    let place = &reference.place;
    if trackers == 0 {
        problems.push(
            Problem::warning(
                "reference",
                "nothing in this graph tracks tools, so that there is no reference",
            )
            .at(place, "tracked by nobody")
            .help("remove it, or add a tracker"),
        );
    } else if !silent && !listed.contains(&reference.value.as_str()) {
        let message =
            format!("no tracker of this graph tracks the reference `{}`", reference.value);
        problems.push(
            Problem::error("reference", message)
                .at(place, "no such tool")
                .help(suggest::did_you_mean(&reference.value, listed, "tracked are")),
        );
    }
}

/// Where a tracker names its tools: among its parameters, or in a table of them.
fn tools(parameters: &Table) -> Option<&Spanned<Tree>> {
    parameters.get(TOOLS).or_else(|| {
        parameters.entries.iter().find_map(|(_, value)| match &value.value {
            Tree::Table(table) => table.get(TOOLS),
            _ => None,
        })
    })
}

/// The names in a list of tools: texts, tables with a `name`, or the keys of a table.
fn names(tools: &Spanned<Tree>) -> Vec<&str> {
    fn text(tree: &Tree) -> Option<&str> {
        match tree {
            Tree::Text(name) => Some(name),
            Tree::Table(tool) => text(&tool.get("name")?.value),
            _ => None,
        }
    }
    match &tools.value {
        Tree::List(items) => items.iter().filter_map(|item| text(&item.value)).collect(),
        Tree::Table(table) => table.entries.iter().map(|(name, _)| name.value.as_str()).collect(),
        _ => Vec::new(),
    }
}
