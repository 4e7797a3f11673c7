//! The contradictions that a well-formed card may still hold.

use super::{Architecture, Card, Decision, Format, Intensity};
use crate::unet::UNet2dShape;

impl Card {
    /// The contradictions that the types allow, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.name.trim().is_empty() {
            return Err("`name` is empty; give the model a name".into());
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!(
                "`sha256` must be 64 hexadecimal digits, but `{}` came; `sha256sum` prints them",
                self.sha256
            ));
        }
        if self.file.as_os_str().is_empty() {
            return Err("`file` is empty; name the file of weights, relative to the card".into());
        }
        let input = &self.input;
        if !(1..=15).contains(&input.channels) || input.channels.is_multiple_of(2) {
            return Err(format!(
                "`input.channels` must be 1 (grey) or an odd number of slices up to 15, but {} came",
                input.channels
            ));
        }
        if let Intensity::Window { low, high } = input.intensity
            && !(low.is_finite() && high.is_finite() && low < high)
        {
            return Err(format!(
                "`input.intensity.window` must rise from `low` to `high`, but {low} and {high} came"
            ));
        }
        if !(1..=1024).contains(&input.size_divisor) {
            return Err(format!(
                "`input.size_divisor` must be 1 to 1024, but {} came",
                input.size_divisor
            ));
        }
        if let Some(spacing) =
            input.spacing_mm.filter(|spacing| !(spacing.is_finite() && *spacing > 0.0))
        {
            return Err(format!(
                "`input.spacing_mm` must be a length above 0 mm, but {spacing} came"
            ));
        }
        let classes = &self.output.classes;
        if !(2..=256).contains(&classes.len()) {
            return Err(format!(
                "`output.classes` must name 2 to 256 classes, background first, but {} came",
                classes.len()
            ));
        }
        if let Decision::Threshold(probability) = self.output.decision
            && !(probability > 0.0 && probability < 1.0)
        {
            return Err(format!(
                "`output.decision.threshold` must lie between 0 and 1, but {probability} came"
            ));
        }
        match (self.format, &self.architecture) {
            (Format::Safetensors, None) => {
                Err("`format` is safetensors, but `architecture` is missing; name the network of the weights".into())
            }
            (Format::Torchscript, Some(_)) => {
                Err("`format` is torchscript, which brings its own network; take `architecture` out".into())
            }
            (Format::Torchscript, None) => Ok(()),
            (Format::Safetensors, Some(Architecture::Unet2d(shape))) => self.check_unet(shape),
        }
    }

    fn check_unet(&self, shape: &UNet2dShape) -> Result<(), String> {
        shape.check()?;
        let divisor = shape.size_divisor();
        if !self.input.size_divisor.is_multiple_of(divisor) {
            return Err(format!(
                "`input.size_divisor` is {}, but this network needs a multiple of {divisor}",
                self.input.size_divisor
            ));
        }
        if shape.input_channels != self.input.channels {
            return Err(format!(
                "`architecture.input_channels` is {}, but `input.channels` is {}",
                shape.input_channels, self.input.channels
            ));
        }
        let channels = self.output.channels();
        if shape.output_channels != channels {
            return Err(format!(
                "`architecture.output_channels` is {}, but the classes and the decision need {channels}",
                shape.output_channels
            ));
        }
        Ok(())
    }
}
