//! The structures of a map that are watched, each ready to be asked how far something is.

use messages::surfaces::Mesh;
use messages::{Alarm, Preoperative, Structure, StructureDistance as Measured, Surfaces};
use nalgebra::Point3;

use crate::alarm::{Margin, Thresholds, is_meant};
use crate::structure_distance::{Hint, StructureDistance};
use crate::tool_axis::ToolAxis;
use crate::triangle_mesh::TriangleMesh;
use crate::trust::together;

/// What is watched, and how closely.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Names and kinds of what is watched; empty for everything.
    pub names: Vec<String>,
    /// Thresholds of what `margins` does not name.
    pub thresholds: Thresholds,
    /// Thresholds of some; the first that fits holds.
    pub margins: Vec<Margin>,
    /// Whether a distance counts as less by its error.
    pub count_error: bool,
}

impl Watch {
    /// Whether a structure is to be watched.
    fn means(&self, structure: &Structure) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| is_meant(structure, name))
    }
}

/// A map's structures that are watched.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// What they are, in the order of all other lists.
    pub structures: Vec<Structure>,
    /// What is wrong with the map, as sentences for a person; empty if nothing is.
    pub problems: Vec<String>,
    surfaces: Vec<(StructureDistance, f64, Thresholds)>,
    count_error: bool,
}

/// What is remembered of one tool from one instant to the next.
#[derive(Clone, Debug, Default)]
pub struct Memory(Vec<(Hint, Hint, Alarm)>);

/// A map on its way to be watched: a large one takes longer than the time between two poses.
#[derive(Clone, Debug)]
pub struct Preparation {
    made: Watched,
    /// How many of the map's structures have been looked at.
    done: usize,
}

impl Preparation {
    /// Nothing is prepared yet.
    pub fn new(watch: &Watch) -> Self {
        let made = Watched { count_error: watch.count_error, ..Watched::default() };
        Self { made, done: 0 }
    }

    /// Prepares structures of the map as long as `triangles` are not exceeded, at least one; gives what is to be
    /// watched once that is all.
    ///
    /// # Errors
    /// As long as it is not all: the preparation to go on with.
    pub fn go_on(
        mut self,
        map: &Surfaces<Preoperative>,
        watch: &Watch,
        triangles: usize,
    ) -> Result<Watched, Self> {
        let mut taken = 0;
        for mesh in map.meshes().skip(self.done) {
            let more = if watch.means(&mesh.surface.structure) { mesh.corners.len() } else { 0 };
            if taken > 0 && more > 0 && taken + more > triangles {
                return Err(self);
            }
            self.done += 1;
            taken += more;
            self.made.add(&mesh, watch);
        }
        let known = &self.made.structures;
        let missing = |name: &&String| !known.iter().any(|known| is_meant(known, name));
        let missing = watch
            .names
            .iter()
            .filter(missing)
            .map(|name| format!("`{name}` is to be watched, but the map has no such surface"));
        let missing: Vec<String> = missing.collect();
        self.made.problems.extend(missing);
        Ok(self.made)
    }
}

impl Watched {
    /// Prepares one structure, if it is to be watched.
    fn add(&mut self, mesh: &Mesh<'_>, watch: &Watch) {
        let Mesh { surface, positions_mm, corners } = mesh;
        let structure = &surface.structure;
        if !watch.means(structure) {
            return;
        }
        let distance = StructureDistance::new(TriangleMesh::new(positions_mm, corners));
        if distance.is_empty() {
            self.problems.push(format!("the surface of `{}` is empty", structure.name));
            return;
        }
        if !distance.is_closed() {
            self.problems.push(format!(
                "the surface of `{}` is not closed, so no distance to it is negative",
                structure.name
            ));
        }
        let thresholds = watch.margins.iter().find(|margin| is_meant(structure, &margin.of));
        let thresholds = thresholds.map_or(watch.thresholds, |margin| Thresholds {
            warning_mm: margin.warning_mm,
            danger_mm: margin.danger_mm,
            ..watch.thresholds
        });
        self.surfaces.push((distance, f64::from(surface.error_mm), thresholds));
        self.structures.push(structure.clone());
    }

    /// How far a tool is from each structure. `radius_mm` is that of the shaft around `axis`, and
    /// `tracking_mm` what the tracking's error does not exceed in 95 of 100 cases.
    pub fn measure(
        &self,
        axis: &ToolAxis,
        radius_mm: f64,
        tracking_mm: f64,
        memory: &mut Memory,
    ) -> Vec<Measured> {
        let places: &[Point3<f64>] = &axis.places;
        let Some(tip) = places.first() else { return Vec::new() };
        memory.0.resize(self.surfaces.len(), (Hint::default(), Hint::default(), Alarm::Clear));
        let each = self.surfaces.iter().zip(&mut memory.0);
        each.map(|((surface, surface_mm, thresholds), (tip_hint, axis_hint, last))| {
            let tip_mm = surface.point_mm(tip, tip_hint);
            let nearest = surface.axis_mm(places, tip_mm, axis_hint);
            let shaft_mm = nearest.distance_mm - radius_mm;
            // One error for both distances: the greater.
            let registration_mm = axis.error_mm(0.0).max(axis.error_mm(nearest.along));
            let error_mm = together(&[registration_mm, tracking_mm, *surface_mm]);
            let counted_mm = if self.count_error { shaft_mm - error_mm } else { shaft_mm };
            let alarm = thresholds.alarm(counted_mm, *last);
            *last = alarm;
            Measured { tip_mm, shaft_mm, error_mm, alarm }
        })
        .collect()
    }
}
