//! Volumes of a scanner, and which structure each voxel belongs to: three slices of each, through the
//! middle until a tool is followed.

use messages::wire::Received;
use messages::{Frame, IntensityVolume, LabelVolume, Modality, Patient, Preoperative, Structure};

use super::canvas::{CanvasError, place};
use super::colours;
use super::painter::{Painted, Painter};
use super::reslices::Cut;
use super::slices::{Slice, slices};
use super::vessel_tree::{frame, not_drawn};

/// Hounsfield units that are drawn black and white: the usual window for soft tissue.
const SOFT_TISSUE_HU: [i16; 2] = [-160, 240];
/// Of magnetic resonance, whose units are arbitrary, so many per thousand are darker than black and
/// brighter than white.
const CLIPPED_PER_MILLE: usize = 10;

/// Opacity of labels: the image must be seen through them.
const LABELS: f32 = 0.45;

impl Painter {
    /// Draws the slices of a volume of intensities.
    pub(super) fn intensity_volume(&mut self, received: &Received) -> Result<Painted, CanvasError> {
        match frame(received) {
            Some(Preoperative::NAME) => match received.decode::<IntensityVolume<Preoperative>>() {
                Ok(volume) => {
                    let (said, window) = self.intensities(received, &volume.value)?;
                    self.keep_scan(received, Cut::Grey(volume.value, window));
                    Ok(Ok(Some(said)))
                }
                Err(error) => Ok(Err(error)),
            },
            Some(Patient::NAME) => match received.decode::<IntensityVolume<Patient>>() {
                Ok(volume) => Ok(Ok(Some(self.intensities(received, &volume.value)?.0))),
                Err(error) => Ok(Err(error)),
            },
            other => Ok(Ok(Some(not_drawn(other)))),
        }
    }

    /// Draws the slices of a volume of labels.
    pub(super) fn label_volume(&mut self, received: &Received) -> Result<Painted, CanvasError> {
        match frame(received) {
            Some(Preoperative::NAME) => match received.decode::<LabelVolume<Preoperative>>() {
                Ok(volume) => {
                    let said = self.labels(received, &volume.value)?;
                    self.keep_scan(received, Cut::Labels(volume.value));
                    Ok(Ok(Some(said)))
                }
                Err(error) => Ok(Err(error)),
            },
            Some(Patient::NAME) => match received.decode::<LabelVolume<Patient>>() {
                Ok(volume) => Ok(Ok(Some(self.labels(received, &volume.value)?))),
                Err(error) => Ok(Err(error)),
            },
            other => Ok(Ok(Some(not_drawn(other)))),
        }
    }

    /// What is said of it, and which intensities are drawn black and white.
    fn intensities<In: Frame>(
        &mut self,
        received: &Received,
        volume: &IntensityVolume<In>,
    ) -> Result<(String, [i16; 2]), CanvasError> {
        let base = format!("{}/{}", In::NAME, place(&received.envelope().stream));
        let slices = slices(volume.voxels.as_slice(), volume.size, &volume.frame_from_voxel, None);
        let Some(slices) = slices else {
            self.canvas.clear(&base)?;
            return Ok(("an empty volume".to_owned(), SOFT_TISSUE_HU));
        };
        let window = window(volume.modality, &slices);
        self.grey_slices(&base, slices, window)?;
        let modality = match volume.modality {
            Modality::Ct => "CT",
            Modality::Mr => "MR",
            Modality::ConeBeamCt => "cone-beam CT",
        };
        let [x, y, z] = volume.size;
        Ok((format!("{modality} of {x}×{y}×{z} voxels"), window))
    }

    pub(super) fn grey_slices(
        &mut self,
        base: &str,
        slices: [Slice<i16>; 3],
        window: [i16; 2],
    ) -> Result<(), CanvasError> {
        for slice in slices {
            let grey: Vec<u8> = slice.pixels.iter().map(|&value| grey(value, window)).collect();
            let bytes = grey.len();
            let image = rerun::Image::from_l8(grey, slice.size_px);
            self.canvas.draw(&format!("{base}/{}", slice.name), &image, bytes)?;
        }
        Ok(())
    }

    fn labels<In: Frame>(
        &mut self,
        received: &Received,
        volume: &LabelVolume<In>,
    ) -> Result<String, CanvasError> {
        let base = format!("{}/{}", In::NAME, place(&received.envelope().stream));
        let slices = slices(volume.labels.as_slice(), volume.size, &volume.frame_from_voxel, None);
        let Some(slices) = slices else {
            self.canvas.clear(&base)?;
            return Ok("an empty volume".to_owned());
        };
        let names = volume.structures.iter().map(|structure| structure.name.len() + 16).sum();
        self.canvas.draw(&base, &annotations(&volume.structures), names)?;
        self.label_slices(&base, slices)?;
        let [x, y, z] = volume.size;
        Ok(format!("{x}×{y}×{z} labels of {} structures", volume.structures.len()))
    }

    pub(super) fn label_slices(
        &mut self,
        base: &str,
        slices: [Slice<u8>; 3],
    ) -> Result<(), CanvasError> {
        for slice in slices {
            let format = rerun::datatypes::ImageFormat::segmentation(
                slice.size_px,
                rerun::ChannelDatatype::U8,
            );
            let bytes = slice.pixels.len();
            let image =
                rerun::SegmentationImage::new(slice.pixels, rerun::components::ImageFormat(format))
                    .with_opacity(LABELS);
            self.canvas.draw(&format!("{base}/{}", slice.name), &image, bytes)?;
        }
        Ok(())
    }
}

/// Names and colours of the labels; 0 is none of them.
fn annotations(structures: &[Structure]) -> rerun::AnnotationContext {
    let clear = rerun::Rgba32::from_unmultiplied_rgba(0, 0, 0, 0);
    let none = rerun::ClassDescription::from((0, "none", clear));
    let classes = (1u16..).zip(structures).map(|(label, structure)| {
        let [r, g, b] = colours::structure(structure);
        let colour = rerun::Rgba32::from_unmultiplied_rgba(r, g, b, 255);
        rerun::ClassDescription::from((label, structure.name.as_str(), colour))
    });
    rerun::AnnotationContext::new(std::iter::once(none).chain(classes))
}

/// The intensities that are drawn black and white.
fn window(modality: Modality, slices: &[Slice<i16>]) -> [i16; 2] {
    if modality != Modality::Mr {
        return SOFT_TISSUE_HU;
    }
    let mut values: Vec<i16> = slices.iter().flat_map(|slice| &slice.pixels).copied().collect();
    values.sort_unstable();
    let clipped = values.len() * CLIPPED_PER_MILLE / 1000;
    let low = values.get(clipped).copied().unwrap_or(0);
    let high = values.iter().rev().nth(clipped).copied().unwrap_or(0);
    [low, high]
}

fn grey(value: i16, [black, white]: [i16; 2]) -> u8 {
    let width = (f64::from(white) - f64::from(black)).max(1.0);
    // A cast keeps within 0 and 255.
    (255.0 * (f64::from(value) - f64::from(black)) / width).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_tissue_fills_the_greys_of_a_ct() {
        let window = window(Modality::Ct, &[]);
        let greys = [-1000, -160, 40, 240, 3000].map(|hu| grey(hu, window));
        assert_eq!(greys, [0, 0, 128, 255, 255]);
    }

    #[test]
    fn a_bright_spot_does_not_darken_an_mr() {
        let mut pixels: Vec<i16> = (0..1000).collect();
        pixels[999] = i16::MAX;
        let slice = Slice { name: "axial", size_px: [1000, 1], pixels, through_px: [0.0; 2] };
        assert_eq!(window(Modality::Mr, &[slice]), [10, 989]);
    }

    #[test]
    fn the_widest_and_the_narrowest_windows_are_greys_too() {
        assert_eq!(grey(i16::MAX, [i16::MIN, i16::MAX]), 255);
        assert_eq!([4, 5, 6].map(|value| grey(value, [5, 5])), [0, 0, 255]);
    }
}
