//! Pieces of SVG: text of a known width, colours of messages.

use std::fmt::Write as _;

/// Colours that people with any colour vision tell apart (M. Okabe, K. Ito, "Color universal design", 2008),
/// darkened where they would be pale on white.
const COLOURS: &[&str] =
    &["#0072b2", "#d55e00", "#00916a", "#b5568c", "#b07d00", "#3f8fc4", "#5b5b5b", "#7b4fa3"];

/// The colour of a message.
pub fn colour(messages: &[&str], message: &str) -> &'static str {
    let number = messages.iter().position(|known| *known == message).unwrap_or(0);
    COLOURS[number % COLOURS.len()]
}

/// Text that may stand between tags or in an attribute.
pub fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// Text from a place on.
pub fn text(out: &mut String, class: &str, x: f64, y: f64, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(
            out,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            escaped(text)
        );
    }
}

/// Text up to a place.
pub fn text_right(out: &mut String, class: &str, x: f64, y: f64, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(
            out,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{}</text>",
            escaped(text)
        );
    }
}

/// About how wide a text is; the widest of the usual fonts has 0.63 em for a letter on average.
pub fn width(text: &str, size_px: f64) -> f64 {
    text.chars().count() as f64 * size_px * 0.63
}
