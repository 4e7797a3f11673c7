//! Text in the 80 columns of a terminal.

const WIDTH: usize = 80;

/// Words in lines of at most 80 columns, each after `indent`; nothing for no words.
pub fn wrapped(text: &str, indent: &str) -> String {
    hanging(text, indent, indent)
}

/// The same, with another indent for the first line.
pub fn hanging(text: &str, first: &str, rest: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let indent = if out.is_empty() { first } else { rest };
        let used = indent.chars().count() + line.chars().count();
        if !line.is_empty() && used + 1 + word.chars().count() > WIDTH {
            out.push_str(indent);
            out.push_str(&line);
            out.push('\n');
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        out.push_str(if out.is_empty() { first } else { rest });
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// A name in a column of `width`, and a text beside it.
pub fn row(name: &str, width: usize, text: &str) -> String {
    let first = format!("  {name:width$}  ");
    let rest = " ".repeat(first.chars().count());
    match hanging(text, &first, &rest) {
        empty if empty.is_empty() => format!("  {name}\n"),
        lines => lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_longer_than_a_terminal_unless_a_word_is() {
        let text = "an image is refused if the poses around it lie further apart ".repeat(9);
        for line in wrapped(&text, "      ").lines() {
            assert!(line.chars().count() <= WIDTH && line.starts_with("      "), "{line}");
        }
        assert_eq!(wrapped(&"x".repeat(100), "  "), format!("  {}\n", "x".repeat(100)));
        assert_eq!(wrapped("  ", "  "), "");
    }

    #[test]
    fn words_are_all_there_in_order() {
        let text = "one two three ".repeat(40);
        let lines = hanging(&text, "- ", "  ");
        assert!(lines.starts_with("- one two"));
        let words: Vec<&str> = lines.split_whitespace().skip(1).collect();
        assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn a_row_hangs_its_text_beside_the_name() {
        let text = row("name", 6, &"word ".repeat(30));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("  name    word"));
        assert!(lines[1].starts_with("          word"));
        assert_eq!(row("name", 6, ""), "  name\n");
    }
}
