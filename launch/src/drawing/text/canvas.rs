//! Characters at columns and lines.

/// A sheet that grows as it is written on.
#[derive(Clone, Debug, Default)]
pub struct Canvas {
    lines: Vec<Vec<char>>,
}

impl Canvas {
    /// Puts a character.
    pub fn put(&mut self, column: usize, line: usize, character: char) {
        if self.lines.len() <= line {
            self.lines.resize(line + 1, Vec::new());
        }
        let line = &mut self.lines[line];
        if line.len() <= column {
            line.resize(column + 1, ' ');
        }
        line[column] = character;
    }

    /// Writes text from a column on.
    pub fn write(&mut self, column: usize, line: usize, text: &str) {
        for (offset, character) in text.chars().enumerate() {
            self.put(column + offset, line, character);
        }
    }

    /// All lines, without blanks at their ends.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.extend(line);
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }
}
