//! How an ultrasound image lies in its pixels, and its turning to MF.
//!
//! PLUS writes two letters for the image's x and y axes, and a third for stacks: *M*arked or
//! *U*nmarked side of the probe, *F*ar from or *N*ear to it, *A*scending or *D*escending elevation.
//! MF is the usual display: the probe is above, its marked side to the right. FM is common for raw
//! lines: each row is one scan line.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::error::Error;

/// The third letter: where the planes of a stack go. A single plane is not changed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elevation {
    /// `A`
    Ascending,
    /// `D`
    Descending,
}

/// How the image lies in its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation {
    /// The axis from side to side runs towards the unmarked side.
    pub unmarked: bool,
    /// The axis of depth runs towards the probe.
    pub near: bool,
    /// Each row is a line of depth: FM, FU, NM or NU.
    pub depth_first: bool,
    /// The third letter, if written.
    pub elevation: Option<Elevation>,
}

impl Orientation {
    /// x towards the marked side, y away from the probe.
    pub const MF: Self = Self { unmarked: false, near: false, depth_first: false, elevation: None };

    /// Whether a plane already lies as in MF.
    pub fn is_mf(self) -> bool {
        Self { elevation: None, ..self } == Self::MF
    }

    /// Width and height after turning to MF.
    pub fn mf_size(self, width: usize, height: usize) -> (usize, usize) {
        if self.depth_first { (height, width) } else { (width, height) }
    }

    /// The pixels of a plane turned to MF; they are copied only if they do not lie so already.
    ///
    /// Each of the `width * height` pixels has `channels` bytes; a slice of another length is
    /// returned as it is.
    pub fn to_mf(
        self,
        pixels: &[u8],
        width: usize,
        height: usize,
        channels: usize,
    ) -> Cow<'_, [u8]> {
        let fits = width * height * channels == pixels.len() && channels > 0;
        if self.is_mf() || !fits {
            return Cow::Borrowed(pixels);
        }
        let (out_width, out_height) = self.mf_size(width, height);
        let mut out = Vec::with_capacity(pixels.len());
        for y in 0..out_height {
            let depth = if self.near { out_height - 1 - y } else { y };
            for x in 0..out_width {
                let side = if self.unmarked { out_width - 1 - x } else { x };
                let index =
                    if self.depth_first { side * width + depth } else { depth * width + side };
                out.extend_from_slice(&pixels[index * channels..(index + 1) * channels]);
            }
        }
        Cow::Owned(out)
    }
}

impl FromStr for Orientation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = || Error::Orientation { came: crate::metaimage::excerpt(text) };
        let letters = text.to_ascii_uppercase();
        let (plane, elevation) = match letters.as_bytes() {
            [a, b] => ([*a, *b], None),
            [a, b, b'A'] => ([*a, *b], Some(Elevation::Ascending)),
            [a, b, b'D'] => ([*a, *b], Some(Elevation::Descending)),
            _ => return Err(unknown()),
        };
        let (side, depth, depth_first) = match plane {
            [side @ (b'M' | b'U'), depth @ (b'F' | b'N')] => (side, depth, false),
            [depth @ (b'F' | b'N'), side @ (b'M' | b'U')] => (side, depth, true),
            _ => return Err(unknown()),
        };
        Ok(Self { unmarked: side == b'U', near: depth == b'N', depth_first, elevation })
    }
}

impl fmt::Display for Orientation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.unmarked { "U" } else { "M" };
        let depth = if self.near { "N" } else { "F" };
        let elevation = match self.elevation {
            None => "",
            Some(Elevation::Ascending) => "A",
            Some(Elevation::Descending) => "D",
        };
        let (first, second) = if self.depth_first { (depth, side) } else { (side, depth) };
        write!(f, "{first}{second}{elevation}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// The image that MF shows as `1 2 3 / 4 5 6`, in each orientation.
    #[test]
    fn every_orientation_turns_to_the_same_image() {
        let as_written: [(&str, usize, usize, [u8; 6]); 8] = [
            ("MF", 3, 2, [1, 2, 3, 4, 5, 6]),
            ("MN", 3, 2, [4, 5, 6, 1, 2, 3]),
            ("UF", 3, 2, [3, 2, 1, 6, 5, 4]),
            ("UN", 3, 2, [6, 5, 4, 3, 2, 1]),
            ("FM", 2, 3, [1, 4, 2, 5, 3, 6]),
            ("NM", 2, 3, [4, 1, 5, 2, 6, 3]),
            ("FU", 2, 3, [3, 6, 2, 5, 1, 4]),
            ("NU", 2, 3, [6, 3, 5, 2, 4, 1]),
        ];
        for (text, width, height, pixels) in as_written {
            let orientation: Orientation = text.parse().unwrap();
            assert_eq!(orientation.mf_size(width, height), (3, 2), "{text}");
            assert_eq!(*orientation.to_mf(&pixels, width, height, 1), [1, 2, 3, 4, 5, 6], "{text}");
            assert_eq!(orientation.to_string(), text);
            for third in ["A", "D"] {
                let three = format!("{text}{third}");
                let orientation: Orientation = three.parse().unwrap();
                assert_eq!(*orientation.to_mf(&pixels, width, height, 1), [1, 2, 3, 4, 5, 6]);
                assert_eq!(orientation.to_string(), three);
            }
        }
    }

    #[test]
    fn mf_is_not_copied() {
        for text in ["MF", "MFA", "MFD", "mf"] {
            let orientation: Orientation = text.parse().unwrap();
            assert!(matches!(orientation.to_mf(&[1, 2], 2, 1, 1), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn colours_stay_together() {
        let uf: Orientation = "UF".parse().unwrap();
        assert_eq!(*uf.to_mf(&[1, 2, 3, 4, 5, 6], 2, 1, 3), [4, 5, 6, 1, 2, 3]);
    }

    #[test]
    fn unknown_letters_are_refused() {
        for text in ["", "M", "XX", "MM", "FN", "AMF", "MFX", "MFAA", "Ä"] {
            assert!(text.parse::<Orientation>().is_err(), "{text}");
        }
    }
}
