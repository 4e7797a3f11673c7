//! The node `locate_image`: places each ultrasound image where the tracker saw the probe.
//!
//! Poses are taken relative to the patient reference sensor of the same instant, so that neither the
//! tracker nor the patient needs to stand still. An image waits for the pose after it; one that
//! cannot be placed is published as unplaced, with the reason.

use std::collections::VecDeque;
use std::time::Duration;

use messages::{
    Affine, Health, Image, LocatedImage, Patient, Placement, Pose, Probe, Stamped, ToolPoses,
    Tracker, Transform, UltrasoundImage, WrongTool,
};
use nalgebra::Matrix4;
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::pose_history::{OutOfOrder, PoseHistory};

/// Where the image lies on the probe, and the tracker in the patient if no reference sensor says so.
#[derive(Clone, Debug, Deserialize)]
pub struct ProbeCalibration {
    /// Maps pixels to millimetres in the frame of the probe's sensor: three rows of four numbers.
    pub probe_from_image: Affine<Probe, Image>,
    /// The rigid motion from the tracker to the patient frame, four rows of four numbers, for
    /// recordings without a reference sensor.
    #[serde(default)]
    pub patient_from_tracker: Option<[[f64; 4]; 4]>,
}

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The probe's calibration: a name under `[calibrations]`.
    #[schemars(with = "String", extend("format" = "calibration"))]
    pub calibration: ProbeCalibration,
    /// The tool on the probe, as the tracker names it.
    #[serde(default = "probe")]
    #[schemars(default = "probe")]
    pub probe: String,
    /// The patient reference sensor, as the tracker names it. Without one the calibration's
    /// `patient_from_tracker` holds, else the tracker's own frame is taken as the patient's.
    #[serde(default)]
    pub reference: Option<String>,
    /// An image is refused if the poses around it lie further apart, in milliseconds.
    #[serde(default = "max_pose_gap_ms")]
    #[schemars(default = "max_pose_gap_ms", range(min = 1, max = 1000))]
    pub max_pose_gap_ms: u32,
    /// How long an image waits for the pose after it, in milliseconds.
    #[serde(default = "max_wait_ms")]
    #[schemars(default = "max_wait_ms", range(min = 0, max = 2000))]
    pub max_wait_ms: u32,
}

fn probe() -> String {
    "probe".to_owned()
}
fn max_pose_gap_ms() -> u32 {
    60
}
fn max_wait_ms() -> u32 {
    100
}

inputs! {
    /// What the node hears.
    pub enum Input { image => Image(UltrasoundImage), poses => Poses(ToolPoses) }
}
outputs! {
    /// What the node says.
    pub enum Output { located => Located(LocatedImage) }
}

/// Why a parameter or an input cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The calibration is no rigid motion.
    #[error("`patient_from_tracker` of the calibration: {0}")]
    Calibration(#[from] messages::transform::NotRigid),
    /// A tool is not tracked.
    #[error(transparent)]
    Tool(#[from] WrongTool),
    /// A pose is older than the one before.
    #[error(transparent)]
    Order(#[from] OutOfOrder),
}

/// Two seconds of poses at 400 Hz: images older than that cannot be placed.
const POSES: usize = 800;
/// More images than this never wait: the oldest is given up.
const WAITING: usize = 64;

/// The node.
pub struct LocateImage {
    parameters: Parameters,
    patient_from_tracker: Transform<Patient, Tracker>,
    poses: PoseHistory<Patient, Probe>,
    waiting: VecDeque<Stamped<UltrasoundImage>>,
}

impl Node for LocateImage {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        let patient_from_tracker = match parameters.calibration.patient_from_tracker {
            Some(rows) => {
                Transform::from_matrix(&Matrix4::from_fn(|row, column| rows[row][column]))?
            }
            None => Transform::identity(),
        };
        Ok(Self {
            parameters,
            patient_from_tracker,
            poses: PoseHistory::new(POSES),
            waiting: VecDeque::new(),
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let taken = match input {
            Input::Poses(poses) => self.take_poses(&poses),
            Input::Image(image) => {
                self.waiting.push_back(image);
                Ok(())
            }
        };
        self.place_waiting(true, context);
        taken
    }

    fn finish(&mut self, context: &mut Context<Output>) -> Result<(), Error> {
        self.place_waiting(false, context);
        Ok(())
    }
}

impl LocateImage {
    fn take_poses(&mut self, poses: &Stamped<ToolPoses>) -> Result<(), Error> {
        let pose = self.patient_from_probe(&poses.value)?;
        Ok(self.poses.push(poses.acquired_at, pose)?)
    }

    fn patient_from_probe(&self, poses: &ToolPoses) -> Result<Pose<Patient, Probe>, WrongTool> {
        let probe = poses.named::<Probe>(&self.parameters.probe)?;
        let (patient_from_tracker, reference_error) = match &self.parameters.reference {
            None => (self.patient_from_tracker, Some(0.0)),
            Some(reference) => match poses.named::<Patient>(reference)? {
                Pose::Visible { to_from_tool, error_mm } => (to_from_tool.inverse(), error_mm),
                Pose::Hidden { reason } => {
                    return Ok(Pose::Hidden {
                        reason: format!("the patient reference `{reference}` is hidden: {reason}"),
                    });
                }
            },
        };
        Ok(match probe {
            Pose::Visible { to_from_tool, error_mm } => Pose::Visible {
                to_from_tool: patient_from_tracker * to_from_tool,
                error_mm: error_mm
                    .zip(reference_error)
                    .map(|(probe, reference)| probe.hypot(reference)),
            },
            Pose::Hidden { reason } => Pose::Hidden { reason },
        })
    }

    /// Publishes the waiting images in their order, up to the first that still waits for a pose if
    /// poses may still come.
    fn place_waiting(&mut self, more_may_come: bool, context: &mut Context<Output>) {
        let max_gap = Duration::from_millis(self.parameters.max_pose_gap_ms.into());
        let max_wait = Duration::from_millis(self.parameters.max_wait_ms.into());
        while let Some(image) = self.waiting.front() {
            let found = self.poses.interpolate(image.acquired_at, max_gap);
            let patient = more_may_come
                && self.waiting.len() <= WAITING
                && context.now().since(image.acquired_at) < max_wait;
            if found.as_ref().is_err_and(|reason| reason.may_pass() && patient) {
                return;
            }
            let placement = match found {
                Ok(pose) => {
                    context.report(Health::Healthy);
                    Placement::Placed {
                        patient_from_image: pose.to_from_tool
                            * self.parameters.calibration.probe_from_image,
                        error_mm: pose.error_mm,
                        pose_gap_ns: nanoseconds(pose.gap),
                    }
                }
                Err(reason) => {
                    let reason = format!("`{}`: {reason}", self.parameters.probe);
                    context.report(Health::Degraded {
                        reason: format!("images are not placed: {reason}"),
                    });
                    Placement::Unplaced { reason }
                }
            };
            if let Some(Stamped { acquired_at, value: image, .. }) = self.waiting.pop_front() {
                context.publish(acquired_at, Output::Located(LocatedImage { image, placement }));
            }
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use messages::{Timestamp, Tool, TrackedTool, transform::Point};
    use nalgebra::{Isometry3, Point3};

    const MS: i64 = 1_000_000;

    fn node(reference: Option<&str>) -> LocateImage {
        let json = serde_json::json!({
            "calibration": { "probe_from_image": [[0.5, 0.0, 0.0, -10.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 5.0]] },
            "reference": reference, "max_pose_gap_ms": 40, "max_wait_ms": 100,
        });
        LocateImage::new(serde_json::from_value(json).unwrap()).unwrap()
    }

    fn image(at: i64) -> Input {
        let value = UltrasoundImage::new(2, 1, vec![1, 2]).unwrap();
        Input::Image(Stamped { acquired_at: Timestamp(at), sequence: 0, value })
    }

    fn visible(x: f64) -> Pose<Tracker, Tool> {
        let to_from_tool = Transform::from_isometry(Isometry3::translation(x, 0.0, 0.0));
        Pose::Visible { to_from_tool, error_mm: Some(0.3) }
    }

    fn hidden() -> Pose<Tracker, Tool> {
        Pose::Hidden { reason: "out of volume".into() }
    }

    fn poses(at: i64, tools: &[(&str, Pose<Tracker, Tool>)]) -> Input {
        let tools = tools
            .iter()
            .map(|(name, pose)| TrackedTool { name: (*name).into(), pose: pose.clone() })
            .collect();
        Input::Poses(Stamped {
            acquired_at: Timestamp(at),
            sequence: 0,
            value: ToolPoses { tools },
        })
    }

    fn handle(node: &mut LocateImage, now: i64, input: Input) -> Vec<(Timestamp, LocatedImage)> {
        let mut context = Context::at(Timestamp(now));
        node.handle(input, &mut context).unwrap();
        context.finish().0.into_iter().map(|(at, Output::Located(located))| (at, located)).collect()
    }

    fn first_pixel(located: &LocatedImage) -> Point3<f64> {
        let Placement::Placed { patient_from_image, .. } = &located.placement else {
            panic!("{:?}", located.placement)
        };
        (*patient_from_image * Point::new(Point3::origin())).xyz_mm
    }

    #[test]
    fn an_image_waits_for_the_next_pose_and_lies_between_both() {
        let mut node = node(None);
        assert!(handle(&mut node, 0, poses(0, &[("probe", visible(0.0))])).is_empty());
        assert!(handle(&mut node, 6 * MS, image(5 * MS)).is_empty());
        let located = handle(&mut node, 21 * MS, poses(20 * MS, &[("probe", visible(8.0))]));
        assert_eq!(located[0].0, Timestamp(5 * MS));
        assert!(
            (first_pixel(&located[0].1) - Point3::new(-8.0, 0.0, 5.0)).norm() < 1e-9,
            "a quarter of the way to 8 mm"
        );
    }

    #[test]
    fn a_moving_reference_moves_nothing() {
        let mut node = node(Some("reference"));
        for (at, shift) in [(0, 0.0), (20, 30.0), (40, -70.0)] {
            let tools = [("probe", visible(5.0 + shift)), ("reference", visible(shift))];
            handle(&mut node, at * MS, poses(at * MS, &tools));
        }
        let located = handle(&mut node, 40 * MS, image(30 * MS));
        assert!((first_pixel(&located[0].1) - Point3::new(-5.0, 0.0, 5.0)).norm() < 1e-9);
        let Placement::Placed { error_mm, .. } = located[0].1.placement else { panic!() };
        assert!((error_mm.unwrap() - 0.3 * 2f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_hidden_reference_hides_the_image_and_says_so() {
        let mut node = node(Some("reference"));
        for at in [0, 20] {
            handle(
                &mut node,
                at * MS,
                poses(at * MS, &[("probe", visible(0.0)), ("reference", hidden())]),
            );
        }
        let located = handle(&mut node, 20 * MS, image(10 * MS));
        let Placement::Unplaced { reason } = &located[0].1.placement else { panic!() };
        assert!(
            reason.contains("patient reference `reference` is hidden: out of volume"),
            "{reason}"
        );
    }

    #[test]
    fn a_dropout_and_a_wide_gap_are_refused_with_their_reason() {
        let mut node = node(None);
        for (at, pose) in
            [(0, visible(0.0)), (20, hidden()), (40, visible(0.0)), (200, visible(0.0))]
        {
            handle(&mut node, at * MS, poses(at * MS, &[("probe", pose)]));
        }
        for (at, expected) in [(10, "hidden"), (100, "160.0 ms apart")] {
            let located = handle(&mut node, 201 * MS, image(at * MS));
            let Placement::Unplaced { reason } = &located[0].1.placement else { panic!("{at}") };
            assert!(reason.contains(expected), "{reason}");
        }
    }

    #[test]
    fn an_image_does_not_wait_for_ever() {
        let mut node = node(None);
        handle(&mut node, 0, poses(0, &[("probe", visible(0.0))]));
        assert!(handle(&mut node, 10 * MS, image(10 * MS)).is_empty());
        let located = handle(&mut node, 111 * MS, image(111 * MS));
        assert_eq!(located.len(), 1, "the first is given up, the second waits");
        assert!(matches!(located[0].1.placement, Placement::Unplaced { .. }));
    }

    #[test]
    fn a_tool_that_is_not_tracked_is_an_error_that_names_those_that_are() {
        let mut context = Context::at(Timestamp(0));
        let error = node(None)
            .handle(poses(0, &[("stylus", visible(0.0))]), &mut context)
            .unwrap_err()
            .to_string();
        assert!(error.contains("no tool is called `probe`") && error.contains("stylus"), "{error}");
    }

    #[test]
    fn a_calibration_with_scale_is_refused_as_a_motion() {
        let mut rows = [[0.0; 4]; 4];
        for (axis, row) in rows.iter_mut().enumerate() {
            row[axis] = if axis == 0 { 1.5 } else { 1.0 };
        }
        let json = serde_json::json!({
            "calibration": { "probe_from_image": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], "patient_from_tracker": rows },
        });
        assert!(LocateImage::new(serde_json::from_value(json).unwrap()).is_err());
    }

    #[test]
    fn at_the_end_what_still_waits_is_published_with_its_reason() {
        let mut node = node(None);
        assert!(handle(&mut node, 5 * MS, poses(0, &[("probe", visible(1.0))])).is_empty());
        assert!(handle(&mut node, 6 * MS, image(5 * MS)).is_empty());
        let mut context = Context::at(Timestamp(7 * MS));
        node.finish(&mut context).unwrap();
        let (published, _) = context.finish();
        let [(at, Output::Located(located))] = &published[..] else { panic!("{published:?}") };
        assert_eq!(*at, Timestamp(5 * MS));
        let Placement::Unplaced { reason } = &located.placement else { panic!("{located:?}") };
        assert!(reason.contains("probe"), "{reason}");
    }
}
