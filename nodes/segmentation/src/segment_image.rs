//! The node `image`: a network's label for each pixel of each image.

use std::path::PathBuf;

use messages::{LocatedImage, ModelIdentity, Placement, SegmentedImage, Stamped};
use models::{DeviceChoice, ModelError, Network, Processor};
use ndarray::ArrayView2;
use runtime::{Context, Finding, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::compute_device;
use crate::postprocess::{self, OutputError};
use crate::preprocess::{Preparation, PreparationError};

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The model's card.
    #[schemars(with = "String", extend("format" = "model"))]
    pub model: PathBuf,
    /// The file of weights, if it does not lie where the card says.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "weights"))]
    pub weights: Option<PathBuf>,
    /// What the network runs on.
    #[serde(default)]
    pub device: DeviceChoice,
    /// Processor threads of the network; results are equal bit for bit only for the same number.
    #[serde(default = "threads")]
    #[schemars(default = "threads", range(min = 1, max = 256))]
    pub threads: usize,
    /// The size of a pixel along x and y, in millimetres. By default it is what the image's place says.
    #[serde(default)]
    pub pixel_spacing_mm: Option<[f64; 2]>,
    /// Connected regions with fewer pixels are taken as background.
    #[serde(default)]
    pub least_area_px: usize,
}

fn threads() -> usize {
    1
}

inputs! {
    /// What the node hears.
    pub enum Input { located => Located(LocatedImage) }
}
outputs! {
    /// What the node says.
    pub enum Output { segmented => Segmented(SegmentedImage) }
}

/// Why there is no network, or no label.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model cannot be loaded or run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The image does not fit the network.
    #[error(transparent)]
    Preparation(#[from] PreparationError),
    /// The output is not what the card says.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The image's pixels are not those of its size.
    #[error("the image has not the {0}×{1} pixels that it says")]
    Pixels(u32, u32),
    /// The network is one for volumes.
    #[error(
        "model `{model}` labels volumes and takes {channels} slices; the node `image` needs one of single images"
    )]
    Slices {
        /// Its name.
        model: String,
        /// What it takes.
        channels: usize,
    },
    /// The size of a pixel is not known.
    #[error(
        "the size of a pixel is not known before the first image is placed; give `pixel_spacing_mm`, or wait until the probe is seen"
    )]
    Spacing,
}

/// The node.
pub struct SegmentImage {
    network: Network,
    identity: ModelIdentity,
    least_area_px: usize,
    given_spacing: Option<[f64; 2]>,
    /// That of the last placed image.
    seen_spacing: Option<[f64; 2]>,
    preparation: Option<(Preparation, [f64; 2])>,
}

impl Node for SegmentImage {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        let processor = Processor::choose(parameters.device, parameters.threads)?;
        let network = Network::load(&parameters.model, parameters.weights.as_deref(), &processor)?;
        let card = network.card();
        let channels = card.input.channels;
        if channels != 1 {
            return Err(Error::Slices { model: card.name.clone(), channels });
        }
        let identity = ModelIdentity {
            name: card.name.clone(),
            sha256: card.sha256.clone(),
            device: processor.name(),
        };
        Ok(Self {
            network,
            identity,
            least_area_px: parameters.least_area_px,
            given_spacing: parameters.pixel_spacing_mm,
            seen_spacing: None,
            preparation: None,
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        let Input::Located(Stamped { acquired_at, value: located, .. }) = input;
        let segmented = self.segment(located)?;
        context.publish(acquired_at, Output::Segmented(segmented));
        Ok(())
    }

    fn examine(parameters: Parameters) -> Vec<Finding> {
        let choice = parameters.device;
        compute_device::findings(choice, || {
            let node = Self::new(parameters)?;
            Ok::<_, Error>((node.identity.name, node.network.processor().clone()))
        })
    }
}

impl SegmentImage {
    /// The labels of one image.
    ///
    /// # Errors
    /// If the image does not fit the network, or the network fails.
    pub fn segment(&mut self, located: LocatedImage) -> Result<SegmentedImage, Error> {
        let LocatedImage { image, placement } = located;
        if let Placement::Placed { patient_from_image, .. } = &placement {
            // Rounded to a nanometre: the lengths of rotated axes differ in their last bits.
            let length = |axis: usize| (patient_from_image.axis(axis).norm() * 1e6).round() * 1e-6;
            self.seen_spacing = Some([length(0), length(1)]);
        }
        let spacing = self.given_spacing.or(self.seen_spacing).ok_or(Error::Spacing)?;
        let size = (image.height_px as usize, image.width_px as usize);
        let pixels = ArrayView2::from_shape(size, image.pixels.as_slice())
            .map_err(|_| Error::Pixels(image.width_px, image.height_px))?;
        let card = self.network.card();
        let fits =
            |known: &(Preparation, [f64; 2])| known.0.image_size() == size && known.1 == spacing;
        let preparation = match self.preparation.take().filter(fits) {
            Some((preparation, _)) => preparation,
            None => Preparation::new(size, spacing, &card.input)?,
        };
        let values = self.network.infer(preparation.apply(pixels)?.view())?;
        let decided = postprocess::decide(values.view(), &card.output)?;
        let mut labels = postprocess::labels_to_image(decided.view(), &preparation)?;
        if self.least_area_px > 1 {
            postprocess::remove_specks(&mut labels, self.least_area_px);
        }
        self.preparation = Some((preparation, spacing));
        Ok(SegmentedImage {
            width_px: image.width_px,
            height_px: image.height_px,
            classes: card.output.classes.clone(),
            placement,
            model: Some(self.identity.clone()),
            labels: labels.into_iter().collect::<Vec<u8>>().into(),
        })
    }
}
