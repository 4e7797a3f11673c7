//! SENSOR: readings of a sensor, with their unit.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, count};
use super::{Error, json};

/// SENSOR: readings of one kind, such as three torques.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensor {
    /// A byte that the protocol has no meaning for yet.
    pub status: u8,
    /// The unit of all readings.
    pub unit: Unit,
    /// The readings, at most 255.
    #[serde(with = "json::numbers")]
    pub values: Vec<f64>,
}

impl Sensor {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let count = fields.u8("the count of values")?;
        let status = fields.u8("the status")?;
        let unit = Unit(fields.u64("the unit")?);
        let values = fields.take_each(count.into(), 8, "the values")?;
        let values = values.as_chunks().0.iter().map(|eight| f64::from_be_bytes(*eight)).collect();
        Ok(Self { status, unit, values })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.push(count("the list of values", self.values.len())?);
        bytes.push(self.status);
        bytes.extend(self.unit.0.to_be_bytes());
        self.values.iter().for_each(|value| bytes.extend(value.to_be_bytes()));
        Ok(())
    }
}

/// A unit of the SI in 64 bits: a prefix, and six units with their powers.
///
/// From the highest bit: prefix (4 bits), then six times a unit (6 bits) and its power (4 bits, signed).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unit(pub u64);

impl Unit {
    /// The power of ten of the prefix: −3 for milli, 3 for kilo.
    pub const fn prefix(self) -> i32 {
        match (self.0 >> 60) as u8 {
            0 | 8 => 0,
            1 => 1,
            2 => 2,
            code @ 3..=7 => (code as i32 - 2) * 3,
            9 => -1,
            10 => -2,
            code => -(code as i32 - 10) * 3,
        }
    }

    /// Symbols of the units and their powers, those without a power left out; `?` stands for codes that the protocol
    /// does not have.
    pub fn factors(self) -> Vec<(&'static str, i32)> {
        const SYMBOLS: [&str; 28] = [
            "", "m", "g", "s", "A", "K", "mol", "cd", "rad", "sr", "Hz", "N", "Pa", "J", "W", "C",
            "V", "F", "Ω", "S", "Wb", "T", "H", "lm", "lx", "Bq", "Gy", "Sv",
        ];
        (0..6)
            .map(|index| {
                let factor = self.0 >> (50 - 10 * index) & 0x3ff;
                let symbol = SYMBOLS.get((factor >> 4) as usize).copied().unwrap_or("?");
                let power = (factor & 0xf) as i32;
                (symbol, if power > 7 { power - 16 } else { power })
            })
            .filter(|(symbol, power)| !symbol.is_empty() && *power != 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the protocol's description of units.
    #[test]
    fn newton_metres() {
        let unit = Unit(0b0000_0010_1100_0100_0001_0001 << 40);
        assert_eq!((unit.prefix(), unit.factors()), (0, vec![("N", 1), ("m", 1)]));
        assert_eq!(Unit(0xb << 60).prefix(), -3);
        assert_eq!(Unit(0x3 << 60).prefix(), 3);
        assert_eq!(Unit(0xf << 60).prefix(), -15);
        // Metres per second.
        let unit = Unit(1 << 54 | 1 << 50 | 3 << 44 | 0xf << 40);
        assert_eq!(unit.factors(), [("m", 1), ("s", -1)]);
    }
}
