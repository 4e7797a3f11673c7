//! Ultrasound images: flat, and where they lie in the patient.

use messages::wire::Received;
use messages::{LocatedImage, Placement, ReslicedImage, UltrasoundImage};
use nalgebra::Vector3;

use super::canvas::{CanvasError, place};
use super::painter::Painter;
use super::quad::{Quad, texture};
use super::words;

impl Painter {
    pub(super) fn ultrasound(
        &mut self,
        received: &Received,
        image: &UltrasoundImage,
    ) -> Result<Option<String>, CanvasError> {
        let entity = format!("images/{}", place(&received.envelope().stream));
        let pixels = image.pixels.as_bytes();
        let picture = rerun::Image::from_l8(pixels.to_vec(), [image.width_px, image.height_px]);
        self.canvas.draw(&entity, &picture, pixels.len())?;
        Ok(None)
    }

    /// The preoperative image in the plane of a live one.
    pub(super) fn resliced(
        &mut self,
        received: &Received,
        image: &ReslicedImage,
    ) -> Result<Option<String>, CanvasError> {
        let base = format!("images/{}", place(&received.envelope().stream));
        let size = [image.width_px, image.height_px];
        self.worth(&base, &image.guidance, size)?;
        if image.guidance.is_blank() {
            self.canvas.clear(&format!("{base}/now"))?;
        } else {
            let pixels = image.pixels.as_bytes();
            let picture = rerun::Image::from_l8(pixels.to_vec(), size);
            self.canvas.draw(&format!("{base}/now"), &picture, pixels.len())?;
        }
        Ok(Some(words::guidance(&image.guidance)))
    }

    pub(super) fn located(
        &mut self,
        received: &Received,
        image: &LocatedImage,
    ) -> Result<Option<String>, CanvasError> {
        let entity = format!("patient/{}/now", place(&received.envelope().stream));
        let (width, height) = (image.image.width_px, image.image.height_px);
        match &image.placement {
            Placement::Placed { patient_from_image, error_mm, .. } => {
                let (x, y) = (patient_from_image.axis(0), patient_from_image.axis(1));
                // The first pixel's centre is the origin: the picture starts half a pixel before.
                let corner: Vector3<f64> = patient_from_image.origin() - 0.5 * (x + y);
                let quad =
                    Quad { corner, across: x * f64::from(width), down: y * f64::from(height) };
                let pixels = image.image.pixels.as_slice();
                let (rgb, size) = texture(pixels, [width, height], self.style.texture_px);
                let bytes = rgb.len();
                self.mm_per_px = Some(0.5 * (x.norm() + y.norm()));
                self.canvas.draw(&entity, &quad.fan(rgb, size), bytes)?;
                Ok(error_mm.map(|error| format!("placed to {error:.2} mm")))
            }
            Placement::Unplaced { reason } => {
                self.canvas.clear(&entity)?;
                Ok(Some(format!("not placed: {reason}")))
            }
        }
    }
}
