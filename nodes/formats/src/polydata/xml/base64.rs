//! Bytes one after the other from a text in base64, or from bytes as they are; and base64 of bytes.

use crate::polydata::Error;

/// What is still to be read.
///
/// Parts that were encoded one by one, with `=` at the end of each, are read as one: VTK writes sizes and data so.
pub struct Bytes<'a> {
    rest: &'a [u8],
    is_base64: bool,
    /// Decoded bytes that nobody has taken yet, at most two.
    left: Vec<u8>,
}

impl<'a> Bytes<'a> {
    pub fn new(rest: &'a [u8], is_base64: bool) -> Self {
        Self { rest, is_base64, left: Vec::new() }
    }

    /// Bytes or letters that nobody has taken yet.
    pub fn rest(&self) -> usize {
        self.rest.len()
    }

    /// The next bytes; none if there are not so many. Nothing is allocated for what is not there.
    pub fn take(&mut self, count: usize, name: &str) -> Result<Option<Vec<u8>>, Error> {
        if !self.is_base64 {
            let Some((bytes, rest)) = self.rest.split_at_checked(count) else { return Ok(None) };
            self.rest = rest;
            return Ok(Some(bytes.to_vec()));
        }
        if count > self.left.len() + self.rest.len() {
            return Ok(None);
        }
        let mut bytes = std::mem::take(&mut self.left);
        bytes.reserve(count.saturating_sub(bytes.len()) + 3);
        while bytes.len() < count {
            let Some(group) = self.group() else { return Ok(None) };
            if !decode(group, &mut bytes) {
                let came = String::from_utf8_lossy(&group);
                let reason = format!("`{}` is no base64", crate::metaimage::excerpt(&came));
                return Err(Error::Corrupt { what: name.to_owned(), reason });
            }
        }
        self.left = bytes.split_off(count);
        Ok(Some(bytes))
    }

    /// The next four letters, blanks left out.
    fn group(&mut self) -> Option<[u8; 4]> {
        if let Some((group, rest)) = self.rest.split_first_chunk::<4>()
            && !group.iter().any(u8::is_ascii_whitespace)
        {
            self.rest = rest;
            return Some(*group);
        }
        let mut group = [0; 4];
        for letter in &mut group {
            self.rest = self.rest.trim_ascii_start();
            let (first, rest) = self.rest.split_first()?;
            (*letter, self.rest) = (*first, rest);
        }
        Some(group)
    }
}

/// Adds the one to three bytes of a group (RFC 4648, section 4); whether it is one.
pub fn decode(group: [u8; 4], bytes: &mut Vec<u8>) -> bool {
    let letters = group.iter().position(|letter| *letter == b'=').unwrap_or(4);
    if letters < 2 || group[letters..].iter().any(|letter| *letter != b'=') {
        return false;
    }
    let mut bits = 0_u32;
    for letter in &group[..letters] {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return false,
        };
        bits = bits << 6 | u32::from(value);
    }
    bits <<= 6 * (4 - letters);
    let [_, decoded @ ..] = bits.to_be_bytes();
    bytes.extend_from_slice(&decoded[..letters - 1]);
    true
}

/// Adds the letters of bytes.
pub fn encode(bytes: &[u8], text: &mut Vec<u8>) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let mut four = [0; 4];
        four[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(four);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { letter } else { b'=' });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, count: usize) -> Option<Vec<u8>> {
        Bytes::new(text.as_bytes(), true).take(count, "x").unwrap()
    }

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (plain, text) in [
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(all(text, plain.len()).unwrap(), plain.as_bytes());
            assert_eq!(all(text, plain.len() + 1), None);
            let mut letters = Vec::new();
            encode(plain.as_bytes(), &mut letters);
            assert_eq!(letters, text.as_bytes());
        }
    }

    #[test]
    fn parts_and_pieces_are_one() {
        let text = "Zg==\n Zm8=Zm9v";
        let mut bytes = Bytes::new(text.as_bytes(), true);
        assert_eq!(bytes.take(2, "x").unwrap().unwrap(), b"ff");
        assert_eq!(bytes.take(3, "x").unwrap().unwrap(), b"ofo");
        assert_eq!(bytes.take(1, "x").unwrap().unwrap(), b"o");
        assert_eq!(bytes.take(1, "x").unwrap(), None);
        assert_eq!(all("Zm", 1), None);
        assert_eq!(Bytes::new(b"abc", false).take(4, "x").unwrap(), None);
    }

    #[test]
    fn what_is_no_base64_is_said() {
        for text in ["Z===", "Zg=a", "Z-9v", "===="] {
            assert!(Bytes::new(text.as_bytes(), true).take(1, "x").is_err(), "{text}");
        }
    }
}
