//! Schemas with known fields, forms and limits.

#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

/// As `schemars` writes it: references, an optional table, a choice of words, a choice of tables.
fn example() -> Value {
    json!({
        "type": "object",
        "properties": {
            "rate_hz": {"type": "number", "minimum": 1.0, "maximum": 100.0, "default": 25.0, "description": "Images\na second."},
            "gain": {"type": "integer", "format": "uint8", "default": 3},
            "card": {"type": ["string", "null"], "format": "model"},
            "volume": {"$ref": "#/$defs/Volume", "default": {"spacing_mm": 0.5}},
            "fan": {"anyOf": [{"$ref": "#/$defs/Fan"}, {"type": "null"}], "default": null},
            "shape": {"oneOf": [
                {"type": "object", "properties": {"linear": {"type": "object", "properties": {"width_mm": {"type": "number"}}}}, "required": ["linear"]},
                {"type": "object", "properties": {"round": {"type": "object", "properties": {"radius_mm": {"type": "number"}}}}, "required": ["round"]},
            ]},
            "blend": {"oneOf": [
                {"type": "string", "const": "mean", "description": "The mean\n of all."},
                {"type": "string", "enum": ["latest", "largest"]},
            ]},
            "films": {"type": "array", "items": {"type": "string", "format": "input-file"}},
        },
        "required": ["gain"],
        "$defs": {
            "Volume": {"type": "object", "properties": {"spacing_mm": {"type": "number", "exclusiveMinimum": 0}}, "description": "The volume."},
            "Fan": {"type": "object", "properties": {"apex_px": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}}, "required": ["apex_px"]},
        },
    })
}

#[test]
fn values_inside_are_found_through_references_and_choices() {
    let root = example();
    let words = |steps: &[Step]| inside(&root, steps).map(|schema| allowed(&root, schema));
    assert_eq!(words(&[key("volume"), key("spacing_mm")]).unwrap(), "a number, more than 0");
    assert_eq!(words(&[key("fan"), key("apex_px")]).unwrap(), "a list of 2 numbers");
    assert_eq!(words(&[key("shape"), key("round"), key("radius_mm")]).unwrap(), "a number");
    assert_eq!(words(&[key("films"), Step::Index(7)]).unwrap(), "the path of a file");
    assert_eq!(words(&[key("fan"), key("nothing")]), None);
}

#[test]
fn what_is_allowed_is_said_in_words() {
    let root = json!({});
    for (schema, words) in [
        (json!({"type": "integer", "minimum": 1, "maximum": 9}), "a whole number from 1 to 9"),
        (json!({"type": "number", "minimum": 0.5}), "a number, at least 0.5"),
        (
            json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1.0}),
            "a number, more than 0 and at most 1",
        ),
        (json!({"type": ["boolean", "null"]}), "true or false"),
        (json!({"type": "array", "items": {"type": "string"}}), "a list of texts"),
        (
            json!({"type": "array", "items": {"type": "integer"}, "minItems": 1}),
            "a list of at least 1 whole numbers",
        ),
        (json!({"enum": ["a", null, "b"]}), "`a` or `b`"),
        (json!({"oneOf": [{"type": "string"}, {"type": "number"}]}), "text or a number"),
        (json!({"type": "string", "format": "address"}), "an address HOST:PORT"),
        (json!({}), "any value"),
        (json!(true), "any value"),
    ] {
        assert_eq!(allowed(&root, &schema), words, "{schema}");
    }
}

#[test]
fn parameters_are_listed_flat() {
    let root = example();
    let fields = fields(&root);
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "rate_hz",
            "gain",
            "card",
            "volume.spacing_mm",
            "fan",
            "fan.apex_px",
            "shape",
            "shape.linear.width_mm",
            "shape.round.radius_mm",
            "blend",
            "films"
        ]
    );
    let named = |name: &str| fields.iter().find(|field| field.name == name).unwrap();
    assert_eq!(named("rate_hz").help, "Images a second.");
    assert_eq!(named("rate_hz").default, Some(json!(25.0)));
    assert!(named("gain").required && named("fan.apex_px").required && !named("rate_hz").required);
    assert_eq!(
        named("volume.spacing_mm").default,
        Some(json!(0.5)),
        "the default of the table it is in"
    );
    assert_eq!(named("fan").default, None);
    assert_eq!(named("blend").allowed, "`mean`, `latest` or `largest`");
    assert_eq!(named("blend").choices, [("mean".to_owned(), "The mean of all.".to_owned())]);
}

#[test]
fn a_schema_that_refers_to_itself_has_an_end() {
    let root = json!({
        "$ref": "#/$defs/Tree",
        "$defs": {
            "Tree": {"type": "object", "properties": {
                "left": {"$ref": "#/$defs/Tree"}, "list": {"$ref": "#/$defs/List"}, "loop": {"$ref": "#/$defs/Loop"},
            }},
            "List": {"type": "array", "items": {"$ref": "#/$defs/List"}},
            "Loop": {"$ref": "#/$defs/Loop"},
        },
    });
    assert!(fields(&root).iter().any(|field| field.name == "left.left.list"));
    assert_eq!(formats(&root, &json!({"left": {"left": {}}})), []);
    assert!(inside(&root, &[key("left"), key("left"), key("loop")]).is_some());
}

#[test]
fn formats_are_found_where_values_are_text() {
    let root = example();
    let value = json!({"card": "card.toml", "films": ["a", 7, "b"], "gain": 1});
    let films = |index| (vec![key("films"), Step::Index(index)], "input-file".to_owned());
    assert_eq!(
        formats(&root, &value),
        [(vec![key("card")], "model".to_owned()), films(0), films(2)]
    );
    assert_eq!(formats(&root, &json!({"card": null})), []);
}

#[test]
fn whole_numbers_become_whole_only_where_asked() {
    let root = example();
    let mut value = json!({"gain": 3.0, "rate_hz": 20.0, "volume": {"spacing_mm": 1.0}});
    whole_numbers(&root, &mut value);
    assert_eq!(value.to_string(), r#"{"gain":3,"rate_hz":20.0,"volume":{"spacing_mm":1.0}}"#);
    let mut value = json!({"gain": 3.5});
    whole_numbers(&root, &mut value);
    assert_eq!(value, json!({"gain": 3.5}));
}

#[test]
fn a_strict_schema_refuses_what_the_loose_one_lets_through() {
    let loose = example();
    let strict = strict(&loose);
    for value in [
        json!({"gain": 1, "rate": 5}),
        json!({"gain": 256}),
        json!({"gain": -1}),
        json!({"gain": 1, "volume": {"spacing": 1}}),
        json!({"gain": 1, "fan": {"apex_px": [1, 2], "apex": 1}}),
        json!({"gain": 1, "shape": {"linear": {"width": 1}}}),
    ] {
        assert!(jsonschema::is_valid(&loose, &value), "{value}");
        assert!(!jsonschema::is_valid(&strict, &value), "{value}");
    }
    let good = json!({"gain": 255, "fan": null, "shape": {"round": {"radius_mm": 1}}, "volume": {"spacing_mm": 1}});
    assert!(jsonschema::is_valid(&strict, &good));
}

#[test]
fn a_choice_of_words_is_told_from_free_text() {
    let root = json!({"$defs": {
        "Tool": {"oneOf": [
            {"type": "string", "enum": ["probe", "stylus"]},
            {"type": "string", "const": "organ", "description": "Inside."},
        ]},
    }});
    for schema in [
        json!({"$ref": "#/$defs/Tool", "default": "probe"}),
        json!({"anyOf": [{"$ref": "#/$defs/Tool"}, {"type": "null"}]}),
        json!({"type": ["string", "null"], "enum": ["probe", "stylus", "organ", null]}),
    ] {
        let words = super::words(&root, &schema);
        assert_eq!(words, Some(["probe", "stylus", "organ"].map(str::to_owned).into()), "{schema}");
    }
    for schema in [
        json!({"type": "string"}),
        json!({"anyOf": [{"$ref": "#/$defs/Tool"}, {"type": "string"}]}),
        json!({"enum": [1, "probe"]}),
        json!({"type": "null"}),
    ] {
        assert_eq!(super::words(&root, &schema), None, "{schema}");
    }
}

#[test]
fn keys_that_are_described_in_parts_stay_known() {
    // As `#[serde(flatten)]` and internally tagged enums are described.
    let parts = json!({
        "type": "object",
        "properties": {"kind": {"type": "string"}},
        "oneOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {"type": "integer"}}, "required": ["b"]}],
        "allOf": [{"properties": {"c": {"type": "integer"}}}],
    });
    assert!(jsonschema::is_valid(&strict(&parts), &json!({"kind": "x", "a": 1, "c": 2})));
    let open = json!({"properties": {"a": {}}, "additionalProperties": true});
    assert!(jsonschema::is_valid(&strict(&open), &json!({"b": 1})));
}
