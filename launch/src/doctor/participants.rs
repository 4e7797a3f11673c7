//! The devices and nodes of a graph, examined side by side.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::ask::ask;
use super::{About, Line, Subject, Verdict};
use crate::catalogue::{Catalogue, Description, Participant, Runs};
use crate::check::{Addresses, Checked, Reach, Servers};
use crate::plan::{ParticipantKind, PlannedNode};

/// What the executables say of themselves, by their path.
type Descriptions<'a> = BTreeMap<&'a Path, Description>;

/// What is found on each participant that has something to tell, and how many nodes have nothing to.
pub fn examine(
    checked: &Checked,
    addresses: &Addresses,
    catalogue: &Catalogue,
    limit: Duration,
) -> (Vec<Subject>, usize) {
    let descriptions = describe(&checked.nodes, catalogue);
    let participant = |node: &PlannedNode| {
        let name = participant_name(node);
        descriptions.get(node.executable.as_path())?.participant(name)
    };
    // Before anything is examined: an examination may open the very port that is asked for here.
    let known = checked.nodes.iter().filter_map(|node| Some((node, participant(node)?)));
    let servers = Servers::of(&known.clone().collect::<Vec<_>>());
    let known: Vec<_> =
        known.map(|(node, role)| (node, role, absent(&servers, node, role))).collect();

    let found: Vec<Option<Vec<Line>>> = std::thread::scope(|scope| {
        let asked: Vec<_> = known
            .iter()
            .map(|(node, role, absent)| {
                scope.spawn(move || one(node, role, absent.as_ref(), checked, addresses, limit))
            })
            .collect();
        // One whose thread fails has found nothing; it is then said to be unexamined.
        asked.into_iter().map(|one| one.join().unwrap_or_else(|_| Some(Vec::new()))).collect()
    });
    let mut subjects = Vec::new();
    let mut content = 0;
    for ((node, role, _), lines) in known.into_iter().zip(found) {
        let Some(mut lines) = lines else { continue };
        let about = if role.kind == ParticipantKind::Device { About::Device } else { About::Node };
        if lines.is_empty() && about == About::Node {
            content += 1;
            continue;
        }
        if lines.is_empty() {
            lines.push(unexamined("its examination found nothing to tell"));
        }
        let mut subject = Subject::new(about, &node.name, lines);
        subject.runs = Some(node.runs.clone());
        subjects.push(subject);
    }
    // Devices first, each kind in the order of the file.
    subjects.sort_by_key(|subject| subject.about != About::Device);
    (subjects, content)
}

/// The findings on one; none if there is nothing to be said of it.
fn one(
    node: &PlannedNode,
    role: &Participant,
    absent: Option<&Line>,
    checked: &Checked,
    addresses: &Addresses,
    limit: Duration,
) -> Option<Vec<Line>> {
    let is_device = role.kind == ParticipantKind::Device;
    if !role.examines && !is_device {
        return None;
    }
    if checked.refused.contains(&node.name) {
        return Some(vec![unexamined("not examined, since its parameters are wrong: see above")]);
    }
    if let Some(line) = absent {
        return Some(vec![line.clone()]);
    }
    if role.examines {
        return Some(ask(&node.executable, participant_name(node), &node.parameters, limit));
    }
    let mut lines: Vec<Line> = addresses.of(&node.name).map(knock).collect();
    lines.push(unexamined(format!("`{}` does not offer to be examined", node.runs)));
    Some(lines)
}

/// What to say of a device that connects to a node of this graph which does not run now; none of any other.
fn absent(servers: &Servers, node: &PlannedNode, role: &Participant) -> Option<Line> {
    let (server, reach) = servers.of_node(node, role)?;
    reach.answers().is_err().then(|| {
        Line::of(
            Verdict::Notable,
            format!(
                "not examined: `{server}` of this graph serves it at {reach}, and does not run now"
            ),
            format!(
                "nothing to do if `{server}` is meant; for the device itself, leave `{server}` out and name the device's address"
            ),
        )
    })
}

fn knock(reach: &Reach) -> Line {
    match reach.answers() {
        Ok(()) => Line::good(format!("somebody answers at {reach}")),
        Err(reason) => Line::of(
            Verdict::Wrong,
            format!("nobody answers at {reach}: {reason}"),
            "is the device switched on and connected, and the address its own?",
        ),
    }
}

fn unexamined(text: impl Into<String>) -> Line {
    Line { verdict: Verdict::Unexamined, text: text.into(), remedy: None }
}

fn participant_name(node: &PlannedNode) -> &str {
    node.runs.rsplit(['/', ':']).next().unwrap_or_default()
}

fn describe<'a>(nodes: &'a [PlannedNode], catalogue: &Catalogue) -> Descriptions<'a> {
    let mut descriptions = Descriptions::new();
    for node in nodes {
        let path = node.executable.as_path();
        if path.as_os_str().is_empty() || descriptions.contains_key(path) {
            continue;
        }
        let answer = match Runs::parse(&node.runs) {
            Some(Runs::Named { executable, .. }) => catalogue.ask(executable),
            Some(Runs::Foreign { .. }) => Some(Catalogue::ask_foreign(path)),
            None => None,
        };
        if let Some(description) = answer.and_then(|answer| answer.description.ok()) {
            descriptions.insert(path, description);
        }
    }
    descriptions
}
