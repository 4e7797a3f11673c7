//! TOML as a tree in which every key and every value knows where it stands.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::problem::{Place, Spanned};

/// A value of TOML.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Text.
    Text(String),
    /// A whole number; TOML's range is that of `i64`, more is kept to be refused by name.
    Integer(i128),
    /// A number, perhaps infinite or none.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A date or time.
    Date(String),
    /// A list.
    List(Vec<Spanned<Tree>>),
    /// A table.
    Table(Table),
}

/// A table of TOML, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Keys and values.
    pub entries: Vec<(Spanned<String>, Spanned<Tree>)>,
}

/// One step into a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a table.
    Key(String),
    /// Into a list.
    Index(usize),
}

impl Tree {
    /// What it is, as a person calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// As JSON; what JSON cannot say (infinity, no number) is `null`.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) | Self::Date(text) => Value::String(text.clone()),
            Self::Integer(number) => i64::try_from(*number)
                .map(Value::from)
                .or_else(|_| u64::try_from(*number).map(Value::from))
                .unwrap_or(Value::Null),
            Self::Float(number) => Value::from(*number),
            Self::Boolean(truth) => Value::from(*truth),
            Self::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Table(table) => table.to_json(),
        }
    }
}

impl Table {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Spanned<Tree>> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key as it stands, and its value.
    pub fn entry(&self, key: &str) -> Option<&(Spanned<String>, Spanned<Tree>)> {
        self.entries.iter().find(|(name, _)| name.value == key)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Spanned<Tree>> {
        self.entries.iter_mut().find(|(name, _)| name.value == key).map(|(_, value)| value)
    }

    /// Sets a key, in the place of the one that was there.
    pub fn set(&mut self, key: Spanned<String>, value: Spanned<Tree>) {
        match self.entries.iter_mut().find(|(name, _)| name.value == key.value) {
            Some(entry) => *entry = (key, value),
            None => self.entries.push((key, value)),
        }
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: &str) {
        self.entries.retain(|(name, _)| name.value != key);
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        self.entries
            .iter()
            .map(|(key, value)| (key.value.clone(), value.value.to_json()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// Where a value stands, and the key it has; for a value that is not there, the deepest one above it.
    pub fn find(&self, steps: &[Step]) -> Option<(Place, Option<&Spanned<Tree>>)> {
        let (first, rest) = steps.split_first()?;
        let Step::Key(key) = first else { return None };
        let (name, value) = self.entry(key)?;
        Some(descend(name.place.clone(), value, rest))
    }
}

fn descend<'a>(
    named: Place,
    value: &'a Spanned<Tree>,
    steps: &[Step],
) -> (Place, Option<&'a Spanned<Tree>>) {
    let Some((first, rest)) = steps.split_first() else {
        return (named, Some(value));
    };
    match (first, &value.value) {
        (Step::Key(key), Tree::Table(table)) => match table.entry(key) {
            Some((name, inner)) => descend(name.place.clone(), inner, rest),
            None => (named, None),
        },
        (Step::Index(index), Tree::List(items)) => match items.get(*index) {
            Some(item) => descend(item.place.clone(), item, rest),
            None => (named, None),
        },
        _ => (named, None),
    }
}

/// More parts than any key has; tables in tables without end would exhaust the stack.
const MOST_PARTS: usize = 100;

/// The place of a key `a.b.c…` with more parts than any that a person writes.
///
/// The parser limits how deep lists and tables in braces go, but not this.
pub fn endless_key(text: &str) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mut dots = 0;
        let mut key = start;
        if !line.trim_start().starts_with('#') {
            for (at, byte) in line.bytes().enumerate() {
                match byte {
                    b'.' => dots += 1,
                    b',' | b'=' | b'[' | b']' | b'{' | b'}' => {
                        dots = 0;
                        key = start + at + 1;
                    }
                    _ => {}
                }
                if dots > MOST_PARTS {
                    return Some(key..start + at);
                }
            }
        }
        start += line.len();
    }
    None
}

/// A parsed table; `place` makes places of spans.
pub fn table(parsed: &DeTable<'_>, place: &dyn Fn(std::ops::Range<usize>) -> Place) -> Table {
    let mut entries: Vec<_> = parsed
        .iter()
        .map(|(key, value)| {
            (
                Spanned::new(key.get_ref().to_string(), place(key.span())),
                tree(value.get_ref(), value.span(), place),
            )
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.place.span.start);
    Table { entries }
}

/// A parsed value.
pub fn tree(
    parsed: &DeValue<'_>,
    span: std::ops::Range<usize>,
    place: &dyn Fn(std::ops::Range<usize>) -> Place,
) -> Spanned<Tree> {
    let value = match parsed {
        DeValue::String(text) => Tree::Text(text.to_string()),
        DeValue::Integer(number) => {
            // The parser lets digits through that no number of this size has.
            i128::from_str_radix(number.as_str(), number.radix())
                .map_or(Tree::Integer(i128::MAX), Tree::Integer)
        }
        DeValue::Float(number) => {
            let text = number.as_str();
            let spelled = text.trim_start_matches(['+', '-']);
            let magnitude = match spelled {
                "inf" => f64::INFINITY,
                "nan" => f64::NAN,
                digits => digits.parse().unwrap_or(f64::NAN),
            };
            Tree::Float(if text.starts_with('-') { -magnitude } else { magnitude })
        }
        DeValue::Boolean(truth) => Tree::Boolean(*truth),
        DeValue::Datetime(date) => Tree::Date(date.to_string()),
        DeValue::Array(items) => {
            Tree::List(items.iter().map(|item| tree(item.get_ref(), item.span(), place)).collect())
        }
        DeValue::Table(inner) => Tree::Table(table(inner, place)),
    };
    Spanned::new(value, place(span))
}
