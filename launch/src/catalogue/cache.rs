//! Descriptions that were given before, kept by the executable's path, size and time of change.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::checksum::sha256;

/// A folder of descriptions; without one, nothing is kept.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    state: State,
    description: String,
}

/// What changes when an executable does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    bytes: u64,
    inode: u64,
    changed_s: i64,
    changed_ns: i64,
}

impl State {
    fn of(executable: &Path) -> Option<Self> {
        let about = std::fs::metadata(executable).ok()?;
        Some(Self {
            bytes: about.len(),
            inode: about.ino(),
            changed_s: about.mtime(),
            changed_ns: about.mtime_nsec(),
        })
    }
}

impl Cache {
    /// Keeps descriptions in `folder`.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    /// Where the user's caches lie: `$XDG_CACHE_HOME/vesalius`, else `.vesalius/cache` of the
    /// checkout that `executable` was built in, else `~/.cache/vesalius`.
    pub fn usual(executable: Option<&Path>) -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let of_checkout = || {
            let mut above = executable?.ancestors();
            above
                .find_map(|folder| {
                    let folder = folder.join(".vesalius");
                    folder.is_dir().then_some(folder)
                })
                .map(|folder| folder.join("cache"))
        };
        let folder = variable("XDG_CACHE_HOME")
            .map(|caches| PathBuf::from(caches).join("vesalius"))
            .or_else(of_checkout)
            .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".cache/vesalius")));
        Self { folder }
    }

    fn file(&self, executable: &Path) -> Option<PathBuf> {
        use std::os::unix::ffi::OsStrExt as _;
        let digest = sha256(executable.as_os_str().as_bytes());
        // Half of it tells executables apart.
        Some(self.folder.as_ref()?.join(format!("describe-{}.json", &digest[..32])))
    }

    /// The description that this very executable gave before.
    pub fn get(&self, executable: &Path) -> Option<String> {
        let text = std::fs::read(self.file(executable)?).ok()?;
        let entry: Entry = serde_json::from_slice(&text).ok()?;
        let same = entry.path == executable && Some(entry.state) == State::of(executable);
        same.then_some(entry.description)
    }

    /// Keeps a description; if that fails, the executable is asked again next time.
    pub fn put(&self, executable: &Path, description: &str) {
        let (Some(file), Some(folder), Some(state)) =
            (self.file(executable), &self.folder, State::of(executable))
        else {
            return;
        };
        let entry =
            Entry { path: executable.to_owned(), state, description: description.to_owned() };
        let Ok(text) = serde_json::to_vec(&entry) else {
            return;
        };
        let _ = std::fs::create_dir_all(folder);
        // Renamed into place, so that nobody reads half of it.
        let half = file.with_extension(format!("{}.part", std::process::id()));
        if std::fs::write(&half, text).is_err() || std::fs::rename(&half, &file).is_err() {
            let _ = std::fs::remove_file(&half);
        }
    }
}
