//! A volume that grows while images come, given out now and then: what the reconstructing nodes share.

use formats::plus_config::HoleFilling;
use messages::{Health, Placement, Timestamp, Volume};
use runtime::Context;

use crate::importance_file;
use crate::reconstruct::settings::{Invalid, Settings};
use crate::reconstruct::{NoVolume, PixelImportance, Reconstruction, Refused};

/// How the volume grows and when it is given out.
#[derive(Clone, Debug)]
pub struct Growth {
    /// The volume: its voxels, how images are pasted, what of an image is used.
    pub volume: Settings,
    /// The volume is published with the first image that was acquired this long after the one it was
    /// published with before, in milliseconds, and once more at the end.
    pub publish_every_ms: u32,
}

/// A volume each second.
pub(crate) fn publish_every_ms() -> u32 {
    1000
}

/// Why there is no volume, or an image is not in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting makes no sense.
    #[error(transparent)]
    Settings(#[from] Invalid),
    /// The image cannot be pasted.
    #[error(transparent)]
    Image(#[from] Refused),
    /// The volume cannot be given.
    #[error(transparent)]
    Volume(#[from] NoVolume),
    /// The picture of importance cannot be used.
    #[error(transparent)]
    Importance(#[from] importance_file::Error),
}

/// A volume that grows while images come.
pub struct GrowingVolume {
    settings: Settings,
    importance: Option<PixelImportance>,
    ways_to_fill: Vec<HoleFilling>,
    reconstruction: Reconstruction,
    publish_every_ns: i64,
    published_at: Option<Timestamp>,
    /// When the last image in it was acquired, if it has not been published since.
    pasted_at: Option<Timestamp>,
}

impl GrowingVolume {
    /// An empty volume.
    ///
    /// # Errors
    /// If a setting makes no sense.
    pub fn new(growth: Growth) -> Result<Self, Error> {
        Ok(Self {
            settings: growth.volume.clone(),
            importance: None,
            ways_to_fill: Vec::new(),
            reconstruction: Reconstruction::new(growth.volume)?,
            publish_every_ns: i64::from(growth.publish_every_ms) * 1_000_000,
            published_at: None,
            pasted_at: None,
        })
    }

    /// Pixels have this importance, for compounding by it.
    pub fn set_importance(&mut self, importance: PixelImportance) {
        self.reconstruction.set_importance(importance.clone());
        self.importance = Some(importance);
    }

    /// What is given out has its holes filled by the first of `ways` that succeeds.
    pub fn set_ways_to_fill(&mut self, ways: Vec<HoleFilling>) {
        self.ways_to_fill = ways;
    }

    /// Forgets all images; the next ones begin another volume.
    ///
    /// # Errors
    /// None for settings that made this volume.
    pub fn forget(&mut self) -> Result<(), Error> {
        self.reconstruction = Reconstruction::new(self.settings.clone())?;
        if let Some(importance) = &self.importance {
            self.reconstruction.set_importance(importance.clone());
        }
        self.published_at = None;
        self.pasted_at = None;
        Ok(())
    }

    /// Pastes an image of `(width, height)` pixels if it has a place, and publishes the volume as `output`
    /// if it is due.
    ///
    /// # Errors
    /// If the image cannot be pasted or the volume not be given.
    pub fn paste<Output>(
        &mut self,
        acquired_at: Timestamp,
        pixels: &[u8],
        (width_px, height_px): (u32, u32),
        placement: &Placement,
        context: &mut Context<Output>,
        output: impl FnOnce(Volume) -> Output,
    ) -> Result<(), Error> {
        let Placement::Placed { patient_from_image, .. } = placement else {
            context.report(Health::Degraded {
                reason: "images come without a place and are left out".to_owned(),
            });
            return Ok(());
        };
        context.report(Health::Healthy);
        let (width, height) = (width_px as usize, height_px as usize);
        self.reconstruction.insert(pixels, width, height, patient_from_image)?;
        self.pasted_at = Some(acquired_at);
        let last = *self.published_at.get_or_insert(acquired_at);
        if acquired_at.0 - last.0 < self.publish_every_ns {
            return Ok(());
        }
        self.published_at = Some(acquired_at);
        self.publish(context, output)
    }

    /// Publishes the volume as `output` if anything was pasted since that was done last.
    ///
    /// # Errors
    /// If the volume cannot be given.
    pub fn publish<Output>(
        &mut self,
        context: &mut Context<Output>,
        output: impl FnOnce(Volume) -> Output,
    ) -> Result<(), Error> {
        if let Some(acquired_at) = self.pasted_at.take() {
            let volume = if self.ways_to_fill.is_empty() {
                self.reconstruction.volume()?
            } else {
                self.reconstruction.filled_volume(&self.ways_to_fill)?.volume
            };
            context.publish(acquired_at, output(volume));
        }
        Ok(())
    }
}
