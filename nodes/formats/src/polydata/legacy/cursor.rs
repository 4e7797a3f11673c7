//! A place in a legacy VTK file, and the words, lines and numbers from there on.

use crate::metaimage::excerpt;
use crate::polydata::Error;
use crate::polydata::number::Number;

/// What is still to be read.
pub struct Cursor<'a> {
    rest: &'a [u8],
    /// The bytes of the whole file.
    pub size: usize,
    /// Whether numbers are bytes, not text.
    pub is_binary: bool,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, size: bytes.len(), is_binary: false }
    }

    /// The rest of the line, without its end.
    pub fn line(&mut self) -> String {
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let line = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = end.map_or(&[], |end| &self.rest[end + 1..]);
        String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
    }

    /// The next word; none at the end of the file.
    pub fn word(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.trim_ascii_start();
        let end = start.iter().position(u8::is_ascii_whitespace).unwrap_or(start.len());
        let (word, rest) = start.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// The next word in capitals.
    pub fn keyword(&mut self) -> Option<String> {
        self.word().map(|word| String::from_utf8_lossy(word).to_ascii_uppercase())
    }

    /// Whether the next word is this one; it is taken then.
    pub fn takes(&mut self, keyword: &str) -> bool {
        let before = self.rest;
        let takes = self.keyword().is_some_and(|word| word == keyword);
        if !takes {
            self.rest = before;
        }
        takes
    }

    /// Takes a keyword that has to be there.
    pub fn expect(&mut self, keyword: &str) -> Result<(), Error> {
        let came = self.keyword().unwrap_or_else(|| "the end of the file".to_owned());
        if came == keyword {
            Ok(())
        } else {
            Err(Error::wrong("the next word", format!("`{keyword}`"), came))
        }
    }

    /// A word that has to be there, such as the name of an array, with its `%20` as blanks.
    pub fn name(&mut self, of: &str) -> Result<String, Error> {
        let word = self.word().ok_or_else(|| early(of, "a name"))?;
        Ok(decoded(word))
    }

    /// A number of things.
    pub fn count(&mut self, of: &str, most: usize) -> Result<usize, Error> {
        let word = String::from_utf8_lossy(self.word().ok_or_else(|| early(of, "a number"))?);
        let count: u64 = word
            .parse()
            .map_err(|_| Error::wrong(format!("the number after {of}"), "a whole number", &word))?;
        if count > most as u64 {
            let field = format!("the number after {of}");
            return Err(Error::wrong(field, format!("at most {most}"), count));
        }
        Ok(count as usize)
    }

    /// A type of numbers.
    pub fn number(&mut self, of: &str) -> Result<Number, Error> {
        let name = self.name(of)?;
        Number::of_legacy(&name).ok_or_else(|| {
            Error::wrong(
                format!("the type of {of}"),
                "a type of numbers such as `float` or `int`",
                name,
            )
        })
    }

    /// So many numbers as they are.
    pub fn floats(&mut self, number: Number, count: usize, of: &str) -> Result<Vec<f64>, Error> {
        if self.is_binary {
            return Ok(number.floats(self.bytes(number.bytes(), count, of)?, true));
        }
        self.words(count, of)
    }

    /// So many whole numbers.
    pub fn whole(&mut self, number: Number, count: usize, of: &str) -> Result<Vec<i64>, Error> {
        if self.is_binary {
            return Ok(number.whole(self.bytes(number.bytes(), count, of)?, true));
        }
        self.words(count, of)
    }

    /// Goes past so many numbers of so many bits each.
    pub fn skip(&mut self, bits: usize, count: usize, of: &str) -> Result<(), Error> {
        if self.is_binary {
            let bytes = bits.saturating_mul(count).div_ceil(8);
            return self.bytes(1, bytes, of).map(drop);
        }
        for _ in 0..count {
            self.word().ok_or_else(|| early(of, &format!("{count} numbers")))?;
        }
        Ok(())
    }

    /// Goes past the texts of an array, each a line, or its length and its bytes; the first of them.
    pub fn first_text(&mut self, count: usize, of: &str) -> Result<Option<String>, Error> {
        self.end_line(of)?;
        let mut first_text = None;
        for _ in 0..count {
            let text = self.text().ok_or_else(|| early(of, &format!("{count} texts")))?;
            first_text.get_or_insert_with(|| {
                if self.is_binary {
                    String::from_utf8_lossy(text).into_owned()
                } else {
                    decoded(text.trim_ascii())
                }
            });
        }
        Ok(first_text)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        // The first two bits say of how many bytes the length is.
        let first = *self.rest.first()?;
        if !self.is_binary {
            let end = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
            let (line, rest) = self.rest.split_at(end);
            self.rest = rest.get(1..).unwrap_or_default();
            return Some(line);
        }
        let bytes = [8, 4, 2, 1][usize::from(first >> 6)];
        let (length, rest) = self.rest.split_at_checked(bytes)?;
        let length = length.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        let length = usize::try_from(length & (u64::MAX >> (66 - 8 * bytes))).ok()?;
        let (text, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(text)
    }

    /// Goes past so many lines after this one, which are text also among bytes.
    pub fn skip_lines(&mut self, count: usize, of: &str) -> Result<(), Error> {
        self.end_line(of)?;
        for _ in 0..count {
            if self.rest.is_empty() {
                return Err(early(of, &format!("{count} lines")));
            }
            self.line();
        }
        Ok(())
    }

    /// Goes past notes, which end with an empty line.
    pub fn skip_notes(&mut self) {
        self.line();
        while !self.rest.is_empty() && !self.line().trim().is_empty() {}
    }

    /// Bytes begin after the end of a line, whatever they are.
    fn end_line(&mut self, of: &str) -> Result<(), Error> {
        let rest = self.line();
        if rest.trim().is_empty() {
            return Ok(());
        }
        Err(Error::wrong(format!("the line of {of}"), "at its end", excerpt(&rest)))
    }

    fn bytes(&mut self, size: usize, count: usize, of: &str) -> Result<&'a [u8], Error> {
        self.end_line(of)?;
        let taken = self.rest.split_at_checked(size.saturating_mul(count));
        let (bytes, rest) = taken.ok_or_else(|| early(of, &format!("{count} numbers")))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn words<T: std::str::FromStr>(&mut self, count: usize, of: &str) -> Result<Vec<T>, Error> {
        let mut values = Vec::new();
        for _ in 0..count {
            let word = self.word().ok_or_else(|| early(of, &format!("{count} numbers")))?;
            let value = str::from_utf8(word).ok().and_then(|word| word.parse().ok());
            values.push(value.ok_or_else(|| {
                Error::wrong(of, format!("{count} numbers"), String::from_utf8_lossy(word))
            })?);
        }
        Ok(values)
    }
}

fn early(of: &str, declared: &str) -> Error {
    Error::EndsEarly { what: excerpt(of), declared: declared.to_owned() }
}

/// A text of which `%` and two digits of base 16 say some of the bytes.
fn decoded(word: &[u8]) -> String {
    let mut bytes = Vec::new();
    let mut rest = word;
    while let [first, others @ ..] = rest {
        let byte = others.first_chunk::<2>().filter(|_| *first == b'%').and_then(|digits| {
            let digits = str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &others[2..] } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_blanks_come_back() {
        assert_eq!(decoded(b"Big%20name"), "Big name");
        assert_eq!(decoded("d%C3%A9%".as_bytes()), "dé%");
        assert_eq!(decoded(b"%zz%2"), "%zz%2");
    }

    #[test]
    fn texts_have_lengths_of_four_sizes() {
        let long = [&[0x80, 100][..], &[b'x'; 100]].concat();
        let eight = [&[0, 0, 0, 0, 0, 0, 0, 2][..], b"ab"].concat();
        let bytes = [b"\n\xc3LPS", &long[..], &[0x40, 0, 0, 1, b'y'], &eight].concat();
        let mut cursor = Cursor::new(&bytes);
        cursor.is_binary = true;
        cursor.end_line("x").unwrap();
        for text in [&b"LPS"[..], &[b'x'; 100], b"y", b"ab"] {
            assert_eq!(cursor.text(), Some(text));
        }
        assert!(cursor.word().is_none());
        let mut cursor = Cursor::new(b"\n\x3f\xff\xff\xff\xff\xff\xff\xffabc");
        cursor.is_binary = true;
        assert!(cursor.first_text(1, "x").is_err());
    }
}
