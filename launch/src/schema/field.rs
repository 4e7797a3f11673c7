//! The parameters of a schema as a flat list, for people.

use serde_json::Value;

use super::{allowed, forms, words};

/// Tables inside tables: schemas that refer to themselves have no end.
const DEEPEST: usize = 5;

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name with dots: `volume.spacing_mm`.
    pub name: String,
    /// What it may be.
    pub allowed: String,
    /// What it is if it is not given.
    pub default: Option<Value>,
    /// Whether it must be given.
    pub required: bool,
    /// What it means, on one line.
    pub help: String,
    /// For a choice among words with a meaning each: words and meanings.
    pub choices: Vec<(String, String)>,
}

/// All parameters, those of tables inside after the table.
pub fn fields(root: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    for form in forms(root, root) {
        keys(root, form, "", None, 0, &mut found);
    }
    found
}

fn keys(
    root: &Value,
    schema: &Value,
    prefix: &str,
    default: Option<&Value>,
    depth: usize,
    found: &mut Vec<Field>,
) {
    let Some(known) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required = schema.get("required").and_then(Value::as_array);
    for (key, schema) in known {
        let required = required.is_some_and(|keys| keys.iter().any(|name| name == key));
        let default = default.and_then(|all| all.get(key)).or_else(|| schema.get("default"));
        let default = default.filter(|default| !default.is_null());
        let forms = forms(root, schema);
        let name = format!("{prefix}{key}");
        let tables: Vec<&Value> = forms
            .iter()
            .copied()
            .filter(|form| form.get("properties").is_some_and(Value::is_object))
            .collect();
        // A table that is always there needs no line of its own: its keys have theirs.
        let plain_table = tables.len() == 1 && forms.len() == 1 && default.is_some();
        if !plain_table {
            found.push(Field {
                allowed: allowed(root, schema),
                default: default.filter(|_| tables.is_empty()).cloned(),
                required,
                help: one_line(words::description(root, schema)),
                choices: choices(&forms),
                name: name.clone(),
            });
        }
        if depth < DEEPEST {
            for table in tables {
                keys(root, table, &format!("{name}."), default, depth + 1, found);
            }
        }
    }
}

fn choices(forms: &[&Value]) -> Vec<(String, String)> {
    if words::constants(forms).is_none() {
        return Vec::new();
    }
    forms
        .iter()
        .filter_map(|form| {
            let word = words::value(form.get("const")?);
            let meaning = form.get("description")?.as_str()?;
            Some((word, one_line(meaning)))
        })
        .collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
