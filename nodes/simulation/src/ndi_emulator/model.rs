//! Which tracker is emulated: its names, ports, rates, and where it measures.

use nalgebra::Point3;
use schemars::JsonSchema;
use serde::Deserialize;

/// A tracker of NDI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Polaris Vega: optical, tools without cables, pyramid volume.
    Vega,
    /// Aurora: electromagnetic, tools with cables, cube volume.
    Aurora,
}

impl Model {
    /// As its maker calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vega => "polaris vega",
            Self::Aurora => "aurora",
        }
    }

    /// Whether tools have cables.
    pub fn is_wired(self) -> bool {
        self == Self::Aurora
    }

    /// Frames a second that it can be set to; the first is how it wakes.
    pub fn rates_hz(self) -> &'static [f64] {
        match self {
            Self::Vega => &[60.0, 400.0],
            Self::Aurora => &[40.0],
        }
    }

    /// The revision of the protocol that it speaks.
    pub fn api_revision(self) -> &'static str {
        match self {
            Self::Vega => "G.003.001",
            Self::Aurora => "E.002.001",
        }
    }

    /// Whether it knows BX2.
    pub fn has_bx2(self) -> bool {
        self == Self::Vega
    }

    /// Whether more than one host may look, while one is the master.
    pub fn has_monitors(self) -> bool {
        self == Self::Vega
    }

    /// How many port handles it has.
    pub fn handles(self) -> usize {
        match self {
            Self::Vega => 25,
            Self::Aurora => 16,
        }
    }

    /// Its serial number, 8 characters.
    pub fn serial_number(self) -> &'static str {
        match self {
            Self::Vega => "P9-00001",
            Self::Aurora => "A3-00001",
        }
    }

    /// Its firmware.
    pub fn firmware(self) -> &'static str {
        match self {
            Self::Vega => "007.001.003",
            Self::Aurora => "012.002.001",
        }
    }

    /// The answer to VER.
    pub fn version(self) -> String {
        let (name, serial, firmware) = match self {
            Self::Vega => ("Polaris Vega Control Firmware", self.serial_number(), self.firmware()),
            Self::Aurora => ("Aurora Control Firmware", self.serial_number(), self.firmware()),
        };
        format!(
            "{name}\nNDI S/N: {serial}\nCharacterization Date: 01/01/24\nFreeze Tag: {name} Rev {firmware}\nFreeze Date: 01/01/24\nEmulated by Vesalius\n"
        )
    }

    /// A good place for a patient, in the middle of the volume, tracker's frame, mm.
    pub fn middle(self) -> Point3<f64> {
        match self {
            Self::Vega => Point3::new(0.0, 0.0, -1500.0),
            Self::Aurora => Point3::new(0.0, 0.0, -300.0),
        }
    }

    /// Whether it measures there: the Vega in a pyramid from 950 to 3000 mm in front of it, about 448 x 480 mm wide at its
    /// near and 1470 x 1856 mm at its far end, the Aurora in a cube of 500 mm, from 50 mm in front of the field generator.
    pub fn measures_at(self, place: &Point3<f64>) -> bool {
        match self {
            Self::Vega => {
                let part = (-950.0 - place.z) / 2050.0;
                let half = |near: f64, far: f64| 0.5 * (near + (far - near) * part);
                (0.0..=1.0).contains(&part)
                    && place.x.abs() <= half(448.0, 1470.0)
                    && place.y.abs() <= half(480.0, 1856.0)
            }
            Self::Aurora => {
                (-550.0..=-50.0).contains(&place.z)
                    && place.x.abs() <= 250.0
                    && place.y.abs() <= 250.0
            }
        }
    }
}
