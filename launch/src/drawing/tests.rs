//! Drawings of small graphs, as they should look.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::layers::{Item, layers};
use super::*;

/// Blocks `b0`, `b1`, … with one output each, heard by the blocks of `edges`.
fn picture(count: usize, edges: &[(usize, usize)]) -> Picture {
    let mut blocks: Vec<Block> = (0..count)
        .map(|number| Block {
            name: format!("b{number}"),
            runs: format!("lab/block_{number}"),
            kind: ParticipantKind::Node,
            inputs: Vec::new(),
            outputs: vec![("out".to_owned(), format!("Message{}", number % 3))],
        })
        .collect();
    let mut nets: Vec<Net> = Vec::new();
    for (from, to) in edges {
        let port = format!("in{}", blocks[*to].inputs.len());
        blocks[*to].inputs.push(Input { port, notes: Vec::new() });
        let input = (*to, blocks[*to].inputs.len() - 1);
        match nets.iter_mut().find(|net| net.from == *from) {
            Some(net) => net.to.push(input),
            None => nets.push(Net { from: *from, output: 0, to: vec![input] }),
        }
    }
    Picture { name: "test".to_owned(), reference: None, blocks, nets, observers: Vec::new() }
}

fn layer_of(rows: &[Vec<Item>], item: Item) -> usize {
    rows.iter().position(|row| row.contains(&item)).unwrap()
}

#[test]
fn what_flows_goes_down_and_sources_stand_before_their_hearers() {
    // 0 → 1 → 2, 3 → 2, 0 → 2
    let picture = picture(4, &[(0, 1), (1, 2), (3, 2), (0, 2)]);
    let rows = layers(&picture, &|_| true);
    let layers: Vec<usize> = (0..4).map(|block| layer_of(&rows, Item::Block(block))).collect();
    assert_eq!(layers, [0, 1, 2, 1]);
    assert_eq!(
        layer_of(&rows, Item::Pass(0)),
        1,
        "the line from 0 to 2 has its own place beside 1"
    );
}

#[test]
fn lines_that_need_not_cross_do_not() {
    // 0 → 3 and 1 → 2: the order of the file would cross them.
    let picture = picture(4, &[(0, 3), (1, 2)]);
    let rows = layers(&picture, &|_| true);
    let place = |block: usize| {
        rows.iter().flatten().position(|item| *item == Item::Block(block)).unwrap() % 2
    };
    assert_eq!((place(0), place(1)), (place(3), place(2)));
}

#[test]
fn a_layer_without_room_gives_blocks_to_the_next() {
    let picture = picture(5, &[(0, 4)]);
    let rows = layers(&picture, &|row| row.len() <= 2);
    assert!(rows.iter().all(|row| row.len() <= 2), "{rows:?}");
    assert_eq!(rows.iter().flatten().filter(|item| matches!(item, Item::Block(_))).count(), 5);
    assert!(layer_of(&rows, Item::Block(0)) < layer_of(&rows, Item::Block(4)));
}

#[test]
fn a_circle_is_drawn_too() {
    let picture = picture(3, &[(0, 1), (1, 2), (2, 0)]);
    for drawn in [text(&picture), svg(&picture), mermaid(&picture)] {
        for name in ["b0", "b1", "b2"] {
            assert!(drawn.contains(name), "{drawn}");
        }
    }
}

#[test]
fn lines_pass_each_other_and_boxes() {
    let picture =
        picture(6, &[(0, 2), (1, 2), (2, 3), (0, 3), (1, 4), (2, 4), (3, 5), (4, 5), (0, 5)]);
    insta::assert_snapshot!(text(&picture));
}

#[test]
fn a_graph_that_is_too_wide_says_so_and_still_lists_its_streams() {
    let wide: Vec<(usize, usize)> = (0..24).map(|from| (from, 24)).collect();
    let drawn = text(&picture(25, &wide));
    assert!(drawn.starts_with("(too wide to draw"), "{drawn}");
    assert!(drawn.contains("b23.out") && drawn.contains("→ b24.in23"));
}

#[test]
fn names_cannot_break_the_markup() {
    let mut picture = picture(2, &[(0, 1)]);
    picture.name = "<script>&\"".to_owned();
    picture.blocks[0].runs = "a<b>&\"c\"/x".to_owned();
    let svg = svg(&picture);
    assert!(!svg.contains("<script>") && !svg.contains("a<b>"));
    assert!(svg.contains("a&lt;b&gt;&amp;&quot;c&quot;/x"));
    assert!(!mermaid(&picture).contains("\"c\""));
}

fn graphs() -> impl Strategy<Value = (usize, Vec<(usize, usize)>)> {
    (1..9_usize)
        .prop_flat_map(|count| (Just(count), prop::collection::vec((0..count, 0..count), 0..14)))
}

proptest! {
    #[test]
    fn any_graph_is_drawn_with_all_its_parts((count, edges) in graphs()) {
        let picture = picture(count, &edges);
        let drawn = text(&picture);
        if !drawn.starts_with("(too wide") {
            for block in &picture.blocks {
                prop_assert!(drawn.contains(&format!(" {} ", block.name)), "{}\n{}", block.name, drawn);
            }
            prop_assert!(drawn.lines().all(|line| line.chars().count() <= 80), "{}", drawn);
        }
        let svg = svg(&picture);
        let lines = svg.matches("<path class=\"wire\" stroke").count();
        let kinds = count.min(3);
        prop_assert_eq!(lines, edges.len() + kinds);
        prop_assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn layers_hold_each_block_once((count, edges) in graphs()) {
        let rows = layers(&picture(count, &edges), &|row| row.len() < 4);
        let mut blocks: Vec<usize> = rows.iter().flatten().filter_map(|item| match item {
            Item::Block(block) => Some(*block),
            Item::Pass(_) => None,
        }).collect();
        blocks.sort_unstable();
        prop_assert_eq!(blocks, (0..count).collect::<Vec<_>>());
    }
}
