//! A complete series as a message: its numbers, its place in the patient, and the instant when it was acquired.

use std::time::Duration;

use formats::dicom::{File, Instant, Series};
use messages::transform::NotRigid;
use messages::{Affine, IntensityVolume, Patient, Timestamp, Transform};
use nalgebra::Matrix4;
use runtime::log;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Parameters;
use crate::preoperative::ScannerKind;

/// A scan is no older than this when its last byte comes: what says that it is, is of another day or another clock.
const OLDEST: Duration = Duration::from_hours(1);

/// The clock on which a scanner writes when it acquired an image.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScannerClock {
    /// How far it is ahead of this machine's clock, in seconds; negative if it is behind.
    #[serde(default)]
    pub ahead_s: f64,
    /// How far its time zone is ahead of UTC, in minutes, for images that do not say so.
    #[serde(default)]
    #[schemars(range(min = -840, max = 840))]
    pub zone_minutes: i32,
}

/// `patient_from_scanner` is no place.
#[derive(Debug, thiserror::Error)]
#[error("`patient_from_scanner` must be the first three rows of a rigid matrix: {0}")]
pub struct NoPlace(#[from] NotRigid);

/// How volumes are placed in the patient and in time.
pub struct Placing {
    modality: ScannerKind,
    patient_from_scanner: Matrix4<f64>,
    clock: Option<ScannerClock>,
}

/// Coordinates of the scanner, within this file.
#[derive(Clone, Copy, Debug)]
enum Scanner {}
impl messages::Frame for Scanner {
    const NAME: &'static str = "scanner";
}

impl Placing {
    /// As the parameters say.
    ///
    /// # Errors
    /// If the scanner's place is no rigid motion.
    pub fn new(parameters: &Parameters) -> Result<Self, NoPlace> {
        let mut matrix = Matrix4::identity();
        for (row, numbers) in parameters.patient_from_scanner.iter().flatten().enumerate() {
            for (column, number) in numbers.iter().enumerate() {
                matrix[(row, column)] = *number;
            }
        }
        Transform::<Patient, Scanner>::from_matrix(&matrix)?;
        Ok(Self {
            modality: parameters.modality,
            patient_from_scanner: matrix,
            clock: parameters.scanner_clock,
        })
    }

    /// The volume of a series whose last byte came at an instant, and when it was acquired.
    ///
    /// # Errors
    /// If its images make no volume, as a sentence.
    pub fn volume(
        &self,
        files: Vec<File>,
        last_byte: Timestamp,
    ) -> Result<(Timestamp, IntensityVolume<Patient>), String> {
        let told = files.iter().filter_map(|file| file.told().acquired).max();
        let acquired_at = self.acquired_at(told, last_byte);
        let series = Series::assemble(files)
            .map_err(|error| format!("a series makes no volume: {error}"))?;
        if series.is_lossy {
            log::warn(
                "compression has changed the values of these images: let the scanner send them without loss",
            );
        }
        let dims = series.volume.dims;
        let [Ok(x), Ok(y), Ok(z)] = dims.map(u32::try_from) else {
            return Err(format!("a series has {dims:?} voxels, more than a message can name"));
        };
        let matrix = self.patient_from_scanner * series.volume.lps_from_voxel;
        let frame_from_voxel = Affine::from_matrix(&matrix)
            .map_err(|error| format!("a series has no place: {error}"))?;
        let voxels = series.volume.into_intensities();
        let voxels = voxels.map_err(|error| format!("a series makes no volume: {error}"))?.into();
        let modality = self.modality.into();
        Ok((acquired_at, IntensityVolume { size: [x, y, z], frame_from_voxel, modality, voxels }))
    }

    /// When a scan was made, by the scanner's clock if that is known and told, else when its last byte came.
    fn acquired_at(&self, told: Option<Instant>, last_byte: Timestamp) -> Timestamp {
        let Some((clock, told)) = self.clock.zip(told) else { return last_byte };
        let zone = i64::from(told.zone_minutes.unwrap_or(clock.zone_minutes));
        let ahead_ns = (clock.ahead_s * 1e9) as i64;
        let at = told.wall_ns.saturating_sub(zone * 60_000_000_000).saturating_sub(ahead_ns);
        let at = Timestamp(at);
        if at <= last_byte && last_byte.since(at) <= OLDEST {
            return at;
        }
        log::warn(
            "the images say that they were acquired after they came, or more than an hour before: `scanner_clock` is wrong, or they are of another scan; taken is when their last byte came",
        );
        last_byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placing(clock: Option<ScannerClock>) -> Placing {
        Placing {
            modality: ScannerKind::ConeBeamCt,
            patient_from_scanner: Matrix4::identity(),
            clock,
        }
    }

    #[test]
    fn a_scan_is_as_old_as_the_scanners_clock_says_within_reason() {
        let came = Timestamp(1_709_214_307_000_000_000);
        let minutes = |count: i64| count * 60_000_000_000;
        // An hour ahead of UTC, and two minutes ahead of that.
        let wall_ns = came.0 + minutes(60 + 2 - 5);
        let told = |zone_minutes| Some(Instant { wall_ns, zone_minutes });
        let clock = |zone_minutes| Some(ScannerClock { ahead_s: 120.0, zone_minutes });
        let scan = Timestamp(came.0 - minutes(5));
        assert_eq!(placing(clock(60)).acquired_at(told(None), came), scan);
        assert_eq!(placing(clock(0)).acquired_at(told(Some(60)), came), scan);
        assert_eq!(placing(None).acquired_at(told(Some(60)), came), came);
        assert_eq!(placing(clock(60)).acquired_at(None, came), came);
        // Taken for UTC it would be in the future, and for another zone hours ago.
        assert_eq!(placing(clock(0)).acquired_at(told(None), came), came);
        assert_eq!(placing(clock(180)).acquired_at(told(None), came), came);
    }
}
