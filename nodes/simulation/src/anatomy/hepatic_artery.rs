//! The hepatic artery: it leaves the aorta and runs beside the larger portal branches.

use nalgebra::{Point3, Rotation3, Unit, Vector3};

use crate::anatomy::centrelines::{Branch, tubes};
use crate::anatomy::liver_shape::LiverShape;
use crate::anatomy::segment::Segment;
use crate::anatomy::structure::{Structure, StructureKind};
use crate::anatomy::tube_tree::{InvalidTubes, TubeNode, TubeTree};

/// Radius relative to that of the portal vein beside it: 4 to 5 mm of width beside a portal vein of
/// 13 mm (L. A. Silveira et al., "Arterial diameter of the celiac trunk and its branches", Acta Cir.
/// Bras. 24, 2009).
const RELATIVE_RADIUS: f64 = 0.35;
/// Portal branches thinner than this have no artery of visible width.
const LEAST_PORTAL_RADIUS_MM: f64 = 1.7;
/// Tissue between the walls of artery and portal vein.
const GAP_MM: f64 = 0.7;
/// Directions around the portal vein that are tried.
const SIDES: u32 = 16;
/// Turns around the portal vein from start to end that are tried.
const TWISTS: [f64; 5] = [0.0, 0.25, -0.25, 0.45, -0.45];
/// Further distances from the portal vein that are tried.
const FARTHER_MM: [f64; 3] = [0.0, 1.5, 3.5];

/// An artery beside one portal branch.
struct Companion {
    branch: usize,
    points: Vec<Point3<f64>>,
    radius_mm: f64,
}

/// The artery as one structure, or nothing if the portal trunk leaves no room beside it.
///
/// Beside each portal branch the nearest free side is taken; where there is none the artery ends.
pub(crate) fn hepatic_artery(
    systems: &[Vec<Branch>],
    liver: &LiverShape,
    obstacles: &[Segment],
    aorta: &TubeTree,
) -> Result<Option<Structure>, InvalidTubes> {
    let portal = &systems[0];
    let mut companions: Vec<Companion> = Vec::new();
    let mut place = vec![None::<usize>; portal.len()];
    for (index, branch) in portal.iter().enumerate() {
        let parent = branch.parent.map(|p| place[p]);
        if branch.radius_mm < LEAST_PORTAL_RADIUS_MM || parent == Some(None) {
            continue;
        }
        let parent = parent.flatten();
        let from = parent.map(|p| companions[p].points[companions[p].points.len() - 1]);
        let radius_mm = RELATIVE_RADIUS * branch.radius_mm;
        let origin = from.unwrap_or_else(|| aorta_front(aorta, &branch.points[0]));
        let mut lines: Vec<Vec<Point3<f64>>> = Vec::new();
        for side in 0..SIDES {
            for (twist, farther) in TWISTS.iter().flat_map(|t| FARTHER_MM.map(|f| (*t, f))) {
                let away = branch.radius_mm + radius_mm + GAP_MM + farther;
                let mut line = beside(branch, away, f64::from(side) / f64::from(SIDES), twist);
                match from {
                    Some(from) => line.insert(0, from),
                    // The artery meets the portal trunk halfway.
                    None => drop(line.drain(..line.len() * 2 / 5)),
                }
                lines.push(line);
            }
        }
        let length = |line: &Vec<Point3<f64>>| {
            line.windows(2).map(|p| (p[1] - p[0]).norm()).sum::<f64>() + (line[0] - origin).norm()
        };
        lines.sort_by(|a, b| length(a).total_cmp(&length(b)));
        let free = |line: &&Vec<Point3<f64>>| {
            let clear = systems.iter().flatten().all(|other| !other.touches(line, radius_mm, 0.25));
            let apart = companions.iter().enumerate().all(|(number, other)| {
                let joined = Some(number) == parent || portal[other.branch].parent == branch.parent;
                joined
                    || tubes(&other.points, other.radius_mm)
                        .all(|o| tubes(line, radius_mm).all(|s| s.clearance_mm(&o) > 0.25))
            });
            let inside = parent.is_none()
                || line
                    .iter()
                    .skip(1)
                    .all(|p| liver.solid.signed_distance_mm(p) < -radius_mm - 0.3)
                || branch
                    .points
                    .iter()
                    .any(|p| liver.solid.signed_distance_mm(p) > -branch.radius_mm - 3.0);
            let unblocked =
                tubes(line, radius_mm).all(|s| obstacles.iter().all(|o| o.clearance_mm(&s) > 0.2));
            clear && apart && inside && unblocked
        };
        if let Some(line) = lines.iter().find(free) {
            place[index] = Some(companions.len());
            companions.push(Companion { branch: index, points: line.clone(), radius_mm });
        }
    }
    if companions.is_empty() {
        return Ok(None);
    }
    tube_tree(&companions, portal, &place, aorta)
        .map(|tubes| Some(Structure::tubes("hepatic_artery", StructureKind::Artery, tubes)))
}

fn tube_tree(
    companions: &[Companion],
    portal: &[Branch],
    place: &[Option<usize>],
    aorta: &TubeTree,
) -> Result<TubeTree, InvalidTubes> {
    let first = &companions[0];
    let start = aorta_front(aorta, &first.points[0]);
    // The coeliac trunk goes forwards before it turns to the liver.
    let bow = nalgebra::center(&start, &first.points[0]) + Vector3::new(0.0, -14.0, 6.0);
    let node = |position, radius_mm, parent| TubeNode {
        position,
        start_radius_mm: radius_mm,
        radius_mm,
        parent,
    };
    let mut nodes = vec![node(start, first.radius_mm, None)];
    for step in 1..12 {
        let s = f64::from(step) / 12.0;
        let (a, b) = (start.lerp(&bow, s), bow.lerp(&first.points[0], s));
        nodes.push(node(a.lerp(&b, s), first.radius_mm, Some(nodes.len() - 1)));
    }
    let mut lasts: Vec<usize> = Vec::new();
    for companion in companions {
        let parent = portal[companion.branch].parent.and_then(|p| place[p]);
        let mut last = parent.map_or(nodes.len() - 1, |p| lasts[p]);
        for position in companion.points.iter().skip(usize::from(parent.is_some())) {
            nodes.push(node(*position, companion.radius_mm, Some(last)));
            last = nodes.len() - 1;
        }
        lasts.push(last);
    }
    TubeTree::new(nodes)
}

/// The aorta's front wall near the height of `point`.
fn aorta_front(aorta: &TubeTree, point: &Point3<f64>) -> Point3<f64> {
    let height = point.z + 8.0;
    let nearest = aorta
        .nodes()
        .iter()
        .min_by(|a, b| (a.position.z - height).abs().total_cmp(&(b.position.z - height).abs()));
    nearest.map_or(*point, |n| n.position + Vector3::new(0.0, 1.0 - n.radius_mm, 0.0))
}

/// A line at the distance `away` from the portal branch's axis, clear of both its ends: it starts at
/// the side `turn` and goes around it by `twist` (both 1 for a full turn).
fn beside(branch: &Branch, away: f64, turn: f64, twist: f64) -> Vec<Point3<f64>> {
    let points = &branch.points;
    let tangent = |i: usize| {
        let (a, b) = (points[i.saturating_sub(1)], points[(i + 1).min(points.len() - 1)]);
        Unit::new_normalize(b - a)
    };
    let first = tangent(0);
    let any = if first.z.abs() < 0.8 { Vector3::z() } else { Vector3::x() };
    let mut normal = first.cross(&any).normalize();
    normal = Rotation3::from_axis_angle(&first, turn * std::f64::consts::TAU) * normal;
    // Trimmed where the neighbours at the branchings leave.
    let length: f64 = points.windows(2).map(|p| (p[1] - p[0]).norm()).sum();
    let trim = (1.6 * branch.radius_mm).min(0.3 * length);
    let mut line = Vec::new();
    let mut along = 0.0;
    for i in 0..points.len() {
        if i > 0 {
            along += (points[i] - points[i - 1]).norm();
        }
        // Carried along without turning around the vessel.
        let t = tangent(i);
        normal = (normal - t.into_inner() * normal.dot(&t)).try_normalize(1e-6).unwrap_or(normal);
        if along >= trim && along <= length - trim {
            let part = twist * along / length.max(1e-9) * std::f64::consts::TAU;
            line.push(points[i] + Rotation3::from_axis_angle(&t, part) * normal * away);
        }
    }
    if line.len() < 2 {
        let middle = points.len() / 2;
        line =
            vec![points[middle.saturating_sub(1)] + normal * away, points[middle] + normal * away];
    }
    line
}
