//! A graph as an SVG image: layers from left to right, ports at the sides, a colour for each message.

mod layout;
mod markup;

use std::fmt::Write as _;

use super::layers::Item;
use super::{Block, Net, Picture};
use crate::plan::ParticipantKind;
use layout::{Layout, PORT_HEIGHT, Placed, TITLE_HEIGHT};
use markup::{colour, escaped, text};

const MARGIN: f64 = 28.0;
const HEADING: f64 = 56.0;
const LEGEND: f64 = 64.0;
const STYLE: &str = "\
text{font-family:'DejaVu Sans',Verdana,'Segoe UI',sans-serif;fill:#1d2733}\
.name{font-weight:bold;font-size:14px}.runs{font-size:11.5px;fill:#566473}\
.port{font-size:12.5px}.small{font-size:10.5px;fill:#6b7885}.title{font-size:19px;font-weight:bold}\
.node{fill:#fff;stroke:#42526b;stroke-width:1.4}.device{fill:#e8f1f8;stroke:#1f5f8b;stroke-width:1.8}\
.observer{fill:#fff;stroke:#7a6a8e;stroke-width:1.4;stroke-dasharray:5 3}\
.band{fill:#f6f4f9;stroke:#c9c0d6;stroke-width:1}.rule{stroke:#d4dbe3;stroke-width:1}\
.wire{fill:none;stroke-width:2.4;stroke-linecap:round}.halo{fill:none;stroke:#fff;stroke-width:6.4}";

/// The image.
pub fn svg(picture: &Picture) -> String {
    let layout = Layout::new(picture);
    let mut messages: Vec<&str> = Vec::new();
    for (_, message) in picture.blocks.iter().flat_map(|block| &block.outputs) {
        if !messages.contains(&message.as_str()) {
            messages.push(message);
        }
    }
    let observers = Observers::new(picture, layout.width);
    let legend_width = legend(&messages).1;
    let width = layout.width.max(observers.width).max(legend_width) + 2.0 * MARGIN;
    let flow_top = MARGIN + HEADING;
    let observers_top = flow_top + layout.height + 30.0;
    let legend_top = observers_top + observers.height;
    let height = legend_top + LEGEND + MARGIN;

    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        escaped(&format!("The graph {}", picture.name))
    );
    text(&mut out, "title", MARGIN, MARGIN + 18.0, &picture.name);
    if let Some(reference) = &picture.reference {
        let said = format!("patient reference: {reference}");
        text(&mut out, "runs", MARGIN, MARGIN + 37.0, &said);
    }
    let _ = writeln!(out, "<g transform=\"translate({MARGIN} {flow_top})\">");
    for (number, net) in picture.nets.iter().enumerate() {
        wires(&mut out, picture, &layout, number, net, &messages);
    }
    for (number, block) in picture.blocks.iter().enumerate() {
        if let Some(place) = layout.place(Item::Block(number)) {
            draw_block(&mut out, block, place, &messages);
        }
    }
    out.push_str("</g>\n");
    let _ = writeln!(out, "<g transform=\"translate({MARGIN} {observers_top:.1})\">");
    observers.draw(&mut out, picture, width - 2.0 * MARGIN);
    out.push_str("</g>\n");
    let _ = writeln!(
        out,
        "<g transform=\"translate({MARGIN} {:.1})\">{}</g>",
        legend_top + 20.0,
        legend(&messages).0
    );
    out.push_str("</svg>\n");
    out
}

/// The lines of one output to all who hear it; lines that pass a layer go through their place in it.
fn wires(
    out: &mut String,
    picture: &Picture,
    layout: &Layout,
    number: usize,
    net: &Net,
    messages: &[&str],
) {
    let Some(from) = layout.place(Item::Block(net.from)) else {
        return;
    };
    let start = (from.x + from.width, from.pin(net.output));
    let colour = colour(messages, &picture.blocks[net.from].outputs[net.output].1);
    let mut paths = Vec::new();
    for (to, input) in &net.to {
        let Some(end) = layout.place(Item::Block(*to)) else {
            continue;
        };
        let goal = (end.x, end.pin(*input));
        let mut path = format!("M{:.1} {:.1}", start.0, start.1);
        let mut at = start;
        for pass in layout.passes(number).filter(|pass| pass.x > from.x && pass.x < end.x) {
            let middle = pass.y + pass.height / 2.0;
            path.push_str(&curve(at, (pass.x, middle)));
            let _ = write!(path, "H{:.1}", pass.x + pass.width);
            at = (pass.x + pass.width, middle);
        }
        if end.x <= from.x {
            // Back to an earlier layer: a circle, which `check` names.
            path.push_str(&back(at, goal, layout.height));
        } else {
            path.push_str(&curve(at, goal));
        }
        paths.push(path);
    }
    for path in &paths {
        let _ = writeln!(out, "<path class=\"halo\" d=\"{path}\"/>");
    }
    for path in &paths {
        let _ = writeln!(out, "<path class=\"wire\" stroke=\"{colour}\" d=\"{path}\"/>");
    }
}

fn curve(from: (f64, f64), to: (f64, f64)) -> String {
    let middle = f64::midpoint(from.0, to.0);
    format!("C{middle:.1} {:.1} {middle:.1} {:.1} {:.1} {:.1}", from.1, to.1, to.0, to.1)
}

fn back(from: (f64, f64), to: (f64, f64), bottom: f64) -> String {
    let (right, left) = (from.0 + 40.0, to.0 - 40.0);
    let below = bottom + 14.0;
    format!(
        "C{right:.1} {:.1} {right:.1} {below:.1} {:.1} {below:.1}L{:.1} {below:.1}C{left:.1} {below:.1} {left:.1} {:.1} {:.1} {:.1}",
        from.1, from.0, to.0, to.1, to.0, to.1
    )
}

fn draw_block(out: &mut String, block: &Block, place: &Placed, messages: &[&str]) {
    let device = block.kind == ParticipantKind::Device;
    let (class, radius) = if device { ("device", 2.0) } else { ("node", 8.0) };
    let (x, y, width) = (place.x, place.y, place.width);
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"{radius}\"/>",
        place.height
    );
    text(out, "name", x + 14.0, y + 22.0, &block.name);
    text(out, "runs", x + 14.0, y + 39.0, &block.runs);
    if place.height > TITLE_HEIGHT {
        let line = y + TITLE_HEIGHT - 4.0;
        let _ = writeln!(out, "<path class=\"rule\" d=\"M{x:.1} {line:.1}h{width:.1}\"/>");
    }
    for (number, input) in block.inputs.iter().enumerate() {
        let middle = place.pin(number);
        pin(out, x, middle, "#42526b", false);
        text(out, "port", x + 14.0, middle + 1.0, &input.port);
        text(out, "small", x + 14.0, middle + 14.0, &input.notes.join(", "));
    }
    for (number, (port, message)) in block.outputs.iter().enumerate() {
        let middle = place.pin(number);
        pin(out, x + width, middle, colour(messages, message), true);
        markup::text_right(out, "port", x + width - 14.0, middle + 1.0, port);
        markup::text_right(out, "small", x + width - 14.0, middle + 14.0, message);
    }
}

fn pin(out: &mut String, x: f64, y: f64, colour: &str, full: bool) {
    let fill = if full { colour } else { "#fff" };
    let _ = writeln!(
        out,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"1.6\"/>"
    );
}

/// The band of observers below the flow.
struct Observers {
    /// Places of their boxes: left, top, width.
    places: Vec<(f64, f64, f64)>,
    width: f64,
    height: f64,
}

impl Observers {
    const TITLE: f64 = 30.0;
    const BOX: f64 = 50.0;
    const GAP: f64 = 14.0;

    fn new(picture: &Picture, flow_width: f64) -> Self {
        let limit = flow_width.max(560.0) - 2.0 * Self::GAP;
        let (mut x, mut y, mut widest) = (Self::GAP, Self::TITLE, 0.0_f64);
        let mut places = Vec::new();
        for block in &picture.observers {
            let width = layout::heading_width(block).max(150.0);
            if x > Self::GAP && x + width > limit {
                x = Self::GAP;
                y += Self::BOX + Self::GAP;
            }
            places.push((x, y, width));
            widest = widest.max(x + width + Self::GAP);
            x += width + Self::GAP;
        }
        let height = if places.is_empty() { 0.0 } else { y + Self::BOX + Self::GAP };
        Self { places, width: widest, height }
    }

    fn draw(&self, out: &mut String, picture: &Picture, width: f64) {
        if self.places.is_empty() {
            return;
        }
        let _ = writeln!(
            out,
            "<rect class=\"band\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"10\"/>",
            self.height
        );
        text(out, "small", Self::GAP, 20.0, "observers hear every stream");
        for (block, (x, y, width)) in picture.observers.iter().zip(&self.places) {
            let _ = writeln!(
                out,
                "<rect class=\"observer\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"20\"/>",
                Self::BOX
            );
            text(out, "name", x + 18.0, y + 22.0, &block.name);
            text(out, "runs", x + 18.0, y + 39.0, &block.runs);
        }
    }
}

/// What shapes and colours mean, and its width.
fn legend(messages: &[&str]) -> (String, f64) {
    let mut out = String::new();
    let mut x = 0.0;
    for (class, radius, name) in
        [("device", 1, "device"), ("node", 4, "node"), ("observer", 7, "observer")]
    {
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"0.5\" width=\"26\" height=\"15\" rx=\"{radius}\"/>",
            x + 1.0
        );
        text(&mut out, "small", x + 34.0, 12.0, name);
        x += 34.0 + markup::width(name, 10.5) + 22.0;
    }
    let mut widest = x;
    x = 0.0;
    for message in messages {
        let _ = write!(
            out,
            "<path class=\"wire\" stroke=\"{}\" d=\"M{:.1} 36h24\"/>",
            colour(messages, message),
            x + 2.0
        );
        text(&mut out, "small", x + 34.0, 40.0, message);
        x += 34.0 + markup::width(message, 10.5) + 22.0;
        widest = widest.max(x);
    }
    (out, widest)
}

/// How high the ports of a block are.
fn ports_height(block: &Block) -> f64 {
    block.inputs.len().max(block.outputs.len()) as f64 * PORT_HEIGHT
}
