//! A session under supervision by a process of its own, and what it left.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use launch::plan::{OnFailure, ParticipantKind, Plan, PlannedInput, PlannedNode, PlannedOutput};
use launch::session::{Record, registry};
use launch::table::Closing;
use runtime::assignment::Delivery;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// The participants of these tests: an example target, which cargo builds before the tests.
pub fn fixtures() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/fixture_nodes")
}

pub fn node(
    name: &str,
    participant: &str,
    kind: ParticipantKind,
    parameters: Value,
) -> PlannedNode {
    let image = || PlannedOutput { message: "UltrasoundImage".to_owned(), version: 1 };
    let outputs = match kind {
        ParticipantKind::Observer => BTreeMap::new(),
        _ => BTreeMap::from([("image".to_owned(), image())]),
    };
    PlannedNode {
        name: name.to_owned(),
        runs: format!("fixtures/{participant}"),
        executable: fixtures(),
        kind,
        parameters,
        inputs: BTreeMap::new(),
        outputs,
        on_failure: OnFailure::Restart,
        priority: 10,
        startup_ms: 5000,
        shared_memory_mib: 8,
    }
}

/// `count -> repeat -> again`, and `listen` hears all.
pub fn chain(counting: Value) -> Plan {
    let mut nodes = vec![node("count", "count", ParticipantKind::Device, counting)];
    for (name, from) in [("repeat", "count"), ("again", "repeat")] {
        let mut node = node(name, "repeat", ParticipantKind::Node, json!({}));
        let input = PlannedInput {
            node: from.to_owned(),
            port: "image".to_owned(),
            delivery: Delivery::Every,
            deadline_ms: None,
        };
        node.inputs.insert("image".to_owned(), input);
        nodes.push(node);
    }
    nodes.push(node("listen", "listen", ParticipantKind::Observer, json!({})));
    Plan {
        file: "chain.toml".into(),
        text: "version = 1".to_owned(),
        reference: None,
        nodes,
        files: Vec::new(),
    }
}

pub fn find<'a>(plan: &'a mut Plan, name: &str) -> &'a mut PlannedNode {
    plan.nodes.iter_mut().find(|node| node.name == name).unwrap()
}

/// A session under supervision by a process of its own.
pub struct Session {
    here: tempfile::TempDir,
    pub told: Value,
    supervisor: Option<Child>,
}

impl Session {
    pub fn prepare(plan: &Plan) -> Self {
        let here = tempfile::tempdir().unwrap();
        let told = json!({
            "plan": plan, "session": null, "simulated": false, "stop_after_s": null,
            "folder": here.path().join("session"), "root": here.path().join("s"),
            "limit": 5, "longest_wait_ms": 2000, "start_timeout_s": 60.0, "ending_patience_s": 15.0,
        });
        Self { here, told, supervisor: None }
    }

    pub fn start(plan: &Plan) -> Self {
        let mut session = Self::prepare(plan);
        session.begin();
        session
    }

    pub fn begin(&mut self) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.here.path().join("log"))
            .unwrap();
        let child = Command::new(fixtures())
            .arg("supervise")
            .arg(self.told.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        self.supervisor = Some(child);
    }

    pub fn root(&self) -> PathBuf {
        self.here.path().join("s")
    }

    pub fn folder(&self) -> PathBuf {
        self.here.path().join("session")
    }

    pub fn record(&self) -> Record {
        wait_for("the session", || registry::choose(&self.root(), None).ok())
    }

    /// Waits for the start, and then for a moment.
    pub fn started(&self, moment_ms: u64) -> Record {
        let record = wait_for("the start", || {
            registry::choose(&self.root(), None).ok().filter(|record| record.started_at.is_some())
        });
        std::thread::sleep(Duration::from_millis(moment_ms));
        record
    }

    pub fn signal(&self, node: &str, signal: Signal) -> i32 {
        let pid = self.record().members[node].process.unwrap().pid;
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
        pid
    }

    /// Waits until `node` runs in another process than `pid`.
    pub fn restarted(&self, node: &str, pid: i32) {
        wait_for("the restart", || {
            let now = self.record().members[node].process?;
            (now.pid != pid && now.is_alive()).then_some(())
        });
    }

    pub fn signal_supervisor(&self, signal: Signal) {
        let pid = self.supervisor.as_ref().unwrap().id().cast_signed();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// What the supervisor prints at its end, and whether its exit code was 0.
    pub fn end(&mut self) -> (String, bool) {
        let output = self.supervisor.take().unwrap().wait_with_output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.success())
    }

    pub fn closing(&mut self) -> Closing {
        let (text, good) = self.end();
        let closing: Closing =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(closing.good, good);
        self.assert_nothing_is_left();
        closing
    }

    pub fn assert_nothing_is_left(&self) {
        let sockets: Vec<_> = fs::read_dir(self.root()).into_iter().flatten().collect();
        assert!(sockets.is_empty(), "{sockets:?}");
        let own = self.here.path().to_str().unwrap().to_owned();
        let processes: Vec<_> = fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter(|entry| {
                let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
                String::from_utf8_lossy(&environment).contains(&own)
            })
            .map(|entry| entry.path())
            .collect();
        assert!(processes.is_empty(), "{processes:?}");
    }

    /// What the listener wrote down of a stream: `(incarnation, sequence, what)`.
    pub fn heard(&self, stream: &str) -> Vec<(u32, u64, String)> {
        let text = fs::read_to_string(self.folder().join("heard")).unwrap();
        text.lines()
            .filter_map(|line| {
                let mut words = line.splitn(4, ' ');
                let name = words.next()?;
                let incarnation = words.next()?.parse().ok()?;
                let sequence = words.next()?.parse().ok()?;
                (name == stream).then(|| (incarnation, sequence, words.next().unwrap().to_owned()))
            })
            .collect()
    }

    /// The numbers of the images that the listener heard, ends left out.
    pub fn images(&self, stream: &str) -> Vec<u64> {
        let heard = self.heard(stream);
        heard.iter().filter_map(|(_, _, what)| what.parse().ok()).collect()
    }

    /// What the supervisor made known: `node Kind`.
    pub fn events(&self) -> Vec<String> {
        self.heard("launch.event").into_iter().map(|(_, _, what)| what).collect()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.here.path().join("log")).unwrap()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut supervisor) = self.supervisor.take() else { return };
        eprintln!("{}", self.log());
        // A failed test leaves nothing behind either.
        let _ = supervisor.kill();
        let _ = supervisor.wait();
        for record in registry::sessions(&self.root()) {
            for member in record.members.values() {
                member.process.map(|process| process.signal(Signal::KILL));
            }
        }
    }
}

pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what} did not come within a minute");
}
