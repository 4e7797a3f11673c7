//! The preoperative tree, prepared for finding what lies near a point.

use messages::Centrelines;
use messages::centrelines::Sample;
use nalgebra::{Point3, Vector3};

use crate::kd_tree::KdTree;

/// Distance between the samples of both trees along their centrelines.
pub const SAMPLE_MM: f64 = 2.0;
/// Length over which the direction of a centreline is taken; less would be noise.
pub const TANGENT_SPAN_MM: f64 = 8.0;
/// How far from the tree the coarse map tells what is nearest.
const MAP_REACH_MM: f64 = 12.0;
const MAP_CELL_MM: f64 = 2.5;
/// The map grows coarser rather than larger.
const MAP_CELLS: f64 = 4e6;
const NONE: u32 = u32::MAX;

/// Samples of the target tree with a k-d tree and a coarse map of nearest samples.
#[derive(Clone, Debug)]
pub struct Target {
    /// Points along all centrelines.
    pub samples: Vec<Sample>,
    kd_tree: KdTree,
    /// The largest radius.
    widest_mm: f64,
    map: Vec<u32>,
    map_origin: Point3<f64>,
    map_size: [usize; 3],
    cell_mm: f64,
}

/// What a point of the source is matched to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Index of the target's sample.
    pub index: u32,
    /// From the centreline's nearest point to the moved source point, at right angles to the centreline.
    pub across_mm: Vector3<f64>,
}

impl Target {
    /// Prepares a tree.
    pub fn new(tree: &Centrelines) -> Self {
        let samples = tree.samples(SAMPLE_MM, TANGENT_SPAN_MM);
        let mut low = Point3::from(Vector3::repeat(f64::MAX));
        let mut high = Point3::from(Vector3::repeat(f64::MIN));
        for sample in &samples {
            low = low.inf(&sample.position_mm);
            high = high.sup(&sample.position_mm);
        }
        let sides = if samples.is_empty() {
            Vector3::zeros()
        } else {
            (high - low).add_scalar(2.0 * MAP_REACH_MM)
        };
        let cell_mm =
            MAP_CELL_MM.max((sides.product() / MAP_CELLS).cbrt()).max(sides.max() / 1000.0);
        let map_size: [usize; 3] =
            std::array::from_fn(|axis| (sides[axis] / cell_mm).ceil() as usize);
        let mut target = Self {
            widest_mm: samples.iter().map(|sample| sample.radius_mm).fold(0.0, f64::max),
            kd_tree: KdTree::new(samples.iter().map(|sample| sample.position_mm)),
            map: vec![NONE; map_size.iter().product()],
            map_origin: low - Vector3::repeat(MAP_REACH_MM),
            map_size,
            cell_mm,
            samples,
        };
        target.fill_map();
        target
    }

    fn fill_map(&mut self) {
        let mut nearest = vec![f32::INFINITY; self.map.len()];
        let reach = (MAP_REACH_MM / self.cell_mm).ceil() as i64;
        for (index, sample) in self.samples.iter().enumerate() {
            let place = (sample.position_mm - self.map_origin) / self.cell_mm;
            let range = |axis: usize| {
                let centre = place[axis] as i64;
                (
                    (centre - reach).max(0) as usize,
                    (centre + reach).clamp(-1, self.map_size[axis] as i64 - 1),
                )
            };
            let [xs, ys, zs] = [range(0), range(1), range(2)];
            for z in zs.0 as i64..=zs.1 {
                for y in ys.0 as i64..=ys.1 {
                    let row = (z as usize * self.map_size[1] + y as usize) * self.map_size[0];
                    let rest =
                        (z as f64 + 0.5 - place.z).powi(2) + (y as f64 + 0.5 - place.y).powi(2);
                    for x in xs.0 as i64..=xs.1 {
                        let squared = (rest + (x as f64 + 0.5 - place.x).powi(2)) as f32;
                        let at = row + x as usize;
                        if squared < nearest[at] {
                            nearest[at] = squared;
                            self.map[at] = index as u32;
                        }
                    }
                }
            }
        }
    }

    /// The sample that is about nearest to a point, if one is within about 12 mm.
    pub fn about_nearest(&self, point: &Point3<f64>) -> Option<&Sample> {
        self.samples.get(self.about_nearest_index(point)?)
    }

    /// The index of that sample.
    pub fn about_nearest_index(&self, point: &Point3<f64>) -> Option<usize> {
        let place = (point - self.map_origin) / self.cell_mm;
        let inside =
            (0..3).all(|axis| place[axis] >= 0.0 && place[axis] < self.map_size[axis] as f64);
        if !inside {
            return None;
        }
        let [x, y, z] = [place.x as usize, place.y as usize, place.z as usize];
        let index = self.map[(z * self.map_size[1] + y) * self.map_size[0] + x] as usize;
        (index < self.samples.len()).then_some(index)
    }

    /// The sample within `reach_mm` that suits best: near, of like direction, and of like radius.
    ///
    /// A right angle weighs as 5 mm, a factor of e in radius as 4 mm. Labels that differ never match.
    pub fn best_match(&self, sample: &Sample, reach_mm: f64) -> Option<Match> {
        let mut best: Option<(f64, u32)> = None;
        self.kd_tree.within(&sample.position_mm, reach_mm, &mut |index, squared| {
            let other = &self.samples[index as usize];
            let cost = squared + dissimilarity_mm2(sample, other);
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, index));
            }
        });
        best.filter(|(cost, _)| cost.is_finite()).map(|(_, index)| {
            let other = &self.samples[index as usize];
            Match {
                index,
                across_mm: across(sample.position_mm - other.position_mm, other, SAMPLE_MM),
            }
        })
    }

    /// How far outside the vessels a point lies, 0 within one; infinite if that is more than `reach_mm`.
    pub fn outside_mm(&self, point: &Point3<f64>, reach_mm: f64) -> f64 {
        let mut least = f64::INFINITY;
        self.kd_tree.within(point, reach_mm + self.widest_mm, &mut |index, squared| {
            let wall_mm = squared.sqrt() - self.samples[index as usize].radius_mm;
            least = least.min(wall_mm.max(0.0));
        });
        if least <= reach_mm { least } else { f64::INFINITY }
    }

    /// Whether any sample lies within `reach_mm` of a point.
    pub fn is_near(&self, point: &Point3<f64>, reach_mm: f64) -> bool {
        self.kd_tree.nearest(point, reach_mm).is_some()
    }
}

/// What remains of an offset from a sample at right angles to its centreline; along it, what exceeds `slide_mm`.
pub fn across(offset: Vector3<f64>, sample: &Sample, slide_mm: f64) -> Vector3<f64> {
    let along = offset.dot(&sample.tangent);
    offset - sample.tangent.into_inner() * along.clamp(-slide_mm, slide_mm)
}

/// How unlike two samples are in direction, radius and label, as a squared distance.
pub fn dissimilarity_mm2(a: &Sample, b: &Sample) -> f64 {
    if let (Some(a), Some(b)) = (a.label, b.label)
        && a != b
    {
        return f64::INFINITY;
    }
    let cosine = a.tangent.dot(&b.tangent);
    let log_ratio = (a.radius_mm.max(0.1) / b.radius_mm.max(0.1)).ln();
    25.0 * (1.0 - cosine * cosine) + 16.0 * log_ratio * log_ratio
}

/// A sample moved rigidly.
pub fn moved(sample: &Sample, motion: &nalgebra::Isometry3<f64>) -> Sample {
    Sample {
        position_mm: motion * sample.position_mm,
        tangent: motion.rotation * sample.tangent,
        ..*sample
    }
}
