//! The pixels of a sweep that change, and which of them belong to the ultrasound image.

/// Edge of the cells in which neighbouring pixels are joined.
const CELL_PX: usize = 8;
/// A cell of which fewer pixels change is empty.
const LEAST_OF_CELL: usize = 6;
/// A patch of changing pixels with less than this share of the largest one's is an overlay: a clock, a cursor.
const LEAST_SHARE: f64 = 0.03;

/// The pixels that change, rows from the top.
pub(super) struct Changing {
    pub(super) width_px: usize,
    pub(super) height_px: usize,
    pub(super) mask: Vec<bool>,
}

impl Changing {
    /// How many.
    pub(super) fn pixels(&self) -> usize {
        self.mask.iter().filter(|is_changing| **is_changing).count()
    }

    pub(super) fn at(&self, x: usize, y: usize) -> bool {
        self.mask[y * self.width_px + x]
    }

    /// Without specks, and without patches that are much smaller than the largest one.
    pub(super) fn without_overlays(&self) -> Self {
        let columns = self.width_px.div_ceil(CELL_PX);
        let rows = self.height_px.div_ceil(CELL_PX);
        let mut pixels = vec![0; columns * rows];
        for y in 0..self.height_px {
            for x in (0..self.width_px).filter(|x| self.at(*x, y)) {
                pixels[y / CELL_PX * columns + x / CELL_PX] += 1;
            }
        }
        let (patches, sizes) = patches(&pixels, columns);
        let least = LEAST_SHARE * sizes.iter().copied().max().unwrap_or(0) as f64;
        let is_kept = |cell: usize| patches[cell].is_some_and(|patch| sizes[patch] as f64 >= least);
        // The border of a patch may reach a little into cells that are almost empty.
        let is_near = |cell: usize| is_kept(cell) || around(cell, columns, rows).any(is_kept);
        let near: Vec<bool> = (0..columns * rows).map(is_near).collect();
        let mask = (0..self.mask.len()).map(|index| {
            let (x, y) = (index % self.width_px, index / self.width_px);
            self.mask[index] && near[y / CELL_PX * columns + x / CELL_PX]
        });
        Self { mask: mask.collect(), ..*self }
    }
}

/// The largest value within `reach` pixels along both axes of each pixel.
pub(super) fn largest_around(values: &[u8], width_px: usize, reach: usize) -> Vec<u8> {
    if width_px == 0 {
        return vec![];
    }
    let mut along_rows = Vec::with_capacity(values.len());
    for row in values.chunks(width_px) {
        along_rows.extend((0..width_px).map(|x| {
            let near = &row[x.saturating_sub(reach)..(x + reach + 1).min(width_px)];
            near.iter().copied().max().unwrap_or(0)
        }));
    }
    let height = values.len() / width_px;
    let mut largest = vec![0; values.len()];
    for (y, row) in largest.chunks_mut(width_px).enumerate() {
        for near in y.saturating_sub(reach)..(y + reach + 1).min(height) {
            let near = &along_rows[near * width_px..][..width_px];
            row.iter_mut().zip(near).for_each(|(largest, value)| *largest = (*largest).max(*value));
        }
    }
    largest
}

/// The number of the patch of each cell, and how many changing pixels each patch has.
fn patches(pixels: &[usize], columns: usize) -> (Vec<Option<usize>>, Vec<usize>) {
    let rows = pixels.len().checked_div(columns).unwrap_or(0);
    let mut patches = vec![None; pixels.len()];
    let mut sizes = vec![];
    let mut open = vec![];
    for seed in 0..pixels.len() {
        if patches[seed].is_some() || pixels[seed] < LEAST_OF_CELL {
            continue;
        }
        let patch = sizes.len();
        sizes.push(0);
        patches[seed] = Some(patch);
        open.push(seed);
        while let Some(cell) = open.pop() {
            sizes[patch] += pixels[cell];
            for next in around(cell, columns, rows) {
                if patches[next].is_none() && pixels[next] >= LEAST_OF_CELL {
                    patches[next] = Some(patch);
                    open.push(next);
                }
            }
        }
    }
    (patches, sizes)
}

/// The up to eight neighbours of a cell.
fn around(cell: usize, columns: usize, rows: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (cell % columns, cell / columns);
    let (left, right) = (x.saturating_sub(1), (x + 1).min(columns - 1));
    let (above, below) = (y.saturating_sub(1), (y + 1).min(rows - 1));
    (above..=below)
        .flat_map(move |y| (left..=right).map(move |x| y * columns + x))
        .filter(move |next| *next != cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlays_and_specks_are_left_out() {
        let (width_px, height_px) = (203, 101);
        let mask = (0..width_px * height_px).map(|index| {
            let (x, y) = (index % width_px, index / width_px);
            let image = (30..130).contains(&x) && (11..90).contains(&y);
            let clock = (180..200).contains(&x) && (2..10).contains(&y);
            image || clock || (x, y) == (160, 50)
        });
        let changing = Changing { width_px, height_px, mask: mask.collect() };
        assert_eq!(changing.pixels(), 100 * 79 + 20 * 8 + 1);
        let image = changing.without_overlays();
        assert_eq!(image.pixels(), 100 * 79);
        assert!(image.at(30, 11) && image.at(129, 89) && !image.at(160, 50));
    }

    #[test]
    fn an_image_without_pixels_has_no_patches() {
        let none = Changing { width_px: 0, height_px: 0, mask: vec![] };
        assert_eq!(none.without_overlays().pixels(), 0);
    }
}
