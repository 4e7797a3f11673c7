//! In which layer each block stands, and in which order: what flows goes from layer to layer.
//!
//! After K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system
//! structures", IEEE Trans. Systems, Man and Cybernetics 11(2), 1981: layers by the longest way,
//! lines that cross layers pass through places of their own, and each layer is ordered by the mean
//! place of its neighbours.

use super::Picture;

/// What stands in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A block.
    Block(usize),
    /// A line that only passes, by the number of its net.
    Pass(usize),
}

/// Sweeps over all layers; more change nothing in graphs that people read.
const SWEEPS: usize = 8;

/// Layers of items, each in its order. `room` says whether a layer with these items is not too wide;
/// one that is gives its last blocks to the next layer.
pub fn layers(picture: &Picture, room: &dyn Fn(&[Item]) -> bool) -> Vec<Vec<Item>> {
    let edges = edges(picture);
    let mut layer = longest_ways(picture.blocks.len(), &edges);
    pull_sources(&mut layer, &edges);
    let mut rows = items(picture, &layer);
    // Each round moves a block down, and none moves more often than there are blocks.
    for _ in 0..picture.blocks.len() * picture.blocks.len() {
        let Some(moved) = too_many(&rows, room) else {
            break;
        };
        push_down(&mut layer, moved, &edges);
        rows = items(picture, &layer);
    }
    order(picture, &mut rows);
    rows
}

/// Connections between blocks, without those that close a circle.
fn edges(picture: &Picture) -> Vec<(usize, usize)> {
    let mut edges: Vec<(usize, usize)> = Vec::new();
    for net in &picture.nets {
        for (to, _) in &net.to {
            if !edges.contains(&(net.from, *to)) && !leads(&edges, *to, net.from) {
                edges.push((net.from, *to));
            }
        }
    }
    edges
}

fn leads(edges: &[(usize, usize)], from: usize, to: usize) -> bool {
    let mut reached = vec![from];
    let mut next = 0;
    while let Some(&block) = reached.get(next) {
        if block == to {
            return true;
        }
        for (_, after) in edges.iter().filter(|(before, _)| *before == block) {
            if !reached.contains(after) {
                reached.push(*after);
            }
        }
        next += 1;
    }
    false
}

fn longest_ways(blocks: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layer = vec![0; blocks];
    for _ in 0..blocks {
        for (from, to) in edges {
            layer[*to] = layer[*to].max(layer[*from] + 1);
        }
    }
    layer
}

/// A source stands just before the first that hears it, not at the far end.
fn pull_sources(layer: &mut [usize], edges: &[(usize, usize)]) {
    for block in 0..layer.len() {
        let fed = edges.iter().any(|(_, to)| *to == block);
        let hearers = edges.iter().filter(|(from, _)| *from == block).map(|(_, to)| layer[*to]);
        if let (false, Some(first)) = (fed, hearers.min()) {
            layer[block] = first - 1;
        }
    }
}

fn items(picture: &Picture, layer: &[usize]) -> Vec<Vec<Item>> {
    let count = layer.iter().max().map_or(0, |last| last + 1);
    let mut rows = vec![Vec::new(); count];
    for (block, layer) in layer.iter().enumerate() {
        rows[*layer].push(Item::Block(block));
    }
    for (number, net) in picture.nets.iter().enumerate() {
        let furthest = net.to.iter().map(|(to, _)| layer[*to]).max().unwrap_or(0);
        for row in rows.iter_mut().take(furthest).skip(layer[net.from] + 1) {
            row.push(Item::Pass(number));
        }
    }
    rows
}

/// The last block of the first layer without room.
fn too_many(rows: &[Vec<Item>], room: &dyn Fn(&[Item]) -> bool) -> Option<usize> {
    for row in rows {
        let blocks: Vec<usize> = row
            .iter()
            .filter_map(|item| match item {
                Item::Block(block) => Some(*block),
                Item::Pass(_) => None,
            })
            .collect();
        if blocks.len() > 1 && !room(row) {
            return blocks.last().copied();
        }
    }
    None
}

fn push_down(layer: &mut [usize], block: usize, edges: &[(usize, usize)]) {
    layer[block] += 1;
    for (_, after) in edges.iter().filter(|(from, _)| *from == block) {
        if layer[*after] <= layer[block] {
            push_down(layer, *after, edges);
        }
    }
}

/// Items of neighbouring layers that are connected, as places in their layers.
fn connections(picture: &Picture, above: &[Item], below: &[Item]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (place, item) in above.iter().enumerate() {
        for (number, net) in picture.nets.iter().enumerate() {
            let here = *item == Item::Block(net.from) || *item == Item::Pass(number);
            for (other, hearer) in below.iter().enumerate() {
                let there = match hearer {
                    Item::Block(block) => net.to.iter().any(|(to, _)| to == block),
                    Item::Pass(pass) => *pass == number,
                };
                if here && there {
                    found.push((place, other));
                }
            }
        }
    }
    found
}

fn order(picture: &Picture, rows: &mut Vec<Vec<Item>>) {
    let mut best = (crossings(picture, rows), rows.clone());
    for sweep in 0..SWEEPS {
        let count = rows.len();
        for step in 1..count {
            let (row, neighbour) =
                if sweep % 2 == 0 { (step, step - 1) } else { (count - 1 - step, count - step) };
            let upward = row > neighbour;
            let pairs = if upward {
                connections(picture, &rows[neighbour], &rows[row])
            } else {
                connections(picture, &rows[row], &rows[neighbour])
            };
            let mean = |place: usize| {
                let others: Vec<usize> = pairs
                    .iter()
                    .filter(|(above, below)| if upward { *below == place } else { *above == place })
                    .map(|(above, below)| if upward { *above } else { *below })
                    .collect();
                if others.is_empty() {
                    place as f64
                } else {
                    others.iter().sum::<usize>() as f64 / others.len() as f64
                }
            };
            let mut placed: Vec<(f64, Item)> =
                rows[row].iter().enumerate().map(|(place, item)| (mean(place), *item)).collect();
            placed.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            rows[row] = placed.into_iter().map(|(_, item)| item).collect();
        }
        let now = crossings(picture, rows);
        if now < best.0 {
            best = (now, rows.clone());
        }
    }
    *rows = best.1;
}

fn crossings(picture: &Picture, rows: &[Vec<Item>]) -> usize {
    rows.windows(2)
        .map(|pair| {
            let lines = connections(picture, &pair[0], &pair[1]);
            let cross = |(a, b): (usize, usize), (c, d): (usize, usize)| {
                (a < c && b > d) || (a > c && b < d)
            };
            let count = |index: usize| {
                lines[index + 1..].iter().filter(|line| cross(lines[index], **line)).count()
            };
            (0..lines.len()).map(count).sum::<usize>()
        })
        .sum()
}
