//! The supervisor of one session: what it holds, and what it hears.

use std::fs::File;
use std::io::Write;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use messages::{Message as _, Scores, Timestamp};
use runtime::bus::{self, Bus, Subscription};
use runtime::clock::{self, SessionClock};
use runtime::host::Control;
use runtime::log::Level;

use super::death::Death;
use super::ears::{Happening, hear};
use super::error::SuperviseError;
use super::member::{Member, Phase};
use super::process;
use super::undertaking::{Options, Undertaking};
use super::voice::Voice;
use super::watcher::Watcher;
use crate::ledger::Ledger;
use crate::logs::{Follower, From, Style};
use crate::session::{
    self, MemberRecord, ProcessIdentity, Record, SUPERVISOR, SessionError, SessionFolder,
    SocketFolder, assign, folders, manifest, registry,
};

/// An order is repeated after these times, for whoever missed it.
const REPEATS: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(100), Duration::from_millis(250)];
/// How often the supervisor looks around, whatever happens.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The participants find each other.
    Starting,
    /// The procedure runs.
    Running,
    /// Nothing new comes; what is there is brought to its end.
    Ending,
    /// All have been told to leave, at this time.
    Leaving(Duration),
}

/// The supervisor of one session.
pub struct Supervisor {
    pub(super) options: Options,
    pub(super) record: Record,
    pub(super) folder: SessionFolder,
    pub(super) sockets: SocketFolder,
    pub(super) members: Vec<Member>,
    pub(super) stage: Stage,
    pub(super) ledger: Ledger,
    pub(super) voice: Voice,
    pub(super) bus: Bus,
    /// How often somebody asked to stop.
    pub(super) asked: u32,
    /// From the first process to the start.
    pub(super) start_up: Option<Duration>,
    /// When anybody got on with anything last, and how far.
    pub(super) progress: (Duration, u64),
    /// The wall clock's offset when it was last looked at.
    pub(super) wall_offset_ns: i64,
    /// When the supervisor looked around last.
    pub(super) looked_at: Duration,
    /// When it was told how far a replay is.
    pub(super) told_at: Duration,
    /// Signals sent to those who do not leave.
    pub(super) forced: u32,
    repeats: Vec<(Duration, Control)>,
    pub(super) happenings: Receiver<Happening>,
    watcher: Watcher<Happening>,
    pub(super) logs: Option<Follower>,
    /// Events before this are old news.
    pub(super) news_from: Timestamp,
    _subscriptions: Vec<Subscription>,
    _lock: File,
}

impl Supervisor {
    /// Makes a session; no process runs yet.
    ///
    /// # Errors
    /// If its folders cannot be made or the bus cannot be opened; then nothing of it is left.
    pub fn new(undertaking: Undertaking, options: Options) -> Result<Self, SuperviseError> {
        let clock = SessionClock::new();
        let nodes: Vec<&str> =
            undertaking.plan.nodes.iter().map(|node| node.name.as_str()).collect();
        nodes.iter().try_for_each(|name| session::check_node_name(name))?;
        let root = undertaking.socket_root.clone().unwrap_or_else(folders::socket_root);
        registry::sweep(&root);
        let (sockets, session) = SocketFolder::make(&root, &nodes)?;
        let graph = session::record::graph_name(&undertaking.plan.file);
        let folder =
            match SessionFolder::make(undertaking.folder.as_deref(), &graph, clock.epoch_unix_ns) {
                Ok(folder) => folder,
                Err(error) => {
                    sockets.remove();
                    return Err(error.into());
                }
            };
        let record = Record::new(
            session,
            &folder,
            &sockets,
            undertaking.plan,
            undertaking.pace,
            undertaking.stop_after.map(|after| u64::try_from(after.as_nanos()).unwrap_or(u64::MAX)),
            clock,
        );
        let written = record.and_then(|mut record| {
            record.manifest = manifest::manifest(&record);
            folder.write("graph.toml", record.plan.text.as_bytes())?;
            record.write()?;
            Ok(record)
        });
        let opened = written
            .map_err(SuperviseError::from)
            .and_then(|record| Self::open(record, options, From::Beginning));
        if opened.is_err() {
            folder.remove();
            sockets.remove();
        }
        opened.map(|supervisor| Self { folder, ..supervisor })
    }

    /// Takes up a session whose supervisor has gone.
    ///
    /// # Errors
    /// If somebody supervises it.
    pub fn take_up(record: Record, options: Options) -> Result<Self, SuperviseError> {
        let sockets = SocketFolder::at(&record.sockets);
        let lock = lock(&sockets, &record)?;
        drop(lock);
        // Children of the old supervisor keep its lock on the socket as long as they live.
        for name in ["launch.sock.lock", "launch.sock"] {
            // What is not there need not go.
            let _ = std::fs::remove_file(sockets.path().join(name));
        }
        let record = Record::update(&sockets, |record| {
            record.supervisor = ProcessIdentity::own();
            record.supervisions += 1;
        })?;
        let mut supervisor = Self::open(record, options, From::End)?;
        supervisor.find_members();
        Ok(supervisor)
    }

    fn open(record: Record, options: Options, from: From) -> Result<Self, SuperviseError> {
        let folder = SessionFolder::at(&record.folder);
        let sockets = SocketFolder::at(&record.sockets);
        let lock = lock(&sockets, &record)?;
        let config = bus::config(Some(&sockets.socket(SUPERVISOR)), &[]);
        let bus = Bus::open(&assign::without_shared_memory(config), 0, true)?;
        let (sender, happenings) = channel();
        let watcher = Watcher::start(sender.clone()).map_err(SuperviseError::Watch)?;
        let scores: Vec<_> = record.plan.outputs_of(Scores::SCHEMA).collect();
        let subscriptions = hear(&bus, &record.session, &scores, &sender)?;
        let voice = Voice::open(&bus, &record, &folder.log(SUPERVISOR))?;
        let mut nodes = vec![SUPERVISOR.to_owned()];
        nodes.extend(record.plan.nodes.iter().map(|node| node.name.clone()));
        let output: Box<dyn Write + Send> = if options.logs_to_stderr {
            Box::new(std::io::stderr())
        } else {
            Box::new(std::io::stdout())
        };
        let style = Style { nodes, ..options.style.clone() };
        let logs = Follower::start(&folder.logs(), from, style, output);
        let members = record.plan.nodes.iter().cloned().map(Member::new).collect();
        let now = clock::monotonic();
        Ok(Self {
            members,
            stage: if record.started_at.is_some() { Stage::Running } else { Stage::Starting },
            ledger: Ledger::default(),
            voice,
            bus,
            asked: 0,
            start_up: None,
            progress: (now, 0),
            wall_offset_ns: record.clock.wall_clock_offset_ns(),
            looked_at: now,
            told_at: now,
            forced: 0,
            repeats: Vec::new(),
            happenings,
            watcher,
            logs: Some(logs),
            news_from: if from == From::End { record.clock.now() } else { Timestamp(i64::MIN) },
            _subscriptions: subscriptions,
            _lock: lock,
            options,
            folder,
            sockets,
            record,
        })
    }

    /// Starts the process of a member.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(super) fn start_process(&mut self, number: usize) -> Result<(), SuperviseError> {
        let peers = self
            .members
            .iter()
            .enumerate()
            .filter(|(other, member)| *other != number && member.phase == Phase::Up)
            .count();
        let (name, incarnation) = {
            let member = &self.members[number];
            (member.node.name.clone(), member.incarnation)
        };
        // Somebody may have changed its parameters.
        self.update(|record| {
            if let Some(member) = record.members.get_mut(&name) {
                member.incarnation = incarnation;
            }
        });
        let node = &self.members[number].node;
        let assignment = assign::assignment(&self.record, node, peers + 1);
        let started = process::start(node, &assignment, &self.folder, &self.sockets)?;
        if let Some(handle) = started.identity.open() {
            self.watcher.watch(&name, incarnation, handle).map_err(SuperviseError::Watch)?;
        }
        let now = clock::monotonic();
        let member = &mut self.members[number];
        member.begins(started.identity, started.log_from);
        member.heard_at = now;
        self.remember(number);
        Ok(())
    }

    /// Watches a process that runs already; false if it does not.
    pub(super) fn watch_process(&self, member: &Member) -> bool {
        let handle = member.process.and_then(ProcessIdentity::open);
        handle.is_some_and(|handle| {
            self.watcher.watch(&member.node.name, member.incarnation, handle).is_ok()
        })
    }

    /// Writes what is known of a member into the registry.
    pub(super) fn remember(&mut self, number: usize) {
        let member = &self.members[number];
        let name = member.node.name.clone();
        let (process, incarnation, log_from, failures) =
            (member.process, member.incarnation, member.log_from, member.failed);
        let life = match member.phase {
            Phase::Up | Phase::Waiting(_) => session::Life::Up,
            Phase::Down => session::Life::Down,
            Phase::Left => session::Life::Left,
        };
        self.update(|record| {
            if let Some(known) = record.members.get_mut(&name) {
                *known = MemberRecord {
                    process,
                    incarnation,
                    life,
                    log_from,
                    failures,
                    parameters: known.parameters.clone(),
                };
            }
        });
    }

    /// Changes the registry entry; if that fails, the procedure goes on without.
    pub(super) fn update(&mut self, change: impl FnOnce(&mut Record)) {
        match Record::update(&self.sockets, change) {
            Ok(record) => self.record = record,
            Err(error) => self.voice.say(
                Level::Warn,
                &format!("{error}; until then `vesalius attach` does not know the latest"),
            ),
        }
    }

    /// Something went wrong that the closing verdict names.
    pub(super) fn trouble(&mut self, text: String) {
        self.update(|record| record.troubles.push(text));
    }

    /// Gives an order to all, and again a few times.
    pub(super) fn order(&mut self, order: &Control) {
        let now = clock::monotonic();
        self.put(order);
        let repeats = REPEATS.iter().map(|&after| (now + after, order.clone()));
        self.repeats.extend(repeats);
    }

    /// Gives an order once.
    pub(super) fn put(&mut self, order: &Control) {
        let key = runtime::keys::control(&self.record.session);
        if let Err(error) = self.bus.put(&key, order.to_bytes()) {
            self.voice.say(Level::Error, &format!("an order could not be sent: {error}"));
        }
    }

    /// Repeats the orders whose time has come.
    pub(super) fn repeat_orders(&mut self, now: Duration) {
        let due: Vec<Control> =
            self.repeats.extract_if(.., |(at, _)| *at <= now).map(|(_, order)| order).collect();
        for order in &due {
            self.put(order);
        }
    }

    /// Lets go of the bus, prints the last lines, and removes what the session had outside its folder.
    pub(super) fn clear_away(&mut self) {
        self.bus.close();
        if let Some(logs) = self.logs.take() {
            logs.finish();
        }
        bus::remove_orphaned_shared_memory();
        self.sockets.remove();
    }

    /// How a member's last process ended, as a sentence without subject.
    pub(super) fn reason(&self, number: usize, death: Death) -> String {
        let member = &self.members[number];
        let log = self.folder.log(&member.node.name);
        let said = crate::logs::last_words(&log, member.log_from);
        death.reason(said.as_deref())
    }
}

/// Held by whoever supervises; freed by the system however it ends.
fn lock(sockets: &SocketFolder, record: &Record) -> Result<File, SessionError> {
    let path = sockets.supervisor_lock();
    let file = File::create(&path).map_err(SessionError::file("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(SessionError::Supervised {
            session: record.session.clone(),
            pid: record.supervisor.pid,
        }),
        Err(std::fs::TryLockError::Error(error)) => Err(SessionError::file("lock", &path)(error)),
    }
}
