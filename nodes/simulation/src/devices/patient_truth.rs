//! The device `patient_truth`: where the simulated patient's targets and vessels truly are, and how far the tools.

use std::time::Duration;

use messages::{
    Alarm, Distances, Guidance, Landmarks, Patient, Point, Structure, StructureDistance,
    ToolDistances, ToolPlace, Transform, VesselTree,
};
use nalgebra::Point3;
use runtime::{Device, Reading, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use super::preoperative::marked;
use super::{Error, OperationParameters, PatientParameters, sample_time};
use crate::Subject;
use crate::anatomy::resection::CAVITY;
use crate::anatomy::structure::{Structure as AnatomyStructure, StructureKind};
use crate::anatomy_under_probe::AnatomyUnderProbe;
use crate::operating_tools::OperatingTools;
use crate::organ_sensor::OrganSensor;
use crate::targets::targets;
use crate::tool_shape::ToolKind;
use crate::true_distance::{StructureNow, ToolInTissue};
use crate::true_tree::true_tree;

/// Parameters of the device.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Who is operated on, abdomen or pelvis.
    pub patient: PatientParameters,
    /// With what; the distances of instrument and stylus are told.
    #[serde(default)]
    pub operation: OperationParameters,
    /// In whose frame everything is told: the patient reference of the graph, `reference` or `organ`.
    #[serde(default = "reference")]
    #[schemars(default = "reference")]
    pub reference: ToolKind,
    /// Distances a second.
    #[serde(default = "rate_hz")]
    #[schemars(default = "rate_hz", range(min = 0.1, max = 1000))]
    pub rate_hz: f64,
    /// The tracker's poses a second: distances are told at the instants of its samples, of which so many
    /// are left out that about `rate_hz` remain.
    #[serde(default = "tracker_rate_hz")]
    #[schemars(default = "tracker_rate_hz", range(min = 1, max = 1000))]
    pub tracker_rate_hz: f64,
    /// How often targets and vessels are told, in seconds: short enough to see the organs move.
    #[serde(default = "targets_every_s")]
    #[schemars(default = "targets_every_s", range(min = 0.1, max = 60))]
    pub targets_every_s: f64,
    /// Nearer than this to a structure is a warning.
    #[serde(default = "warning_mm")]
    #[schemars(default = "warning_mm", range(min = 0, max = 100))]
    pub warning_mm: f64,
    /// Nearer than this is a danger.
    #[serde(default = "danger_mm")]
    #[schemars(default = "danger_mm", range(min = 0, max = 100))]
    pub danger_mm: f64,
}

fn reference() -> ToolKind {
    ToolKind::Reference
}
fn rate_hz() -> f64 {
    10.0
}
fn tracker_rate_hz() -> f64 {
    100.0
}
fn targets_every_s() -> f64 {
    5.0
}
fn warning_mm() -> f64 {
    8.0
}
fn danger_mm() -> f64 {
    3.0
}

outputs! {
    /// The truth of an instant; targets and tree at the start and each `targets_every_s`.
    pub enum Output {
        truth_targets => TruthTargets(Landmarks<Patient>),
        truth_tree => TruthTree(VesselTree<Patient>),
        truth_distances => TruthDistances(Distances),
    }
}

/// The device.
///
/// Everything is told as it is at the instant, with breathing, packs, the pressure of the probe, and without what
/// was cut out: a tumour that is gone has no distance.
pub struct PatientTruth {
    subject: Subject,
    tools: OperatingTools,
    /// The sensor in whose frame everything is told, if that is not the patient's.
    organ: Option<OrganSensor>,
    targets: Vec<(String, Point3<f64>)>,
    limits_mm: [f64; 2],
    tracker_rate_hz: f64,
    /// Samples of the tracker for one of this device.
    every: u64,
    next: u64,
    targets_every_s: f64,
    /// Targets and tree are due with the next sample whatever its time.
    fresh: bool,
}

impl Device for PatientTruth {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { rate_hz, tracker_rate_hz, warning_mm, danger_mm, .. } = parameters;
        Error::check("tracker_rate_hz", tracker_rate_hz, 1.0, 1000.0)?;
        Error::check("rate_hz", rate_hz, 0.1, tracker_rate_hz)?;
        Error::check("targets_every_s", parameters.targets_every_s, 0.1, 60.0)?;
        Error::check("warning_mm", warning_mm, 0.0, 100.0)?;
        Error::check("danger_mm", danger_mm, 0.0, warning_mm)?;
        let subject = parameters.patient.subject()?;
        let anatomy = subject.anatomy().ok_or(Error::Block)?;
        let tools = parameters.operation.tools(&subject)?;
        let organ = match parameters.reference {
            ToolKind::Reference => None,
            ToolKind::Organ => Some(OrganSensor::new(anatomy)),
            other => return Err(Error::Reference(other.name())),
        };
        Ok(Self {
            targets: targets(anatomy),
            organ,
            tools,
            limits_mm: [warning_mm, danger_mm],
            tracker_rate_hz,
            every: (tracker_rate_hz / rate_hz).round().max(1.0) as u64,
            next: 0,
            targets_every_s: parameters.targets_every_s,
            fresh: true,
            subject,
        })
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        let since_start = self.time_of(self.next);
        let period =
            (self.targets_every_s * self.tracker_rate_hz / self.every as f64).round().max(1.0);
        let fresh = std::mem::take(&mut self.fresh) || self.next.is_multiple_of(period as u64);
        self.next += 1;
        let now = self.subject.moment(since_start)?.ok_or(Error::Block)?;
        let mut outputs = Vec::new();
        if fresh {
            let told = self.told_from_patient(&now);
            let gone = now.anatomy().structure(CAVITY);
            let there =
                self.targets.iter().filter(|(_, at)| gone.is_none_or(|gone| !gone.contains(at)));
            let there = there.map(|(name, at)| (name.clone(), now.displace(at)));
            outputs.push(Output::TruthTargets(marked(there, told)));
            let place = |at: &Point3<f64>| (told * Point::new(now.displace(at))).xyz_mm;
            outputs.push(Output::TruthTree(true_tree(now.anatomy(), place)?));
        }
        outputs.push(Output::TruthDistances(self.distances(&now, since_start)?));
        Ok(Reading::Scheduled { since_start, outputs })
    }

    /// After a restart targets and tree are told at once.
    fn seek(&mut self, since_start: Duration) {
        let period_s = self.every as f64 / self.tracker_rate_hz;
        self.next = ((since_start.as_secs_f64() - 1e-9) / period_s).ceil().max(0.0) as u64;
        self.fresh = true;
    }
}

impl PatientTruth {
    fn time_of(&self, sample: u64) -> Duration {
        sample_time(sample.saturating_mul(self.every), self.tracker_rate_hz)
    }

    /// From the patient to the frame in which everything is told, which stands for the patient's there.
    fn told_from_patient(&self, now: &AnatomyUnderProbe) -> Transform<Patient, Patient> {
        self.organ.map_or_else(Transform::identity, |organ| {
            organ.patient_from_tool(now).rename_from::<Patient>().inverse()
        })
    }

    fn distances(
        &self,
        now: &AnatomyUnderProbe,
        since_start: Duration,
    ) -> Result<Distances, Error> {
        let mut tools = Vec::new();
        let has_tips = self.tools.kinds().iter().any(|kind| kind.shape().is_some());
        let watched: Vec<_> = now.anatomy().structures().iter().filter(|s| is_watched(s)).collect();
        let measured = if has_tips { &watched[..] } else { &[] };
        let structures = measured
            .iter()
            .map(|structure| StructureNow::new(now, structure))
            .collect::<Result<Vec<_>, _>>()
            .map_err(crate::anatomy::abdomen::AnatomyError::from)?;
        let told = self.told_from_patient(now);
        for kind in self.tools.kinds() {
            let Some(shape) = kind.shape() else { continue };
            let Some([tip, shaft_end]) = self.tools.ends(*kind, &self.subject, since_start)? else {
                continue;
            };
            let tool = ToolInTissue::new(now, &tip.xyz_mm, &shaft_end.xyz_mm, shape.radius_mm);
            let structures = structures.iter().map(|structure| {
                let (tip_mm, shaft_mm) = tool.distances_mm(structure);
                let alarm = self.alarm(tip_mm.min(shaft_mm));
                StructureDistance { tip_mm, shaft_mm, error_mm: 0.0, alarm }
            });
            tools.push(ToolDistances {
                name: kind.name().to_owned(),
                structures: structures.collect(),
                place: ToolPlace::Seen {
                    tip: told * tip,
                    shaft_end: told * shaft_end,
                    error_mm: 0.0,
                },
            });
        }
        Ok(Distances {
            guidance: Guidance::Valid,
            registration_age_ns: None,
            structures: watched
                .into_iter()
                .map(|s| Structure { name: s.name.clone(), kind: s.kind.into() })
                .collect(),
            tools,
        })
    }

    /// By the plain limits, without hysteresis.
    fn alarm(&self, distance_mm: f64) -> Alarm {
        let [warning_mm, danger_mm] = self.limits_mm;
        if distance_mm < danger_mm {
            Alarm::Danger
        } else if distance_mm < warning_mm {
            Alarm::Warning
        } else {
            Alarm::Clear
        }
    }
}

/// All but muscles, gas and where something was cut out.
fn is_watched(structure: &AnatomyStructure) -> bool {
    !matches!(structure.kind, StructureKind::Muscle | StructureKind::Gas | StructureKind::Cavity)
}
