//! How a tracker is made ready: which command follows which answer. Pure: it sends nothing itself.

mod question;

use std::collections::VecDeque;

use formats::ndi::{
    ApiRevision, Command, HandleFilter, HandleRequest, InfoOptions, PortHandles, PortInfo,
    Priority, Reply, Rom, SerialSettings,
};

use super::tool::{Identity, ToolPlan, said_of};
use question::Purpose;
pub use question::{Outcome, Question, Resort, StartError};

/// How far a tracker has been made ready, and what was learnt.
#[derive(Clone, Debug)]
pub struct Startup {
    plans: Vec<ToolPlan>,
    serial: Option<SerialSettings>,
    tracks: bool,
    tasks: VecDeque<(Question, Purpose)>,
    /// Of each tool its handle, or why it has none.
    pub handles: Vec<Result<u16, String>>,
    /// What the tracker says of itself; one line.
    pub identity: String,
    /// Its revision of the protocol.
    pub revision: Option<ApiRevision>,
    /// What a person should know, though tracking goes on.
    pub notices: Vec<String>,
    /// Tools that are plugged in and not wanted.
    pub others: Vec<String>,
}

const ROUNDS: u8 = 4;

fn unplugged(plan: &ToolPlan) -> String {
    match &plan.identity {
        Identity::Rom { .. } => "its definition is not loaded yet".to_owned(),
        identity @ Identity::Wired { .. } => {
            format!(
                "not plugged in: no tool of {} is in the tracker's ports; plug it in",
                identity.said()
            )
        }
    }
}

impl Startup {
    /// Of a tracker with these tools, on a serial line with these settings or on the network; without `tracks` it is not
    /// set to track.
    pub fn new(plans: &[ToolPlan], serial: Option<SerialSettings>, tracks: bool) -> Self {
        let mut startup = Self {
            handles: plans.iter().map(|plan| Err(unplugged(plan))).collect(),
            plans: plans.to_vec(),
            serial,
            tracks,
            tasks: VecDeque::new(),
            identity: String::new(),
            revision: None,
            notices: vec![],
            others: vec![],
        };
        if serial.is_some() {
            startup.tasks.push_back((Question::Break, Purpose::Break));
        } else {
            // INIT may take ten seconds; whether anybody is there at all shows sooner.
            startup.then(Command::ApiRevision, Purpose::Hail);
        }
        startup.then(Command::Init, Purpose::Init { tries: 0 });
        if let Some(settings) = serial.filter(|settings| *settings != SerialSettings::AFTER_RESET) {
            startup.then(Command::Comm(settings), Purpose::Comm(settings));
        }
        startup.then(Command::Version(4), Purpose::Version { number: 4 });
        startup.then(Command::ApiRevision, Purpose::Revision);
        startup.then(Command::SearchHandles(HandleFilter::Stale), Purpose::FindStale);
        startup.then(Command::SearchHandles(HandleFilter::All), Purpose::FindOld);
        for (tool, plan) in plans.iter().enumerate() {
            if matches!(plan.identity, Identity::Rom { .. }) {
                startup.then(
                    Command::RequestHandle(HandleRequest::WIRELESS),
                    Purpose::Request { tool },
                );
            }
        }
        startup.look_for_plugs();
        startup
    }

    /// After something was plugged in or pulled: looks again, and goes on tracking.
    pub fn look_again(&mut self) {
        self.tasks.clear();
        self.others.clear();
        self.then(Command::StopTracking, Purpose::StopForPlugs);
        self.then(Command::SearchHandles(HandleFilter::Stale), Purpose::FindStale);
        self.then(Command::SearchHandles(HandleFilter::All), Purpose::FindKept);
        self.look_for_plugs();
    }

    /// Whether tools with cables are wanted.
    pub fn wants_plugs(&self) -> bool {
        self.plans.iter().any(|plan| matches!(plan.identity, Identity::Wired { .. }))
    }

    fn look_for_plugs(&mut self) {
        if self.wants_plugs() || !self.tracks {
            self.then(
                Command::SearchHandles(HandleFilter::Uninitialized),
                Purpose::FindPlugged { round: 0 },
            );
        }
        if self.tracks {
            self.then(Command::StartTracking(None), Purpose::Start);
        }
    }

    fn then(&mut self, command: Command, purpose: Purpose) {
        self.tasks.push_back((Question::Command(command), purpose));
    }

    fn first(&mut self, command: Command, purpose: Purpose) {
        self.tasks.push_front((Question::Command(command), purpose));
    }

    /// What is to be sent now.
    pub fn question(&self) -> Option<&Question> {
        self.tasks.front().map(|(question, _)| question)
    }

    /// No answer came; none if the tracker is given up. Not every adapter passes a break on, nor a tracker heed it.
    pub fn unanswered(&mut self) -> Option<Resort> {
        let (purpose, resort) = match &self.tasks.front()?.1 {
            Purpose::Break => (Purpose::Reset { last: false }, Resort::Ask),
            Purpose::Reset { last: false } => {
                let settings = self.serial.filter(|set| *set != SerialSettings::AFTER_RESET)?;
                (Purpose::Reset { last: true }, Resort::AskWith(settings))
            }
            _ => return None,
        };
        self.tasks.pop_front();
        self.first(Command::Reset, purpose);
        Some(resort)
    }

    /// Takes the answer to the question.
    ///
    /// # Errors
    /// If the tracker cannot be used so; says what to look at.
    pub fn answer(&mut self, reply: &Reply) -> Result<Outcome, StartError> {
        let Some((_, purpose)) = self.tasks.pop_front() else { return Ok(Outcome::Ready) };
        if let Reply::Warning(warning) = reply {
            let of = match &purpose {
                Purpose::InitLoaded { tool, .. } => format!("`{}`", self.plans[*tool].name),
                _ => "the tracker".to_owned(),
            };
            self.notices.push(format!("{of}: {warning}"));
        }
        let failed = |what: &str| {
            let said = match reply {
                Reply::Error(error) => error.to_string(),
                other => format!("it answered {other:?}"),
            };
            StartError(format!("the tracker does not {what}: {said}"))
        };
        let is_okay = matches!(reply, Reply::Okay | Reply::Warning(_));
        let error = match reply {
            Reply::Error(error) => Some(*error),
            _ => None,
        };
        match purpose {
            Purpose::Break | Purpose::Reset { .. }
                if matches!(reply, Reply::Reset | Reply::Okay) => {}
            Purpose::Break | Purpose::Reset { .. } => return Err(failed("reset")),
            // One that is still tracking for a client that went away, or is in a state of its own.
            Purpose::Init { tries: 0 } if error.is_some() => {
                self.first(Command::Init, Purpose::Init { tries: 1 });
                self.first(Command::StopTracking, Purpose::StopBefore);
            }
            Purpose::Init { tries: 1 } if error.is_some() => {
                self.first(Command::Init, Purpose::Init { tries: 2 });
                self.first(Command::Reset, Purpose::Reset { last: true });
            }
            Purpose::Init { .. } | Purpose::Load { .. } | Purpose::Start if is_okay => {}
            Purpose::Init { .. } => return Err(failed("initialise")),
            Purpose::Comm(settings) if is_okay => return Ok(Outcome::NextWith(settings)),
            Purpose::Comm(_) => return Err(failed("take the settings of the serial line")),
            Purpose::Version { number } => match reply {
                Reply::Text(text) => self.identity = identity(text),
                _ if number == 4 => self.first(Command::Version(0), Purpose::Version { number: 0 }),
                _ => return Err(failed("say its version")),
            },
            // The oldest trackers do not know this command.
            Purpose::Revision => {
                if let Reply::Text(text) = reply {
                    self.revision = ApiRevision::from_text(text).ok();
                }
            }
            Purpose::FindStale => {
                for handle in handles(reply, &failed)? {
                    self.first(Command::FreeHandle(handle), Purpose::Free);
                }
            }
            Purpose::FindOld => {
                for handle in handles(reply, &failed)? {
                    let options = InfoOptions::LOCATION;
                    self.first(Command::HandleInfo { handle, options }, Purpose::LookAtOld(handle));
                }
            }
            Purpose::LookAtOld(handle) => {
                let info = info(reply, InfoOptions::LOCATION);
                match info.and_then(|info| info.location) {
                    Some(place) if place.is_wireless => {
                        self.first(Command::FreeHandle(handle), Purpose::Free);
                    }
                    // A client that went away may have left it enabled; it is looked for among those that are not.
                    Some(_) => self.first(Command::DisableHandle(handle), Purpose::Disable),
                    None => {}
                }
            }
            Purpose::FindKept => {
                let kept = handles(reply, &failed)?;
                let is_gone = |handle: &u16| !kept.iter().any(|kept| u16::from(*kept) == *handle);
                for (plan, handle) in self.plans.iter().zip(&mut self.handles) {
                    if handle.as_ref().is_ok_and(is_gone) {
                        *handle = Err(unplugged(plan));
                    }
                }
            }
            Purpose::Request { tool } => match reply {
                Reply::Text(text) => match PortHandles::requested(text) {
                    Ok(handle) => self.load(tool, handle),
                    Err(error) => return Err(StartError(error.to_string())),
                },
                _ => self.refuse(tool, "gives no port handle for it", reply),
            },
            Purpose::Load { tool } => {
                self.tasks.retain(|(_, purpose)| !purpose.is_for(tool));
                self.refuse(tool, "does not take its definition", reply);
            }
            Purpose::InitLoaded { tool, handle } | Purpose::Enable { tool, handle } if !is_okay => {
                self.tasks.retain(|(_, purpose)| !purpose.is_for(tool));
                self.refuse(tool, "does not take the tool", reply);
                self.first(Command::FreeHandle(handle), Purpose::Free);
            }
            // Any answer tells that somebody is there; what cannot be stopped or freed was not tracking or is gone.
            Purpose::Hail
            | Purpose::StopBefore
            | Purpose::StopForPlugs
            | Purpose::Free
            | Purpose::Disable
            | Purpose::InitLoaded { .. } => {}
            Purpose::Enable { tool, handle } => self.handles[tool] = Ok(handle.into()),
            Purpose::FindPlugged { round } => {
                let found = handles(reply, &failed)?;
                if found.is_empty() || round >= ROUNDS {
                    self.first(Command::SearchHandles(HandleFilter::Unenabled), Purpose::FindReady);
                } else {
                    // A plug may hold two tools, of which the second has a handle once the first is initialised.
                    let filter = HandleFilter::Uninitialized;
                    self.first(
                        Command::SearchHandles(filter),
                        Purpose::FindPlugged { round: round + 1 },
                    );
                    for handle in found {
                        self.first(Command::InitHandle(handle), Purpose::InitPlugged(handle));
                    }
                }
            }
            Purpose::InitPlugged(handle) => {
                if let Some(error) = error {
                    self.notices
                        .push(format!("the tool at handle {handle:02X} cannot be used: {error}"));
                }
            }
            Purpose::FindReady => {
                for handle in handles(reply, &failed)? {
                    let options = InfoOptions::IDENTITY;
                    self.first(
                        Command::HandleInfo { handle, options },
                        Purpose::LookAtPlugged(handle),
                    );
                }
            }
            Purpose::LookAtPlugged(handle) => self.look_at(handle, reply),
            Purpose::Start => return Err(failed("start tracking")),
        }
        Ok(if self.tasks.is_empty() { Outcome::Ready } else { Outcome::Next })
    }

    fn load(&mut self, tool: usize, handle: u8) {
        let Identity::Rom { bytes, .. } = &self.plans[tool].identity else { return };
        let blocks: Vec<_> = Rom::blocks(bytes).collect();
        self.enable(tool, handle);
        self.first(Command::InitHandle(handle), Purpose::InitLoaded { tool, handle });
        for (address, block) in blocks.into_iter().rev() {
            self.first(Command::WriteRom { handle, address, block }, Purpose::Load { tool });
        }
    }

    fn enable(&mut self, tool: usize, handle: u8) {
        let priority =
            if self.plans[tool].is_static { Priority::Static } else { Priority::Dynamic };
        self.first(Command::EnableHandle { handle, priority }, Purpose::Enable { tool, handle });
    }

    fn look_at(&mut self, handle: u8, reply: &Reply) {
        let Some(info) = info(reply, InfoOptions::IDENTITY) else { return };
        if info.location.as_ref().is_some_and(|place| place.is_wireless) {
            return;
        }
        let mine = |(tool, plan): (usize, &ToolPlan)| {
            (self.handles[tool].is_err() && plan.identity.fits(&info)).then_some(tool)
        };
        match self.plans.iter().enumerate().find_map(mine) {
            Some(tool) => self.enable(tool, handle),
            None => self.others.push(said_of(&info)),
        }
    }

    fn refuse(&mut self, tool: usize, what: &str, reply: &Reply) {
        let plan = &self.plans[tool];
        let why = match reply {
            Reply::Error(error) => error.to_string(),
            other => format!("it answered {other:?}"),
        };
        let reason = format!("the tracker {what} ({}): {why}", plan.identity.said());
        self.notices.push(format!("`{}`: {reason}", plan.name));
        self.handles[tool] = Err(reason);
    }
}

fn handles(reply: &Reply, failed: &impl Fn(&str) -> StartError) -> Result<Vec<u8>, StartError> {
    let Reply::Text(text) = reply else { return Err(failed("say which tools it has")) };
    let handles = PortHandles::from_text(text).map_err(|error| StartError(error.to_string()))?;
    // The last comes first, for each is put in front of the others.
    Ok(handles.0.iter().rev().map(|handle| handle.handle).collect())
}

fn info(reply: &Reply, options: InfoOptions) -> Option<PortInfo> {
    let Reply::Text(text) = reply else { return None };
    PortInfo::from_text(text, options).ok().flatten()
}

/// The first two lines that say something.
fn identity(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.take(3).collect::<Vec<_>>().join(", ")
}
