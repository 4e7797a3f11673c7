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
    let mut walk = Walk { root, found: Vec::new() };
    for form in forms(root, root) {
        walk.keys(form, &Above::default());
    }
    walk.found
}

struct Walk<'a> {
    root: &'a Value,
    found: Vec<Field>,
}

/// The table that keys are in.
#[derive(Default)]
struct Above<'a> {
    prefix: String,
    default: Option<&'a Value>,
    /// Whether there are other tables that may stand in its place.
    others: bool,
    depth: usize,
}

impl<'a> Walk<'a> {
    fn keys(&mut self, schema: &'a Value, above: &Above<'a>) {
        let Some(known) = schema.get("properties").and_then(Value::as_object) else {
            return;
        };
        let needed = schema.get("required").and_then(Value::as_array);
        for (key, schema) in known {
            let required = needed.is_some_and(|keys| keys.iter().any(|name| name == key));
            let default = above.default.and_then(|all| all.get(key));
            let default = default.or_else(|| schema.get("default"));
            let default = default.filter(|default| !default.is_null());
            let forms = forms(self.root, schema);
            let is_table = |form: &&&Value| form.get("properties").is_some_and(Value::is_object);
            let tables: Vec<&Value> = forms.iter().filter(is_table).copied().collect();
            // A table that is always there needs no line of its own, for its keys have theirs; and
            // the word by which a table is told from others is said where they are.
            let told_apart = above.others && known.len() == 1 && required;
            let alone = tables.len() == 1 && forms.len() == 1;
            let name = format!("{}{key}", above.prefix);
            if !(alone && (default.is_some() || told_apart)) {
                self.found.push(Field {
                    allowed: allowed(self.root, schema),
                    default: default.cloned(),
                    required,
                    help: one_line(words::description(self.root, schema)),
                    choices: choices(&forms),
                    name: name.clone(),
                });
            }
            if above.depth < DEEPEST {
                let (prefix, others) = (format!("{name}."), tables.len() > 1);
                let inside = Above { prefix, default, others, depth: above.depth + 1 };
                for table in tables {
                    self.keys(table, &inside);
                }
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
