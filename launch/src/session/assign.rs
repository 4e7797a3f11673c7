//! What each process of a session is told.

use runtime::assignment::{Assignment, InputAssignment, Mode};
use runtime::{bus, keys};

use super::{Pace, Record, SUPERVISOR, SocketFolder};
use crate::plan::{ParticipantKind, PlannedNode};

/// The instant at which every run on the simulated clock starts: 2000-01-01 00:00 UTC.
pub const SIMULATED_START_NS: i64 = 946_684_800_000_000_000;

/// The assignment of `node`; `peers` is how many other processes take part now, the supervisor included.
pub fn assignment(record: &Record, node: &PlannedNode, peers: usize) -> Assignment {
    let member = record.members.get(&node.name);
    let observer = node.kind == ParticipantKind::Observer;
    let incarnation = member.map_or(1, |member| member.incarnation);
    Assignment {
        session: record.session.clone(),
        node: node.name.clone(),
        runs: node.runs.clone(),
        incarnation,
        folder: record.folder.clone(),
        secret: record.secret,
        parameters: member
            .map_or_else(|| node.parameters.clone(), |member| member.parameters.clone()),
        inputs: node
            .inputs
            .iter()
            .map(|(port, input)| {
                let assigned = InputAssignment {
                    stream: format!("{}.{}", input.node, input.port),
                    key: keys::stream(&record.session, &input.node, &input.port),
                    delivery: input.delivery,
                    deadline_ms: input.deadline_ms,
                };
                (port.clone(), assigned)
            })
            .collect(),
        observes: if observer { observed(record) } else { Vec::new() },
        clock: record.clock,
        mode: mode(&record.pace, &node.name),
        started_at: if incarnation > 1 { record.started_at } else { None },
        joined_late: joins_late(&record.pace, node.kind),
        stop_after_ns: record.stop_after_ns,
        startup_ms: node.startup_ms,
        shared_memory_mib: if record.sockets_only { 0 } else { node.pool_mib() },
        priority: Some(node.priority),
        paced_by: if record.pace == Pace::Live { Vec::new() } else { pacing(record) },
        peers,
        door: SocketFolder::at(&record.sockets).door(&node.name),
        manifest: if observer { record.manifest.clone() } else { serde_json::Value::Null },
        zenoh: zenoh(record, &node.name),
    }
}

/// The streams that must have been heard before the start, and that must end before an observer closes.
pub fn observed(record: &Record) -> Vec<String> {
    let mut streams = Vec::new();
    if let Pace::Replay { played, .. } = &record.pace {
        streams.extend(played.iter().cloned());
    }
    for node in &record.plan.nodes {
        let name = &node.name;
        match node.kind {
            ParticipantKind::Observer | ParticipantKind::Source => continue,
            ParticipantKind::Node => streams.push(format!("{name}.journal")),
            ParticipantKind::Device => {}
        }
        streams.push(format!("{name}.health"));
        streams.extend(node.outputs.keys().map(|port| format!("{name}.{port}")));
    }
    streams.sort();
    streams.dedup();
    streams
}

fn pacing(record: &Record) -> Vec<String> {
    let paces = |node: &&PlannedNode| {
        matches!(node.kind, ParticipantKind::Node | ParticipantKind::Observer)
    };
    let nodes = record.plan.nodes.iter().filter(paces);
    nodes.map(|node| node.name.clone()).collect()
}

/// Whether the streams that somebody hears begin in their middle; the source, which cuts them, hears none.
fn joins_late(pace: &Pace, kind: ParticipantKind) -> bool {
    matches!(pace, Pace::Replay { begins_late: true, .. }) && kind != ParticipantKind::Source
}

fn mode(pace: &Pace, node: &str) -> Mode {
    match pace {
        Pace::Live => Mode::Live,
        Pace::Simulated => Mode::Simulated,
        Pace::Replay { journals, .. } => Mode::Replay {
            // Observers and the source have none.
            journal: journals.get(node).cloned().unwrap_or_default(),
        },
    }
}

/// Everyone listens on a socket of its own and connects to those before it; the supervisor is the first.
fn zenoh(record: &Record, node: &str) -> serde_json::Value {
    let sockets = SocketFolder::at(&record.sockets);
    let before: Vec<_> = [SUPERVISOR]
        .into_iter()
        .chain(record.plan.nodes.iter().map(|node| node.name.as_str()))
        .take_while(|&other| other != node)
        .map(|other| sockets.socket(other))
        .collect();
    let before: Vec<_> = before.iter().map(std::path::PathBuf::as_path).collect();
    bus::config(Some(&sockets.socket(node)), &before)
}

/// The bus as the supervisor and its guests use it. They hear no arrays, and Zenoh leaves a segment of
/// shared memory behind in every process that has any until the next one removes it: they go last.
pub fn without_shared_memory(mut config: serde_json::Value) -> serde_json::Value {
    config["transport"]["shared_memory"]["enabled"] = false.into();
    config
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use runtime::assignment::Delivery;
    use serde_json::json;

    use super::*;
    use crate::session::record::tests::record;

    fn of(record: &Record, name: &str) -> Assignment {
        let node = record.plan.nodes.iter().find(|node| node.name == name);
        assignment(record, node.unwrap(), 3)
    }

    #[test]
    fn everyone_listens_on_its_own_socket_and_connects_to_those_before_it() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let sockets = record.sockets.display();
        let first = of(&record, "ultrasound").zenoh;
        let connects = &first["connect"]["endpoints"];
        assert_eq!(*connects, json!([format!("unixsock-stream/{sockets}/launch.sock")]));
        let last = of(&record, "record").zenoh;
        assert_eq!(
            last["listen"]["endpoints"],
            json!([format!("unixsock-stream/{sockets}/record.sock")])
        );
        assert_eq!(last["connect"]["endpoints"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn an_input_is_told_stream_key_delivery_and_deadline() {
        let here = tempfile::tempdir().unwrap();
        let record = record(here.path());
        let input = &of(&record, "locate").inputs["image"];
        assert_eq!(input.stream, "ultrasound.image");
        assert_eq!(input.key, format!("vesalius/{}/stream/ultrasound/image", record.session));
        assert_eq!((input.delivery, input.deadline_ms), (Delivery::Newest, Some(50)));
    }

    #[test]
    fn only_the_observer_hears_everything_and_gets_the_manifest() {
        let here = tempfile::tempdir().unwrap();
        let mut record = record(here.path());
        record.manifest = json!({"graph": "g"});
        let observer = of(&record, "record");
        assert_eq!(
            observer.observes,
            [
                "locate.health",
                "locate.journal",
                "locate.located",
                "ultrasound.health",
                "ultrasound.image"
            ]
        );
        assert_eq!(observer.manifest, record.manifest);
        let node = of(&record, "locate");
        assert!(node.observes.is_empty() && node.manifest.is_null());
    }

    #[test]
    fn a_restarted_process_is_told_its_new_parameters_and_that_it_is_late() {
        let here = tempfile::tempdir().unwrap();
        let mut record = record(here.path());
        record.started_at = Some(5);
        assert_eq!(of(&record, "locate").started_at, None);
        let member = record.members.get_mut("locate").unwrap();
        member.incarnation = 2;
        member.parameters = json!({"gain": 7});
        let again = of(&record, "locate");
        assert_eq!((again.incarnation, again.started_at, again.peers), (2, Some(5), 3));
        assert_eq!(again.parameters, json!({"gain": 7}));
    }

    #[test]
    fn on_another_clock_sources_wait_for_nodes_and_observers() {
        let here = tempfile::tempdir().unwrap();
        let mut record = record(here.path());
        assert!(of(&record, "ultrasound").paced_by.is_empty());
        record.pace = Pace::Simulated;
        assert_eq!(of(&record, "ultrasound").paced_by, ["locate", "record"]);
        assert_eq!(of(&record, "ultrasound").mode, Mode::Simulated);
    }

    #[test]
    fn in_a_replay_each_node_follows_its_journal_and_played_streams_are_observed() {
        let here = tempfile::tempdir().unwrap();
        let mut record = record(here.path());
        record.plan.nodes[0].kind = ParticipantKind::Source;
        record.plan.nodes[0].outputs.clear();
        record.pace = Pace::Replay {
            started_at: 1,
            journals: BTreeMap::from([("locate".to_owned(), "/j".into())]),
            played: vec!["tracker.poses".to_owned(), "ultrasound.image".to_owned()],
            steps: None,
            begins_late: false,
        };
        assert_eq!(of(&record, "locate").mode, Mode::Replay { journal: "/j".into() });
        let observer = of(&record, "record");
        assert_eq!(observer.mode, Mode::Replay { journal: "".into() });
        assert_eq!(
            observer.observes,
            [
                "locate.health",
                "locate.journal",
                "locate.located",
                "tracker.poses",
                "ultrasound.image"
            ]
        );
    }

    #[test]
    fn nobody_shares_memory_that_others_may_not_lock() {
        let here = tempfile::tempdir().unwrap();
        let mut record = record(here.path());
        assert_eq!(of(&record, "locate").shared_memory_mib, 64);
        record.sockets_only = true;
        assert_eq!(of(&record, "locate").shared_memory_mib, 0);
        assert_eq!(record.plan.nodes[1].shared_memory_mib, 64, "the plan stays as it was written");
    }

    #[test]
    fn in_a_replay_of_a_later_part_all_but_the_source_join_late() {
        let here = tempfile::tempdir().unwrap();
        let mut record = record(here.path());
        record.plan.nodes[0].kind = ParticipantKind::Source;
        let late = |record: &Record| {
            ["ultrasound", "locate", "record"].map(|name| of(record, name).joined_late)
        };
        assert_eq!(late(&record), [false; 3], "a live session begins at its beginning");
        for begins_late in [false, true] {
            record.pace = Pace::Replay {
                started_at: 1,
                journals: BTreeMap::new(),
                played: vec!["ultrasound.image".to_owned()],
                steps: None,
                begins_late,
            };
            assert_eq!(late(&record), [false, begins_late, begins_late]);
        }
    }
}
