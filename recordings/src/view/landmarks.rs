//! Named points: where they are, where each registration puts them, and what touching one has shown.

use std::collections::BTreeMap;

use messages::wire::Received;
use messages::{
    Frame, Instruction, Landmark, LandmarkCheck, Landmarks, Patient, Point, Preoperative,
};

use super::canvas::{CanvasError, part, place};
use super::lanes::Grade;
use super::painter::{Painted, Painter, node};
use super::vessel_tree::{frame, not_drawn};
use super::words;

/// Radius of a landmark, millimetres.
const RADIUS_MM: f32 = 2.0;
/// More landmarks than this are drawn without names.
const NAMED: usize = 16;
/// Where it is planned.
const PLANNED: [u8; 3] = [255, 255, 255];

/// The last landmarks of the preoperative image, by stream.
pub type Planned = BTreeMap<String, Vec<Landmark<Preoperative>>>;

impl Painter {
    /// Draws landmarks of the patient or of the preoperative image; the latter are kept, to be drawn where
    /// the registration puts them.
    pub(super) fn landmarks(&mut self, received: &Received) -> Result<Painted, CanvasError> {
        let stream = &received.envelope().stream;
        let said = |count: usize| Some(format!("{count} landmarks"));
        match frame(received) {
            Some(Patient::NAME) => match received.decode::<Landmarks<Patient>>() {
                Ok(landmarks) => {
                    self.points(&format!("patient/{}", place(stream)), &landmarks.value.landmarks)?;
                    Ok(Ok(said(landmarks.value.landmarks.len())))
                }
                Err(error) => Ok(Err(error)),
            },
            Some(Preoperative::NAME) => match received.decode::<Landmarks<Preoperative>>() {
                Ok(landmarks) => {
                    let landmarks = landmarks.value.landmarks;
                    self.points(&format!("preoperative/{}", place(stream)), &landmarks)?;
                    let count = landmarks.len();
                    self.planned.insert(stream.clone(), landmarks);
                    self.move_all_landmarks()?;
                    Ok(Ok(said(count)))
                }
                Err(error) => Ok(Err(error)),
            },
            other => Ok(Ok(Some(not_drawn(other)))),
        }
    }

    /// A stream says that it has nothing usable.
    pub(super) fn forget_landmarks(&mut self, stream: &str) -> Result<(), CanvasError> {
        for frame in [Patient::NAME, Preoperative::NAME] {
            self.canvas.clear(&format!("{frame}/{}", place(stream)))?;
        }
        if self.planned.remove(stream).is_some() {
            self.move_all_landmarks()?;
        }
        Ok(())
    }

    fn move_all_landmarks(&mut self) -> Result<(), CanvasError> {
        let streams: Vec<String> = self.registrations.keys().cloned().collect();
        streams.iter().try_for_each(|stream| self.move_landmarks(stream))
    }

    /// Draws the planned landmarks where the last registration of a stream puts them.
    pub(super) fn move_landmarks(&mut self, stream: &str) -> Result<(), CanvasError> {
        let base = format!("patient/{}/preoperative_landmarks", place(stream));
        let alignment = self.registrations.get(stream).and_then(|of| of.alignment.as_ref());
        let moved: Vec<(String, Vec<Landmark<Patient>>)> = match alignment {
            None => Vec::new(),
            Some(alignment) => self
                .planned
                .iter()
                .map(|(of, planned)| {
                    let moved = planned.iter().filter_map(|landmark| {
                        let position = alignment.patient(landmark.position)?;
                        Some(Landmark { name: landmark.name.clone(), position })
                    });
                    (format!("{base}/{}", place(of)), moved.collect())
                })
                .collect(),
        };
        if moved.is_empty() {
            return if self.moved_landmarks.remove(stream) {
                self.canvas.clear(&base)
            } else {
                Ok(())
            };
        }
        self.moved_landmarks.insert(stream.to_owned());
        moved.iter().try_for_each(|(entity, landmarks)| self.points(entity, landmarks))
    }

    fn points<In>(&mut self, entity: &str, landmarks: &[Landmark<In>]) -> Result<(), CanvasError> {
        let [r, g, b] = PLANNED;
        let points = rerun::Points3D::new(landmarks.iter().map(|landmark| xyz(&landmark.position)))
            .with_radii([RADIUS_MM])
            .with_colors([rerun::Color::from_rgb(r, g, b)])
            .with_labels(landmarks.iter().map(|landmark| landmark.name.as_str()))
            .with_show_labels(landmarks.len() <= NAMED);
        let names: usize = landmarks.iter().map(|landmark| landmark.name.len()).sum();
        self.canvas.draw(entity, &points, names + 16 * landmarks.len())
    }

    /// What touching a landmark has shown: in words, as curves, and where it was touched.
    pub(super) fn landmark_check(
        &mut self,
        received: &Received,
        check: &LandmarkCheck,
    ) -> Result<Option<String>, CanvasError> {
        let stream = &received.envelope().stream;
        let (measured_mm, predicted_mm) = (check.measured_mm, check.predicted_mm);
        // Also doubtful if it is no number.
        let grade = if measured_mm <= predicted_mm { Grade::Good } else { Grade::Doubtful };
        let text = format!(
            "{} touched with `{}`: {measured_mm:.1} mm off, {predicted_mm:.1} mm were predicted",
            check.landmark, check.tool
        );
        self.say(node(stream), words::level(grade), &text)?;
        for (name, value) in [("measured_mm", measured_mm), ("predicted_mm", predicted_mm)] {
            self.scalar(&format!("registration/{}/{name}", place(stream)), value)?;
        }
        let [r, g, b] = grade.colour();
        let point = rerun::Points3D::new([xyz(&check.touched)])
            .with_radii([RADIUS_MM])
            .with_colors([rerun::Color::from_rgb(r, g, b)])
            .with_labels([format!("{} {measured_mm:.1} mm", check.landmark)])
            .with_show_labels(true);
        let entity = format!("patient/{}/{}", place(stream), part(&check.landmark));
        self.canvas.draw(&entity, &point, 64)?;
        Ok(Some(text))
    }

    /// What a person told the nodes, in words.
    pub(super) fn instruction(
        &mut self,
        received: &Received,
        instruction: &Instruction,
    ) -> Result<Option<String>, CanvasError> {
        let text = format!("{}: {}", instruction.by, words::instruction(&instruction.kind));
        self.say(node(&received.envelope().stream), rerun::TextLogLevel::INFO, &text)?;
        Ok(Some(text))
    }
}

fn xyz<In>(point: &Point<In>) -> [f32; 3] {
    let point = point.xyz_mm;
    [point.x as f32, point.y as f32, point.z as f32]
}
