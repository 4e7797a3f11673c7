//! What came of checking a graph file: its problems, and the plan of one that has no errors.

use crate::graph_file::GraphFile;
use crate::plan::{Plan, PlannedFile, PlannedNode};
use crate::problem::{Problem, Severity};

/// What came of checking a graph file.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The file, if it could be read.
    pub file: Option<GraphFile>,
    /// Everything that is wrong, in the order of the file.
    pub problems: Vec<Problem>,
    /// The nodes as far as they are understood, for drawing; what runs is the [`plan`](Self::plan).
    pub nodes: Vec<PlannedNode>,
    /// The nodes whose parameters have errors, as far as they are their own.
    pub refused: Vec<String>,
    /// Calibrations and models in use, with their SHA-256, as far as they are there and usable.
    pub files: Vec<PlannedFile>,
}

impl Checked {
    /// Of a file that could not be read.
    pub(super) fn unreadable(problems: Vec<Problem>) -> Self {
        Self { file: None, problems, nodes: Vec::new(), refused: Vec::new(), files: Vec::new() }
    }

    /// How many problems are errors.
    pub fn errors(&self) -> usize {
        let error = |problem: &&Problem| problem.severity == Severity::Error;
        self.problems.iter().filter(error).count()
    }

    /// How many problems are warnings.
    pub fn warnings(&self) -> usize {
        self.problems.len() - self.errors()
    }

    /// The plan of a graph without errors.
    pub fn plan(&self) -> Option<Plan> {
        let file = self.file.as_ref().filter(|_| self.errors() == 0)?;
        Some(Plan {
            file: file.path.clone(),
            text: file.text.clone(),
            reference: file.reference.as_ref().map(|name| name.value.clone()),
            nodes: self.nodes.clone(),
            files: self.files.clone(),
        })
    }
}
