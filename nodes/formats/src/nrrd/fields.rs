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
pub struct Fields<'a> {
    values: HashMap<&'static str, &'a str>,
    /// What follows after the blank line; the voxels, unless they are in a second file.
    pub rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The header at the start of `bytes`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut values = HashMap::new();
        let mut rest = bytes;
        for line in 1.. {
            let came = bytes.len() - rest.len();
            if came > LONGEST {
                return Err(Error::HeaderTooLong { limit: LONGEST });
            }
            let within = &rest[..rest.len().min(LONGEST)];
            let end = within.iter().position(|byte| *byte == b'\n');
            let text = &within[..end.unwrap_or(within.len())];
            let after = &rest[end.map_or(within.len(), |end| end + 1)..];
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let wrong = || Error::Line { line, came: excerpt(&String::from_utf8_lossy(text)) };
            if line > 1 && text.is_empty() {
                // A detached header may end without a blank line.
                let is_whole = end.is_some() || values.contains_key("data file");
                let fields = Self { values, rest: after };
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
            if value.starts_with('=') {
                // A key of the writer's own says nothing about how to read the voxels.
                continue;
            }
            let value = value.strip_prefix(' ').ok_or_else(wrong)?.trim_ascii();
            let field = canonical(name).ok_or_else(wrong)?;
            if values.insert(field, value).is_some() {
                return Err(Error::Duplicate { field: field.to_owned(), line });
            }
            if end.is_none() && rest.is_empty() && !values.contains_key("data file") {
                return Err(Error::HeaderCutOff { came: bytes.len() });
            }
        }
        Err(Error::HeaderTooLong { limit: LONGEST })
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
