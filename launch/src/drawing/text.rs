//! A graph in the 80 columns of a terminal: boxes in layers from top to bottom, lines between them,
//! and a table of streams.

mod boxes;
mod canvas;
mod channel;
mod streams;

use super::layers::{Item, layers};
use super::straighten::places;
use super::{Block, Picture};
use boxes::Shape;
use canvas::Canvas;
use channel::Line;

const WIDTH: usize = 80;
const GAP: usize = 2;

/// The drawing and the table.
pub fn text(picture: &Picture) -> String {
    let shapes: Vec<Shape> =
        (0..picture.blocks.len()).map(|block| Shape::new(picture, block)).collect();
    let room = |row: &[Item]| width(row, &shapes) <= WIDTH;
    let rows = layers(picture, &room);
    let mut out = String::new();
    if rows.iter().all(|row| room(row)) {
        out.push_str(&flow(picture, &shapes, &rows));
    } else {
        out.push_str("(too wide to draw in 80 columns; `--svg FILE` has room)\n");
    }
    out.push_str(&observers(&picture.observers));
    out.push('\n');
    out.push_str(&streams::table(picture));
    out
}

fn width(row: &[Item], shapes: &[Shape]) -> usize {
    let widths = row.iter().map(|item| size(*item, shapes) + GAP);
    widths.sum::<usize>().saturating_sub(GAP)
}

fn size(item: Item, shapes: &[Shape]) -> usize {
    match item {
        Item::Block(block) => shapes[block].width,
        Item::Pass(_) => 1,
    }
}

/// An item of a layer with its first column.
#[derive(Clone, Copy, Debug)]
struct Placed {
    item: Item,
    at: usize,
}

fn flow(picture: &Picture, shapes: &[Shape], rows: &[Vec<Item>]) -> String {
    let mut placed: Vec<Vec<Placed>> = rows.iter().map(|row| pack(row, shapes)).collect();
    for _ in 0..2 {
        for row in 1..placed.len() {
            placed[row] = align(picture, shapes, &placed[row], Some(&placed[row - 1]), None);
        }
        for row in (0..placed.len().saturating_sub(1)).rev() {
            placed[row] = align(picture, shapes, &placed[row], None, Some(&placed[row + 1]));
        }
    }
    let mut canvas = Canvas::default();
    let mut top = 0;
    let mut entering = Vec::new();
    for (number, row) in placed.iter().enumerate() {
        for item in row {
            match item.item {
                Item::Block(block) => {
                    shapes[block].draw(
                        &mut canvas,
                        &picture.blocks[block],
                        item.at,
                        top,
                        &entering,
                    );
                }
                Item::Pass(net) => {
                    let column = column_of(&entering, net, item.at);
                    (0..boxes::HEIGHT).for_each(|line| canvas.put(column, top + line, '│'));
                }
            }
        }
        top += boxes::HEIGHT;
        let Some(below) = placed.get(number + 1) else {
            break;
        };
        let lines = lines(picture, shapes, row, &entering, below);
        top += channel::draw(&mut canvas, top, &lines);
        entering = lines;
    }
    canvas.to_text()
}

/// One item after the other.
fn pack(row: &[Item], shapes: &[Shape]) -> Vec<Placed> {
    let mut at = 0;
    row.iter()
        .map(|item| {
            let placed = Placed { item: *item, at };
            at += size(*item, shapes) + GAP;
            placed
        })
        .collect()
}

/// Moves a layer so that its lines to a neighbouring layer are straight where they can be.
fn align(
    picture: &Picture,
    shapes: &[Shape],
    row: &[Placed],
    above: Option<&[Placed]>,
    below: Option<&[Placed]>,
) -> Vec<Placed> {
    let mut wishes = Vec::new();
    let mut sizes = Vec::new();
    for own in row {
        let mut shifts = Vec::new();
        for (number, net) in picture.nets.iter().enumerate() {
            for other in above.into_iter().flatten() {
                if let Some(from) = bottom_pin(shapes, *other, number, net.from, net.output) {
                    shifts.extend(
                        top_pins(shapes, *own, number, &net.to).map(|to| from as f64 - to as f64),
                    );
                }
            }
            if let Some(from) = bottom_pin(shapes, *own, number, net.from, net.output) {
                for other in below.into_iter().flatten() {
                    shifts.extend(
                        top_pins(shapes, *other, number, &net.to).map(|to| to as f64 - from as f64),
                    );
                }
            }
        }
        let mean = shifts.iter().sum::<f64>() / shifts.len().max(1) as f64;
        wishes.push(own.at as f64 + mean.round());
        sizes.push(size(own.item, shapes) as f64);
    }
    let starts = places(&wishes, &sizes, GAP as f64, WIDTH as f64);
    let mut free = 0;
    row.iter()
        .zip(starts)
        .map(|(own, start)| {
            let at = (start.round() as usize).max(free);
            free = at + size(own.item, shapes) + GAP;
            Placed { item: own.item, at }
        })
        .collect()
}

/// The column where a net leaves an item, if it does.
fn bottom_pin(
    shapes: &[Shape],
    item: Placed,
    net: usize,
    from: usize,
    output: usize,
) -> Option<usize> {
    match item.item {
        Item::Block(block) if block == from => {
            Some(item.at + shapes[block].outputs.get(output).copied().flatten()?)
        }
        Item::Pass(pass) if pass == net => Some(item.at),
        _ => None,
    }
}

/// The columns where a net enters an item.
fn top_pins<'a>(
    shapes: &'a [Shape],
    item: Placed,
    net: usize,
    to: &'a [(usize, usize)],
) -> impl Iterator<Item = usize> + 'a {
    let passes = matches!(item.item, Item::Pass(pass) if pass == net).then_some(item.at);
    let hears = to.iter().filter_map(move |(block, input)| {
        let pin = shapes[*block].inputs.get(*input).copied().flatten()?;
        (item.item == Item::Block(*block)).then_some(item.at + pin)
    });
    passes.into_iter().chain(hears)
}

/// The lines from a layer to the next, ends at columns that no other line begins at.
fn lines(
    picture: &Picture,
    shapes: &[Shape],
    row: &[Placed],
    entering: &[Line],
    below: &[Placed],
) -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, net) in picture.nets.iter().enumerate() {
        let top = row.iter().find_map(|item| {
            let pin = bottom_pin(shapes, *item, number, net.from, net.output)?;
            // A passing line goes on in the column in which it came.
            Some(if matches!(item.item, Item::Pass(_)) {
                column_of(entering, number, pin)
            } else {
                pin
            })
        });
        let ends: Vec<usize> =
            below.iter().flat_map(|item| top_pins(shapes, *item, number, &net.to)).collect();
        if let (Some(top), false) = (top, ends.is_empty()) {
            lines.push(Line { net: number, top, ends });
        }
    }
    let tops: Vec<usize> = lines.iter().map(|line| line.top).collect();
    for (own, line) in lines.iter_mut().enumerate() {
        for end in &mut line.ends {
            let foreign = |column: usize| {
                tops.iter().enumerate().any(|(other, top)| other != own && *top == column)
            };
            // Every pin has a free column at its right.
            if *end + 1 == line.top || foreign(*end) {
                *end += 1;
            }
        }
    }
    lines
}

/// The column in which a line reaches the pin at `pin` or the free one at its right.
fn column_of(entering: &[Line], net: usize, pin: usize) -> usize {
    let ends = entering.iter().filter(|line| line.net == net).flat_map(|line| &line.ends);
    let mut near = ends.filter(|end| **end == pin || **end == pin + 1);
    near.next().copied().unwrap_or(pin)
}

fn observers(blocks: &[Block]) -> String {
    if blocks.is_empty() {
        return String::new();
    }
    let title = " every stream, heard by ";
    let mut out = format!("\n ┄┄┄┄{title}{}\n", "┄".repeat(WIDTH - 6 - title.len()));
    let mut canvas = Canvas::default();
    let (mut at, mut top) = (0, 0);
    for block in blocks {
        let shape = Shape::of_observer(block);
        if at > 0 && at + shape.width > WIDTH {
            at = 0;
            top += boxes::HEIGHT;
        }
        shape.draw(&mut canvas, block, at, top, &[]);
        at += shape.width + GAP;
    }
    out.push_str(&canvas.to_text());
    out
}
