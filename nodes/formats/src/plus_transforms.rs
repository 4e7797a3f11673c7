//! From one frame to another through the fixed transforms of a PLUS device set and the tracked ones of a sequence.
//!
//! As the transform repository of PLUS does: `ImageToReference` is the product of `ImageToProbe`, which is fixed,
//! `ProbeToTracker`, and the inverse of `ReferenceToTracker`. It is usable in a frame if all that are tracked were
//! seen in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nalgebra::Matrix4;

use crate::matrix_text::maps_both_ways;
use crate::metaimage::excerpt;
use crate::plus_config::PlusConfig;
use crate::plus_sequence::{Frame, TransformName};

/// How many names a message tells.
const MOST_NAMES: usize = 20;

/// Transforms that lead from one frame to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// From the first frame on.
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Fixed(Matrix4<f64>),
    Tracked { name: TransformName, is_inverted: bool },
}

/// No transforms lead from one frame to the other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no transforms lead from {from} to {to}; known are {known}: name other frames, or add a calibration to the device set"
)]
pub struct NoChain {
    from: String,
    to: String,
    known: String,
}

impl Chain {
    /// The shortest one. What is tracked in any of the frames goes before what is fixed.
    ///
    /// # Errors
    /// If none leads from one to the other.
    pub fn find(
        config: &PlusConfig,
        frames: &[Frame],
        from: &str,
        to: &str,
    ) -> Result<Self, NoChain> {
        let mut edges: BTreeMap<(String, String), Step> = BTreeMap::new();
        for fixed in &config.transforms {
            // All matrices of a device set are checked to be invertible.
            let Some(inverse) = fixed.matrix.try_inverse() else { continue };
            edges.insert((fixed.from.clone(), fixed.to.clone()), Step::Fixed(fixed.matrix));
            edges.insert((fixed.to.clone(), fixed.from.clone()), Step::Fixed(inverse));
        }
        let tracked: BTreeSet<&TransformName> =
            frames.iter().flat_map(|frame| frame.transforms.keys()).collect();
        for name in tracked {
            let step = |is_inverted| Step::Tracked { name: name.clone(), is_inverted };
            edges.insert((name.from.clone(), name.to.clone()), step(false));
            edges.insert((name.to.clone(), name.from.clone()), step(true));
        }
        let mut came: BTreeMap<&str, &(String, String)> = BTreeMap::new();
        let mut waiting = VecDeque::from([from]);
        while let Some(here) = waiting.pop_front() {
            if here == to {
                break;
            }
            // Those that begin here lie side by side: a device set may hold some ten thousand of them.
            let begin = (here.to_owned(), String::new());
            for edge in edges.range(begin..).map(|(edge, _)| edge).take_while(|edge| edge.0 == here)
            {
                let end = edge.1.as_str();
                if end != from && !came.contains_key(end) {
                    came.insert(end, edge);
                    waiting.push_back(end);
                }
            }
        }
        let mut steps = vec![];
        let mut here = to;
        while here != from {
            let Some(edge) = came.get(here) else {
                return Err(NoChain { from: excerpt(from), to: excerpt(to), known: known(&edges) });
            };
            steps.push(edges[*edge].clone());
            here = &edge.0;
        }
        steps.reverse();
        Ok(Self { steps })
    }

    /// The matrix in a frame of the sequence, if all that it needs was seen and it can be computed with: a product of
    /// very small or very large ones may have no inverse, or be infinite.
    pub fn matrix(&self, frame: &Frame) -> Option<Matrix4<f64>> {
        let mut product = Matrix4::identity();
        for step in &self.steps {
            let matrix = match step {
                Step::Fixed(matrix) => *matrix,
                Step::Tracked { name, is_inverted } => {
                    let seen = *frame.transforms.get(name)?.usable()?;
                    if *is_inverted { seen.try_inverse()? } else { seen }
                }
            };
            product = matrix * product;
        }
        maps_both_ways(&product).then_some(product)
    }
}

/// The transforms that there are, for a message.
fn known(edges: &BTreeMap<(String, String), Step>) -> String {
    let names = edges.keys().take(MOST_NAMES);
    let mut names: Vec<String> =
        names.map(|(from, to)| excerpt(&format!("{from}To{to}"))).collect();
    match edges.len() {
        0 => names.push("none".to_owned()),
        all if all > MOST_NAMES => names.push(format!("{} more", all - MOST_NAMES)),
        _ => {}
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use nalgebra::{Rotation3, Translation3, Vector3};

    use super::*;
    use crate::plus_sequence::{TrackedTransform, TransformStatus};

    fn config() -> PlusConfig {
        let xml = r#"<PlusConfiguration><CoordinateDefinitions>
            <Transform From="Image" To="Probe" Matrix="0.1 0 0 5 0 0.2 0 6 0 0 0.1 7 0 0 0 1"/>
            <Transform From="Tip" To="Stylus" Matrix="1 0 0 5 0 1 0 6 0 0 1 7 0 0 0 1"/>
        </CoordinateDefinitions></PlusConfiguration>"#;
        PlusConfig::parse(xml.as_bytes()).unwrap()
    }

    fn pose(turn: f64) -> Matrix4<f64> {
        let rotation = Rotation3::from_axis_angle(&Vector3::y_axis(), turn).to_homogeneous();
        Translation3::new(1.0, turn, 3.0).to_homogeneous() * rotation
    }

    fn frame(statuses: [TransformStatus; 2]) -> Frame {
        let mut frame = Frame::at(0.0);
        for (from, turn, status) in ["Probe", "Reference"]
            .into_iter()
            .zip([0.3, -0.8])
            .zip(statuses)
            .map(|((a, b), c)| (a, b, c))
        {
            let transform = TrackedTransform { matrix: pose(turn), status };
            frame.transforms.insert(TransformName::new(from, "Tracker"), transform);
        }
        frame
    }

    #[test]
    fn fixed_and_tracked_ones_are_chained_and_inverted() {
        let seen = frame([TransformStatus::Ok, TransformStatus::Ok]);
        let chain =
            Chain::find(&config(), std::slice::from_ref(&seen), "Image", "Reference").unwrap();
        let expected = pose(-0.8).try_inverse().unwrap()
            * pose(0.3)
            * config().matrix("Image", "Probe").unwrap();
        assert!((chain.matrix(&seen).unwrap() - expected).norm() < 1e-12);
        let back =
            Chain::find(&config(), std::slice::from_ref(&seen), "Reference", "Image").unwrap();
        let both = back.matrix(&seen).unwrap() * expected;
        assert!((both - Matrix4::identity()).norm() < 1e-9);
        let hidden = frame([TransformStatus::Ok, TransformStatus::Invalid]);
        assert_eq!(chain.matrix(&hidden), None);
        let same = Chain::find(&config(), &[], "Image", "Image").unwrap();
        assert_eq!(same.matrix(&hidden), Some(Matrix4::identity()));
    }

    #[test]
    fn what_is_not_connected_is_said_with_what_is() {
        let error = Chain::find(&config(), &[], "Image", "Stylus").unwrap_err().to_string();
        assert!(error.starts_with("no transforms lead from Image to Stylus; known are"), "{error}");
        assert!(error.contains("ImageToProbe") && error.contains("TipToStylus"), "{error}");
    }
}
