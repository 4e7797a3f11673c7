//! What `vesalius doctor` says of a tracker: does it answer, who is it, which tools does it have or take.

use runtime::Finding;
use runtime::clock::SessionClock;

use super::connection::{Connection, Event};
use super::frame_clock;
use super::parameters::Parameters;
use super::tool::Identity;

/// Looks at the tracker without tracking.
pub fn examine(parameters: &Parameters) -> Vec<Finding> {
    let mut findings = vec![];
    // Each tool for itself, so that one wrong file does not hide the others.
    let mut usable = parameters.clone();
    usable.tools.retain(|tool| match tool.plan() {
        Ok(_) => true,
        Err(error) => {
            let remedy = "give the original `.rom` file, or name how the plugged-in tool is known";
            findings.push(Finding::wrong(error.to_string(), remedy));
            false
        }
    });
    let setup = match usable.setup() {
        Ok(setup) => setup,
        Err(error) => {
            findings.push(Finding::wrong(
                error.to_string(),
                "put the parameter right in the graph file",
            ));
            return findings;
        }
    };
    let clock = SessionClock::new();
    let until = clock.now() + setup.connect_for;
    let mut connection = Connection::new(setup.clone(), clock, false);
    let mut reason = "it does not answer".to_owned();
    loop {
        match connection.go_on(std::time::Duration::from_millis(50)) {
            Event::Ready => break,
            Event::Lost(text) | Event::Notice(text) => reason = text,
            Event::Poses { .. } | Event::Nothing => {}
        }
        if until.since(clock.now()).is_zero() {
            let remedy = format!(
                "look whether the tracker is switched on and its cable is in, whether {} is its address, and whether another program holds it",
                setup.address
            );
            findings.push(Finding::wrong(reason, remedy));
            return findings;
        }
    }
    let startup = connection.dialogue().startup();
    let revision = match &startup.revision {
        Some(revision) => format!("protocol {revision}"),
        None => "a protocol too old to say its revision".to_owned(),
    };
    findings.push(Finding::good(format!(
        "{} answers at {}; {revision}",
        startup.identity, setup.address
    )));
    let question = connection.dialogue().question();
    findings.push(Finding::good(frame_clock::in_words(question, &setup)));
    for (plan, handle) in setup.tools.iter().zip(&startup.handles) {
        let name = &plan.name;
        findings.push(match (handle, &plan.identity) {
            (Ok(_), Identity::Rom { label, .. }) => {
                Finding::good(format!("`{name}`: the tracker takes its definition {label}"))
            }
            (Ok(_), wired) => Finding::good(format!("`{name}` is plugged in ({})", wired.said())),
            (Err(reason), Identity::Rom { .. }) => Finding::wrong(
                format!("`{name}`: {reason}"),
                "take another definition file, or a tracker that can track such a tool",
            ),
            (Err(reason), Identity::Wired { .. }) => Finding::wrong(
                format!("`{name}`: {reason}"),
                "plug the tool in, or name it as it names itself; what is plugged in is listed here",
            ),
        });
    }
    for notice in &startup.notices {
        findings
            .push(Finding::notable(notice.clone(), "look at the tool or setting that it names"));
    }
    for other in &startup.others {
        let text = format!("a tool that the graph does not name is plugged in: {other}");
        findings.push(Finding::notable(text, "name it under `tools` if it is to be tracked"));
    }
    findings
}
