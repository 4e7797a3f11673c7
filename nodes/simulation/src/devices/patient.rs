//! What all devices of one simulated patient must agree on: who it is, and what is done to it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{DAY_S, Error};
use crate::anatomy::family::Family;
use crate::operating_tools::{OperatingTools, ToolError};
use crate::stylus_course::Touch;
use crate::tool_shape::ToolKind;
use crate::{Subject, SubjectKind};

/// A simulated patient under an operation. All devices of the patient take the same: say it once, as
/// `[common.patient]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PatientParameters {
    /// Who it is: anatomy, breath, packs, and the courses of the probe and of the tools.
    pub seed: u64,
    /// What of the patient is there.
    pub anatomy: SubjectKind,
    /// The build of the patient and the style of the vessels; the block has the first three.
    pub family: Family,
    /// The breath is held at the end of expiration, as anaesthesia does for a sweep that is to be
    /// registered: else organs move by their own breathing.
    pub breath_held: bool,
    /// How far packs push the organs aside where they lie.
    #[schemars(range(min = 0, max = 20))]
    pub packing_mm: f64,
    /// When the packs are laid, in seconds after the start, within two seconds; 0 for before the start.
    #[schemars(range(min = 0))]
    pub packed_at_s: f64,
    /// Radius of what is cut out: a tumour with the liver from behind it to the surface, or a lymph node
    /// of the pelvis with the fat around it. 0 for nothing. The image from before the operation shows
    /// it all the same.
    #[schemars(range(min = 0, max = 60))]
    pub resection_mm: f64,
    /// When it is cut out, in seconds after the start, at once; 0 for before the start.
    #[schemars(range(min = 0))]
    pub resected_at_s: f64,
}

impl Default for PatientParameters {
    fn default() -> Self {
        Self {
            seed: 0,
            anatomy: SubjectKind::default(),
            family: Family::DEMONSTRATION,
            breath_held: false,
            packing_mm: 0.0,
            packed_at_s: 0.0,
            resection_mm: 0.0,
            resected_at_s: 0.0,
        }
    }
}

impl PatientParameters {
    /// Makes the patient; a whole anatomy takes about a second to grow.
    ///
    /// # Errors
    /// If a parameter is out of range, or there is no such patient.
    pub fn subject(&self) -> Result<Subject, Error> {
        Error::check("patient.packing_mm", self.packing_mm, 0.0, 20.0)?;
        Error::check("patient.packed_at_s", self.packed_at_s, 0.0, DAY_S)?;
        Error::check("patient.resection_mm", self.resection_mm, 0.0, 60.0)?;
        Error::check("patient.resected_at_s", self.resected_at_s, 0.0, DAY_S)?;
        let subject = Subject::new(self.anatomy, self.seed, self.family)?
            .with_breath_held(self.breath_held)
            .with_packing(self.packing_mm, self.packed_at_s)
            .with_resection(self.resection_mm, self.resected_at_s)?;
        Ok(subject)
    }
}

/// What is in the surgeon's hands. Tracker and truth take the same: say it once, as `[common.operation]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OperationParameters {
    /// The tools that are tracked, in this order. Instrument and stylus need an anatomy other than the
    /// block.
    pub tools: Vec<ToolKind>,
    /// When the instrument's first approach begins, in seconds after the start; the next ones follow each
    /// 20 s. It dwells at its target from 7 to 10 s after the beginning of each.
    #[schemars(range(min = 0))]
    pub instrument_from_s: f64,
    /// Which landmarks the stylus touches, and when.
    pub touches: Vec<Touch>,
}

impl Default for OperationParameters {
    fn default() -> Self {
        Self {
            tools: vec![ToolKind::Probe, ToolKind::Reference],
            instrument_from_s: 5.0,
            touches: Vec::new(),
        }
    }
}

impl OperationParameters {
    /// The tools and their courses over a patient.
    ///
    /// # Errors
    /// If a parameter is out of range, or a tool has no way in this patient.
    pub fn tools(self, subject: &Subject) -> Result<OperatingTools, Error> {
        let Self { tools, instrument_from_s, touches } = self;
        Error::check("operation.instrument_from_s", instrument_from_s, 0.0, DAY_S)?;
        let tools: Result<_, ToolError> =
            OperatingTools::new(subject, tools, instrument_from_s, &touches);
        Ok(tools?)
    }
}
