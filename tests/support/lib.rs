//! What the tests of whole graphs share: the command, its sessions, and what it says of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc, reason = "tests")]

use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Real data of others beside the repository; tests skip with a line where it is absent.
pub fn shared_data(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared/data").join(path);
    if path.exists() {
        return Some(path.canonicalize().unwrap());
    }
    println!("skipped: {} is not here", path.display());
    None
}

/// Whether the long tests run too.
pub fn is_long() -> bool {
    let long = std::env::var_os("VESALIUS_LONG").is_some();
    if !long {
        println!("skipped: runs with `./vesalius test --long`");
    }
    long
}

/// One procedure at a time: two cores are few.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A port of this machine that is free now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder for sessions and sockets, removed with all that is in it.
pub struct Place(tempfile::TempDir);

impl Place {
    /// A new one, with a short path, as sockets need it.
    #[allow(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("v").tempdir_in("/tmp").unwrap())
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The command `vesalius`, whose sessions have their sockets here.
    pub fn vesalius(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(root().join("target/debug/vesalius"));
        // The Python of the tests comes first, for nodes written in it.
        let python = root().join(".vesalius/python/bin");
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env("PATH", format!("{}:{path}", python.display()))
            .args(arguments)
            .current_dir(root())
            .env("XDG_RUNTIME_DIR", self.0.path())
            .env("XDG_CACHE_HOME", root().join(".vesalius/cache"))
            .stdin(Stdio::null());
        command
    }

    /// What `tests/python/recording.py` says of a session's recording.
    pub fn recording(&self, what: &str, session: &Path) -> Value {
        let output = Command::new(root().join(".vesalius/python/bin/python"))
            .arg(root().join("tests/python/recording.py"))
            .args([what.as_ref(), session.as_os_str()])
            .output()
            .expect("`./vesalius test` makes the Python environment");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs the command to its end.
    pub fn call(&self, arguments: &[&str]) -> Called {
        let output = self
            .vesalius(arguments)
            .output()
            .expect("target/debug/vesalius: `./vesalius build` makes it");
        Called {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs a graph into the folder `name` of this place, with more arguments.
    pub fn run(&self, graph: &str, name: &str, more: &[&str]) -> Closing {
        self.start(graph, name, more).wait()
    }

    /// Starts a graph and returns at once.
    pub fn start(&self, graph: &str, name: &str, more: &[&str]) -> Running {
        let folder = self.path(name);
        let folder_text = folder.to_str().unwrap().to_owned();
        let mut arguments = vec!["run", graph, "--json", "--session-folder", &folder_text];
        arguments.extend(more);
        let child = self
            .vesalius(&arguments)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(self.path(&format!("{name}.stderr"))).unwrap())
            .spawn()
            .expect("target/debug/vesalius: `./vesalius build` makes it");
        Running {
            child,
            folder,
            runtime: self.0.path().join("vesalius"),
            stderr: self.path(&format!("{name}.stderr")),
        }
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Called {
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Called {
    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

/// A session that runs.
pub struct Running {
    /// The command `vesalius run`.
    pub child: Child,
    /// The session's folder.
    pub folder: PathBuf,
    runtime: PathBuf,
    stderr: PathBuf,
}

impl Running {
    /// The session's entry in the registry, once it has started.
    pub fn record(&self) -> Value {
        for _ in 0..1500 {
            let records = std::fs::read_dir(&self.runtime).into_iter().flatten().flatten();
            for entry in records {
                let text = std::fs::read(entry.path().join("session.json")).unwrap_or_default();
                if let Ok(record) = serde_json::from_slice::<Value>(&text)
                    && record["folder"] == self.folder.to_str().unwrap()
                    && !record["started_at"].is_null()
                {
                    return record;
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the session did not start within 30 s:\n{}", self.log());
    }

    /// The process of a node.
    pub fn pid(&self, node: &str) -> i32 {
        let pid = self.record()["members"][node]["process"]["pid"].as_i64();
        i32::try_from(pid.unwrap_or_else(|| panic!("`{node}` has no process"))).unwrap()
    }

    /// Its log until now.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// Waits until the log has a line that contains all `words`.
    pub fn wait_for(&self, words: &[&str]) -> String {
        for _ in 0..1500 {
            let log = self.log();
            if let Some(line) =
                log.lines().find(|line| words.iter().all(|word| line.contains(word)))
            {
                return line.to_owned();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no line with {words:?} within 30 s:\n{}", self.log());
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Closing {
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let log = self.log();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Closing { code, json, folder: self.folder.clone(), log }
    }
}

/// Sends a signal.
pub fn signal(pid: i32, name: &str) {
    let status = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// What came of a session.
#[derive(Debug)]
pub struct Closing {
    /// The exit code.
    pub code: i32,
    /// The closing table.
    pub json: Value,
    /// The session's folder.
    pub folder: PathBuf,
    /// The log.
    pub log: String,
}

impl Closing {
    /// Asserts that the run was good.
    #[must_use]
    pub fn good(self) -> Self {
        assert!(
            self.code == 0 && self.json["good"] == true,
            "exit {}: {}\n{}",
            self.code,
            self.json["reasons"],
            self.log
        );
        self
    }

    /// The session's folder as text.
    pub fn path(&self) -> &str {
        self.folder.to_str().unwrap()
    }

    /// The row of a stream.
    pub fn stream(&self, name: &str) -> &Value {
        let rows =
            self.json["streams"].as_array().unwrap_or_else(|| panic!("no table:\n{}", self.log));
        rows.iter().find(|row| row["stream"] == name).unwrap_or_else(|| panic!("no stream {name}"))
    }

    /// The row of a process.
    pub fn node(&self, name: &str) -> &Value {
        let rows =
            self.json["nodes"].as_array().unwrap_or_else(|| panic!("no table:\n{}", self.log));
        rows.iter().find(|row| row["node"] == name).unwrap_or_else(|| panic!("no node {name}"))
    }
}

/// Keeps `threads` processors busy until it is dropped.
pub struct Load(Vec<Child>);

impl Load {
    /// Starts the load.
    pub fn new(threads: usize) -> Self {
        let busy = |_| Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        Self((0..threads).map(busy).collect())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What Zenoh's shared memory left in `/dev/shm`.
pub fn shared_memory() -> Vec<String> {
    let entries = std::fs::read_dir("/dev/shm").unwrap().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "zenoh"))
        .collect();
    names.sort();
    names
}

/// Asserts that there is no more shared memory than `before`.
pub fn assert_no_more(before: &[String]) {
    let left: Vec<_> = shared_memory().into_iter().filter(|name| !before.contains(name)).collect();
    assert!(left.is_empty(), "shared memory was left behind: {left:?}");
}
