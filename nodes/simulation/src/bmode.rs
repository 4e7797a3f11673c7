//! The B-mode image that a probe sees of a simulated patient.
//!
//! Random echoes of the tissue and mirror-like echoes of walls are blurred across the beams,
//! attenuated, joined by electronic noise, blurred by the pulse, compensated for depth, and their
//! envelope is compressed to grey (T. L. Szabo, *Diagnostic Ultrasound Imaging*, 2014). Fully
//! developed speckle follows the Rayleigh law (R. F. Wagner et al., "Statistics of speckle in
//! ultrasound B-scans", IEEE Trans. Sonics Ultrason. 30, 1983).

use messages::{Patient, Probe, Transform};
use ndarray::Array2;
use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::beam_grid::{BeamGrid, MARGIN};
use crate::insonified::Insonified;
use crate::point_spread::PointSpread;
use crate::randomness::{Purpose, stream};
use crate::scan_conversion::ScanConversion;
use crate::scan_geometry::{OutOfRange, ScanGeometry, probe_from_face};
use crate::scatterers::Scatterers;
use crate::tissue_map::TissueMap;

/// Beams across the sector and distance between samples along them.
const BEAMS: usize = 224;
const SAMPLE_MM: f64 = 0.27;
/// Attenuation of blood relative to liver.
const BLOOD_ATTENUATION: f64 = 0.3;

/// The knobs of the scanner and what the tissue does to its pulses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScannerSettings {
    /// Middle frequency of the pulse.
    pub frequency_mhz: f64,
    /// Loss in liver, one way.
    pub attenuation_db_per_cm_mhz: f64,
    /// What the time gain compensation assumes the loss to be, one way.
    pub compensation_db_per_cm_mhz: f64,
    /// Electronic noise relative to the echo of liver at the surface, before compensation.
    pub noise_db: f64,
    /// Overall gain; at 0 dB liver is a middle grey.
    pub gain_db: f64,
    /// Range of echoes between black and white.
    pub dynamic_range_db: f64,
    /// Seed of the electronic noise.
    pub noise_seed: u64,
}

impl Default for ScannerSettings {
    fn default() -> Self {
        Self {
            frequency_mhz: 3.5,
            attenuation_db_per_cm_mhz: 0.5,
            compensation_db_per_cm_mhz: 0.5,
            noise_db: -58.0,
            gain_db: 0.0,
            dynamic_range_db: 60.0,
            noise_seed: 0,
        }
    }
}

impl ScannerSettings {
    /// Checks that the numbers describe a scanner.
    ///
    /// # Errors
    /// If a number is not finite or outside what scanners have.
    pub fn check(&self) -> Result<(), OutOfRange> {
        OutOfRange::check("frequency_mhz", self.frequency_mhz, 1.0, 20.0)?;
        for (name, loss) in [
            ("attenuation_db_per_cm_mhz", self.attenuation_db_per_cm_mhz),
            ("compensation_db_per_cm_mhz", self.compensation_db_per_cm_mhz),
        ] {
            OutOfRange::check(name, loss, 0.0, 2.0)?;
        }
        OutOfRange::check("noise_db", self.noise_db, -200.0, 0.0)?;
        OutOfRange::check("gain_db", self.gain_db, -60.0, 60.0)?;
        OutOfRange::check("dynamic_range_db", self.dynamic_range_db, 20.0, 120.0)
    }
}

/// A probe and scanner, with all tables that do not depend on the pose.
#[derive(Clone, Debug)]
pub struct Scanner {
    geometry: ScanGeometry,
    settings: ScannerSettings,
    grid: BeamGrid,
    spread: PointSpread,
    conversion: ScanConversion,
}

impl Scanner {
    /// A scanner with a probe.
    ///
    /// # Errors
    /// If a parameter is outside what scanners have.
    pub fn new(geometry: ScanGeometry, settings: ScannerSettings) -> Result<Self, OutOfRange> {
        geometry.check()?;
        settings.check()?;
        let grid = BeamGrid::new(&geometry, BEAMS, SAMPLE_MM);
        Ok(Self {
            geometry,
            settings,
            spread: PointSpread::new(&grid),
            conversion: ScanConversion::new(&geometry, &grid),
            grid,
        })
    }

    /// The probe.
    pub fn geometry(&self) -> &ScanGeometry {
        &self.geometry
    }

    /// The image number `frame` at a pose: grey values, `height_px` × `width_px`, black outside the
    /// sector. The number only selects the electronic noise.
    pub fn image(
        &self,
        patient: &impl Insonified,
        patient_from_probe: &Transform<Patient, Probe>,
        frame: u64,
    ) -> Array2<u8> {
        let mut grey = self.power(patient, patient_from_probe, frame);
        let per_decade = 10.0 * 255.0 / self.settings.dynamic_range_db as f32;
        // Liver at 0 dB lies a little below the middle, so that walls have room above it.
        let level = 255.0 * (0.40 + self.settings.gain_db / self.settings.dynamic_range_db) as f32;
        for value in &mut grey {
            *value = (value.max(1e-12).log10() * per_decade + level).clamp(0.0, 255.0);
        }
        self.conversion.convert(&grey)
    }

    /// The envelope before compression, samples × beams within the sector, compensated for depth;
    /// liver has a mean power of about 1.
    pub fn envelope(
        &self,
        patient: &impl Insonified,
        patient_from_probe: &Transform<Patient, Probe>,
        frame: u64,
    ) -> Array2<f32> {
        let power = self.power(patient, patient_from_probe, frame);
        let shape = (self.grid.samples - 2 * MARGIN, self.grid.beams - 2 * MARGIN);
        Array2::from_shape_fn(shape, |(sample, beam)| {
            power[(sample + MARGIN) * self.grid.beams + beam + MARGIN].sqrt()
        })
    }

    /// Distance between the samples of [`envelope`](Self::envelope), mm.
    pub fn sample_mm(&self) -> f64 {
        self.grid.sample_mm
    }

    /// Squared envelope on the whole beam grid.
    fn power(
        &self,
        patient: &impl Insonified,
        patient_from_probe: &Transform<Patient, Probe>,
        frame: u64,
    ) -> Vec<f32> {
        let (grid, beams) = (&self.grid, self.grid.beams);
        let patient_from_face = *patient_from_probe * probe_from_face();
        let speckle_seed = stream(patient.seed(), Purpose::Speckle, 0).next_u32();
        let map = TissueMap::new(patient, speckle_seed, grid, &patient_from_face);
        let mut scatterers =
            Scatterers::new(speckle_seed, grid, &patient.rest_pose(&patient_from_face));
        let mut noise = stream(self.settings.noise_seed, Purpose::Electronics, frame);

        let frequency = self.settings.frequency_mhz;
        // There and back, per mm; the factor turns dB into an amplitude.
        let amplitude = |db_per_cm_mhz: f64, mm: f64| {
            10_f64.powf(-db_per_cm_mhz * frequency * 2.0 * mm / 10.0 / 20.0)
        };
        let loss = self.settings.attenuation_db_per_cm_mhz;
        // What blood on the way spares: the cause of bright tissue behind vessels.
        let spared = amplitude(-loss * (1.0 - BLOOD_ATTENUATION), grid.sample_mm) as f32 - 1.0;
        // Both parts of the noise are uniform 16-bit numbers; scaled to the stated power.
        let noise_scale = 10_f64.powf(self.settings.noise_db / 20.0) as f32
            / (self.spread.noise_gain() * 32_768.0 * (2.0_f32 / 3.0).sqrt());

        let mut received = [vec![0.0; grid.samples * beams], vec![0.0; grid.samples * beams]];
        let (mut real, mut imaginary) = (vec![0.0; beams], vec![0.0; beams]);
        let mut on_the_way = vec![1.0_f32; beams];
        let mut noise_bytes = vec![0; beams * 4];
        for sample in 0..grid.samples {
            let row = sample * beams..(sample + 1) * beams;
            scatterers.next(&mut real, &mut imaginary);
            for (beam, index) in row.clone().enumerate() {
                real[beam] = real[beam] * map.scatter[index] + map.mirror[index];
                imaginary[beam] *= map.scatter[index];
            }
            let [re, im] = &mut received;
            let (re, im) = (&mut re[row.clone()], &mut im[row.clone()]);
            self.spread.across(sample, &real, re);
            self.spread.across(sample, &imaginary, im);
            noise.fill_bytes(&mut noise_bytes);
            let arriving = amplitude(loss, grid.range_mm(sample)) as f32;
            for (beam, bytes) in noise_bytes.chunks_exact(4).enumerate() {
                let kept = arriving * on_the_way[beam];
                let hiss = [[bytes[0], bytes[1]], [bytes[2], bytes[3]]];
                let [hiss_re, hiss_im] = hiss.map(|pair| f32::from(i16::from_le_bytes(pair)));
                re[beam] = re[beam] * kept + hiss_re * noise_scale;
                im[beam] = im[beam] * kept + hiss_im * noise_scale;
                on_the_way[beam] *= 1.0 + spared * map.blood[row.start + beam];
            }
            if let Some(passing) = &map.passing {
                for (kept, passing) in on_the_way.iter_mut().zip(&passing[row]) {
                    *kept *= passing;
                }
            }
        }

        let mut power = vec![0.0; grid.samples * beams];
        for (sample, row) in power.chunks_exact_mut(beams).enumerate() {
            self.spread.along(sample, &received[0], &mut real);
            self.spread.along(sample, &received[1], &mut imaginary);
            let assumed = self.settings.compensation_db_per_cm_mhz;
            let gain = amplitude(assumed, grid.range_mm(sample)).powi(-2) as f32;
            for ((value, re), im) in row.iter_mut().zip(&real).zip(&imaginary) {
                *value = (re * re + im * im) * gain;
            }
        }
        power
    }
}
