//! Vessel trees: centrelines as thick as the vessels, in the colours of what they belong to.

use messages::wire::{Received, WireError};
use messages::{Centrelines, Frame, Patient, Preoperative, VesselTree};
use nalgebra::Point3;

use super::canvas::{CanvasError, place};
use super::colours::{self, Rgb};
use super::painter::{Painted, Painter};

/// The branches of a larger tree are not drawn: so many nodes weigh 5 MB.
const MOST_NODES: usize = 200_000;
/// A line has one radius: where the vessel's is off by more than this share, another line begins.
const TAPER: f64 = 0.15;

/// A piece of a branch that is about equally thick everywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// The path, at least two points, millimetres in the tree's frame.
    pub path_mm: Vec<Point3<f64>>,
    /// Mean radius of the vessel, millimetres.
    pub radius_mm: f64,
    /// What the branch belongs to.
    pub colour: Rgb,
}

/// What came of drawing a tree.
struct Drawn {
    /// In words.
    said: String,
    /// None if they are too many.
    strips: Option<Vec<Strip>>,
}

impl Painter {
    /// Draws a tree of the patient or of the preoperative image; the last of the latter is kept, to be
    /// drawn where the registration puts it.
    pub(super) fn vessel_tree(&mut self, received: &Received) -> Result<Painted, CanvasError> {
        match frame(received) {
            Some(Patient::NAME) => {
                Ok(self.tree::<Patient>(received)?.map(|drawn| Some(drawn.said)))
            }
            Some(Preoperative::NAME) => {
                let drawn = match self.tree::<Preoperative>(received)? {
                    Ok(drawn) => drawn,
                    Err(error) => return Ok(Err(error)),
                };
                let stream = received.envelope().stream.clone();
                self.preoperative = drawn.strips.map(|strips| (stream, strips));
                self.move_preoperative()?;
                Ok(Ok(Some(drawn.said)))
            }
            other => Ok(Ok(Some(not_drawn(other)))),
        }
    }

    /// A stream says that it has nothing usable: nor is there anything of it to be moved.
    pub(super) fn forget_preoperative(&mut self, stream: &str) -> Result<(), CanvasError> {
        if self.preoperative.as_ref().is_some_and(|(of, _)| of == stream) {
            self.preoperative = None;
            self.move_preoperative()?;
        }
        Ok(())
    }

    fn tree<In: Frame>(
        &mut self,
        received: &Received,
    ) -> Result<Result<Drawn, WireError>, CanvasError> {
        let decoded = received.decode::<VesselTree<In>>().and_then(|tree| {
            let colours: Vec<Rgb> = tree.value.structures.iter().map(colours::structure).collect();
            Ok((tree.value.centrelines()?, colours))
        });
        let (centrelines, colours) = match decoded {
            Ok(decoded) => decoded,
            Err(error) => return Ok(Err(error)),
        };
        let entity = format!("{}/{}", In::NAME, place(&received.envelope().stream));
        let nodes: usize = centrelines.branches().iter().map(|branch| branch.nodes.len()).sum();
        if nodes > MOST_NODES {
            self.canvas.clear(&entity)?;
            let said = format!("not drawn: {nodes} nodes, and up to {MOST_NODES} are drawn");
            return Ok(Ok(Drawn { said, strips: None }));
        }
        let strips = strips(&centrelines, &colours);
        let (lines, bytes) = lines(&strips, 255);
        self.canvas.draw(&entity, &lines, bytes)?;
        let said =
            format!("{} branches, {:.0} mm", centrelines.branches().len(), centrelines.length_mm());
        Ok(Ok(Drawn { said, strips: Some(strips) }))
    }
}

/// The frame that the millimetres of a message are in.
pub fn frame(received: &Received) -> Option<&str> {
    received.envelope().frames.first().map(String::as_str)
}

/// What is said of a message in another frame.
pub fn not_drawn(frame: Option<&str>) -> String {
    let came = frame.map_or_else(|| "no frame".to_owned(), |frame| format!("`{frame}`"));
    format!("not drawn: only what is in `patient` or `preoperative` is, and {came} came")
}

/// The branches, cut where their radius changes; `colours` has one for each label.
fn strips(centrelines: &Centrelines, colours: &[Rgb]) -> Vec<Strip> {
    let mut strips = Vec::new();
    for branch in centrelines.branches() {
        let label = branch.label.map(usize::from);
        let colour = label.and_then(|label| colours.get(label)).copied();
        let colour = colour.unwrap_or(colours::UNKNOWN);
        let line = centrelines.polyline(branch);
        let points = line.points();
        let mut from = 0;
        for to in 1..points.len() {
            let (first, here) = (points[from].radius_mm, points[to].radius_mm);
            if (here - first).abs() > TAPER * first || to + 1 == points.len() {
                let piece = &points[from..=to];
                let sum: f64 = piece.iter().map(|point| point.radius_mm).sum();
                strips.push(Strip {
                    path_mm: piece.iter().map(|point| point.position_mm).collect(),
                    radius_mm: sum / piece.len() as f64,
                    colour,
                });
                from = to;
            }
        }
    }
    strips
}

/// The strips as Rerun draws them, with an opacity of 0 to 255, and about how many bytes they are.
pub fn lines(strips: &[Strip], opacity: u8) -> (rerun::LineStrips3D, usize) {
    let xyz = |point: &Point3<f64>| [point.x as f32, point.y as f32, point.z as f32];
    let paths = strips.iter().map(|strip| strip.path_mm.iter().map(xyz).collect::<Vec<_>>());
    let lines = rerun::LineStrips3D::new(paths)
        .with_radii(strips.iter().map(|strip| strip.radius_mm as f32))
        .with_colors(strips.iter().map(|strip| {
            let [r, g, b] = strip.colour;
            rerun::Color::from_unmultiplied_rgba(r, g, b, opacity)
        }));
    let points: usize = strips.iter().map(|strip| strip.path_mm.len()).sum();
    (lines, 12 * points + 24 * strips.len())
}

#[cfg(test)]
mod tests {
    use messages::centrelines::{Branch, Node};

    use super::*;

    fn tree(radii: &[f64], label: Option<u8>) -> Centrelines {
        let node = |(x, &radius_mm): (usize, &f64)| Node {
            position_mm: Point3::new(x as f64, 0.0, 0.0),
            radius_mm,
        };
        let nodes = radii.iter().enumerate().map(node).collect();
        let branch = Branch { nodes: (0..radii.len() as u32).collect(), label };
        Centrelines::new(nodes, vec![branch]).unwrap()
    }

    #[test]
    fn an_even_branch_is_one_strip() {
        let strips = strips(&tree(&[2.0, 2.1, 1.9, 2.0], Some(0)), &[[1, 2, 3]]);
        assert_eq!(strips.len(), 1);
        assert_eq!(strips[0].path_mm.len(), 4);
        assert!((strips[0].radius_mm - 2.0).abs() < 1e-12);
        assert_eq!(strips[0].colour, [1, 2, 3]);
    }

    #[test]
    fn a_branch_that_tapers_is_cut_without_a_gap() {
        let strips = strips(&tree(&[4.0, 3.9, 3.0, 2.9, 2.0, 1.0], None), &[]);
        assert!(strips.len() > 2);
        assert!(strips.iter().all(|strip| strip.path_mm.len() >= 2));
        for pair in strips.windows(2) {
            assert_eq!(pair[0].path_mm.last(), pair[1].path_mm.first());
            assert!(pair[1].radius_mm < pair[0].radius_mm);
        }
        assert_eq!(strips.last().unwrap().path_mm.last(), Some(&Point3::new(5.0, 0.0, 0.0)));
        assert!(strips.iter().all(|strip| strip.colour == colours::UNKNOWN));
    }
}
