//! Pictures of a graph: for the terminal, as SVG, and for Mermaid.

mod layers;
mod mermaid;
mod straighten;
mod svg;
mod text;

pub use mermaid::mermaid;
pub use svg::svg;
pub use text::text;

use runtime::assignment::Delivery;

use crate::plan::{ParticipantKind, PlannedNode};

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The name of the graph.
    pub name: String,
    /// The tool that is the patient reference.
    pub reference: Option<String>,
    /// Devices and nodes, in the order of the file.
    pub blocks: Vec<Block>,
    /// Outputs that somebody hears.
    pub nets: Vec<Net>,
    /// Observers; they hear everything.
    pub observers: Vec<Block>,
}

/// A node, device or observer.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// What it runs.
    pub runs: String,
    /// What kind it is.
    pub kind: ParticipantKind,
    /// Its inputs.
    pub inputs: Vec<Input>,
    /// Names of its outputs, and what they carry.
    pub outputs: Vec<(String, String)>,
}

/// An input of a block.
#[derive(Clone, Debug)]
pub struct Input {
    /// The port.
    pub port: String,
    /// What is special about it: `newest`, `≤ 50 ms`.
    pub notes: Vec<String>,
}

/// One output and everybody who hears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Net {
    /// The block it comes from.
    pub from: usize,
    /// The number of its output.
    pub output: usize,
    /// Blocks, and the numbers of their inputs.
    pub to: Vec<(usize, usize)>,
}

impl Picture {
    /// The picture of a graph; what is connected to nothing that exists is left open.
    pub fn new(name: &str, reference: Option<&str>, nodes: &[PlannedNode]) -> Self {
        let (observers, blocks): (Vec<_>, Vec<_>) =
            nodes.iter().partition(|node| node.kind == ParticipantKind::Observer);
        let nets = nets(&blocks);
        Self {
            name: name.to_owned(),
            reference: reference.map(str::to_owned),
            nets,
            blocks: blocks.into_iter().map(Block::new).collect(),
            observers: observers.into_iter().map(Block::new).collect(),
        }
    }

    /// The net of an output, if somebody hears it.
    pub fn net(&self, block: usize, output: usize) -> Option<&Net> {
        self.nets.iter().find(|net| net.from == block && net.output == output)
    }

    /// Whether an input hears something.
    pub fn is_fed(&self, block: usize, input: usize) -> bool {
        self.nets.iter().any(|net| net.to.contains(&(block, input)))
    }
}

impl Block {
    fn new(node: &PlannedNode) -> Self {
        let inputs = node.inputs.iter().map(|(port, input)| {
            let newest = (input.delivery == Delivery::Newest).then(|| "newest".to_owned());
            let deadline = input.deadline_ms.map(|deadline| format!("≤ {deadline} ms"));
            Input { port: port.clone(), notes: newest.into_iter().chain(deadline).collect() }
        });
        let outputs = node.outputs.iter();
        let outputs = outputs.map(|(port, carries)| (port.clone(), carries.message.clone()));
        Self {
            name: node.name.clone(),
            runs: node.runs.clone(),
            kind: node.kind,
            inputs: inputs.collect(),
            outputs: outputs.collect(),
        }
    }
}

fn nets(blocks: &[&PlannedNode]) -> Vec<Net> {
    let mut nets = Vec::new();
    for (from, node) in blocks.iter().enumerate() {
        for (output, port) in node.outputs.keys().enumerate() {
            let mut to = Vec::new();
            for (block, hearer) in blocks.iter().enumerate() {
                for (input, heard) in hearer.inputs.values().enumerate() {
                    if heard.node == node.name && heard.port == *port {
                        to.push((block, input));
                    }
                }
            }
            if !to.is_empty() {
                nets.push(Net { from, output, to });
            }
        }
    }
    nets
}

#[cfg(test)]
mod tests;
