//! A schema that lets no slip through: unknown keys are refused, and numbers keep to their type's range.

use serde_json::{Value, json};

/// Keywords under which an object's keys are described somewhere else too.
const COMPOSED: &[&str] = &[
    "additionalProperties",
    "unevaluatedProperties",
    "patternProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "if",
    "$ref",
    "$dynamicRef",
];

/// The schema with unknown keys refused wherever it lists the known ones and does not say otherwise,
/// and with the range of each integer's format.
pub fn strict(schema: &Value) -> Value {
    let mut schema = schema.clone();
    tighten(&mut schema, true);
    schema
}

fn tighten(schema: &mut Value, close: bool) {
    let Value::Object(map) = schema else { return };
    let has_keys = map.get("properties").is_some_and(Value::is_object);
    if close && has_keys && !COMPOSED.iter().any(|word| map.contains_key(*word)) {
        map.insert("additionalProperties".to_owned(), json!(false));
    }
    let range = map.get("format").and_then(Value::as_str).and_then(range_of);
    if let Some((least, most)) = range {
        map.entry("minimum").or_insert(json!(least));
        map.entry("maximum").or_insert(json!(most));
    }
    // Where an object's keys are described in parts, a part alone does not know them all.
    let whole = !has_keys;
    for (word, inner) in map {
        match (word.as_str(), inner) {
            (
                "properties" | "patternProperties" | "$defs" | "definitions",
                Value::Object(schemas),
            ) => {
                for schema in schemas.values_mut() {
                    tighten(schema, true);
                }
            }
            ("anyOf" | "oneOf", Value::Array(schemas)) => {
                for schema in schemas {
                    tighten(schema, close && whole);
                }
            }
            ("allOf", Value::Array(schemas)) => {
                for schema in schemas {
                    tighten(schema, false);
                }
            }
            ("prefixItems", Value::Array(schemas)) => {
                for schema in schemas {
                    tighten(schema, true);
                }
            }
            ("items" | "additionalProperties" | "contains", schema) => tighten(schema, true),
            _ => {}
        }
    }
}

fn range_of(format: &str) -> Option<(i64, i64)> {
    Some(match format {
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        _ => return None,
    })
}
