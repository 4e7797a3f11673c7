//! How organs, tumours, bones and gas look to ultrasound.

use crate::anatomy::structure::{Structure, StructureKind};

/// Amplitudes relative to the scattering of liver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SolidEcho {
    /// Scattering inside.
    scatter: f32,
    /// Scattering of the core, and how deep under the surface that begins.
    core: Option<(f32, f32)>,
    /// Mirror-like echo of the surface where the beam meets it at a right angle.
    pub mirror: f32,
    /// Whether it holds a liquid, which takes little from the pulse.
    pub liquid: bool,
    /// Amplitude of the pulse that passes each millimetre inside, there and back, beside that.
    pub passing_per_mm: f32,
}

impl SolidEcho {
    /// Order of brightness after C. M. Rumack, D. Levine, *Diagnostic Ultrasound*, 2018: renal sinus,
    /// spleen, liver, renal cortex, muscle. Metastases are darker than liver, or brighter with a dark
    /// halo: which of the two, the seed says for each tumour.
    pub fn of(structure: &Structure, seed: u64) -> Self {
        use StructureKind as Kind;
        let organ = |scatter, mirror| Self {
            scatter,
            core: None,
            mirror,
            liquid: false,
            passing_per_mm: 1.0,
        };
        match structure.kind {
            Kind::Spleen => organ(1.1, 2.5),
            Kind::Muscle => organ(0.5, 2.0),
            Kind::Kidney => Self { core: Some((1.8, 14.0)), ..organ(0.6, 3.0) },
            Kind::Bladder | Kind::Gallbladder | Kind::Cavity => {
                Self { liquid: true, ..organ(0.02, 4.0) }
            }
            Kind::Bone => Self { passing_per_mm: 0.25, ..organ(0.8, 14.0) },
            Kind::Gas => Self { passing_per_mm: 0.4, ..organ(4.0, 16.0) },
            Kind::Tumour if tumour_is_bright(&structure.name, seed) => {
                Self { core: Some((2.1, 1.8)), ..organ(0.4, 0.5) }
            }
            Kind::Tumour => organ(0.38, 0.8),
            Kind::LymphNode => Self { core: Some((1.1, 1.8)), ..organ(0.35, 1.5) },
            // The liver's capsule.
            _ => organ(1.0, 4.5),
        }
    }

    /// Scattering at a depth under the surface, mm; the core begins softly.
    pub fn scatter(&self, depth_mm: f32) -> f32 {
        self.core.map_or(self.scatter, |(core, begins)| {
            self.scatter + (core - self.scatter) * ((depth_mm - begins) * 0.5 + 0.5).clamp(0.0, 1.0)
        })
    }
}

/// Whether a tumour is brighter than the liver around it.
fn tumour_is_bright(name: &str, seed: u64) -> bool {
    let number = name.bytes().fold(seed, |sum, byte| sum.wrapping_add(u64::from(byte)));
    number % 3 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::bounds::Bounds;
    use crate::anatomy::distance_field::DistanceField;

    #[test]
    fn a_third_of_the_tumours_is_bright_with_a_dark_halo_and_the_rest_is_dark() {
        let around = Bounds::of_ball(&nalgebra::Point3::origin(), 5.0);
        let ball = DistanceField::sample(|p| p.coords.norm() - 5.0, &around, 1.0).unwrap();
        let mut bright = 0;
        for seed in 0..30 {
            let tumour = Structure::solid("tumour_1", StructureKind::Tumour, ball.clone());
            let echo = SolidEcho::of(&tumour, seed);
            assert!(echo.scatter(0.3) < 0.6);
            bright += usize::from(echo.scatter(6.0) > 1.5);
        }
        assert_eq!(bright, 10);
    }
}
