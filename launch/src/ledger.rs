//! What the participants counted, kept over restarts.

use std::collections::BTreeMap;

use messages::{InputStatus, NodeStatus, OutputStatus, Scores};

/// The last status of each incarnation of each node, and the last scores of each stream of scores.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    nodes: BTreeMap<String, Counted>,
    /// By stream, with incarnation and sequence.
    scores: BTreeMap<String, ((u32, u64), Scores)>,
}

/// What one node counted.
#[derive(Clone, Debug, Default)]
struct Counted {
    incarnations: BTreeMap<u32, NodeStatus>,
    memory_peak_bytes: u64,
}

impl Ledger {
    /// Takes a status.
    pub fn take(&mut self, node: &str, incarnation: u32, status: NodeStatus) {
        let counted = self.nodes.entry(node.to_owned()).or_default();
        counted.memory_peak_bytes = counted.memory_peak_bytes.max(status.resident_bytes);
        counted.incarnations.insert(incarnation, status);
    }

    /// Takes the scores that came as `number` (incarnation and sequence) of `stream`; only the newest are kept.
    pub fn take_scores(&mut self, stream: &str, number: (u32, u64), scores: Scores) {
        // One that was recovered comes after its successors.
        if self.scores.get(stream).is_none_or(|(newest, _)| *newest < number) {
            self.scores.insert(stream.to_owned(), (number, scores));
        }
    }

    /// The newest scores of `node.port`.
    pub fn scores(&self, stream: &str) -> Option<&Scores> {
        self.scores.get(stream).map(|(_, scores)| scores)
    }

    /// The last status of the last incarnation.
    pub fn last(&self, node: &str) -> Option<&NodeStatus> {
        Some(self.nodes.get(node)?.incarnations.last_key_value()?.1)
    }

    /// The most memory it was seen to hold.
    pub fn memory_peak_bytes(&self, node: &str) -> u64 {
        self.nodes.get(node).map_or(0, |counted| counted.memory_peak_bytes)
    }

    /// Processor time and running time of all incarnations.
    pub fn cpu_and_uptime_ns(&self, node: &str) -> (u64, u64) {
        let add =
            |(cpu, uptime), status: &NodeStatus| (cpu + status.cpu_ns, uptime + status.uptime_ns);
        self.all(node).fold((0, 0), add)
    }

    /// Inputs that were handled, of all ports and incarnations.
    pub fn taken(&self, node: &str) -> u64 {
        self.all(node).flat_map(|status| &status.inputs).map(|input| input.taken).sum()
    }

    /// Errors of all incarnations.
    pub fn errors(&self, node: &str) -> u64 {
        self.all(node).map(|status| status.errors).sum()
    }

    /// An input, counts of all incarnations added; distributions are those of the last one.
    pub fn input(&self, node: &str, port: &str) -> Option<InputStatus> {
        let mut found = self
            .all(node)
            .filter_map(|status| status.inputs.iter().find(|input| input.port == port));
        let first = found.next()?.clone();
        Some(found.fold(first, |before, now| InputStatus {
            received: before.received + now.received,
            taken: before.taken + now.taken,
            lost: before.lost + now.lost,
            superseded: before.superseded + now.superseded,
            deadlines_missed: before.deadlines_missed + now.deadlines_missed,
            blanks: before.blanks + now.blanks,
            queued_max: before.queued_max.max(now.queued_max),
            ..now.clone()
        }))
    }

    /// All inputs that a node ever had.
    pub fn inputs(&self, node: &str) -> Vec<InputStatus> {
        let mut ports: Vec<&String> = self
            .all(node)
            .flat_map(|status| status.inputs.iter().map(|input| &input.port))
            .collect();
        ports.sort();
        ports.dedup();
        ports.into_iter().filter_map(|port| self.input(node, port)).collect()
    }

    /// An output, counts of all incarnations added; rate and distributions are those of the last one.
    pub fn output(&self, node: &str, port: &str) -> Option<OutputStatus> {
        let mut found = self
            .all(node)
            .filter_map(|status| status.outputs.iter().find(|output| output.port == port));
        let first = found.next()?.clone();
        Some(found.fold(first, |before, now| OutputStatus {
            sent: before.sent + now.sent,
            blanks: before.blanks + now.blanks,
            stale: before.stale + now.stale,
            bytes: before.bytes + now.bytes,
            without_shared_memory: before.without_shared_memory + now.without_shared_memory,
            ..now.clone()
        }))
    }

    /// Grows whenever anybody gets on with anything.
    pub fn progress(&self) -> u64 {
        let of = |status: &NodeStatus| {
            status.handle_us.count
                + status.inputs.iter().map(|input| input.received + input.taken).sum::<u64>()
                + status.outputs.iter().map(|output| output.sent).sum::<u64>()
                + u64::from(status.ended)
        };
        self.nodes.values().flat_map(|counted| counted.incarnations.values()).map(of).sum()
    }

    fn all(&self, node: &str) -> impl Iterator<Item = &NodeStatus> {
        self.nodes.get(node).into_iter().flat_map(|counted| counted.incarnations.values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(received: u64, sent: u64, memory: u64) -> NodeStatus {
        NodeStatus {
            cpu_ns: 5,
            uptime_ns: 10,
            resident_bytes: memory,
            inputs: vec![InputStatus {
                port: "image".to_owned(),
                received,
                lost: 1,
                ..InputStatus::default()
            }],
            outputs: vec![OutputStatus {
                port: "located".to_owned(),
                sent,
                rate_hz: sent as f64,
                ..OutputStatus::default()
            }],
            ..NodeStatus::default()
        }
    }

    #[test]
    fn a_restart_forgets_nothing() {
        let mut ledger = Ledger::default();
        ledger.take("locate", 1, status(5, 5, 100));
        ledger.take("locate", 1, status(10, 9, 900));
        ledger.take("locate", 2, status(3, 2, 50));
        let input = ledger.input("locate", "image").unwrap();
        assert_eq!((input.received, input.lost), (13, 2));
        let output = ledger.output("locate", "located").unwrap();
        assert_eq!((output.sent, output.rate_hz), (11, 2.0));
        assert_eq!(ledger.memory_peak_bytes("locate"), 900);
        assert_eq!(ledger.cpu_and_uptime_ns("locate"), (10, 20));
        assert_eq!(ledger.inputs("locate").len(), 1);
        assert!(ledger.input("locate", "pose").is_none() && ledger.last("x").is_none());
    }

    #[test]
    fn the_newest_scores_stand_whatever_came_last() {
        let mut ledger = Ledger::default();
        let of = |count| {
            let (measure, unit) = ("Dice".to_owned(), String::new());
            Scores { scores: vec![messages::Score { measure, value: Some(0.5), unit, count }] }
        };
        for (number, count) in [((1, 7), 7), ((1, 9), 9), ((1, 8), 8), ((2, 0), 10), ((1, 10), 11)]
        {
            ledger.take_scores("report.scores", number, of(count));
        }
        assert_eq!(ledger.scores("report.scores"), Some(&of(10)));
        assert_eq!(ledger.scores("report.other"), None);
    }

    #[test]
    fn whatever_moves_is_progress() {
        let mut ledger = Ledger::default();
        ledger.take("locate", 1, status(5, 5, 100));
        let before = ledger.progress();
        ledger.take("locate", 1, status(5, 5, 200));
        assert_eq!(ledger.progress(), before);
        ledger.take("locate", 1, status(6, 5, 200));
        assert!(ledger.progress() > before);
    }
}
