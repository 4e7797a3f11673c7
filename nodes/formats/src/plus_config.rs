//! PLUS device-set XML: the transforms of its `CoordinateDefinitions`, and its [`VolumeReconstruction`].
//!
//! `<Transform From="Image" To="Probe" Matrix="…"/>` maps image coordinates (pixels) to probe
//! coordinates (millimetres); the sixteen numbers are row-major.

mod volume_reconstruction;

use std::collections::HashMap;

use nalgebra::Matrix4;
use roxmltree::{Document, Node, ParsingOptions};

use crate::matrix_text;
use crate::metaimage::excerpt;
use crate::xml;
pub use crate::xml::Excess;
pub use volume_reconstruction::{
    CompoundingMode, FanAngleDetection, HoleFilling, Interpolation, VolumeReconstruction,
};

/// The largest file that is read: the real ones are some kilobytes.
pub const LARGEST_FILE: usize = 16 << 20;
const MOST_NODES: u32 = 1_000_000;

/// A fixed transform between two frames.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigTransform {
    /// The frame of the coordinates that go in.
    pub from: String,
    /// The frame of the coordinates that come out.
    pub to: String,
    /// Finite, invertible, last row `0 0 0 1`.
    pub matrix: Matrix4<f64>,
    /// Calibration error as PLUS wrote it, in its own measure.
    pub error: Option<String>,
    /// Date of the calibration as PLUS wrote it.
    pub date: Option<String>,
}

/// The part of a device set that is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlusConfig {
    /// In the order of the file.
    pub transforms: Vec<ConfigTransform>,
}

/// Why a device set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Larger than any device set.
    #[error(
        "the file has {bytes} bytes, more than the {LARGEST_FILE} of any device set; is it the right file?"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// No UTF-8 text.
    #[error("byte {at} is no UTF-8 text; save the file as UTF-8")]
    NotText {
        /// Position from the start.
        at: usize,
    },
    /// More of something than any device set has.
    #[error("the file has {} {}, more than the {} of any device set; is it the right file?", .0.came, .0.what, .0.most)]
    TooMany(Excess),
    /// No well-formed XML.
    #[error("the file is no well-formed XML")]
    Xml(#[from] roxmltree::Error),
    /// Another kind of XML.
    #[error(
        "the root element should be `PlusConfiguration`, but is `{came}`; is it a PLUS device set?"
    )]
    NotPlus {
        /// Name of the root element.
        came: String,
    },
    /// A transform without a name.
    #[error("line {line}: a Transform needs the attribute `{attribute}`")]
    MissingAttribute {
        /// Line of the element.
        line: u32,
        /// The attribute.
        attribute: &'static str,
    },
    /// An element without something that it needs.
    #[error("line {line}: {element} needs `{attribute}`")]
    Lacks {
        /// Line of the element.
        line: u32,
        /// The element.
        element: String,
        /// What it lacks.
        attribute: &'static str,
    },
    /// An attribute that makes no sense.
    #[error("line {line}: `{attribute}` should be {expected}, but is `{came}`")]
    Attribute {
        /// Line of the element.
        line: u32,
        /// The attribute.
        attribute: &'static str,
        /// What was expected.
        expected: &'static str,
        /// The beginning of what came.
        came: String,
    },
    /// Not sixteen numbers.
    #[error(
        "line {line}: Matrix of {}To{} should be 16 numbers, one row after the other, but is `{came}`",
        excerpt(from),
        excerpt(to)
    )]
    NotAMatrix {
        /// Line of the element.
        line: u32,
        /// Frame it maps from.
        from: String,
        /// Frame it maps to.
        to: String,
        /// The beginning of what came.
        came: String,
    },
    /// A matrix that maps nothing.
    #[error("line {line}: Matrix of {}To{} cannot be used: {flaw}", excerpt(from), excerpt(to))]
    Unusable {
        /// Line of the element.
        line: u32,
        /// Frame it maps from.
        from: String,
        /// Frame it maps to.
        to: String,
        /// What is wrong.
        flaw: &'static str,
    },
    /// The same transform, or its inverse, twice.
    #[error(
        "line {line}: {}To{} is already given in line {first_line}; remove the wrong one of the two",
        excerpt(from),
        excerpt(to)
    )]
    Duplicate {
        /// Line of the second.
        line: u32,
        /// Line of the first.
        first_line: u32,
        /// Frame it maps from.
        from: String,
        /// Frame it maps to.
        to: String,
    },
}

impl PlusConfig {
    /// Reads the transforms of a device set; a device set without any has none.
    ///
    /// # Errors
    /// If the file is too large, no well-formed XML without a DTD, no device set, or a transform is
    /// incomplete, unusable or given twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        with_root(bytes, Self::of)
    }

    // Lines are counted from the start of the file, so they are asked for only in an error.
    fn of(root: Node, line_at: &dyn Fn(usize) -> u32) -> Result<Self, Error> {
        let mut transforms: Vec<ConfigTransform> = Vec::new();
        let mut starts: HashMap<[String; 2], usize> = HashMap::new();
        let elements = root
            .children()
            .filter(|node| node.has_tag_name("CoordinateDefinitions"))
            .flat_map(|node| node.children())
            .filter(|node| node.has_tag_name("Transform"));
        for node in elements {
            let start = node.range().start;
            let transform = transform(node, &|| line_at(start))?;
            let mut pair = [transform.from.clone(), transform.to.clone()];
            pair.sort_unstable();
            if let Some(first) = starts.insert(pair, start) {
                let (line, first_line) = (line_at(start), line_at(first));
                let ConfigTransform { from, to, .. } = transform;
                return Err(Error::Duplicate { line, first_line, from, to });
            }
            transforms.push(transform);
        }
        Ok(Self { transforms })
    }

    /// The matrix that maps `from` to `to`, if the file has it or its inverse.
    pub fn matrix(&self, from: &str, to: &str) -> Option<Matrix4<f64>> {
        self.transforms.iter().find_map(|transform| {
            if transform.from == from && transform.to == to {
                Some(transform.matrix)
            } else if transform.from == to && transform.to == from {
                transform.matrix.try_inverse()
            } else {
                None
            }
        })
    }
}

/// Runs `read` on the root element of a device set, with a function from places in the file to lines.
fn with_root<T>(
    bytes: &[u8],
    read: impl for<'a> FnOnce(Node<'a, 'a>, &'a dyn Fn(usize) -> u32) -> Result<T, Error>,
) -> Result<T, Error> {
    if bytes.len() > LARGEST_FILE {
        return Err(Error::TooLarge { bytes: bytes.len() });
    }
    let text = str::from_utf8(bytes).map_err(|error| Error::NotText { at: error.valid_up_to() })?;
    if let Some(excess) = xml::excess(text, MOST_NODES) {
        return Err(Error::TooMany(excess));
    }
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..Default::default() };
    let document = Document::parse_with_options(text, options)?;
    let root = document.root_element();
    if root.tag_name().name() != "PlusConfiguration" {
        return Err(Error::NotPlus { came: excerpt(root.tag_name().name()) });
    }
    let line_at = |start| document.text_pos_at(start).row;
    read(root, &line_at)
}

fn transform(node: Node, line: &dyn Fn() -> u32) -> Result<ConfigTransform, Error> {
    let need = |attribute: &'static str| {
        let value = node.attribute(attribute).filter(|value| !value.is_empty());
        value.ok_or_else(|| Error::MissingAttribute { line: line(), attribute })
    };
    let (from, to, text) = (need("From")?.to_owned(), need("To")?.to_owned(), need("Matrix")?);
    let Some(matrix) = matrix_text::parse(text) else {
        return Err(Error::NotAMatrix { line: line(), from, to, came: excerpt(text.trim()) });
    };
    if let Some(flaw) = matrix_text::flaw(&matrix) {
        return Err(Error::Unusable { line: line(), from, to, flaw });
    }
    let optional = |attribute| node.attribute(attribute).map(str::to_owned);
    Ok(ConfigTransform { from, to, matrix, error: optional("Error"), date: optional("Date") })
}
