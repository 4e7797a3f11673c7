//! Where all tools of an operation truly are: probe, reference, the sensor in the organ, instrument and stylus.

use std::time::Duration;

use messages::{Patient, Point, Tool, Transform};
use nalgebra::Isometry3;

use crate::anatomy::deformation::TooSteep;
use crate::instrument_course::{Axis, InstrumentCourse};
use crate::organ_sensor::OrganSensor;
use crate::stylus_course::{StylusCourse, Touch, TouchError};
use crate::subject::Subject;
use crate::tool_shape::{BETWEEN_REFERENCES_MM, ToolKind};

/// Why there are no such tools.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// A tool needs an anatomy.
    #[error(
        "the anatomy `block` has nothing to approach or touch, so it has no `{0}`; choose the anatomy `abdomen` or `pelvis`, or leave the tool out"
    )]
    NoAnatomy(&'static str),
    /// A tool is named twice.
    #[error("expected each tool once, but `tools` names `{0}` twice; leave one out")]
    Twice(&'static str),
    /// Nothing to approach.
    #[error(
        "this patient has neither a tumour nor a lymph node for the instrument to approach: choose another seed"
    )]
    NoTarget,
    /// The stylus has no way.
    #[error(transparent)]
    Touch(#[from] TouchError),
}

/// The tools of an operation, wholly determined by the patient and the script.
#[derive(Clone, Debug)]
pub struct OperatingTools {
    kinds: Vec<ToolKind>,
    organ: Option<OrganSensor>,
    instrument: Option<InstrumentCourse>,
    stylus: Option<StylusCourse>,
}

impl OperatingTools {
    /// The tools that are named. The instrument's first approach begins at `instrument_from_s`; the
    /// stylus touches landmarks as `touches` say.
    ///
    /// # Errors
    /// If a tool is named twice, or the instrument or the stylus has no way in this patient.
    pub fn new(
        subject: &Subject,
        kinds: Vec<ToolKind>,
        instrument_from_s: f64,
        touches: &[Touch],
    ) -> Result<Self, ToolError> {
        for (index, kind) in kinds.iter().enumerate() {
            if kinds[..index].contains(kind) {
                return Err(ToolError::Twice(kind.name()));
            }
        }
        let anatomy = |kind: ToolKind| subject.anatomy().ok_or(ToolError::NoAnatomy(kind.name()));
        let (mut organ, mut instrument, mut stylus) = (None, None, None);
        for kind in &kinds {
            match kind {
                ToolKind::Probe | ToolKind::Reference | ToolKind::SecondReference => {}
                ToolKind::Organ => organ = Some(OrganSensor::new(anatomy(*kind)?)),
                ToolKind::Instrument => {
                    let course = InstrumentCourse::new(anatomy(*kind)?, instrument_from_s);
                    instrument = Some(course.ok_or(ToolError::NoTarget)?);
                }
                ToolKind::Stylus => stylus = Some(StylusCourse::new(anatomy(*kind)?, touches)?),
            }
        }
        Ok(Self { kinds, organ, instrument, stylus })
    }

    /// The tools, in the order in which they were named.
    pub fn kinds(&self) -> &[ToolKind] {
        &self.kinds
    }

    /// The course of the instrument, if there is one.
    pub fn instrument(&self) -> Option<&InstrumentCourse> {
        self.instrument.as_ref()
    }

    /// Where the sensor of a tool truly is `elapsed` after the start; none for a tool that is not there.
    /// The tip of instrument and stylus moves with the tissue that it is in.
    ///
    /// # Errors
    /// When the motions of the patient would fold the tissue, which no course does.
    pub fn patient_from_tool(
        &self,
        kind: ToolKind,
        subject: &Subject,
        elapsed: Duration,
    ) -> Result<Option<Transform<Patient, Tool>>, TooSteep> {
        let axis: Option<Axis> = match kind {
            ToolKind::Probe => {
                return Ok(Some(subject.motion().patient_from_probe(elapsed).rename_from()));
            }
            ToolKind::Reference => return Ok(Some(Transform::identity())),
            ToolKind::SecondReference => {
                let beside = Isometry3::translation(BETWEEN_REFERENCES_MM, 0.0, 0.0);
                return Ok(Some(Transform::from_isometry(beside)));
            }
            ToolKind::Organ => {
                let now = subject.moment(elapsed)?;
                let pose = self.organ.zip(now).map(|(organ, now)| organ.patient_from_tool(&now));
                return Ok(pose);
            }
            ToolKind::Instrument => self.instrument.as_ref().map(|c| c.at(elapsed.as_secs_f64())),
            ToolKind::Stylus => self.stylus.as_ref().map(|c| c.at(elapsed.as_secs_f64())),
        };
        let (Some(axis), Some(shape)) = (axis, kind.shape()) else { return Ok(None) };
        let now = subject.moment(elapsed)?;
        let tip = now.map_or(axis.tip, |now| now.displace(&axis.tip));
        Ok(Some(shape.patient_from_tool(&tip, &axis.outwards)))
    }

    /// The tip and the end of the shaft of a tool as they truly are; none for a tool that is not there or
    /// has no tip.
    ///
    /// # Errors
    /// As for [`patient_from_tool`](Self::patient_from_tool).
    pub fn ends(
        &self,
        kind: ToolKind,
        subject: &Subject,
        elapsed: Duration,
    ) -> Result<Option<[Point<Patient>; 2]>, TooSteep> {
        let pose = self.patient_from_tool(kind, subject, elapsed)?;
        Ok(pose.zip(kind.shape()).map(|(pose, shape)| shape.ends(&pose)))
    }

    /// Whether whoever holds a tool keeps it in the tracking system's sight: the stylus, while it rests
    /// at a landmark.
    pub fn held_in_sight(&self, kind: ToolKind, elapsed: Duration) -> bool {
        kind == ToolKind::Stylus
            && self.stylus.as_ref().is_some_and(|course| course.rests(elapsed.as_secs_f64()))
    }
}
