//! Whether a run was a good one, and why not.

use std::collections::BTreeMap;

use super::closing::Closing;

/// Why this was no good run; empty if it was. `troubles` is what the supervisor noticed.
pub fn reasons(closing: &Closing, troubles: &[String]) -> Vec<String> {
    let mut reasons = repeated(troubles);
    // What a recording lacks, its replay lacks too; `vesalius compare` says what differs.
    let replay = closing.clock == "replay";
    for stream in &closing.streams {
        let name = &stream.stream;
        for consumer in &stream.consumers {
            let who = match &consumer.port {
                Some(port) => format!("{}.{port}", consumer.node),
                None => consumer.node.clone(),
            };
            let from_recording = replay && stream.sent.is_none();
            if consumer.lost > 0 && !from_recording {
                reasons.push(format!("{who} lost {} of {name}", messages(consumer.lost)));
            }
            if consumer.late > 0 && !replay {
                reasons.push(format!("{name} came too late for {who} {}", times(consumer.late)));
            }
            let accounted = consumer.received + consumer.lost;
            if let Some(sent) = stream.sent
                && stream.counted
                && consumer.counted
                && sent > accounted
            {
                reasons
                    .push(format!("{} of {name} never reached {who}", messages(sent - accounted)));
            }
        }
    }
    for others in &closing.others {
        for (stream, lost) in &others.lost {
            reasons.push(format!("{} lost {} of {stream}", others.node, messages(*lost)));
        }
    }
    for node in closing.nodes.iter().filter(|node| node.restarts > 0) {
        reasons.push(format!("{} was restarted {}", node.node, times(node.restarts.into())));
    }
    if let Some(recording) = closing.recording.as_ref().filter(|recording| !recording.good) {
        reasons.push(format!("the recording: {}", recording.text));
    }
    reasons
}

/// Each once, with how often it happened.
fn repeated(troubles: &[String]) -> Vec<String> {
    let mut counts = BTreeMap::new();
    for trouble in troubles {
        *counts.entry(trouble).or_insert(0u64) += 1;
    }
    let mut seen = Vec::new();
    for trouble in troubles {
        if let Some(count) = counts.remove(trouble) {
            seen.push(if count > 1 {
                format!("{trouble} ({})", times(count))
            } else {
                trouble.clone()
            });
        }
    }
    seen
}

fn messages(count: u64) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::{closing, ledger};

    fn good() -> Closing {
        closing(&ledger())
    }

    #[test]
    fn a_run_without_a_fault_is_good() {
        assert_eq!(reasons(&good(), &[]), Vec::<String>::new());
    }

    #[test]
    fn blanks_alone_are_no_fault() {
        let mut run = good();
        run.streams[0].blanks = 3;
        run.streams[0].consumers[0].blanks = 3;
        run.streams[0].consumers[0].superseded = 7;
        assert!(reasons(&run, &[]).is_empty());
    }

    #[test]
    fn each_fault_is_named() {
        let mut run = good();
        run.streams[0].consumers[0].lost = 2;
        run.streams[0].consumers[0].received -= 2;
        run.streams[0].consumers[0].late = 1;
        run.streams[1].consumers[0].received -= 1;
        run.others[0].lost.push(("locate.journal".to_owned(), 4));
        run.nodes[1].restarts = 3;
        if let Some(recording) = &mut run.recording {
            recording.good = false;
            recording.text = "locate.located lacks 17".to_owned();
        }
        let troubles =
            ["locate was ended by SIGKILL", "view is gone", "locate was ended by SIGKILL"];
        assert_eq!(
            reasons(&run, &troubles.map(str::to_owned)),
            [
                "locate was ended by SIGKILL (2 times)",
                "view is gone",
                "locate.image lost 2 messages of ultrasound.image",
                "ultrasound.image came too late for locate.image once",
                "1 message of locate.located never reached record",
                "record lost 4 messages of locate.journal",
                "locate was restarted 3 times",
                "the recording: locate.located lacks 17",
            ]
        );
    }

    #[test]
    fn counts_that_are_not_the_last_ones_are_not_compared() {
        let mut run = good();
        run.streams[0].consumers[0].received = 10;
        run.streams[0].consumers[0].counted = false;
        assert!(reasons(&run, &[]).is_empty());
    }

    #[test]
    fn what_a_recording_lacks_is_no_fault_of_its_replay() {
        let mut run = good();
        run.clock = "replay".to_owned();
        run.streams[0].sent = None;
        run.streams[0].consumers[0].lost = 5;
        run.streams[0].consumers[0].late = 5;
        assert!(reasons(&run, &[]).is_empty());
        run.streams[1].consumers[0].lost = 5;
        assert_eq!(reasons(&run, &[]).len(), 1);
    }
}
