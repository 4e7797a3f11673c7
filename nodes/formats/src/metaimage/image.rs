//! A whole MetaImage in memory: read from bytes and written to bytes.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::data_file::DataFile;
use super::element::{Pixels, ScalarType};
use super::error::Error;
use super::header::Header;
use super::pixel_reader::{Limits, PixelReader};
use crate::matrix_text::number;

/// A header and its pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// What the numbers mean.
    pub header: Header,
    /// `channels` numbers for each pixel, first axis fastest.
    pub pixels: Pixels,
}

impl Image {
    /// From the bytes of a `.mha` file.
    ///
    /// # Errors
    /// If the bytes are not exactly one well-formed MetaImage with its pixels inside.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let (header, offset) = Header::parse(bytes)?;
        let reader = PixelReader::new(&header, &bytes[offset..])?;
        Self::finish(header, reader, limits)
    }

    /// From the bytes of a `.mhd` header and of the data file that it names.
    ///
    /// # Errors
    /// If header or data are not well-formed or do not fit each other.
    pub fn read_detached(header: &[u8], data: &[u8], limits: &Limits) -> Result<Self, Error> {
        let (header, _) = Header::parse(header)?;
        if let DataFile::Slices(names) = &header.data_file {
            return Err(Error::InSlices { files: names.len() });
        }
        let bytes = detached(&header, data, limits)?;
        Ok(Self::new(header, bytes))
    }

    /// From the bytes of a file with the pixels inside, in a second file, or in one file for each slice; `beside` reads
    /// the file of a name in the same folder.
    ///
    /// # Errors
    /// If a file cannot be read, is not well-formed, or does not fit the header.
    pub fn read_with(
        bytes: &[u8],
        limits: &Limits,
        mut beside: impl FnMut(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Self, Error> {
        let (header, offset) = Header::parse(bytes)?;
        let mut open = |name: &String| {
            beside(name).map_err(|source| Error::Beside { name: name.clone(), source })
        };
        let pixels = match &header.data_file {
            DataFile::Local => {
                let reader = PixelReader::new(&header, &bytes[offset..])?;
                return Self::finish(header, reader, limits);
            }
            DataFile::Beside(name) => detached(&header, &open(name)?, limits)?,
            DataFile::Slices(names) => {
                declared(&header, limits)?;
                // How long the compressed pixels of one slice are is not said.
                let slice = Header {
                    dims: header.dims[..header.dims.len() - 1].to_vec(),
                    compressed_bytes: None,
                    ..header.clone()
                };
                let mut pixels = Vec::new();
                for name in names {
                    pixels.extend_from_slice(&detached(&slice, &open(name)?, limits)?);
                }
                pixels
            }
        };
        Ok(Self::new(header, pixels))
    }

    fn new(header: Header, bytes: Vec<u8>) -> Self {
        let scalar = header.scalar.unwrap_or(ScalarType::U8);
        Self { pixels: Pixels::from_native(scalar, bytes), header }
    }

    fn finish(
        header: Header,
        mut reader: PixelReader<&[u8]>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        reader.read(declared(&header, limits)?, &mut bytes)?;
        reader.finish()?;
        Ok(Self::new(header, bytes))
    }

    /// The bytes of a `.mha` file; `compressed` makes one zlib stream of the pixels.
    ///
    /// # Errors
    /// If the pixels do not fit the header.
    pub fn write(&self, compressed: bool) -> Result<Vec<u8>, Error> {
        write(&self.header, &self.pixels, compressed)
    }

    /// The bytes of a `.mhd` header that names `data_file`, and those of that data file.
    ///
    /// # Errors
    /// If the pixels do not fit the header.
    pub fn write_detached(
        &self,
        data_file: &str,
        compressed: bool,
    ) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let file = DataFile::Beside(data_file.to_owned());
        parts(&self.header, &self.pixels, compressed, &file)
    }
}

/// How many bytes of pixels there should be, if they are not too many.
fn declared(header: &Header, limits: &Limits) -> Result<usize, Error> {
    let (declared, limit) = (header.pixel_bytes()?, limits.pixel_bytes);
    if declared > limit {
        return Err(Error::TooLarge { what: "pixels", declared, limit });
    }
    Ok(declared as usize)
}

/// The pixels of a data file in native byte order.
fn detached(header: &Header, mut data: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let declared = declared(header, limits)?;
    let mut plain = header.clone();
    if std::mem::take(&mut plain.is_data_last) {
        let (came, declared) = (data.len() as u64, declared as u64);
        let before = came.checked_sub(declared).ok_or(Error::DataEndEarly { declared, came })?;
        data = &data[before as usize..];
    }
    let mut reader = PixelReader::detached(&plain, data)?;
    let mut bytes = Vec::new();
    reader.read(declared, &mut bytes)?;
    reader.finish()?;
    Ok(bytes)
}

/// The bytes of a `.mha` file.
pub(crate) fn write(header: &Header, pixels: &Pixels, compressed: bool) -> Result<Vec<u8>, Error> {
    let (mut file, data) = parts(header, pixels, compressed, &DataFile::Local)?;
    file.extend_from_slice(&data);
    Ok(file)
}

/// The bytes of a header, and those of its pixels; `file` is where these will be.
pub(crate) fn parts(
    header: &Header,
    pixels: &Pixels,
    compressed: bool,
    file: &DataFile,
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let scalar = pixels.scalar();
    let declared = header.pixel_bytes()?;
    let came = (pixels.len() * scalar.bytes()) as u64;
    if declared != came || (declared > 0 && header.scalar != Some(scalar)) {
        return Err(Error::PixelsDoNotFit {
            declared,
            scalar: header.scalar.map_or("MET_OTHER", ScalarType::name).to_owned(),
            came,
            came_scalar: scalar.name().to_owned(),
        });
    }
    let raw = pixels.to_little_endian();
    let data = if compressed { deflate(&raw)? } else { raw.into_owned() };
    let header = Header {
        compressed,
        compressed_bytes: compressed.then_some(data.len() as u64),
        data_file: file.clone(),
        skip_bytes: 0,
        is_data_last: false,
        big_endian: false,
        ..header.clone()
    };
    Ok((header.write()?, data))
}

/// One zlib stream.
pub(crate) fn deflate(raw: &[u8]) -> Result<Vec<u8>, Error> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(raw)?;
    Ok(encoder.finish()?)
}

impl Header {
    /// The lines of the header, for pixels in little-endian order, with `ElementDataFile` last.
    ///
    /// # Errors
    /// If the header could not be read again as it is: a list of the wrong length, a key twice.
    pub fn write(&self) -> Result<Vec<u8>, Error> {
        let join = |numbers: &[f64]| {
            numbers.iter().map(|value| number(*value)).collect::<Vec<_>>().join(" ")
        };
        let boolean = |value| if value { "True" } else { "False" }.to_owned();
        let sizes = self.dims.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
        let scalar = self.scalar.map_or("MET_OTHER", ScalarType::name);
        let mut lines = vec![
            ("ObjectType", "Image".to_owned()),
            ("NDims", self.dims.len().to_string()),
            ("BinaryData", boolean(true)),
            ("BinaryDataByteOrderMSB", boolean(self.big_endian)),
            ("CompressedData", boolean(self.compressed)),
        ];
        lines.extend(self.compressed_bytes.map(|bytes| ("CompressedDataSize", bytes.to_string())));
        lines.extend([
            ("DimSize", sizes),
            ("ElementNumberOfChannels", self.channels.to_string()),
            ("ElementSpacing", join(&self.spacing_mm)),
            ("ElementType", scalar.to_owned()),
            ("Offset", join(&self.offset_mm)),
            ("TransformMatrix", join(&self.transform_matrix)),
        ]);
        if self.is_data_last {
            lines.push(("HeaderSize", "-1".to_owned()));
        } else if self.skip_bytes > 0 {
            lines.push(("HeaderSize", self.skip_bytes.to_string()));
        }
        let other = self.other.iter().map(|field| (field.key.as_str(), field.value.clone()));
        lines.extend(other);
        lines.push((
            "ElementDataFile",
            match &self.data_file {
                DataFile::Local => "LOCAL".to_owned(),
                DataFile::Beside(name) => name.clone(),
                DataFile::Slices(names) => format!("LIST\n{}", names.join("\n")),
            },
        ));
        let mut text = String::new();
        for (key, value) in lines {
            text.extend([key, " = ", &value, "\n"]);
        }
        let bytes = text.into_bytes();
        // What cannot be read again must not be written.
        let (again, _) = Self::parse(&bytes)?;
        let same_other = again.other.len() == self.other.len()
            && again
                .other
                .iter()
                .zip(&self.other)
                .all(|(a, b)| a.key == b.key && a.value == b.value);
        let same =
            Self { other: Vec::new(), ..again } == Self { other: Vec::new(), ..self.clone() };
        if same && same_other {
            return Ok(bytes);
        }
        Err(Error::Unsupported {
            what: "a header whose values are not what their lines read as".to_owned(),
            hint: "use plain keys, and values without newlines or blanks around them",
        })
    }
}
