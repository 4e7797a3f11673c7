//! MetaImage (`.mha`, and `.mhd` with the pixels in other files), read strictly and written.
//!
//! A MetaImage is a header of `Key = Value` lines that ends with `ElementDataFile`, then the pixels:
//! raw or one zlib stream, first axis fastest, channels interleaved. Offsets and spacings are in
//! millimetres, and coordinates are LPS (`AnatomicalOrientation = RAI` says the same in `MetaIO`'s
//! words: *from* right, anterior, inferior). The key reference is `MetaIO`'s documentation, as ITK
//! reads it.
//!
//! [`Image::read`] takes a whole file, [`Image::read_detached`] a header and its data file, [`Image::read_with`] a
//! header and whatever files it names; [`Volume`] is the three-dimensional case with geometry. [`PixelReader`] streams.

mod data_file;
mod element;
mod error;
mod field;
mod header;
mod image;
mod inflate;
mod pixel_reader;
mod sizes;
mod volume;

pub use data_file::DataFile;
pub use element::{Pixels, ScalarType};
pub use error::Error;
pub use field::Field;
pub use header::Header;
pub use image::Image;
pub use pixel_reader::{Limits, PixelReader, read_header};
pub use volume::Volume;

pub(crate) use element::to_native_order;
pub(crate) use error::excerpt;
pub(crate) use field::digits;
pub(crate) use header::is_known;
pub(crate) use image::{deflate, parts};
pub(crate) use pixel_reader::{read_header_on, read_line};
pub(crate) use volume::{header, split};
