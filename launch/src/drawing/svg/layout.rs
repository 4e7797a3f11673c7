//! Where the boxes of an image stand.

use super::{markup, ports_height};
use crate::drawing::layers::{Item, layers};
use crate::drawing::straighten::places;
use crate::drawing::{Block, Picture};

/// Height of a box's heading.
pub const TITLE_HEIGHT: f64 = 54.0;
/// Height of a port and the line below its name.
pub const PORT_HEIGHT: f64 = 36.0;
const BELOW_PORTS: f64 = 4.0;
/// Between layers, for the lines.
const CHANNEL: f64 = 96.0;
/// Between boxes of a layer.
const GAP: f64 = 28.0;
const PASS_HEIGHT: f64 = 18.0;

/// A box.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    item: Item,
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// All boxes.
#[derive(Debug)]
pub struct Layout {
    rows: Vec<Vec<Placed>>,
    /// Width of all.
    pub width: f64,
    /// Height of all.
    pub height: f64,
}

impl Placed {
    /// How far from above the pin of an input or output is.
    pub fn pin(&self, number: usize) -> f64 {
        self.y + TITLE_HEIGHT + PORT_HEIGHT * (number as f64 + 0.5) - 7.0
    }
}

/// The width of a block's name and of what it runs, with margins.
pub fn heading_width(block: &Block) -> f64 {
    markup::width(&block.name, 14.5).max(markup::width(&block.runs, 11.5)) + 32.0
}

fn block_width(block: &Block) -> f64 {
    let wide = |texts: &[&str]| {
        let [name, note] = texts else { return 0.0 };
        markup::width(name, 12.5).max(markup::width(note, 10.5))
    };
    let inputs = block.inputs.iter().map(|input| wide(&[&input.port, &input.notes.join(", ")]));
    let outputs = block.outputs.iter().map(|(port, message)| wide(&[port, message]));
    let ports = inputs.fold(0.0, f64::max) + outputs.fold(0.0, f64::max) + 52.0;
    heading_width(block).max(ports)
}

impl Layout {
    /// Places all boxes.
    pub fn new(picture: &Picture) -> Self {
        let rows = layers(picture, &|_| true);
        let mut placed = Vec::new();
        let mut x = 0.0;
        for row in &rows {
            let boxes: Vec<Placed> = row.iter().map(|item| sized(picture, *item)).collect();
            let width = boxes.iter().map(|one| one.width).fold(0.0, f64::max);
            let mut y = 0.0;
            let boxes = boxes.into_iter().map(|mut one| {
                one.x = x;
                one.y = y;
                y += one.height + GAP;
                one.width = width;
                one
            });
            placed.push(boxes.collect::<Vec<_>>());
            x += width + CHANNEL;
        }
        let mut layout = Self { rows: placed, width: (x - CHANNEL).max(0.0), height: 0.0 };
        layout.straighten(picture);
        layout
    }

    /// The box of an item.
    pub fn place(&self, item: Item) -> Option<&Placed> {
        self.rows.iter().flatten().find(|placed| placed.item == item)
    }

    /// The places through which a net passes layers, from left to right.
    pub fn passes(&self, net: usize) -> impl Iterator<Item = &Placed> {
        self.rows.iter().flatten().filter(move |placed| placed.item == Item::Pass(net))
    }

    fn straighten(&mut self, picture: &Picture) {
        let tall = |row: &Vec<Placed>| row.iter().map(|one| one.height + GAP).sum::<f64>() - GAP;
        let height = self.rows.iter().map(tall).fold(0.0, f64::max);
        let last = self.rows.len().saturating_sub(1);
        for _ in 0..3 {
            for row in 1..=last {
                self.align(picture, row, row - 1, height);
            }
            for row in (0..last).rev() {
                self.align(picture, row, row + 1, height);
            }
        }
        let tops = self.rows.iter().flatten().map(|one| one.y);
        let top = tops.fold(f64::INFINITY, f64::min);
        if top.is_finite() {
            self.rows.iter_mut().flatten().for_each(|one| one.y -= top);
        }
        let bottoms = self.rows.iter().flatten().map(|one| one.y + one.height);
        self.height = bottoms.fold(0.0, f64::max);
    }

    /// Moves the boxes of a layer so that the lines to a neighbouring one are level.
    fn align(&mut self, picture: &Picture, row: usize, neighbour: usize, height: f64) {
        let (left, right) = (row.min(neighbour), row.max(neighbour));
        let own_is_left = row == left;
        let mut shifts = vec![Vec::new(); self.rows[row].len()];
        for (number, net) in picture.nets.iter().enumerate() {
            for (i, from) in self.rows[left].iter().enumerate() {
                let Some(start) = leaves(from, number, net.from, net.output) else {
                    continue;
                };
                for (j, to) in self.rows[right].iter().enumerate() {
                    for end in enters(to, number, &net.to) {
                        if own_is_left {
                            shifts[i].push(end - start);
                        } else {
                            shifts[j].push(start - end);
                        }
                    }
                }
            }
        }
        let mean = |shifts: &Vec<f64>| shifts.iter().sum::<f64>() / shifts.len().max(1) as f64;
        let wishes: Vec<f64> =
            self.rows[row].iter().zip(&shifts).map(|(one, shifts)| one.y + mean(shifts)).collect();
        let sizes: Vec<f64> = self.rows[row].iter().map(|one| one.height).collect();
        for (one, y) in self.rows[row].iter_mut().zip(places(&wishes, &sizes, GAP, height)) {
            one.y = y;
        }
    }
}

fn sized(picture: &Picture, item: Item) -> Placed {
    let (width, height) = match item {
        Item::Block(block) => {
            let block = &picture.blocks[block];
            let ports = ports_height(block);
            let below = if ports > 0.0 { BELOW_PORTS } else { 0.0 };
            (block_width(block), TITLE_HEIGHT + ports + below)
        }
        Item::Pass(_) => (0.0, PASS_HEIGHT),
    };
    Placed { item, x: 0.0, y: 0.0, width, height }
}

/// Where a net leaves a box, from above, if it does.
fn leaves(placed: &Placed, net: usize, from: usize, output: usize) -> Option<f64> {
    match placed.item {
        Item::Block(block) if block == from => Some(placed.pin(output)),
        Item::Pass(pass) if pass == net => Some(placed.y + placed.height / 2.0),
        _ => None,
    }
}

/// Where a net enters a box, from above.
fn enters(placed: &Placed, net: usize, to: &[(usize, usize)]) -> Vec<f64> {
    match placed.item {
        Item::Block(own) => to
            .iter()
            .filter(|(block, _)| *block == own)
            .map(|(_, input)| placed.pin(*input))
            .collect(),
        Item::Pass(pass) if pass == net => vec![placed.y + placed.height / 2.0],
        Item::Pass(_) => Vec::new(),
    }
}
