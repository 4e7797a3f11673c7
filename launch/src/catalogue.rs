//! What there is to run: the executables `vesalius-*` and what each says it offers.
//!
//! They lie beside `vesalius` itself or in a folder of `VESALIUS_PATH`; a foreign one is named in
//! the graph by its path.

mod ask;
mod cache;
mod description;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

pub use ask::AskError;
pub use cache::Cache;
pub use description::{Carries, Description, Participant, Port, Ports, ToolEntry};

/// Folders with executables beside that of `vesalius`, separated by colons.
pub const VARIABLE: &str = "VESALIUS_PATH";
const PREFIX: &str = "vesalius-";

/// The executables, found but not yet asked.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// By name without `vesalius-`.
    executables: BTreeMap<String, PathBuf>,
    cache: Cache,
}

/// An executable and what it says about itself.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its name without `vesalius-`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What it offers, or why that is not known.
    pub description: Result<Description, AskError>,
}

/// What `runs` of a node names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runs<'a> {
    /// `executable/participant`.
    Named {
        /// The name without `vesalius-`.
        executable: &'a str,
        /// The participant.
        participant: &'a str,
    },
    /// `path:participant`, the path relative to the graph file.
    Foreign {
        /// The path.
        path: &'a str,
        /// The participant.
        participant: &'a str,
    },
}

impl<'a> Runs<'a> {
    /// Reads `executable/participant` or `path/to/executable:participant`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let named = |name: &str| !name.is_empty() && !name.contains(['/', ':']);
        if let Some((path, participant)) = text.rsplit_once(':') {
            return (!path.is_empty() && named(participant))
                .then_some(Self::Foreign { path, participant });
        }
        let (executable, participant) = text.split_once('/')?;
        (named(executable) && named(participant)).then_some(Self::Named { executable, participant })
    }
}

impl Catalogue {
    /// The executables beside the running one and in `VESALIUS_PATH`.
    pub fn usual() -> Self {
        let own = std::env::current_exe().ok();
        let mut folders: Vec<PathBuf> =
            own.iter().filter_map(|path| path.parent()).map(Path::to_owned).collect();
        if let Some(more) = std::env::var_os(VARIABLE) {
            folders.extend(
                std::env::split_paths(&more).filter(|folder| !folder.as_os_str().is_empty()),
            );
        }
        Self::of_folders(&folders, Cache::usual(own.as_deref()))
    }

    /// The executables in some folders; of two with one name, that of the first folder.
    pub fn of_folders(folders: &[PathBuf], cache: Cache) -> Self {
        let mut executables = BTreeMap::new();
        for folder in folders {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let file_name = entry.file_name();
                let Some(name) = file_name.to_str().and_then(|name| name.strip_prefix(PREFIX))
                else {
                    continue;
                };
                if !name.is_empty() && is_executable(&entry.path()) {
                    executables.entry(name.to_owned()).or_insert_with(|| entry.path());
                }
            }
        }
        Self { executables, cache }
    }

    /// The names of the executables, without `vesalius-`.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.executables.keys().map(String::as_str)
    }

    /// The file of an executable.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.executables.get(name).map(PathBuf::as_path)
    }

    /// Asks one executable, or remembers what it said.
    pub fn ask(&self, name: &str) -> Option<Answer> {
        let path = self.path(name)?;
        let remembered = self.cache.get(path).and_then(|text| serde_json::from_str(&text).ok());
        let description = match remembered {
            Some(description) => Ok(description),
            None => ask::describe(path).map(|(text, description)| {
                self.cache.put(path, &text);
                description
            }),
        };
        Some(Answer { name: name.to_owned(), path: path.to_owned(), description })
    }

    /// Asks some executables at the same time; those that do not exist are left out.
    pub fn ask_some<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<Answer> {
        std::thread::scope(|scope| {
            let asked: Vec<_> =
                names.into_iter().map(|name| scope.spawn(move || self.ask(name))).collect();
            asked.into_iter().filter_map(|answer| answer.join().ok().flatten()).collect()
        })
    }

    /// Asks all of them at the same time, in the order of their names.
    pub fn ask_all(&self) -> Vec<Answer> {
        self.ask_some(self.names())
    }

    /// Asks a foreign executable. What a script says may depend on other files, so nothing is kept.
    pub fn ask_foreign(path: &Path) -> Answer {
        let description = if path.exists() && !is_executable(path) {
            let reason = format!("it may not be executed; try `chmod +x {}`", path.display());
            Err(AskError::Start(reason))
        } else {
            // A name without a slash would be looked for in `PATH`.
            let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            ask::describe(&absolute).map(|(_, description)| description)
        };
        let name = path.file_name().unwrap_or_default();
        Answer { name: name.to_string_lossy().into_owned(), path: path.to_owned(), description }
    }
}

fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests;
