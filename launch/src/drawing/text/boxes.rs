//! A box of a block: its name, what it runs, its ports in the borders.

use super::canvas::Canvas;
use super::channel::Line;
use crate::drawing::{Block, Picture};
use crate::plan::ParticipantKind;

/// Lines of every box.
pub const HEIGHT: usize = 4;
const LONGEST: usize = 40;

/// Where the pins of a box are, in columns from its left border.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Columns, borders included.
    pub width: usize,
    /// The pin of each input; none if it hears nothing.
    pub inputs: Vec<Option<usize>>,
    /// The pin of each output; none if nobody hears it.
    pub outputs: Vec<Option<usize>>,
    input_labels: Vec<usize>,
    output_labels: Vec<usize>,
}

/// Corners and borders.
struct Border {
    top: [char; 3],
    bottom: [char; 3],
    side: char,
    pin: char,
}

const NODE: Border =
    Border { top: ['┌', '─', '┐'], bottom: ['└', '─', '┘'], side: '│', pin: '┬' };
const DEVICE: Border =
    Border { top: ['╔', '═', '╗'], bottom: ['╚', '═', '╝'], side: '║', pin: '╤' };
const OBSERVER: Border =
    Border { top: ['╭', '─', '╮'], bottom: ['╰', '─', '╯'], side: '│', pin: '┬' };

impl Shape {
    /// The shape of a block of the picture.
    pub fn new(picture: &Picture, block: usize) -> Self {
        let own = &picture.blocks[block];
        let inputs: Vec<(&str, bool)> = own
            .inputs
            .iter()
            .enumerate()
            .map(|(input, port)| (port.port.as_str(), picture.is_fed(block, input)))
            .collect();
        let outputs: Vec<(&str, bool)> = own
            .outputs
            .iter()
            .enumerate()
            .map(|(output, (port, _))| (port.as_str(), picture.net(block, output).is_some()))
            .collect();
        Self::of_ports(own, &inputs, &outputs)
    }

    /// The shape of an observer.
    pub fn of_observer(block: &Block) -> Self {
        Self::of_ports(block, &[], &[])
    }

    fn of_ports(block: &Block, inputs: &[(&str, bool)], outputs: &[(&str, bool)]) -> Self {
        let (input_labels, input_end) = labels(inputs);
        let (output_labels, output_end) = labels(outputs);
        let text = length(&block.name).max(length(&block.runs)) + 4;
        let pins = |ports: &[(&str, bool)], labels: &[usize]| {
            let ports = ports.iter().zip(labels);
            ports.map(|((_, connected), label)| connected.then_some(label - 3)).collect()
        };
        Self {
            width: text.max(input_end + 1).max(output_end + 1),
            inputs: pins(inputs, &input_labels),
            outputs: pins(outputs, &output_labels),
            input_labels,
            output_labels,
        }
    }

    /// Draws the box with its left upper corner at a place; lines that enter say at which pins.
    pub fn draw(
        &self,
        canvas: &mut Canvas,
        block: &Block,
        at: usize,
        top: usize,
        entering: &[Line],
    ) {
        let border = match block.kind {
            ParticipantKind::Device => DEVICE,
            ParticipantKind::Observer => OBSERVER,
            _ => NODE,
        };
        let right = at + self.width - 1;
        for (line, [left, middle, end]) in [(top, border.top), (top + HEIGHT - 1, border.bottom)] {
            canvas.put(at, line, left);
            (at + 1..right).for_each(|column| canvas.put(column, line, middle));
            canvas.put(right, line, end);
        }
        for (line, text) in [(top + 1, &block.name), (top + 2, &block.runs)] {
            canvas.put(at, line, border.side);
            canvas.put(right, line, border.side);
            canvas.write(at + 2, line, &shortened(text));
        }
        for ((input, label), pin) in block.inputs.iter().zip(&self.input_labels).zip(&self.inputs) {
            canvas.write(at + label - 1, top, &format!(" {} ", input.port));
            if let Some(pin) = pin {
                let reached =
                    |column: usize| entering.iter().any(|line| line.ends.contains(&column));
                let column = usize::from(reached(at + pin + 1) && !reached(at + pin));
                canvas.put(at + pin + column, top, '▼');
            }
        }
        for ((port, label), pin) in block.outputs.iter().zip(&self.output_labels).zip(&self.outputs)
        {
            let bottom = top + HEIGHT - 1;
            canvas.write(at + label - 1, bottom, &format!(" {} ", port.0));
            if let Some(pin) = pin {
                canvas.put(at + pin, bottom, border.pin);
            }
        }
    }
}

/// Where the labels of ports begin in a border, and where the border may end. Before each label is
/// its pin, and a column in which the pin may stand instead.
fn labels(ports: &[(&str, bool)]) -> (Vec<usize>, usize) {
    let mut at = 1;
    let starts = ports
        .iter()
        .map(|(port, _)| {
            let start = at + 4;
            at = start + length(port) + 1;
            start
        })
        .collect();
    (starts, at)
}

fn length(text: &str) -> usize {
    text.chars().count().min(LONGEST)
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    // The end of a path says more than its beginning.
    let skipped = text.chars().count() - LONGEST + 1;
    format!("…{}", text.chars().skip(skipped).collect::<String>())
}
