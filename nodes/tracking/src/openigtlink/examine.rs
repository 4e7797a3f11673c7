//! What `vesalius doctor` is told of a server of poses.

use std::time::Duration;

use formats::openigtlink::{Decoder, Survey};
use messages::Pose;
use runtime::clock::SessionClock;
use runtime::{Finding, SenderClock, tcp_link};

use super::intake::{LIMIT, Wanted};
use super::sightings::{self, Sightings};
use super::tool_names::ToolNames;

/// How long is listened.
const LISTEN: Duration = Duration::from_secs(2);
/// Messages of poses.
const POSES: [&str; 3] = ["TRANSFORM", "POSITION", "QTRANS"];
const TOGETHER: [&str; 2] = ["TDATA", "QTDATA"];

/// Connects, asks, listens, and says what came.
pub fn examine(address: &str, names: &ToolNames, wanted: Wanted) -> Vec<Finding> {
    let (mut survey, mut clock) = (Survey::new(), SenderClock::new());
    let mut decoder = Decoder::with_limit(LIMIT);
    let heard = tcp_link::listen(
        address,
        &Survey::questions(),
        SessionClock::new(),
        LISTEN,
        |bytes, arrived_at| {
            decoder.feed(bytes);
            loop {
                match decoder.next_message() {
                    Ok(None) => return Ok(()),
                    Ok(Some(message)) => {
                        let is_pose = sightings::of(&message, wanted.axes).is_some();
                        if is_pose && !message.timestamp.is_unset() {
                            let stamp = message.timestamp.to_nanoseconds() as i64;
                            clock.session_time(stamp, arrived_at);
                        }
                        survey.take(message, arrived_at.0);
                    }
                    Err(error) if decoder.is_stopped() => return Err(error.to_string()),
                    Err(_) => survey.damaged += 1,
                }
            }
        },
    );
    match heard {
        Err(reason) => vec![Finding::wrong(
            reason,
            "start the server, and look at its address, its port and the firewall between",
        )],
        Ok(peer) => {
            let mut findings =
                vec![Finding::good(format!("an OpenIGTLink server answers at {peer}"))];
            findings.extend(about(&survey, names, wanted));
            findings.extend(clock.in_words().map(Finding::good));
            findings
        }
    }
}

/// What is found of what came.
fn about(survey: &Survey, names: &ToolNames, wanted: Wanted) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (own, other, advice) = match wanted.tdata_ms {
        None => (&POSES[..], &TOGETHER[..], "set `messages = \"tdata\"`"),
        Some(_) => (&TOGETHER[..], &POSES[..], "set `messages = \"transform\"`"),
    };
    match (survey.in_words(&[]), survey.in_words(own), survey.in_words(other)) {
        (None, ..) => findings.push(Finding::wrong(
            format!("it sent nothing in {} s", LISTEN.as_secs()),
            "let it track; is a tool in view?",
        )),
        (Some(all), Some(_), _) => findings.push(Finding::good(format!("it sends {all}"))),
        (Some(_), None, Some(others)) => findings
            .push(Finding::wrong(format!("it sends {others}, and nothing that is taken"), advice)),
        (Some(all), None, None) => findings.push(Finding::wrong(
            format!("it sends no poses, but {all}"),
            "let it send TRANSFORM (in PLUS, name them in the server's `TransformNames`) or TDATA",
        )),
    }
    let mut last = vec![None; names.tools().len()];
    let mut others = Vec::new();
    for (kind, _, stream) in survey.streams().filter(|(kind, _, _)| own.contains(kind)) {
        let seen = match sightings::of(&stream.last, wanted.axes) {
            Some(Sightings::One(one)) => vec![one],
            Some(Sightings::All(all)) => all,
            None => continue,
        };
        for sighting in seen {
            match names.tool(&sighting.name) {
                Some(tool) => last[tool] = Some(sighting),
                None => others.push(format!("{kind} {}", sighting.name)),
            }
        }
    }
    for (tool, sighting) in names.tools().iter().zip(last) {
        findings.push(match sighting.map(|one| (one.name, one.pose)) {
            Some((name, Pose::Visible { .. })) => {
                Finding::good(format!("{tool} is seen, as {name}"))
            }
            Some((name, Pose::Hidden { reason })) => Finding::notable(
                format!("{tool} is sent as {name}, but it is hidden: {reason}"),
                "bring it into view",
            ),
            None => Finding::wrong(
                format!("nothing was heard of {tool}"),
                if others.is_empty() {
                    "bring it into view, or let the server send it".to_owned()
                } else {
                    format!(
                        "bring it into view, or say in `sent_as` which of these it is: {}",
                        others.join(", ")
                    )
                },
            ),
        });
    }
    if survey.damaged > 0 {
        findings.push(Finding::wrong(
            format!("{} messages were damaged", survey.damaged),
            "let the server compute checksums, and look at the network",
        ));
    }
    findings
}
