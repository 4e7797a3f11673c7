//! The named veins of the liver, laid out so that hepatic veins run between the portal sectors.
//!
//! Positions are in the coordinates in which livers are drawn. Portal sectors and the three hepatic
//! veins between them after C. Couinaud, "Le foie", 1957; variants after S. Schmidt et al., Semin.
//! Intervent. Radiol. 25, 2008.

use nalgebra::{Point3, Vector3};
use rand_chacha::ChaCha8Rng;

use crate::anatomy::family::Style;
use crate::anatomy::growing_tree::GrowingTree;
use crate::anatomy::liver_shape::LiverShape;
use crate::randomness::{jitter, within};

/// Where the inferior vena cava runs behind the liver: x, y at the height z, drawn.
pub(crate) const CAVA: [[f64; 3]; 5] = [
    [16.0, 62.0, -150.0],
    [16.0, 60.0, -80.0],
    [12.0, 54.0, 0.0],
    [12.0, 50.0, 60.0],
    [14.0, 44.0, 105.0],
];

/// Layouts of which the best is taken, unless one before is good enough.
const LAYOUTS: usize = 60;
/// Distance between the walls of named veins that is good enough.
const ENOUGH_MM: f64 = 3.0;

/// Lays named edges from node to node.
struct Layout<'a> {
    liver: &'a LiverShape,
    tree: GrowingTree,
    rng: &'a mut ChaCha8Rng,
    spread_mm: f64,
}

impl Layout<'_> {
    fn place(&mut self, drawn: [f64; 3], inside: bool) -> Point3<f64> {
        let spread = self.spread_mm;
        let moved = Vector3::from(drawn) + jitter(spread, self.rng);
        let point = self.liver.frame().place(moved.into());
        // Room for the vessel itself and for branches on all its sides.
        if inside { self.liver.pulled_inside(point, 8.5) } else { point }
    }

    fn root(&mut self, drawn: [f64; 3]) -> usize {
        let at = self.liver.frame().place(drawn);
        self.tree.add_root(at)
    }

    fn run(&mut self, from: usize, line: &[[f64; 3]]) -> usize {
        line.iter().fold(from, |node, drawn| {
            let at = self.place(*drawn, true);
            self.tree.add_named(node, at)
        })
    }

    /// A run that ends; what ends carries the flow of one average terminal.
    fn finish(&mut self, from: usize, line: &[[f64; 3]]) {
        let end = self.run(from, line);
        self.tree.feed(end, 1.0);
    }
}

/// The portal and the hepatic veins, in this order, as far apart as a few random layouts allow.
pub(crate) fn named_veins(
    liver: &LiverShape,
    style: &Style,
    exponent: f64,
    rng: &mut ChaCha8Rng,
) -> Vec<GrowingTree> {
    let mut best: Option<(f64, Vec<GrowingTree>)> = None;
    for _ in 0..LAYOUTS {
        let trees = vec![portal(liver, style, exponent, rng), hepatic(liver, style, exponent, rng)];
        let tubes = |tree: &GrowingTree| {
            (0..tree.nodes.len()).filter_map(|n| tree.tube(n)).collect::<Vec<_>>()
        };
        let (first, second) = (tubes(&trees[0]), tubes(&trees[1]));
        let apart = first
            .iter()
            .flat_map(|a| second.iter().map(|b| a.clearance_mm(b)))
            .fold(f64::INFINITY, f64::min);
        if best.as_ref().is_none_or(|(known, _)| *known < apart) {
            best = Some((apart, trees));
        }
        if apart > ENOUGH_MM {
            break;
        }
    }
    best.map_or_else(Vec::new, |(_, trees)| trees)
}

/// The portal vein from its trunk below the liver to the eight segments.
fn portal(liver: &LiverShape, style: &Style, exponent: f64, rng: &mut ChaCha8Rng) -> GrowingTree {
    let tree = GrowingTree::new(within(style.portal_radius_mm, rng), exponent);
    let mut layout = Layout { liver, tree, rng, spread_mm: 3.0 };
    let root = layout.root([44.0, 26.0, -84.0]);
    let below = layout.place([30.0, 18.0, -54.0], false);
    let trunk = layout.tree.add_named(root, below);
    let hilum = layout.place([10.0, 6.0, -22.0], false);
    let hilum = layout.tree.add_named(trunk, hilum);
    let (anterior, posterior) = if style.portal_trifurcation {
        (layout.run(hilum, &[[-26.0, -6.0, -6.0]]), layout.run(hilum, &[[-26.0, 26.0, -16.0]]))
    } else {
        let right = layout.run(hilum, &[[-20.0, 9.0, -12.0]]);
        (layout.run(right, &[[-42.0, -8.0, -2.0]]), layout.run(right, &[[-44.0, 30.0, -10.0]]))
    };
    // Segments VIII and V; VII and VI.
    layout.finish(anterior, &[[-50.0, -16.0, 22.0], [-54.0, -20.0, 46.0]]);
    layout.finish(anterior, &[[-54.0, -22.0, -20.0], [-62.0, -26.0, -40.0]]);
    layout.finish(posterior, &[[-58.0, 42.0, 14.0], [-62.0, 44.0, 38.0]]);
    layout.finish(posterior, &[[-62.0, 38.0, -30.0], [-72.0, 36.0, -50.0]]);
    let left = layout.run(hilum, &[[28.0, -6.0, -2.0]]);
    let umbilical = layout.run(left, &[[44.0, -22.0, 10.0]]);
    // Segments II, III and IV.
    layout.finish(left, &[[58.0, 2.0, 20.0], [84.0, -6.0, 28.0]]);
    layout.finish(umbilical, &[[62.0, -36.0, 12.0], [84.0, -40.0, 18.0]]);
    layout.finish(umbilical, &[[26.0, -40.0, 16.0], [14.0, -42.0, 30.0]]);
    layout.tree
}

/// The hepatic veins from the vena cava outwards.
fn hepatic(liver: &LiverShape, style: &Style, exponent: f64, rng: &mut ChaCha8Rng) -> GrowingTree {
    // Three veins share the flow, so each alone has the wanted radius.
    let whole = within(style.hepatic_radius_mm, rng) * 3.0_f64.powf(1.0 / exponent);
    let tree = GrowingTree::new(whole, exponent);
    let mut layout = Layout { liver, tree, rng, spread_mm: 2.5 };
    let right = layout.root([8.0, 50.0, 57.0]);
    layout.finish(
        right,
        &[[-24.0, 30.0, 48.0], [-56.0, 14.0, 20.0], [-72.0, 10.0, -10.0], [-78.0, 8.0, -32.0]],
    );
    let (middle, left) = if style.accessory_vein {
        (layout.root([10.0, 44.0, 60.0]), layout.root([17.0, 45.0, 61.0]))
    } else {
        let common = layout.root([14.0, 44.0, 60.0]);
        let common = layout.run(common, &[[14.0, 26.0, 52.0]]);
        (common, common)
    };
    layout.finish(
        middle,
        &[[0.0, 2.0, 44.0], [-12.0, -16.0, 22.0], [-20.0, -28.0, -4.0], [-28.0, -36.0, -26.0]],
    );
    layout.finish(left, &[[36.0, 4.0, 46.0], [60.0, -17.0, 34.0], [86.0, -24.0, 24.0]]);
    if style.accessory_vein {
        let accessory = layout.root([8.0, 56.0, -22.0]);
        layout.finish(accessory, &[[-26.0, 42.0, -30.0], [-46.0, 18.0, -40.0]]);
    }
    layout.tree
}
