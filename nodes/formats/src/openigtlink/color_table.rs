//! COLORT: the colours or numbers that an image's numbers stand for.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, put_u16s};
use super::{Error, json};

/// COLORT: what each index stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColorTable {
    /// Code of the type of the indices: 3 for 8 bits, 256 entries; 5 for 16 bits, 65536 entries.
    pub index_type: u8,
    /// What they stand for.
    pub map: ColorMap,
}

/// What the indices of a [`ColorTable`] stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorMap {
    /// Numbers of 8 bits (map type 3).
    Uint8(#[serde(with = "json::base64")] Vec<u8>),
    /// Numbers of 16 bits (map type 5).
    Uint16(Vec<u16>),
    /// Red, green and blue in turn (map type 19).
    Rgb(#[serde(with = "json::base64")] Vec<u8>),
}

impl ColorTable {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let index_type = fields.u8("the index type")?;
        let map_type = fields.u8("the map type")?;
        let entries = match index_type {
            3 => 1 << 8,
            5 => 1 << 16,
            _ => {
                return Err(fields.wrong(
                    "the index type",
                    "3 (8 bits) or 5 (16 bits)",
                    index_type,
                ));
            }
        };
        let map = match map_type {
            3 => ColorMap::Uint8(fields.take_each(entries, 1, "the table")?.to_vec()),
            5 => {
                let table = fields.take_each(entries, 2, "the table")?;
                ColorMap::Uint16(
                    table.as_chunks().0.iter().map(|two| u16::from_be_bytes(*two)).collect(),
                )
            }
            19 => ColorMap::Rgb(fields.take_each(entries, 3, "the table")?.to_vec()),
            _ => {
                let expected = "3 (8 bits), 5 (16 bits) or 19 (RGB)";
                return Err(fields.wrong("the map type", expected, map_type));
            }
        };
        Ok(Self { index_type, map })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let entries = match self.index_type {
            3 => 1 << 8,
            5 => 1 << 16,
            other => {
                let reason = format!("the index type should be 3 or 5, but is {other}");
                return Err(Error::unwritable("COLORT", reason));
            }
        };
        let (map_type, came) = match &self.map {
            ColorMap::Uint8(table) => (3, table.len()),
            ColorMap::Uint16(table) => (5, table.len()),
            ColorMap::Rgb(table) if table.len() % 3 == 0 => (19, table.len() / 3),
            ColorMap::Rgb(_) => {
                return Err(Error::unwritable(
                    "COLORT",
                    "its table has no three bytes for each colour",
                ));
            }
        };
        if came != entries {
            let reason = format!("its table should have {entries} entries, but has {came}");
            return Err(Error::unwritable("COLORT", reason));
        }
        bytes.extend([self.index_type, map_type]);
        match &self.map {
            ColorMap::Uint8(table) | ColorMap::Rgb(table) => bytes.extend(table),
            ColorMap::Uint16(table) => put_u16s(bytes, table),
        }
        Ok(())
    }
}
