//! One thing that is wrong with a graph, and where it stands.

use std::ops::Range;

/// Whether a graph with this problem may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It may not.
    Error,
    /// It may, but a person should know.
    Warning,
}

/// Which text a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The graph file.
    File,
    /// What was given with `--set`, one setting in each line.
    CommandLine,
}

/// A stretch of one of the texts, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which text.
    pub text: Text,
    /// From where to where.
    pub span: Range<usize>,
}

impl Place {
    /// A stretch of the graph file.
    pub fn file(span: Range<usize>) -> Self {
        Self { text: Text::File, span }
    }

    /// A stretch of the settings.
    pub fn command_line(span: Range<usize>) -> Self {
        Self { text: Text::CommandLine, span }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

/// What is said about one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// A few words.
    pub says: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether the graph may run.
    pub severity: Severity,
    /// The kind of mistake, for programs: `unknown-port`.
    pub code: &'static str,
    /// What was expected and what came.
    pub message: String,
    /// Where; the first place is the mistake's own.
    pub labels: Vec<Label>,
    /// What to try.
    pub help: Option<String>,
}

/// Why a file cannot be used, in words and without the number of the error.
pub fn file_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission was denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

impl Problem {
    fn new(severity: Severity, code: &'static str, message: String) -> Self {
        Self { severity, code, message, labels: Vec::new(), help: None }
    }

    /// A mistake with which the graph may not run.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into())
    }

    /// Something a person should know.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into())
    }

    /// Points at a place.
    #[must_use]
    pub fn at(mut self, place: &Place, says: impl Into<String>) -> Self {
        self.labels.push(Label { place: place.clone(), says: says.into() });
        self
    }

    /// Says what to try.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        let help = help.into();
        self.help = (!help.is_empty()).then_some(help);
        self
    }
}
