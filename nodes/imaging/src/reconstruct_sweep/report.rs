//! What came of a reconstruction, for people and as JSON.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use crate::image_area::ImageArea;
use crate::reconstruct::settings::{Arithmetic, Compounding, Distribution};

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The sequence.
    pub sweep: PathBuf,
    /// The volume.
    pub output: PathBuf,
    /// The frame of the volume.
    pub reference_frame: String,
    /// The frame of the pixels.
    pub image_frame: String,
    /// Images of the sequence.
    pub images: usize,
    /// Those in the volume.
    pub pasted: usize,
    /// Those left out because a tool was not seen.
    pub hidden: usize,
    /// Those left out because there is no image in their frame.
    pub without_image: usize,
    /// Those left out by the device set's `SkipInterval`.
    pub skipped: usize,
    /// Those left out because no angle of the fan is lit in them.
    pub dark: usize,
    /// The part of the images that was found to be ultrasound, if it was looked for.
    pub image_area: Option<ImageArea>,
    /// How pixels were given to voxels.
    pub interpolation: Distribution,
    /// What voxels made of them.
    pub compounding: Compounding,
    /// With which arithmetic.
    pub arithmetic: Arithmetic,
    /// Voxels along x, y and z.
    pub size: [u32; 3],
    /// Distance of voxel centres, millimetres.
    pub spacing_mm: [f64; 3],
    /// The centre of the first voxel in the reference frame, millimetres.
    pub origin_mm: [f64; 3],
    /// Voxels that an image met.
    pub voxels_met: usize,
    /// Voxels that were filled.
    pub voxels_filled: usize,
    /// Threads that pasted.
    pub threads: u8,
    /// Time for reading and pasting all images.
    pub seconds: f64,
    /// Of that, time in which images were pasted.
    pub pasting_seconds: f64,
    /// Images pasted a second, reading included.
    pub images_per_second: f64,
    /// The most memory that was used until the volume was made, MiB, if the system tells.
    pub peak_memory_mib: Option<f64>,
    /// What the device set asks for and was not done.
    pub remarks: Vec<String>,
}

impl Report {
    /// Some lines for people.
    pub fn text(&self) -> String {
        let Self { size: [x, y, z], spacing_mm: [dx, dy, dz], .. } = self;
        let mut text = format!(
            "{}\n  {} of {} images of {}\n",
            self.output.display(),
            self.pasted,
            self.images,
            self.sweep.display()
        );
        for (count, why) in [
            (self.hidden, "a tool was not seen"),
            (self.without_image, "there is no image"),
            (self.skipped, "the device set skips them"),
            (self.dark, "no angle of the fan is lit"),
        ] {
            if count > 0 {
                let _ = writeln!(text, "  {count} left out: {why}");
            }
        }
        if let Some(area) = &self.image_area {
            let _ = writeln!(text, "  {}", area.text().replace('\n', "\n  "));
        }
        let _ = writeln!(
            text,
            "  {x}×{y}×{z} voxels of {dx}×{dy}×{dz} mm, from {:?} mm on in the frame {}",
            self.origin_mm, self.reference_frame
        );
        let voxels: f64 = self.size.iter().map(|size| f64::from(*size)).product();
        let share = |count: usize| 100.0 * count as f64 / voxels;
        let _ = writeln!(
            text,
            "  {:.1} % of them met by images, {:.1} % filled",
            share(self.voxels_met),
            share(self.voxels_filled)
        );
        let word = |word: &dyn std::fmt::Debug| format!("{word:?}").to_lowercase();
        let _ = writeln!(
            text,
            "  {}, {}, {} arithmetic; {:.2} s, {:.0} images/s on {} threads{}",
            word(&self.interpolation),
            word(&self.compounding),
            word(&self.arithmetic),
            self.seconds,
            self.images_per_second,
            self.threads,
            self.peak_memory_mib.map_or(String::new(), |mib| format!(", {mib:.0} MiB of memory"))
        );
        for remark in &self.remarks {
            let _ = writeln!(text, "  note: {remark}");
        }
        text
    }
}
