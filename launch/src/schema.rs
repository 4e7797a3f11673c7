//! What a participant's parameters may be: its JSON Schema, read for people and made strict.

mod field;
mod strict;
mod words;

pub use field::{Field, fields};
pub use strict::strict;
pub use words::{allowed, value, words};

use serde_json::Value;

use crate::graph_file::tree::Step;

/// Deeper schemas refer to themselves.
const DEEPEST: usize = 32;

/// The schema that `schema` stands for, with `$ref` followed within `root`.
pub fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEEPEST {
        let Some(pointer) = schema.get("$ref").and_then(Value::as_str) else {
            return schema;
        };
        let Some(target) = pointer.strip_prefix('#').and_then(|path| root.pointer(path)) else {
            return schema;
        };
        schema = target;
    }
    schema
}

/// The forms a value may have, without `null`: one, unless the schema offers a choice.
pub fn forms<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolve(root, schema);
    let choice = ["anyOf", "oneOf"].iter().find_map(|word| schema.get(*word)?.as_array());
    match choice {
        Some(choice) => choice
            .iter()
            .map(|form| resolve(root, form))
            .filter(|form| form.get("type").and_then(Value::as_str) != Some("null"))
            .collect(),
        None => vec![schema],
    }
}

/// The schema of a value inside; of several forms, the first that has such a value.
pub fn inside<'a>(root: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    walk(root, root, steps)
}

fn walk<'a>(root: &'a Value, schema: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    let Some((first, rest)) = steps.split_first() else {
        return Some(schema);
    };
    forms(root, schema).into_iter().find_map(|form| {
        let next = match first {
            Step::Key(key) => form.get("properties").and_then(|known| known.get(key))?,
            Step::Index(index) => form
                .get("prefixItems")
                .and_then(|items| items.get(*index))
                .or_else(|| form.get("items"))?,
        };
        walk(root, next, rest)
    })
}

/// The places in `value` whose schema has a `format`, and that format.
pub fn formats(root: &Value, value: &Value) -> Vec<(Vec<Step>, String)> {
    let mut found = Vec::new();
    collect(root, root, value, &mut Vec::new(), &mut found);
    found
}

fn collect(
    root: &Value,
    schema: &Value,
    value: &Value,
    steps: &mut Vec<Step>,
    found: &mut Vec<(Vec<Step>, String)>,
) {
    // A schema that refers to itself ends where the value does.
    for form in forms(root, schema) {
        let format = form.get("format").and_then(Value::as_str);
        if let (Some(format), Value::String(_)) = (format, value)
            && !found.iter().any(|(place, _)| place == steps)
        {
            found.push((steps.clone(), format.to_owned()));
        }
        if let (Some(Value::Object(known)), Value::Object(entries)) =
            (form.get("properties"), value)
        {
            for (key, inner) in entries {
                if let Some(schema) = known.get(key) {
                    steps.push(Step::Key(key.clone()));
                    collect(root, schema, inner, steps, found);
                    steps.pop();
                }
            }
        }
        if let (Some(schema), Value::Array(items)) = (form.get("items"), value) {
            for (index, inner) in items.iter().enumerate() {
                steps.push(Step::Index(index));
                collect(root, schema, inner, steps, found);
                steps.pop();
            }
        }
    }
}

/// Whole numbers written with a point become whole numbers where the schema asks for them.
pub fn whole_numbers(root: &Value, value: &mut Value) {
    whole(root, root, value);
}

fn whole(root: &Value, schema: &Value, value: &mut Value) {
    for form in forms(root, schema) {
        match value {
            Value::Number(number) if is_integer(form) => {
                let whole = number.as_f64().filter(|number| {
                    number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0
                });
                if let (true, Some(whole)) = (number.is_f64(), whole) {
                    *value = Value::from(whole as i64);
                }
            }
            Value::Object(entries) => {
                for (key, inner) in entries {
                    if let Some(schema) = form.get("properties").and_then(|known| known.get(key)) {
                        whole(root, schema, inner);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = form.get("items") {
                    for item in items {
                        whole(root, schema, item);
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_integer(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == "integer",
        Some(Value::Array(kinds)) => {
            kinds.iter().any(|kind| kind == "integer") && !kinds.iter().any(|kind| kind == "number")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
