//! The whole conversation with a tracker, without its line and its clock: bytes and instants in, what is to be done out.

use std::collections::VecDeque;
use std::time::Duration;

use formats::ndi::{
    Bx2Options, Command, Form, Reply, ReplyDecoder, ReplyOptions, SerialSettings, Tx,
};
use messages::{Timestamp, ToolPoses};

use super::address::Address;
use super::answers::{Answer, understand};
use super::damage::Damage;
use super::frame_clock::FrameClock;
use super::parameters::{CommandChoice, Setup};
use super::patience;
use super::poses::{PoseTable, Sighting};
use super::startup::{Outcome, Question, Resort, Startup};

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send these bytes.
    Send(Vec<u8>),
    /// Set the line to 9600 baud and send a serial break.
    Break,
    /// Set the serial line so.
    Set(SerialSettings),
    /// Poses of all tools.
    Poses {
        /// When they were measured.
        measured_at: Timestamp,
        /// Of all tools.
        poses: ToolPoses,
        /// What is wrong with the tracker meanwhile.
        impaired: Option<String>,
    },
    /// Something is not as it should be; goes on.
    Notice(String),
    /// The tracker is ready and tracks.
    Ready,
    /// The line is of no use any more: close it, and open it anew.
    Lost(String),
}

/// A line of damaged bytes is left to run out for so long.
const RUN_OUT: Duration = Duration::from_millis(30);
/// Until the tracker is asked again that has just given nothing new.
const NOTHING_NEW: Duration = Duration::from_micros(500);
/// An answer of which nothing more comes for so long has stopped half way.
const STALLED: Duration = Duration::from_millis(100);
/// Trackers want a moment after INIT and COMM on a serial line.
const SETTLE: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    Starting,
    Tracking,
}

/// The conversation.
#[derive(Debug)]
pub struct Dialogue {
    setup: Setup,
    startup: Startup,
    tracks: bool,
    phase: Phase,
    decoder: ReplyDecoder,
    actions: VecDeque<Action>,
    poses: PoseTable,
    question: Command,
    /// Since when an answer is awaited.
    asked_at: Option<Timestamp>,
    /// When the next question is due.
    due: Option<Timestamp>,
    /// When poses were asked for last, and given last.
    last_asked_at: Timestamp,
    given_at: Timestamp,
    /// What is wrong since the tracker was made ready, and what its last answer says.
    standing: Vec<String>,
    condition: Vec<&'static str>,
    damage: Damage,
    /// When bytes came last.
    received_at: Timestamp,
}

impl Dialogue {
    /// Of a tracker that is set up so; without `tracks` it is made ready only.
    pub fn new(setup: Setup, tracks: bool) -> Self {
        let startup = Startup::new(&setup.tools, serial(&setup), tracks);
        let poses = PoseTable::new([], true, FrameClock::new(setup.frame_hz));
        Self {
            setup,
            startup,
            tracks,
            phase: Phase::Closed,
            decoder: ReplyDecoder::new(),
            actions: VecDeque::new(),
            poses,
            question: Command::Bx(ReplyOptions(0x0801)),
            asked_at: None,
            due: None,
            last_asked_at: Timestamp(0),
            given_at: Timestamp(0),
            standing: vec![],
            condition: vec![],
            damage: Damage::default(),
            received_at: Timestamp(0),
        }
    }

    /// The line is open: begins anew.
    pub fn connected(&mut self, now: Timestamp) {
        self.startup = Startup::new(&self.setup.tools, serial(&self.setup), self.tracks);
        self.decoder.clear();
        self.actions.clear();
        self.phase = Phase::Starting;
        self.condition.clear();
        self.ask(now);
    }

    /// What is to be done next.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When [`tick`](Self::tick) is to be called if nothing comes before.
    pub fn deadline(&self) -> Option<Timestamp> {
        let patience = self.asked_at.map(|at| at + self.patience());
        let quiet = self.is_tracking().then(|| self.given_at + self.setup.quiet());
        let stalled = (self.decoder.pending() > 0).then(|| self.received_at + STALLED);
        [patience, self.due, quiet, stalled].into_iter().flatten().min()
    }

    /// How poses are asked for, once the tracker is ready.
    pub fn question(&self) -> &Command {
        &self.question
    }

    /// What was learnt of the tracker.
    pub fn startup(&self) -> &Startup {
        &self.startup
    }

    /// Whether it tracks.
    pub fn is_tracking(&self) -> bool {
        self.phase == Phase::Tracking
    }

    /// Damaged answers since the start.
    pub fn damaged(&self) -> u64 {
        self.damage.count()
    }

    fn patience(&self) -> Duration {
        if self.phase == Phase::Tracking {
            return self.setup.reply_timeout;
        }
        patience::with(self.startup.question()).max(self.setup.reply_timeout)
    }

    /// Bytes have come.
    pub fn receive(&mut self, bytes: &[u8], now: Timestamp) {
        if self.phase == Phase::Closed {
            return;
        }
        self.received_at = now;
        self.decoder.feed(bytes);
        let mut is_damaged = false;
        loop {
            match self.decoder.next_reply() {
                Ok(Some(reply)) => {
                    is_damaged = false;
                    self.heard(reply, now);
                    if self.phase == Phase::Closed {
                        return;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    is_damaged = true;
                    self.is_damaged(&error.to_string(), now);
                }
            }
        }
        // The answer is gone: ask again, once what is left of it has run out.
        if is_damaged {
            self.asked_at = None;
            self.due = Some(now + RUN_OUT);
        }
    }

    /// Nobody listened until now: what was asked for may still be answered.
    pub fn wait_anew(&mut self, now: Timestamp) {
        self.asked_at = self.asked_at.map(|_| now);
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Timestamp) {
        if self.phase == Phase::Closed {
            return;
        }
        let pending = self.decoder.pending();
        if pending > 0 && now.since(self.received_at) >= STALLED {
            self.decoder.clear();
            self.is_damaged(&format!("it stopped half way, after {pending} bytes"), now);
            (self.asked_at, self.due) = (None, Some(now));
        }
        if let Some(asked_at) = self.asked_at
            && now.since(asked_at) >= self.patience()
        {
            match (self.phase, self.startup.unanswered()) {
                (Phase::Starting, Some(Resort::Ask)) => return self.ask(now),
                (Phase::Starting, Some(Resort::AskWith(settings))) => {
                    self.actions.push_back(Action::Set(settings));
                    self.ask(now);
                    self.actions.push_back(Action::Set(SerialSettings::AFTER_RESET));
                    return;
                }
                _ => {}
            }
            let text = format!(
                "the tracker at {} has not answered for {} ms: look at its cable and whether it is switched on",
                self.setup.address,
                now.since(asked_at).as_millis()
            );
            self.lose(text);
            return;
        }
        if self.is_tracking() && now.since(self.given_at) >= self.setup.quiet() {
            let reason = self.damage.reason();
            let (measured_at, poses) = self.poses.set(&reason, now);
            self.pass(measured_at, poses, now);
        }
        if self.due.is_some_and(|due| now >= due) {
            // What came meanwhile is of no question.
            self.decoder.clear();
            self.ask(now);
        }
    }

    /// The line is gone.
    pub fn disconnected(&mut self, reason: &str) {
        if self.phase != Phase::Closed {
            self.lose(reason.to_owned());
        }
    }

    fn lose(&mut self, reason: String) {
        self.phase = Phase::Closed;
        self.asked_at = None;
        self.due = None;
        self.actions.push_back(Action::Lost(reason));
    }

    fn is_damaged(&mut self, error: &str, now: Timestamp) {
        self.actions.extend(self.damage.add(error, now).map(Action::Notice));
    }

    fn ask(&mut self, now: Timestamp) {
        self.due = None;
        let question = match self.phase {
            Phase::Closed => return,
            Phase::Tracking => {
                self.last_asked_at = now;
                Question::Command(self.question.clone())
            }
            Phase::Starting => match self.startup.question() {
                Some(question) => question.clone(),
                None => return self.ready(now),
            },
        };
        self.asked_at = Some(now);
        match question {
            Question::Break => self.actions.push_back(Action::Break),
            Question::Command(command) => match command.encode(Form::Checked) {
                Ok(bytes) => self.actions.push_back(Action::Send(bytes)),
                Err(error) => self.lose(error.to_string()),
            },
        }
    }

    fn heard(&mut self, reply: Reply, now: Timestamp) {
        if self.phase == Phase::Tracking {
            return self.tracked(&reply, now);
        }
        if self.asked_at.is_none() {
            return;
        }
        let is_serial = matches!(self.setup.address, Address::Serial { .. });
        let was_init = self.startup.question() == Some(&Question::Command(Command::Init));
        self.asked_at = None;
        match self.startup.answer(&reply) {
            Err(error) => self.lose(error.to_string()),
            Ok(Outcome::Ready) => self.ready(now),
            Ok(Outcome::NextWith(settings)) => {
                self.actions.push_back(Action::Set(settings));
                self.due = Some(now + SETTLE);
            }
            Ok(Outcome::Next) if is_serial && (was_init || reply == Reply::Reset) => {
                self.due = Some(now + SETTLE);
            }
            Ok(Outcome::Next) => self.ask(now),
        }
    }

    fn ready(&mut self, now: Timestamp) {
        let revision = self.startup.revision;
        self.question = match self.setup.command {
            CommandChoice::Bx2 => Command::Bx2(Bx2Options::default()),
            CommandChoice::Bx => Command::Bx(ReplyOptions(0x0801)),
            CommandChoice::Tx => Command::Tx(Tx::OPTIONS),
            CommandChoice::Auto => match revision {
                Some(revision) if revision.has_bx2() => Command::Bx2(Bx2Options::default()),
                Some(revision) if revision.has_bx() => Command::Bx(ReplyOptions(0x0801)),
                _ => Command::Tx(Tx::OPTIONS),
            },
        };
        let names = self.setup.tools.iter().map(|tool| tool.name.clone());
        let is_aurora = self.startup.identity.to_ascii_lowercase().contains("aurora");
        let tools = names.zip(self.startup.handles.iter().cloned());
        self.poses = PoseTable::new(tools, !is_aurora, self.poses.frames().begun_anew());
        self.phase = Phase::Tracking;
        self.actions.push_back(Action::Ready);
        self.standing.clone_from(&self.startup.notices);
        self.given_at = now;
        if !self.tracks {
            self.phase = Phase::Closed;
            return;
        }
        self.ask(now);
        // Of a tracker without any tool no frame will ever tell so.
        if self.startup.handles.iter().all(Result::is_err) {
            let (measured_at, poses) = self.poses.set("", now);
            self.pass(measured_at, poses, now);
        }
    }

    fn tracked(&mut self, reply: &Reply, now: Timestamp) {
        self.asked_at = None;
        let guarded = matches!(self.setup.address, Address::Tcp { .. });
        match understand(&self.question, reply, guarded) {
            Answer::Seen { sightings, condition, plugs } => {
                self.condition = condition;
                self.damage.is_over();
                if plugs && self.startup.wants_plugs() {
                    return self.look_again(now);
                }
                self.seen(sightings, now);
            }
            Answer::None(reason) => {
                self.actions.push_back(Action::Notice(reason));
                self.due = Some(now + RUN_OUT);
            }
            Answer::Lost(reason) => self.lose(reason),
            Answer::Damaged(error) => {
                self.is_damaged(&error.to_string(), now);
                self.due = Some(now + RUN_OUT);
            }
        }
    }

    /// The next question goes first, so that the tracker works while the poses are passed on.
    fn seen(&mut self, sightings: Vec<Sighting>, now: Timestamp) {
        let set = self.poses.take(sightings, now);
        let due = self.last_asked_at + self.setup.interval;
        match &set {
            None if due <= now => self.due = Some(now + NOTHING_NEW),
            Some(_) if due <= now => self.ask(now),
            _ => self.due = Some(due),
        }
        if let Some((measured_at, poses)) = set {
            self.pass(measured_at, poses, now);
        }
    }

    fn pass(&mut self, measured_at: Timestamp, poses: ToolPoses, now: Timestamp) {
        self.given_at = now;
        let said = self.standing.iter().map(String::as_str).chain(self.condition.iter().copied());
        let said: Vec<&str> = said.collect();
        let impaired = (!said.is_empty()).then(|| said.join("; "));
        self.actions.push_back(Action::Poses { measured_at, poses, impaired });
    }

    /// Something was plugged in or pulled out.
    fn look_again(&mut self, now: Timestamp) {
        self.startup.look_again();
        self.phase = Phase::Starting;
        self.ask(now);
    }
}

fn serial(setup: &Setup) -> Option<SerialSettings> {
    match &setup.address {
        Address::Serial { settings, .. } => Some(*settings),
        Address::Tcp { .. } => None,
    }
}
