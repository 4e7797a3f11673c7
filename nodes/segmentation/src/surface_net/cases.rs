//! What a cell of eight voxels can look like: the 256 cases of inside and outside.

use std::sync::LazyLock;

/// Steps from a corner to its neighbours along x, y and z: corner `k` lies at `x = k >> 2`, `y = k & 1`,
/// `z = k >> 1 & 1` of the cell.
pub const AXIS_BIT: [usize; 3] = [4, 1, 2];

/// What follows from which corners are inside; bit `k` of the case says whether corner `k` is.
pub struct Cases {
    /// Which part of the outside a corner belongs to, of those that are connected along edges of the cell; 0 for
    /// corners inside.
    pub outside: [[u8; 8]; 256],
    /// How many such parts there are: each has a vertex of its own, else sheets of the surface that only come near
    /// each other would be joined there.
    pub parts: [u8; 256],
    /// Bit `axis`: on the cell's low face across this axis only two diagonal corners are inside, and the two outside
    /// belong to the same part of the cell.
    pub doubtful_low: [u8; 256],
    /// The same for the high face.
    pub doubtful_high: [u8; 256],
}

/// The cases.
pub static CASES: LazyLock<Cases> = LazyLock::new(Cases::new);

impl Cases {
    fn new() -> Self {
        let mut cases = Self {
            outside: [[0; 8]; 256],
            parts: [0; 256],
            doubtful_low: [0; 256],
            doubtful_high: [0; 256],
        };
        for case in 0..256 {
            let is_inside = |corner: usize| case >> corner & 1 == 1;
            let part = &mut cases.outside[case];
            let mut known = 0_usize;
            for start in 0..8 {
                if is_inside(start) || known >> start & 1 == 1 {
                    continue;
                }
                let mut open = vec![start];
                while let Some(corner) = open.pop() {
                    if known >> corner & 1 == 0 {
                        known |= 1 << corner;
                        part[corner] = cases.parts[case];
                        let next = AXIS_BIT.map(|bit| corner ^ bit);
                        open.extend(next.into_iter().filter(|&corner| !is_inside(corner)));
                    }
                }
                cases.parts[case] += 1;
            }
            for axis in 0..3 {
                let (u, v) = (AXIS_BIT[(axis + 1) % 3], AXIS_BIT[(axis + 2) % 3]);
                for (first, doubtful) in
                    [(0, &mut cases.doubtful_low), (AXIS_BIT[axis], &mut cases.doubtful_high)]
                {
                    let corners = [first, first | u, first | u | v, first | v];
                    let [a, b, c, d] = corners.map(is_inside);
                    if a != c || b != d || a == b {
                        continue;
                    }
                    let [e, f] =
                        if a { [corners[1], corners[3]] } else { [corners[0], corners[2]] };
                    if part[e] == part[f] {
                        doubtful[case] |= 1 << axis;
                    }
                }
            }
        }
        cases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_outside_are_told_apart() {
        assert_eq!(CASES.parts[0b0000_0001], 1);
        // All but two opposite corners are inside.
        assert_eq!(CASES.parts[0b0111_1110], 2);
        // A chequered cell.
        let chequered =
            (0..8_usize).filter(|k| k.count_ones() % 2 == 0).map(|k| 1 << k).sum::<usize>();
        assert_eq!(CASES.parts[chequered], 4);
        assert_eq!((CASES.parts[0], CASES.parts[255]), (1, 0));
    }

    #[test]
    fn only_a_neck_that_is_free_all_round_is_doubtful() {
        // Corners 0 (low x, y, z) and 3 (low x, high y, high z): diagonal on the low face across x.
        let two = 0b0000_1001;
        assert_eq!((CASES.doubtful_low[two], CASES.doubtful_high[two]), (1, 0));
        // With the four corners of the high x face inside there is nothing round the neck.
        assert_eq!(CASES.doubtful_low[two | 0b1111_0000], 0);
    }
}
