//! Which message is drawn by whom, and what is taken away when a stream has nothing usable.

use messages::wire::Received;
use messages::{
    Distances, Instruction, IntensityVolume, LabelVolume, LandmarkCheck, Landmarks, LocatedImage,
    Message, Overlay, Patient, Registration, ReslicedImage, Scores, SegmentedImage, Surfaces,
    ToolPoses, UltrasoundImage, VesselTree, Volume,
};
use messages::{Frame as _, Preoperative};

use super::canvas::{CanvasError, place};
use super::painter::{Painted, Painter, node};
use super::vessel_tree::frame;

impl Painter {
    pub(super) fn stream(&mut self, received: &Received) -> Result<Painted, CanvasError> {
        Ok(match received.envelope().schema.as_str() {
            UltrasoundImage::SCHEMA => match received.decode::<UltrasoundImage>() {
                Ok(image) => Ok(self.ultrasound(received, &image.value)?),
                Err(error) => Err(error),
            },
            LocatedImage::SCHEMA => match received.decode::<LocatedImage>() {
                Ok(image) => Ok(self.located(received, &image.value)?),
                Err(error) => Err(error),
            },
            SegmentedImage::SCHEMA => match received.decode::<SegmentedImage>() {
                Ok(image) => Ok(self.segmented(received, &image.value)?),
                Err(error) => Err(error),
            },
            ToolPoses::SCHEMA => match received.decode::<ToolPoses>() {
                Ok(poses) => Ok(self.tools(received, &poses.value)?),
                Err(error) => Err(error),
            },
            Volume::SCHEMA => match received.decode::<Volume>() {
                Ok(volume) => Ok(self.volume(received, &volume.value)?),
                Err(error) => Err(error),
            },
            VesselTree::<Patient>::SCHEMA => self.vessel_tree(received)?,
            LabelVolume::<Patient>::SCHEMA => self.label_volume(received)?,
            IntensityVolume::<Patient>::SCHEMA => self.intensity_volume(received)?,
            Registration::SCHEMA => match received.decode::<Registration>() {
                Ok(registration) => Ok(self.registration(received, registration.value)?),
                Err(error) => Err(error),
            },
            Distances::SCHEMA => match received.decode::<Distances>() {
                Ok(distances) => Ok(self.distances(received, &distances.value)?),
                Err(error) => Err(error),
            },
            Overlay::SCHEMA => match received.decode::<Overlay>() {
                Ok(overlay) => Ok(self.overlay(received, &overlay.value)?),
                Err(error) => Err(error),
            },
            ReslicedImage::SCHEMA => match received.decode::<ReslicedImage>() {
                Ok(image) => Ok(self.resliced(received, &image.value)?),
                Err(error) => Err(error),
            },
            LandmarkCheck::SCHEMA => match received.decode::<LandmarkCheck>() {
                Ok(check) => Ok(self.landmark_check(received, &check.value)?),
                Err(error) => Err(error),
            },
            Instruction::SCHEMA => match received.decode::<Instruction>() {
                Ok(instruction) => Ok(self.instruction(received, &instruction.value)?),
                Err(error) => Err(error),
            },
            Scores::SCHEMA => match received.decode::<Scores>() {
                Ok(scores) => Ok(self.scores(received, &scores.value)?),
                Err(error) => Err(error),
            },
            Surfaces::<Patient>::SCHEMA => self.surfaces(received)?,
            Landmarks::<Patient>::SCHEMA => self.landmarks(received)?,
            other => Ok(Some(format!("{other}: a message of another project is not drawn"))),
        })
    }

    /// A stream that has nothing usable shows nothing.
    pub(super) fn blank(&mut self, received: &Received, reason: &str) -> Result<(), CanvasError> {
        let stream = &received.envelope().stream;
        let place = place(stream);
        match received.envelope().schema.as_str() {
            VesselTree::<Patient>::SCHEMA
            | LabelVolume::<Patient>::SCHEMA
            | IntensityVolume::<Patient>::SCHEMA => {
                if let Some(frame @ (Patient::NAME | Preoperative::NAME)) = frame(received) {
                    self.canvas.clear(&format!("{frame}/{place}"))?;
                    self.forget_preoperative(stream)?;
                    self.forget_scan(stream);
                }
            }
            Registration::SCHEMA => self.forget_registration(stream)?,
            Surfaces::<Patient>::SCHEMA => self.forget_surfaces(stream)?,
            Landmarks::<Patient>::SCHEMA => self.forget_landmarks(stream)?,
            Overlay::SCHEMA => self.forget_overlay(stream)?,
            schema => {
                if schema == Distances::SCHEMA {
                    self.forget_distances(stream)?;
                }
                self.canvas.clear(&format!("images/{place}"))?;
                self.canvas.clear(&format!("patient/{place}/now"))?;
            }
        }
        let text = format!("{stream} is blank: {reason}");
        self.say(node(stream), rerun::TextLogLevel::WARN, &text)
    }
}
