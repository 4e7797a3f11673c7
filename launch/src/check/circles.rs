//! Circles: nodes that wait for each other and never end.

use super::roles::Role;
use crate::graph_file::GraphFile;
use crate::problem::{Place, Problem};

/// A connection between two nodes, by their number.
struct Edge {
    from: usize,
    to: usize,
    place: Place,
}

/// Adds each circle that no node with a delay breaks.
pub fn check(file: &GraphFile, roles: &[Option<Role>], problems: &mut Vec<Problem>) {
    let edges = edges(file, roles);
    let mut told = vec![false; file.nodes.len()];
    for start in 0..file.nodes.len() {
        if told[start] {
            continue;
        }
        let Some(circle) = circle(start, file.nodes.len(), &edges) else {
            continue;
        };
        for edge in &circle {
            told[edge.from] = true;
        }
        let mut names: Vec<&str> = vec![&file.nodes[start].name.value];
        names.extend(circle.iter().map(|edge| file.nodes[edge.to].name.value.as_str()));
        let message = if let [name, _] = names.as_slice() {
            format!("`{name}` hears itself")
        } else {
            format!("nodes wait for each other in a circle: {}", names.join(" → "))
        };
        let mut problem = Problem::error("circle", message)
            .help("break it with a node that delays, or hear a stream from before the circle");
        for edge in circle {
            let (from, to) = (&file.nodes[edge.from].name.value, &file.nodes[edge.to].name.value);
            problem = problem.at(&edge.place, format!("{to} hears {from}"));
        }
        problems.push(problem);
    }
}

fn edges(file: &GraphFile, roles: &[Option<Role>]) -> Vec<Edge> {
    let delays = |node: usize| {
        let role = roles.get(node).and_then(Option::as_ref);
        role.is_some_and(|role| role.participant.delays)
    };
    let mut edges = Vec::new();
    for (to, node) in file.nodes.iter().enumerate() {
        for (_, stream) in &node.inputs {
            let source = stream.value.split_once('.').map_or("", |(name, _)| name);
            let from = file.nodes.iter().position(|other| other.name.value == source);
            if let Some(from) = from.filter(|from| !delays(*from)) {
                edges.push(Edge { from, to, place: stream.place.clone() });
            }
        }
    }
    edges
}

/// The shortest way from a node back to itself.
fn circle(start: usize, nodes: usize, edges: &[Edge]) -> Option<Vec<&Edge>> {
    let mut reached_by: Vec<Option<&Edge>> = vec![None; nodes];
    let mut waiting = std::collections::VecDeque::from([start]);
    while let Some(node) = waiting.pop_front() {
        for edge in edges.iter().filter(|edge| edge.from == node) {
            if reached_by[edge.to].is_none() {
                reached_by[edge.to] = Some(edge);
                waiting.push_back(edge.to);
            }
        }
    }
    let mut circle = Vec::new();
    let mut node = start;
    loop {
        let edge = reached_by[node]?;
        circle.push(edge);
        node = edge.from;
        if node == start {
            circle.reverse();
            return Some(circle);
        }
    }
}
