//! Received images on disk, without who the patient is, in a folder that only this user can enter.
//!
//! Each is written under another name first: what a crash leaves half written has no name that is read again.

use std::fs::{self, DirBuilder, File as DiskFile};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use formats::dicom::{File, InstanceKey, SeriesKey};
use messages::Timestamp;

/// How stored images are called: `SERIES-INSTANCE-NANOSECONDS.image`, both by the beginning of their keys.
const ENDING: &str = "image";
const KEY_DIGITS: usize = 32;

/// Why images cannot be stored.
#[derive(Debug, thiserror::Error)]
#[error(
    "received images cannot be kept in {}: {source}; is its disk full, or the folder not writable for this user alone?",
    path.display()
)]
pub struct StoreError {
    path: PathBuf,
    source: std::io::Error,
}

/// The folder.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    is_temporary: bool,
}

/// One stored image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The bytes that were kept.
    pub bytes: Vec<u8>,
    /// When the last byte of it came, on the session's clock.
    pub at: Timestamp,
}

impl Store {
    /// A folder with this name in a session's, where a restarted process finds it again.
    ///
    /// # Errors
    /// If it cannot be made, or others may enter it.
    pub fn in_session(session: &Path, name: &str) -> Result<Self, StoreError> {
        let folder = session.join(name);
        let failed = |source| StoreError { path: folder.clone(), source };
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        let found = fs::symlink_metadata(&folder).map_err(failed)?;
        if !found.is_dir() || found.permissions().mode() & 0o077 != 0 {
            return Err(failed(std::io::Error::from(ErrorKind::PermissionDenied)));
        }
        Ok(Self { folder, is_temporary: false })
    }

    /// A new folder among the temporary ones, which goes with this value.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn temporary() -> Result<Self, StoreError> {
        let mark = RandomState::new().build_hasher().finish();
        let folder = std::env::temp_dir().join(format!("vesalius-dicom-{mark:016x}"));
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|source| StoreError { path: folder.clone(), source })?;
        Ok(Self { folder, is_temporary: true })
    }

    /// Stores an image.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, file: &File, kept: &[u8], at: Timestamp) -> Result<(), StoreError> {
        let name = name(&file.series(), &file.instance(), at);
        let failed = |source| StoreError { path: self.folder.clone(), source };
        let half = self.folder.join(format!("{name}.half"));
        let written = DiskFile::create(&half).and_then(|mut file| file.write_all(kept));
        if let Err(source) = written {
            let _ = fs::remove_file(&half);
            return Err(failed(source));
        }
        fs::rename(&half, self.folder.join(format!("{name}.{ENDING}"))).map_err(failed)
    }

    /// All stored images, or those of one series, in the order in which they came.
    ///
    /// # Errors
    /// If the folder or one of them cannot be read.
    pub fn read(
        &self,
        series: Option<&SeriesKey>,
    ) -> Result<impl Iterator<Item = Result<Stored, StoreError>>, StoreError> {
        let failed = |source| StoreError { path: self.folder.clone(), source };
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some((of, at)) = parts(&path) else { continue };
            if series.is_none_or(|series| beginning(&series.to_string()) == of) {
                found.push((at, path));
            }
        }
        found.sort();
        let folder = self.folder.clone();
        Ok(found.into_iter().map(move |(at, path)| {
            let read = fs::read(path);
            read.map(|bytes| Stored { bytes, at })
                .map_err(|source| StoreError { path: folder.clone(), source })
        }))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.is_temporary {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn beginning(key: &str) -> String {
    key.chars().take(KEY_DIGITS).collect()
}

fn name(series: &SeriesKey, instance: &InstanceKey, at: Timestamp) -> String {
    format!("{}-{}-{}", beginning(&series.to_string()), beginning(&instance.to_string()), at.0)
}

/// Series and instant of a stored image, by its name.
fn parts(path: &Path) -> Option<(String, Timestamp)> {
    if path.extension()? != ENDING {
        return None;
    }
    let mut parts = path.file_stem()?.to_str()?.splitn(3, '-');
    let series = parts.next()?.to_owned();
    let at = parts.nth(1)?.parse().ok()?;
    Some((series, Timestamp(at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::dicom::write::{CtSeries, Origin};
    use nalgebra::Matrix4;

    const SECRET: [u8; 32] = [3; 32];

    fn file(slice: usize) -> File {
        let origin = Origin {
            patient_id: "PID4711".to_owned(),
            patient_name: "Mustermann^Erika".to_owned(),
            study: "1.2.3".to_owned(),
            series: "1.2.4".to_owned(),
            frame_of_reference: "1.2.5".to_owned(),
            series_number: 2,
            manufacturer: "Vesalius".to_owned(),
            acquired: Default::default(),
        };
        let voxels: Vec<i16> = (0..24).collect();
        let series = CtSeries {
            origin: &origin,
            dims: [3, 2, 4],
            lps_from_voxel: Matrix4::identity(),
            voxels: &voxels,
            tells_count: false,
        };
        File::read(
            "a",
            &series.file(slice).unwrap(),
            &SECRET,
            &formats::metaimage::Limits::default(),
            |_| Some(0),
        )
        .unwrap()
        .unwrap()
    }

    #[test]
    fn what_is_stored_comes_back_in_order_and_says_nothing_of_the_patient() {
        let session = tempfile::tempdir().unwrap();
        let store = Store::in_session(session.path(), "dicom-104").unwrap();
        let written: Vec<Vec<u8>> = [2, 0, 1]
            .into_iter()
            .zip(7_i64..)
            .map(|(slice, at)| {
                let file = file(slice);
                let kept = file.keep(&SECRET);
                store.write(&file, &kept, Timestamp(at)).unwrap();
                kept
            })
            .collect();
        fs::write(session.path().join("dicom-104/half.half"), "x").unwrap();
        // A restarted process finds them.
        let store = Store::in_session(session.path(), "dicom-104").unwrap();
        let series = file(0).series();
        let read: Vec<Stored> = store.read(Some(&series)).unwrap().map(Result::unwrap).collect();
        assert_eq!(read.iter().map(|it| it.bytes.clone()).collect::<Vec<_>>(), written);
        assert_eq!(read.iter().map(|it| it.at.0).collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(store.read(Some(&SeriesKey::from([1; 32]))).unwrap().count(), 0);
        for stored in &read {
            for word in ["PID4711", "Mustermann", "Erika", "1.2.3", "1.2.4"] {
                let text = String::from_utf8_lossy(&stored.bytes);
                assert!(!text.contains(word), "{word}");
            }
            let back = File::restore("b", &stored.bytes, &SECRET).unwrap();
            assert_eq!(back.keep(&SECRET), stored.bytes);
            assert!(File::restore("b", &stored.bytes, &[4; 32]).is_err());
        }
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(session.path().join("dicom-104")), 0o700);
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused_and_a_temporary_one_goes() {
        let session = tempfile::tempdir().unwrap();
        let open = session.path().join("dicom-1");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Store::in_session(session.path(), "dicom-1").is_err());
        let store = Store::temporary().unwrap();
        let folder = store.folder.clone();
        assert!(folder.is_dir());
        drop(store);
        assert!(!folder.exists());
    }
}
