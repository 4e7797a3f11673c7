//! Registrations: their state in words and as a lane, how well they fit as curves, and the preoperative
//! vessels where they lie in the patient.

use std::mem::discriminant;

use messages::wire::Received;
use messages::{Alignment, Point, Registration, RegistrationState};
use nalgebra::Point3;

use super::canvas::{CanvasError, part, place};
use super::painter::{Painter, node};
use super::vessel_tree::{Strip, lines};

/// Of what was moved: it is an estimate, and what is seen now must show through.
const OPACITY: u8 = 110;

impl Painter {
    pub(super) fn registration(
        &mut self,
        received: &Received,
        registration: Registration,
    ) -> Result<Option<String>, CanvasError> {
        let stream = &received.envelope().stream;
        let (level, text) = words(&registration.state);
        let before = self.registrations.insert(stream.clone(), registration.clone());
        let same_state = before.as_ref().is_some_and(|before| {
            // Reasons hold figures that differ each time; they are in the rows.
            discriminant(&before.state) == discriminant(&registration.state)
        });
        if !same_state {
            self.say(node(stream), level, &text)?;
        }
        self.state(&format!("registration/{}", part(stream)), lane(&registration.state))?;
        self.summary.registration(stream, &registration);
        if let Some(alignment) = &registration.alignment {
            let curves = [
                ("explained", Some(alignment.fit.explained)),
                ("residual_mm", Some(alignment.fit.residual_mm)),
                ("error_at_centre_mm", error_at_centre_mm(alignment)),
            ];
            for (name, value) in curves {
                if let Some(value) = value.filter(|value| value.is_finite()) {
                    self.scalar(&format!("registration/{}/{name}", place(stream)), value)?;
                }
            }
        }
        let alignment_before = before.and_then(|before| before.alignment);
        // An alignment that is only kept is drawn already.
        if alignment_before != registration.alignment {
            self.move_by(stream, registration.alignment.as_ref())?;
            self.move_landmarks(stream)?;
        }
        self.move_surfaces(stream)?;
        Ok(Some(text))
    }

    /// Draws the preoperative vessels anew where each registration puts them.
    pub(super) fn move_preoperative(&mut self) -> Result<(), CanvasError> {
        let aligned: Vec<(String, Alignment)> = self
            .registrations
            .iter()
            .filter_map(|(stream, of)| Some((stream.clone(), of.alignment.clone()?)))
            .collect();
        for (stream, alignment) in aligned {
            self.move_by(&stream, Some(&alignment))?;
        }
        Ok(())
    }

    /// A registration says that it has nothing usable.
    pub(super) fn forget_registration(&mut self, stream: &str) -> Result<(), CanvasError> {
        self.registrations.remove(stream);
        self.summary.forget(stream);
        self.state(&format!("registration/{}", part(stream)), "not registered")?;
        self.move_landmarks(stream)?;
        self.move_surfaces(stream)?;
        self.canvas.clear(&moved_entity(stream))
    }

    fn move_by(&mut self, stream: &str, alignment: Option<&Alignment>) -> Result<(), CanvasError> {
        let entity = moved_entity(stream);
        let (Some(alignment), Some((_, strips))) = (alignment, &self.preoperative) else {
            return self.canvas.clear(&entity);
        };
        let (lines, bytes) = lines(&moved(strips, alignment), OPACITY);
        self.canvas.draw(&entity, &lines, bytes)
    }
}

fn moved_entity(stream: &str) -> String {
    format!("patient/{}/preoperative_vessels", place(stream))
}

fn words(state: &RegistrationState) -> (&'static str, String) {
    match state {
        RegistrationState::None { reason } => {
            (rerun::TextLogLevel::INFO, format!("not registered: {reason}"))
        }
        RegistrationState::Unverified { reason } => {
            (rerun::TextLogLevel::WARN, format!("registered, unverified: {reason}"))
        }
        RegistrationState::Accepted => (rerun::TextLogLevel::INFO, "registered".to_owned()),
        RegistrationState::Degraded { reason } => {
            (rerun::TextLogLevel::WARN, format!("registration degraded: {reason}"))
        }
        RegistrationState::Refused { reason } => {
            (rerun::TextLogLevel::ERROR, format!("registration refused: {reason}"))
        }
    }
}

/// The state of the registration's lane.
fn lane(state: &RegistrationState) -> &'static str {
    match state {
        RegistrationState::None { .. } => "not registered",
        RegistrationState::Unverified { .. } => "unverified",
        RegistrationState::Accepted => "accepted",
        RegistrationState::Degraded { .. } => "degraded",
        RegistrationState::Refused { .. } => "refused",
    }
}

/// What the error in the middle of the field does not exceed in 95 of 100 cases, millimetres.
pub fn error_at_centre_mm(alignment: &Alignment) -> Option<f64> {
    let field = &alignment.field;
    let centre = field.size.map(|nodes| f64::from(nodes.saturating_sub(1)) / 2.0);
    let centre = field.preoperative_from_node * Point::new(Point3::from(centre));
    Some(field.apply(centre)?.error_mm)
}

/// The strips in the patient, without what lies outside of what was registered.
fn moved(strips: &[Strip], alignment: &Alignment) -> Vec<Strip> {
    let mut moved = Vec::new();
    for strip in strips {
        let places: Vec<Option<Point3<f64>>> = strip
            .path_mm
            .iter()
            .map(|&point| alignment.patient(Point::new(point)).map(|point| point.xyz_mm))
            .collect();
        for inside in places.split(Option::is_none).filter(|inside| inside.len() > 1) {
            moved.push(Strip { path_mm: inside.iter().flatten().copied().collect(), ..*strip });
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use messages::{Affine, DisplacementField, Fit, Timestamp, Transform};
    use nalgebra::{Isometry3, Matrix3x4, Vector3};

    use super::*;

    /// The preoperative frame is the patient's shifted by 100 mm along x; then 2 mm more along y are
    /// added, between 0 and 40 mm of the preoperative frame.
    fn alignment() -> Alignment {
        let rows = Matrix3x4::new(20., 0., 0., 0., 0., 20., 0., 0., 0., 0., 20., 0.);
        let displacements_mm: Vec<f32> = (0..27).flat_map(|_| [0.0, 2.0, 0.0]).collect();
        // 1 mm everywhere but in the middle.
        let error_mm: Vec<f32> = (0..27).map(|node| if node == 13 { 4.0 } else { 1.0 }).collect();
        let shift = Isometry3::translation(100.0, 0.0, 0.0);
        Alignment {
            preoperative_from_patient: Transform::from_isometry(shift),
            field: DisplacementField {
                size: [3; 3],
                preoperative_from_node: Affine::from_rows(rows).unwrap(),
                displacements_mm: displacements_mm.into(),
                error_mm: error_mm.into(),
            },
            fit: Fit { explained: 0.9, residual_mm: 0.4, rival: None },
            data_acquired_at: Timestamp(0),
        }
    }

    #[test]
    fn vessels_lie_where_the_registration_puts_them() {
        let path_mm = [5.0, 15.0, 25.0].map(|x| Point3::new(x, 20.0, 20.0)).to_vec();
        let strip = Strip { path_mm: path_mm.clone(), radius_mm: 3.0, colour: [1, 2, 3] };
        let moved = moved(&[strip], &alignment());
        assert_eq!((moved.len(), moved[0].radius_mm, moved[0].colour), (1, 3.0, [1, 2, 3]));
        for (there, from) in moved[0].path_mm.iter().zip(&path_mm) {
            assert!((there - (from - Vector3::new(100.0, 2.0, 0.0))).norm() < 0.02);
        }
    }

    #[test]
    fn what_lies_outside_is_cut_out_and_a_single_point_is_no_line() {
        let path = |xs: &[f64]| xs.iter().map(|&x| Point3::new(x, 20.0, 20.0)).collect();
        let strip = |xs: &[f64]| Strip { path_mm: path(xs), radius_mm: 1.0, colour: [0; 3] };
        let strips = [
            strip(&[5.0, 10.0, 50.0, 20.0, 30.0, 35.0]),
            strip(&[50.0, 60.0]),
            strip(&[39.0, 41.0]),
        ];
        let moved = moved(&strips, &alignment());
        let lengths: Vec<usize> = moved.iter().map(|strip| strip.path_mm.len()).collect();
        assert_eq!(lengths, [2, 3]);
    }

    #[test]
    fn the_error_is_that_of_the_middle() {
        assert_eq!(error_at_centre_mm(&alignment()), Some(4.0));
    }

    #[test]
    fn what_cannot_be_trusted_is_told_louder() {
        let reason = || "because".to_owned();
        let level = |state| words(&state).0;
        assert_eq!(level(RegistrationState::Accepted), rerun::TextLogLevel::INFO);
        let degraded = RegistrationState::Degraded { reason: reason() };
        assert_eq!(level(degraded), rerun::TextLogLevel::WARN);
        let refused = RegistrationState::Refused { reason: reason() };
        assert_eq!(words(&refused).1, "registration refused: because");
        assert_eq!(level(refused), rerun::TextLogLevel::ERROR);
    }
}
