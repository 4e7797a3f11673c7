//! The small 2-D U-Net that our own networks use.
//!
//! After Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation"
//! (2015), with group normalisation (Wu and He, 2018), which needs no statistics of a batch, so that
//! training and use compute the same. Two-by-two blocks of pixels enter as channels and leave as channels
//! (Shi et al., "Real-time single image and video super-resolution", 2016): no pixel is lost, and every
//! convolution runs at half the resolution, for a quarter of the work.

use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor, nn};

/// Pixels along each side of the blocks that enter as channels.
const BLOCK: i64 = 2;
/// Channels normalised together.
const GROUP: usize = 8;

/// The numbers that set the size of a [`UNet2d`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UNet2dShape {
    /// Channels of the image.
    pub input_channels: usize,
    /// Channels of the first level, a multiple of 8; each deeper level has twice as many.
    pub base_channels: usize,
    /// Levels of resolution, 2 to 6.
    pub levels: usize,
    /// Channels of the output.
    pub output_channels: usize,
}

impl UNet2dShape {
    /// Height and width of an image must be multiples of this.
    pub fn size_divisor(&self) -> usize {
        1 << self.levels
    }

    /// Channels of `level`, where 0 has the finest resolution.
    fn channels(&self, level: usize) -> i64 {
        (self.base_channels << level) as i64
    }

    /// Whether such a network can be; if not, why, in words.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(2..=6).contains(&self.levels) {
            return Err(format!("`architecture.levels` must be 2 to 6, but {} came", self.levels));
        }
        if !self.base_channels.is_multiple_of(GROUP) || !(GROUP..=256).contains(&self.base_channels)
        {
            return Err(format!(
                "`architecture.base_channels` must be a multiple of {GROUP} up to 256, but {} came",
                self.base_channels
            ));
        }
        let channels = 1..=256;
        if !channels.contains(&self.input_channels) || !channels.contains(&self.output_channels) {
            return Err("`architecture` must have 1 to 256 input and output channels".into());
        }
        Ok(())
    }
}

/// A convolution.
#[derive(Debug)]
struct Convolution {
    weight: Tensor,
    bias: Tensor,
    padding: i64,
}

impl Convolution {
    fn new(path: &nn::Path, from: i64, to: i64, size: i64) -> Self {
        Self {
            weight: path.var("weight", &[to, from, size, size], nn::init::DEFAULT_KAIMING_UNIFORM),
            bias: path.var("bias", &[to], nn::Init::Const(0.0)),
            padding: size / 2,
        }
    }

    fn forward(&self, image: &Tensor) -> Result<Tensor, TchError> {
        image.f_conv2d(&self.weight, Some(&self.bias), 1, self.padding, 1, 1)
    }
}

/// Convolution, group normalisation, and the positive part.
#[derive(Debug)]
struct Layer {
    convolution: Convolution,
    scale: Tensor,
    shift: Tensor,
    groups: i64,
}

impl Layer {
    fn new(path: &nn::Path, from: i64, to: i64) -> Self {
        let normalisation = path / "normalisation";
        Self {
            convolution: Convolution::new(&(path / "convolution"), from, to, 3),
            scale: normalisation.var("scale", &[to], nn::Init::Const(1.0)),
            shift: normalisation.var("shift", &[to], nn::Init::Const(0.0)),
            groups: to / GROUP as i64,
        }
    }

    fn forward(&self, image: &Tensor) -> Result<Tensor, TchError> {
        self.convolution
            .forward(image)?
            .f_group_norm(self.groups, Some(&self.scale), Some(&self.shift), 1e-5, true)?
            .f_relu_()
    }
}

/// Two layers at one resolution.
#[derive(Debug)]
struct Level {
    first: Layer,
    second: Layer,
}

impl Level {
    fn new(path: &nn::Path, from: i64, to: i64) -> Self {
        Self {
            first: Layer::new(&(path / "first"), from, to),
            second: Layer::new(&(path / "second"), to, to),
        }
    }

    fn forward(&self, image: &Tensor) -> Result<Tensor, TchError> {
        self.second.forward(&self.first.forward(image)?)
    }
}

/// The network; its weights live in the variable store that it was made in.
#[derive(Debug)]
pub struct UNet2d {
    /// Finest first.
    down: Vec<Level>,
    /// Finest first, one fewer.
    up: Vec<Level>,
    output: Convolution,
}

impl UNet2d {
    /// A network with random weights, drawn from libtorch's generator, under `path`.
    ///
    /// # Errors
    /// If there can be no network of this shape; the reason in words.
    pub fn new(path: &nn::Path, shape: &UNet2dShape) -> Result<Self, String> {
        shape.check()?;
        let down = (0..shape.levels)
            .map(|level| {
                let from = match level {
                    0 => shape.input_channels as i64 * BLOCK * BLOCK,
                    _ => shape.channels(level - 1),
                };
                Level::new(&(path / "down" / level), from, shape.channels(level))
            })
            .collect();
        let up = (0..shape.levels - 1)
            .map(|level| {
                let from = shape.channels(level) + shape.channels(level + 1);
                Level::new(&(path / "up" / level), from, shape.channels(level))
            })
            .collect();
        let leaving = shape.output_channels as i64 * BLOCK * BLOCK;
        let output = Convolution::new(&(path / "output"), shape.channels(0), leaving, 1);
        Ok(Self { down, up, output })
    }

    /// Logits `[images, output channels, height, width]` of images `[images, channels, height, width]`.
    ///
    /// # Errors
    /// If height or width is no multiple of [`UNet2dShape::size_divisor`], or memory is exhausted.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor, TchError> {
        let mut image = images.f_pixel_unshuffle(BLOCK)?;
        let mut skipped = Vec::with_capacity(self.up.len());
        for (depth, level) in self.down.iter().enumerate() {
            if depth > 0 {
                let finer = image;
                image = finer.f_max_pool2d(2, 2, 0, 1, false)?;
                skipped.push(finer);
            }
            image = level.forward(&image)?;
        }
        for (level, skip) in self.up.iter().zip(skipped).rev() {
            let size = &skip.size()[2..];
            let coarse = image.f_upsample_nearest2d(size, None, None)?;
            image = level.forward(&Tensor::f_cat(&[coarse, skip], 1)?)?;
        }
        self.output.forward(&image)?.f_pixel_shuffle(BLOCK)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use tch::{Device, Kind, nn::VarStore};

    const SHAPE: UNet2dShape =
        UNet2dShape { input_channels: 1, base_channels: 8, levels: 3, output_channels: 2 };

    #[test]
    fn keeps_the_size_of_the_image() {
        let _alone = crate::alone_with_the_generator();
        let store = VarStore::new(Device::Cpu);
        let network = UNet2d::new(&store.root(), &SHAPE).unwrap();
        let image = Tensor::zeros([2, 1, 24, 40], (Kind::Float, Device::Cpu));
        assert_eq!(network.forward(&image).unwrap().size(), [2, 2, 24, 40]);
    }

    #[test]
    fn refuses_sizes_that_do_not_divide() {
        let _alone = crate::alone_with_the_generator();
        let store = VarStore::new(Device::Cpu);
        let network = UNet2d::new(&store.root(), &SHAPE).unwrap();
        let image = Tensor::zeros([1, 1, 25, 40], (Kind::Float, Device::Cpu));
        assert!(network.forward(&image).is_err());
    }

    #[test]
    fn a_seed_fixes_the_first_weights() {
        let _alone = crate::alone_with_the_generator();
        let first_weights = |seed| {
            tch::manual_seed(seed);
            let store = VarStore::new(Device::Cpu);
            UNet2d::new(&store.root(), &SHAPE).unwrap();
            store.variables()["down.0.first.convolution.weight"].copy()
        };
        assert_eq!(first_weights(1), first_weights(1));
        assert_ne!(first_weights(1), first_weights(2));
    }

    #[test]
    fn shapes_that_cannot_be_are_refused_in_words() {
        for (shape, word) in [
            (UNet2dShape { levels: 0, ..SHAPE }, "levels"),
            (UNet2dShape { levels: 64, ..SHAPE }, "levels"),
            (UNet2dShape { base_channels: 0, ..SHAPE }, "base_channels"),
            (UNet2dShape { base_channels: 12, ..SHAPE }, "base_channels"),
            (UNet2dShape { output_channels: 0, ..SHAPE }, "output"),
        ] {
            assert!(shape.check().unwrap_err().contains(word), "{shape:?}");
        }
    }

    /// A bright spot must move the output around it: the levels are joined as drawn, with no shift.
    #[test]
    fn what_is_seen_stays_where_it_is() {
        let _alone = crate::alone_with_the_generator();
        tch::manual_seed(3);
        let store = VarStore::new(Device::Cpu);
        let network = UNet2d::new(&store.root(), &UNet2dShape { levels: 2, ..SHAPE }).unwrap();
        let image = Tensor::rand([1, 1, 64, 64], (Kind::Float, Device::Cpu));
        let mirrored = tch::no_grad(|| network.forward(&image.flip([3])).unwrap());
        assert_eq!(mirrored.size(), [1, 2, 64, 64]);
        let spotted = image.copy();
        let _ = spotted.narrow(2, 40, 2).narrow(3, 16, 2).fill_(8.0);
        let change =
            tch::no_grad(|| network.forward(&spotted).unwrap() - network.forward(&image).unwrap());
        let change = change.abs().sum_dim_intlist([1_i64].as_slice(), false, Kind::Float).squeeze();
        let near = change.narrow(0, 36, 10).narrow(1, 12, 10).mean(Kind::Float).double_value(&[]);
        let far = change.narrow(0, 0, 10).narrow(1, 50, 10).mean(Kind::Float).double_value(&[]);
        assert!(near > 3.0 * far, "near {near}, far {far}");
    }
}
