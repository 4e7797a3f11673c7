//! Names of a fixed number of bytes, as OpenIGTLink has them, with whatever stands after their end.

use std::borrow::Cow;
use std::fmt;

use super::Error;

/// A name in `N` bytes: up to the first zero it is text, ASCII by the protocol; all bytes are kept as they came.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    /// From the bytes on the wire.
    pub const fn from_bytes(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// From text, the rest filled with zeros.
    ///
    /// # Errors
    /// If it has more than `N` bytes; `field` is what it is called then.
    pub fn new(text: &str, field: &'static str) -> Result<Self, Error> {
        let mut bytes = [0; N];
        let Some(place) = bytes.get_mut(..text.len()) else {
            return Err(Error::TooLong { field, came: text.len() as u64, limit: N as u64 });
        };
        place.copy_from_slice(text.as_bytes());
        Ok(Self(bytes))
    }

    /// From as much of a text as fits, cut between characters.
    pub fn truncated(text: &str) -> Self {
        let end = text.floor_char_boundary(N);
        let mut bytes = [0; N];
        bytes[..end].copy_from_slice(&text.as_bytes()[..end]);
        Self(bytes)
    }

    /// The bytes on the wire.
    pub const fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }

    /// The bytes of the text, up to the first zero.
    pub fn text_bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(N);
        &self.0[..end]
    }

    /// The text; what is no UTF-8 in it is replaced by `�`.
    pub fn to_str(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.text_bytes())
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text_bytes().is_empty()
    }

    /// The text, if it and zeros are all there is.
    pub(super) fn plain(&self) -> Option<&str> {
        let text = self.text_bytes();
        let is_padded = self.0[text.len()..].iter().all(|byte| *byte == 0);
        std::str::from_utf8(text).ok().filter(|_| is_padded)
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names of strangers are printed: no control characters of theirs reach a terminal.
        self.to_str().chars().try_for_each(|letter| match letter {
            letter if letter.is_control() => write!(f, "{}", letter.escape_default()),
            letter => write!(f, "{letter}"),
        })
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.plain() {
            Some(text) => write!(f, "{text:?}"),
            None => write!(f, "\"{}\"", self.0.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_between_characters() {
        assert_eq!(Text::<4>::truncated("aböö").to_str(), "abö");
        assert_eq!(Text::<4>::truncated("abcdef").to_str(), "abcd");
        assert_eq!(
            Text::<4>::new("abcde", "name").unwrap_err().to_string(),
            "name is 5 long, but OpenIGTLink has room for 4; shorten it"
        );
    }

    #[test]
    fn what_follows_the_zero_is_kept_and_not_shown() {
        let name = Text::from_bytes(*b"ab\0c");
        assert_eq!((name.to_str().as_ref(), name.plain()), ("ab", None));
        assert_eq!(format!("{name:?}"), r#""ab\x00c""#);
        assert_eq!(Text::from_bytes(*b"a\x1b[m").to_string(), "a\\u{1b}[m");
    }
}
