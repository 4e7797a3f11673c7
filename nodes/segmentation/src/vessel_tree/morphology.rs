//! Removes components that are too small to be vessels and fills cavities and dents in vessels.

use super::block::{Block, FOREGROUND, UNKNOWN};

/// Clears components of foreground (26 neighbours) of fewer than `least_voxels`.
pub fn remove_small(block: &mut Block, least_voxels: usize) {
    let steps = block.neighbours();
    let mut visited = vec![false; block.cells.len()];
    let mut component = Vec::new();
    for start in 0..block.cells.len() {
        if block.cells[start] != FOREGROUND || visited[start] {
            continue;
        }
        component.clear();
        component.push(start);
        visited[start] = true;
        let mut next = 0;
        while next < component.len() {
            let at = component[next];
            next += 1;
            for step in steps {
                let neighbour = at.wrapping_add_signed(step);
                if block.cells[neighbour] == FOREGROUND && !visited[neighbour] {
                    visited[neighbour] = true;
                    component.push(neighbour);
                }
            }
        }
        if component.len() < least_voxels {
            for &at in &component {
                block.cells[at] = 0;
            }
        }
    }
}

/// Fills background that is enclosed by foreground (6 neighbours) in pieces of up to `largest_voxels`.
///
/// A cavity that holds a voxel nobody saw stays open: what is there is not known.
pub fn fill_cavities(block: &mut Block, largest_voxels: usize) {
    let [sx, sy, sz] = block.strides().map(|stride| stride as isize);
    let steps = [sx, -sx, sy, -sy, sz, -sz];
    // The search that reached a voxel; 0 for none.
    let mut reached_by = vec![0_u32; block.cells.len()];
    let mut search = 0;
    let mut cavity = Vec::new();
    for start in 1..block.cells.len() {
        // A cavity starts right of foreground in the order of the scan; this keeps the search off the open background.
        if block.cells[start] == FOREGROUND
            || reached_by[start] != 0
            || block.cells[start - 1] != FOREGROUND
        {
            continue;
        }
        search += 1;
        cavity.clear();
        cavity.push(start);
        reached_by[start] = search;
        let (mut next, mut closed) = (0, true);
        while next < cavity.len() && closed {
            let at = cavity[next];
            next += 1;
            let on_rim = block.index(at).iter().zip(block.size).any(|(&i, n)| i == 0 || i + 1 == n);
            closed = !on_rim && block.cells[at] != UNKNOWN && cavity.len() <= largest_voxels;
            for step in if closed { &steps[..] } else { &[] } {
                let neighbour = at.wrapping_add_signed(*step);
                if block.cells[neighbour] == FOREGROUND || reached_by[neighbour] == search {
                    continue;
                }
                // What another search reached and left as it was is open.
                closed &= reached_by[neighbour] == 0;
                reached_by[neighbour] = search;
                cavity.push(neighbour);
            }
        }
        if closed && cavity.len() <= largest_voxels {
            for &at in &cavity {
                block.cells[at] = FOREGROUND;
            }
        }
    }
}

/// Of the 26 neighbours of a voxel outside a flat wall 9 are vessel, and 15 or more only of one in a dent or tunnel.
const IN_A_DENT: usize = 15;

/// Fills background voxels that are mostly surrounded by vessel, `rounds` times over.
///
/// A rough mask is full of dents and tunnels a voxel wide, and each tunnel would be a loop of the tree.
pub fn fill_dents(block: &mut Block, rounds: usize) {
    let steps = block.neighbours();
    for _ in 0..rounds {
        let mut beside = vec![0_u8; block.cells.len()];
        for at in (0..block.cells.len()).filter(|&at| block.cells[at] == FOREGROUND) {
            for step in steps {
                beside[at.wrapping_add_signed(step)] += 1;
            }
        }
        for (at, count) in beside.iter().enumerate() {
            let on_rim = block.index(at).iter().zip(block.size).any(|(&i, n)| i == 0 || i + 1 == n);
            if block.cells[at] == 0 && usize::from(*count) >= IN_A_DENT && !on_rim {
                block.cells[at] = FOREGROUND;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::grid::Grid;
    use super::super::parameters::Foreground;
    use super::*;

    fn block(shape: impl Fn([usize; 3]) -> bool) -> Block {
        let grid = Grid::with_spacing([12, 12, 12], [1.0; 3]).unwrap();
        let mask: Vec<u8> = (0..12 * 12 * 12)
            .map(|at| u8::from(shape([at % 12, at / 12 % 12, at / 144])))
            .collect();
        Block::cut(&grid, &mask, None, Foreground::AtLeast(1)).unwrap().unwrap()
    }

    fn count(block: &Block) -> usize {
        block.cells.iter().map(|&cell| usize::from(cell == FOREGROUND)).sum()
    }

    #[test]
    fn a_cavity_is_filled_and_an_opening_is_not() {
        let cube = |i: [usize; 3]| i.iter().all(|side| (2..9).contains(side));
        let mut closed = block(|i| cube(i) && i.iter().any(|side| !(4..6).contains(side)));
        fill_cavities(&mut closed, 8);
        assert_eq!(count(&closed), 343);
        let mut open = block(|i| cube(i) && !(i[1] == 5 && i[2] == 5 && i[0] > 3));
        fill_cavities(&mut open, 100);
        assert_eq!(count(&open), 343 - 5);
        let mut large = block(|i| cube(i) && i.iter().any(|side| !(4..6).contains(side)));
        fill_cavities(&mut large, 7);
        assert_eq!(count(&large), 343 - 8);
    }

    #[test]
    fn specks_go_and_vessels_stay() {
        let mut block = block(|[x, y, z]| (y == 5 && z == 5) || [x, y, z] == [1, 1, 1]);
        remove_small(&mut block, 2);
        assert_eq!(count(&block), 12);
    }
}
