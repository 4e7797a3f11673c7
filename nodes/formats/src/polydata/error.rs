//! What can be wrong with a surface or a vessel tree, in words for the person who has the file.

use crate::metaimage;

/// Why a surface or a vessel tree cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is of no kind that is known.
    #[error(
        "this is no {known} file: it begins like none of them; convert it, for example with 3D Slicer"
    )]
    UnknownKind {
        /// The kinds that would be.
        known: &'static str,
    },
    /// A file name says of no kind that can be written.
    #[error("`{came}` should end with {expected}, which says as what it is written")]
    FileName {
        /// The endings that are known.
        expected: &'static str,
        /// The name.
        came: String,
    },
    /// A line is not what it should be.
    #[error("line {line} should be {expected}, but is `{came}`")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// What was expected.
        expected: &'static str,
        /// The beginning of the line.
        came: String,
    },
    /// Something that the triangles cannot be understood without.
    #[error("the file has no {what}; {hint}")]
    Missing {
        /// What is missing.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// A value that makes no sense.
    #[error("`{field}` should be {expected}, but is `{came}`")]
    Value {
        /// Where.
        field: String,
        /// What was expected.
        expected: String,
        /// The beginning of what came.
        came: String,
    },
    /// Something that the format allows and this reader does not.
    #[error("{what} is not supported; {hint}")]
    Unsupported {
        /// What the file wants.
        what: String,
        /// What to do instead.
        hint: &'static str,
    },
    /// Fewer data than declared.
    #[error("{what} should have {declared}, but the data end early: the file was cut off")]
    EndsEarly {
        /// Which data.
        what: String,
        /// What was declared of them.
        declared: String,
    },
    /// More data than declared.
    #[error("{what} should have {declared}, but more follows: the header does not fit the data")]
    Longer {
        /// Which data.
        what: String,
        /// What was declared of them.
        declared: String,
    },
    /// More than a surface or a tree has.
    #[error("{what} should be at most {most}, but there are {came}; make the file simpler")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// The limit.
        most: usize,
        /// What came.
        came: u64,
    },
    /// Coded or compressed data are broken.
    #[error("the data of {what} are damaged ({reason}); get the file again from its source")]
    Corrupt {
        /// Which data.
        what: String,
        /// In which way.
        reason: String,
    },
    /// No well-formed XML.
    #[error("the file is no well-formed XML")]
    Xml(#[from] roxmltree::Error),
    /// A triangle or line with a corner that is not there.
    #[error(
        "a triangle or line names vertex {corner}, but the file has {vertices} (counted from 0)"
    )]
    Corner {
        /// Which.
        corner: i64,
        /// How many there are.
        vertices: usize,
    },
    /// A vertex nowhere.
    #[error(
        "vertex {vertex} (counted from 0) has a coordinate that is NaN or infinite, or beyond 3.4e38 mm; get the file again from its source"
    )]
    NotFinite {
        /// Which.
        vertex: usize,
    },
    /// Nothing to see.
    #[error("no triangle is in the file; does it hold points or lines only?")]
    Empty,
    /// Lines, where a surface was expected.
    #[error(
        "no triangle is in the file, but {lines} lines: these are centrelines; read it as a vessel tree"
    )]
    OnlyLines {
        /// How many lines.
        lines: usize,
    },
    /// No lines, where a tree was expected.
    #[error(
        "no line is in the file, but {triangles} triangles; extract the centrelines of the surface first, for example with VMTK"
    )]
    NoLines {
        /// How many triangles.
        triangles: usize,
    },
}

impl Error {
    pub(crate) fn wrong(
        field: impl Into<String>,
        expected: impl Into<String>,
        came: impl ToString,
    ) -> Self {
        Self::Value {
            // It may be the name of an array, which the file made up.
            field: metaimage::excerpt(&field.into()),
            expected: expected.into(),
            came: metaimage::excerpt(&came.to_string()),
        }
    }
}
