//! Lines, polygons or strips: lists of points, one behind the other.

use super::{Error, MOST};

/// As many as the most triangles have.
pub const MOST_CORNERS: usize = 3 * MOST;

/// Cells of a kind; each has one corner or more.
#[derive(Debug, Default)]
pub struct Cells {
    ends: Vec<usize>,
    corners: Vec<u32>,
}

impl Cells {
    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// All corners, one cell behind the other.
    pub fn corners(&self) -> &[u32] {
        &self.corners
    }

    /// The corners of each cell.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let cell = &self.corners[start..end];
            start = end;
            cell
        })
    }

    /// Adds cells of which each ends before a place in the list of all their corners, which are numbered from the point
    /// `first` of all points on.
    pub fn add(&mut self, ends: &[i64], corners: &[i64], first: usize) -> Result<(), Error> {
        let before = self.corners.len();
        if corners.len() > MOST_CORNERS - before {
            let came = (before + corners.len()) as u64;
            return Err(Error::TooLarge { what: "corners", most: MOST_CORNERS, came });
        }
        let mut start = 0;
        for &came in ends {
            let end = usize::try_from(came).ok().filter(|&end| {
                // Cells without corners would come for free, as many as a file likes.
                start < end && end <= corners.len()
            });
            let Some(end) = end else {
                let expected = format!("from {} to {}", start + 1, corners.len());
                return Err(Error::wrong("offsets", expected, came));
            };
            self.ends.push(before + end);
            start = end;
        }
        if start != corners.len() {
            let declared = format!("{start} corners");
            return Err(Error::Longer { what: "the list of cells".to_owned(), declared });
        }
        for &corner in corners {
            let index =
                corner.checked_add(first as i64).and_then(|index| u32::try_from(index).ok());
            // Adding the first could make a point of another piece of what is none.
            let index = index
                .filter(|_| corner >= 0)
                .ok_or_else(|| Error::wrong("a corner", "the number of a vertex", corner))?;
            self.corners.push(index);
        }
        Ok(())
    }

    /// Adds so many cells, written as the number of their corners, and these.
    pub fn add_counted(&mut self, count: usize, numbers: &[i64]) -> Result<(), Error> {
        let (mut ends, mut corners) = (Vec::new(), Vec::new());
        let mut rest = numbers;
        for _ in 0..count {
            let Some((&length, others)) = rest.split_first() else {
                let (what, declared) = ("the list of cells".to_owned(), format!("{count} cells"));
                return Err(Error::EndsEarly { what, declared });
            };
            let cell =
                usize::try_from(length).ok().and_then(|length| others.split_at_checked(length));
            let Some((cell, others)) = cell.filter(|(cell, _)| !cell.is_empty()) else {
                let expected = format!("from 1 to the {} numbers that follow", others.len());
                return Err(Error::wrong("the number of corners of a cell", expected, length));
            };
            corners.extend_from_slice(cell);
            ends.push(corners.len() as i64);
            rest = others;
        }
        if !rest.is_empty() {
            let (what, declared) = ("the list of cells".to_owned(), format!("{count} cells"));
            return Err(Error::Longer { what, declared });
        }
        self.add(&ends, &corners, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_are_the_same_cells() {
        let (mut one, mut other) = (Cells::default(), Cells::default());
        one.add(&[3, 5], &[0, 1, 2, 4, 3], 0).unwrap();
        other.add_counted(2, &[3, 0, 1, 2, 2, 4, 3]).unwrap();
        for cells in [&one, &other] {
            let all: Vec<&[u32]> = cells.iter().collect();
            assert_eq!(all, [&[0, 1, 2][..], &[4, 3]]);
        }
        one.add(&[1], &[2], 5).unwrap();
        assert_eq!(one.iter().last().unwrap(), [7]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut cells = Cells::default();
        for (ends, corners) in [
            (&[0][..], &[][..]),
            (&[2, 1], &[0, 1]),
            (&[3], &[0, 1]),
            (&[1], &[0, 1]),
            (&[-1], &[0]),
            (&[1], &[-1]),
            (&[1], &[i64::MAX]),
        ] {
            assert!(cells.add(ends, corners, 1).is_err(), "{ends:?} {corners:?}");
        }
        for (count, numbers) in [
            (1, &[0][..]),
            (1, &[2, 0]),
            (2, &[1, 0]),
            (1, &[1, 0, 1]),
            (1, &[-1]),
            (1, &[i64::MAX]),
        ] {
            assert!(cells.add_counted(count, numbers).is_err(), "{count} {numbers:?}");
        }
    }
}
