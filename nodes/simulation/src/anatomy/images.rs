//! Volume images of a patient as scanners would show them: CT, MR and cone-beam CT.
//!
//! All are pure functions of the anatomy, the lattice and a seed; the number of threads does not
//! change a voxel.

use std::f64::consts::TAU;

use nalgebra::Point3;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::anatomy::Anatomy;
use crate::anatomy::composite::composite;
use crate::anatomy::filter::{blur, grainy_noise, white_noise};
use crate::anatomy::grid::{Grid, in_bands};
use crate::anatomy::implicit::Waves;
use crate::anatomy::structure::{StructureKind, Tissue};
use crate::randomness::{Purpose, stream, within};

/// When after the injection of contrast agent a CT is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Without contrast agent.
    Plain,
    /// About 30 s after the injection: arteries shine, the portal vein begins to.
    Arterial,
    /// About 70 s after: portal and hepatic veins shine, the liver is brightest.
    PortalVenous,
}

/// Mean attenuation of a tissue, HU.
///
/// Plain: liver 50 to 65, spleen 10 less, blood 40, fat −100 (W. A. Kalender,
/// "Computed Tomography", 2011). Arterial: aorta 300, portal vein 130; portal venous:
/// aorta 150, portal vein 180, hepatic veins 170, liver 110 (K. T. Bae, "Intravenous contrast medium
/// administration and scan timing at CT", Radiology 256, 2010). Tumours as hypovascular metastases.
pub fn attenuation_hu(tissue: Tissue, phase: Phase) -> f32 {
    use StructureKind as Kind;
    let by_phase = |plain: f32, arterial: f32, venous: f32| match phase {
        Phase::Plain => plain,
        Phase::Arterial => arterial,
        Phase::PortalVenous => venous,
    };
    match tissue {
        Tissue::Air => -1000.0,
        Tissue::Skin => 20.0,
        Tissue::Fat => -100.0,
        Tissue::WallMuscle => by_phase(52.0, 58.0, 65.0),
        // Fat and bowel side by side.
        Tissue::Viscera => by_phase(-60.0, -58.0, -55.0),
        Tissue::Structure(kind) => match kind {
            Kind::Liver => by_phase(58.0, 70.0, 110.0),
            Kind::Spleen => by_phase(48.0, 110.0, 120.0),
            Kind::Kidney => by_phase(32.0, 140.0, 190.0),
            Kind::Muscle => by_phase(52.0, 58.0, 65.0),
            Kind::Bladder | Kind::Cavity => 5.0,
            Kind::Gallbladder => 10.0,
            Kind::Bone => by_phase(450.0, 450.0, 455.0),
            Kind::Gas => -950.0,
            Kind::Tumour => by_phase(42.0, 55.0, 65.0),
            Kind::LymphNode => by_phase(35.0, 60.0, 85.0),
            Kind::Nerve => 25.0,
            Kind::Ureter => by_phase(15.0, 20.0, 30.0),
            Kind::Vein => by_phase(40.0, 75.0, 130.0),
            Kind::HepaticVein => by_phase(40.0, 50.0, 170.0),
            Kind::PortalVein => by_phase(40.0, 130.0, 180.0),
            Kind::Artery => by_phase(42.0, 300.0, 150.0),
        },
    }
}

/// A diagnostic CT in HU, one value for each voxel of `grid` (x fastest, then y, then z).
///
/// Point spread of 0.55 mm standard deviation, as of a soft kernel, and noise of 12 HU with the grain
/// of filtered back-projection.
pub fn ct_volume(
    anatomy: &Anatomy,
    grid: &Grid,
    phase: Phase,
    seed: u64,
    threads: usize,
) -> Vec<i16> {
    let mut values = composite(anatomy, grid, &|t| attenuation_hu(t, phase), threads);
    blur(&mut values, grid, [0.55, 0.55, 0.65], threads);
    let noise = grainy_noise(grid, 0.9, seed, Purpose::ComputedTomography, threads);
    to_hounsfield(&values, |index, value| value + 12.0 * noise[index])
}

/// A cone-beam CT in HU as of a C-arm: outside the cylinder of `radius_mm` around the lattice's
/// middle it is air; inside there are cupping, streaks and three times the noise of a CT.
///
/// Scatter makes the middle darker by `cupping` (J. H. Siewerdsen, D. A. Jaffray, "Cone-beam computed
/// tomography with a flat-panel imager: magnitude and effects of x-ray scatter", Med. Phys. 28, 2001);
/// few projections leave fan-shaped streaks.
pub fn cone_beam_volume(
    anatomy: &Anatomy,
    grid: &Grid,
    phase: Phase,
    radius_mm: f64,
    seed: u64,
    threads: usize,
) -> Vec<i16> {
    let mut values = composite(anatomy, grid, &|t| attenuation_hu(t, phase), threads);
    blur(&mut values, grid, [0.8; 3], threads);
    with_artefacts(values, grid, radius_mm, seed, threads)
}

/// What a cone beam makes of the true attenuation on a lattice.
pub(crate) fn with_artefacts(
    mut values: Vec<f32>,
    grid: &Grid,
    radius_mm: f64,
    seed: u64,
    threads: usize,
) -> Vec<i16> {
    let noise = grainy_noise(grid, 0.8, seed, Purpose::ConeBeam, threads);
    let [nx, ny, nz] = grid.size();
    let middle = nalgebra::center(&grid.origin(), &grid.centre(nx - 1, ny - 1, nz - 1));
    let mut rng = stream(seed, Purpose::ConeBeam, u64::MAX);
    let streaks: Vec<(f64, f64, f64)> = (0..10)
        .map(|_| {
            (
                within((40.0, 160.0), &mut rng).round(),
                within((0.0, TAU), &mut rng),
                within((2.0, 5.0), &mut rng),
            )
        })
        .collect();
    let shading = Waves::new(4, (120.0, 260.0), 25.0, &mut rng);
    in_bands(grid, &mut values, threads, |first, band| {
        for (index, value) in band.iter_mut().enumerate() {
            let point = grid.centre(index % nx, index / nx % ny, first + index / (nx * ny));
            let off = point - middle;
            let (radius, angle) = (off.x.hypot(off.y), off.y.atan2(off.x));
            if radius > radius_mm {
                *value = f32::NEG_INFINITY;
                continue;
            }
            let cupping = -70.0 * (1.0 - (radius / radius_mm).powi(2));
            let fan: f64 = streaks
                .iter()
                .map(|(spokes, phase, height)| {
                    height
                        * (spokes * angle + phase + 0.02 * off.z).sin()
                        * (radius / 30.0).min(1.0)
                })
                .sum();
            *value += (cupping + shading.value(&point) + fan) as f32;
        }
    });
    to_hounsfield(&values, |index, value| {
        if value == f32::NEG_INFINITY { -1000.0 } else { value + 36.0 * noise[index] }
    })
}

fn to_hounsfield(values: &[f32], finish: impl Fn(usize, f32) -> f32) -> Vec<i16> {
    let round =
        |(index, value): (usize, &f32)| finish(index, *value).round().clamp(-1024.0, 3071.0) as i16;
    values.iter().enumerate().map(round).collect()
}

/// Signal of a tissue in a spoiled gradient echo in the hepatobiliary phase, arbitrary units up to
/// about 600: the liver is bright, vessels are dark, fat is suppressed.
///
/// Order of brightness after P. Reimer et al., "Hepatobiliary contrast agents for contrast-enhanced MRI
/// of the liver", Eur. Radiol. 14, 2004.
pub fn mr_signal(tissue: Tissue) -> f32 {
    use StructureKind as Kind;
    match tissue {
        Tissue::Air => 0.0,
        Tissue::Skin => 160.0,
        Tissue::Fat => 90.0,
        Tissue::WallMuscle => 190.0,
        Tissue::Viscera => 130.0,
        Tissue::Structure(kind) => match kind {
            Kind::Liver => 480.0,
            Kind::Spleen => 240.0,
            Kind::Kidney => 380.0,
            Kind::Bladder | Kind::Cavity => 60.0,
            // Bile that no contrast agent has reached yet.
            Kind::Gallbladder => 110.0,
            Kind::Bone => 70.0,
            Kind::Gas => 5.0,
            Kind::Muscle | Kind::Tumour => 190.0,
            Kind::LymphNode => 200.0,
            Kind::Nerve => 150.0,
            Kind::Ureter => 80.0,
            Kind::Vein | Kind::HepaticVein | Kind::PortalVein => 250.0,
            Kind::Artery => 270.0,
        },
    }
}

/// A T1-weighted MR, one value for each voxel of `grid` (x fastest, then y, then z), from 0.
///
/// A smooth coil sensitivity of ±25 % multiplies the signal; the noise is Rician (H. Gudbjartsson,
/// S. Patz, "The Rician distribution of noisy MRI data", Magn. Reson. Med. 34, 1995).
pub fn mr_volume(anatomy: &Anatomy, grid: &Grid, seed: u64, threads: usize) -> Vec<i16> {
    const NOISE: f32 = 14.0;
    let mut values = composite(anatomy, grid, &mr_signal, threads);
    let [dx, dy, dz] = grid.spacing_mm();
    blur(&mut values, grid, [0.5 * dx, 0.5 * dy, 0.5 * dz], threads);
    let mut rng = stream(seed, Purpose::MagneticResonance, u64::MAX);
    let bias = Waves::new(5, (180.0, 400.0), 0.25, &mut rng);
    let real = white_noise(grid, seed, Purpose::MagneticResonance, threads);
    let imaginary = white_noise(grid, !seed, Purpose::MagneticResonance, threads);
    let [nx, ny, _] = grid.size();
    let voxel = |(index, value): (usize, &f32)| {
        let point: Point3<f64> = grid.centre(index % nx, index / nx % ny, index / (nx * ny));
        let signal = value * (1.0 + bias.value(&point) as f32);
        let noisy = (signal + NOISE * real[index]).hypot(NOISE * imaginary[index]);
        noisy.round().clamp(0.0, 32767.0) as i16
    };
    values.iter().enumerate().map(voxel).collect()
}
