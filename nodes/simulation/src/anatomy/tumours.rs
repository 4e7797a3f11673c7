//! One to four tumours of the liver, placed beside large vessels but not in them.

use nalgebra::{Point3, UnitQuaternion, Vector3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::anatomy::bounds::Bounds;
use crate::anatomy::distance_field::{DistanceField, InvalidSolid};
use crate::anatomy::growing_tree::GrowingTree;
use crate::anatomy::implicit::{Ellipsoid, Waves};
use crate::anatomy::segment::Segment;
use crate::anatomy::structure::{Structure, StructureKind};
use crate::randomness::{jitter, within};

/// Height of the bumps of the surface as a part of the radius.
const BUMPS: f64 = 0.14;

/// Where the tumours are, as balls that hold them.
pub(crate) struct Tumours {
    balls: Vec<(Point3<f64>, f64)>,
}

impl Tumours {
    /// Places whose surface is 2 to 10 mm from the wall of a named vein.
    pub fn near(trees: &[GrowingTree], organ: &DistanceField, rng: &mut ChaCha8Rng) -> Self {
        let veins: Vec<Segment> =
            trees.iter().flat_map(|t| (0..t.nodes.len()).filter_map(|n| t.tube(n))).collect();
        let wanted = rng.random_range(1..=4);
        let mut balls: Vec<(Point3<f64>, f64)> = Vec::new();
        for _ in 0..4000 {
            if balls.len() == wanted {
                break;
            }
            let bounds = organ.bounds();
            let centre = Point3::from(Vector3::from_fn(|axis, _| {
                within((bounds.low[axis], bounds.high[axis]), rng)
            }));
            let radius = within((7.0, 18.0), rng);
            let wall =
                veins.iter().map(|v| v.signed_distance_mm(&centre)).fold(f64::INFINITY, f64::min);
            let fits = (2.0..10.0).contains(&(wall - radius))
                && organ.signed_distance_mm(&centre) < -(radius + 1.0)
                && balls.iter().all(|(c, r)| (c - centre).norm() > r + radius + 8.0);
            if fits {
                balls.push((centre, radius));
            }
        }
        Self { balls }
    }

    /// Balls that hold the tumours, as obstacles.
    pub fn balls(&self) -> impl Iterator<Item = Segment> + '_ {
        self.balls.iter().map(|(centre, radius)| Segment {
            start: *centre,
            end: *centre,
            start_radius_mm: *radius,
            end_radius_mm: *radius,
        })
    }

    /// Ellipsoids with an irregular surface within the balls.
    pub fn structures(&self, rng: &mut ChaCha8Rng) -> Result<Vec<Structure>, InvalidSolid> {
        let solids = self.balls.iter().enumerate().map(|(index, (centre, radius))| {
            let largest = radius * (1.0 - BUMPS);
            let axes =
                Vector3::new(1.0, within((0.75, 1.0), rng), within((0.7, 1.0), rng)) * largest;
            let turn = UnitQuaternion::from_scaled_axis(jitter(2.0, rng));
            let body = Ellipsoid::new((*centre).into(), axes.into()).turned(turn);
            let waves = Waves::new(5, (0.9 * radius, 2.2 * radius), BUMPS * radius, rng);
            let around = Bounds::of_ball(centre, radius + 1.0);
            let spacing = (radius / 12.0).clamp(0.6, 1.5);
            let solid =
                DistanceField::sample(|p| body.value(p) + waves.value(p), &around, spacing)?;
            Ok(Structure::solid(format!("tumour_{}", index + 1), StructureKind::Tumour, solid))
        });
        solids.collect()
    }
}
