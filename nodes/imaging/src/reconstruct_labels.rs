//! The node `reconstruct_labels`: pastes what a network saw in placed images into a volume.
//!
//! Each voxel holds how often the images that hit it showed the wanted class: 0 never, 255 always. So a
//! class is seen in three dimensions from labels alone, and an error in one image is outvoted.
//!
//! A cone-beam volume made meanwhile is made because the organs moved: images from before it are forgotten, so that the
//! volume shows them where they lie now, and not twice.

use messages::{IntensityVolume, Patient, SegmentedImage, Stamped, Timestamp, Volume};
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::growing_volume::{self, GrowingVolume, Growth, publish_every_ms};
use crate::reconstruct::settings::Settings;

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The classes that count, as the network's card calls them.
    #[serde(default = "classes")]
    #[schemars(default = "classes")]
    pub classes: Vec<String>,
    /// The volume: its voxels, how images are pasted, what of an image is used.
    #[serde(default)]
    pub volume: Settings,
    /// The volume is published with the first image that was acquired this long after the one it was
    /// published with before, in milliseconds, and once more at the end.
    #[serde(default = "publish_every_ms")]
    #[schemars(default = "publish_every_ms", range(min = 10, max = 600_000))]
    pub publish_every_ms: u32,
}

fn classes() -> Vec<String> {
    vec!["vessel".to_owned()]
}

inputs! {
    /// What the node hears.
    pub enum Input {
        segmented => Segmented(SegmentedImage),
        optional cone_beam => ConeBeam(IntensityVolume<Patient>),
    }
}
outputs! {
    /// What the node says.
    pub enum Output { volume => Volume(Volume) }
}

/// Why there is no volume, or an image is not in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The volume does not grow.
    #[error(transparent)]
    Volume(#[from] growing_volume::Error),
    /// No class counts.
    #[error(
        "expected at least one class in `classes`; the network's card lists what it tells apart"
    )]
    NoClass,
    /// The network does not know a class.
    #[error(
        "the images have no class `{wanted}`, only [{known}]: name the classes as the network's card does"
    )]
    UnknownClass {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
}

/// The node.
pub struct ReconstructLabels {
    classes: Vec<String>,
    volume: GrowingVolume,
    /// When the newest cone-beam volume was made; images from before it are left out.
    begun_at: Option<Timestamp>,
}

impl Node for ReconstructLabels {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { classes, volume, publish_every_ms } = parameters;
        if classes.is_empty() {
            return Err(Error::NoClass);
        }
        let volume = GrowingVolume::new(Growth { volume, publish_every_ms })?;
        Ok(Self { classes, volume, begun_at: None })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let Stamped { acquired_at, value: image, .. } = match input {
            Input::Segmented(segmented) => segmented,
            Input::ConeBeam(Stamped { acquired_at, .. }) => {
                self.begun_at = self.begun_at.max(Some(acquired_at));
                return Ok(self.volume.forget()?);
            }
        };
        if self.begun_at.is_some_and(|begun_at| acquired_at < begun_at) {
            return Ok(());
        }
        let mut grey = [0; 256];
        for wanted in &self.classes {
            let label = image.classes.iter().position(|class| class == wanted);
            let slot = label.and_then(|label| grey.get_mut(label));
            *slot.ok_or_else(|| Error::UnknownClass {
                wanted: wanted.clone(),
                known: image.classes.join(", "),
            })? = 255;
        }
        let pixels: Vec<u8> =
            image.labels.as_slice().iter().map(|&label| grey[usize::from(label)]).collect();
        let size = (image.width_px, image.height_px);
        let placement = &image.placement;
        Ok(self.volume.paste(acquired_at, &pixels, size, placement, context, Output::Volume)?)
    }

    fn finish(&mut self, context: &mut Context<Output>) -> Result<(), Error> {
        Ok(self.volume.publish(context, Output::Volume)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messages::{Affine, Placement, Timestamp};

    const MS: i64 = 1_000_000;

    fn node(classes: &[&str]) -> Result<ReconstructLabels, Error> {
        let parameters = serde_json::json!({
            "classes": classes, "publish_every_ms": 100,
            "volume": { "spacing_mm": 1.0, "distribution": "nearest" },
        });
        ReconstructLabels::new(serde_json::from_value(parameters).unwrap())
    }

    fn image(at_ms: i64, labels: [u8; 4]) -> Input {
        let rows =
            nalgebra::Matrix3x4::new(1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0);
        let patient_from_image = Affine::from_rows(rows).unwrap();
        let value = SegmentedImage {
            width_px: 2,
            height_px: 2,
            classes: ["background", "artery", "vein"].map(str::to_owned).to_vec(),
            placement: Placement::Placed { patient_from_image, error_mm: None, pose_gap_ns: 0 },
            model: None,
            labels: labels.to_vec().into(),
        };
        Input::Segmented(Stamped { acquired_at: Timestamp(at_ms * MS), sequence: 0, value })
    }

    #[test]
    fn voxels_hold_how_often_the_class_was_seen() {
        let mut node = node(&["vein"]).unwrap();
        let mut context = Context::at(Timestamp(0));
        node.handle(image(0, [0, 1, 2, 2]), &mut context).unwrap();
        node.handle(image(100, [0, 1, 2, 0]), &mut context).unwrap();
        let published = context.finish().0;
        let [(_, Output::Volume(volume))] = &published[..] else { panic!("{published:?}") };
        let voxels = volume.voxels.as_slice();
        assert_eq!((voxels[0], voxels[1], voxels[2]), (0, 0, 255));
        assert!((127..=128).contains(&voxels[3]), "one of two: {}", voxels[3]);
        assert_eq!(volume.seen.as_slice(), [1; 4]);
    }

    #[test]
    fn images_from_before_a_cone_beam_volume_are_forgotten() {
        let mut node = node(&["vein"]).unwrap();
        let mut context = Context::at(Timestamp(0));
        node.handle(image(0, [2, 2, 2, 2]), &mut context).unwrap();
        node.handle(image(90, [2, 2, 2, 2]), &mut context).unwrap();
        let rows =
            nalgebra::Matrix3x4::new(1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0);
        let value = IntensityVolume {
            size: [1; 3],
            frame_from_voxel: Affine::from_rows(rows).unwrap(),
            modality: messages::Modality::ConeBeamCt,
            voxels: vec![0].into(),
        };
        let cone_beam = Stamped { acquired_at: Timestamp(200 * MS), sequence: 0, value };
        node.handle(Input::ConeBeam(cone_beam), &mut context).unwrap();
        // Acquired before it, but late.
        node.handle(image(190, [2, 2, 2, 2]), &mut context).unwrap();
        node.finish(&mut context).unwrap();
        assert!(context.finish().0.is_empty(), "nothing is left of them");
        let mut context = Context::at(Timestamp(0));
        node.handle(image(210, [0, 2, 0, 0]), &mut context).unwrap();
        node.handle(image(310, [0, 2, 0, 0]), &mut context).unwrap();
        let published = context.finish().0;
        let [(_, Output::Volume(volume))] = &published[..] else { panic!("{published:?}") };
        assert_eq!(volume.voxels.as_slice(), [0, 255, 0, 0]);
    }

    #[test]
    fn a_class_that_the_network_does_not_know_is_named() {
        let mut context = Context::at(Timestamp(0));
        let error = node(&["nerve"]).unwrap().handle(image(0, [0; 4]), &mut context).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("no class `nerve`") && text.contains("artery, vein"), "{text}");
        assert!(matches!(node(&[]), Err(Error::NoClass)));
    }
}
