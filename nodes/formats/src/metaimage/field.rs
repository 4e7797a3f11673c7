//! Lines `Key = Value` of a header, and values of a given form.

use super::error::{Error, excerpt};

/// The longest line; PLUS itself stops at 1000.
pub(crate) const LONGEST_LINE: usize = 1 << 16;

/// One line of a header, without the blanks around key and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name before the `=`.
    pub key: String,
    /// The text after it; may be empty.
    pub value: String,
    /// Line number in the header, from 1; 0 if it was never read from one.
    pub line: usize,
}

impl Field {
    /// A line without its newline; `None` if it is blank.
    pub(crate) fn parse(line: usize, bytes: &[u8]) -> Result<Option<Self>, Error> {
        if bytes.len() > LONGEST_LINE {
            return Err(Error::LineTooLong { line, limit: LONGEST_LINE });
        }
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            return Ok(None);
        }
        let not_a_field =
            || Error::NotAField { line, came: excerpt(&String::from_utf8_lossy(bytes)) };
        let text = str::from_utf8(bytes).map_err(|_| not_a_field())?;
        let (key, value) = text.split_once('=').ok_or_else(not_a_field)?;
        let (key, value) = (key.trim_ascii(), value.trim_ascii());
        let printable = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !printable || value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(not_a_field());
        }
        Ok(Some(Self { key: key.to_owned(), value: value.to_owned(), line }))
    }

    pub(crate) fn wrong(&self, expected: impl Into<String>) -> Error {
        Error::Value {
            key: self.key.clone(),
            line: self.line,
            expected: expected.into(),
            came: excerpt(&self.value),
        }
    }

    /// `True` or `False`, in any case, as `MetaIO` writes them; also `1` and `0`.
    pub(crate) fn boolean(&self) -> Result<bool, Error> {
        match self.value.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(self.wrong("True or False")),
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn count(&self) -> Result<u64, Error> {
        digits(&self.value).ok_or_else(|| self.wrong("a whole number that is not negative"))
    }

    /// `length` whole numbers that are not negative.
    pub(crate) fn counts(&self, length: usize) -> Result<Vec<u64>, Error> {
        self.values(length, digits, "whole numbers that are not negative")
    }

    /// `length` finite numbers.
    pub(crate) fn numbers(&self, length: usize) -> Result<Vec<f64>, Error> {
        self.values(
            length,
            |word| word.parse().ok().filter(|value: &f64| value.is_finite()),
            "finite numbers",
        )
    }

    fn values<T>(
        &self,
        length: usize,
        parse: impl Fn(&str) -> Option<T>,
        what: &str,
    ) -> Result<Vec<T>, Error> {
        let values: Option<Vec<T>> =
            self.value.split_ascii_whitespace().take(length + 1).map(parse).collect();
        values
            .filter(|values| values.len() == length)
            .ok_or_else(|| self.wrong(format!("{length} {what}")))
    }
}

/// A whole number of ASCII digits only: no sign, no blanks.
pub(crate) fn digits(word: &str) -> Option<u64> {
    let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn field(line: &str) -> Field {
        Field::parse(3, line.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn blanks_and_carriage_returns_do_not_matter() {
        let size = field("DimSize  =  101 104 74              \r");
        assert_eq!(
            (size.key.as_str(), size.value.as_str(), size.line),
            ("DimSize", "101 104 74", 3)
        );
        assert_eq!(size.counts(3).unwrap(), [101, 104, 74]);
        assert_eq!(field("CompressedDataSize = ").value, "");
        assert_eq!(field("Comment = a = b").value, "a = b");
        assert!(Field::parse(1, b"  \t\r").unwrap().is_none());
    }

    #[test]
    fn what_is_no_field_is_refused_with_its_line() {
        for bad in [&b"DimSize 1 2 3"[..], b"= 3", b"\xff\xfe = 3", b"A B = 3", b"A = \x003"] {
            let error = Field::parse(7, bad).unwrap_err().to_string();
            assert!(error.starts_with("line 7 "), "{error}");
        }
    }

    #[test]
    fn values_of_the_wrong_form_are_refused() {
        for bad in ["-1", "+1", "1.0", "", "1 2", "99999999999999999999", "٣"] {
            assert!(field(&format!("A = {bad}")).count().is_err(), "{bad}");
        }
        for bad in ["1 2", "1 2 3 4", "1 2 nan", "1 2 inf", "1 2 x", "1,2,3"] {
            let error = field(&format!("A = {bad}")).numbers(3).unwrap_err().to_string();
            assert!(error.contains("3 finite numbers") && error.contains("line 3"), "{error}");
        }
        assert!(field("A = yes").boolean().is_err());
    }
}
