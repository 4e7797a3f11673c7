//! Surfaces of structures: where they were segmented, and where each registration puts them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use messages::wire::{Received, WireError};
use messages::{
    Alignment, Frame, Patient, Point, Preoperative, RegistrationState, Structure, StructureKind,
    Surfaces,
};
use nalgebra::Point3;

use super::canvas::{CanvasError, part, place};
use super::colours;
use super::mesh::Mesh;
use super::painter::{Painted, Painter};
use super::properties::Eye;
use super::vessel_tree::{frame, not_drawn};

/// A structure is drawn with about so many vertices at most, so that all of them can be drawn anew each
/// time that the registration changes.
const MOST_VERTICES: usize = 4000;
/// Where a registration moves nothing by more than this, nothing is drawn anew, millimetres.
const UNMOVED_MM: f32 = 0.2;
/// One of so many vertices is asked whether it has moved.
const ASKED: usize = 32;

/// Opacity of an organ: what lies in it must be seen.
const ORGAN: u8 = 45;
/// Opacity of what a confirmed registration puts somewhere.
const CONFIRMED: u8 = 255;
/// Opacity of what nobody has confirmed.
const UNCONFIRMED: u8 = 120;

/// A structure as it is drawn.
#[derive(Clone, Debug, PartialEq)]
struct Drawn {
    structure: Structure,
    mesh: Mesh,
}

/// What a registration has made of the surfaces.
#[derive(Debug)]
struct Moved {
    opacity: u8,
    /// Where some of the vertices were drawn.
    asked_mm: Vec<Option<Point3<f32>>>,
}

/// The surfaces that are to be moved, and what is drawn of them.
#[derive(Debug, Default)]
pub struct Shown {
    /// The last ones of the preoperative image, and their stream.
    preoperative: Option<(String, Vec<Drawn>)>,
    /// By stream of the registration.
    moved: HashMap<String, Moved>,
    /// The structures below each entity.
    names: BTreeMap<String, BTreeSet<String>>,
}

impl Painter {
    /// Draws the surfaces of the patient or of the preoperative image; the last of the latter are kept,
    /// to be drawn where the registration puts them.
    pub(super) fn surfaces(&mut self, received: &Received) -> Result<Painted, CanvasError> {
        match frame(received) {
            Some(Patient::NAME) => {
                Ok(self.meshes::<Patient>(received)?.map(|(said, _)| Some(said)))
            }
            Some(Preoperative::NAME) => {
                let (said, drawn) = match self.meshes::<Preoperative>(received)? {
                    Ok(drawn) => drawn,
                    Err(error) => return Ok(Err(error)),
                };
                self.shown.preoperative = Some((received.envelope().stream.clone(), drawn));
                self.shown.moved.clear();
                self.move_all_surfaces()?;
                Ok(Ok(Some(said)))
            }
            other => Ok(Ok(Some(not_drawn(other)))),
        }
    }

    /// A stream says that it has nothing usable.
    pub(super) fn forget_surfaces(&mut self, stream: &str) -> Result<(), CanvasError> {
        for frame in [Patient::NAME, Preoperative::NAME] {
            self.replace_structures(&format!("{frame}/{}", place(stream)), BTreeSet::new())?;
        }
        if self.shown.preoperative.as_ref().is_some_and(|(of, _)| of == stream) {
            self.shown.preoperative = None;
            self.move_all_surfaces()?;
        }
        Ok(())
    }

    fn meshes<In: Frame>(
        &mut self,
        received: &Received,
    ) -> Result<Result<(String, Vec<Drawn>), WireError>, CanvasError> {
        let surfaces = match received.decode::<Surfaces<In>>() {
            Ok(surfaces) => surfaces.value,
            Err(error) => return Ok(Err(error)),
        };
        let drawn: Vec<Drawn> = surfaces
            .meshes()
            .map(|mesh| Drawn {
                structure: mesh.surface.structure.clone(),
                mesh: Mesh::new(mesh.positions_mm, mesh.corners).coarsened(MOST_VERTICES),
            })
            .collect();
        let base = format!("{}/{}", In::NAME, place(&received.envelope().stream));
        self.replace_structures(&base, drawn.iter().map(|of| of.structure.name.clone()).collect())?;
        for Drawn { structure, mesh } in &drawn {
            self.mesh(&base, structure, mesh, CONFIRMED)?;
        }
        let said = format!("{} structures of {} triangles", drawn.len(), surfaces.triangles);
        Ok(Ok((said, drawn)))
    }

    /// Takes away what was drawn below an entity and is there no more.
    fn replace_structures(
        &mut self,
        base: &str,
        names: BTreeSet<String>,
    ) -> Result<(), CanvasError> {
        let before = self.shown.names.remove(base).unwrap_or_default();
        for gone in before.difference(&names) {
            self.canvas.clear(&format!("{base}/{}", part(gone)))?;
        }
        if !names.is_empty() {
            self.shown.names.insert(base.to_owned(), names);
        }
        Ok(())
    }

    fn mesh(
        &mut self,
        base: &str,
        structure: &Structure,
        mesh: &Mesh,
        opacity: u8,
    ) -> Result<(), CanvasError> {
        let vertices = mesh.vertices_mm.iter().map(|vertex| [vertex.x, vertex.y, vertex.z]);
        let drawn = rerun::Mesh3D::new(vertices)
            .with_triangle_indices(mesh.triangles.iter().copied())
            .with_vertex_normals(mesh.normals())
            .with_albedo_factor(albedo(structure, opacity));
        self.canvas.draw(&format!("{base}/{}", part(&structure.name)), &drawn, mesh.bytes())
    }

    fn move_all_surfaces(&mut self) -> Result<(), CanvasError> {
        let streams: Vec<String> = self.registrations.keys().cloned().collect();
        streams.iter().try_for_each(|stream| self.move_surfaces(stream))
    }

    /// Draws the preoperative surfaces where the last registration of a stream puts them, if that is not
    /// where they are drawn.
    pub(super) fn move_surfaces(&mut self, stream: &str) -> Result<(), CanvasError> {
        let base = format!("patient/{}/preoperative_surfaces", place(stream));
        let registration = self.registrations.get(stream);
        let alignment = registration.and_then(|of| Some((&of.state, of.alignment.as_ref()?)));
        let (Some((state, alignment)), Some((_, surfaces))) = (alignment, &self.shown.preoperative)
        else {
            self.shown.moved.remove(stream);
            return self.replace_structures(&base, BTreeSet::new());
        };
        let opacity = opacity(state);
        let vertices = || surfaces.iter().flat_map(|of| &of.mesh.vertices_mm);
        let asked_mm: Vec<_> =
            vertices().step_by(ASKED).map(|vertex| placed(alignment, vertex)).collect();
        let before = self.shown.moved.get(stream);
        if let Some(before) = before
            && is_unmoved(&before.asked_mm, &asked_mm)
        {
            if before.opacity != opacity {
                let recoloured: Vec<Structure> =
                    surfaces.iter().map(|of| of.structure.clone()).collect();
                if let Some(moved) = self.shown.moved.get_mut(stream) {
                    moved.opacity = opacity;
                }
                return self.recolour(&base, &recoloured, opacity);
            }
            return Ok(());
        }
        let moved: Vec<Drawn> = surfaces
            .iter()
            .map(|Drawn { structure, mesh }| {
                let places: Vec<_> =
                    mesh.vertices_mm.iter().map(|vertex| placed(alignment, vertex)).collect();
                Drawn { structure: structure.clone(), mesh: mesh.moved(&places) }
            })
            .filter(|of| !of.mesh.triangles.is_empty())
            .collect();
        // All of them, also those that a first registration does not reach yet.
        let patient_from_preoperative = alignment.preoperative_from_patient.inverse();
        let whole: Vec<Point3<f32>> = vertices()
            .map(|vertex| (patient_from_preoperative * Point::new(vertex.cast())).xyz_mm.cast())
            .collect();
        self.shown.moved.insert(stream.to_owned(), Moved { opacity, asked_mm });
        self.replace_structures(&base, moved.iter().map(|of| of.structure.name.clone()).collect())?;
        for Drawn { structure, mesh } in &moved {
            self.mesh(&base, structure, mesh, opacity)?;
        }
        self.look_at_surfaces(&whole)
    }

    fn look_at_surfaces(&mut self, vertices_mm: &[Point3<f32>]) -> Result<(), CanvasError> {
        let Some(eye) = Eye::on(vertices_mm.iter()) else { return Ok(()) };
        if self.eye.as_ref().is_none_or(|before| eye.has_outgrown(before)) {
            self.eye = Some(eye);
            self.lay_out()?;
        }
        Ok(())
    }

    fn recolour(
        &mut self,
        base: &str,
        structures: &[Structure],
        opacity: u8,
    ) -> Result<(), CanvasError> {
        let drawn = self.shown.names.get(base).cloned().unwrap_or_default();
        for structure in structures.iter().filter(|of| drawn.contains(&of.name)) {
            let colour =
                rerun::Mesh3D::update_fields().with_albedo_factor(albedo(structure, opacity));
            self.canvas.draw(&format!("{base}/{}", part(&structure.name)), &colour, 8)?;
        }
        Ok(())
    }
}

fn placed(alignment: &Alignment, vertex: &Point3<f32>) -> Option<Point3<f32>> {
    alignment.patient(Point::new(vertex.cast())).map(|point| point.xyz_mm.cast())
}

fn is_unmoved(before: &[Option<Point3<f32>>], now: &[Option<Point3<f32>>]) -> bool {
    before.len() == now.len()
        && before.iter().zip(now).all(|pair| match pair {
            (Some(before), Some(now)) => (before - now).norm() <= UNMOVED_MM,
            (None, None) => true,
            _ => false,
        })
}

/// How far what a registration moves is to be trusted, as opacity.
fn opacity(state: &RegistrationState) -> u8 {
    match state {
        RegistrationState::Accepted => CONFIRMED,
        _ => UNCONFIRMED,
    }
}

fn albedo(structure: &Structure, opacity: u8) -> rerun::Rgba32 {
    let [r, g, b] = colours::structure(structure);
    let opacity = if structure.kind == StructureKind::Organ { ORGAN.min(opacity) } else { opacity };
    rerun::Rgba32::from_unmultiplied_rgba(r, g, b, opacity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_or_no_motion_is_none_and_a_vertex_that_is_lost_is_one() {
        let at = |x: f32| Some(Point3::new(x, 0.0, 0.0));
        assert!(is_unmoved(&[at(0.0), None], &[at(0.1), None]));
        assert!(!is_unmoved(&[at(0.0), at(5.0)], &[at(0.0), at(5.3)]));
        assert!(!is_unmoved(&[at(0.0)], &[None]));
        assert!(!is_unmoved(&[at(0.0)], &[]));
    }

    #[test]
    fn what_is_not_confirmed_is_seen_through_and_organs_always_are() {
        let reason = || "because".to_owned();
        assert_eq!(opacity(&RegistrationState::Accepted), CONFIRMED);
        assert_eq!(opacity(&RegistrationState::Degraded { reason: reason() }), UNCONFIRMED);
        let of = |kind| Structure { name: "it".to_owned(), kind };
        let alpha = |kind, opacity| albedo(&of(kind), opacity).to_array()[3];
        assert_eq!(alpha(StructureKind::Tumour, CONFIRMED), 255);
        assert_eq!(alpha(StructureKind::Organ, CONFIRMED), ORGAN);
    }
}
