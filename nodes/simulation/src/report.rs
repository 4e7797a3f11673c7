//! The node `report`: measures a procedure against the truth; the only reader of truth.
//!
//! It matches what was found with the truth of the same instant, by `acquired_at`, and publishes all
//! figures so far every few seconds, and once more when everything has come.

pub mod alarm_agreement;
pub mod cone_beam_course;
pub mod distance_agreement;
pub mod histogram;
pub mod image_agreement;
pub mod parts;
pub mod registration_error;
pub mod tree_agreement;
pub mod volume_agreement;

use std::time::Duration;

use messages::wire::WireError;
use messages::{
    Alarm, Distances, IntensityVolume, LabelVolume, LandmarkCheck, Landmarks, Overlay, Patient,
    Preoperative, Registration, Score, Scores, SegmentedImage, Structure, StructureKind, Timestamp,
    VesselTree,
};
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::devices::PatientParameters;

use self::alarm_agreement::AlarmAgreement;
use self::cone_beam_course::ConeBeamCourse;
use self::distance_agreement::DistanceAgreement;
use self::histogram::Histogram;
use self::image_agreement::ImageAgreement;
use self::registration_error::RegistrationError;
use self::tree_agreement::TreeAgreement;
use self::volume_agreement::VolumeAgreement;

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// How often the figures are told, in seconds.
    #[serde(default = "every_s")]
    #[schemars(default = "every_s", range(min = 0.1, max = 3600))]
    pub every_s: f64,
    /// Who is operated on. Errors before and after packs are laid are told apart once a cone-beam image has come.
    #[serde(default)]
    pub patient: PatientParameters,
}

fn every_s() -> f64 {
    5.0
}

inputs! {
    /// What was found, and the truth of it. All may stay unconnected: then their figures are missing.
    ///
    /// The image comes first: on the simulated clock what was made of it is of the same instant.
    pub enum Input {
        optional cone_beam => ConeBeam(IntensityVolume<Patient>),
        optional registration => Registration(Registration),
        optional truth_targets_preoperative => PlannedTargets(Landmarks<Preoperative>),
        optional truth_targets => Targets(Landmarks<Patient>),
        optional segmented => Segmented(SegmentedImage),
        optional truth_image => TruthImage(SegmentedImage),
        optional tree => Tree(VesselTree<Patient>),
        optional truth_tree => TruthTree(VesselTree<Patient>),
        optional labels => Labels(LabelVolume<Preoperative>),
        optional truth_labels => TruthLabels(LabelVolume<Preoperative>),
        optional distances => Distances(Distances),
        optional truth_distances => TruthDistances(Distances),
        optional overlay => Overlay(Overlay),
        optional check => Check(LandmarkCheck),
        optional cone_beam_labels => ConeBeamLabels(LabelVolume<Patient>),
        optional truth_cone_beam => TruthConeBeam(LabelVolume<Patient>),
        optional cone_beam_tree => ConeBeamTree(VesselTree<Patient>),
    }
}
outputs! {
    /// All figures since the start.
    pub enum Output { scores => Scores(Scores) }
}

/// Why nothing can be measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter is out of range.
    #[error("`{name}` must lie between {low} and {high}, but is {value}")]
    Range {
        /// Which.
        name: &'static str,
        /// The least.
        low: f64,
        /// The most.
        high: f64,
        /// What it is.
        value: f64,
    },
    /// A tree's arrays do not fit each other.
    #[error(transparent)]
    Tree(#[from] WireError),
}

/// The node.
pub struct Report {
    every: Duration,
    told_at: Option<Timestamp>,
    /// The first and the last instant that was heard of.
    span: Option<(Timestamp, Timestamp)>,
    registration: RegistrationError,
    images: ImageAgreement,
    trees: TreeAgreement,
    map: VolumeAgreement<Preoperative>,
    cone_beam: ConeBeamCourse,
    cone_beam_map: VolumeAgreement<Patient>,
    cone_beam_trees: TreeAgreement,
    distances: DistanceAgreement,
    alarms: [AlarmAgreement; 2],
    /// What the map knows, as long as distances to it have come.
    map_structures: Vec<Structure>,
    /// Overlays that came, and those with outlines or nothing to hide.
    overlays: [u64; 2],
    checks: Histogram,
}

impl Node for Report {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(Parameters { every_s, patient }: Parameters) -> Result<Self, Error> {
        let packed_at_s = patient.packed_at_s;
        let ranges = [
            ("every_s", 0.1, 3600.0, every_s),
            ("patient.packed_at_s", 0.0, 86_400.0, packed_at_s),
        ];
        for (name, low, high, value) in ranges {
            if !(low..=high).contains(&value) {
                return Err(Error::Range { name, low, high, value });
            }
        }
        Ok(Self {
            every: Duration::from_secs_f64(every_s),
            told_at: None,
            span: None,
            registration: RegistrationError::default(),
            images: ImageAgreement::default(),
            trees: TreeAgreement::default(),
            map: VolumeAgreement::of("map"),
            cone_beam: ConeBeamCourse::new(Duration::from_secs_f64(packed_at_s)),
            cone_beam_map: VolumeAgreement::of("cone-beam"),
            cone_beam_trees: TreeAgreement::default(),
            distances: DistanceAgreement::default(),
            alarms: [Alarm::Danger, Alarm::Warning].map(AlarmAgreement::of),
            map_structures: Vec::new(),
            overlays: [0; 2],
            checks: Histogram::default(),
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let taken = self.take(input, context.now());
        let told_at = *self.told_at.get_or_insert(context.now());
        if context.now().since(told_at) >= self.every {
            self.told_at = Some(context.now());
            self.publish(context);
        }
        taken
    }

    fn finish(&mut self, context: &mut Context<Output>) -> Result<(), Error> {
        let start = self.span.map(|(first, _)| first);
        if let Some(((at, errors), start)) = self.registration.finish().zip(start) {
            self.cone_beam.measured(at, errors, start);
        }
        for alarms in &mut self.alarms {
            alarms.finish();
        }
        self.publish(context);
        Ok(())
    }
}

impl Report {
    fn take(&mut self, input: Input, now: Timestamp) -> Result<(), Error> {
        match input {
            Input::Registration(m) => {
                let start = self.saw(m.acquired_at);
                self.cone_beam.registered(m.acquired_at, &m.value, start, now);
                self.registration.registered(m.acquired_at, m.value);
            }
            Input::PlannedTargets(m) => {
                self.saw(m.acquired_at);
                self.registration.planned(m.value);
            }
            Input::Targets(m) => {
                let start = self.saw(m.acquired_at);
                if let Some((at, errors)) = self.registration.truly(m.acquired_at, m.value) {
                    self.cone_beam.measured(at, errors, start);
                }
            }
            Input::Segmented(m) => {
                self.saw(m.acquired_at);
                self.images.found(m.acquired_at, m.value);
            }
            Input::TruthImage(m) => {
                self.saw(m.acquired_at);
                self.images.truly(m.acquired_at, m.value);
            }
            Input::Tree(m) => {
                self.saw(m.acquired_at);
                self.trees.traced(m.acquired_at, &m.value)?;
            }
            Input::TruthTree(m) => {
                self.saw(m.acquired_at);
                self.cone_beam_trees.truly(m.acquired_at, &m.value)?;
                self.trees.truly(m.acquired_at, &m.value)?;
            }
            Input::Labels(m) => {
                self.saw(m.acquired_at);
                self.map.mapped(m.value);
            }
            Input::TruthLabels(m) => {
                self.saw(m.acquired_at);
                self.map.truly(m.value);
            }
            Input::Distances(m) => {
                self.saw(m.acquired_at);
                if self.map_structures != m.value.structures {
                    self.map_structures.clone_from(&m.value.structures);
                }
                for alarms in &mut self.alarms {
                    alarms.measured(m.acquired_at, &m.value);
                }
                self.distances.measured(m.acquired_at, m.value);
            }
            Input::TruthDistances(m) => {
                self.saw(m.acquired_at);
                let truth = parts::together(m.value, &self.map_structures);
                for alarms in &mut self.alarms {
                    alarms.truly(m.acquired_at, &truth);
                }
                self.distances.truly(m.acquired_at, truth);
            }
            Input::Overlay(m) => {
                self.saw(m.acquired_at);
                self.overlays[0] += 1;
                self.overlays[1] += u64::from(!m.value.guidance.is_blank());
            }
            Input::Check(m) => {
                self.saw(m.acquired_at);
                self.checks.add(m.value.measured_mm);
            }
            Input::ConeBeam(m) => {
                self.saw(m.acquired_at);
                self.cone_beam.image(m.acquired_at, now);
            }
            Input::ConeBeamLabels(m) => {
                self.saw(m.acquired_at);
                self.cone_beam.labelled(m.acquired_at, now);
                self.cone_beam_map.mapped(m.value);
            }
            Input::TruthConeBeam(m) => {
                self.saw(m.acquired_at);
                self.cone_beam_map.truly(m.value);
            }
            Input::ConeBeamTree(m) => {
                self.saw(m.acquired_at);
                self.cone_beam.traced(m.acquired_at, now);
                self.cone_beam_trees.traced(m.acquired_at, &m.value)?;
            }
        }
        Ok(())
    }

    /// Something of an instant was heard; answers the first instant that was heard of.
    fn saw(&mut self, at: Timestamp) -> Timestamp {
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        first.min(at)
    }

    fn publish(&self, context: &mut Context<Output>) {
        // Without any input there is nothing that a figure could be of.
        let Some((first, last)) = self.span else { return };
        let mut scores = self.registration.scores(first);
        let checks = &self.checks;
        scores.push(score("landmark error, median", checks.quantile(0.5), "mm", checks.count()));
        scores.extend(self.images.scores());
        scores.extend(self.map.scores());
        scores.extend(self.trees.scores(""));
        scores.extend(self.cone_beam.scores());
        scores.extend(self.cone_beam_map.scores());
        scores.extend(self.cone_beam_trees.scores("cone-beam "));
        scores.extend(self.distances.scores());
        scores.extend(self.alarms.iter().flat_map(AlarmAgreement::scores));
        scores.push(share("overlays that were shown", self.overlays[1], self.overlays[0]));
        // What is not connected has no figures; a row of nothing would only hide the others.
        scores.retain(|score| score.count > 0 || score.measure.starts_with("registration first"));
        context.publish(last, Output::Scores(Scores { scores }));
    }
}

/// One figure.
fn score(measure: impl Into<String>, value: Option<f64>, unit: &str, count: u64) -> Score {
    Score { measure: measure.into(), value, unit: unit.to_owned(), count }
}

/// The part of all that is so, as a percentage.
fn share(measure: &str, so: u64, all: u64) -> Score {
    score(measure, (all > 0).then(|| 100.0 * so as f64 / all as f64), "%", all)
}

/// Whether an instrument must not touch it unawares: everything but organs, bones and what has no name
/// of its own.
fn is_spared(kind: StructureKind) -> bool {
    !matches!(kind, StructureKind::Organ | StructureKind::Bone | StructureKind::Other)
}
