//! Changes the parameters of a node, `key=value`, and checks them against its schema.

use serde_json::{Map, Value};

use crate::catalogue::{Catalogue, Runs};
use crate::plan::PlannedNode;
use crate::schema;

/// Why parameters are not changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// It is no setting.
    #[error("`{0}` is no setting: write key=value, such as max_pose_gap_ms=40")]
    NoSetting(String),
    /// The way to the key leads through something that has no keys.
    #[error("`{key}` has no keys of its own: it is {value}")]
    NoTable {
        /// The key that was taken for a table.
        key: String,
        /// What it is.
        value: String,
    },
    /// The schema does not allow it.
    #[error("{node} does not take these parameters: {}", problems.join("; "))]
    Refused {
        /// The node.
        node: String,
        /// What is wrong.
        problems: Vec<String>,
    },
}

/// Sets one parameter; a key of a table inside is written `table.key`. The value is read as TOML, else
/// taken as text.
///
/// # Errors
/// If it is no setting, or leads through something that is no table.
pub fn change(parameters: &mut Value, setting: &str) -> Result<(), ParameterError> {
    let malformed = || ParameterError::NoSetting(setting.to_owned());
    let (path, text) = setting.split_once('=').ok_or_else(malformed)?;
    let keys: Vec<&str> = path.split('.').map(str::trim).collect();
    if keys.iter().any(|key| key.is_empty()) {
        return Err(malformed());
    }
    let mut at = parameters;
    for (depth, key) in keys.iter().enumerate() {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        let kind = at.to_string();
        let Value::Object(table) = at else {
            return Err(ParameterError::NoTable { key: keys[..depth].join("."), value: kind });
        };
        at = table.entry((*key).to_owned()).or_insert(Value::Null);
    }
    *at = value(text);
    Ok(())
}

fn value(text: &str) -> Value {
    let table = toml::from_str::<toml::Table>(&format!("value = {}", text.trim()));
    let parsed = table.ok().filter(|table| table.len() == 1).and_then(|mut table| {
        // What JSON cannot say, such as infinity, is left as text for the schema to refuse.
        serde_json::to_value(table.remove("value")?).ok().filter(|value| !value.is_null())
    });
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Checks parameters against the schema of what a node runs, as far as that is known here. What was
/// there `before` is not complained of: calibrations were filled in where the schema asks for names.
///
/// # Errors
/// If the schema does not allow them.
pub fn check(
    node: &PlannedNode,
    before: &Value,
    parameters: &mut Value,
    catalogue: &Catalogue,
) -> Result<(), ParameterError> {
    let answer = match Runs::parse(&node.runs) {
        Some(Runs::Named { executable, .. }) => catalogue.ask(executable),
        Some(Runs::Foreign { .. }) => Some(Catalogue::ask_foreign(&node.executable)),
        None => None,
    };
    let participant = node.runs.rsplit(['/', ':']).next().unwrap_or_default();
    let description = answer.and_then(|answer| answer.description.ok());
    match description.as_ref().and_then(|description| description.participant(participant)) {
        Some(participant) => check_schema(&node.name, &participant.parameters, before, parameters),
        // The node itself has the last word.
        None => Ok(()),
    }
}

fn check_schema(
    node: &str,
    schema: &Value,
    before: &Value,
    parameters: &mut Value,
) -> Result<(), ParameterError> {
    schema::whole_numbers(schema, parameters);
    let Ok(validator) = jsonschema::validator_for(&schema::strict(schema)) else { return Ok(()) };
    let problems = |value: &Value| -> Vec<String> {
        let errors = validator.iter_errors(value);
        errors
            .map(|error| {
                let place = error.instance_path().to_string();
                let place = place.trim_start_matches('/').replace('/', ".");
                if place.is_empty() { error.to_string() } else { format!("{place}: {error}") }
            })
            .collect()
    };
    let old = problems(before);
    let mut new = problems(parameters);
    new.retain(|problem| !old.contains(problem));
    if new.is_empty() {
        return Ok(());
    }
    Err(ParameterError::Refused { node: node.to_owned(), problems: new })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(setting: &str) -> Result<Value, ParameterError> {
        let mut parameters = json!({"gain": 1, "volume": {"spacing_mm": 1.0}});
        change(&mut parameters, setting).map(|()| parameters)
    }

    #[test]
    fn a_value_is_what_toml_takes_it_for_else_text() {
        for (setting, value) in [
            ("gain=2", json!(2)),
            ("gain=2.5", json!(2.5)),
            ("gain = true", json!(true)),
            ("gain=\"7\"", json!("7")),
            ("gain=[1, 2]", json!([1, 2])),
            ("gain={ a = 1 }", json!({"a": 1})),
            ("gain=../probe.toml", json!("../probe.toml")),
            ("gain=", json!("")),
            ("gain=a=b", json!("a=b")),
            ("gain=inf", json!("inf")),
            ("gain=1\nother=2", json!("1\nother=2")),
        ] {
            assert_eq!(changed(setting).unwrap()["gain"], value, "{setting}");
        }
    }

    #[test]
    fn keys_of_tables_inside_are_reached_and_made() {
        assert_eq!(changed("volume.spacing_mm=2").unwrap()["volume"]["spacing_mm"], 2);
        assert_eq!(changed("new.table.key=2").unwrap()["new"]["table"]["key"], 2);
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        for setting in ["gain", "=1", "a..b=1", ".a=1"] {
            assert!(matches!(changed(setting), Err(ParameterError::NoSetting(_))), "{setting}");
        }
        let error = changed("gain.more=1").unwrap_err().to_string();
        assert_eq!(error, "`gain` has no keys of its own: it is 1");
    }

    #[test]
    fn the_schema_has_a_word() {
        let schema = json!({
            "type": "object",
            "properties": {
                "gain": {"type": "integer", "format": "uint8", "maximum": 10},
                "calibration": {"type": "string"},
            },
        });
        let before = json!({"gain": 1, "calibration": {"filled": "in"}});
        let check =
            |mut value: Value| check_schema("locate", &schema, &before, &mut value).map(|()| value);
        assert!(check(json!({"gain": 2, "calibration": {"filled": "in"}})).is_ok());
        assert!(check(json!({"gain": 2, "calibration": {"other": "in"}})).is_err());
        assert_eq!(check(json!({"gain": 3.0})).unwrap(), json!({"gain": 3}));
        for (wrong, says) in [
            (json!({"gain": 11}), "gain: 11"),
            (json!({"gian": 1}), "gian"),
            (json!({"gain": "x"}), "gain"),
        ] {
            let error = check(wrong).unwrap_err().to_string();
            assert!(error.starts_with("locate does not take") && error.contains(says), "{error}");
        }
    }
}
