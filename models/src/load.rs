//! From a card and its weights to a network that runs.
//!
//! Whatever is wrong is found here, before the first image: the checksum, the names and shapes of the
//! weights, and, by a first pass on an empty image, whether the output has the channels that the card says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ndarray::{Array3, ArrayView3};
use tch::{CModule, Kind, Tensor, nn::VarStore};

use crate::card::{Architecture, Card};
use crate::device::Processor;
use crate::error::ModelError;
use crate::unet::{UNet2d, UNet2dShape};

/// A network, ready to run.
#[derive(Debug)]
pub struct Network {
    card: Card,
    weights: PathBuf,
    processor: Processor,
    program: Program,
}

#[derive(Debug)]
enum Program {
    UNet2d(UNet2d),
    TorchScript(CModule),
}

impl Network {
    /// Loads the network of the card at `card`; its weights lie where the card says, or where `weights` says.
    ///
    /// # Errors
    /// If the card or the weights cannot be read, do not belong together, or do not run on `processor`.
    pub fn load(
        card: &Path,
        weights: Option<&Path>,
        processor: &Processor,
    ) -> Result<Self, ModelError> {
        let path = card;
        let card = Card::read(path)?;
        let weights = card.weights_path(path, weights);
        card.verify_weights(&weights)?;
        let program = match card.architecture {
            Some(Architecture::Unet2d(shape)) => {
                Program::UNet2d(read_unet(&card, &shape, &weights, processor)?)
            }
            None => Program::TorchScript(read_torchscript(&weights, processor)?),
        };
        let network = Self { card, weights, processor: processor.clone(), program };
        network.try_out()?;
        Ok(network)
    }

    /// The card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The file of weights that was read.
    pub fn weights(&self) -> &Path {
        &self.weights
    }

    /// What it runs on.
    pub fn processor(&self) -> &Processor {
        &self.processor
    }

    /// The output `[images, output channels, height, width]` of `[images, channels, height, width]` floats,
    /// on the device of [`Network::processor`], in the units that the card says.
    ///
    /// # Errors
    /// If the shape is not what the card says, or libtorch fails.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        self.check_shape(&images.size())?;
        let failed = |error| ModelError::torch(format!("running model {}", self.card.name), &error);
        let images = images
            .f_to_device(self.processor.device())
            .and_then(|images| images.f_to_kind(Kind::Float));
        let images = images.map_err(failed)?;
        tch::no_grad(|| match &self.program {
            Program::UNet2d(network) => network.forward(&images),
            Program::TorchScript(module) => {
                // The optimising executor rewrites a program after its first runs. Without it every run is
                // the same computation, so that a replay finds the same bits. It is a setting of the thread.
                tch::jit::f_set_graph_executor_optimize(false)?;
                module.forward_ts(&[images])
            }
        })
        .map_err(failed)
    }

    /// The output `[output channels, height, width]` of one image `[channels, height, width]`.
    ///
    /// # Errors
    /// As [`Network::forward`].
    pub fn infer(&self, image: ArrayView3<'_, f32>) -> Result<Array3<f32>, ModelError> {
        let (channels, height, width) = image.dim();
        let size = [1, channels as i64, height as i64, width as i64];
        self.check_shape(&size)?;
        let failed = |error| {
            ModelError::torch(format!("moving an image of model {}", self.card.name), &error)
        };
        let image = image.as_standard_layout();
        let input = Tensor::f_from_slice(image.as_slice().unwrap_or_default())
            .and_then(|flat| flat.f_view(size.as_slice()))
            .map_err(failed)?;
        let output = self.forward(&input)?;
        let shape = (self.card.output.channels(), height, width);
        let mut values = vec![0.0_f32; shape.0 * height * width];
        let count = values.len();
        if output.numel() != count {
            return Err(self.unexpected_output(&output));
        }
        output
            .f_to_kind(Kind::Float)
            .and_then(|output| output.f_contiguous())
            .and_then(|output| output.f_copy_data(&mut values, count))
            .map_err(failed)?;
        Array3::from_shape_vec(shape, values).map_err(|_| self.unexpected_output(&output))
    }

    /// Runs once on an empty image of this size, so that later images of the size take no set-up time.
    ///
    /// # Errors
    /// As [`Network::forward`].
    pub fn warm_up(&self, height_px: usize, width_px: usize) -> Result<(), ModelError> {
        self.infer(Array3::zeros((self.card.input.channels, height_px, width_px)).view()).map(drop)
    }

    /// A pass on the smallest sensible image, to see that the output is what the card says.
    fn try_out(&self) -> Result<(), ModelError> {
        let side = (64_usize.next_multiple_of(self.card.input.size_divisor)) as i64;
        let image = Tensor::f_zeros(
            [1, self.card.input.channels as i64, side, side],
            (Kind::Float, tch::Device::Cpu),
        )
        .map_err(|error| ModelError::torch("making an empty image", &error))?;
        let output = self.forward(&image)?;
        if output.size() == [1, self.card.output.channels() as i64, side, side] {
            Ok(())
        } else {
            Err(self.unexpected_output(&output))
        }
    }

    fn check_shape(&self, size: &[i64]) -> Result<(), ModelError> {
        let input = &self.card.input;
        let divisor = input.size_divisor as i64;
        let fits = |side: i64| side > 0 && side % divisor == 0;
        match *size {
            [images, channels, height, width]
                if images > 0
                    && channels == input.channels as i64
                    && fits(height)
                    && fits(width) =>
            {
                Ok(())
            }
            _ => Err(ModelError::Shape {
                model: self.card.name.clone(),
                expected: format!(
                    "images × {} × height × width with sides that are multiples of {divisor}",
                    input.channels
                ),
                came: sizes(size),
            }),
        }
    }

    fn unexpected_output(&self, output: &Tensor) -> ModelError {
        ModelError::Mismatch {
            model: self.card.name.clone(),
            path: self.weights.clone(),
            reason: format!(
                "the card's classes and decision need an output of {} channels with the height and width of \
                 the input, but {} came",
                self.card.output.channels(),
                sizes(&output.size())
            ),
        }
    }
}

fn sizes(size: &[i64]) -> String {
    size.iter().map(i64::to_string).collect::<Vec<_>>().join(" × ")
}

fn read_torchscript(weights: &Path, processor: &Processor) -> Result<CModule, ModelError> {
    let module = CModule::load_on_device(weights, processor.device());
    let evaluating = module.and_then(|mut module| module.f_set_eval().map(|()| module));
    evaluating.map_err(|error| ModelError::torch(format!("reading {}", weights.display()), &error))
}

fn read_unet(
    card: &Card,
    shape: &UNet2dShape,
    weights: &Path,
    processor: &Processor,
) -> Result<UNet2d, ModelError> {
    let reading = |error| ModelError::torch(format!("reading {}", weights.display()), &error);
    let mismatch =
        |reason| ModelError::Mismatch { model: card.name.clone(), path: weights.into(), reason };
    let tensors: BTreeMap<String, Tensor> =
        Tensor::read_safetensors(weights).map_err(reading)?.into_iter().collect();
    let mut store = VarStore::new(processor.device());
    let network = UNet2d::new(&store.root(), shape).map_err(mismatch)?;
    let variables: BTreeMap<String, Tensor> = store.variables().into_iter().collect();
    if let Some(extra) = tensors.keys().find(|name| !variables.contains_key(*name)) {
        return Err(mismatch(format!(
            "it holds a tensor {extra}, which the architecture on the card has not"
        )));
    }
    for (name, mut variable) in variables {
        let Some(tensor) = tensors.get(&name) else {
            return Err(mismatch(format!("the tensor {name} is missing")));
        };
        // Copying alone would stretch a smaller tensor over a larger one.
        if tensor.size() != variable.size() || tensor.kind() != Kind::Float {
            return Err(mismatch(format!(
                "the tensor {name} should be {} of 32-bit floats, but {} of {:?} came",
                sizes(&variable.size()),
                sizes(&tensor.size()),
                tensor.kind()
            )));
        }
        tch::no_grad(|| variable.f_copy_(tensor)).map_err(reading)?;
    }
    store.freeze();
    Ok(network)
}

#[cfg(test)]
mod tests;
