//! From a tree to the types of a graph file, with everything that does not fit named.

use std::path::Path;

use toml::de::DeTable;

use super::fields::Fields;
use super::tree::{Table, Tree, endless_key, table};
use super::{CalibrationEntry, Checksum, GraphFile, node, settings, syntax};
use crate::problem::{Place, Problem, Spanned};

/// Reads the whole file.
pub fn graph(path: &Path, text: String, set: &[String], problems: &mut Vec<Problem>) -> GraphFile {
    let endless = endless_key(&text);
    if let Some(span) = &endless {
        // Only its first line is shown: it may be megabytes long.
        let place = Place::file(span.start..span.start);
        problems.push(Problem::error("syntax", "a key has more than 100 parts").at(&place, "here"));
    }
    let readable = if endless.is_some() { "" } else { text.as_str() };
    let (parsed, errors) = DeTable::parse_recoverable(readable);
    let damaged = syntax::problems(&errors, &text, problems) || endless.is_some();
    let mut root = table(parsed.get_ref(), &Place::file);
    let settings = settings::text(set);
    settings::apply(&mut root, &settings, damaged, problems);

    let mut fields = Fields::new(&root, "a graph file", problems);
    fields.known(&["version", "reference", "common", "calibrations", "nodes"]);
    version(&mut fields, damaged);
    let reference = fields.text("reference");
    let common = fields.table("common").map(|(_, values)| values.clone()).unwrap_or_default();
    let calibrations = fields
        .table("calibrations")
        .map(|(_, entries)| calibrations(entries, fields.problems))
        .unwrap_or_default();
    let nodes = match fields.table("nodes") {
        Some((_, entries)) => node::all(entries, fields.problems),
        None => Vec::new(),
    };
    let none = match root.get("nodes").map(|nodes| &nodes.value) {
        Some(Tree::Table(entries)) => entries.entries.is_empty(),
        Some(_) => false,
        None => true,
    };
    if none && !damaged {
        problems.push(
            Problem::error("no-nodes", "the graph has no nodes")
                .help("a node is a table [nodes.NAME] with `runs = …`; `vesalius list` shows what there is to run"),
        );
    }
    let path = path.to_owned();
    GraphFile { path, text, settings, damaged, reference, common, calibrations, nodes }
}

fn version(fields: &mut Fields<'_>, damaged: bool) {
    match fields.table.get("version") {
        Some(version) if version.value == Tree::Integer(1) => {}
        Some(version) => fields.problems.push(
            Problem::error("version", "this `vesalius` reads graph files of version 1")
                .at(&version.place, "should be 1"),
        ),
        None if damaged => {}
        None => fields.problems.push(
            Problem::error("version", "the graph file does not say its version")
                .help("begin it with `version = 1`"),
        ),
    }
}

fn calibrations(entries: &Table, problems: &mut Vec<Problem>) -> Vec<CalibrationEntry> {
    let mut read = Vec::new();
    for (name, value) in &entries.entries {
        let Tree::Table(entry) = &value.value else {
            let message = format!(
                "the calibration `{}` should be a table, but is {}",
                name.value,
                value.value.kind()
            );
            problems.push(
                Problem::error("wrong-type", message)
                    .at(&value.place, "should be a table")
                    .help(format!("write {} = {{ file = \"…\", sha256 = \"…\" }}", name.value)),
            );
            continue;
        };
        let mut fields = Fields::new(entry, "a calibration", problems);
        fields.known(&["file", "sha256"]);
        let sha256 = fields.text("sha256");
        match fields.text("file") {
            Some(file) => read.push(CalibrationEntry {
                name: name.clone(),
                file,
                sha256: match sha256 {
                    Some(digest) => sha256_digits(digest, problems),
                    None if entry.get("sha256").is_some() => Checksum::Unreadable,
                    None => Checksum::Missing,
                },
            }),
            None if entry.get("file").is_some() => {}
            None => problems.push(
                Problem::error(
                    "missing",
                    format!("the calibration `{}` names no file", name.value),
                )
                .at(&name.place, "no `file`")
                .help("add file = \"…\", relative to the graph file"),
            ),
        }
    }
    read
}

fn sha256_digits(digest: Spanned<String>, problems: &mut Vec<Problem>) -> Checksum {
    let digits = digest.value.to_lowercase();
    if digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Checksum::Given(Spanned::new(digits, digest.place));
    }
    problems.push(
        Problem::error("bad-checksum", "a SHA-256 has 64 hexadecimal digits")
            .at(&digest.place, format!("has {} characters", digest.value.chars().count()))
            .help("`sha256sum FILE` prints it"),
    );
    Checksum::Unreadable
}
