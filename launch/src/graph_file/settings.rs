//! `--set NODE.key=value`: changes a graph file's values before they are checked.
//!
//! `NODE.key` is short for `nodes.NODE.parameters.key`; `nodes.…`, `common.key`, `calibrations.NAME`
//! and `reference` name a place in the file itself. A value is read as TOML, else taken as text.

use toml::de::DeValue;

use super::tree::{Table, Tree, endless_key, tree};
use crate::problem::{Place, Problem, Spanned};
use crate::suggest;

/// The settings as one text with a setting in each line, for places to point into.
pub fn text(settings: &[String]) -> String {
    let mut text = String::new();
    for setting in settings {
        text.push_str("--set ");
        text.push_str(&setting.replace('\n', " "));
        text.push('\n');
    }
    text
}

/// Changes `root` as the lines of `text` say; in a `damaged` file, a missing node is no mistake.
pub fn apply(root: &mut Table, text: &str, damaged: bool, problems: &mut Vec<Problem>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start + "--set ".len();
        let setting = line.trim_end_matches('\n').get("--set ".len()..).unwrap_or_default();
        if let Err(problem) = apply_one(root, setting, at)
            && !(damaged && problem.code == "unknown-node")
        {
            problems.push(problem);
        }
        start += line.len();
    }
}

fn apply_one(root: &mut Table, setting: &str, at: usize) -> Result<(), Problem> {
    let whole = Place::command_line(at..at + setting.len());
    let malformed = |says: &str| {
        Problem::error("bad-setting", format!("`{setting}` is no setting: {says}"))
            .at(&whole, "here")
            .help("write NODE.key=value, such as locate.max_pose_gap_ms=40; `vesalius describe` lists the keys")
    };
    let Some((path, value)) = setting.split_once('=') else {
        return Err(malformed("there is no `=`"));
    };
    if endless_key(setting).is_some() {
        return Err(malformed("it has more parts than any key"));
    }
    let mut keys = Vec::new();
    let mut offset = at;
    for part in path.split('.') {
        let name = part.trim();
        if name.is_empty() {
            return Err(malformed("a name before the `=` is empty"));
        }
        keys.push(Spanned::new(name.to_owned(), Place::command_line(offset..offset + part.len())));
        offset += part.len() + 1;
    }
    let value = read_value(value, at + path.len() + 1);
    match keys.first().map(|key| key.value.as_str()) {
        Some("reference") if keys.len() == 1 => insert(root, &keys, value),
        Some("calibrations") if keys.len() == 2 => calibration(root, keys, value),
        Some("calibrations") => insert(root, &keys, value),
        Some("common") if keys.len() > 1 => insert(root, &keys, value),
        Some("nodes") if keys.len() > 2 => {
            known_node(root, &keys[1])?;
            insert(root, &keys, value)
        }
        _ if keys.len() < 2 => Err(malformed("it needs a node and a key")),
        _ => {
            known_node(root, &keys[0])?;
            let place = keys[0].place.clone();
            keys.insert(0, Spanned::new("nodes".to_owned(), place.clone()));
            keys.insert(2, Spanned::new("parameters".to_owned(), place));
            insert(root, &keys, value)
        }
    }
}

/// A value as TOML reads it, else as text.
fn read_value(text: &str, at: usize) -> Spanned<Tree> {
    let lead = text.len() - text.trim_start().len();
    let place = |span: std::ops::Range<usize>| {
        Place::command_line(at + lead + span.start..at + lead + span.end)
    };
    match DeValue::parse(text.trim()) {
        Ok(parsed) => tree(parsed.get_ref(), parsed.span(), &place),
        Err(_) => {
            Spanned::new(Tree::Text(text.to_owned()), Place::command_line(at..at + text.len()))
        }
    }
}

/// Another file for a calibration; the checksum in the graph is that of the old one.
fn calibration(
    root: &mut Table,
    mut keys: Vec<Spanned<String>>,
    value: Spanned<Tree>,
) -> Result<(), Problem> {
    if let Some(entry) = root.get_mut("calibrations")
        && let Tree::Table(calibrations) = &mut entry.value
        && let Some(entry) = calibrations.get_mut(&keys[1].value)
        && let Tree::Table(calibration) = &mut entry.value
    {
        calibration.remove("sha256");
    }
    keys.push(Spanned::new("file".to_owned(), value.place.clone()));
    insert(root, &keys, value)
}

fn known_node(root: &Table, name: &Spanned<String>) -> Result<(), Problem> {
    let empty = Table::default();
    let nodes = match root.get("nodes").map(|nodes| &nodes.value) {
        Some(Tree::Table(nodes)) => nodes,
        _ => &empty,
    };
    if nodes.get(&name.value).is_some() {
        return Ok(());
    }
    let names: Vec<&str> = nodes.entries.iter().map(|(name, _)| name.value.as_str()).collect();
    Err(Problem::error("unknown-node", format!("the graph has no node `{}`", name.value))
        .at(&name.place, "no such node")
        .help(suggest::did_you_mean(&name.value, names, "its nodes are")))
}

fn insert(
    table: &mut Table,
    keys: &[Spanned<String>],
    value: Spanned<Tree>,
) -> Result<(), Problem> {
    let Some((first, rest)) = keys.split_first() else {
        return Ok(());
    };
    if rest.is_empty() {
        table.set(first.clone(), value);
        return Ok(());
    }
    if table.get(&first.value).is_none() {
        let empty = Tree::Table(Table::default());
        table.set(first.clone(), Spanned::new(empty, first.place.clone()));
    }
    match table.get_mut(&first.value).map(|entry| &mut entry.value) {
        Some(Tree::Table(inner)) => insert(inner, rest, value),
        other => {
            let kind = other.map_or("nothing", |tree| tree.kind());
            Err(Problem::error(
                "bad-setting",
                format!(
                    "`{}` is {kind} in the graph file and has nothing called `{}`",
                    first.value, rest[0].value
                ),
            )
            .at(&rest[0].place, "not there"))
        }
    }
}
