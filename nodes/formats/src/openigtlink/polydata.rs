//! POLYDATA: surfaces and lines, as VTK has them.

use serde::{Deserialize, Serialize};

use super::fields::{Fields, count, f32s, put_f32s, u32s};
use super::{Error, json};

/// POLYDATA: points, the cells between them, and numbers that belong to them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PolyData {
    /// x, y and z of each point in turn, in mm.
    #[serde(with = "json::numbers")]
    pub points_mm: Vec<f32>,
    /// Points that are drawn.
    pub vertices: PolyCells,
    /// Lines from point to point.
    pub lines: PolyCells,
    /// Polygons.
    pub polygons: PolyCells,
    /// Strips of triangles: each three points in succession are one.
    pub triangle_strips: PolyCells,
    /// Numbers of points or cells.
    pub attributes: Vec<Attribute>,
    /// The byte that makes the length of all names even, where there is one.
    pub padding: u8,
}

/// Cells of one kind, as they came: for each its count of points, then the indices of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolyCells(pub Vec<u32>);

impl PolyCells {
    /// The indices of the points of each cell; nothing for a cell with more points than are there.
    pub fn cells(&self) -> impl Iterator<Item = Option<&[u32]>> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (corners, after) = rest.split_first()?;
            let Some((cell, after)) = after.split_at_checked(*corners as usize) else {
                rest = &[];
                return Some(None);
            };
            rest = after;
            Some(Some(cell))
        })
    }

    /// How many cells there are; nothing if the last one has more points than are there.
    pub fn count(&self) -> Option<usize> {
        self.cells().try_fold(0, |count, cell| cell.map(|_| count + 1))
    }
}

/// Numbers that belong to points or cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// What they are.
    pub kind: AttributeKind,
    /// How many there are for each point or cell.
    pub components: u8,
    /// For how many points or cells they are.
    pub tuples: u32,
    /// What they are called, without a zero.
    #[serde(with = "json::text")]
    pub name: Vec<u8>,
    /// The numbers.
    pub values: AttributeValues,
}

/// What an [`Attribute`] is, by its code on the wire: of points, or, with 16 more, of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttributeKind(pub u8);

impl AttributeKind {
    /// Any numbers.
    pub const SCALARS: Self = Self(0);
    /// Vectors.
    pub const VECTORS: Self = Self(1);
    /// Normals.
    pub const NORMALS: Self = Self(2);
    /// Tensors, nine numbers each.
    pub const TENSORS: Self = Self(3);
    /// Colours: red, green, blue and opacity.
    pub const RGBA: Self = Self(4);
    /// Coordinates in a texture; the library's own test has colours under this code.
    pub const TEXTURE_COORDINATES: Self = Self(5);

    /// The same of cells.
    #[must_use]
    pub const fn of_cells(self) -> Self {
        Self(self.0 | 0x10)
    }

    /// Whether it is what the library writes as bytes.
    const fn may_be_bytes(self, components: u8) -> bool {
        self.0 & 0xf >= Self::RGBA.0 && components == 4
    }

    /// Whether it is of cells, and not of points.
    pub const fn is_of_cells(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// The numbers of an [`Attribute`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeValues {
    /// As the protocol has all of them.
    Float32(#[serde(with = "json::numbers")] Vec<f32>),
    /// As the library writes colours.
    Uint8(#[serde(with = "json::base64")] Vec<u8>),
}

impl AttributeValues {
    fn len(&self) -> usize {
        match self {
            Self::Float32(numbers) => numbers.len(),
            Self::Uint8(bytes) => bytes.len(),
        }
    }
}

impl PolyData {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let points = fields.u32("the count of points")?;
        let mut cells = [(0, 0); 4];
        for (count, bytes) in &mut cells {
            *count = fields.u32("a count of cells")?;
            *bytes = fields.u32("a size of cells")?;
        }
        let attributes = fields.u32("the count of attributes")?;
        let points_mm = f32s(fields.take_each(points.into(), 12, "the points")?);
        let [vertices, lines, polygons, triangle_strips] = cells;
        let mut polydata = Self {
            points_mm,
            vertices: read_cells(fields, vertices, "the vertices")?,
            lines: read_cells(fields, lines, "the lines")?,
            polygons: read_cells(fields, polygons, "the polygons")?,
            triangle_strips: read_cells(fields, triangle_strips, "the triangle strips")?,
            attributes: vec![],
            padding: 0,
        };
        polydata.read_attributes(fields, attributes)?;
        Ok(polydata)
    }

    fn read_attributes(&mut self, fields: &mut Fields<'_>, count: u32) -> Result<(), Error> {
        let heads = fields.take_each(count.into(), 6, "the list of attributes")?;
        let (heads, _) = heads.as_chunks::<6>();
        let mut names = vec![];
        let mut length = 0;
        for _ in heads {
            let name = fields.until_zero("the name of an attribute")?;
            length += name.len() + 1;
            names.push(name);
        }
        if length % 2 == 1 {
            self.padding = fields.u8("the byte after the names of attributes")?;
        }
        let heads = || {
            heads.iter().map(|[kind, components, tuples @ ..]| {
                (AttributeKind(*kind), *components, u32::from_be_bytes(*tuples))
            })
        };
        // The protocol has colours as floating point, the library as bytes: the length says which it is.
        let numbers = |(_, components, tuples): (AttributeKind, u8, u32)| {
            u64::from(components) * u64::from(tuples)
        };
        let all = heads().map(numbers).fold(0_u64, u64::saturating_add);
        let is_float = all.checked_mul(4) == Some(fields.left() as u64);
        for (head, name) in heads().zip(names) {
            let (kind, components, tuples) = head;
            let values = if kind.may_be_bytes(components) && !is_float {
                let bytes = fields.take_each(numbers(head), 1, "the colours of an attribute")?;
                AttributeValues::Uint8(bytes.to_vec())
            } else {
                AttributeValues::Float32(f32s(fields.take_each(
                    numbers(head),
                    4,
                    "the numbers of an attribute",
                )?))
            };
            self.attributes.push(Attribute {
                kind,
                components,
                tuples,
                name: name.to_vec(),
                values,
            });
        }
        Ok(())
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let (points, rest) = self.points_mm.as_chunks::<3>();
        if !rest.is_empty() {
            return Err(Error::unwritable("POLYDATA", "its points should have three numbers each"));
        }
        let cells = [&self.vertices, &self.lines, &self.polygons, &self.triangle_strips];
        bytes.extend(count::<u32>("the list of points", points.len())?.to_be_bytes());
        for kind in cells {
            let Some(cells) = kind.count() else {
                return Err(Error::unwritable(
                    "POLYDATA",
                    "a cell should have as many points as it says",
                ));
            };
            bytes.extend(count::<u32>("a list of cells", cells)?.to_be_bytes());
            bytes.extend(count::<u32>("a list of cells", kind.0.len() * 4)?.to_be_bytes());
        }
        bytes.extend(count::<u32>("the list of attributes", self.attributes.len())?.to_be_bytes());
        put_f32s(bytes, &self.points_mm);
        cells.iter().flat_map(|kind| &kind.0).for_each(|number| bytes.extend(number.to_be_bytes()));
        self.write_attributes(bytes)
    }

    fn write_attributes(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let are_bytes = |values: &AttributeValues| matches!(values, AttributeValues::Uint8(_));
        let has_bytes =
            self.attributes.iter().any(|one| are_bytes(&one.values) && one.values.len() > 0);
        for attribute in &self.attributes {
            let may_be_bytes = attribute.kind.may_be_bytes(attribute.components);
            if are_bytes(&attribute.values) != (may_be_bytes && has_bytes)
                && attribute.values.len() > 0
            {
                let reason = "colours, and they alone, are bytes, all or none of them";
                return Err(Error::unwritable("POLYDATA", reason));
            }
            let numbers = u64::from(attribute.components) * u64::from(attribute.tuples);
            if numbers != attribute.values.len() as u64 || attribute.name.contains(&0) {
                let reason = "an attribute should have as many numbers as it says, and a name without a zero";
                return Err(Error::unwritable("POLYDATA", reason));
            }
            bytes.extend([attribute.kind.0, attribute.components]);
            bytes.extend(attribute.tuples.to_be_bytes());
        }
        for attribute in &self.attributes {
            bytes.extend(&attribute.name);
            bytes.push(0);
        }
        if self.attributes.iter().map(|attribute| attribute.name.len() + 1).sum::<usize>() % 2 == 1
        {
            bytes.push(self.padding);
        }
        for attribute in &self.attributes {
            match &attribute.values {
                AttributeValues::Float32(numbers) => put_f32s(bytes, numbers),
                AttributeValues::Uint8(colors) => bytes.extend(colors),
            }
        }
        Ok(())
    }
}

fn read_cells(
    fields: &mut Fields<'_>,
    (count, bytes): (u32, u32),
    field: &'static str,
) -> Result<PolyCells, Error> {
    let data = fields.take_each(bytes.into(), 1, field)?;
    let cells = PolyCells(u32s(data));
    let came = cells.count();
    if data.len() % 4 != 0 || came != Some(count as usize) {
        let came =
            came.map_or_else(|| "cut off within a cell".to_owned(), |came| format!("{came} cells"));
        let expected = format!("{count} cells in {bytes} bytes");
        return Err(fields.wrong(field, expected, came));
    }
    Ok(cells)
}
