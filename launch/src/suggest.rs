//! What somebody meant who wrote a name that does not exist.

/// The name that is most like `word`, if one is like it at all.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    let most_edits = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter_map(|name| {
            let candidate = plain(name);
            let edits = strsim::damerau_levenshtein(&word, &candidate);
            let likeness = strsim::jaro_winkler(&word, &candidate);
            (edits <= most_edits || likeness >= 0.85).then_some((name, likeness))
        })
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(name, _)| name)
}

/// Names as a person lists them: `` `a`, `b` and `c` ``.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    join(names, "and")
}

/// Names to choose from: `` `a`, `b` or `c` ``.
pub fn choice<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    join(names, "or")
}

fn join<'a>(names: impl IntoIterator<Item = &'a str>, word: &str) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} {word} {last}", names.join(", ")) }
}

/// A help text: the likely name, and all there are; `are` is such as "its input ports are".
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, are: &str) -> String {
    let names: Vec<&str> = known.into_iter().collect();
    let meant = nearest(word, names.iter().copied());
    match (meant, names.as_slice()) {
        (None, []) => String::new(),
        (None, names) => format!("{are} {}", list(names.iter().copied())),
        (Some(name), [_]) => format!("did you mean `{name}`?"),
        (Some(name), names) => {
            let mut letters = are.chars();
            let first = letters.next().map(|letter| letter.to_uppercase().to_string());
            let are = first.unwrap_or_default() + letters.as_str();
            format!("did you mean `{name}`? {are} {}", list(names.iter().copied()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_slips_are_understood() {
        let known = ["image", "poses", "located"];
        for (word, meant) in
            [("imag", "image"), ("pose", "poses"), ("IMAGE", "image"), ("loacted", "located")]
        {
            assert_eq!(nearest(word, known), Some(meant), "{word}");
        }
        assert_eq!(nearest("max-gap", ["max_gap", "max_wait"]), Some("max_gap"));
        assert_eq!(nearest("locate", ["locate_image", "reslice"]), Some("locate_image"));
    }

    #[test]
    fn what_is_unlike_everything_is_not_guessed() {
        assert_eq!(nearest("volume", ["image", "poses"]), None);
        assert_eq!(nearest("x", [] as [&str; 0]), None);
    }

    #[test]
    fn names_are_listed_as_a_person_does() {
        assert_eq!(list([]), "");
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(choice(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(
            did_you_mean("imag", ["image", "poses"], "its ports are"),
            "did you mean `image`? Its ports are `image` and `poses`"
        );
        assert_eq!(did_you_mean("zzz", ["image"], "its ports are"), "its ports are `image`");
        assert_eq!(did_you_mean("imag", ["image"], "its ports are"), "did you mean `image`?");
        assert_eq!(did_you_mean("zzz", [], "its ports are"), "");
    }
}
