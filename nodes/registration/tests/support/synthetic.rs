//! Synthetic patients: two interdigitated vessel trees, what an ultrasound sweep sees of them, and the truth.

#![allow(dead_code, reason = "tests, bench and example each use their part")]

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use messages::Centrelines;
use messages::centrelines::{Branch, Node};
use nalgebra::{Isometry3, Point3, Translation3, Unit, UnitQuaternion, Vector3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Semi-axes of the organ.
const ORGAN_MM: [f64; 3] = [85.0, 62.0, 45.0];
const STEP_MM: f64 = 1.5;

/// A vessel as it was grown.
#[derive(Clone)]
pub struct Vessel {
    pub points: Vec<Node>,
    pub parent: Option<usize>,
}

/// A smooth displacement: Gaussian bumps.
#[derive(Clone, Default)]
pub struct Bumps(Vec<(Point3<f64>, Vector3<f64>, f64)>);

impl Bumps {
    pub fn at(&self, p: &Point3<f64>) -> Vector3<f64> {
        self.0.iter().map(|(c, a, l)| a * (-(p - c).norm_squared() / (2.0 * l * l)).exp()).sum()
    }
}

pub struct Case {
    pub preoperative: Centrelines,
    pub intraoperative: Centrelines,
    /// Points near what was seen: where they are now, and where they were before the operation.
    pub near: Vec<(Point3<f64>, Point3<f64>)>,
    /// Points anywhere in the organ.
    pub anywhere: Vec<(Point3<f64>, Point3<f64>)>,
    pub intraoperative_from_preoperative: Isometry3<f64>,
}

fn gauss(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

pub fn gauss3(rng: &mut ChaCha8Rng) -> Vector3<f64> {
    Vector3::from_fn(|_, _| gauss(rng))
}

fn direction(rng: &mut ChaCha8Rng) -> Unit<Vector3<f64>> {
    Unit::new_normalize(gauss3(rng))
}

fn level(p: &Point3<f64>) -> f64 {
    (0..3).map(|a| (p[a] / ORGAN_MM[a]).powi(2)).sum()
}

/// Start, heading, radius and parent of a vessel still to be grown.
type Bud = (Point3<f64>, Unit<Vector3<f64>>, f64, Option<usize>);

/// Two trees that start on opposite sides and share the organ.
pub fn grow(seed: u64, fine: bool) -> Vec<Vessel> {
    let thinnest_mm = if fine { 0.6 } else { 0.9 };
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xA11);
    let mut vessels: Vec<Vessel> = Vec::new();
    let mut placed: Vec<Point3<f64>> = Vec::new();
    let jitter = |rng: &mut ChaCha8Rng| gauss3(rng) * 6.0;
    let roots = [
        (Point3::new(10.0, 0.0, -40.0), Vector3::new(-0.2, 0.1, 1.0), 5.5),
        (Point3::new(-15.0, 40.0, 25.0), Vector3::new(0.4, -1.0, -0.3), 5.0),
        (Point3::new(15.0, 42.0, 20.0), Vector3::new(0.6, -1.0, 0.1), 4.5),
    ];
    let mut buds: Vec<Bud> = roots
        .iter()
        .map(|(p, d, r)| {
            (
                p + jitter(&mut rng),
                Unit::new_normalize(d + gauss3(&mut rng) * 0.25),
                r * rng.random_range(0.85..1.15),
                None,
            )
        })
        .collect();
    while !buds.is_empty() {
        let mut next = Vec::new();
        for (start, heading, radius, parent) in buds {
            let length = (6.0 + 5.0 * radius) * rng.random_range(0.75..1.3);
            let steps = (length / STEP_MM) as usize + 2;
            let mut points = vec![Node { position_mm: start, radius_mm: radius }];
            let (mut p, mut d) = (start, heading);
            for i in 1..=steps {
                d = Unit::new_normalize(d.into_inner() + gauss3(&mut rng) * 0.07);
                p += d.into_inner() * STEP_MM;
                if level(&p) > 1.0 && i > 3 && !(parent.is_none() && i < 12) {
                    break;
                }
                points.push(Node {
                    position_mm: p,
                    radius_mm: radius * (1.0 - 0.08 * i as f64 / steps as f64),
                });
            }
            let ended = points.len() <= steps;
            let this = vessels.len();
            placed.extend(points.iter().map(|n| n.position_mm));
            vessels.push(Vessel { points, parent });
            if ended {
                continue;
            }
            // Murray 1926: r0^3 = r1^3 + r2^3 and the angles of least work.
            let r0 = radius * 0.92;
            let ratio: f64 = rng.random_range(0.45..0.95);
            let r1 = r0 / (1.0 + ratio.powi(3)).cbrt();
            let r2 = ratio * r1;
            let angle = |a: f64, b: f64| {
                ((r0.powi(4) + a.powi(4) - b.powi(4)) / (2.0 * r0 * r0 * a * a))
                    .clamp(-1.0, 1.0)
                    .acos()
            };
            let side = Unit::new_normalize(d.cross(&direction(&mut rng)));
            let mut best: Option<(f64, [Unit<Vector3<f64>>; 2])> = None;
            for trial in 0..8 {
                let turn = UnitQuaternion::from_axis_angle(&d, TAU * f64::from(trial) / 8.0);
                let axis = turn * side;
                let out = |by: f64| UnitQuaternion::from_axis_angle(&axis, by) * d;
                let dirs = [out(angle(r1, r2) + 0.08), out(-angle(r2, r1) - 0.08)];
                let room: f64 = dirs
                    .iter()
                    .map(|dir| {
                        let probe = p + dir.into_inner() * 18.0;
                        let nearest =
                            placed.iter().map(|q| (q - probe).norm()).fold(f64::MAX, f64::min);
                        if level(&probe) > 1.0 { -10.0 } else { nearest.min(20.0) }
                    })
                    .sum();
                if best.is_none_or(|(most, _)| room > most) {
                    best = Some((room, dirs));
                }
            }
            let (_, dirs) = best.unwrap();
            for (dir, r) in dirs.into_iter().zip([r1, r2]) {
                if r > thinnest_mm {
                    next.push((p, dir, r, Some(this)));
                }
            }
        }
        buds = next;
    }
    vessels
}

/// The tree of those points of vessels that are kept; `place` says where each lies.
pub fn tree_of(
    vessels: &[Vessel],
    mut place: impl FnMut(usize, usize) -> Option<Node>,
) -> Centrelines {
    let mut nodes = Vec::new();
    let mut branches = Vec::new();
    let mut ids: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    for (v, vessel) in vessels.iter().enumerate() {
        let mut path: Vec<u32> = Vec::new();
        for k in 0..vessel.points.len() {
            let key = match (k, vessel.parent) {
                (0, Some(parent)) => (parent, vessels[parent].points.len() - 1),
                _ => (v, k),
            };
            let id = ids.get(&key).copied().or_else(|| {
                place(key.0, key.1).map(|node| {
                    nodes.push(node);
                    ids.insert(key, nodes.len() as u32 - 1);
                    nodes.len() as u32 - 1
                })
            });
            // The joint belongs to the parent; a child that was not seen must not draw to it.
            let own = k > 0 || vessel.parent.is_none() || place(v, 1).is_some();
            match id {
                Some(id) if own => path.push(id),
                _ => {
                    if path.len() > 3 {
                        branches.push(Branch { nodes: std::mem::take(&mut path), label: None });
                    }
                    path.clear();
                }
            }
        }
        if path.len() > 3 {
            branches.push(Branch { nodes: path, label: None });
        }
    }
    Centrelines::new(nodes, branches).unwrap()
}

pub fn preoperative(vessels: &[Vessel]) -> Centrelines {
    tree_of(vessels, |v, k| Some(vessels[v].points[k]))
}

#[derive(Clone, Copy)]
pub struct Conditions {
    pub seed: u64,
    /// Largest displacement of the deformation.
    pub deformation_mm: f64,
    /// Rotation between the frames, at most; no limit if 4.
    pub rotation_rad: f64,
    /// Twice as fine trees, three times as much missed and false, vessels in pieces, and noise that goes together.
    pub hard: bool,
    /// Which share of the vessels thicker than 1.5 mm lies in the sweep: from, to.
    pub swept: (f64, f64),
}

pub fn case(conditions: Conditions) -> Case {
    let Conditions { seed, deformation_mm, rotation_rad, hard, swept } = conditions;
    let vessels = grow(seed, hard);
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5EE);
    let organ_point = |rng: &mut ChaCha8Rng| loop {
        let p = Point3::from(Vector3::from_fn(|a, _| rng.random_range(-1.0..1.0) * ORGAN_MM[a]));
        if level(&p) < 1.0 {
            return p;
        }
    };
    let mut bumps = Bumps::default();
    if deformation_mm > 0.0 {
        for _ in 0..4 {
            bumps.0.push((organ_point(&mut rng), gauss3(&mut rng), rng.random_range(35.0..60.0)));
        }
        let most = vessels
            .iter()
            .flat_map(|v| &v.points)
            .map(|n| bumps.at(&n.position_mm).norm())
            .fold(0.0, f64::max);
        for bump in &mut bumps.0 {
            bump.1 *= deformation_mm / most;
        }
    }
    let angle = if rotation_rad >= 4.0 {
        rng.random_range(0.0..TAU / 2.0)
    } else {
        rng.random_range(0.0..=rotation_rad.max(1e-9))
    };
    let motion = Isometry3::from_parts(
        Translation3::from(gauss3(&mut rng) * 80.0),
        UnitQuaternion::from_axis_angle(&direction(&mut rng), angle),
    );
    let now = |p: &Point3<f64>| motion * (p + bumps.at(p));

    // The sweep: a slab with 40 to 70 % of what is thick enough to be seen.
    let normal = direction(&mut rng);
    let centre = organ_point(&mut rng).coords * 0.35;
    let off = |p: &Point3<f64>| (p.coords - centre).dot(&normal).abs();
    let mut offs: Vec<f64> = vessels
        .iter()
        .flat_map(|v| &v.points)
        .filter(|n| n.radius_mm >= 1.5)
        .map(|n| off(&n.position_mm))
        .collect();
    offs.sort_by(f64::total_cmp);
    let half = offs[(offs.len() as f64 * rng.random_range(swept.0..swept.1)) as usize];
    let missed: Vec<bool> =
        vessels.iter().map(|_| rng.random_bool(if hard { 0.3 } else { 0.1 })).collect();
    let noise = rng.random_range(0.5..1.0) * 0.6;
    let seen = |v: usize, k: usize| {
        let n = vessels[v].points[k];
        // In pieces: a gap of 6 mm in every 24.
        let gap = hard && (k + v * 5) % 16 < 4;
        n.radius_mm >= 1.5 && off(&n.position_mm) < half && !missed[v] && !gap
    };
    let mut wander = Bumps::default();
    if hard {
        for _ in 0..400 {
            wander.0.push((organ_point(&mut rng), gauss3(&mut rng) * 0.7, 6.0));
        }
    }
    let mut noise_rng = ChaCha8Rng::seed_from_u64(seed ^ 0x401);
    let clean = tree_of(&vessels, |v, k| {
        seen(v, k).then(|| {
            let n = vessels[v].points[k];
            Node {
                position_mm: now(&n.position_mm)
                    + motion * wander.at(&n.position_mm)
                    + gauss3(&mut noise_rng) * noise,
                radius_mm: n.radius_mm * (0.12 * gauss(&mut noise_rng)).exp(),
            }
        })
    });
    // False branches, most of them grown on true ones.
    let mut nodes = clean.nodes().to_vec();
    let mut branches = clean.branches().to_vec();
    let count = (branches.len() as f64 * if hard { 0.3 } else { 0.1 }).ceil() as usize;
    for _ in 0..count {
        let mut d = direction(&mut rng);
        let radius = rng.random_range(1.5..3.0);
        let root = &clean.branches()[rng.random_range(0..clean.branches().len())].nodes;
        let start = root[root.len() - 1];
        let mut path = vec![start];
        let mut p = clean.nodes()[start as usize].position_mm;
        if rng.random_bool(0.3) {
            p += direction(&mut rng).into_inner() * 15.0;
            path.clear();
        }
        for _ in 0..rng.random_range(8..20) {
            d = Unit::new_normalize(d.into_inner() + gauss3(&mut rng) * 0.1);
            p += d.into_inner() * STEP_MM;
            path.push(nodes.len() as u32);
            nodes.push(Node { position_mm: p, radius_mm: radius });
        }
        branches.push(Branch { nodes: path, label: None });
    }
    let intraoperative = Centrelines::new(nodes, branches).unwrap();
    let seen_points: Vec<Point3<f64>> = (0..vessels.len())
        .flat_map(|v| (0..vessels[v].points.len()).map(move |k| (v, k)))
        .filter(|&(v, k)| seen(v, k))
        .map(|(v, k)| vessels[v].points[k].position_mm)
        .collect();
    let mut near = Vec::new();
    while near.len() < 40 {
        let p = organ_point(&mut rng);
        if seen_points.iter().any(|q| (q - p).norm() < 15.0) {
            near.push((now(&p), p));
        }
    }
    let anywhere = (0..40).map(|_| organ_point(&mut rng)).map(|p| (now(&p), p)).collect();
    Case {
        preoperative: preoperative(&vessels),
        intraoperative,
        near,
        anywhere,
        intraoperative_from_preoperative: motion,
    }
}

/// Straight wires, each a branch of its own or crossing others at shared nodes.
pub fn wires(seed: u64, lines: &[(Point3<f64>, Point3<f64>)]) -> Centrelines {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut nodes: Vec<Node> = Vec::new();
    let mut branches = Vec::new();
    for (a, b) in lines {
        let steps = ((b - a).norm() / STEP_MM) as usize;
        let mut path = Vec::new();
        for i in 0..=steps {
            let p = a + (b - a) * (i as f64 / steps as f64);
            // Crossing wires share a node, as a segmentation makes them.
            let shared = branches
                .iter()
                .flat_map(|b: &Branch| &b.nodes)
                .copied()
                .find(|&n| (nodes[n as usize].position_mm - p).norm() < 0.9);
            if let Some(n) = shared {
                path.push(n);
                if path.len() > 1 {
                    branches
                        .push(Branch { nodes: std::mem::replace(&mut path, vec![n]), label: None });
                }
                continue;
            }
            path.push(nodes.len() as u32);
            nodes.push(Node { position_mm: p + gauss3(&mut rng) * 0.2, radius_mm: 1.6 });
        }
        if path.len() > 1 {
            branches.push(Branch { nodes: path, label: None });
        }
    }
    // A wire that is crossed within becomes two branches.
    let mut split = Vec::new();
    let mut uses = vec![0; nodes.len()];
    for branch in &branches {
        for &n in &branch.nodes {
            uses[n as usize] += 1;
        }
    }
    for branch in branches {
        let mut path = vec![branch.nodes[0]];
        for &n in &branch.nodes[1..] {
            path.push(n);
            if uses[n as usize] > 1 {
                split.push(Branch { nodes: std::mem::replace(&mut path, vec![n]), label: None });
            }
        }
        if path.len() > 1 {
            split.push(Branch { nodes: path, label: None });
        }
    }
    Centrelines::new(nodes, split).unwrap()
}
