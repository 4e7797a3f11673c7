//! A schema in words: "a whole number from 1 to 1000".

use serde_json::Value;

use super::{DEEPEST, forms, resolve};
use crate::suggest;

/// What a value may be, as a noun: "text", "a list of 3 numbers".
pub fn allowed(root: &Value, schema: &Value) -> String {
    noun(root, schema, 0)
}

fn noun(root: &Value, schema: &Value, depth: usize) -> String {
    if depth > DEEPEST {
        return "any value".to_owned();
    }
    let forms = forms(root, schema);
    if let Some(words) = constants(&forms) {
        return suggest::choice(words.iter().map(String::as_str));
    }
    let mut said: Vec<String> = Vec::new();
    for form in &forms {
        let words = one(root, form, depth);
        if !said.contains(&words) {
            said.push(words);
        }
    }
    if said.is_empty() { "nothing".to_owned() } else { said.join(" or ") }
}

/// The words of a choice among fixed values.
pub(super) fn constants(forms: &[&Value]) -> Option<Vec<String>> {
    let mut words = Vec::new();
    for form in forms {
        match (form.get("const"), form.get("enum").and_then(Value::as_array)) {
            (Some(constant), _) => words.push(value(constant)),
            (None, Some(options)) => {
                words.extend(options.iter().filter(|option| !option.is_null()).map(value));
            }
            (None, None) => return None,
        }
    }
    (!words.is_empty()).then_some(words)
}

/// The words that a value must be one of, if it must be one of some.
pub fn words(root: &Value, schema: &Value) -> Option<Vec<String>> {
    let mut words = Vec::new();
    collect_words(root, schema, 0, &mut words)?;
    (!words.is_empty()).then_some(words)
}

/// Nothing if it may be something else.
fn collect_words(
    root: &Value,
    schema: &Value,
    depth: usize,
    words: &mut Vec<String>,
) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    for form in forms(root, schema) {
        match (form.get("const"), form.get("enum").and_then(Value::as_array)) {
            (Some(word), _) => words.push(word.as_str()?.to_owned()),
            (None, Some(options)) => {
                for word in options.iter().filter(|option| !option.is_null()) {
                    words.push(word.as_str()?.to_owned());
                }
            }
            // A choice inside of a choice, as for a word that may be left out.
            (None, None) if form.get("oneOf").or(form.get("anyOf")).is_some() => {
                collect_words(root, form, depth + 1, words)?;
            }
            (None, None) => return None,
        }
    }
    Some(())
}

/// A value as it is written in a sentence.
pub fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn one(root: &Value, schema: &Value, depth: usize) -> String {
    match schema.get("format").and_then(Value::as_str) {
        Some("calibration") => return "the name of a calibration".to_owned(),
        Some("model") => return "the path of a model's card".to_owned(),
        Some("weights") => return "the path of a file of weights".to_owned(),
        Some("input-file") => return "the path of a file".to_owned(),
        Some("input-file-or-folder") => return "the path of a file or a folder".to_owned(),
        Some("address") => return "an address HOST:PORT".to_owned(),
        Some("tracker-address") => {
            return "an address tcp://HOST:PORT or serial://DEVICE".to_owned();
        }
        _ => {}
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            match (kinds.next(), kinds.next()) {
                (Some(kind), None) => kind,
                _ => "",
            }
        }
        _ => "",
    };
    match kind {
        "integer" => format!("a whole number{}", range(schema)),
        "number" => format!("a number{}", range(schema)),
        "string" => "text".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => list(root, schema, depth),
        "object" => object(schema),
        _ => "any value".to_owned(),
    }
}

fn range(schema: &Value) -> String {
    let bound = |word: &str| schema.get(word).filter(|bound| bound.is_number()).map(number);
    let least = bound("minimum").map(|bound| (bound, false));
    let least = least.or(bound("exclusiveMinimum").map(|bound| (bound, true)));
    let most = bound("maximum").map(|bound| (bound, false));
    let most = most.or(bound("exclusiveMaximum").map(|bound| (bound, true)));
    match (least, most) {
        (Some((least, false)), Some((most, false))) => format!(" from {least} to {most}"),
        (None, None) => String::new(),
        (least, most) => {
            let least = least.map(|(bound, open)| {
                if open { format!("more than {bound}") } else { format!("at least {bound}") }
            });
            let most = most.map(|(bound, open)| {
                if open { format!("less than {bound}") } else { format!("at most {bound}") }
            });
            let bounds: Vec<String> = least.into_iter().chain(most).collect();
            format!(", {}", bounds.join(" and "))
        }
    }
}

/// `1.0` is written `1`.
fn number(number: &Value) -> String {
    let text = number.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn list(root: &Value, schema: &Value, depth: usize) -> String {
    let items = match schema.get("items") {
        Some(items) if items.is_object() => plural(&noun(root, items, depth + 1)),
        _ => "values".to_owned(),
    };
    let bound = |word: &str| schema.get(word).and_then(Value::as_u64);
    match (bound("minItems"), bound("maxItems")) {
        (Some(least), Some(most)) if least == most => format!("a list of {least} {items}"),
        (Some(least), Some(most)) => format!("a list of {least} to {most} {items}"),
        (Some(least), None) if least > 0 => format!("a list of at least {least} {items}"),
        (None, Some(most)) => format!("a list of at most {most} {items}"),
        _ => format!("a list of {items}"),
    }
}

fn plural(words: &str) -> String {
    if let Some(rest) = words.strip_prefix("a whole number") {
        format!("whole numbers{rest}")
    } else if let Some(rest) = words.strip_prefix("a number") {
        format!("numbers{rest}")
    } else if words.starts_with("a table") {
        "tables".to_owned()
    } else if words.starts_with("a list") {
        "lists".to_owned()
    } else if words == "text" {
        "texts".to_owned()
    } else {
        words.to_owned()
    }
}

fn object(schema: &Value) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    match required.map(Vec::as_slice) {
        Some([Value::String(key)]) => format!("a table with `{key}`"),
        _ => "a table".to_owned(),
    }
}

/// The schema's own sentence, the outer one first.
pub(super) fn description<'a>(root: &'a Value, schema: &'a Value) -> &'a str {
    let own = |schema: &'a Value| schema.get("description").and_then(Value::as_str);
    own(schema).or_else(|| own(resolve(root, schema))).unwrap_or_default()
}
