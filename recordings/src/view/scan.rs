//! Volumes of a scanner, and which structure each voxel belongs to: three slices of each, through the
//! middle until a tool is followed.

use messages::wire::Received;
use messages::{
    Frame, GreyWindow, IntensityVolume, LabelVolume, Modality, Patient, Preoperative, Structure,
};

use super::canvas::{CanvasError, place};
use super::colours;
use super::painter::{Painted, Painter};
use super::reslices::Cut;
use super::slices::{Slice, slices};
use super::vessel_tree::{frame, not_drawn};

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
    ) -> Result<(String, GreyWindow), CanvasError> {
        let base = format!("{}/{}", In::NAME, place(&received.envelope().stream));
        let slices = slices(volume.voxels.as_slice(), volume.size, &volume.frame_from_voxel, None);
        let Some(slices) = slices else {
            self.canvas.clear(&base)?;
            return Ok(("an empty volume".to_owned(), GreyWindow::SOFT_TISSUE));
        };
        let window = GreyWindow::usual(volume.modality, || {
            slices.iter().flat_map(|slice| &slice.pixels).copied().collect()
        });
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
        window: GreyWindow,
    ) -> Result<(), CanvasError> {
        for slice in slices {
            let grey: Vec<u8> = slice.pixels.iter().map(|&value| window.grey(value)).collect();
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
