//! Supervision with real processes: they are killed, stopped, and left alone, and nothing of them stays.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use launch::board::Viewer;
use launch::plan::{OnFailure, ParticipantKind, Plan, PlannedInput, PlannedNode, PlannedOutput};
use launch::session::{Record, SocketFolder, registry};
use launch::table::Closing;
use runtime::assignment::Delivery;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// The participants of these tests: an example target, which cargo builds before the tests.
fn fixtures() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/fixture_nodes")
}

fn node(name: &str, participant: &str, kind: ParticipantKind, parameters: Value) -> PlannedNode {
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
fn chain(counting: Value) -> Plan {
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

fn find<'a>(plan: &'a mut Plan, name: &str) -> &'a mut PlannedNode {
    plan.nodes.iter_mut().find(|node| node.name == name).unwrap()
}

/// A session under supervision by a process of its own.
struct Session {
    here: tempfile::TempDir,
    told: Value,
    supervisor: Option<Child>,
}

impl Session {
    fn prepare(plan: &Plan) -> Self {
        let here = tempfile::tempdir().unwrap();
        let told = json!({
            "plan": plan, "session": null, "simulated": false, "stop_after_s": null,
            "folder": here.path().join("session"), "root": here.path().join("s"),
            "limit": 5, "longest_wait_ms": 2000, "start_timeout_s": 60.0, "ending_patience_s": 15.0,
        });
        Self { here, told, supervisor: None }
    }

    fn start(plan: &Plan) -> Self {
        let mut session = Self::prepare(plan);
        session.begin();
        session
    }

    fn begin(&mut self) {
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

    fn root(&self) -> PathBuf {
        self.here.path().join("s")
    }

    fn folder(&self) -> PathBuf {
        self.here.path().join("session")
    }

    fn record(&self) -> Record {
        wait_for("the session", || registry::choose(&self.root(), None).ok())
    }

    /// Waits for the start, and then for a moment.
    fn started(&self, moment_ms: u64) -> Record {
        let record = wait_for("the start", || {
            registry::choose(&self.root(), None).ok().filter(|record| record.started_at.is_some())
        });
        std::thread::sleep(Duration::from_millis(moment_ms));
        record
    }

    fn signal(&self, node: &str, signal: Signal) -> i32 {
        let pid = self.record().members[node].process.unwrap().pid;
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
        pid
    }

    /// Waits until `node` runs in another process than `pid`.
    fn restarted(&self, node: &str, pid: i32) {
        wait_for("the restart", || {
            let now = self.record().members[node].process?;
            (now.pid != pid && now.is_alive()).then_some(())
        });
    }

    fn signal_supervisor(&self, signal: Signal) {
        let pid = self.supervisor.as_ref().unwrap().id().cast_signed();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// What the supervisor prints at its end, and whether its exit code was 0.
    fn end(&mut self) -> (String, bool) {
        let output = self.supervisor.take().unwrap().wait_with_output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.success())
    }

    fn closing(&mut self) -> Closing {
        let (text, good) = self.end();
        let closing: Closing =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(closing.good, good);
        self.assert_nothing_is_left();
        closing
    }

    fn assert_nothing_is_left(&self) {
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
    fn heard(&self, stream: &str) -> Vec<(u32, u64, String)> {
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
    fn images(&self, stream: &str) -> Vec<u64> {
        let heard = self.heard(stream);
        heard.iter().filter_map(|(_, _, what)| what.parse().ok()).collect()
    }

    /// What the supervisor made known: `node Kind`.
    fn events(&self) -> Vec<String> {
        self.heard("launch.event").into_iter().map(|(_, _, what)| what).collect()
    }

    fn log(&self) -> String {
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

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what} did not come within a minute");
}

/// Segments of shared memory, and those among them that no process has mapped.
fn segments() -> (usize, usize) {
    let files = fs::read_dir("/dev/shm").unwrap().flatten().map(|file| file.path());
    let names: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "zenoh"))
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let maps: String = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|process| fs::read_to_string(process.path().join("maps")).ok())
        .collect();
    (names.len(), names.iter().filter(|name| !maps.contains(name.as_str())).count())
}

#[test]
fn a_run_without_a_fault_loses_nothing_and_leaves_nothing() {
    let mut session = Session::start(&chain(json!({"count": 60})));
    let closing = session.closing();
    assert!(closing.good, "{:?}", closing.reasons);
    for stream in ["count.image", "repeat.image", "again.image"] {
        assert_eq!(session.images(stream), (0..60).collect::<Vec<_>>(), "{stream}");
    }
    let counts: Vec<_> = closing
        .streams
        .iter()
        .flat_map(|row| row.consumers.iter().map(|consumer| (row.sent, consumer.received)))
        .collect();
    assert_eq!(counts, [(Some(60), 60); 5]);
    assert!(closing.nodes.iter().all(|row| row.heard && row.memory_peak_bytes > 0));
    let file: Value =
        serde_json::from_slice(&fs::read(session.folder().join("session.json")).unwrap()).unwrap();
    assert_eq!(file["closing"]["good"], true);
    assert_eq!(file["manifest"]["graph"]["text"], "version = 1");
    println!("start-up {} ms", closing.start_up_ms.unwrap());
}

#[test]
fn on_the_simulated_clock_two_runs_are_equal() {
    let run = || {
        let mut session = Session::prepare(&chain(json!({"count": 40})));
        session.told["simulated"] = true.into();
        session.begin();
        let closing = session.closing();
        assert!(closing.good, "{:?}", closing.reasons);
        (session.heard("again.image"), session.heard("again.journal"))
    };
    assert_eq!(run(), run());
}

#[test]
fn it_stops_after_the_time_it_was_given() {
    let mut session = Session::prepare(&chain(json!({"rate_hz": 50.0})));
    session.told["stop_after_s"] = 1.5.into();
    session.begin();
    let closing = session.closing();
    assert!(closing.good, "{:?}", closing.reasons);
    assert_eq!(session.images("again.image"), (0..=75).collect::<Vec<_>>());
}

#[test]
fn asked_to_stop_it_ends_in_order() {
    let mut session = Session::start(&chain(json!({"rate_hz": 100.0})));
    session.started(700);
    session.signal_supervisor(Signal::INT);
    let closing = session.closing();
    assert!(closing.good, "{:?}", closing.reasons);
    let images = session.images("again.image");
    assert_eq!(images, (0..images.len() as u64).collect::<Vec<_>>());
    assert_eq!(closing.streams[0].sent, Some(images.len() as u64));
}

#[test]
fn one_that_is_killed_is_started_again_and_disturbs_nobody() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 250})));
    session.started(1000);
    let pid = session.signal("again", Signal::KILL);
    session.restarted("again", pid);
    let closing = session.closing();
    assert_eq!(session.images("count.image"), (0..250).collect::<Vec<_>>());
    assert_eq!(session.images("repeat.image"), (0..250).collect::<Vec<_>>());
    let again = session.heard("again.image");
    assert!(again.iter().any(|(incarnation, ..)| *incarnation == 2));
    assert_eq!(*session.images("again.image").last().unwrap(), 249);
    assert_eq!(session.events(), ["launch Ready", "again Failed", "again Restarting"]);
    let restarted = session.heard("again.event");
    assert!(restarted.iter().any(|(.., what)| what == "again Restarted"), "{restarted:?}");
    assert!(!closing.good);
    let reasons = closing.reasons.join("; ");
    assert!(reasons.contains("again was ended by SIGKILL"), "{reasons}");
    assert!(reasons.contains("again was restarted once"), "{reasons}");
}

#[test]
fn a_killed_device_goes_on_where_the_time_is() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 200})));
    session.started(1000);
    let pid = session.signal("count", Signal::KILL);
    session.restarted("count", pid);
    let closing = session.closing();
    let images = session.images("again.image");
    assert_eq!(*images.last().unwrap(), 199);
    assert!(images.len() < 200 && images.is_sorted(), "{images:?}");
    assert!(!closing.good);
}

#[test]
fn a_listener_that_is_killed_hears_the_rest() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 200})));
    session.started(1000);
    let pid = session.signal("listen", Signal::KILL);
    session.restarted("listen", pid);
    let closing = session.closing();
    assert_eq!(*session.images("again.image").last().unwrap(), 199);
    let lost: u64 = closing.streams[0].consumers.iter().map(|consumer| consumer.lost).sum();
    assert_eq!(lost, 0);
}

#[test]
fn one_that_panics_again_and_again_is_given_up_and_the_others_go_on() {
    let mut plan = chain(json!({"rate_hz": 50.0, "count": 150}));
    find(&mut plan, "again").parameters = json!({"panics_at": 20});
    let mut session = Session::prepare(&plan);
    session.told["limit"] = 1.into();
    session.begin();
    let closing = session.closing();
    assert_eq!(session.images("repeat.image"), (0..150).collect::<Vec<_>>());
    assert_eq!(session.events(), ["launch Ready", "again Failed", "again GaveUp"]);
    let reasons = closing.reasons.join("; ");
    assert!(reasons.contains("again panicked (exit code 101)"), "{reasons}");
    assert!(reasons.contains("image 20 is too much"), "{reasons}");
    assert!(reasons.contains("again was given up"), "{reasons}");
}

#[test]
fn a_failure_may_stop_all_or_be_ignored() {
    for (policy, ends_early) in [(OnFailure::Stop, true), (OnFailure::Ignore, false)] {
        let mut plan = chain(json!({"rate_hz": 50.0, "count": 150}));
        find(&mut plan, "repeat").on_failure = policy;
        find(&mut plan, "repeat").parameters = json!({"panics_at": 20});
        let mut session = Session::start(&plan);
        let closing = session.closing();
        let counted = session.images("count.image").len();
        assert_eq!(counted < 150, ends_early, "{policy:?}: {counted}");
        assert!(!closing.good);
        assert_eq!(closing.nodes[1].restarts, 0);
    }
}

#[test]
fn one_that_fails_before_the_start_calls_everything_off() {
    let mut session =
        Session::start(&chain(json!({"refuses": "the probe is not plugged in: plug it in"})));
    let (text, good) = session.end();
    assert!(!good);
    assert!(text.starts_with("count could not start"), "{text}");
    assert!(text.contains("the probe is not plugged in: plug it in"), "{text}");
    session.assert_nothing_is_left();
    assert!(!session.folder().exists());
}

#[test]
fn an_executable_that_is_not_there_calls_everything_off() {
    let mut plan = chain(json!({}));
    find(&mut plan, "listen").executable = "/nonexistent/vesalius-x".into();
    let mut session = Session::start(&plan);
    let (text, good) = session.end();
    assert!(!good);
    assert!(text.contains("cannot start listen") && text.contains("/nonexistent"), "{text}");
    session.assert_nothing_is_left();
}

#[test]
fn who_keeps_the_others_waiting_is_named() {
    let mut plan = chain(json!({}));
    find(&mut plan, "repeat").runs = "fixtures/never".to_owned();
    let mut session = Session::prepare(&plan);
    session.told["start_timeout_s"] = 2.0.into();
    session.begin();
    let (text, good) = session.end();
    assert!(!good);
    assert!(text.contains("repeat is not ready"), "{text}");
    assert!(text.contains("again has not heard repeat.image"), "{text}");
    session.assert_nothing_is_left();
}

#[test]
fn called_off_before_the_start_leaves_nothing() {
    let mut session = Session::start(&chain(json!({"slow_ms": 20_000})));
    session.record();
    std::thread::sleep(Duration::from_millis(500));
    session.signal_supervisor(Signal::TERM);
    let (text, good) = session.end();
    assert!(!good && text.contains("called off"), "{text}");
    session.assert_nothing_is_left();
}

#[test]
fn one_that_hangs_is_told_and_so_is_its_return() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 300})));
    session.started(500);
    session.signal("again", Signal::STOP);
    std::thread::sleep(Duration::from_millis(3200));
    session.signal("again", Signal::CONT);
    let closing = session.closing();
    assert_eq!(session.events(), ["launch Ready", "again Hung", "again Ready"]);
    assert_eq!(session.images("repeat.image").len(), 300);
    assert!(closing.reasons.join("; ").contains("again did not answer"), "{:?}", closing.reasons);
}

#[test]
fn one_that_does_not_leave_is_made_to_and_that_is_told() {
    let mut session = Session::prepare(&chain(json!({"rate_hz": 50.0})));
    session.told["ending_patience_s"] = 1.0.into();
    session.begin();
    session.started(500);
    session.signal("again", Signal::STOP);
    session.signal_supervisor(Signal::INT);
    let closing = session.closing();
    let reasons = closing.reasons.join("; ");
    assert!(reasons.contains("again did not come to the end"), "{reasons}");
    assert!(
        reasons.contains("again did not leave even when asked by SIGTERM and was killed"),
        "{reasons}"
    );
}

#[test]
fn asked_twice_it_hurries_and_says_who_was_cut_short() {
    let mut plan = chain(json!({"rate_hz": 50.0}));
    find(&mut plan, "listen").parameters = json!({"slow_to_close_ms": 600_000});
    let mut session = Session::start(&plan);
    session.started(500);
    session.signal_supervisor(Signal::INT);
    std::thread::sleep(Duration::from_millis(500));
    session.signal_supervisor(Signal::INT);
    let closing = session.closing();
    let reasons = closing.reasons.join("; ");
    assert!(
        reasons.contains("listen did not leave when told to and was sent SIGTERM"),
        "{reasons}"
    );
    assert_eq!(closing.reasons.len(), 1, "{reasons}");
}

#[test]
fn when_the_supervisor_is_killed_the_others_go_on_and_another_takes_them_up() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 400})));
    let before = session.started(1000);
    session.signal_supervisor(Signal::KILL);
    let _ = session.end();
    std::thread::sleep(Duration::from_secs(1));
    let record = session.record();
    assert!(record.has_processes() && !registry::is_supervised(&record));
    session.told["plan"] = Value::Null;
    session.begin();
    wait_for("the new supervisor", || registry::is_supervised(&session.record()).then_some(()));
    std::thread::sleep(Duration::from_millis(1500));
    // It watches, restarts and ends like the one before.
    let pid = session.signal("again", Signal::KILL);
    session.restarted("again", pid);
    let closing = session.closing();
    for stream in ["count.image", "repeat.image"] {
        assert_eq!(session.images(stream), (0..400).collect::<Vec<_>>(), "{stream}");
    }
    assert_eq!(*session.images("again.image").last().unwrap(), 399);
    assert_eq!(
        session.events(),
        ["launch Ready", "launch Supervision", "again Failed", "again Restarting"]
    );
    assert_eq!(closing.session, before.session);
    let reasons = closing.reasons.join("; ");
    assert!(!reasons.contains("lost") && reasons.contains("again"), "{reasons}");
}

#[test]
fn what_is_supervised_is_not_taken_up() {
    let mut session = Session::start(&chain(json!({"count": 100})));
    let record = session.started(0);
    let mut told = session.told.clone();
    told["plan"] = Value::Null;
    told["session"] = record.session.clone().into();
    let output = Command::new(fixtures()).arg("supervise").arg(told.to_string()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("is supervised already"), "{text}");
    assert!(session.closing().good);
}

#[test]
fn two_sessions_do_not_hear_each_other() {
    let plan = chain(json!({"count": 90}));
    let (mut one, mut other) = (Session::start(&plan), Session::start(&plan));
    for session in [&mut one, &mut other] {
        let closing = session.closing();
        assert!(closing.good, "{:?}", closing.reasons);
        assert_eq!(session.images("again.image"), (0..90).collect::<Vec<_>>());
    }
}

#[test]
fn a_changed_parameter_is_kept_over_a_restart() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 250})));
    let record = session.started(600);
    let viewer = Viewer::join(record.clone()).unwrap();
    let patience = Duration::from_secs(20);
    let refused = viewer.set("again", &json!({"offset": 1000}), patience).unwrap().unwrap();
    assert!(refused.unwrap_err().contains("an offset of 1000 is above 100"));
    let taken = viewer.set("again", &json!({"offset": 7}), patience).unwrap();
    assert_eq!(taken, Some(Ok(())));
    viewer.leave();
    let sockets = SocketFolder::at(&record.sockets);
    Record::update(&sockets, |record| {
        record.members.get_mut("again").unwrap().parameters = json!({"offset": 7});
    })
    .unwrap();
    let pid = session.signal("again", Signal::KILL);
    session.restarted("again", pid);
    session.closing();
    let images = session.images("again.image");
    assert_eq!((images[0], *images.last().unwrap()), (0, 249 + 7));
}

#[test]
fn a_guest_sees_how_everybody_fares() {
    let mut session = Session::start(&chain(json!({"rate_hz": 50.0, "count": 200})));
    let mut viewer = Viewer::join(session.started(300)).unwrap();
    viewer.settle(Duration::from_secs(20));
    std::thread::sleep(Duration::from_secs(1));
    let snapshot = viewer.snapshot();
    assert!(snapshot.supervised && !snapshot.over);
    let health: Vec<_> = snapshot.nodes.iter().map(|node| node.health).collect();
    assert_eq!(health, ["healthy"; 4]);
    assert!(snapshot.nodes[..3].iter().all(|node| (node.rate_hz - 50.0).abs() < 15.0));
    viewer.leave();
    assert!(session.closing().good);
}

/// Each cycle kills a process that publishes through shared memory.
#[test]
#[ignore = "takes minutes; run with --ignored"]
fn a_hundred_restarts_leave_no_shared_memory() {
    let mut session = Session::prepare(&chain(json!({"rate_hz": 50.0})));
    session.told["limit"] = 1000.into();
    session.told["longest_wait_ms"] = 100.into();
    session.begin();
    session.started(500);
    let (before, _) = segments();
    for cycle in 0..100 {
        let node = ["again", "repeat", "count", "listen"][cycle % 4];
        let pid = session.signal(node, Signal::KILL);
        session.restarted(node, pid);
        std::thread::sleep(Duration::from_millis(200));
        if cycle % 10 == 9 {
            println!("after {} restarts: {:?} segments and orphans", cycle + 1, segments());
        }
    }
    std::thread::sleep(Duration::from_secs(1));
    let (after, orphans) = segments();
    session.signal_supervisor(Signal::INT);
    let closing = session.closing();
    let restarts: u32 = closing.nodes.iter().map(|row| row.restarts).sum();
    assert_eq!(restarts, 100);
    println!("{before} segments before, {after} after, {orphans} of them nobody's");
    assert_eq!(orphans, 0);
    assert!(after <= before + 8, "{before} segments before, {after} after");
    assert_eq!(segments().1, 0);
}

#[test]
fn paths_are_what_they_are_said_to_be() {
    // What other tests rely on: without it they would pass by finding nothing.
    assert!(fixtures().is_file(), "{}", fixtures().display());
    assert!(Path::new("/proc/self/environ").exists());
}
