//! Points of an anatomy that a person finds both in the image and on the patient.

use nalgebra::{Point3, Vector3};

use crate::anatomy::structure::{Geometry, Structure};
use crate::anatomy::tube_tree::TubeTree;
use crate::anatomy::{Anatomy, Region};

/// A daughter at a branching counts if it is at least this part as wide as its sister.
const SISTERS: f64 = 0.55;
/// Distance between the places of a solid that are looked at for its ends, mm.
const STEP_MM: f64 = 1.5;

/// A named point of the anatomy at rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Its name.
    pub name: &'static str,
    /// Where it lies, frame `Patient`, mm.
    pub place: Point3<f64>,
}

/// The landmarks of an anatomy; those of parts that this patient lacks are missing.
///
/// Abdomen: `portal_bifurcation`, `right_portal_bifurcation`, `hepatic_confluence`, `gallbladder_fundus`,
/// `gallbladder_neck`, `liver_caudal_tip`, `liver_left_tip`. Pelvis: `aortic_bifurcation`,
/// `iliac_bifurcation_right`, `iliac_bifurcation_left`, `caval_confluence`, `promontory`,
/// `ureteric_crossing_right`, `ureteric_crossing_left` (the front of the ureter where it crosses the iliac fork).
pub fn landmarks(anatomy: &Anatomy) -> Vec<Mark> {
    let found: Vec<(&'static str, Option<Point3<f64>>)> = match anatomy.region() {
        Region::Abdomen => {
            let portal = tubes(anatomy, "portal_vein").map(portal_branchings).unwrap_or_default();
            vec![
                ("portal_bifurcation", portal.first().copied()),
                ("right_portal_bifurcation", portal.get(1).copied()),
                ("hepatic_confluence", tubes(anatomy, "hepatic_veins").and_then(widest_root)),
                ("gallbladder_fundus", end_of(anatomy, "gallbladder", [0.0, -1.0, -0.6])),
                ("gallbladder_neck", end_of(anatomy, "gallbladder", [0.0, 1.0, 0.6])),
                ("liver_caudal_tip", end_of(anatomy, "liver", [0.0, 0.0, -1.0])),
                ("liver_left_tip", end_of(anatomy, "liver", [1.0, 0.0, 0.0])),
            ]
        }
        Region::Pelvis => vec![
            ("aortic_bifurcation", last_of(anatomy, "aorta")),
            ("iliac_bifurcation_right", last_of(anatomy, "common_iliac_artery_right")),
            ("iliac_bifurcation_left", last_of(anatomy, "common_iliac_artery_left")),
            (
                "caval_confluence",
                tubes(anatomy, "inferior_vena_cava")
                    .and_then(|t| Some(t.nodes().first()?.position)),
            ),
            ("promontory", end_of(anatomy, "sacrum", [0.0, -0.7, 0.7])),
            ("ureteric_crossing_right", crossing(anatomy, "right")),
            ("ureteric_crossing_left", crossing(anatomy, "left")),
        ],
    };
    found.into_iter().filter_map(|(name, place)| Some(Mark { name, place: place? })).collect()
}

fn tubes<'a>(anatomy: &'a Anatomy, name: &str) -> Option<&'a TubeTree> {
    anatomy.structure(name).and_then(Structure::as_tubes)
}

fn last_of(anatomy: &Anatomy, name: &str) -> Option<Point3<f64>> {
    Some(tubes(anatomy, name)?.nodes().last()?.position)
}

/// The front of the ureter of a side where it is nearest to the fork of the iliac artery.
fn crossing(anatomy: &Anatomy, side: &str) -> Option<Point3<f64>> {
    let fork = last_of(anatomy, &format!("common_iliac_artery_{side}"))?;
    let ureter = tubes(anatomy, &format!("ureter_{side}"))?;
    let far = |place: &Point3<f64>| (place - fork).norm();
    let nearest =
        ureter.nodes().iter().min_by(|a, b| far(&a.position).total_cmp(&far(&b.position)))?;
    Some(nearest.position - Vector3::y() * nearest.radius_mm)
}

fn widest_root(tubes: &TubeTree) -> Option<Point3<f64>> {
    let nodes = tubes.nodes();
    // A root has no piece of its own: its vessel is as wide as the piece that leaves it.
    let first_pieces = nodes.iter().filter_map(|node| {
        let parent = node.parent?;
        nodes[parent].parent.is_none().then_some((parent, node.start_radius_mm))
    });
    let (root, _) = first_pieces.max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(nodes[root].position)
}

/// Where the trunk of the portal vein divides into vessels of like width, and where the one to the
/// patient's right does so again.
fn portal_branchings(tubes: &TubeTree) -> Vec<Point3<f64>> {
    let nodes = tubes.nodes();
    let mut children = vec![Vec::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            children[parent].push(index);
        }
    }
    let width = |index: &usize| nodes[*index].start_radius_mm;
    let mut found = Vec::new();
    let mut here = 0;
    while found.len() < 2 {
        let mut next = children[here].clone();
        next.sort_by(|a, b| width(b).total_cmp(&width(a)));
        let Some(widest) = next.first().copied() else { break };
        next.retain(|child| width(child) >= SISTERS * width(&widest));
        here = widest;
        if next.len() > 1 {
            found.push(nodes[nodes[widest].parent.unwrap_or(0)].position);
            // To the right is towards lower x; a long piece shows better where it leads than a short one.
            let leads = |child: &usize| {
                let far = std::iter::successors(Some(*child), |c| children[*c].first().copied());
                far.take(12).last().map_or(0.0, |c| nodes[c].position.x)
            };
            here = next.into_iter().min_by(|a, b| leads(a).total_cmp(&leads(b))).unwrap_or(widest);
        }
    }
    found
}

/// The point of a solid that lies farthest in a direction, to 1.5 mm.
fn end_of(anatomy: &Anatomy, name: &str, direction: [f64; 3]) -> Option<Point3<f64>> {
    let structure = anatomy.structure(name)?;
    let Geometry::Solid(solid) = &structure.geometry else { return None };
    let (bounds, direction) = (solid.bounds(), Vector3::from(direction));
    let counts = (bounds.high - bounds.low).map(|extent| (extent / STEP_MM).ceil() as usize);
    let mut best: Option<(f64, Point3<f64>)> = None;
    for z in 0..=counts.z {
        for y in 0..=counts.y {
            for x in 0..=counts.x {
                let step = Vector3::new(x as f64, y as f64, z as f64) * STEP_MM;
                let place = bounds.low + step;
                let far = place.coords.dot(&direction);
                if best.is_none_or(|(known, _)| far > known)
                    && solid.signed_distance_mm(&place) <= 0.0
                {
                    best = Some((far, place));
                }
            }
        }
    }
    best.map(|(_, place)| solid.foot(&place))
}
