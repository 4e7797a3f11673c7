//! How many pixels an image has along each axis, also where PLUS counts the axes in its own way.

use super::error::Error;
use super::field::Field;

/// Pixels along each of `n` axes, and the numbers of each pixel.
///
/// PLUS writes colour as a first axis (`Kinds = vector domain domain list`) that `NDims` does not count, and leaves out
/// the last axis of a sequence of one frame, which `NDims` does count (`UpdateDimensionsCustomStrings` in
/// `vtkIGSIOMetaImageSequenceIO.cxx`).
pub(super) fn sizes(
    size: &Field,
    n: usize,
    kinds: Option<&Field>,
    channels: Option<usize>,
) -> Result<(Vec<usize>, usize), Error> {
    let kinds: Vec<&str> =
        kinds.map_or(Vec::new(), |kinds| kinds.value.split_ascii_whitespace().collect());
    let numbers = |length: usize| -> Result<Vec<usize>, Error> {
        let counts = size.counts(length)?.into_iter();
        let sizes: Option<Vec<usize>> = counts.map(|count| count.try_into().ok()).collect();
        sizes.ok_or_else(|| size.wrong("sizes that fit this machine"))
    };
    let written = size.value.split_ascii_whitespace().take(n + 2).count();
    if kinds.len() != written {
        return Ok((numbers(n)?, channels.unwrap_or(1)));
    }
    let mut sizes = numbers(written)?;
    let has_colour = kinds.first() == Some(&"vector") && channels.is_none_or(|c| c == sizes[0]);
    let axes = written - usize::from(has_colour);
    let is_short = axes + 1 == n && kinds.last() == Some(&"domain");
    if axes != n && !is_short || has_colour && !(1..=65_535).contains(&sizes[0]) {
        return Ok((numbers(n)?, channels.unwrap_or(1)));
    }
    let channels = if has_colour { sizes.remove(0) } else { channels.unwrap_or(1) };
    sizes.resize(n, 1);
    Ok((sizes, channels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(
        size: &str,
        n: usize,
        kinds: &str,
        channels: Option<usize>,
    ) -> Option<(Vec<usize>, usize)> {
        let field = |key: &str, value: &str| Field {
            key: key.to_owned(),
            value: value.to_owned(),
            line: 1,
        };
        let kinds = Some(field("Kinds", kinds)).filter(|kinds| !kinds.value.is_empty());
        sizes(&field("DimSize", size), n, kinds.as_ref(), channels).ok()
    }

    #[test]
    fn what_plus_writes_is_understood() {
        let list = "domain domain list";
        assert_eq!(of("8 6 5", 3, list, None), Some((vec![8, 6, 5], 1)));
        assert_eq!(of("8 6 5", 3, list, Some(3)), Some((vec![8, 6, 5], 3)));
        let colour = "vector domain domain list";
        assert_eq!(of("3 8 6 5", 3, colour, Some(3)), Some((vec![8, 6, 5], 3)));
        assert_eq!(of("3 8 6 5", 3, colour, None), Some((vec![8, 6, 5], 3)));
        // One frame, alone and as the beginning of a recording.
        assert_eq!(of("8 6", 2, "domain domain", None), Some((vec![8, 6], 1)));
        assert_eq!(of("8 6", 3, "domain domain", None), Some((vec![8, 6, 1], 1)));
        assert_eq!(of("3 8 6", 2, "vector domain domain", Some(3)), Some((vec![8, 6], 3)));
        assert_eq!(of("3 8 6", 3, "vector domain domain", Some(3)), Some((vec![8, 6, 1], 3)));
    }

    #[test]
    fn other_numbers_of_sizes_are_refused() {
        assert_eq!(of("8 6", 3, "", None), None);
        assert_eq!(of("8 6", 3, "domain list", None), None);
        assert_eq!(of("8 6 5 2", 3, "domain domain list time", None), None);
        assert_eq!(of("0 8 6 5", 3, "vector domain domain list", None), None);
        assert_eq!(of("3 8 6 5", 3, "vector domain domain list", Some(4)), None);
        assert_eq!(of("3 8 6 5 9", 3, "vector domain domain list time", Some(3)), None);
    }
}
