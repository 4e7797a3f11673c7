//! The two folders of a session: one for what is kept, one for its sockets.

use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{LocalTime, SUPERVISOR, SessionError};

/// A Unix socket's path ends in 108 bytes; Zenoh adds a few of its own.
const LONGEST_SOCKET_PATH: usize = 99;

/// Where a session keeps its recording, its logs and its graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFolder {
    path: PathBuf,
    /// Whether this session made it, so that it may remove it if nothing came of the run.
    made: bool,
}

impl SessionFolder {
    /// Makes `asked`, or `sessions/<date-time>-<graph>` in the working folder.
    ///
    /// # Errors
    /// If it cannot be made, or holds something already.
    pub fn make(asked: Option<&Path>, graph: &str, unix_ns: i64) -> Result<Self, SessionError> {
        let date = LocalTime::here().for_folder(unix_ns);
        let mut wanted = asked
            .map_or_else(|| Path::new("sessions").join(format!("{date}-{graph}")), Path::to_owned);
        if asked.is_none() {
            let mut number = 2;
            while wanted.exists() {
                wanted = Path::new("sessions").join(format!("{date}-{graph}-{number}"));
                number += 1;
            }
        }
        let made = !wanted.exists();
        fs::create_dir_all(&wanted).map_err(SessionError::file("make the folder", &wanted))?;
        let path = wanted.canonicalize().map_err(SessionError::file("open the folder", &wanted))?;
        let mut entries =
            fs::read_dir(&path).map_err(SessionError::file("list the folder", &path))?;
        if entries.next().is_some() {
            return Err(SessionError::FolderInUse(path));
        }
        let folder = Self { path, made };
        let logs = folder.logs();
        fs::create_dir(&logs).map_err(SessionError::file("make the folder", &logs))?;
        Ok(folder)
    }

    /// The folder of a session that is there.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), made: false }
    }

    /// Its path, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// The log of one participant.
    pub fn log(&self, node: &str) -> PathBuf {
        self.logs().join(format!("{node}.log"))
    }

    /// Writes a file into it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), SessionError> {
        let path = self.path.join(name);
        fs::write(&path, bytes).map_err(SessionError::file("write", &path))
    }

    /// Takes back everything: the folder was empty before, and nothing came of the run.
    pub fn remove(&self) {
        // What cannot be removed is left; there is nothing better to do about it.
        if self.made {
            let _ = fs::remove_dir_all(&self.path);
            return;
        }
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let _ = fs::remove_dir_all(entry.path());
            } else {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Where a session's processes find each other; only its user can enter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketFolder {
    path: PathBuf,
}

impl SocketFolder {
    /// Makes the folder of a new session in `root`, under a random name of eight hexadecimal digits.
    ///
    /// # Errors
    /// If it cannot be made private, or a socket's path would be too long.
    pub fn make(root: &Path, nodes: &[&str]) -> Result<(Self, String), SessionError> {
        make_private(root)?;
        loop {
            let session = random_name()?;
            let folder = Self { path: root.join(&session) };
            for node in nodes.iter().chain([&SUPERVISOR]) {
                let path = folder.socket(node);
                if path.as_os_str().len() > LONGEST_SOCKET_PATH {
                    return Err(SessionError::PathTooLong { path, limit: LONGEST_SOCKET_PATH });
                }
            }
            match DirBuilder::new().mode(0o700).create(&folder.path) {
                Ok(()) => {
                    let assignments = folder.path.join("assignments");
                    fs::create_dir(&assignments)
                        .map_err(SessionError::file("make the folder", &assignments))?;
                    return Ok((folder, session));
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(SessionError::file("make the folder", &folder.path)(error));
                }
            }
        }
    }

    /// The folder of a session that is there.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The socket of one participant.
    pub fn socket(&self, node: &str) -> PathBuf {
        self.path.join(format!("{node}.sock"))
    }

    /// Where one participant hears people's commands, if it hears any.
    pub fn door(&self, node: &str) -> PathBuf {
        self.path.join(format!("{node}.door"))
    }

    /// The assignment of one participant.
    pub fn assignment(&self, node: &str) -> PathBuf {
        self.path.join("assignments").join(format!("{node}.json"))
    }

    /// The registry entry.
    pub fn record(&self) -> PathBuf {
        self.path.join("session.json")
    }

    /// Locked by whoever supervises.
    pub fn supervisor_lock(&self) -> PathBuf {
        self.path.join("supervisor.lock")
    }

    /// Removes it with everything in it.
    pub fn remove(&self) {
        // What cannot be removed is left; the next run looks again.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Where the socket folders of this user lie: in `XDG_RUNTIME_DIR` if it is set and short enough.
pub fn socket_root() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let usable = runtime
        .filter(|path| path.is_absolute() && path.is_dir() && path.as_os_str().len() <= 48)
        .map(|path| path.join("vesalius"));
    usable.unwrap_or_else(|| {
        let user = rustix::process::getuid().as_raw();
        Path::new("/tmp").join(format!("vesalius-{user}"))
    })
}

/// Makes the folder, or checks that it is this user's own and nobody else can enter.
fn make_private(root: &Path) -> Result<(), SessionError> {
    match DirBuilder::new().mode(0o700).create(root) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(SessionError::file("make the folder", root)(error)),
    }
    let about = fs::symlink_metadata(root).map_err(SessionError::file("look at", root))?;
    if !about.is_dir() || about.uid() != rustix::process::getuid().as_raw() {
        return Err(SessionError::NotPrivate(root.to_owned()));
    }
    if about.mode() & 0o077 != 0 {
        fs::set_permissions(root, fs::Permissions::from_mode(0o700))
            .map_err(SessionError::file("close to others", root))?;
    }
    Ok(())
}

fn random_name() -> Result<String, SessionError> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0; 4];
    fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(SessionError::file("read", source))?;
    Ok(format!("{:08x}", u32::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_user_can_enter_the_sockets() {
        let here = tempfile::tempdir().unwrap();
        let root = here.path().join("v");
        let (folder, session) = SocketFolder::make(&root, &["a"]).unwrap();
        for path in [root.as_path(), folder.path()] {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o700);
        }
        assert!(session.len() == 8 && u32::from_str_radix(&session, 16).is_ok());
        folder.remove();
        assert!(!folder.path().exists());
    }

    #[test]
    fn an_open_root_is_closed_and_a_link_is_refused() {
        let here = tempfile::tempdir().unwrap();
        let root = here.path().join("v");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o777)).unwrap();
        SocketFolder::make(&root, &[]).unwrap();
        assert_eq!(fs::metadata(&root).unwrap().mode() & 0o777, 0o700);
        let link = here.path().join("w");
        std::os::unix::fs::symlink(&root, &link).unwrap();
        assert!(matches!(SocketFolder::make(&link, &[]), Err(SessionError::NotPrivate(_))));
    }

    #[test]
    fn a_name_too_long_for_a_socket_is_refused_before_anything_is_made() {
        let here = tempfile::tempdir().unwrap();
        let name = "n".repeat(90);
        let error = SocketFolder::make(here.path(), &[&name]).unwrap_err();
        assert!(error.to_string().contains("at most 99"), "{error}");
        assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_holds_something_is_refused() {
        let here = tempfile::tempdir().unwrap();
        fs::write(here.path().join("procedure.mcap"), b"precious").unwrap();
        let refused = SessionFolder::make(Some(here.path()), "g", 0);
        assert!(matches!(refused, Err(SessionError::FolderInUse(_))));
    }

    #[test]
    fn what_came_to_nothing_leaves_nothing() {
        let here = tempfile::tempdir().unwrap();
        let made = SessionFolder::make(Some(&here.path().join("a/b")), "g", 0).unwrap();
        made.remove();
        assert!(!made.path().exists());
        let given = SessionFolder::make(Some(here.path().join("a").as_path()), "g", 0).unwrap();
        given.write("graph.toml", b"x").unwrap();
        given.remove();
        assert_eq!(fs::read_dir(given.path()).unwrap().count(), 0);
    }
}
