//! A graph as Mermaid text, for documents.

use std::fmt::Write as _;

use super::{Block, Picture};
use crate::plan::ParticipantKind;

/// A flowchart.
pub fn mermaid(picture: &Picture) -> String {
    let mut out = String::from("flowchart LR\n");
    for (number, block) in picture.blocks.iter().enumerate() {
        let (open, close) = match block.kind {
            ParticipantKind::Device => ("[[", "]]"),
            _ => ("[", "]"),
        };
        let _ = writeln!(out, "  n{number}{open}\"{}\"{close}", label(block));
    }
    for (number, block) in picture.observers.iter().enumerate() {
        let _ = writeln!(out, "  o{number}([\"{}\"])", label(block));
    }
    for net in &picture.nets {
        let (port, message) = &picture.blocks[net.from].outputs[net.output];
        for (block, input) in &net.to {
            let heard = &picture.blocks[*block].inputs[*input].port;
            let ports = if port == heard { port.clone() } else { format!("{port} → {heard}") };
            let _ = writeln!(
                out,
                "  n{} -- \"{}<br/><i>{}</i>\" --> n{block}",
                net.from,
                quoted(&ports),
                quoted(message)
            );
        }
    }
    if !picture.observers.is_empty() {
        out.push_str("  all((\"every<br/>stream\"))\n");
        for number in 0..picture.observers.len() {
            let _ = writeln!(out, "  all -.-> o{number}");
        }
    }
    out
}

fn label(block: &Block) -> String {
    format!("<b>{}</b><br/>{}", quoted(&block.name), quoted(&block.runs))
}

fn quoted(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('"', "#quot;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}
