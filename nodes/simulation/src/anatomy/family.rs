//! Families of patients, so that those trained on, tuned on and tested on differ in kind, not only in seed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A family of patients with one style of organs and vessels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Slim trunk, tall liver, thin and nearly straight vessels.
    Slender,
    /// Broad trunk and liver, thick vessels at wide angles.
    Wide,
    /// Middling build, winding vessels that branch unequally.
    Winding,
    /// The portal vein divides into three at once (about 10 % of people, S. Schmidt et al., "Portal vein
    /// normal anatomy and variants", Semin. Intervent. Radiol. 25, 2008); the internal iliac
    /// arteries divide early.
    Trifurcated,
    /// An accessory right hepatic vein drains the lower right lobe (M. Orguc et al., "Variations
    /// of hepatic veins: helical computerized tomography experience in 100 consecutive living liver
    /// donors", Transplant. Proc. 36, 2004); the left and the
    /// middle vein are apart; the aorta divides high.
    Accessory,
}

impl Family {
    /// The family that is shown and measured on; never trained on.
    pub const DEMONSTRATION: Self = Self::Winding;
    /// All families.
    pub const ALL: [Self; 5] =
        [Self::Slender, Self::Wide, Self::Winding, Self::Trifurcated, Self::Accessory];

    pub(crate) fn style(self) -> Style {
        let middling = Style {
            stretch: [1.0, 1.0, 1.0],
            liver_volume_ml: (1300.0, 1650.0),
            portal_radius_mm: (6.2, 7.0),
            hepatic_radius_mm: (4.7, 5.5),
            winding: (0.02, 0.04),
            flow_spread: 0.45,
            opening: 1.0,
            portal_trifurcation: false,
            accessory_vein: false,
            trunk_half_width_mm: (160.0, 172.0),
            fat_mm: (12.0, 20.0),
            iliac_scale: (0.95, 1.05),
            aortic_bifurcation_z_mm: (38.0, 48.0),
            iliac_asymmetry_mm: 5.0,
            early_internal_iliac: false,
        };
        match self {
            Self::Slender => Style {
                stretch: [0.90, 0.96, 1.16],
                liver_volume_ml: (1200.0, 1450.0),
                portal_radius_mm: (5.8, 6.4),
                hepatic_radius_mm: (4.2, 4.8),
                winding: (0.0, 0.015),
                trunk_half_width_mm: (146.0, 156.0),
                fat_mm: (6.0, 12.0),
                iliac_scale: (0.82, 0.92),
                iliac_asymmetry_mm: 3.0,
                ..middling
            },
            Self::Wide => Style {
                stretch: [1.0, 1.06, 0.96],
                liver_volume_ml: (1500.0, 1800.0),
                portal_radius_mm: (6.8, 7.6),
                hepatic_radius_mm: (5.2, 6.0),
                opening: 1.3,
                trunk_half_width_mm: (174.0, 188.0),
                fat_mm: (20.0, 32.0),
                iliac_scale: (1.05, 1.2),
                ..middling
            },
            Self::Winding => Style {
                winding: (0.055, 0.09),
                flow_spread: 0.8,
                iliac_asymmetry_mm: 10.0,
                ..middling
            },
            Self::Trifurcated => Style {
                stretch: [1.04, 0.94, 1.02],
                portal_trifurcation: true,
                early_internal_iliac: true,
                ..middling
            },
            Self::Accessory => Style {
                stretch: [0.96, 1.05, 1.0],
                accessory_vein: true,
                aortic_bifurcation_z_mm: (56.0, 66.0),
                ..middling
            },
        }
    }
}

/// The numbers behind a family; pairs are ranges.
///
/// Portal vein: diameter 15.5 ± 1.9 mm on contrast CT (E. R. Stamm et al., "Normal main portal vein
/// diameter measured on CT is larger than the widely referenced upper limit of 13 mm", Abdom.
/// Radiol. 41, 2016) and up to 13 mm by ultrasound (J. Weinreb et al., "Portal vein
/// measurements by real-time sonography", AJR 139, 1982); ours lie
/// between. Hepatic veins: 8 to 12 mm wide near the vena cava, as textbooks of sonography have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Factors on the liver's extent along x, y, z.
    pub stretch: [f64; 3],
    pub liver_volume_ml: (f64, f64),
    /// Radius of the portal trunk.
    pub portal_radius_mm: (f64, f64),
    /// Radius of a hepatic vein of average flow at the vena cava.
    pub hepatic_radius_mm: (f64, f64),
    /// Sideways deviation of a centreline as a part of its length.
    pub winding: (f64, f64),
    /// Standard deviation of the logarithm of the terminals' flows.
    pub flow_spread: f64,
    /// How far branching points are moved back towards the parent's start: widens the angles.
    pub opening: f64,
    pub portal_trifurcation: bool,
    /// With it the left and the middle vein reach the vena cava apart.
    pub accessory_vein: bool,
    pub trunk_half_width_mm: (f64, f64),
    pub fat_mm: (f64, f64),
    /// Factor on the radii of the iliac vessels.
    pub iliac_scale: (f64, f64),
    /// Height of the aortic bifurcation above the promontory.
    pub aortic_bifurcation_z_mm: (f64, f64),
    /// Random displacement of the control points of each side.
    pub iliac_asymmetry_mm: f64,
    /// The internal iliac artery divides near its origin.
    pub early_internal_iliac: bool,
}
