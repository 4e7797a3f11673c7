//! The header of a MetaImage: every key that says how to understand the pixels, checked.

use std::collections::HashMap;

use nalgebra::Matrix4;

use super::data_file::{self, DataFile};
use super::element::ScalarType;
use super::error::Error;
use super::field::Field;
use super::sizes;

/// What a header says. Vectors have one element for each dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Pixels along each axis, first axis fastest; 0 where there is no image.
    pub dims: Vec<usize>,
    /// The number type; `None` for a type that no pixel can have, such as `MET_OTHER`.
    pub scalar: Option<ScalarType>,
    /// Numbers for each pixel.
    pub channels: usize,
    /// Distance of neighbouring pixel centres, positive, in millimetres.
    pub spacing_mm: Vec<f64>,
    /// Centre of the first pixel, in millimetres, LPS.
    pub offset_mm: Vec<f64>,
    /// As written: row `i` is the direction of axis `i` (so this is the transpose of ITK's
    /// direction matrix).
    pub transform_matrix: Vec<f64>,
    /// Whether the numbers are stored most significant byte first.
    pub big_endian: bool,
    /// Whether the pixels are one zlib stream.
    pub compressed: bool,
    /// Length of the zlib stream in bytes, if written.
    pub compressed_bytes: Option<u64>,
    /// Where the pixels are.
    pub data_file: DataFile,
    /// Bytes to skip at the start of a detached data file.
    pub skip_bytes: u64,
    /// Whether the pixels are the last bytes of a detached data file, whatever is before them (`HeaderSize = -1`).
    pub is_data_last: bool,
    /// All other lines, in their order.
    pub other: Vec<Field>,
}

/// Keys that are other names for one thing.
fn canonical(key: &str) -> &str {
    match key {
        "Position" | "Origin" => "Offset",
        "Rotation" | "Orientation" => "TransformMatrix",
        "ElementByteOrderMSB" => "BinaryDataByteOrderMSB",
        key => key,
    }
}

/// The fields up to and with `ElementDataFile`, and how many bytes they take.
fn fields(bytes: &[u8]) -> Result<(Vec<Field>, usize), Error> {
    let mut fields = Vec::new();
    let mut offset = 0;
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        offset += line.len();
        if let Some(field) = Field::parse(index + 1, line)? {
            let last = field.key == "ElementDataFile";
            fields.push(field);
            if last {
                return Ok((fields, offset));
            }
        }
    }
    Err(Error::HeaderWithoutEnd { lines: bytes.split(|byte| *byte == b'\n').count() })
}

impl Header {
    /// The header at the start of `bytes`, with the list of files if there is one, and where the pixels begin if they
    /// are local.
    ///
    /// # Errors
    /// If the bytes are no MetaImage header, a key comes twice or is missing, or a value makes no
    /// sense.
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize), Error> {
        let (fields, offset) = fields(bytes)?;
        let (header, names) = Self::from_fields(fields, &bytes[offset..])?;
        Ok((header, offset + names))
    }

    /// The header, and how many of the bytes `after` it are names of files.
    fn from_fields(fields: Vec<Field>, after: &[u8]) -> Result<(Self, usize), Error> {
        let mut lines: HashMap<&str, &Field> = HashMap::with_capacity(fields.len());
        for field in &fields {
            if let Some(first) = lines.insert(canonical(&field.key), field) {
                return Err(Error::Duplicate {
                    key: field.key.clone(),
                    line: field.line,
                    first_line: first.line,
                });
            }
        }
        let get = |key| lines.get(key).copied();
        let need = |key, hint| get(key).ok_or(Error::Missing { key, hint });

        if let Some(kind) = get("ObjectType").filter(|field| field.value != "Image") {
            return Err(kind.wrong("Image"));
        }
        let dimensions = need("NDims", "is this a MetaImage?")?;
        let n = match dimensions.count()? {
            n @ 1..=4 => n as usize,
            _ => return Err(dimensions.wrong("1, 2, 3 or 4")),
        };
        let channels = match get("ElementNumberOfChannels") {
            Some(field) => match field.count()? {
                channels @ 1..=65_535 => Some(channels as usize),
                _ => return Err(field.wrong("a number from 1 to 65535")),
            },
            None => None,
        };
        let size = need("DimSize", "the number of pixels along each axis is needed")?;
        let (dims, channels) = sizes::sizes(size, n, get("Kinds"), channels)?;
        let element = need("ElementType", "write the type of the pixels, such as MET_UCHAR")?;
        let scalar = ScalarType::from_name(&element.value);
        if scalar.is_none() && !element.value.starts_with("MET_") {
            return Err(element.wrong("a MetaIO type such as MET_UCHAR, MET_SHORT or MET_FLOAT"));
        }

        if let Some(field) = get("BinaryData")
            && !field.boolean()?
            && !dims.contains(&0)
        {
            return Err(Error::Unsupported {
                what: format!("pixel data written as text (`BinaryData` in line {})", field.line),
                hint: "write the image again with BinaryData = True",
            });
        }
        let boolean = |key| get(key).map_or(Ok(false), Field::boolean);
        let compressed = boolean("CompressedData")?;
        let compressed_bytes = match get("CompressedDataSize") {
            // PLUS leaves the value empty, or a line of zeros, where nothing is compressed.
            Some(field) if compressed => Some(field.count()?),
            _ => None,
        };
        let file = need("ElementDataFile", "the header must end with it")?;
        let (data_file, names) = data_file::parse(file, &dims, after)?;
        let is_data_last = get("HeaderSize").is_some_and(|field| field.value == "-1");
        let skip_bytes = match get("HeaderSize").filter(|_| !is_data_last) {
            Some(field) => field.count()?,
            None => 0,
        };
        if (skip_bytes > 0 || is_data_last) && (data_file == DataFile::Local || compressed) {
            return Err(Error::Unsupported {
                what: "`HeaderSize` with local or compressed pixels".to_owned(),
                hint: "write the image again without HeaderSize",
            });
        }

        let header = Self {
            spacing_mm: spacing(get("ElementSpacing").or(get("ElementSize")), n)?,
            offset_mm: get("Offset").map_or(Ok(vec![0.0; n]), |field| field.numbers(n))?,
            transform_matrix: transform_matrix(get("TransformMatrix"), n)?,
            big_endian: boolean("BinaryDataByteOrderMSB")?,
            dims,
            scalar,
            channels,
            compressed,
            compressed_bytes,
            data_file,
            skip_bytes,
            is_data_last,
            other: Vec::new(),
        };
        let other = fields.into_iter().filter(|field| !is_known(&field.key)).collect();
        Ok((Self { other, ..header }, names))
    }

    /// Bytes of all pixels, uncompressed; 0 if an axis has no pixel.
    ///
    /// # Errors
    /// If the number does not fit 64 bits, or there are pixels of a type that has none.
    pub fn pixel_bytes(&self) -> Result<u64, Error> {
        self.bytes_along(&self.dims)
    }

    /// Bytes of an image with the given axes.
    pub(crate) fn bytes_along(&self, dims: &[usize]) -> Result<u64, Error> {
        if dims.contains(&0) {
            return Ok(0);
        }
        let scalar = self.scalar.ok_or_else(|| Error::Unsupported {
            what: "an ElementType without a size, such as MET_OTHER,".to_owned(),
            hint: "only a sequence without images (DimSize = 0 0 N) may have it",
        })?;
        let too_large = Error::TooLarge { what: "pixels", declared: u64::MAX, limit: u64::MAX };
        dims.iter()
            .try_fold((self.channels * scalar.bytes()) as u64, |bytes, size| {
                bytes.checked_mul(*size as u64)
            })
            .ok_or(too_large)
    }

    /// The value of a key that does not say how to understand the pixels, such as `Comment`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.other.iter().find(|field| field.key == key).map(|field| field.value.as_str())
    }
}

/// Keys whose value is in a field of [`Header`] of its own.
pub(crate) fn is_known(key: &str) -> bool {
    const KNOWN: [&str; 15] = [
        "ObjectType",
        "NDims",
        "DimSize",
        "ElementType",
        "ElementNumberOfChannels",
        "ElementSpacing",
        "Offset",
        "TransformMatrix",
        "BinaryData",
        "BinaryDataByteOrderMSB",
        "CompressedData",
        "CompressedDataSize",
        "ElementDataFile",
        "HeaderSize",
        "ElementSize",
    ];
    KNOWN.contains(&canonical(key))
}

fn spacing(field: Option<&Field>, n: usize) -> Result<Vec<f64>, Error> {
    let Some(field) = field else {
        return Ok(vec![1.0; n]);
    };
    let spacing = field.numbers(n)?;
    if spacing.iter().all(|value| *value > 0.0) {
        Ok(spacing)
    } else {
        Err(field.wrong("distances greater than zero, in millimetres"))
    }
}

fn transform_matrix(field: Option<&Field>, n: usize) -> Result<Vec<f64>, Error> {
    let Some(field) = field else {
        return Ok((0..n * n).map(|index| f64::from(u8::from(index % (n + 1) == 0))).collect());
    };
    let rows = field.numbers(n * n)?;
    let mut matrix = Matrix4::identity();
    for (index, value) in rows.iter().enumerate() {
        matrix[(index / n, index % n)] = *value;
    }
    let lengths: f64 = (0..n).map(|row| matrix.row(row).norm()).product();
    if matrix.determinant().abs() > 1e-6 * lengths {
        Ok(rows)
    } else {
        Err(field.wrong("directions of the axes that span the space (the matrix is singular)"))
    }
}
