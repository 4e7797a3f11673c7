//! How well the labels of a volume agree with those that its image truly shows.

use messages::{Affine, LabelVolume, Point, Score, StructureKind, Voxel};
use nalgebra::{Point3, Vector3};

use super::parts::parts;
use super::score;

/// The most structures that are told of one by one.
const MOST: usize = 16;

/// Dice coefficients of the structures of a map, be it made before or during the procedure.
#[derive(Clone, Debug)]
pub struct VolumeAgreement<In> {
    /// What the figures call the map.
    name: &'static str,
    map: Option<LabelVolume<In>>,
    truth: Option<LabelVolume<In>>,
    scores: Vec<Score>,
}

impl<In: Clone> VolumeAgreement<In> {
    /// Nothing has come yet; the figures are of a map called `name`.
    pub fn of(name: &'static str) -> Self {
        Self { name, map: None, truth: None, scores: Vec::new() }
    }

    /// The map's labels.
    pub fn mapped(&mut self, map: LabelVolume<In>) {
        self.map = Some(map);
        self.compare();
    }

    /// The true labels.
    pub fn truly(&mut self, truth: LabelVolume<In>) {
        self.truth = Some(truth);
        self.compare();
    }

    /// The figures of the newest map.
    pub fn scores(&self) -> Vec<Score> {
        self.scores.clone()
    }

    fn compare(&mut self) {
        let Some(truth) = &self.truth else { return };
        // A map that was compared is done with; a truth may serve the next one.
        let Some(map) = self.map.take() else { return };
        let counts = Counts::of(&map, truth);
        let vessels =
            |volume: &LabelVolume<In>| -> Vec<usize> { labels(volume, StructureKind::is_vessel) };
        let (dice, voxels) = counts.dice(&vessels(&map), &vessels(truth));
        self.scores = vec![score(format!("{} Dice, all vessels", self.name), dice, "", voxels)];
        for (index, structure) in truth.structures.iter().enumerate() {
            let told = !matches!(structure.kind, StructureKind::Bone | StructureKind::Other);
            let found = map.structures.iter().position(|s| s.name == structure.name);
            if let Some(found) = found
                && told
                && self.scores.len() <= MOST
            {
                let (dice, voxels) = counts.dice(&[found + 1], &[index + 1]);
                let measure = format!("{} Dice, {}", self.name, structure.name);
                self.scores.push(score(measure, dice, "", voxels));
            }
        }
        for (index, structure) in map.structures.iter().enumerate() {
            let is_known = truth.structures.iter().any(|s| s.name == structure.name);
            let parts = parts(&map.structures, &truth.structures, index);
            let parts: Vec<usize> = parts.iter().map(|part| part + 1).collect();
            let told = structure.kind.is_vessel() && !is_known && counts.found(index + 1) > 0;
            if told && !parts.is_empty() && self.scores.len() <= MOST {
                let (dice, voxels) = counts.dice(&[index + 1], &parts);
                self.scores.push(score(format!("map Dice, {}", structure.name), dice, "", voxels));
            }
        }
    }
}

fn labels<In>(volume: &LabelVolume<In>, wanted: impl Fn(StructureKind) -> bool) -> Vec<usize> {
    let wanted = volume.structures.iter().enumerate().filter(|(_, s)| wanted(s.kind));
    wanted.map(|(index, _)| index + 1).collect()
}

/// How many of the map's voxels have each pair of labels.
struct Counts {
    /// Rows are the map's labels, columns the truth's.
    counts: Vec<u64>,
    columns: usize,
}

impl Counts {
    fn of<In>(map: &LabelVolume<In>, truth: &LabelVolume<In>) -> Self {
        let columns = truth.structures.len() + 1;
        let mut counts = vec![0; (map.structures.len() + 1) * columns];
        let mut count = |a: u8, b: u8| counts[usize::from(a) * columns + usize::from(b)] += 1;
        let (found, true_labels) = (map.labels.as_slice(), truth.labels.as_slice());
        if map.size == truth.size && same(&map.frame_from_voxel, &truth.frame_from_voxel) {
            found.iter().zip(true_labels).for_each(|(a, b)| count(*a, *b));
        } else {
            let truth_from_map = truth.frame_from_voxel.inverse() * map.frame_from_voxel;
            let [nx, ny, _] = map.size.map(|n| n as usize);
            let [tx, ty, tz] = truth.size.map(i64::from);
            let step = truth_from_map.axis(0);
            for (row, line) in found.chunks(nx.max(1)).enumerate() {
                let first = Point3::new(0.0, (row % ny) as f64, (row / ny) as f64);
                let first: Point<Voxel> = truth_from_map * Point::new(first);
                for (column, label) in line.iter().enumerate() {
                    let at: Vector3<f64> = first.xyz_mm.coords + step * column as f64;
                    let [x, y, z] = [at.x, at.y, at.z].map(|index| index.round() as i64);
                    let inside =
                        (0..tx).contains(&x) && (0..ty).contains(&y) && (0..tz).contains(&z);
                    let there =
                        if inside { true_labels[((z * ty + y) * tx + x) as usize] } else { 0 };
                    count(*label, there);
                }
            }
        }
        Self { counts, columns }
    }

    /// How many voxels the map gives a label.
    fn found(&self, label: usize) -> u64 {
        self.counts.chunks(self.columns).nth(label).map_or(0, |row| row.iter().sum())
    }

    /// Dice coefficient of the union of some labels of the map with that of some of the truth, and how
    /// many voxels are truly of them; none where neither has any.
    fn dice(&self, map: &[usize], truth: &[usize]) -> (Option<f64>, u64) {
        let (mut both, mut found, mut truly) = (0, 0, 0);
        for (index, count) in self.counts.iter().enumerate() {
            let a = map.contains(&(index / self.columns));
            let b = truth.contains(&(index % self.columns));
            both += if a && b { *count } else { 0 };
            found += if a { *count } else { 0 };
            truly += if b { *count } else { 0 };
        }
        let dice = (found + truly > 0).then(|| 2.0 * both as f64 / (found + truly) as f64);
        (dice, truly)
    }
}

fn same<In>(a: &Affine<In, Voxel>, b: &Affine<In, Voxel>) -> bool {
    (a.rows() - b.rows()).amax() < 1e-6
}
