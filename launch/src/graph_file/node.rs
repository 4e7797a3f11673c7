//! One `[nodes.NAME]` table of a graph file.

use runtime::assignment::Delivery;

use super::NodeEntry;
use super::fields::Fields;
use super::tree::{Table, Tree};
use crate::plan::OnFailure;
use crate::problem::{Problem, Spanned};

const KEYS: &[&str] = &[
    "runs",
    "inputs",
    "parameters",
    "deadline_ms",
    "delivery",
    "on_failure",
    "priority",
    "startup_ms",
    "shared_memory_mib",
];
/// Names that mean something else where nodes are named.
const RESERVED: &[&str] = &["launch", "nodes", "common", "calibrations", "reference"];
/// Sockets are files named after their node, and their paths must stay below 108 bytes.
const LONGEST_NAME: usize = 40;
const DELIVERIES: &[(&str, Delivery)] = &[("every", Delivery::Every), ("newest", Delivery::Newest)];
const FAILURES: &[(&str, OnFailure)] =
    &[("restart", OnFailure::Restart), ("stop", OnFailure::Stop), ("ignore", OnFailure::Ignore)];
const HOUR_MS: u64 = 3_600_000;
const USUAL_PRIORITY: u64 = 5;
const USUAL_STARTUP_MS: u64 = 5000;
const USUAL_SHARED_MEMORY_MIB: u64 = 64;

/// All nodes.
pub fn all(entries: &Table, problems: &mut Vec<Problem>) -> Vec<NodeEntry> {
    let mut nodes = Vec::new();
    for (name, value) in &entries.entries {
        check_name(name, problems);
        if let Tree::Table(table) = &value.value {
            nodes.push(one(name, table, problems));
        } else {
            let message = format!(
                "the node `{}` should be a table, but is {}",
                name.value,
                value.value.kind()
            );
            problems.push(
                Problem::error("wrong-type", message)
                    .at(&value.place, "should be a table")
                    .help(format!("write [nodes.{}] and its keys below", name.value)),
            );
        }
    }
    nodes
}

fn check_name(name: &Spanned<String>, problems: &mut Vec<Problem>) {
    let text = &name.value;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let says = if RESERVED.contains(&text.as_str()) {
        "is a name that Vesalius uses itself"
    } else if text.len() > LONGEST_NAME {
        "has more than 40 characters"
    } else if text.is_empty() || !text.chars().all(plain) {
        "should have letters, digits, `_` and `-` only"
    } else {
        return;
    };
    problems.push(
        Problem::error("bad-name", format!("the node name `{text}` {says}"))
            .at(&name.place, "choose another name"),
    );
}

fn one(name: &Spanned<String>, table: &Table, problems: &mut Vec<Problem>) -> NodeEntry {
    let mut fields = Fields::new(table, "a node", problems);
    fields.known(KEYS);
    let parameters = match fields.table("parameters") {
        Some((place, parameters)) => Spanned::new(parameters.clone(), place),
        None => Spanned::new(Table::default(), name.place.clone()),
    };
    let (deadline_ms, port_deadlines_ms) = deadlines(table, &mut fields);
    NodeEntry {
        name: name.clone(),
        runs: fields.text("runs"),
        inputs: inputs(&mut fields),
        parameters,
        from_common: Vec::new(),
        deadline_ms,
        port_deadlines_ms,
        delivery: delivery(&mut fields),
        on_failure: fields.word("on_failure", FAILURES).unwrap_or_default(),
        priority: number(&mut fields, "priority", 0..=10, USUAL_PRIORITY) as u8,
        startup_ms: number(&mut fields, "startup_ms", 1..=HOUR_MS, USUAL_STARTUP_MS),
        shared_memory_mib: number(
            &mut fields,
            "shared_memory_mib",
            1..=65_536,
            USUAL_SHARED_MEMORY_MIB,
        ),
    }
}

fn number(
    fields: &mut Fields<'_>,
    key: &str,
    range: std::ops::RangeInclusive<u64>,
    usual: u64,
) -> u64 {
    fields.number(key, range).map_or(usual, |number| number.value)
}

fn inputs(fields: &mut Fields<'_>) -> Vec<(Spanned<String>, Spanned<String>)> {
    let Some((_, table)) = fields.table("inputs") else {
        return Vec::new();
    };
    let mut inputs = Vec::new();
    for (port, value) in &table.entries {
        if let Tree::Text(stream) = &value.value {
            let stream = Spanned::new(stream.clone(), value.place.clone());
            inputs.push((port.clone(), stream));
        } else {
            let key = format!("inputs.{}", port.value);
            fields.wrong(&key, value, "text: \"NODE.PORT\"");
        }
    }
    inputs
}

type Deadlines = (Option<Spanned<u64>>, Vec<(Spanned<String>, u64)>);

fn deadlines(table: &Table, fields: &mut Fields<'_>) -> Deadlines {
    let range = || 1..=HOUR_MS;
    let Some(value) = table.get("deadline_ms") else {
        return (None, Vec::new());
    };
    let Tree::Table(ports) = &value.value else {
        return (fields.number_in("deadline_ms", value, range()), Vec::new());
    };
    let mut deadlines = Vec::new();
    for (port, value) in &ports.entries {
        let key = format!("deadline_ms.{}", port.value);
        if let Some(deadline) = fields.number_in(&key, value, range()) {
            deadlines.push((port.clone(), deadline.value));
        }
    }
    (None, deadlines)
}

fn delivery(fields: &mut Fields<'_>) -> Vec<(Spanned<String>, Delivery)> {
    let Some((_, table)) = fields.table("delivery") else {
        return Vec::new();
    };
    let mut delivery = Vec::new();
    for (port, value) in &table.entries {
        let key = format!("delivery.{}", port.value);
        if let Some(choice) = fields.word_in(&key, value, DELIVERIES) {
            delivery.push((port.clone(), choice));
        }
    }
    delivery
}
