//! Numbers that a file has for each point, by name.

use super::{Error, MOST};

/// More arrays are no surface, and would take long to be told apart.
const MOST_ARRAYS: usize = 1000;

/// One number for each point: a label, a radius, a distance.
#[derive(Clone, Debug, PartialEq)]
pub struct PointArray {
    /// As the file calls it.
    pub name: String,
    /// As many as there are points, all finite. Units are those of the file.
    pub values: Vec<f64>,
}

impl PointArray {
    /// Whether all values are numbers.
    pub(crate) fn is_finite(&self) -> bool {
        self.values.iter().all(|value| value.is_finite())
    }
}

/// The arrays of one file, while it is read.
#[derive(Debug, Default)]
pub struct Collected {
    arrays: Vec<PointArray>,
    values: usize,
}

impl Collected {
    /// Whether values of so many further points should be read under a name: an array that does not reach from the
    /// first point to the last is none of the points.
    ///
    /// # Errors
    /// If they are more than a file of so many bytes has: some bytes were read again and again.
    pub fn wants(
        &mut self,
        name: &str,
        before: usize,
        more: usize,
        bytes: usize,
    ) -> Result<bool, Error> {
        let known = self.arrays.iter().find(|array| array.name == name);
        let wanted = known.map_or(before == 0, |array| array.values.len() == before);
        if !wanted || name.is_empty() {
            return Ok(false);
        }
        if known.is_none() && self.arrays.len() >= MOST_ARRAYS {
            let came = self.arrays.len() as u64 + 1;
            return Err(Error::TooLarge { what: "arrays of points", most: MOST_ARRAYS, came });
        }
        let most = MOST + bytes;
        self.values = self.values.saturating_add(more);
        if self.values > most {
            let came = self.values as u64;
            return Err(Error::TooLarge { what: "values of points", most, came });
        }
        Ok(true)
    }

    /// Adds what [`wants`](Self::wants) was asked for.
    pub fn add(&mut self, name: &str, values: Vec<f64>) {
        match self.arrays.iter_mut().find(|array| array.name == name) {
            Some(array) => array.values.extend(values),
            None => self.arrays.push(PointArray { name: name.to_owned(), values }),
        }
    }

    /// Leaves out arrays of fewer points.
    pub fn keep_whole(&mut self, points: usize) {
        self.arrays.retain(|array| array.values.len() == points);
    }

    /// As they are; some values may be no numbers.
    pub fn into_arrays(self) -> Vec<PointArray> {
        self.arrays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_reach_from_the_first_point_to_the_last() {
        let mut arrays = Collected::default();
        assert!(arrays.wants("a", 0, 2, 99).unwrap());
        arrays.add("a", vec![1.0, 2.0]);
        assert!(arrays.wants("b", 0, 2, 99).unwrap());
        arrays.add("b", vec![3.0, 4.0]);
        // A second piece of the file: it has more of one, a third array, and one twice.
        assert!(arrays.wants("a", 2, 1, 99).unwrap());
        arrays.add("a", vec![5.0]);
        assert!(!arrays.wants("a", 2, 1, 99).unwrap());
        assert!(!arrays.wants("c", 2, 1, 99).unwrap());
        arrays.keep_whole(3);
        let a = PointArray { name: "a".into(), values: vec![1.0, 2.0, 5.0] };
        assert_eq!(arrays.into_arrays(), [a]);
    }

    #[test]
    fn bytes_that_are_read_again_and_again_fill_no_memory() {
        let mut arrays = Collected::default();
        assert!(arrays.wants("a", 0, MOST, 1).unwrap());
        assert!(arrays.wants("b", 0, 1, 1).unwrap());
        assert!(matches!(arrays.wants("c", 0, 1, 1), Err(Error::TooLarge { .. })));
        let mut arrays = Collected::default();
        for index in 0..MOST_ARRAYS {
            assert!(arrays.wants(&index.to_string(), 0, 1, 1).unwrap());
            arrays.add(&index.to_string(), vec![0.0]);
        }
        assert!(matches!(arrays.wants("one more", 0, 1, 1), Err(Error::TooLarge { .. })));
    }
}
