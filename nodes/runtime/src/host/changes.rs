//! Changes of parameters while a node runs, and the answer to who asked for them.

use std::time::Duration;

use crossbeam::channel::Sender;

use super::HostError;
use super::participant::Participant;
use crate::inbox::Step;
use crate::keys;

/// Answers `vesalius set`: the change is taken between two inputs, and the answer says whether it was.
///
/// # Errors
/// If the bus refuses the key.
pub fn answer_changes(
    participant: &Participant,
    requests: Sender<Step>,
) -> Result<crate::bus::Subscription, HostError> {
    let assignment = &participant.assignment;
    let key = keys::set(&assignment.session, &assignment.node);
    Ok(participant.bus.answer(&key, move |request| {
        let answer = match serde_json::from_slice(request) {
            Err(error) => Err(format!("the new parameters are no JSON: {error}")),
            Ok(parameters) => {
                let (reply, replied) = crossbeam::channel::bounded(1);
                let step = Step::Configure { parameters, reply: Some(reply), at: None };
                if requests.send(step).is_err() {
                    Err("the node is leaving".to_owned())
                } else {
                    replied.recv_timeout(Duration::from_millis(1500)).unwrap_or_else(|_| {
                        Err("the node was busy for more than 1.5 s; the change may still be taken".to_owned())
                    })
                }
            }
        };
        serde_json::to_vec(&answer).unwrap_or_default()
    })?)
}
