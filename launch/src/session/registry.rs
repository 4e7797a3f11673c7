//! Finds the sessions that run on this machine.

use std::fs;
use std::path::Path;

use super::{Record, SessionError, SocketFolder};

/// The sessions of this user, oldest first; entries whose processes are all gone are not among them.
pub fn sessions(root: &Path) -> Vec<Record> {
    let mut found: Vec<Record> = entries(root)
        .filter_map(|sockets| Record::read(&sockets).ok())
        .filter(is_running)
        .collect();
    found.sort_by_key(|record| record.clock.epoch_unix_ns);
    found
}

fn entries(root: &Path) -> impl Iterator<Item = SocketFolder> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    entries.map(|entry| SocketFolder::at(&entry.path()))
}

fn is_running(record: &Record) -> bool {
    record.has_processes() || is_supervised(record)
}

/// Whether its supervisor lives.
pub fn is_supervised(record: &Record) -> bool {
    record.boot_id == super::process_identity::boot_id() && record.supervisor.is_alive()
}

/// The session called `asked` (the beginning of its id is enough, and so is its graph's name if only
/// one runs), or the only one there is.
///
/// # Errors
/// If there is none, or it is not clear which.
pub fn choose(root: &Path, asked: Option<&str>) -> Result<Record, SessionError> {
    let mut found = sessions(root);
    if found.is_empty() {
        return Err(SessionError::NoneRuns);
    }
    let names = |found: &[Record]| {
        found
            .iter()
            .map(|record| format!("{} ({})", record.session, record.graph))
            .collect::<Vec<_>>()
    };
    let known = names(&found);
    if let Some(asked) = asked {
        let fits = |record: &Record| record.session.starts_with(asked) || record.graph == asked;
        found.retain(fits);
        if found.is_empty() {
            return Err(SessionError::Unknown { asked: asked.to_owned(), known });
        }
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        _ => Err(SessionError::Several(names(&found))),
    }
}

/// Removes the entries of sessions whose processes are all gone, such as after the machine's restart.
pub fn sweep(root: &Path) {
    for sockets in entries(root) {
        if Record::read(&sockets).is_ok_and(|record| !is_running(&record)) {
            sockets.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::record::tests::record;

    /// Sessions of other users' folders are not looked at: each test has a root of its own.
    fn root(record: &Record) -> &Path {
        record.sockets.parent().unwrap()
    }

    #[test]
    fn the_only_session_needs_no_name() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let root = root(&record);
        assert_eq!(choose(root, None).unwrap(), record);
        assert_eq!(choose(root, Some(&record.session[..3])).unwrap(), record);
        assert_eq!(choose(root, Some("two")).unwrap(), record);
        let error = choose(root, Some("zz")).unwrap_err().to_string();
        assert!(error.contains("`zz`") && error.contains(&record.session), "{error}");
    }

    #[test]
    fn of_several_one_must_be_named() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let mut other = record.clone();
        let (sockets, session) = SocketFolder::make(root(&record), &[]).unwrap();
        other.session = session;
        sockets.path().clone_into(&mut other.sockets);
        other.write().unwrap();
        assert!(
            matches!(choose(root(&record), None), Err(SessionError::Several(two)) if two.len() == 2)
        );
        assert_eq!(choose(root(&record), Some(&other.session)).unwrap(), other);
    }

    #[test]
    fn what_an_earlier_start_of_the_machine_left_is_no_session() {
        let here = tempfile::tempdir().unwrap();
        let mut record = record(here.path());
        record.boot_id = "another".to_owned();
        record.write().unwrap();
        let root = root(&record);
        assert!(matches!(choose(root, None), Err(SessionError::NoneRuns)));
        sweep(root);
        assert!(!record.sockets.exists());
    }

    #[test]
    fn nothing_at_all_is_said_so() {
        let error = choose(Path::new("/nonexistent"), None).unwrap_err();
        assert!(error.to_string().contains("vesalius run"), "{error}");
    }
}
