//! The lines between two layers of boxes: down, along a track of their own, down again.

use super::canvas::Canvas;

/// A line from a pin above to pins below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number of its net.
    pub net: usize,
    /// The column where it begins.
    pub top: usize,
    /// The columns where it ends; none is where another line begins.
    pub ends: Vec<usize>,
}

impl Line {
    fn span(&self) -> (usize, usize) {
        let columns = self.ends.iter().chain([&self.top]);
        columns
            .fold((usize::MAX, 0), |(least, most), column| (least.min(*column), most.max(*column)))
    }

    fn is_straight(&self) -> bool {
        self.ends.iter().all(|end| *end == self.top)
    }
}

/// Draws lines from `top` on and says how many rows they took.
pub fn draw(canvas: &mut Canvas, top: usize, lines: &[Line]) -> usize {
    let tracks = tracks(lines);
    let height = tracks.iter().flatten().max().map_or(1, |last| last + 3);
    let mut horizontal = Vec::new();
    for (line, track) in lines.iter().zip(&tracks) {
        let Some(track) = track else {
            (0..height).for_each(|row| canvas.put(line.top, top + row, '│'));
            continue;
        };
        let row = top + 1 + track;
        (top..row).for_each(|row| canvas.put(line.top, row, '│'));
        for end in &line.ends {
            (row + 1..top + height).for_each(|row| canvas.put(*end, row, '│'));
        }
        horizontal.push((line, row));
    }
    for (line, row) in horizontal {
        let (least, most) = line.span();
        for column in least..=most {
            let up = column == line.top;
            let down = line.ends.contains(&column);
            // Where another line goes down, this one passes beneath it.
            let crossed = lines.iter().zip(&tracks).any(|(other, track)| {
                let track = track.map(|track| top + 1 + track);
                let above = other.top == column && track.is_none_or(|track| row < track);
                let below = other.ends.contains(&column) && track.is_none_or(|track| row > track);
                other.net != line.net && (above || below)
            });
            if !crossed {
                canvas.put(column, row, corner([column > least, column < most, up, down]));
            }
        }
    }
    height
}

/// The character that leads to the left, to the right, up and down.
fn corner([left, right, up, down]: [bool; 4]) -> char {
    match (left, right, up, down) {
        (true, true, true, true) => '┼',
        (true, true, true, false) => '┴',
        (true, true, false, true) => '┬',
        (true, false, true, true) => '┤',
        (false, true, true, true) => '├',
        (true, false, true, false) => '┘',
        (true, false, false, _) => '┐',
        (false, true, true, false) => '└',
        (false, true, false, _) => '┌',
        (false, false, ..) => '│',
        (true, true, false, false) => '─',
    }
}

/// The track of each line that is not straight. Lines that share a track are apart.
fn tracks(lines: &[Line]) -> Vec<Option<usize>> {
    let mut bent: Vec<usize> =
        (0..lines.len()).filter(|line| !lines[*line].is_straight()).collect();
    // Of lines that go right, the rightmost turns first; of those that go left, the leftmost: they cross less.
    bent.sort_by_key(|line| {
        let line = &lines[*line];
        let (least, most) = line.span();
        let right = most - line.top >= line.top - least;
        (if right { usize::MAX - line.top } else { line.top }, line.net)
    });
    let mut tracks = vec![None; lines.len()];
    let mut taken: Vec<Vec<(usize, usize)>> = Vec::new();
    for line in bent {
        let (least, most) = lines[line].span();
        let free = |track: &Vec<(usize, usize)>| {
            track.iter().all(|(from, to)| most + 1 < *from || to + 1 < least)
        };
        let track = taken.iter().position(free).unwrap_or_else(|| {
            taken.push(Vec::new());
            taken.len() - 1
        });
        taken[track].push((least, most));
        tracks[line] = Some(track);
    }
    tracks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(lines: &[Line]) -> String {
        let mut canvas = Canvas::default();
        draw(&mut canvas, 0, lines);
        canvas.to_text()
    }

    fn line(net: usize, top: usize, ends: &[usize]) -> Line {
        Line { net, top, ends: ends.to_vec() }
    }

    #[test]
    fn a_straight_line_is_one_row() {
        assert_eq!(drawn(&[line(0, 2, &[2])]), "  │\n");
    }

    #[test]
    fn one_line_goes_to_several() {
        assert_eq!(drawn(&[line(0, 3, &[0, 6])]), "   │\n┌──┴──┐\n│     │\n");
        assert_eq!(drawn(&[line(0, 3, &[3, 6])]), "   │\n   ├──┐\n   │  │\n");
    }

    #[test]
    fn lines_that_cross_stay_apart() {
        let text = drawn(&[line(0, 0, &[7]), line(1, 6, &[1])]);
        assert_eq!(text.matches('┼').count(), 0, "{text}");
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.first().copied(), Some("│     │"), "{text}");
        assert_eq!(rows.last().copied(), Some(" │     │"), "{text}");
    }
}
