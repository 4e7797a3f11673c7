//! How good a procedure is against known truth: a table.

use std::fmt::Write as _;

use messages::wire::Received;
use messages::{Score, Scores};

use super::canvas::{CanvasError, place};
use super::painter::Painter;

impl Painter {
    pub(super) fn scores(
        &mut self,
        received: &Received,
        scores: &Scores,
    ) -> Result<Option<String>, CanvasError> {
        let text = table(&scores.scores);
        let document = rerun::TextDocument::from_markdown(text.as_str());
        let entity = format!("scores/{}", place(&received.envelope().stream));
        self.canvas.draw(&entity, &document, text.len())?;
        let measured = scores.scores.iter().filter(|score| score.value.is_some()).count();
        Ok(Some(format!("{measured} of {} figures", scores.scores.len())))
    }
}

/// The figures in Markdown.
fn table(scores: &[Score]) -> String {
    let mut text = "| measure | value | of |\n| --- | ---: | ---: |\n".to_owned();
    for score in scores {
        // A bar would begin another cell.
        let measure = score.measure.replace('|', "/");
        let _ = writeln!(text, "| {measure} | {} | {} |", value(score), score.count);
    }
    text
}

/// A figure with three places that count.
fn value(score: &Score) -> String {
    match score.value {
        None => "not measured".to_owned(),
        Some(value) => {
            let places = match value.abs() {
                size if size >= 100.0 => 0,
                size if size >= 10.0 => 1,
                _ => 2,
            };
            let whole = value.fract() == 0.0 && value.abs() < 1e15;
            let places = if whole { 0 } else { places };
            format!("{value:.places$} {}", score.unit).trim_end().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_and_what_was_not_measured_is_told() {
        let score = |measure: &str, value, unit: &str| Score {
            measure: measure.to_owned(),
            value,
            unit: unit.to_owned(),
            count: 7,
        };
        let text = table(&[
            score("error, median", Some(2.345_67), "mm"),
            score("alarms | false", Some(3.0), ""),
            score("first accepted", Some(31.26), "s"),
            score("Dice", None, ""),
        ]);
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| error, median | 2.35 mm | 7 |",
                "| alarms / false | 3 | 7 |",
                "| first accepted | 31.3 s | 7 |",
                "| Dice | not measured | 7 |",
            ]
        );
    }
}
