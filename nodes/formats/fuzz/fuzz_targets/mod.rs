//! One target for each reader of foreign bytes: what must hold for any bytes, seeds to start from, and the words that
//! its files are made of.
//!
//! For another reader write a file like `plus_config.rs` beside this one, with a `TARGET`, and name it twice below: as
//! a module and in [`ALL`]. `.setup/fuzz.sh` then fuzzes it, and the test `hostile_bytes` of `formats` reads its seeds,
//! cut off anywhere and with any byte changed.

#[path = "../allocations.rs"]
mod allocations;
mod dicom;
#[path = "../../tests/dicom_files/frames.rs"]
mod dicom_frames;
mod dicom_seeds;
mod dicom_series;
mod legacy_vtk;
mod metaimage;
mod ndi;
mod nifti;
mod nifti_pair;
mod nrrd;
mod openigtlink;
mod placed_volume;
mod plus_config;
mod plus_sequence;
mod plus_sequence_nrrd;
mod plus_transforms;
mod shape_summary;
mod summary;
mod surface_file;
mod tree_file;
mod video;

use std::error::Error;

use formats::metaimage::Limits;
use formats::placed_volume::{PlacedVolume, VolumeKind};
use nalgebra::Matrix4;

/// All targets.
pub const ALL: &[Target] = &[
    dicom::TARGET,
    dicom_series::TARGET,
    legacy_vtk::TARGET,
    metaimage::TARGET,
    ndi::TARGET,
    nifti::TARGET,
    nifti_pair::TARGET,
    nrrd::TARGET,
    openigtlink::TARGET,
    placed_volume::TARGET,
    plus_config::TARGET,
    plus_sequence::TARGET,
    plus_sequence_nrrd::TARGET,
    plus_transforms::TARGET,
    shape_summary::TARGET,
    summary::TARGET,
    surface_file::TARGET,
    tree_file::TARGET,
    video::TARGET,
];

/// A reader, and how to try it.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Reads the bytes; panics if what came of it is not well-formed, or took more memory than [`most_bytes`].
    pub check: fn(&[u8]),
    /// Small files to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Keywords and odd values, for a dictionary.
    pub words: &'static [&'static str],
}

/// The limits under which all is read.
pub const LIMITS: Limits = Limits { header_bytes: 1 << 20, pixel_bytes: 1 << 20 };

/// Some quotes of 60 letters, of up to four bytes each, and the words around them.
const LONGEST_MESSAGE: usize = 2000;

/// Stands between a file and the one beside it.
pub const BESIDE: &[u8] = b"\n--beside--\n";

/// Numbers at the edges of what readers take.
macro_rules! odd_numbers {
    ($($word:expr),* $(,)?) => {
        &["nan", "inf", "-inf", "-0", "1e308", "-1e308", "1e-308", "5e-324", "1e-107", "1e103", "1e9", "-1", "65535",
          "65536", "2147483648", "4294967295", "4294967296", "9223372036854775807", "18446744073709551615", "\n--beside--\n",
          $($word),*]
    };
}
pub(crate) use odd_numbers;

/// A file, and the bytes of the file beside it if there is one.
pub fn with_beside(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    match bytes.windows(BESIDE.len()).position(|window| window == BESIDE) {
        Some(at) => (&bytes[..at], Some(&bytes[at + BESIDE.len()..])),
        None => (bytes, None),
    }
}

/// What a reader may have in use at once for so many bytes: a constant for its buffers, and a multiple of what came.
///
/// Values that were compressed are in use three times: read, while their array grows, and as numbers.
pub fn most_bytes(came: usize, inflated: usize) -> usize {
    (256 << 10) + 128 * came + 4 * inflated
}

/// What so many bytes may inflate to: deflate makes nothing more than 1032 times smaller, and there are [`LIMITS`].
pub fn inflated(came: usize) -> usize {
    came.saturating_mul(1032).min(LIMITS.pixel_bytes as usize)
}

/// What `read` returns; it must not use more than [`most_bytes`].
pub fn bounded<T>(came: usize, inflated: usize, read: impl FnOnce() -> T) -> T {
    let (done, used) = allocations::most_during(read);
    let most = most_bytes(came, inflated);
    assert!(used <= most, "{used} bytes in use for {came} that came, more than {most}");
    done
}

/// Whether a word is anywhere in a file.
pub fn has(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// One of several, another one for nearly each input: all of them would take long.
pub fn one_of<T: Copy>(all: &[T], bytes: &[u8]) -> T {
    let sum: usize = bytes.iter().map(|byte| usize::from(*byte)).sum();
    all[sum % all.len()]
}

/// One gzip stream.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let written = std::io::Write::write_all(&mut encoder, bytes).and_then(|()| encoder.finish());
    written.expect("a vector takes all")
}

/// A map that puts each index into one place.
pub fn assert_maps(map: &Matrix4<f64>) {
    assert!(map.iter().all(|number| number.is_finite()), "{map}");
    assert_eq!(map.row(3).iter().copied().collect::<Vec<_>>(), [0.0, 0.0, 0.0, 1.0]);
    let back = map.try_inverse().expect("axes that span space");
    assert!(back.iter().all(|number| number.is_finite()), "{map}{back}");
}

/// What holds for each volume that was read.
pub fn assert_volume(volume: PlacedVolume) {
    assert!(!volume.is_empty());
    assert_eq!(volume.len(), volume.voxels.len());
    assert_maps(&volume.lps_from_voxel);
    again(&volume);
    let count = volume.len();
    if let Ok(labels) = volume.clone().into_labels() {
        assert_eq!(labels.len(), count);
    }
    if let Ok(intensities) = volume.into_intensities() {
        assert_eq!(intensities.len(), count);
    }
}

/// Written as each kind of file that can hold it, and read again, it has the same voxels in the same place; they are
/// compared as bytes, because NaN is not equal to itself.
fn again(volume: &PlacedVolume) {
    let map = &volume.lps_from_voxel;
    for (kind, is_exact) in [
        (VolumeKind::Nrrd, true),
        (VolumeKind::Nifti2 { gzip: false }, true),
        (VolumeKind::Nifti1 { gzip: false }, false),
        (VolumeKind::MetaImage, false),
    ] {
        let written = match volume.write(&kind, false) {
            Ok(written) => written,
            // Some kinds have no room for some volumes.
            Err(error) if !is_exact => {
                assert_said(&error);
                continue;
            }
            Err(error) => panic!("{kind:?} holds each volume that was read: {error}"),
        };
        let limits = Limits { pixel_bytes: u64::MAX, ..LIMITS };
        let read = PlacedVolume::read(&written.bytes, &limits, |_| Ok(Vec::new()));
        let read = read.expect("what was written can be read");
        assert_eq!((read.dims, read.voxels.scalar()), (volume.dims, volume.voxels.scalar()));
        assert_eq!(voxel_bytes(&read), voxel_bytes(volume));
        let farthest = (read.lps_from_voxel - map).amax();
        let most = if is_exact { 0.0 } else { 1e-6 * map.amax() };
        assert!(farthest <= most, "{kind:?} moves it by {farthest}: {map}");
    }
}

fn voxel_bytes(volume: &PlacedVolume) -> Vec<u8> {
    let written = volume.write(&VolumeKind::Nrrd, false).expect("a NRRD holds each volume").bytes;
    written[written.len() - volume.len() * volume.voxels.scalar().bytes()..].to_vec()
}

/// What holds for each message about a file: it says something, and quotes no more of the file than a person reads, and
/// nothing of it that a terminal would take as an order.
pub fn assert_said(error: &dyn Error) {
    let said = error.to_string();
    assert!(
        !said.trim().is_empty() && said.len() <= LONGEST_MESSAGE,
        "{} bytes: {said}",
        said.len()
    );
    let is_plain = |letter: char| letter == '\n' || !letter.is_control();
    assert!(said.chars().all(is_plain), "{said:?}");
}
