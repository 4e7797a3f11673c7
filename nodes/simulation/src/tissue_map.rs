//! What each sample of the beam grid meets: how strongly it scatters, mirrors and whether it is blood.

use messages::{Patient, Transform};
use nalgebra::{Point3, Vector3};

use crate::anatomy::structure::StructureKind;
use crate::beam_grid::BeamGrid;
use crate::body_wall::BodyWall;
use crate::image_plane::footprint;
use crate::insonified::Insonified;
use crate::scan_geometry::Face;
use crate::scatterers::slow_variation;
use crate::tube_echo::TubeEcho;

/// Beyond this distance from a wall a vessel leaves no trace.
const WALL_REACH_MM: f64 = 2.0;
/// Standard thickness of the bright line of a wall or a layer.
pub(crate) const LINE_MM: f32 = 0.3;
/// Coarse nodes of the slow variation, in beams and samples.
pub(crate) const NODE: usize = 16;

/// Amplitudes relative to the scattering of liver, indexed as the beam grid.
pub struct TissueMap {
    /// Of the random echoes.
    pub scatter: Vec<f32>,
    /// Of the mirror-like echoes.
    pub mirror: Vec<f32>,
    /// Part of the sample that is blood or another liquid, 0 to 1.
    pub blood: Vec<f32>,
    /// Amplitude of the pulse that passes the sample, there and back, beside what liver or blood
    /// takes; none where everything passes.
    pub passing: Option<Vec<f32>>,
}

impl TissueMap {
    pub fn new(
        patient: &impl Insonified,
        seed: u32,
        grid: &BeamGrid,
        patient_from_face: &Transform<Patient, Face>,
    ) -> Self {
        let size = grid.beams * grid.samples;
        let mut map = Self {
            scatter: vec![1.0; size],
            mirror: vec![0.0; size],
            blood: vec![0.0; size],
            passing: None,
        };
        if patient.echo_variation_db() > 0.0 {
            let rest = patient.rest_pose(patient_from_face);
            map.vary(patient.echo_variation_db(), seed, grid, &rest);
        }
        patient.draw_ground(&mut map, seed, grid, patient_from_face);
        map.add_tubes(patient, grid, patient_from_face);
        map
    }

    /// Slow variation, computed at coarse nodes and interpolated between them.
    fn vary(&mut self, db: f64, seed: u32, grid: &BeamGrid, pose: &Transform<Patient, Face>) {
        let columns = grid.beams.div_ceil(NODE) + 1;
        let node_row = |row: usize| -> Vec<f32> {
            (0..columns)
                .map(|column| {
                    let (origin, direction) = grid.beam(column * NODE);
                    let place = origin + direction * grid.range_mm(row * NODE);
                    let place = pose.isometry() * Point3::new(place.x, place.y, 0.0);
                    let value = slow_variation(seed, &place.coords, 14.0)
                        + 0.5 * slow_variation(!seed, &place.coords, 5.0);
                    10_f64.powf(value * db / 20.0) as f32
                })
                .collect()
        };
        let mut upper = node_row(0);
        for row in 0..grid.samples.div_ceil(NODE) {
            let lower = node_row(row + 1);
            for sample in row * NODE..((row + 1) * NODE).min(grid.samples) {
                let down = (sample - row * NODE) as f32 / NODE as f32;
                let line = &mut self.scatter[sample * grid.beams..(sample + 1) * grid.beams];
                for (column, part) in line.chunks_mut(NODE).enumerate() {
                    let at = |c: usize| upper[c] + down * (lower[c] - upper[c]);
                    let (left, right) = (at(column), at(column + 1));
                    for (i, value) in part.iter_mut().enumerate() {
                        *value = left + (right - left) * (i as f32 / NODE as f32);
                    }
                }
            }
            upper = lower;
        }
    }

    /// The layers over the block of liver.
    pub(crate) fn add_body_wall(
        &mut self,
        wall: &BodyWall,
        seed: u32,
        grid: &BeamGrid,
        pose: &Transform<Patient, Face>,
    ) {
        let layers = wall.layers();
        for beam in 0..grid.beams {
            let (origin, direction) = grid.beam(beam);
            let origin = pose.isometry() * Point3::new(origin.x, origin.y, 0.0);
            let direction = pose.isometry() * Vector3::new(direction.x, direction.y, 0.0);
            let crossings = wall.crossings_mm(&origin, &direction);
            let facing = (direction.y.abs() as f32).powi(6);
            // Each surface shines more in some places than in others.
            let variation = |layer: usize, size_mm: f64| {
                let range = if crossings[layer].is_finite() { crossings[layer] } else { 0.0 };
                let place = origin + direction * range;
                slow_variation(seed.wrapping_add(layer as u32 + 1), &place.coords, size_mm) as f32
            };
            let shine: Vec<_> = (0..layers.len())
                .map(|layer| facing * (1.8 * variation(layer, 16.0)).exp())
                .collect();
            let phase: Vec<_> =
                (0..layers.len()).map(|layer| 4.0 * variation(layer, 11.0)).collect();
            let last = crossings.last().copied().unwrap_or(0.0) + 4.0 * f64::from(LINE_MM);
            for sample in 0..grid.samples {
                let range = grid.range_mm(sample);
                if range > last {
                    break;
                }
                let index = sample * grid.beams + beam;
                match crossings.iter().rposition(|crossing| *crossing <= range) {
                    // Above the skin lies the gel, nearly without echo.
                    None => self.scatter[index] = 0.2,
                    Some(inner) if inner + 1 < layers.len() => {
                        let layer = layers[inner];
                        let depth = (range - crossings[inner]) as f32;
                        let fibres =
                            (depth * 2.6 + phase[inner]).sin() + (depth * 4.3 - phase[inner]).sin();
                        let streak = 1.0 + 0.5 * layer.streaks * fibres;
                        self.scatter[index] *= layer.scatter * streak;
                    }
                    Some(_) => {}
                }
                for ((layer, crossing), shine) in layers.iter().zip(&crossings).zip(&shine) {
                    let off = (range - crossing) as f32 / LINE_MM;
                    if off.abs() < 4.0 {
                        self.mirror[index] += layer.mirror * shine * (-0.5 * off * off).exp();
                    }
                }
            }
        }
    }

    fn add_tubes(
        &mut self,
        patient: &impl Insonified,
        grid: &BeamGrid,
        pose: &Transform<Patient, Face>,
    ) {
        let mut nearest = vec![Wall::FAR; grid.beams * grid.samples];
        let beams: Vec<_> = (0..grid.beams)
            .map(|beam| {
                let (origin, direction) = grid.beam(beam);
                [origin.x, origin.y, direction.x, direction.y].map(|value| value as f32)
            })
            .collect();
        for (kind, segment) in patient.tubes_near_plane(pose, WALL_REACH_MM) {
            let (middle, radius) = footprint(&segment, WALL_REACH_MM);
            let (columns, rows) = grid.window(middle.x, middle.y, radius);
            let start = segment.start.coords.map(|value| value as f32);
            let axis = (segment.end - segment.start).map(|value| value as f32);
            let per_length = axis.norm_squared().max(1e-9).recip();
            let first_radius = segment.start_radius_mm as f32;
            let growth = (segment.end_radius_mm - segment.start_radius_mm) as f32;
            for row in rows {
                let range = grid.range_mm(row) as f32;
                let line = &mut nearest[row * grid.beams..(row + 1) * grid.beams];
                for column in columns.clone() {
                    let [ox, oy, dx, dy] = beams[column];
                    let (x, y) = (ox + dx * range - start.x, oy + dy * range - start.y);
                    let along = (x * axis.x + y * axis.y - start.z * axis.z) * per_length;
                    let along = along.clamp(0.0, 1.0);
                    let (ax, ay) = (x - along * axis.x, y - along * axis.y);
                    let az = -start.z - along * axis.z;
                    let off_axis = (ax * ax + ay * ay + az * az).sqrt();
                    let distance = off_axis - first_radius - along * growth;
                    if distance < line[column].distance {
                        let facing = (ax * dx + ay * dy) / off_axis.max(1e-3);
                        line[column] = Wall { distance, facing, kind };
                    }
                }
            }
        }
        for (index, wall) in nearest.iter().enumerate() {
            if wall.distance < WALL_REACH_MM as f32 {
                self.add_wall(index, *wall, grid.sample_mm as f32);
            }
        }
    }

    fn add_wall(&mut self, index: usize, wall: Wall, sample_mm: f32) {
        let echo = TubeEcho::of(wall.kind);
        // The edge of the lumen is as soft as a sample is long.
        let inside = (0.5 - wall.distance / 0.3).clamp(0.0, 1.0);
        let off = wall.distance / echo.sheath_mm;
        let tissue = self.scatter[index] * (1.0 + echo.sheath * (-off * off).exp());
        self.scatter[index] = tissue + (echo.lumen - tissue) * inside;
        let line = (wall.distance - LINE_MM) / LINE_MM;
        let facing = wall.facing.powi(8);
        self.mirror[index] += echo.mirror * facing * (-0.5 * line * line).exp();
        if echo.liquid {
            self.blood[index] = self.blood[index].max(inside);
        }
        if echo.passing_per_mm < 1.0 && inside > 0.0 {
            self.hold_back(index, inside, echo.passing_per_mm.powf(sample_mm));
        }
    }

    /// Lets only `passing` of the amplitude through the part of a sample that is `inside`.
    pub(crate) fn hold_back(&mut self, index: usize, inside: f32, passing: f32) {
        let size = self.scatter.len();
        let all = self.passing.get_or_insert_with(|| vec![1.0; size]);
        all[index] = 1.0 + (passing - 1.0) * inside;
    }
}

/// The wall nearest to a sample.
#[derive(Clone, Copy)]
struct Wall {
    /// Signed distance, mm, negative in the lumen.
    distance: f32,
    /// Cosine between the beam and the wall's normal.
    facing: f32,
    kind: StructureKind,
}

impl Wall {
    const FAR: Self =
        Self { distance: WALL_REACH_MM as f32, facing: 0.0, kind: StructureKind::HepaticVein };
}

#[cfg(test)]
mod tests {
    use messages::Point;
    use nalgebra::{Isometry3, Translation3, UnitQuaternion};

    use super::*;
    use crate::family::Family;
    use crate::patient::SimulatedPatient;
    use crate::scan_geometry::ScanGeometry;
    use crate::vessel::{Vessel, VesselKind};

    #[test]
    fn blood_is_where_the_patient_has_vessels() {
        let grid = BeamGrid::new(&ScanGeometry::default(), 160, 0.35);
        let mut full = 0;
        for seed in 0..4 {
            let patient = SimulatedPatient::new(seed, Family::Winding);
            let pose = Isometry3::from_parts(
                Translation3::new(2.0, 3.0, -20.0 + 13.0 * seed as f64),
                UnitQuaternion::from_euler_angles(0.2, 0.3, 0.1),
            );
            let map = TissueMap::new(&patient, 1, &grid, &Transform::from_isometry(pose));
            for beam in (0..grid.beams).step_by(3) {
                let (origin, direction) = grid.beam(beam);
                for sample in 0..grid.samples {
                    let place = origin + direction * grid.range_mm(sample);
                    let point = pose * Point3::new(place.x, place.y, 0.0);
                    let distance = patient.signed_distance_mm(Point::new(point));
                    let blood = map.blood[sample * grid.beams + beam];
                    full += usize::from(blood == 1.0);
                    assert!(distance > -0.16 || blood == 1.0, "{distance} {blood}");
                    assert!(distance < 0.16 || blood == 0.0, "{distance} {blood}");
                }
            }
        }
        assert!(full > 1000, "only {full} samples of blood");
    }

    #[test]
    fn a_wall_shines_where_the_beam_meets_it_at_a_right_angle() {
        let line = [Point3::new(0.0, 50.0, -30.0), Point3::new(0.0, 50.0, 30.0)];
        let vessel = Vessel::new(VesselKind::Hepatic, 0, None, &line, (8.0, 8.0));
        let patient = SimulatedPatient::phantom(1, vec![vessel]);
        let grid = BeamGrid::new(&ScanGeometry::default(), 200, 0.3);
        let map = TissueMap::new(&patient, 1, &grid, &Transform::identity());
        let mirror = |x: f64, y: f64| {
            let (beam, sample) = grid.locate(x, y);
            map.mirror[sample.round() as usize * grid.beams + beam.round() as usize]
        };
        let (top, bottom) = (mirror(0.0, 41.8), mirror(0.0, 58.2));
        assert!(top > 1.0 && bottom > 1.0, "{top} {bottom}");
        assert!(mirror(8.3, 50.0) < 0.05 && mirror(0.0, 50.0) == 0.0);
    }
}
