//! The node `reconstruct`: pastes placed images into a volume and publishes it now and then.

use messages::{LocatedImage, Stamped, Volume};
use runtime::{Context, Node, inputs, outputs};

use crate::growing_volume::{Error, GrowingVolume, Growth};

inputs! {
    /// What the node hears.
    pub enum Input { located => Located(LocatedImage) }
}
outputs! {
    /// What the node says.
    pub enum Output { volume => Volume(Volume) }
}

/// The node.
pub struct ReconstructVolume {
    volume: GrowingVolume,
}

impl Node for ReconstructVolume {
    type Parameters = Growth;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Growth) -> Result<Self, Error> {
        Ok(Self { volume: GrowingVolume::new(parameters)? })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let Input::Located(Stamped {
            acquired_at, value: LocatedImage { image, placement }, ..
        }) = input;
        let size = (image.width_px, image.height_px);
        let pixels = image.pixels.as_slice();
        self.volume.paste(acquired_at, pixels, size, &placement, context, Output::Volume)
    }

    fn finish(&mut self, context: &mut Context<Output>) -> Result<(), Error> {
        self.volume.publish(context, Output::Volume)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messages::{Affine, Health, Placement, Timestamp, UltrasoundImage};

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

    #[test]
    fn what_came_after_the_last_volume_is_in_one_at_the_end() {
        let mut node = node(serde_json::json!({ "publish_every_ms": 100 }));
        handle(&mut node, located(0, 0.0, true));
        handle(&mut node, located(100, 1.0, true));
        let finish = |node: &mut ReconstructVolume| {
            let mut context = Context::at(Timestamp(0));
            node.finish(&mut context).unwrap();
            context.finish().0
        };
        assert!(finish(&mut node).is_empty(), "nothing came since");
        handle(&mut node, located(150, 2.0, true));
        let published = finish(&mut node);
        let [(at, Output::Volume(volume))] = &published[..] else { panic!("{published:?}") };
        assert_eq!((*at, volume.images), (Timestamp(150 * MS), 3));
    }
}
