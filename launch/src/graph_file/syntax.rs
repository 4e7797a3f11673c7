//! What the TOML parser did not like, in the words of graph files.

use toml::de::Error;

use crate::problem::{Place, Problem};

/// Adds the parser's errors; says whether parts of the file could not be read.
pub fn problems(errors: &[Error], text: &str, problems: &mut Vec<Problem>) -> bool {
    let mut damaged = false;
    // Where a second table of a name begins and ends: all its keys are told as doubled, too.
    let mut twice = 0..0;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let start = span.start.min(text.len());
        let span = start..span.end.clamp(start, text.len());
        if error.message() != "duplicate key" {
            damaged = true;
            let message = format!("this is no TOML: {}", error.message());
            problems.push(Problem::error("syntax", message).at(&Place::file(span), "here"));
        } else if let Some(end) = header_end(text, start) {
            twice = span.start..end;
            problems.push(table_twice(text, span));
        } else if !twice.contains(&start) {
            let key = text.get(span.clone()).unwrap_or_default();
            problems.push(
                Problem::error("duplicate", format!("`{key}` is given twice"))
                    .at(&Place::file(span), "again here")
                    .help("remove one of them"),
            );
        }
    }
    damaged
}

/// Where the table ends in whose header a key stands, if it stands in one.
fn header_end(text: &str, at: usize) -> Option<usize> {
    let line = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    if !text[line..at].trim_start().starts_with('[') {
        return None;
    }
    let mut end = line;
    for (number, line) in text[line..].split_inclusive('\n').enumerate() {
        if number > 0 && line.trim_start().starts_with('[') {
            break;
        }
        end += line.len();
    }
    Some(end)
}

fn table_twice(text: &str, span: std::ops::Range<usize>) -> Problem {
    let key = text.get(span.clone()).unwrap_or_default();
    let line = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
    let header = &text[line..span.end];
    let (message, help) = if header.trim_start().starts_with("[nodes.") {
        (format!("there are two nodes called `{key}`"), "give one of them another name")
    } else {
        (format!("there are two tables called `{key}`"), "remove one of them")
    };
    let problem = Problem::error("duplicate", message)
        .at(&Place::file(span.clone()), "again here")
        .help(help);
    let mut start = 0;
    for other in text[..line].split_inclusive('\n') {
        let next = other.strip_prefix(header).is_some_and(|rest| rest.starts_with([']', '.']));
        if next {
            let first = start + (span.start - line);
            return problem.at(&Place::file(first..first + key.len()), "first here");
        }
        start += other.len();
    }
    problem
}
