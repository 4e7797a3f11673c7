//! The lines of a NRRD header.

use std::collections::HashMap;

use crate::metaimage::excerpt;
use crate::placed_volume::Error;

/// The longest header that is read: a segmentation with some thousand segments has less.
const LONGEST: usize = 16 << 20;

/// Fields that say how to understand the voxels or what they are; NRRD knows no others.
const KNOWN: [&str; 30] = [
    "axis maxs",
    "axis mins",
    "block size",
    "byte skip",
    "centers",
    "content",
    "data file",
    "dimension",
    "encoding",
    "endian",
    "kinds",
    "labels",
    "line skip",
    "max",
    "measurement frame",
    "min",
    "number",
    "old max",
    "old min",
    "sample units",
    "sizes",
    "space",
    "space dimension",
    "space directions",
    "space origin",
    "space units",
    "spacings",
    "thicknesses",
    "type",
    "units",
];

/// The fields of a header, and the bytes after it.
pub(crate) struct Fields<'a> {
    values: HashMap<&'static str, &'a str>,
    /// Lines `key:=value`, which say nothing about how to read the voxels, and the fields that NRRD does not know.
    pub lines: Vec<Entry<'a>>,
    /// What follows after the blank line; the voxels, unless they are in a second file.
    pub rest: &'a [u8],
}

/// A line of the writer's own.
pub(crate) struct Entry<'a> {
    /// What stands before the colon.
    pub key: &'a str,
    /// What stands after it, without the blanks around it.
    pub value: &'a str,
    /// Line number, from 1.
    pub line: usize,
    /// Whether it is written `key:=value`, as NRRD wants what it does not know.
    pub is_own: bool,
}

impl<'a> Fields<'a> {
    /// The header of a volume at the start of `bytes`: it has no fields that NRRD does not know.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let fields = Self::parse_any(bytes, LONGEST)?;
        match fields.lines.iter().find(|line| !line.is_own) {
            None => Ok(fields),
            Some(&Entry { key, value, line, .. }) => {
                Err(Error::Line { line, came: excerpt(&format!("{key}: {value}")) })
            }
        }
    }

    /// The header at the start of `bytes`, of at most `longest` bytes, with fields of all names.
    pub fn parse_any(bytes: &'a [u8], longest: usize) -> Result<Self, Error> {
        let mut values = HashMap::new();
        let mut lines = Vec::new();
        let mut rest = bytes;
        for line in 1.. {
            let came = bytes.len() - rest.len();
            if came > longest {
                return Err(Error::HeaderTooLong { limit: longest });
            }
            let within = &rest[..rest.len().min(longest)];
            let end = within.iter().position(|byte| *byte == b'\n');
            let text = &within[..end.unwrap_or(within.len())];
            let after = &rest[end.map_or(within.len(), |end| end + 1)..];
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let wrong = || Error::Line { line, came: excerpt(&String::from_utf8_lossy(text)) };
            if line > 1 && text.is_empty() {
                // A detached header may end without a blank line.
                let is_whole = end.is_some() || values.contains_key("data file");
                let fields = Self { values, lines, rest: after };
                return if is_whole { Ok(fields) } else { Err(Error::HeaderCutOff { came }) };
            }
            rest = after;
            let text = str::from_utf8(text).map_err(|_| wrong())?;
            if line == 1 {
                let is_known = text.len() == 8 && matches!(text.as_bytes()[7], b'1'..=b'5');
                if !is_known || !text.starts_with("NRRD000") {
                    return Err(Error::wrong("magic", "NRRD0001 to NRRD0005", text));
                }
                continue;
            }
            if text.starts_with('#') {
                continue;
            }
            let (name, value) = text.split_once(':').ok_or_else(wrong)?;
            let own = value.strip_prefix('=');
            let value = own.or(value.strip_prefix(' ')).ok_or_else(wrong)?.trim_ascii();
            let is_own = own.is_some();
            match canonical(name).filter(|_| !is_own) {
                Some(field) if values.insert(field, value).is_some() => {
                    return Err(Error::Duplicate { field: field.to_owned(), line });
                }
                Some(_) => {}
                None => lines.push(Entry { key: name.trim_ascii(), value, line, is_own }),
            }
        }
        Err(Error::HeaderTooLong { limit: longest })
    }

    /// The value of a field.
    pub fn get(&self, field: &str) -> Option<&'a str> {
        self.values.get(field).copied()
    }

    /// The value of a field that must be there.
    pub fn need(&self, field: &'static str, hint: &'static str) -> Result<&'a str, Error> {
        self.get(field).ok_or(Error::Missing { field, hint })
    }

    /// A whole number that is not negative; 0 if the field is not there.
    pub fn count(&self, field: &str) -> Result<u64, Error> {
        let Some(value) = self.get(field) else { return Ok(0) };
        crate::metaimage::digits(value)
            .ok_or_else(|| Error::wrong(field, "a whole number that is not negative", value))
    }
}

/// The one name of a field that may be written in several ways.
fn canonical(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let name = match name.as_str() {
        "datafile" => "data file",
        "lineskip" => "line skip",
        "byteskip" => "byte skip",
        "blocksize" => "block size",
        "axismins" => "axis mins",
        "axismaxs" => "axis maxs",
        "centerings" => "centers",
        "oldmin" => "old min",
        "oldmax" => "old max",
        "sampleunits" => "sample units",
        name => name,
    };
    KNOWN.iter().copied().find(|known| *known == name)
}
