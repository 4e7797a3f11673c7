//! Where the pixels of a MetaImage are: after the header, in a second file, or in one file for each slice.

use super::error::{Error, excerpt};
use super::field::{Field, LONGEST_LINE, digits};

/// Where the pixels are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataFile {
    /// Right after the header (`ElementDataFile = LOCAL`).
    Local,
    /// In the named file in the header's folder: a plain relative path that never leaves it.
    Beside(String),
    /// In such files, one for each step along the last axis (`ElementDataFile = LIST` and lines of names, or a pattern
    /// such as `slice%03d.raw 1 60 1`).
    Slices(Vec<String>),
}

/// Most files for one image.
const MOST_SLICES: usize = 100_000;

/// What the last line of a header says; `after` are the bytes that follow it, `dims` the pixels along each axis.
///
/// Also returns how many of those bytes are names of files.
pub(super) fn parse(
    field: &Field,
    dims: &[usize],
    after: &[u8],
) -> Result<(DataFile, usize), Error> {
    let name = field.value.as_str();
    if name.is_empty() {
        return Err(field.wrong("LOCAL or the name of a file"));
    }
    if ["LOCAL", "Local", "local"].contains(&name) {
        return Ok((DataFile::Local, 0));
    }
    let is_list = name == "LIST" || name.starts_with("LIST ");
    if !is_list && !name.contains('%') {
        return Ok((DataFile::Beside(inside(field, name)?), 0));
    }
    let needed = match *dims {
        [.., _, needed] if needed <= MOST_SLICES => needed,
        _ => {
            return Err(Error::Unsupported {
                what: format!(
                    "one file for each slice (`{}`) of an image of {dims:?}",
                    excerpt(name)
                ),
                hint: "write the image again into one file",
            });
        }
    };
    if is_list { list(field, needed, dims.len(), after) } else { Ok((pattern(field, needed)?, 0)) }
}

/// A file in the folder of the header: one from outside must not make a caller open files anywhere else.
fn inside(field: &Field, name: &str) -> Result<String, Error> {
    let leaves = name.starts_with(['/', '\\'])
        || name.contains(':')
        || name.split(['/', '\\']).any(|part| part == "..");
    if leaves {
        Err(field.wrong("a file in the folder of the header"))
    } else {
        Ok(name.to_owned())
    }
}

/// `LIST`, and the names of the files in the lines after it.
fn list(field: &Field, needed: usize, n: usize, after: &[u8]) -> Result<(DataFile, usize), Error> {
    let rest = field.value["LIST".len()..].trim_ascii();
    if ![String::new(), format!("{}", n - 1), format!("{}D", n - 1)].contains(&rest.to_owned()) {
        return Err(Error::Unsupported {
            what: format!("a list of files that are no slices (`{}`)", excerpt(&field.value)),
            hint: "write the image again into one file",
        });
    }
    let (mut names, mut taken) = (Vec::new(), 0);
    for line in after.split_inclusive(|byte| *byte == b'\n') {
        taken += line.len();
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let number = field.line + 1 + names.len();
        let name = str::from_utf8(text).ok().filter(|name| !name.chars().any(char::is_control));
        let Some(name) = name.filter(|_| text.len() <= LONGEST_LINE) else {
            return Err(Error::NotAFile {
                line: number,
                came: excerpt(&String::from_utf8_lossy(text)),
            });
        };
        let line = Field { key: field.key.clone(), value: name.to_owned(), line: number };
        names.push(inside(&line, name)?);
    }
    if names.len() == needed {
        return Ok((DataFile::Slices(names), taken));
    }
    Err(Error::Slices { needed, came: names.len() })
}

/// A name with the number of the slice in it, then the first and the last number, and the step.
fn pattern(field: &Field, needed: usize) -> Result<DataFile, Error> {
    let wrong = || field.wrong("a pattern such as `slice%03d.raw 1 60 1`: first, last, step");
    let mut words = field.value.split_ascii_whitespace();
    let name = words.next().ok_or_else(wrong)?;
    let numbers: Option<Vec<u64>> = words.map(digits).collect();
    let numbers = numbers.filter(|numbers| numbers.len() <= 3).ok_or_else(wrong)?;
    let (before, after) = name.split_once('%').ok_or_else(wrong)?;
    let (width, after) = after.split_once('d').ok_or_else(wrong)?;
    let width = match width.strip_prefix('0') {
        None if width.is_empty() => 0,
        Some(digits) if digits.len() == 1 => digits.parse().map_err(|_| wrong())?,
        _ => return Err(wrong()),
    };
    if after.contains('%') {
        return Err(wrong());
    }
    let first = numbers.first().copied().unwrap_or(1);
    let step = numbers.get(2).copied().unwrap_or(1);
    let number = |slice: usize| step.checked_mul(slice as u64)?.checked_add(first);
    let last = number(needed.saturating_sub(1)).filter(|_| step > 0).ok_or_else(wrong)?;
    if let Some(said) = numbers.get(1)
        && (*said < last || *said >= last.saturating_add(step))
    {
        let came = said.checked_sub(first).map_or(0, |span| span / step + 1);
        return Err(Error::Slices { needed, came: came as usize });
    }
    let names = (0..needed).filter_map(number);
    let names = names.map(|number| inside(field, &format!("{before}{number:0width$}{after}")));
    Ok(DataFile::Slices(names.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn of(value: &str, after: &str) -> Result<(DataFile, usize), Error> {
        let field = Field { key: "ElementDataFile".into(), value: value.into(), line: 9 };
        parse(&field, &[4, 4, 3], after.as_bytes())
    }

    #[test]
    fn a_pattern_is_one_file_for_each_slice() {
        let names = |value| match of(value, "pixels") {
            Ok((DataFile::Slices(names), 0)) => names.join(" "),
            other => panic!("{other:?}"),
        };
        assert_eq!(names("a%d.raw"), "a1.raw a2.raw a3.raw");
        assert_eq!(names("s/a%03d.raw 9 11 1"), "s/a009.raw s/a010.raw s/a011.raw");
        assert_eq!(names("%02d 0 5 2"), "00 02 04");
        for wrong in
            ["a%s 1 3 1", "a%d%d 1 3 1", "a%d 1 3 0", "a%d -1 1", "a%d 1 2 3 4", "a%99d", "a%"]
        {
            assert!(of(wrong, "").is_err(), "{wrong}");
        }
        for (value, came) in [("a%d 1 4 1", 4), ("a%d 1 2 1", 2), ("a%d 5 4 1", 0)] {
            let error = of(value, "").unwrap_err();
            assert!(matches!(error, Error::Slices { needed: 3, came: c } if c == came), "{error}");
        }
        assert!(of("../a%d", "").unwrap_err().to_string().contains("folder of the header"));
    }

    #[test]
    fn a_list_names_the_files_after_the_header() {
        for value in ["LIST", "LIST 2", "LIST 2D"] {
            let (file, taken) = of(value, "a.raw\r\n\nb b.raw\nc.raw").unwrap();
            let names = ["a.raw", "b b.raw", "c.raw"].map(str::to_owned).to_vec();
            assert_eq!((file, taken), (DataFile::Slices(names), 21));
        }
        let error = of("LIST", "a\nb\n").unwrap_err().to_string();
        assert!(error.contains("2 files, but 3 slices"), "{error}");
        assert!(of("LIST 1", "a\nb\nc\n").unwrap_err().to_string().contains("no slices"));
        assert!(of("LIST", "a\n/b\nc\n").unwrap_err().to_string().contains("line 11"));
        assert!(of("LIST", "a\n\x01\nc\n").unwrap_err().to_string().contains("line 11"));
    }
}
