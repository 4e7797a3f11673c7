//! Whose images a session holds: the first device that knows says so, and images of another patient are refused.
//!
//! Only a hash, keyed with a secret of the session, is kept, in `patient.json` in the session's folder. The secret goes
//! when the session ends: from then on nobody can try out names and numbers until one fits.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::assignment::{Assignment, Secret};
use crate::log;

/// The file in the session's folder.
pub const FILE: &str = "patient.json";

/// Whose images a session holds, as one device sees it.
#[derive(Clone, Debug)]
pub struct SessionPatient {
    folder: PathBuf,
    node: String,
    secret: Secret,
}

/// What is kept.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Admitted {
    /// The hash, 64 hexadecimal digits.
    patient: String,
    /// The device that was the first to know.
    admitted_by: String,
}

/// Why images are not admitted to a session.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// They are another patient's.
    #[error(
        "they are of another patient than those that `{first}` brought into this session; name images of the patient who lies here, or begin a new session"
    )]
    AnotherPatient {
        /// The device whose images came first.
        first: String,
    },
    /// What the session keeps cannot be read or written.
    #[error(
        "the session cannot tell whose images they are: {path}: {source}; is its disk full or not writable?"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What the session keeps is damaged.
    #[error(
        "the session cannot tell whose images they are: {path} is damaged ({reason}); begin a new session"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// In which way.
        reason: String,
    },
}

impl SessionPatient {
    /// Of the session that a process is assigned to.
    pub fn of(assignment: &Assignment) -> Self {
        Self::new(&assignment.folder, &assignment.node, assignment.secret)
    }

    /// Of the session whose folder it is, as the device `node` sees it.
    pub fn new(folder: &Path, node: &str, secret: Secret) -> Self {
        Self { folder: folder.to_owned(), node: node.to_owned(), secret }
    }

    /// The key for hashes of who a patient is: the same for all devices of a session, and for no other session.
    pub fn secret(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }

    /// Admits images of the patient with this hash; the first that are admitted decide for the whole session.
    /// `None`, images that do not say whose they are, is admitted, with a warning.
    ///
    /// # Errors
    /// If images of another patient were admitted before, or what the session keeps cannot be read or written.
    pub fn admit(&self, patient: Option<&[u8; 32]>) -> Result<(), NotAdmitted> {
        let Some(patient) = patient else {
            log::warn(
                "the images do not say whose they are: that they are of the patient who lies here must be made sure by a person",
            );
            return Ok(());
        };
        let own = Admitted { patient: hexadecimal(patient), admitted_by: self.node.clone() };
        let path = self.folder.join(FILE);
        let failed = |source| NotAdmitted::File { path: path.clone(), source };
        if !path.exists() && self.be_first(&own, &path).map_err(failed)? {
            return Ok(());
        }
        let bytes = fs::read(&path).map_err(failed)?;
        let first: Admitted = serde_json::from_slice(&bytes).map_err(|error| {
            NotAdmitted::Damaged { path: path.clone(), reason: error.to_string() }
        })?;
        if first.patient == own.patient {
            return Ok(());
        }
        Err(NotAdmitted::AnotherPatient { first: first.admitted_by })
    }

    /// Whether this device is the first: of several at once, one is.
    fn be_first(&self, own: &Admitted, path: &Path) -> Result<bool, std::io::Error> {
        let mine = self.folder.join(format!("{FILE}.{}.{}", self.node, std::process::id()));
        let mut file = fs::File::create(&mine)?;
        file.write_all(&serde_json::to_vec_pretty(own)?)?;
        file.sync_all()?;
        // Only the first link of that name is made, and it is there as a whole.
        let linked = fs::hard_link(&mine, path);
        fs::remove_file(&mine)?;
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for each test, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("vesalius-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn seen_by(&self, node: &str) -> SessionPatient {
            SessionPatient::new(&self.0, node, Secret::from([7; 32]))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_first_images_decide_whose_session_it_is() {
        let folder = Folder::new("first-images");
        folder.seen_by("ct").admit(None).unwrap();
        assert!(!folder.0.join(FILE).exists(), "nobody has said whose they are");
        folder.seen_by("ct").admit(Some(&[1; 32])).unwrap();
        folder.seen_by("cone_beam").admit(Some(&[1; 32])).unwrap();
        folder.seen_by("cone_beam").admit(None).unwrap();
        let error = folder.seen_by("cone_beam").admit(Some(&[2; 32])).unwrap_err().to_string();
        assert!(error.contains("another patient") && error.contains("`ct`"), "{error}");
        folder.seen_by("ct").admit(Some(&[1; 32])).unwrap();
        let left = fs::read_dir(&folder.0).unwrap().count();
        assert_eq!(left, 1, "nothing but what is kept is left");
    }

    #[test]
    fn of_several_at_once_one_patient_is_admitted() {
        let folder = Folder::new("several-at-once");
        let admitted = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8_u8)
                .map(|number| {
                    let device = folder.seen_by(&format!("ct_{number}"));
                    scope.spawn(move || device.admit(Some(&[number; 32])).is_ok())
                })
                .collect();
            all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(admitted.iter().filter(|is_admitted| **is_admitted).count(), 1, "{admitted:?}");
    }

    #[test]
    fn what_is_damaged_or_cannot_be_written_admits_nobody() {
        let folder = Folder::new("damaged");
        fs::write(folder.0.join(FILE), "{").unwrap();
        let error = folder.seen_by("ct").admit(Some(&[1; 32])).unwrap_err().to_string();
        assert!(error.contains("damaged") && error.contains("new session"), "{error}");
        let nowhere = SessionPatient::new(&folder.0.join("none"), "ct", Secret::from([7; 32]));
        let error = nowhere.admit(Some(&[1; 32])).unwrap_err().to_string();
        assert!(error.contains("none/patient.json"), "{error}");
    }
}
