//! The node `reconstruct`: pastes placed images into a volume and publishes it now and then.

use messages::{Health, LocatedImage, Placement, Stamped, Timestamp, Volume};
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::reconstruct::settings::{Invalid, Settings};
use crate::reconstruct::{NoVolume, Reconstruction, Refused};

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The volume: its voxels, how images are pasted, what of an image is used.
    #[serde(default)]
    pub volume: Settings,
    /// The volume is published with the first image that was acquired this long after the one it was
    /// published with before, in milliseconds.
    #[serde(default = "publish_every_ms")]
    #[schemars(default = "publish_every_ms", range(min = 10, max = 600_000))]
    pub publish_every_ms: u32,
}

fn publish_every_ms() -> u32 {
    1000
}

inputs! {
    /// What the node hears.
    pub enum Input { located => Located(LocatedImage) }
}
outputs! {
    /// What the node says.
    pub enum Output { volume => Volume(Volume) }
}

/// Why there is no volume, or an image is not in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting makes no sense.
    #[error(transparent)]
    Settings(#[from] Invalid),
    /// The image cannot be pasted.
    #[error(transparent)]
    Image(#[from] Refused),
    /// The volume cannot be given.
    #[error(transparent)]
    Volume(#[from] NoVolume),
}

/// The node.
pub struct ReconstructVolume {
    reconstruction: Reconstruction,
    publish_every_ns: i64,
    last_published: Option<Timestamp>,
}

impl Node for ReconstructVolume {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        Ok(Self {
            reconstruction: Reconstruction::new(parameters.volume)?,
            publish_every_ns: i64::from(parameters.publish_every_ms) * 1_000_000,
            last_published: None,
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let Input::Located(Stamped { acquired_at, value: located, .. }) = input;
        let Placement::Placed { patient_from_image, .. } = &located.placement else {
            context.report(Health::Degraded {
                reason: "images come without a place and are left out".to_owned(),
            });
            return Ok(());
        };
        context.report(Health::Healthy);
        let image = &located.image;
        let (width, height) = (image.width_px as usize, image.height_px as usize);
        self.reconstruction.insert(image.pixels.as_slice(), width, height, patient_from_image)?;
        let last = *self.last_published.get_or_insert(acquired_at);
        if acquired_at.0 - last.0 >= self.publish_every_ns {
            self.last_published = Some(acquired_at);
            context.publish(acquired_at, Output::Volume(self.reconstruction.volume()?));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messages::{Affine, UltrasoundImage};

    const MS: i64 = 1_000_000;

    fn located(at_ms: i64, z: f64, placed: bool) -> Input {
        let rows =
            nalgebra::Matrix3x4::new(1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, z);
        let placement = if placed {
            let patient_from_image = Affine::from_rows(rows).unwrap();
            Placement::Placed { patient_from_image, error_mm: None, pose_gap_ns: 0 }
        } else {
            Placement::Unplaced { reason: "hidden".into() }
        };
        let image = UltrasoundImage::new(3, 2, vec![10, 20, 30, 40, 50, 60]).unwrap();
        let value = LocatedImage { image, placement };
        Input::Located(Stamped { acquired_at: Timestamp(at_ms * MS), sequence: 0, value })
    }

    fn node(parameters: serde_json::Value) -> ReconstructVolume {
        ReconstructVolume::new(serde_json::from_value(parameters).unwrap()).unwrap()
    }

    fn handle(node: &mut ReconstructVolume, input: Input) -> (Vec<Volume>, Option<Health>) {
        let mut context = Context::at(Timestamp(0));
        node.handle(input, &mut context).unwrap();
        let (published, health) = context.finish();
        (published.into_iter().map(|(_, Output::Volume(volume))| volume).collect(), health)
    }

    #[test]
    fn a_volume_holds_the_placed_images_and_leaves_out_the_others() {
        let parameters = serde_json::json!({
            "volume": { "spacing_mm": 1.0, "distribution": "nearest" }, "publish_every_ms": 100,
        });
        let mut node = node(parameters);
        assert!(handle(&mut node, located(0, 0.0, true)).0.is_empty());
        let (volumes, health) = handle(&mut node, located(50, 1.0, false));
        assert!(volumes.is_empty() && matches!(health, Some(Health::Degraded { .. })));
        let (volumes, health) = handle(&mut node, located(100, 2.0, true));
        assert_eq!(health, Some(Health::Healthy));
        let volume = &volumes[0];
        assert_eq!((volume.size, volume.images), ([3, 2, 3], 2));
        assert_eq!(volume.voxels.as_slice()[..6], [10, 20, 30, 40, 50, 60]);
        assert_eq!(volume.seen.as_slice()[6..12], [0; 6], "the unplaced image left no trace");
    }

    #[test]
    fn a_setting_out_of_range_says_what_would_do() {
        let parameters = serde_json::json!({ "volume": { "spacing_mm": 0.0 } });
        let error = ReconstructVolume::new(serde_json::from_value(parameters).unwrap())
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("spacing_mm should be between 0.001 and 1000"), "{error}");
    }
}
