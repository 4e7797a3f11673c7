//! The first lines of a legacy VTK file: version, title, how numbers are written, and of what.

use super::cursor::Cursor;
use super::{Error, Space};
use crate::metaimage::excerpt;

const MAGIC: &[u8] = b"# vtk DataFile";

/// Whether bytes begin as a legacy VTK file does.
pub fn is_legacy(bytes: &[u8]) -> bool {
    bytes.get(..MAGIC.len()).is_some_and(|start| start.eq_ignore_ascii_case(MAGIC))
}

pub struct Header {
    /// The first number of the version: cells are written in another way since 5.
    pub major: u32,
    /// What its title says of its axes.
    pub said: Option<Space>,
    /// The word after `DATASET`, in capitals.
    pub dataset: String,
}

impl Header {
    /// The header, and what follows it.
    pub fn read(bytes: &[u8]) -> Result<(Self, Cursor<'_>), Error> {
        let mut cursor = Cursor::new(bytes);
        let line = |line, expected, came: &str| Error::Line { line, expected, came: excerpt(came) };
        let first = cursor.line();
        let version = first.split_ascii_whitespace().next_back().unwrap_or_default();
        let major = version.split('.').next().and_then(|major| major.parse().ok());
        let Some(major) = major else {
            return Err(line(1, "`# vtk DataFile Version` and a number such as 4.2", &first));
        };
        if !(1..=5).contains(&major) {
            let what = format!("version {} of legacy VTK files", excerpt(version));
            return Err(Error::Unsupported { what, hint: "save it as VTP, or with version 5.1" });
        }
        let said = Space::said(&cursor.line())?;
        let coding = cursor.line();
        cursor.is_binary = match coding.trim().to_ascii_uppercase().as_str() {
            "ASCII" => false,
            "BINARY" => true,
            _ => return Err(line(3, "`ASCII` or `BINARY`", coding.trim())),
        };
        cursor.expect("DATASET")?;
        let dataset = cursor.keyword().ok_or_else(|| Error::EndsEarly {
            what: "the header".to_owned(),
            declared: "a kind after `DATASET`".to_owned(),
        })?;
        Ok((Self { major, said, dataset }, cursor))
    }
}
