//! Fields of replies one after another: little-endian numbers of binary ones, digits of those in text.

use super::Error;
use super::error::quoted;

/// The bytes of a reply that are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    reply: &'static str,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(reply: &'static str, rest: &'a [u8]) -> Self {
        Self { reply, rest }
    }

    pub fn take(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], Error> {
        let Some((bytes, rest)) = self.rest.split_at_checked(count) else {
            let came = format!("cut off after {}", self.rest.len());
            return Err(self.wrong(field, format_args!("{count} bytes"), came));
        };
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, field)?);
        Ok(array)
    }

    pub fn u8(&mut self, field: &'static str) -> Result<u8, Error> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    pub fn u16(&mut self, field: &'static str) -> Result<u16, Error> {
        self.array(field).map(u16::from_le_bytes)
    }

    pub fn u32(&mut self, field: &'static str) -> Result<u32, Error> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub fn f32(&mut self, field: &'static str) -> Result<f32, Error> {
        self.array(field).map(f32::from_le_bytes)
    }

    pub fn f32s<const N: usize>(&mut self, field: &'static str) -> Result<[f32; N], Error> {
        let mut numbers = [0.0; N];
        for number in &mut numbers {
            *number = self.f32(field)?;
        }
        Ok(numbers)
    }

    /// A number of so many hexadecimal digits.
    pub fn hex(&mut self, digits: usize, field: &'static str) -> Result<u32, Error> {
        let bytes = self.take(digits, field)?;
        hex(bytes).ok_or_else(|| {
            self.wrong(field, format_args!("{digits} hexadecimal digits"), quoted(bytes))
        })
    }

    /// A number of a sign and so many decimal digits, in units of one over `scale`.
    pub fn decimal(
        &mut self,
        digits: usize,
        scale: f64,
        field: &'static str,
    ) -> Result<f32, Error> {
        let bytes = self.take(digits + 1, field)?;
        let sign = match bytes[0] {
            b'+' => 1.0,
            b'-' => -1.0,
            _ => return Err(self.not_decimal(digits, bytes, field)),
        };
        if !bytes[1..].iter().all(u8::is_ascii_digit) {
            return Err(self.not_decimal(digits, bytes, field));
        }
        let number = bytes[1..].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        Ok((sign * f64::from(number) / scale) as f32)
    }

    fn not_decimal(&self, digits: usize, came: &[u8], field: &'static str) -> Error {
        self.wrong(field, format_args!("a sign and {digits} digits"), quoted(came))
    }

    /// Whether this word comes next; it is taken then.
    pub fn word(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(word.as_bytes()) else { return false };
        self.rest = rest;
        true
    }

    /// Printable text of so many characters, without the spaces or zeros that fill it up.
    pub fn text(&mut self, count: usize, field: &'static str) -> Result<String, Error> {
        let bytes = self.take(count, field)?;
        let is_filling = |byte: &u8| matches!(byte, b' ' | 0);
        let filled_from = bytes.iter().rposition(|byte| !is_filling(byte)).map_or(0, |at| at + 1);
        let text = &bytes[..filled_from];
        if !text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(self.wrong(field, "printable text", quoted(bytes)));
        }
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    /// That nothing is left.
    pub fn end(&self) -> Result<(), Error> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.wrong("its end", "here", format_args!("followed by {} bytes", self.rest.len())))
    }

    pub fn wrong(
        &self,
        field: &'static str,
        expected: impl ToString,
        came: impl ToString,
    ) -> Error {
        Error::field(self.reply, field, expected, came)
    }
}

/// The number that hexadecimal digits are, eight at most.
pub(super) fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        char::from(*digit).to_digit(16).map(|digit| number << 4 | digit)
    })
}

/// A sign and so many digits of a number in units of one over `scale`.
pub(super) fn put_decimal(
    text: &mut Vec<u8>,
    number: f32,
    digits: usize,
    scale: f64,
) -> Result<(), Error> {
    let scaled = (f64::from(number) * scale).round();
    let most = 10_f64.powi(digits as i32);
    if !scaled.is_finite() || scaled.abs() >= most {
        return Err(Error::unwritable(
            "a number of TX",
            format_args!("{number} has no room there"),
        ));
    }
    let sign = if scaled < 0.0 { '-' } else { '+' };
    text.extend(format!("{sign}{:0digits$}", scaled.abs() as u64).bytes());
    Ok(())
}

/// Text filled up with spaces.
pub(super) fn put_text(
    text: &mut Vec<u8>,
    value: &str,
    count: usize,
    what: &'static str,
) -> Result<(), Error> {
    let printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !printable || value.len() > count || value.ends_with(' ') {
        let reason =
            format!("`{}` is not {count} printable characters or fewer", value.escape_debug());
        return Err(Error::unwritable(what, reason));
    }
    text.extend(format!("{value:count$}").bytes());
    Ok(())
}

pub(super) fn put_f32s(bytes: &mut Vec<u8>, numbers: &[f32]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_text_up_is_left_out_and_stands_nowhere_else() {
        let text = |bytes: &[u8]| Fields::new("PHINF", bytes).text(bytes.len(), "a name");
        assert_eq!(text(b"NDI  \0\0 ").unwrap(), "NDI");
        assert_eq!(text(b" N D I").unwrap(), " N D I");
        assert_eq!(text(b"\0 \0").unwrap(), "");
        for wrong in [&b"N\0DI"[..], b"NDI\n", b"\xffNDI"] {
            let error = text(wrong).unwrap_err().to_string();
            assert!(error.contains("printable text"), "{error}");
        }
    }
}
