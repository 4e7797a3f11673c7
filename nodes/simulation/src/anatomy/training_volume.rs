//! CT and cone-beam CT of many kinds, with the structure of each voxel: volumes to train on.

use nalgebra::Vector3;
use rand::RngExt;

use crate::anatomy::Anatomy;
use crate::anatomy::composite::composite;
use crate::anatomy::filter::{blur, grainy_noise};
use crate::anatomy::grid::{Grid, InvalidGrid};
use crate::anatomy::images::{Phase, attenuation_hu, cone_beam_volume};
use crate::anatomy::labels::{Label, label_volume};
use crate::anatomy::structure::{StructureKind, Tissue};
use crate::devices::preoperative::field_of_view;
use crate::randomness::{Purpose, jitter, stream, within};

/// Turns a seed into that of the ways in which the volume was taken.
const TAKING: u64 = 0x5441_4b49_4e47;

/// Which scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Diagnostic CT.
    Ct,
    /// Cone-beam CT of a C-arm.
    ConeBeam,
}

/// A volume with its truth.
#[derive(Clone, Debug)]
pub struct TrainingVolume {
    /// The lattice, along the axes of the frame `Patient`.
    pub grid: Grid,
    /// HU; x runs fastest, then y, then z.
    pub intensities: Vec<i16>,
    /// Row of `table` plus one, or 0, in the same order.
    pub labels: Vec<u8>,
    /// What the labels mean.
    pub table: Vec<Label>,
}

/// A volume of cubic voxels of `spacing_mm`, wholly determined by the arguments but `threads`.
///
/// The moment after the injection lies about the portal venous phase, in one volume of four nearer to the
/// arterial one; dose, enhancement, noise and sharpness vary, and where the voxels lie.
///
/// # Errors
/// When the spacing is not usable.
pub fn training_volume(
    anatomy: &Anatomy,
    scan: Scan,
    spacing_mm: f64,
    seed: u64,
    threads: usize,
) -> Result<TrainingVolume, InvalidGrid> {
    let mut rng = stream(seed ^ TAKING, Purpose::Training, anatomy.seed());
    let bounds = field_of_view(anatomy);
    let grid = Grid::around(&bounds, spacing_mm)?;
    let shift: Vector3<f64> = jitter(0.5 * spacing_mm, &mut rng);
    let grid = Grid::new(grid.size(), grid.spacing_mm(), grid.origin() + shift)?;
    let enhancement = within((0.75, 1.3), &mut rng) as f32;
    let intensities = match scan {
        Scan::Ct => {
            // 0 is arterial, 1 portal venous; a little later is much alike.
            let moment =
                if rng.random_bool(0.25) { within((0.5, 0.9), &mut rng) } else { 1.0 } as f32;
            let own: Vec<f32> =
                StructureKind::ALL.iter().map(|_| within((-5.0, 5.0), &mut rng) as f32).collect();
            let paint = |tissue: Tissue| {
                let own = match tissue {
                    Tissue::Structure(kind) => own[kind as usize],
                    _ => 0.0,
                };
                let [plain, arterial, venous] =
                    [Phase::Plain, Phase::Arterial, Phase::PortalVenous]
                        .map(|phase| attenuation_hu(tissue, phase));
                let enhanced = arterial + moment * (venous - arterial);
                plain + enhancement * (enhanced - plain) + own
            };
            let mut values = composite(anatomy, &grid, &paint, threads);
            let sharpness = within((0.45, 0.8), &mut rng);
            blur(&mut values, &grid, [sharpness, sharpness, 1.2 * sharpness], threads);
            let noise = grainy_noise(
                &grid,
                within((0.7, 1.1), &mut rng),
                seed,
                Purpose::ComputedTomography,
                threads,
            );
            let strength = within((8.0, 20.0), &mut rng) as f32;
            let voxel = |(value, noise): (&f32, &f32)| {
                (value + strength * noise).round().clamp(-1024.0, 3071.0) as i16
            };
            values.iter().zip(&noise).map(voxel).collect()
        }
        Scan::ConeBeam => {
            let radius_mm = within((85.0, 130.0), &mut rng);
            let values =
                cone_beam_volume(anatomy, &grid, Phase::PortalVenous, radius_mm, seed, threads);
            let plain = 50.0;
            // What is brighter than tissue without contrast agent is so by its enhancement.
            let voxel = |value: i16| {
                let value = f32::from(value);
                let more = if value > plain { (value - plain) * (enhancement - 1.0) } else { 0.0 };
                (value + more).round().clamp(-1024.0, 3071.0) as i16
            };
            values.into_iter().map(voxel).collect()
        }
    };
    let truth = label_volume(anatomy, &grid, threads);
    Ok(TrainingVolume { grid, intensities, labels: truth.values, table: truth.table })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::Region;
    use crate::anatomy::family::Family;

    #[test]
    fn vessels_are_brighter_than_the_liver_in_both_kinds_and_no_two_are_alike() {
        let anatomy = Anatomy::new(Region::Abdomen, 2, Family::Slender).unwrap();
        let mut all = Vec::new();
        for (scan, seed) in [(Scan::Ct, 1), (Scan::Ct, 2), (Scan::ConeBeam, 1)] {
            let volume = training_volume(&anatomy, scan, 4.0, seed, 2).unwrap();
            assert_eq!(volume.intensities.len(), volume.grid.count());
            assert_eq!(volume.labels.len(), volume.grid.count());
            let mean = |name: &str| {
                let label = volume.table.iter().find(|row| row.name == name).unwrap().value;
                let values: Vec<f64> = volume
                    .intensities
                    .iter()
                    .zip(&volume.labels)
                    .filter(|(value, l)| **l == label && **value > -900)
                    .map(|(value, _)| f64::from(*value))
                    .collect();
                values.iter().sum::<f64>() / values.len() as f64
            };
            let (liver, portal) = (mean("liver"), mean("portal_vein"));
            assert!(portal > liver + 10.0, "{scan:?}: {portal} HU in a liver of {liver} HU");
            let again = training_volume(&anatomy, scan, 4.0, seed, 1).unwrap();
            assert_eq!(again.intensities, volume.intensities);
            all.push(volume.intensities);
        }
        assert!(all[0] != all[1] && all[0] != all[2]);
    }
}
