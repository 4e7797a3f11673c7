//! A banner that is read from the other side of the room: what is nearest, what it means, and what the
//! registration is worth, in letters as large as the view.

use super::canvas::CanvasError;
use super::lanes::Grade;
use super::painter::Painter;

/// Pixels of the banner; the viewer makes it as large as there is room.
pub const SIZE_PX: [usize; 2] = [208, 44];
/// Pixels of a letter, without the gap to the next.
const LETTER_PX: [usize; 2] = [5, 7];
/// Distance from the banner's border, pixels.
const MARGIN_PX: usize = 4;

/// What the banner says.
#[derive(Clone, Debug, PartialEq)]
pub struct Banner {
    /// Its colour.
    pub grade: Grade,
    /// In large letters.
    pub headline: String,
    /// In small letters.
    pub lines: [String; 2],
}

impl Banner {
    /// RGB, row by row. What does not fit is cut off, and two dots say so.
    pub fn pixels(&self) -> Vec<u8> {
        let paper = self.grade.colour();
        // The ink that stands out: luma by ITU-R BT.601.
        let luma: f32 =
            paper.iter().zip([0.299, 0.587, 0.114]).map(|(&c, weight)| f32::from(c) * weight).sum();
        let ink = if luma > 150.0 { [0; 3] } else { [255; 3] };
        let mut pixels = paper.repeat(SIZE_PX[0] * SIZE_PX[1]);
        let mut top = MARGIN_PX;
        for (text, scale) in [(&self.headline, 2), (&self.lines[0], 1), (&self.lines[1], 1)] {
            write(&mut pixels, text, top, scale, ink);
            top += LETTER_PX[1] * scale + MARGIN_PX;
        }
        pixels
    }
}

fn write(pixels: &mut [u8], text: &str, top: usize, scale: usize, ink: [u8; 3]) {
    let [width, _] = SIZE_PX;
    let step = (LETTER_PX[0] + 1) * scale;
    let room = (width - MARGIN_PX + scale) / step;
    let is_cut = text.chars().count() > room;
    for (number, letter) in text.chars().take(room).enumerate() {
        let letter = if is_cut && number + 2 >= room { '.' } else { letter };
        let left = MARGIN_PX + number * step;
        for (row, bits) in glyph(letter).into_iter().enumerate() {
            for column in (0..LETTER_PX[0]).filter(|column| bits >> (4 - column) & 1 == 1) {
                for y in (top + row * scale)..(top + (row + 1) * scale) {
                    let start = 3 * (y * width + left + column * scale);
                    pixels[start..start + 3 * scale].copy_from_slice(&ink.repeat(scale));
                }
            }
        }
    }
}

/// A letter of 5 × 7 pixels: seven rows of five bits. A box for what there is no letter for.
fn glyph(letter: char) -> [u8; 7] {
    match letter.to_ascii_uppercase() {
        ' ' | '_' => [0; 7],
        'A' => [0x0E, 0x11, 0x11, 0x1F, 0x11, 0x11, 0x11],
        'B' => [0x1E, 0x11, 0x11, 0x1E, 0x11, 0x11, 0x1E],
        'C' => [0x0E, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0E],
        'D' => [0x1E, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1E],
        'E' => [0x1F, 0x10, 0x10, 0x1E, 0x10, 0x10, 0x1F],
        'F' => [0x1F, 0x10, 0x10, 0x1E, 0x10, 0x10, 0x10],
        'G' => [0x0E, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0F],
        'H' => [0x11, 0x11, 0x11, 0x1F, 0x11, 0x11, 0x11],
        'I' => [0x0E, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0E],
        'J' => [0x07, 0x02, 0x02, 0x02, 0x02, 0x12, 0x0C],
        'K' => [0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11],
        'L' => [0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1F],
        'M' => [0x11, 0x1B, 0x15, 0x15, 0x11, 0x11, 0x11],
        'N' => [0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11],
        'O' => [0x0E, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0E],
        'P' => [0x1E, 0x11, 0x11, 0x1E, 0x10, 0x10, 0x10],
        'Q' => [0x0E, 0x11, 0x11, 0x11, 0x15, 0x12, 0x0D],
        'R' => [0x1E, 0x11, 0x11, 0x1E, 0x14, 0x12, 0x11],
        'S' => [0x0F, 0x10, 0x10, 0x0E, 0x01, 0x01, 0x1E],
        'T' => [0x1F, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04],
        'U' => [0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0E],
        'V' => [0x11, 0x11, 0x11, 0x11, 0x11, 0x0A, 0x04],
        'W' => [0x11, 0x11, 0x11, 0x15, 0x15, 0x1B, 0x11],
        'X' => [0x11, 0x11, 0x0A, 0x04, 0x0A, 0x11, 0x11],
        'Y' => [0x11, 0x11, 0x0A, 0x04, 0x04, 0x04, 0x04],
        'Z' => [0x1F, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1F],
        '0' => [0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E],
        '1' => [0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E],
        '2' => [0x0E, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1F],
        '3' => [0x1E, 0x01, 0x01, 0x0E, 0x01, 0x01, 0x1E],
        '4' => [0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02],
        '5' => [0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E],
        '6' => [0x0E, 0x10, 0x10, 0x1E, 0x11, 0x11, 0x0E],
        '7' => [0x1F, 0x01, 0x02, 0x04, 0x04, 0x04, 0x04],
        '8' => [0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E],
        '9' => [0x0E, 0x11, 0x11, 0x0F, 0x01, 0x01, 0x0E],
        '.' => [0x00, 0x00, 0x00, 0x00, 0x00, 0x0C, 0x0C],
        ',' => [0x00, 0x00, 0x00, 0x00, 0x0C, 0x04, 0x08],
        ':' => [0x00, 0x0C, 0x0C, 0x00, 0x0C, 0x0C, 0x00],
        '-' | '−' => [0x00, 0x00, 0x00, 0x0E, 0x00, 0x00, 0x00],
        '±' => [0x04, 0x04, 0x1F, 0x04, 0x04, 0x00, 0x1F],
        '/' => [0x01, 0x02, 0x02, 0x04, 0x08, 0x08, 0x10],
        '%' => [0x18, 0x19, 0x02, 0x04, 0x08, 0x13, 0x03],
        '`' | '\'' => [0x04, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00],
        '(' => [0x02, 0x04, 0x08, 0x08, 0x08, 0x04, 0x02],
        ')' => [0x08, 0x04, 0x02, 0x02, 0x02, 0x04, 0x08],
        _ => [0x1F, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1F],
    }
}

impl Painter {
    /// Draws the banner.
    pub(super) fn banner(&mut self, banner: &Banner) -> Result<(), CanvasError> {
        let pixels = banner.pixels();
        let bytes = pixels.len();
        let picture = rerun::Image::from_rgb24(pixels, SIZE_PX.map(|size| size as u32));
        self.canvas.draw("banner", &picture, bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn banner(grade: Grade, headline: &str) -> Banner {
        Banner { grade, headline: headline.to_owned(), lines: Default::default() }
    }

    #[test]
    fn every_letter_and_figure_looks_different() {
        let letters = ('A'..='Z').chain('0'..='9').chain(" .,:-±/%()'".chars());
        let glyphs: HashSet<[u8; 7]> = letters.clone().map(glyph).collect();
        assert_eq!(glyphs.len(), letters.count());
        assert!(glyphs.iter().flatten().all(|row| row >> LETTER_PX[0] == 0));
        assert!(!glyphs.contains(&glyph('漢')));
        assert_eq!(glyph('q'), glyph('Q'));
    }

    #[test]
    fn letters_stand_on_the_colour_of_what_they_say() {
        let empty = banner(Grade::Bad, "").pixels();
        assert_eq!(empty.len(), 3 * SIZE_PX[0] * SIZE_PX[1]);
        assert!(empty.chunks(3).all(|pixel| pixel == Grade::Bad.colour()));
        let inks = |grade: Grade| -> HashSet<Vec<u8>> {
            banner(grade, "I").pixels().chunks(3).map(<[u8]>::to_vec).collect()
        };
        assert!(inks(Grade::Bad).contains(&vec![255; 3]));
        assert!(inks(Grade::Doubtful).contains(&vec![0; 3]));
        // An I of 11 bits, each a square of two pixels.
        let drawn = banner(Grade::Bad, "I").pixels();
        assert_eq!(drawn.chunks(3).filter(|pixel| *pixel == [255; 3]).count(), 4 * 11);
    }

    #[test]
    fn what_does_not_fit_is_cut_off_and_says_so() {
        let long = banner(Grade::Good, &"W".repeat(100)).pixels();
        assert_eq!(long, banner(Grade::Good, &format!("{}..", "W".repeat(15))).pixels());
        let whole = banner(Grade::Good, &"W".repeat(17)).pixels();
        assert_ne!(long, whole, "what just fits is not cut");
    }
}
