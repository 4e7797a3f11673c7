//! The bytes of the voxels, raw or as gzip, checked to the last one.

use std::io::{BufRead, Read};

use flate2::bufread::MultiGzDecoder;

use super::{Error, Limits, Pixels};
use crate::metaimage::{ScalarType, to_native_order};

/// Which bytes are the voxels.
pub(crate) struct VoxelBytes {
    /// Voxels along x, y and z; all above 0.
    pub dims: [usize; 3],
    /// The number type.
    pub scalar: ScalarType,
    /// Whether the numbers are stored most significant byte first.
    pub is_big_endian: bool,
    /// Bytes to skip before the first voxel, after decompression.
    pub skip: u64,
}

impl VoxelBytes {
    fn declared(&self, limits: &Limits) -> Result<u64, Error> {
        let voxel = self.scalar.bytes() as u64;
        let declared =
            self.dims.iter().try_fold(voxel, |bytes, &side| bytes.checked_mul(side as u64));
        let limit = limits.pixel_bytes;
        match declared {
            Some(declared) if declared <= limit => Ok(declared),
            _ => Err(Error::TooLarge { declared: declared.unwrap_or(u64::MAX), limit }),
        }
    }

    /// Voxels from gzip.
    pub fn inflate(&self, compressed: &[u8], limits: &Limits) -> Result<Pixels, Error> {
        self.read(
            std::io::BufReader::with_capacity(1 << 16, MultiGzDecoder::new(compressed)),
            limits,
        )
    }

    /// Voxels from a stream that holds nothing else after the skipped bytes.
    pub fn read(&self, mut source: impl BufRead, limits: &Limits) -> Result<Pixels, Error> {
        let declared = self.declared(limits)?;
        let corrupt = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                Error::Corrupt { reason: "the stream was cut off".to_owned() }
            }
            _ => Error::Corrupt { reason: error.to_string() },
        };
        let skipped = std::io::copy(&mut source.by_ref().take(self.skip), &mut std::io::sink());
        let skipped = skipped.map_err(corrupt)?;
        let mut bytes = Vec::new();
        if skipped == self.skip {
            // The buffer grows with the bytes that come, never by what was declared.
            source.by_ref().take(declared).read_to_end(&mut bytes).map_err(corrupt)?;
        }
        if (bytes.len() as u64) < declared {
            return Err(Error::DataEndEarly { declared, came: bytes.len() as u64 });
        }
        if !source.fill_buf().map_err(corrupt)?.is_empty() {
            return Err(Error::DataLonger { declared });
        }
        to_native_order(&mut bytes, self.scalar.bytes(), self.is_big_endian);
        Ok(Pixels::from_native(self.scalar, bytes))
    }
}
