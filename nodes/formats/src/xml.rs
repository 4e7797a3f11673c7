//! What is refused of an XML text before it is parsed, because parsing it would take time or memory beyond its length.
//!
//! `roxmltree` compares each attribute with all others of its element, hands all namespaces down to each element that
//! declares one more, and reserves a place for each `<` and `=`. Files of devices and of surfaces have a few of each.

/// The most attributes of one element.
const MOST_ATTRIBUTES: usize = 256;
/// The most declarations of namespaces in a file.
const MOST_NAMESPACES: usize = 64;
/// The most equals signs in a file; they are also in texts, such as the lines of a comment.
const MOST_EQUALS_SIGNS: usize = 1_000_000;

/// What a text has too many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// Of what.
    pub what: &'static str,
    /// How many are read.
    pub most: usize,
    /// How many there are, at least.
    pub came: usize,
}

/// What a text has too many of, if there is something; `most_nodes` is the limit for its elements, texts and comments.
pub fn excess(text: &str, most_nodes: u32) -> Option<Excess> {
    // An element begins and ends with one.
    let most_marks = 2 * most_nodes as usize;
    let [mut marks, mut equals_signs, mut namespaces] = [0; 3];
    for part in text.as_bytes().split_inclusive(|byte| *byte == b'<') {
        marks += 1;
        equals_signs += part.split(|byte| *byte == b'=').count() - 1;
        namespaces += part.windows(5).filter(|word| word == b"xmlns").count();
        let excess = [
            ("marks `<`", most_marks, marks),
            ("equals signs", MOST_EQUALS_SIGNS, equals_signs),
            ("namespaces", MOST_NAMESPACES, namespaces),
            ("attributes of one element", MOST_ATTRIBUTES, attributes(part)),
        ]
        .into_iter()
        .find(|(_, most, came)| came > most);
        if let Some((what, most, came)) = excess {
            return Some(Excess { what, most, came });
        }
    }
    None
}

/// The attributes of the tag at the start of a part that has no other, because `<` may not be in their values.
fn attributes(part: &[u8]) -> usize {
    if matches!(part.first(), Some(b'!' | b'?')) {
        return 0;
    }
    let (mut quote, mut count) = (None, 0);
    for &byte in part {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => count += 1,
            (None, b'>') => break,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(text: &str) -> Option<&'static str> {
        excess(text, 1000).map(|excess| excess.what)
    }

    #[test]
    fn what_takes_long_is_counted() {
        let attributes = |count| " a='='".repeat(count);
        assert_eq!(what(&format!("<a{}/>", attributes(256))), None);
        assert_eq!(what(&format!("<a{}/>", attributes(257))), Some("attributes of one element"));
        assert_eq!(
            what(&format!("<a b='>'{}/>", attributes(256))),
            Some("attributes of one element")
        );
        // Not in texts and comments.
        assert_eq!(what(&format!("<!--{0}--><a>{0}</a>", "=".repeat(300))), None);
        assert_eq!(what(&"<a xmlns:b='c'>".repeat(65)), Some("namespaces"));
        assert_eq!(what(&"<a>".repeat(3000)), Some("marks `<`"));
        assert_eq!(what(&"=".repeat(MOST_EQUALS_SIGNS + 1)), Some("equals signs"));
    }
}
