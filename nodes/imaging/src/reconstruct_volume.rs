//! The node `reconstruct`: pastes placed images into a volume and publishes it now and then.

use std::path::PathBuf;

use formats::plus_config::HoleFilling;
use messages::{LocatedImage, Stamped, Volume};
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::growing_volume::{Error, GrowingVolume, Growth, publish_every_ms};
use crate::importance_file;
use crate::reconstruct::settings::Settings;

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The volume: its voxels, how images are pasted, what of an image is used.
    #[serde(default)]
    pub volume: Settings,
    /// The volume is published with the first image that was acquired this long after the one it was
    /// published with before, in milliseconds, and once more at the end.
    #[serde(default = "publish_every_ms")]
    #[schemars(default = "publish_every_ms", range(min = 10, max = 600_000))]
    pub publish_every_ms: u32,
    /// How important each pixel is, for compounding by importance: a PNG of 8 bit gray, as large as the images.
    #[serde(default)]
    #[schemars(extend("format" = "input-file"))]
    pub importance: Option<PathBuf>,
    /// In what is published, voxels that no image met are filled along sticks of up to so many voxels between two that were
    /// met; 0 leaves them. Nine is usual; it takes longer than pasting an image.
    #[serde(default)]
    #[schemars(range(max = 100))]
    pub fill_holes_voxels: u8,
}

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
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { volume, publish_every_ms, importance, fill_holes_voxels } = parameters;
        let mut volume = GrowingVolume::new(Growth { volume, publish_every_ms })?;
        if let Some(path) = importance {
            volume.set_importance(importance_file::read(&path)?);
        }
        if fill_holes_voxels > 0 {
            let length = usize::from(fill_holes_voxels);
            volume.set_ways_to_fill(vec![HoleFilling::Stick { length, sticks: 1 }]);
        }
        Ok(Self { volume })
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
    fn holes_are_filled_between_what_was_met_and_stay_unseen() {
        let parameters = serde_json::json!({
            "volume": { "spacing_mm": 1.0, "distribution": "nearest" }, "publish_every_ms": 100,
            "fill_holes_voxels": 3,
        });
        let mut node = node(parameters);
        handle(&mut node, located(0, 0.0, true));
        let volume = &handle(&mut node, located(100, 2.0, true)).0[0];
        // A third of one end and two of the other, without the fraction, as in PLUS.
        for (filled, ends) in volume.voxels.as_slice()[6..12].iter().zip([10, 20, 30, 40, 50, 60]) {
            assert!((ends - 1..=ends).contains(filled), "{filled} between {ends} and {ends}");
        }
        assert_eq!(volume.seen.as_slice()[6..12], [0; 6]);
    }

    #[test]
    fn a_picture_of_importance_weighs_pixels_and_must_be_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("importance.png");
        let file = std::fs::File::create(&path).unwrap();
        let mut png = png::Encoder::new(file, 3, 2);
        png.set_color(png::ColorType::Grayscale);
        let mut writer = png.write_header().unwrap();
        writer.write_image_data(&[0, 255, 255, 255, 255, 0]).unwrap();
        writer.finish().unwrap();
        let parameters = |path: &std::path::Path| {
            serde_json::json!({
                "volume": { "spacing_mm": 1.0, "distribution": "nearest", "compounding": "importance" },
                "publish_every_ms": 10, "importance": path,
            })
        };
        let mut node = node(parameters(&path));
        handle(&mut node, located(0, 0.0, true));
        let volume = &handle(&mut node, located(100, 0.0, true)).0[0];
        // What has no importance is not met, and the box is what was.
        assert_eq!(volume.seen.as_slice(), [0, 1, 1, 1, 1, 0], "{volume:?}");
        assert_eq!(volume.voxels.as_slice(), [0, 20, 30, 40, 50, 0]);

        std::fs::write(&path, "no picture").unwrap();
        let refused = ReconstructVolume::new(serde_json::from_value(parameters(&path)).unwrap());
        let said = refused.err().unwrap().to_string();
        assert!(said.contains("importance.png should be a PNG file"), "{said}");
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
