//! Files of volumes, sequences, videos, surfaces, trees, and folders of DICOM, as the offline tools take them.

pub mod convert;
pub mod info;
mod video;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};

use formats::metaimage::Limits;
use formats::{dicom, placed_volume, plus_sequence, summary, surface_file};

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened or written.
    #[error("cannot {what} {}: {source}", .path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is no volume, or a damaged one.
    #[error("{}: {source}", .path.display())]
    Volume {
        /// The file.
        path: PathBuf,
        /// Why.
        source: placed_volume::Error,
    },
    /// It is no sequence, or a damaged one.
    #[error("{}: {source}", .path.display())]
    Sequence {
        /// The file.
        path: PathBuf,
        /// Why.
        source: plus_sequence::Error,
    },
    /// It is no video, a damaged one, or there is no `ffmpeg` to read it.
    #[error("{}: {source}", .path.display())]
    Video {
        /// The file.
        path: PathBuf,
        /// Why.
        source: formats::video::Error,
    },
    /// It is no surface or tree, or a damaged one.
    #[error("{}: {source}", .path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Why.
        source: surface_file::Error,
    },
    /// Nothing can be said about it.
    #[error("{}: {source}", .path.display())]
    Summary {
        /// The file.
        path: PathBuf,
        /// Why.
        source: summary::Error,
    },
    /// The images of a folder make no volume.
    #[error("{}: {source}; `vesalius info` lists the series of a folder, and `convert --series` takes one of several", .path.display())]
    Series {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: Box<dicom::Error>,
    },
    /// The folder holds no DICOM.
    #[error("the folder {} holds no DICOM file; give a file, or the folder with the images", .0.display())]
    NoDicom(PathBuf),
    /// What goes in cannot become what is to come out.
    #[error("{} holds {what}, and {} cannot; {hint}", .from.display(), .to.display())]
    Mismatch {
        /// The file that is there.
        from: PathBuf,
        /// The file that is to be written.
        to: PathBuf,
        /// What is in the first.
        what: &'static str,
        /// What to do.
        hint: &'static str,
    },
}

impl Error {
    /// A file cannot be opened.
    pub(crate) fn open(path: &Path, source: std::io::Error) -> Self {
        Self::File { what: "open", path: path.to_owned(), source }
    }
}

/// Reads a file whole.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::open(path, source))
}

/// What a file is called, in small letters.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

/// Writes a file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|source| Error::File {
        what: "write",
        path: path.to_owned(),
        source,
    })
}

/// What a file's bytes show of what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    VolumeOrSequence,
    Shape,
    Dicom,
}

impl Content {
    fn of(bytes: &[u8]) -> Self {
        let start = bytes[..bytes.len().min(4096)].trim_ascii_start();
        let begins = |words: &[&[u8]]| words.iter().any(|word| start.starts_with(word));
        if dicom::is_dicom(bytes) {
            Self::Dicom
        } else if begins(&[b"NRRD", b"ObjectType", b"NDims", b"Comment", &[0x1f, 0x8b]])
            || formats::nifti::is_nifti(bytes)
        {
            Self::VolumeOrSequence
        } else {
            Self::Shape
        }
    }
}

/// The DICOM files of a folder and of those in it, by name; each is read when it is asked for.
fn dicom_files(folder: &Path) -> Result<impl Iterator<Item = (String, Vec<u8>)>, Error> {
    let mut files = vec![];
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |source| Error::File { what: "open", path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut found = vec![];
    for path in files {
        use std::io::Read as _;
        let failed = |source| Error::File { what: "open", path: path.clone(), source };
        let mut start = Vec::with_capacity(4096);
        let file = std::fs::File::open(&path).map_err(failed)?;
        file.take(4096).read_to_end(&mut start).map_err(failed)?;
        if dicom::is_dicom(&start) {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(Error::NoDicom(folder.to_owned()));
    }
    let folder = folder.to_owned();
    // One that vanishes between is as if it had not been there: then the series says which slice is missing.
    Ok(found.into_iter().filter_map(move |path| {
        let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        Some((name, std::fs::read(&path).ok()?))
    }))
}

/// The series of a folder that holds one, its hashes keyed with `secret`.
pub(crate) fn only_series(folder: &Path, secret: &[u8; 32]) -> Result<dicom::Series, Error> {
    series(folder, dicom_files(folder)?, dicom::Choice::Only, secret)
}

/// A series of files, which `path` is or holds.
fn series(
    path: &Path,
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
    choice: dicom::Choice,
    secret: &[u8; 32],
) -> Result<dicom::Series, Error> {
    dicom::read_series(files, choice, secret, &Limits::default())
        .map_err(|source| Error::Series { path: path.to_owned(), source: Box::new(source) })
}

/// For the hashes of this run alone: nothing that is kept can be compared with that of another.
pub(crate) fn secret() -> [u8; 32] {
    let mut secret = [0; 32];
    for part in secret.as_chunks_mut::<8>().0 {
        *part = RandomState::new().build_hasher().finish().to_le_bytes();
    }
    secret
}
