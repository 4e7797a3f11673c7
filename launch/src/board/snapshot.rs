//! How the processes of a session fare at one instant.

use std::collections::BTreeMap;
use std::time::Duration;

use messages::{Event, NodeStatus, Timestamp};
use serde::Serialize;

use crate::plan::ParticipantKind;
use crate::session::{Life, Pace, Record, registry};

/// Who is silent for so long does not answer.
const SILENT_AFTER: Duration = Duration::from_secs(2);

/// What was heard of one process.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    incarnation: u32,
    last: Option<(Duration, NodeStatus)>,
    before: Option<(Duration, NodeStatus)>,
}

impl Heard {
    /// Takes a status that came at `at`, on the monotonic clock.
    pub fn take(&mut self, incarnation: u32, status: NodeStatus, at: Duration) {
        if incarnation != self.incarnation {
            *self = Self { incarnation, ..Self::default() };
        }
        // Rates over half a second or more: shorter ones flicker.
        let old_enough = |(since, _): &(Duration, NodeStatus)| {
            at.saturating_sub(*since) >= Duration::from_millis(900)
        };
        if self.before.is_none()
            || self
                .last
                .as_ref()
                .is_some_and(|last| self.before.as_ref().is_some_and(old_enough) && last.0 != at)
        {
            self.before = self.last.take();
        }
        self.last = Some((at, status));
    }

    /// Whether two statuses came, so that rates are known.
    pub fn has_rates(&self) -> bool {
        self.before.is_some()
    }
}

/// A session at one instant.
#[derive(Clone, Debug, Serialize)]
pub struct Snapshot {
    /// The session.
    pub session: String,
    /// The graph.
    pub graph: String,
    /// Where its recording is.
    pub folder: std::path::PathBuf,
    /// `live`, `simulated` or `replay`.
    pub clock: &'static str,
    /// Since the start; none before it.
    pub running_s: Option<f64>,
    /// Whether its supervisor is there.
    pub supervised: bool,
    /// Whether it is over.
    pub over: bool,
    /// Its processes.
    pub nodes: Vec<MemberView>,
    /// The last events, oldest first.
    pub events: Vec<(Timestamp, Event)>,
}

/// One process.
#[derive(Clone, Debug, Serialize)]
pub struct MemberView {
    /// The node.
    pub node: String,
    /// What it runs.
    pub runs: String,
    /// Its process number.
    pub pid: Option<i32>,
    /// `healthy`, `degraded`, `silent`, `down`, `ended`, `left` or `starting`.
    pub health: &'static str,
    /// What is wrong, if something is.
    pub reason: Option<String>,
    /// Messages a second: published, or, for one that publishes nothing, taken.
    pub rate_hz: f64,
    /// How old the newest of its inputs' last messages was when it told so, milliseconds; for a
    /// device, how old its readings are when published.
    pub age_ms: Option<f64>,
    /// 99 of 100 messages were handled this soon after they were published (for a device: published
    /// this soon after they were acquired), milliseconds.
    pub p99_ms: Option<f64>,
    /// Messages lost at its inputs.
    pub lost: u64,
    /// Deadlines missed at its inputs.
    pub late: u64,
    /// Blanks published.
    pub blanks: u64,
    /// Percent of one processor.
    pub cpu_percent: f64,
    /// Memory it holds.
    pub memory_bytes: u64,
    /// How often it was started again.
    pub restarts: u32,
    /// Its last status, as it was sent.
    pub status: Option<NodeStatus>,
}

impl Snapshot {
    /// What is known of a session at `now`, on the monotonic clock.
    pub fn of(
        record: &Record,
        heard: &BTreeMap<String, Heard>,
        events: Vec<(Timestamp, Event)>,
        now: Duration,
        over: bool,
    ) -> Self {
        let started = record.started_monotonic_ns.map(Duration::from_nanos);
        let live = record.pace == Pace::Live;
        Self {
            session: record.session.clone(),
            graph: record.graph.clone(),
            folder: record.folder.clone(),
            clock: match record.pace {
                Pace::Live => "live",
                Pace::Simulated => "simulated",
                Pace::Replay { .. } => "replay",
            },
            running_s: started.map(|started| now.saturating_sub(started).as_secs_f64()),
            supervised: registry::is_supervised(record),
            over,
            nodes: record
                .plan
                .nodes
                .iter()
                .map(|node| {
                    let heard = heard.get(&node.name);
                    view(record, &node.name, heard, now, live)
                })
                .collect(),
            events,
        }
    }

    /// What is not as it should be, in a few words each.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.supervised && !self.over {
            faults.push(format!("nobody supervises: vesalius attach {}", self.session));
        }
        for node in &self.nodes {
            if matches!(node.health, "degraded" | "silent" | "down") {
                faults.push(format!("{} is {}", node.node, node.health));
            }
        }
        let lost: u64 = self.nodes.iter().map(|node| node.lost).sum();
        if lost > 0 {
            faults.push(format!("{lost} lost"));
        }
        let late: u64 = self.nodes.iter().map(|node| node.late).sum();
        if late > 0 {
            faults.push(format!("{late} late"));
        }
        faults
    }
}

fn view(
    record: &Record,
    name: &str,
    heard: Option<&Heard>,
    now: Duration,
    live: bool,
) -> MemberView {
    let member = record.members.get(name);
    let node = record.plan.nodes.iter().find(|node| node.name == name);
    let last = heard.and_then(|heard| heard.last.as_ref());
    let status = last.map(|(_, status)| status);
    let silent = last.is_some_and(|(at, _)| now.saturating_sub(*at) > SILENT_AFTER);
    let life = member.map_or(Life::Up, |member| member.life);
    let alive = member
        .and_then(|member| member.process)
        .is_some_and(crate::session::ProcessIdentity::is_alive);
    let degraded = status.and_then(|status| status.degraded.clone());
    let health = match (life, status) {
        (Life::Down, _) => "down",
        (Life::Left, _) => "left",
        (Life::Up, _) if !alive => "down",
        (Life::Up, None) => "starting",
        (Life::Up, Some(_)) if silent => "silent",
        (Life::Up, Some(status)) if status.ended => "ended",
        (Life::Up, Some(_)) if degraded.is_some() => "degraded",
        (Life::Up, Some(_)) => "healthy",
    };
    let rates = heard.and_then(rates);
    let device = node.is_some_and(|node| node.kind == ParticipantKind::Device);
    let milliseconds = |microseconds: u64| microseconds as f64 / 1000.0;
    MemberView {
        node: name.to_owned(),
        runs: node.map_or(String::new(), |node| node.runs.clone()),
        pid: member.and_then(|member| member.process).map(|process| process.pid),
        health,
        reason: degraded,
        rate_hz: rates.map_or(0.0, |(rate, _)| rate),
        age_ms: status.filter(|_| live).and_then(|status| {
            let outputs = status.outputs.iter().map(|output| output.age_us);
            let inputs = status.inputs.iter().map(|input| input.age_us);
            let ages: Vec<_> = if device { outputs.collect() } else { inputs.collect() };
            let ages = ages.iter().filter(|age| age.count > 0);
            ages.map(|age| milliseconds(age.p50)).reduce(f64::max)
        }),
        p99_ms: status.filter(|_| live).and_then(|status| {
            let outputs = status.outputs.iter().map(|output| output.age_us);
            let inputs = status.inputs.iter().map(|input| input.transport_us);
            let times: Vec<_> = if device { outputs.collect() } else { inputs.collect() };
            let times = times.iter().filter(|times| times.count > 0);
            times.map(|times| milliseconds(times.p99)).reduce(f64::max)
        }),
        lost: status.map_or(0, |status| status.inputs.iter().map(|input| input.lost).sum()),
        late: status
            .map_or(0, |status| status.inputs.iter().map(|input| input.deadlines_missed).sum()),
        blanks: status.map_or(0, |status| status.outputs.iter().map(|output| output.blanks).sum()),
        cpu_percent: rates.map_or(0.0, |(_, cpu)| cpu),
        memory_bytes: status.map_or(0, |status| status.resident_bytes),
        restarts: member.map_or(0, |member| member.incarnation.saturating_sub(1)),
        status: status.cloned(),
    }
}

/// Messages a second and percent of a processor, between two statuses.
fn rates(heard: &Heard) -> Option<(f64, f64)> {
    let (_, last) = heard.last.as_ref()?;
    let (_, before) = heard.before.as_ref()?;
    let span_ns = last.uptime_ns.saturating_sub(before.uptime_ns);
    if span_ns == 0 {
        return None;
    }
    let messages = |status: &NodeStatus| {
        let outputs = status.outputs.iter().map(|output| output.sent).max();
        let inputs = status.inputs.iter().map(|input| input.taken).sum();
        outputs.unwrap_or(inputs)
    };
    let per_second = |count: u64| count as f64 / (span_ns as f64 * 1e-9);
    Some((
        per_second(messages(last).saturating_sub(messages(before))),
        per_second(last.cpu_ns.saturating_sub(before.cpu_ns)) * 1e-7,
    ))
}

#[cfg(test)]
pub(crate) mod tests {
    use messages::{EventKind, InputStatus, OutputStatus, Percentiles};

    use super::*;
    use crate::session::ProcessIdentity;
    use crate::session::record::tests::record;

    const NOW: Duration = Duration::from_secs(1000);

    fn status(second: u64, sent: u64, taken: u64) -> NodeStatus {
        let times = Percentiles { count: taken.max(sent), p50: 950, p99: 12_400, max: 20_000 };
        NodeStatus {
            uptime_ns: second * 1_000_000_000,
            cpu_ns: second * 120_000_000,
            resident_bytes: 48 << 20,
            inputs: if taken == 0 {
                vec![]
            } else {
                vec![InputStatus {
                    port: "image".to_owned(),
                    stream: "ultrasound.image".to_owned(),
                    received: taken,
                    taken,
                    transport_us: times,
                    age_us: times,
                    ..InputStatus::default()
                }]
            },
            outputs: if sent == 0 {
                vec![]
            } else {
                vec![OutputStatus {
                    port: "image".to_owned(),
                    sent,
                    age_us: times,
                    ..OutputStatus::default()
                }]
            },
            ..NodeStatus::default()
        }
    }

    /// A session in which one process is degraded, one restarted, and one silent.
    pub fn snapshot() -> Snapshot {
        let here = tempfile::tempdir().unwrap();
        let mut record = record(here.path());
        record.session = "0a1b2c3d".to_owned();
        record.started_monotonic_ns = Some(937_600_000_000);
        let own = ProcessIdentity::own();
        for member in record.members.values_mut() {
            member.process = Some(own);
        }
        record.members.get_mut("locate").unwrap().incarnation = 3;
        let mut heard = BTreeMap::new();
        let mut say = |node: &str, at: u64, status: NodeStatus| {
            let heard: &mut Heard = heard.entry(node.to_owned()).or_default();
            heard.take(1, status, NOW.saturating_sub(Duration::from_millis(at)));
        };
        say("ultrasound", 1100, status(60, 1200, 0));
        say("ultrasound", 100, status(61, 1220, 0));
        say("locate", 1100, status(60, 1100, 1200));
        let mut degraded = status(61, 1119, 1220);
        degraded.degraded = Some("no pose within 40 ms of the image".to_owned());
        degraded.inputs[0].lost = 2;
        degraded.inputs[0].deadlines_missed = 1;
        say("locate", 100, degraded);
        say("record", 4000, status(60, 0, 90_000));
        let event = Event {
            node: "locate".to_owned(),
            kind: EventKind::Failed,
            text: "was ended by SIGKILL (killed by hand or, if memory ran out, by the system)"
                .to_owned(),
        };
        let events = vec![(Timestamp(951_827_696_789_000_000), event)];
        let mut snapshot = Snapshot::of(&record, &heard, events, NOW, false);
        for node in &mut snapshot.nodes {
            node.pid = Some(4711);
        }
        snapshot
    }

    #[test]
    fn rates_are_between_two_statuses() {
        let snapshot = snapshot();
        let rates: Vec<_> = snapshot
            .nodes
            .iter()
            .map(|node| (node.node.as_str(), node.rate_hz.round(), node.cpu_percent.round()))
            .collect();
        assert_eq!(
            rates,
            [("ultrasound", 20.0, 12.0), ("locate", 19.0, 12.0), ("record", 0.0, 0.0)]
        );
    }

    #[test]
    fn who_is_silent_or_degraded_is_told() {
        let snapshot = snapshot();
        let health: Vec<_> = snapshot.nodes.iter().map(|node| node.health).collect();
        assert_eq!(health, ["healthy", "degraded", "silent"]);
        assert_eq!(
            snapshot.faults(),
            ["locate is degraded", "record is silent", "2 lost", "1 late"]
        );
    }

    #[test]
    fn a_new_incarnation_begins_anew() {
        let mut heard = Heard::default();
        heard.take(1, status(60, 1200, 0), NOW);
        heard.take(1, status(61, 1220, 0), NOW + Duration::from_secs(1));
        assert!(rates(&heard).is_some());
        heard.take(2, status(0, 3, 0), NOW + Duration::from_secs(2));
        assert!(rates(&heard).is_none());
    }
}
