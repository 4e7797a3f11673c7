//! How tubes look to ultrasound: the lumen, the sheath around it, the line of the wall, the shadow.

use crate::anatomy::structure::StructureKind;

/// Amplitudes relative to the scattering of liver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TubeEcho {
    /// Scattering inside.
    pub lumen: f32,
    /// What the surrounding tissue scatters more, next to the wall.
    pub sheath: f32,
    /// Distance at which that has fallen to 37 %.
    pub sheath_mm: f32,
    /// Mirror-like echo of the wall where the beam meets it at a right angle.
    pub mirror: f32,
    /// Whether it holds a liquid, which takes little from the pulse.
    pub liquid: bool,
    /// Amplitude of the pulse that passes each millimetre inside, there and back, beside that.
    pub passing_per_mm: f32,
}

/// Scattering of blood (−26 dB).
pub(crate) const BLOOD: f32 = 0.05;

impl TubeEcho {
    /// Portal veins run in an echogenic sheath, hepatic veins show their walls only at right angles
    /// (C. M. Rumack, D. Levine, *Diagnostic Ultrasound*, 2018, ch. 4); arteries have a thick bright
    /// wall; bone mirrors and lets nothing through.
    pub fn of(kind: StructureKind) -> Self {
        use StructureKind as Kind;
        let vessel = |sheath, sheath_mm, mirror| Self {
            lumen: BLOOD,
            sheath,
            sheath_mm,
            mirror,
            liquid: true,
            passing_per_mm: 1.0,
        };
        match kind {
            Kind::PortalVein => vessel(1.3, 1.1, 3.2),
            Kind::HepaticVein => vessel(0.15, 0.6, 2.2),
            Kind::Artery => vessel(0.9, 0.8, 4.0),
            Kind::Ureter => vessel(1.0, 0.7, 2.5),
            Kind::Bone => {
                Self { lumen: 0.8, liquid: false, passing_per_mm: 0.25, ..vessel(0.0, 1.0, 14.0) }
            }
            Kind::Nerve => Self { lumen: 1.5, liquid: false, ..vessel(0.2, 0.5, 2.0) },
            _ => vessel(0.3, 0.7, 2.4),
        }
    }
}
