//! What is known of a running session, in `session.json` beside its sockets: enough for another
//! `vesalius` to show it, change it, end it, or take it over.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use runtime::assignment::Secret;
use runtime::clock::SessionClock;
use serde::{Deserialize, Serialize};

use super::{ProcessIdentity, SessionError, SessionFolder, SocketFolder};
use crate::plan::{Plan, PlannedNode};

/// The version of the entry; another one is refused.
const VERSION: u32 = 2;

/// A running session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this entry.
    pub version: u32,
    /// Eight hexadecimal digits.
    pub session: String,
    /// The name of the graph: its file without folder and ending.
    pub graph: String,
    /// Where the recording and the logs are, absolute.
    pub folder: PathBuf,
    /// The key for hashes of who the patient is; it goes with this entry.
    pub secret: Secret,
    /// Where the sockets are, absolute.
    pub sockets: PathBuf,
    /// Which start of the machine.
    pub boot_id: String,
    /// Who supervises, or did last.
    pub supervisor: ProcessIdentity,
    /// How often somebody began to supervise: the incarnation of the supervisor's events.
    pub supervisions: u32,
    /// The session clock.
    pub clock: SessionClock,
    /// Where time comes from.
    pub pace: Pace,
    /// The instant of the start, once it was given.
    pub started_at: Option<i64>,
    /// The same on the machine's monotonic clock.
    pub started_monotonic_ns: Option<u64>,
    /// Devices end their streams after this long.
    pub stop_after_ns: Option<u64>,
    /// Whether arrays go through sockets because too little memory may be locked for sharing it.
    #[serde(default)]
    pub sockets_only: bool,
    /// What runs.
    pub plan: Plan,
    /// Each process.
    pub members: BTreeMap<String, MemberRecord>,
    /// What went wrong until now, a sentence each: the closing verdict names it.
    pub troubles: Vec<String>,
    /// What the recording says about the session.
    pub manifest: serde_json::Value,
}

/// Where time comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// The session clock.
    Live,
    /// The messages: two runs of the same graph and seed are equal.
    Simulated,
    /// A recording.
    Replay {
        /// When the recorded procedure started.
        started_at: i64,
        /// The journal of each replayed node.
        journals: BTreeMap<String, PathBuf>,
        /// The streams that come from the recording, `node.port`.
        played: Vec<String>,
        /// How many entries the journals have, if all of them are followed: tells how far it is.
        steps: Option<u64>,
        /// Whether the played streams begin in their middle, so that what came before is not lost.
        #[serde(default)]
        begins_late: bool,
    },
}

/// One process of the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberRecord {
    /// Its process, the last one if it is down.
    pub process: Option<ProcessIdentity>,
    /// 1 at first, 2 after its first restart.
    pub incarnation: u32,
    /// Its parameters now, as it gets them when it is started again.
    pub parameters: serde_json::Value,
    /// Whether it is meant to run.
    pub life: Life,
    /// Where in its log this incarnation begins.
    pub log_from: u64,
    /// Its failures until now.
    pub failures: u32,
}

/// Whether a process is meant to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// It runs, or is about to be started.
    #[default]
    Up,
    /// It stays down: given up, or its failure is ignored.
    Down,
    /// It left in order.
    Left,
}

impl Record {
    /// A session that is about to begin.
    ///
    /// # Errors
    /// If the system gives no random numbers for its secret.
    pub fn new(
        session: String,
        folder: &SessionFolder,
        sockets: &SocketFolder,
        plan: Plan,
        pace: Pace,
        stop_after_ns: Option<u64>,
        clock: SessionClock,
    ) -> Result<Self, SessionError> {
        let secret =
            Secret::new().map_err(SessionError::file("read", Path::new("/dev/urandom")))?;
        let member = |node: &PlannedNode| {
            let member = MemberRecord {
                process: None,
                incarnation: 1,
                parameters: node.parameters.clone(),
                life: Life::Up,
                log_from: 0,
                failures: 0,
            };
            (node.name.clone(), member)
        };
        Ok(Self {
            version: VERSION,
            session,
            graph: graph_name(&plan.file),
            folder: folder.path().to_owned(),
            secret,
            sockets: sockets.path().to_owned(),
            boot_id: super::process_identity::boot_id(),
            supervisor: ProcessIdentity::own(),
            supervisions: 1,
            clock,
            pace,
            started_at: None,
            started_monotonic_ns: None,
            stop_after_ns,
            sockets_only: false,
            members: plan.nodes.iter().map(member).collect(),
            plan,
            troubles: Vec::new(),
            manifest: serde_json::Value::Null,
        })
    }

    /// Reads the entry of a session.
    ///
    /// # Errors
    /// If it cannot be read or is of another version.
    pub fn read(sockets: &SocketFolder) -> Result<Self, SessionError> {
        let path = sockets.record();
        let bytes = fs::read(&path).map_err(SessionError::file("read", &path))?;
        let damaged = |reason: String| SessionError::Damaged { path: path.clone(), reason };
        let value: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if value["version"] != VERSION {
            return Err(damaged(format!(
                "expected version {VERSION}, it has {}",
                value["version"]
            )));
        }
        serde_json::from_value(value).map_err(|error| damaged(error.to_string()))
    }

    /// Writes it as a whole, so that nobody ever reads a half.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self) -> Result<(), SessionError> {
        let _lock = lock(&self.sockets)?;
        self.write_locked()
    }

    fn write_locked(&self) -> Result<(), SessionError> {
        let path = SocketFolder::at(&self.sockets).record();
        let new = path.with_extension("json.new");
        let bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        fs::write(&new, bytes).map_err(SessionError::file("write", &new))?;
        fs::rename(&new, &path).map_err(SessionError::file("write", &path))
    }

    /// Changes the entry that is there: somebody else may have written it since it was read.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn update(
        sockets: &SocketFolder,
        change: impl FnOnce(&mut Self),
    ) -> Result<Self, SessionError> {
        let _lock = lock(sockets.path())?;
        let mut record = Self::read(sockets)?;
        change(&mut record);
        record.write_locked()?;
        Ok(record)
    }

    /// Whether any of its processes is there.
    pub fn has_processes(&self) -> bool {
        self.boot_id == super::process_identity::boot_id()
            && self
                .members
                .values()
                .filter_map(|member| member.process)
                .any(ProcessIdentity::is_alive)
    }
}

/// The name of a graph: its file without folder and ending, as far as it may be part of a path.
pub fn graph_name(file: &Path) -> String {
    let stem = file.file_stem().map_or("graph".into(), |stem| stem.to_string_lossy().into_owned());
    stem.chars()
        .map(|c| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' })
        .collect()
}

/// Held while the entry is read and written; freed when dropped.
fn lock(sockets: &Path) -> Result<File, SessionError> {
    let path = sockets.join("session.lock");
    let file = File::create(&path).map_err(SessionError::file("open", &path))?;
    file.lock().map_err(SessionError::file("lock", &path))?;
    Ok(file)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::plan::tests::plan;

    /// An entry in a folder of its own.
    pub fn record(here: &Path) -> Record {
        let folder = SessionFolder::make(Some(&here.join("session")), "g", 0).unwrap();
        let (sockets, session) = SocketFolder::make(&here.join("s"), &[]).unwrap();
        let record =
            Record::new(session, &folder, &sockets, plan(), Pace::Live, None, SessionClock::new())
                .unwrap();
        record.write().unwrap();
        record
    }

    #[test]
    fn what_was_written_is_read() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let sockets = SocketFolder::at(&record.sockets);
        assert_eq!(Record::read(&sockets).unwrap(), record);
    }

    #[test]
    fn two_who_change_it_at_once_lose_nothing() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let add = |who: &'static str| {
            let sockets = SocketFolder::at(&record.sockets);
            std::thread::spawn(move || {
                for number in 0..50 {
                    Record::update(&sockets, |record| {
                        record.troubles.push(format!("{who} {number}"));
                    })
                    .unwrap();
                }
            })
        };
        let (one, other) = (add("one"), add("other"));
        one.join().unwrap();
        other.join().unwrap();
        let sockets = SocketFolder::at(&record.sockets);
        assert_eq!(Record::read(&sockets).unwrap().troubles.len(), 100);
    }

    #[test]
    fn a_damaged_entry_or_one_of_another_version_is_refused() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let sockets = SocketFolder::at(&record.sockets);
        for (text, says) in [
            ("{", "EOF"),
            (r#"{"version": 99}"#, "expected version 2"),
            (r#"{"version": 2}"#, "missing field"),
        ] {
            fs::write(sockets.record(), text).unwrap();
            let error = Record::read(&sockets).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_graphs_name_can_be_part_of_a_path() {
        assert_eq!(graph_name(Path::new("/a/b/demo.toml")), "demo");
        assert_eq!(graph_name(Path::new("a b\n.toml")), "a_b_");
        assert_eq!(graph_name(Path::new("..")), "graph");
    }
}
