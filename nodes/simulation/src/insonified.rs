//! What a scanner needs to know of a patient, so that it can scan any kind of patient.

use messages::{Patient, Transform};

use crate::anatomy::segment::Segment;
use crate::anatomy::structure::StructureKind;
use crate::beam_grid::BeamGrid;
use crate::patient::SimulatedPatient;
use crate::scan_geometry::Face;
use crate::tissue_map::TissueMap;
use crate::vessel::VesselKind;

/// A patient as ultrasound meets it at one moment.
pub trait Insonified {
    /// Fixes the speckle.
    fn seed(&self) -> u64;

    /// Slow change of the echo of even tissue from place to place, as an amplitude in dB.
    fn echo_variation_db(&self) -> f64;

    /// Where the face would be if the tissue in the image had not moved: speckle is fixed to tissue
    /// at rest. The identity for tissue that does not move.
    fn rest_pose(&self, patient_from_face: &Transform<Patient, Face>) -> Transform<Patient, Face> {
        *patient_from_face
    }

    /// Draws everything but tubes into a map that so far shows even liver: body wall and organs.
    fn draw_ground(
        &self,
        map: &mut TissueMap,
        seed: u32,
        grid: &BeamGrid,
        patient_from_face: &Transform<Patient, Face>,
    );

    /// The pieces of vessels, ducts and long bones whose wall comes within `margin_mm` of the image
    /// plane, the plane z = 0 of the face, in coordinates of the face.
    fn tubes_near_plane(
        &self,
        patient_from_face: &Transform<Patient, Face>,
        margin_mm: f64,
    ) -> Vec<(StructureKind, Segment)>;
}

impl Insonified for SimulatedPatient {
    fn seed(&self) -> u64 {
        self.seed()
    }

    fn echo_variation_db(&self) -> f64 {
        self.echo_variation_db()
    }

    fn draw_ground(
        &self,
        map: &mut TissueMap,
        seed: u32,
        grid: &BeamGrid,
        patient_from_face: &Transform<Patient, Face>,
    ) {
        if let Some(wall) = self.body_wall() {
            map.add_body_wall(wall, seed, grid, patient_from_face);
        }
    }

    fn tubes_near_plane(
        &self,
        patient_from_face: &Transform<Patient, Face>,
        margin_mm: f64,
    ) -> Vec<(StructureKind, Segment)> {
        let face_from_patient = patient_from_face.isometry().inverse();
        let mut near = Vec::new();
        for vessel in self.vessels() {
            let kind = match vessel.kind() {
                VesselKind::Portal => StructureKind::PortalVein,
                VesselKind::Hepatic => StructureKind::HepaticVein,
            };
            for segment in vessel.segments() {
                let start = face_from_patient * segment.start;
                let end = face_from_patient * segment.end;
                let reach = segment.largest_radius_mm() + margin_mm;
                if start.z.min(end.z) <= reach && start.z.max(end.z) >= -reach {
                    near.push((kind, Segment { start, end, ..*segment }));
                }
            }
        }
        near
    }
}
