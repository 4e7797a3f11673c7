//! What a comparison measures with beside the two messages: the map's vessels, and how large a pixel is.

use messages::{LocatedImage, Message as _, Placement, Point, Preoperative, VesselTree};

use crate::reader::{Recording, Selection};
use crate::view::is_truth;

/// So many points of the map are followed.
const POINTS: usize = 600;
/// A placed image is looked for among so many.
const IMAGES: usize = 500;

/// A point of the map's vessels.
#[derive(Clone, Debug, PartialEq)]
pub struct MapPoint {
    /// The structure it belongs to; `vessel` if that is not known.
    pub structure: String,
    /// Where it lies.
    pub position: Point<Preoperative>,
}

/// What a recording holds that two of its messages are measured with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// Points of the first preoperative tree, evenly chosen; empty if there is none.
    pub map: Vec<MapPoint>,
    /// The mean edge of a pixel of the live image, millimetres.
    pub mm_per_px: Option<f64>,
}

impl Reference {
    /// Reads it from a recording. Whatever cannot be read is left out: a comparison tells of damage itself.
    pub fn of(recording: &Recording) -> Self {
        let streams = |schema: &str| {
            let streams = &recording.ledger().streams;
            let of = streams.iter().filter(|(name, of)| of.schema == schema && !is_truth(name));
            of.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let messages = |stream: &String| {
            let only = Some(std::iter::once(stream.clone()).collect());
            let messages = recording.select(Selection { streams: only, ..Selection::default() });
            messages.filter_map(Result::ok).map(|recorded| recorded.received)
        };
        let map = streams(VesselTree::<Preoperative>::SCHEMA).iter().find_map(|stream| {
            // A tree of another frame is refused when it is decoded.
            let tree = messages(stream).next()?.decode::<VesselTree<Preoperative>>().ok()?;
            Some(points(&tree.value))
        });
        let mm_per_px = streams(LocatedImage::SCHEMA).iter().find_map(|stream| {
            messages(stream).take(IMAGES).find_map(|received| {
                match received.decode::<LocatedImage>().ok()?.value.placement {
                    Placement::Placed { patient_from_image: map, .. } => {
                        Some(0.5 * (map.axis(0).norm() + map.axis(1).norm()))
                    }
                    Placement::Unplaced { .. } => None,
                }
            })
        });
        Self { map: map.unwrap_or_default(), mm_per_px }
    }
}

/// Points of a tree, evenly chosen among its nodes.
fn points(tree: &VesselTree<Preoperative>) -> Vec<MapPoint> {
    let Ok(lines) = tree.centrelines() else { return Vec::new() };
    let all: usize = lines.branches().iter().map(|branch| branch.nodes.len()).sum();
    let nodes = lines.branches().iter().flat_map(|branch| {
        let of = branch.label.and_then(|label| tree.structures.get(usize::from(label)));
        let structure = of.map_or("vessel", |structure| structure.name.as_str());
        branch.nodes.iter().map(move |&node| (structure, node))
    });
    nodes
        .step_by(all.div_ceil(POINTS).max(1))
        .filter_map(|(structure, node)| {
            let position = Point::new(lines.nodes().get(node as usize)?.position_mm);
            Some(MapPoint { structure: structure.to_owned(), position })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use messages::centrelines::{Branch, Node};
    use messages::{Centrelines, Structure, StructureKind};
    use nalgebra::Point3;

    use super::*;

    #[test]
    fn points_are_few_and_know_their_structure() {
        let node =
            |x: u32| Node { position_mm: Point3::new(f64::from(x), 0.0, 0.0), radius_mm: 1.0 };
        let branches = vec![
            Branch { nodes: (0..1000).collect(), label: Some(0) },
            Branch { nodes: (1000..2000).collect(), label: None },
        ];
        let lines = Centrelines::new((0..2000).map(node).collect(), branches).unwrap();
        let structure = Structure { name: "portal_vein".to_owned(), kind: StructureKind::Vein };
        let points = points(&VesselTree::new(&lines, vec![structure]).unwrap());
        assert_eq!(points.len(), 500);
        assert_eq!(points[1].position.xyz_mm.x, 4.0);
        let of = |name: &str| points.iter().filter(|point| point.structure == name).count();
        assert_eq!((of("portal_vein"), of("vessel")), (250, 250));
    }
}
