//! The node `surfaces`: the closed surface of each structure of labelled preoperative volumes, and imported ones.

use std::collections::{BTreeMap, HashSet};

use messages::surfaces::SurfaceParts;
use messages::wire::WireError;
use messages::{Health, LabelVolume, Preoperative, Stamped, Surfaces};
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drawn_over::{Remaining, without_drawn};
use crate::imported;
use crate::surface_net::{SurfaceParameters, label_surfaces};
use crate::vessel_tree::{Grid, GridError};

/// Parameters of the node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Rounds that smooth the steps of the voxels; no vertex leaves its cell of eight voxels.
    #[schemars(range(min = 0, max = 100))]
    pub smoothing_rounds: usize,
    /// Pieces and cavities of a structure of less volume are left out, in cubic millimetres.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub least_volume_mm3: f64,
    /// The most triangles of one structure; a larger surface is simplified where that changes it least.
    #[schemars(range(min = 100, max = 2_000_000))]
    pub max_triangles: usize,
    /// How far the boundary in `labels` lies from the true one at most, in 95 of 100 places, in millimetres.
    #[schemars(range(min = 0.0, max = 50.0))]
    pub labelling_error_mm: f64,
    /// The same for structures by name, where it is another: thin vessels of which a network misses branches.
    pub labelling_errors_mm: BTreeMap<String, f64>,
    /// How far a boundary in `delineation`, drawn by a person, lies from the true one at most, in 95 of 100 places,
    /// in millimetres.
    #[schemars(range(min = 0.0, max = 50.0))]
    pub drawing_error_mm: f64,
    /// Names of structures of which no surface is wanted, such as `muscle`.
    pub leave_out: Vec<String>,
}

impl Default for Parameters {
    fn default() -> Self {
        let SurfaceParameters { rounds, least_volume_mm3, max_triangles } =
            SurfaceParameters::default();
        Self {
            smoothing_rounds: rounds,
            least_volume_mm3,
            max_triangles,
            labelling_error_mm: 1.0,
            labelling_errors_mm: BTreeMap::new(),
            drawing_error_mm: 1.0,
            leave_out: Vec::new(),
        }
    }
}

inputs! {
    /// What the node hears.
    pub enum Input {
        optional labels => Labels(LabelVolume<Preoperative>),
        optional delineation => Delineation(LabelVolume<Preoperative>),
        optional imported => Imported(Surfaces<Preoperative>),
    }
}
outputs! {
    /// What the node says.
    pub enum Output { surfaces => Surfaces(Surfaces<Preoperative>) }
}

/// Why there are no surfaces.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter is out of its range.
    #[error("`{name}` should be {expected}, but it is {came}")]
    Range {
        /// Which.
        name: &'static str,
        /// What would do.
        expected: &'static str,
        /// What came.
        came: f64,
    },
    /// The volume cannot be worked on.
    #[error("the volume on `{port}` has no surfaces: {source}")]
    Grid {
        /// Where it came.
        port: &'static str,
        /// Why.
        source: GridError,
    },
    /// The surfaces are no message.
    #[error(transparent)]
    Message(#[from] WireError),
}

/// The node.
pub struct ExtractSurfaces {
    parameters: Parameters,
    labelled: Vec<SurfaceParts>,
    drawn: Vec<SurfaceParts>,
    imported: Vec<SurfaceParts>,
    /// The volumes of both: the labels give way to what was drawn, whichever comes first.
    labels: Option<LabelVolume<Preoperative>>,
    delineation: Option<LabelVolume<Preoperative>>,
}

impl Node for ExtractSurfaces {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        check(&parameters)?;
        Ok(Self {
            parameters,
            labelled: Vec::new(),
            drawn: Vec::new(),
            imported: Vec::new(),
            labels: None,
            delineation: None,
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let acquired_at = match input {
            Input::Labels(Stamped { acquired_at, value, .. }) => {
                self.labelled = self.extract_labelled(&value)?;
                self.labels = Some(value);
                acquired_at
            }
            Input::Delineation(Stamped { acquired_at, value, .. }) => {
                let error_mm = self.parameters.drawing_error_mm;
                self.drawn = self.extract("delineation", &value, |_| error_mm)?;
                self.delineation = Some(value);
                if let Some(labels) = self.labels.take() {
                    self.labelled = self.extract_labelled(&labels)?;
                    self.labels = Some(labels);
                }
                acquired_at
            }
            Input::Imported(Stamped { acquired_at, value, .. }) => {
                let Parameters { max_triangles, leave_out, .. } = &self.parameters;
                let wanted =
                    value.meshes().filter(|m| !leave_out.contains(&m.surface.structure.name));
                self.imported = wanted.map(|m| imported::parts(&m, *max_triangles)).collect();
                acquired_at
            }
        };
        let surfaces = Surfaces::new(self.all())?;
        context.report(if surfaces.structures.is_empty() {
            let reason = "no structure that came is wanted and large enough for a surface; look at the labels, or lower `least_volume_mm3`";
            Health::Degraded { reason: reason.to_owned() }
        } else {
            Health::Healthy
        });
        context.publish(acquired_at, Output::Surfaces(surfaces));
        Ok(())
    }
}

impl ExtractSurfaces {
    /// What is known of all structures: what was imported goes before what was drawn, and that before what was
    /// labelled.
    fn all(&self) -> Vec<SurfaceParts> {
        let mut known = HashSet::new();
        let mut all = Vec::new();
        for source in [&self.imported, &self.drawn, &self.labelled] {
            let new = source.iter().filter(|(structure, ..)| !known.contains(&*structure.name));
            all.extend(new.cloned());
            known.extend(source.iter().map(|(structure, ..)| structure.name.as_str()));
        }
        all
    }

    /// The surfaces of what was labelled. A vessel from which a lymph node, a nerve or a ureter was taken that a person
    /// drew ends where they drew: its boundary is no surer than theirs.
    fn extract_labelled(
        &self,
        labels: &LabelVolume<Preoperative>,
    ) -> Result<Vec<SurfaceParts>, Error> {
        let Parameters { labelling_error_mm, labelling_errors_mm, drawing_error_mm, .. } =
            &self.parameters;
        let error_mm = |name: &str| *labelling_errors_mm.get(name).unwrap_or(labelling_error_mm);
        let drawn = self.delineation.as_ref();
        let Some(Remaining { labels, is_cut }) =
            drawn.and_then(|drawn| without_drawn(labels, drawn))
        else {
            return self.extract("labels", labels, error_mm);
        };
        let cut: HashSet<&str> = labels
            .structures
            .iter()
            .zip(is_cut.iter().skip(1))
            .filter(|(_, is_cut)| **is_cut)
            .map(|(structure, _)| structure.name.as_str())
            .collect();
        self.extract("labels", &labels, |name| {
            let own_mm = error_mm(name);
            if cut.contains(name) { own_mm.max(*drawing_error_mm) } else { own_mm }
        })
    }

    /// The surface of each structure of a volume that is there and wanted.
    ///
    /// Its error adds up, as independent errors do, from half the diagonal of a voxel (the surface stays within the
    /// cells that the steps of the voxels run through), from what the simplification moved, and from
    /// what `boundary_error_mm` says of the structure.
    fn extract(
        &self,
        port: &'static str,
        volume: &LabelVolume<Preoperative>,
        boundary_error_mm: impl Fn(&str) -> f64,
    ) -> Result<Vec<SurfaceParts>, Error> {
        let wrong = |source| Error::Grid { port, source };
        let grid = Grid::new(volume.size, *volume.frame_from_voxel.rows()).map_err(wrong)?;
        let structure = |label: u8| volume.structures.get(usize::from(label).checked_sub(1)?);
        let is_wanted = |label| {
            structure(label).is_some_and(|known| !self.parameters.leave_out.contains(&known.name))
        };
        let parameters = SurfaceParameters {
            rounds: self.parameters.smoothing_rounds,
            least_volume_mm3: self.parameters.least_volume_mm3,
            max_triangles: self.parameters.max_triangles,
        };
        let labels = volume.labels.as_slice();
        let found = label_surfaces(&grid, labels, is_wanted, &parameters).map_err(wrong)?;
        let half_diagonal_mm = nalgebra::Vector3::from(grid.spacing_mm()).norm() / 2.0;
        let surfaces = found.into_iter().filter_map(|surface| {
            let structure = structure(surface.label)?.clone();
            let error_mm = half_diagonal_mm
                .hypot(surface.simplified_by_mm)
                .hypot(boundary_error_mm(&structure.name));
            let vertices = surface.mesh.vertices_mm.iter();
            let triangles = surface.mesh.triangles.iter();
            Some((
                structure,
                error_mm as f32,
                vertices.map(|vertex| [vertex.x, vertex.y, vertex.z].map(|mm| mm as f32)).collect(),
                triangles.map(|triangle| triangle.map(|corner| corner as i32)).collect(),
            ))
        });
        Ok(surfaces.collect())
    }
}

fn check(parameters: &Parameters) -> Result<(), Error> {
    let between = |name, expected, came: f64, low: f64, high: f64| {
        if (low..=high).contains(&came) {
            Ok(())
        } else {
            Err(Error::Range { name, expected, came })
        }
    };
    let Parameters { smoothing_rounds, least_volume_mm3, max_triangles, .. } = parameters;
    let Parameters { labelling_error_mm, drawing_error_mm, .. } = parameters;
    let rounds = *smoothing_rounds as f64;
    between("smoothing_rounds", "from 0 to 100", rounds, 0.0, 100.0)?;
    between("least_volume_mm3", "from 0 to 1e6 mm³", *least_volume_mm3, 0.0, 1e6)?;
    let triangles = *max_triangles as f64;
    between("max_triangles", "from 100 to 2000000", triangles, 100.0, 2e6)?;
    between("labelling_error_mm", "from 0 to 50 mm", *labelling_error_mm, 0.0, 50.0)?;
    for error_mm in parameters.labelling_errors_mm.values() {
        between("labelling_errors_mm", "from 0 to 200 mm each", *error_mm, 0.0, 200.0)?;
    }
    between("drawing_error_mm", "from 0 to 50 mm", *drawing_error_mm, 0.0, 50.0)
}

#[cfg(test)]
#[path = "extract_surfaces_tests.rs"]
mod tests;
