//! Takes typed values out of a table, and names what does not fit.

use super::tree::{Table, Tree};
use crate::problem::{Place, Problem, Spanned};
use crate::suggest;

/// Takes typed values out of a table and names what does not fit.
pub struct Fields<'a> {
    pub(super) table: &'a Table,
    owner: &'static str,
    /// What was wrong so far.
    pub problems: &'a mut Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// The fields of `owner`, such as "a node".
    pub fn new(table: &'a Table, owner: &'static str, problems: &'a mut Vec<Problem>) -> Self {
        Self { table, owner, problems }
    }

    /// Names all keys that are not among `known`.
    pub fn known(&mut self, known: &[&str]) {
        for (key, _) in &self.table.entries {
            if !known.contains(&key.value.as_str()) {
                let message = format!("{} has no key `{}`", self.owner, key.value);
                let are = "the keys are";
                self.problems.push(
                    Problem::error("unknown-key", message)
                        .at(&key.place, "no such key")
                        .help(suggest::did_you_mean(&key.value, known.iter().copied(), are)),
                );
            }
        }
    }

    /// Says that a value is of the wrong kind.
    pub fn wrong(&mut self, key: &str, value: &Spanned<Tree>, should: &str) {
        let message = format!("`{key}` should be {should}, but is {}", value.value.kind());
        self.problems.push(
            Problem::error("wrong-type", message).at(&value.place, format!("should be {should}")),
        );
    }

    /// Text.
    pub fn text(&mut self, key: &str) -> Option<Spanned<String>> {
        let value = self.table.get(key)?;
        if let Tree::Text(text) = &value.value {
            return Some(Spanned::new(text.clone(), value.place.clone()));
        }
        self.wrong(key, value, "text");
        None
    }

    /// A table, and where its key stands.
    pub fn table(&mut self, key: &str) -> Option<(Place, &'a Table)> {
        let (name, value) = self.table.entry(key)?;
        if let Tree::Table(table) = &value.value {
            return Some((name.place.clone(), table));
        }
        self.wrong(key, value, "a table");
        None
    }

    /// A whole number in a range.
    pub fn number(
        &mut self,
        key: &str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<Spanned<u64>> {
        let value = self.table.get(key)?;
        self.number_in(key, value, range)
    }

    /// A whole number in a range, of a value that was found.
    pub fn number_in(
        &mut self,
        key: &str,
        value: &Spanned<Tree>,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<Spanned<u64>> {
        let should = format!("a whole number from {} to {}", range.start(), range.end());
        let Tree::Integer(number) = value.value else {
            self.wrong(key, value, &should);
            return None;
        };
        match u64::try_from(number) {
            Ok(number) if range.contains(&number) => {
                Some(Spanned::new(number, value.place.clone()))
            }
            _ => {
                let message = format!("`{key}` should be {should}, but is {number}");
                self.problems.push(
                    Problem::error("out-of-range", message)
                        .at(&value.place, format!("from {} to {}", range.start(), range.end())),
                );
                None
            }
        }
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let value = self.table.get(key)?;
        self.word_in(key, value, words)
    }

    /// One of some words, of a value that was found.
    pub fn word_in<T: Copy>(
        &mut self,
        key: &str,
        value: &Spanned<Tree>,
        words: &[(&str, T)],
    ) -> Option<T> {
        let names = words.iter().map(|(name, _)| *name);
        let should = suggest::choice(names.clone());
        let Tree::Text(text) = &value.value else {
            self.wrong(key, value, &should);
            return None;
        };
        let found = words.iter().find(|(name, _)| name == text);
        if found.is_none() {
            let message = format!("`{key}` should be {should}, but is `{text}`");
            let help = suggest::nearest(text, names)
                .map(|name| format!("did you mean `{name}`?"))
                .unwrap_or_default();
            self.problems.push(
                Problem::error("wrong-value", message).at(&value.place, "no such word").help(help),
            );
        }
        found.map(|(_, meaning)| *meaning)
    }
}
