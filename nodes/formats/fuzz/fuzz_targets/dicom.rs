//! One file of DICOM: a slice, or many frames.

use std::sync::Once;

use formats::dicom::{
    Choice, Error, File, FileError, PatientKey, Series, SeriesKey, Summary, is_dicom, list_series,
    read_series,
};
use formats::metaimage::Pixels;

use super::dicom_seeds::{deflated, enhanced_files, folders, plain_start};
use super::{LIMITS, Target, assert_said, assert_volume, bounded, has, odd_numbers};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "dicom", check, seeds, words: WORDS };

const SECRET: [u8; 32] = [7; 32];

fn named(files: &[&[u8]]) -> Vec<(String, Vec<u8>)> {
    (0..).zip(files).map(|(index, bytes): (u32, _)| (index.to_string(), bytes.to_vec())).collect()
}

/// What files may unfold to: deflated data sets step by step up to a multiple of the limits, compressed pixels to those
/// that their size declares, for each of which a decoder of JPEG 2000 keeps some dozens of bytes.
fn unfolded(bytes: &[u8]) -> usize {
    let limit = LIMITS.pixel_bytes as usize;
    let is_deflated = has(bytes, b"1.2.840.10008.1.2.1.99");
    let is_coded = has(bytes, b"1.2.840.10008.1.2.4.");
    let is_runs = has(bytes, b"1.2.840.10008.1.2.5");
    limit * (4 * usize::from(is_deflated) + 4 * usize::from(is_coded) + usize::from(is_runs))
}

fn read_file(bytes: &[u8], secret: &[u8; 32]) -> Result<Option<File>, Error> {
    File::read("0", bytes, secret, &LIMITS, |_| Some(0))
}

/// Asks the dictionary of attributes once: it is made when it is first asked, and is no memory of any file.
fn ask_dictionary() {
    static ASKED: Once = Once::new();
    ASKED.call_once(|| drop(read_file(&enhanced_files()[1], &SECRET)));
}

fn check(bytes: &[u8]) {
    ask_dictionary();
    let files = named(&[bytes]);
    let listed = list_series(files, &SECRET, &LIMITS);
    let read = bounded(bytes.len(), unfolded(bytes), || read_file(bytes, &SECRET));
    let file = match read {
        Err(error) => {
            assert_said(&error);
            assert!(listed.is_err());
            return;
        }
        Ok(None) => return assert_eq!(listed.expect("a table of contents is passed over"), []),
        Ok(Some(file)) => file,
    };
    assert!(is_dicom(bytes));
    let [summary] = &listed.expect("what is read is listed")[..] else { panic!("one series") };
    assert_eq!((summary.key, summary.modality), (file.series(), file.modality()));
    assert_eq!(summary.key.to_string().parse::<SeriesKey>(), Ok(summary.key));
    assert!(file.pixel_bytes() <= LIMITS.pixel_bytes);
    let other = read_file(bytes, &[8; 32]).expect("whatever the secret").expect("it is an image");
    assert_ne!(other.series(), file.series());
    let keys: Vec<PatientKey> = [&file, &other].iter().filter_map(|file| file.patient()).collect();
    assert!(matches!(keys[..], []) || matches!(keys[..], [a, b] if a != b));
    again_deflated(bytes, &file);
    let pixel_bytes = file.pixel_bytes();
    match Series::assemble(vec![file]) {
        Ok(series) => {
            assert_eq!(series.volume.len() as u64 * 2, pixel_bytes);
            check_series(&[bytes], series);
        }
        Err(error) => assert_said(&error),
    }
}

/// The same data set deflated is the same file.
fn again_deflated(bytes: &[u8], file: &File) {
    let Some(dataset) = bytes.strip_prefix(&plain_start()[..]) else { return };
    // More elements of the meta information would come between.
    if dataset.starts_with(&[2, 0]) {
        return;
    }
    let same = match read_file(&deflated(dataset), &SECRET) {
        Ok(same) => same.expect("the same kind of file"),
        // What follows the pixels is passed over where it is not inflated.
        Err(Error::File { problem: FileError::HeaderTooLong { .. }, .. }) => return,
        Err(error) => panic!("the same deflated: {error}"),
    };
    assert_eq!((same.series(), same.patient()), (file.series(), file.patient()));
    assert_eq!((same.modality(), same.pixel_bytes()), (file.modality(), file.pixel_bytes()));
}

/// Several files as one series: well-formed, the same in any order, and the same again as another kind of file.
pub fn check_files(files: &[&[u8]]) {
    ask_dictionary();
    let came = files.iter().map(|file| file.len()).sum();
    let unfolded = files.iter().map(|file| unfolded(file)).sum();
    let handed = named(files);
    let read = bounded(came, unfolded, || read_series(handed, Choice::Only, &SECRET, &LIMITS));
    match read {
        Ok(series) => check_series(files, series),
        Err(Error::SeveralSeries { series }) => {
            assert!(series.len() > 1);
            for (index, summary) in series.iter().enumerate() {
                let read = |choice| read_series(named(files), choice, &SECRET, &LIMITS);
                match (read(Choice::Key(summary.key)), read(Choice::Index(index))) {
                    (Ok(one), Ok(other)) => {
                        assert_eq!((one.key, &one), (summary.key, &other));
                        assert_volume(one.volume);
                    }
                    (one, other) => {
                        // Files of other series count for the limit only where none is chosen by its key.
                        let error = other.expect_err("the same series by its index");
                        assert_said(&error);
                        one.err().iter().for_each(|error| assert_said(error));
                    }
                }
            }
        }
        Err(error) => assert_said(&error),
    }
}

/// What holds for each series that was read of these files.
fn check_series(files: &[&[u8]], series: Series) {
    let listed = list_series(named(files), &SECRET, &LIMITS).expect("what is read is listed");
    let summary = listed.iter().find(|summary| summary.key == series.key).expect("its key");
    let [columns, rows, slices] = series.volume.dims;
    assert_eq!((summary.images, summary.modality), (slices, series.modality));
    assert_eq!(summary.size.map(|size| size.map(usize::from)), Some([rows, columns]));
    assert!(slices >= 2 && series.set_aside < files.len());
    assert!(series.slice_thickness_mm.is_none_or(|mm| mm.is_finite() && mm > 0.0));
    let axes = series.volume.lps_from_voxel.fixed_view::<3, 3>(0, 0).into_owned();
    assert!(axes.determinant() > 0.0, "right-handed, whatever the order of slices");
    // Which place each series has in the list does not depend on the order of files, nor does the volume.
    let turned: Vec<&[u8]> = files.iter().copied().rev().collect();
    let again = list_series(named(&turned), &SECRET, &LIMITS).expect("in any order");
    let told = |it: &Summary| (it.key, it.number, it.images, it.is_localizer);
    assert!(again.iter().map(told).eq(listed.iter().map(told)));
    // Files of other series may be beyond the limit in one order and within it in the other.
    if let Ok(turned) = read_series(named(&turned), Choice::Key(series.key), &SECRET, &LIMITS) {
        let set_aside = series.set_aside;
        assert_eq!(Series { set_aside, ..turned }, series);
    } else {
        panic!("its own files are within the limit in any order");
    }
    let voxels = &series.volume.voxels;
    assert!(
        !matches!(voxels, Pixels::F32(values) if !values.iter().all(|value| value.is_finite()))
    );
    assert_volume(series.volume);
}

/// Files of several frames, and a slice in each transfer syntax.
fn seeds() -> Vec<Vec<u8>> {
    let slices = folders().into_iter().map(|mut folder| folder.swap_remove(0));
    enhanced_files().into_iter().chain(slices).collect()
}

/// Heads of elements as they are written explicitly, and values.
pub const WORDS: &[&str] = odd_numbers![
    "DICM",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.3.10",
    "\x02\0\x10\0UI",
    "\x08\0\x05\0CS",
    "ISO_IR 100",
    "ISO_IR 192",
    "\x08\0\x08\0CS",
    "LOCALIZER",
    "\x08\0\x60\0CS\x02\0",
    "CT",
    "MR",
    "PT",
    "\x10\0\x10\0PN",
    "\x10\0\x20\0LO",
    "\x10\0\x21\0LO",
    "\x10\0\x30\0DA",
    "\x18\0\x50\0DS",
    "\x20\0\x0e\0UI",
    "\x20\0\x11\0IS",
    "\x20\0\x32\0DS",
    "\x20\0\x37\0DS",
    "\x20\0\x52\0UI",
    "\x28\0\x02\0US\x02\0\x01\0",
    "\x28\0\x04\0CS",
    "MONOCHROME1",
    "MONOCHROME2",
    "\x28\0\x08\0IS",
    "\x28\0\x10\0US\x02\0",
    "\x28\0\x11\0US\x02\0",
    "\x28\0\x30\0DS",
    "\x28\0\0\x01US\x02\0\x08\0",
    "\x28\0\0\x01US\x02\0\x10\0",
    "\x28\0\x01\x01US\x02\0",
    "\x28\0\x02\x01US\x02\0",
    "\x28\0\x03\x01US\x02\0\x01\0",
    "\x28\0\x20\x01US\x02\0",
    "\x28\0\x21\x01US\x02\0",
    "\x28\0\x52\x10DS",
    "\x28\0\x53\x10DS",
    "\x28\0\x10\x21CS\x02\x0001",
    "\x28\0\0\x30SQ\0\0",
    "\\0\\0\\1",
    "1\\0\\0\\0\\1\\0",
    "0.75\\0.5",
    "UN\0\0",
    "OB\0\0",
    "OW\0\0",
    "SQ\0\0",
];
