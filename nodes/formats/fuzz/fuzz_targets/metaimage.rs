//! Images as MetaImage: whole, in two files, as a stream, and as volumes.

use formats::metaimage::{Error, Header, Image, PixelReader, Pixels, Volume, read_header};
use nalgebra::{Matrix3, Vector3};

use super::{
    BESIDE, LIMITS, Target, assert_said, bounded, has, inflated, odd_numbers, with_beside,
};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "metaimage", check, seeds, words: WORDS };

fn check(bytes: &[u8]) {
    let (file, beside) = with_beside(bytes);
    let inflated = if has(bytes, b"CompressedData") { inflated(bytes.len()) } else { 0 };
    let read = bounded(bytes.len(), inflated, || match beside {
        Some(data) => Image::read_detached(file, data, &LIMITS),
        None => Image::read(file, &LIMITS),
    });
    let streamed = stream(file, beside, inflated);
    let Ok(image) = read else {
        read.as_ref().err().iter().for_each(|error| assert_said(error));
        if let (Ok((header, _)), None) = (Header::parse(file), beside) {
            let is_refused =
                streamed.is_err() || header.pixel_bytes().is_ok_and(|all| all > LIMITS.pixel_bytes);
            assert!(is_refused, "read as a stream, but not as a whole: {}", read.unwrap_err());
        }
        return;
    };
    let header = &image.header;
    let axes = header.dims.len();
    assert!((1..=4).contains(&axes));
    assert_eq!([header.spacing_mm.len(), header.offset_mm.len()], [axes; 2]);
    assert_eq!(header.transform_matrix.len(), axes * axes);
    let all = header.spacing_mm.iter().chain(&header.offset_mm).chain(&header.transform_matrix);
    assert!(all.into_iter().all(|number| number.is_finite()));
    assert!(header.spacing_mm.iter().all(|mm| *mm > 0.0));
    let is_empty = header.dims.contains(&0);
    let count = if is_empty { 0 } else { header.dims.iter().product::<usize>() * header.channels };
    assert_eq!(image.pixels.len(), count);
    assert_eq!(
        streamed.expect("what is read as a whole is read as a stream") as u64,
        header.pixel_bytes().unwrap()
    );
    again(&image);
    if let Ok(volume) = Volume::try_from(image) {
        super::assert_maps(&volume.world_from_voxel());
        let written = volume.write(true).expect("what was read can be written");
        let read = Volume::read(&written, &LIMITS).expect("what was written can be read");
        assert_eq!(read.write(true).unwrap(), written);
        assert_eq!(read.world_from_voxel(), volume.world_from_voxel());
    }
}

/// Written and read again, it is the same; compared as bytes, because NaN is not equal to itself.
fn again(image: &Image) {
    for is_compressed in [false, true] {
        let written = image.write(is_compressed).expect("what was read can be written");
        let read = Image::read(&written, &LIMITS).expect("what was written can be read");
        assert_eq!(read.write(is_compressed).unwrap(), written);
        assert_eq!(read.header.dims, image.header.dims);
        assert_eq!(read.pixels.len(), image.pixels.len());
        let (header, data) = image.write_detached("pixels.raw", is_compressed).unwrap();
        assert!(written.ends_with(&data));
        Image::read_detached(&header, &data, &LIMITS).expect("both files can be read");
    }
}

/// How many bytes the pixels have, read in uneven steps.
fn stream(file: &[u8], beside: Option<&[u8]>, inflated: usize) -> Result<usize, Error> {
    let came = file.len() + beside.map_or(0, <[u8]>::len);
    bounded(came, inflated, || {
        let mut source = file;
        let header = read_header(&mut source, &LIMITS)?;
        assert!(file.starts_with(&header));
        let (header, end) = Header::parse(&header)?;
        assert_eq!(end + source.len(), file.len());
        let mut reader = match (&header.data_file, beside) {
            (_, Some(data)) => PixelReader::detached(&header, data)?,
            (_, None) => PixelReader::new(&header, source)?,
        };
        let left = header.pixel_bytes()? as usize;
        let (mut read, mut pixels) = (0, Vec::new());
        for step in [1, 7, 4096].into_iter().chain(std::iter::repeat(1 << 16)) {
            let step = step.min(left - read);
            if step == 0 {
                break;
            }
            reader.read(step, &mut pixels)?;
            read += step;
        }
        reader.finish()?;
        Ok(read)
    })
}

/// Volumes and images of several kinds, as this crate writes them and as others do.
pub fn seeds() -> Vec<Vec<u8>> {
    let volume = |voxels: Pixels| Volume {
        dims: [3, 2, 2],
        spacing_mm: Vector3::new(0.5, 1.0, 2.5),
        origin_mm: Vector3::new(-10.0, 20.5, 3.0),
        direction: Matrix3::new(0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0),
        voxels,
    };
    let kinds = [
        Pixels::U8((0..12).collect()),
        Pixels::I16((-6..6).collect()),
        Pixels::F32((0..12).map(|value| value as f32 / 3.0).collect()),
        Pixels::F64(vec![f64::NAN; 12]),
    ];
    let mut seeds: Vec<Vec<u8>> = kinds
        .into_iter()
        .flat_map(|voxels| {
            [false, true].map(|is_compressed| volume(voxels.clone()).write(is_compressed).unwrap())
        })
        .collect();
    let image = Image::read(&seeds[0], &LIMITS).unwrap();
    for is_compressed in [false, true] {
        let (header, data) = image.write_detached("pixels.raw", is_compressed).unwrap();
        seeds.push([&header, BESIDE, &data].concat());
    }
    seeds.extend([
        b"NDims = 2\nDimSize = 2 3\nElementNumberOfChannels = 3\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n123456789012345678"
            .to_vec(),
        b"ObjectType = Image\r\nNDims = 3\r\nDimSize = 2 1 1\r\nElementType = MET_USHORT\r\nBinaryDataByteOrderMSB = True\r\nComment = a = b\r\nElementSpacing = 1 1 1e-2\r\nElementDataFile = Local\r\n\x01\x02\x03\x04".to_vec(),
        b"NDims = 4\nDimSize = 1 1 1 2\nElementType = MET_CHAR_ARRAY\nHeaderSize = 3\nElementDataFile = a/b.raw\n\n--beside--\nskp12".to_vec(),
        b"NDims = 3\nDimSize = 0 0 7\nElementType = MET_OTHER\nCompressedData = True\nCompressedDataSize = 0\nElementDataFile = LOCAL\n".to_vec(),
        b"NDims = 1\nDimSize = 5\nPosition = 3\nRotation = -1\nElementType = MET_CHAR\nElementSize = 2\nElementDataFile = LOCAL\nabcde".to_vec(),
    ]);
    seeds
}

const WORDS: &[&str] = odd_numbers![
    " = ",
    "= True\n",
    "= False\n",
    "ObjectType = Image\n",
    "NDims = 3\n",
    "NDims = 2\n",
    "DimSize = ",
    "ElementType = MET_",
    "MET_CHAR",
    "MET_UCHAR",
    "MET_SHORT",
    "MET_USHORT",
    "MET_INT",
    "MET_UINT",
    "MET_LONG",
    "MET_LONG_LONG",
    "MET_ULONG_LONG",
    "MET_FLOAT",
    "MET_DOUBLE",
    "MET_OTHER",
    "_ARRAY",
    "ElementNumberOfChannels = ",
    "ElementSpacing = ",
    "ElementSize = ",
    "Offset = ",
    "Position = ",
    "Origin = ",
    "TransformMatrix = ",
    "Rotation = ",
    "Orientation = ",
    "BinaryData = ",
    "BinaryDataByteOrderMSB = ",
    "ElementByteOrderMSB = ",
    "CompressedData = True\n",
    "CompressedDataSize = ",
    "HeaderSize = ",
    "AnatomicalOrientation = RAI\n",
    "CenterOfRotation = 0 0 0\n",
    "Comment = ",
    "Kinds = ",
    "ElementDataFile = LOCAL\n",
    "ElementDataFile = pixels.raw\n",
    "LIST",
    "%03d",
    "..",
    "\r\n",
    "\t",
    "1 0 0 0 1 0 0 0 1",
];
