//! The header of a PLY: which elements follow, and what each consists of.

use crate::metaimage::excerpt;
use crate::surface_file::{Error, Space};

/// The longest header that is read, in bytes.
const LONGEST: usize = 1 << 16;

/// How the numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Text,
    Little,
    Big,
}

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Scalar {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "char" | "int8" => Self::I8,
            "uchar" | "uint8" => Self::U8,
            "short" | "int16" => Self::I16,
            "ushort" | "uint16" => Self::U16,
            "int" | "int32" => Self::I32,
            "uint" | "uint32" => Self::U32,
            "float" | "float32" => Self::F32,
            "double" | "float64" => Self::F64,
            _ => return None,
        })
    }
}

/// One number, or a list: the type of its length, and of its numbers.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    One(Scalar),
    List(Scalar, Scalar),
}

#[derive(Clone, Debug)]
pub struct Property {
    pub name: String,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub struct Element {
    pub name: String,
    pub count: u64,
    pub properties: Vec<Property>,
}

#[derive(Clone, Debug)]
pub struct Header {
    pub encoding: Encoding,
    pub elements: Vec<Element>,
    pub said: Option<Space>,
}

impl Header {
    /// The header, and the bytes after it.
    pub fn read(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let mut rest = bytes;
        let mut encoding = None;
        let mut header = Self { encoding: Encoding::Text, elements: Vec::new(), said: None };
        for line in 1.. {
            let end = rest.iter().take(LONGEST).position(|byte| *byte == b'\n');
            let Some(end) = end.filter(|_| bytes.len() - rest.len() < LONGEST) else {
                return Err(Error::EndsEarly {
                    what: "the header".to_owned(),
                    declared: "an `end_header` in its last line".to_owned(),
                });
            };
            let text = String::from_utf8_lossy(&rest[..end]);
            rest = &rest[end + 1..];
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            let wrong = |expected| Error::Line { line, expected, came: excerpt(text.trim()) };
            match words.as_slice() {
                ["ply"] if line == 1 => {}
                ["format", name, "1.0"] => {
                    encoding = Some(match *name {
                        "ascii" => Encoding::Text,
                        "binary_little_endian" => Encoding::Little,
                        "binary_big_endian" => Encoding::Big,
                        _ => {
                            return Err(wrong(
                                "`format ascii`, `binary_little_endian` or `binary_big_endian`, and `1.0`",
                            ));
                        }
                    });
                }
                ["comment" | "obj_info", ..] => {
                    header.said = Space::agree(header.said, Space::said(&text)?)?;
                }
                ["element", name, count] => {
                    let Ok(count) = count.parse() else {
                        return Err(wrong("`element`, a name, and how many there are"));
                    };
                    let name = (*name).to_owned();
                    header.elements.push(Element { name, count, properties: Vec::new() });
                }
                ["property", kind @ .., name] => {
                    let kind = match kind {
                        [one] => Scalar::named(one).map(Kind::One),
                        ["list", count, one] => Scalar::named(count)
                            .zip(Scalar::named(one))
                            .map(|(count, one)| Kind::List(count, one)),
                        _ => None,
                    };
                    let (Some(kind), Some(element)) = (kind, header.elements.last_mut()) else {
                        return Err(wrong(
                            "a property of the element above it: its type, such as `float`, and its name",
                        ));
                    };
                    element.properties.push(Property { name: (*name).to_owned(), kind });
                }
                ["end_header"] => break,
                [] => {}
                _ => {
                    return Err(wrong(
                        "`format`, `comment`, `element`, `property` or `end_header`",
                    ));
                }
            }
        }
        header.encoding = encoding.ok_or_else(|| Error::Missing {
            what: "line `format …` in its header".to_owned(),
            hint: "write `format ascii 1.0`, or what else its numbers are",
        })?;
        Ok((header, rest))
    }
}
