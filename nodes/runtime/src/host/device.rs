//! Runs a device: reads it, publishes when a reading is due, and ends its streams in order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam::channel::unbounded;
use messages::wire::Validity;
use messages::{Health, NodeStatus};

use super::control::Control;
use super::pace::Pace;
use super::participant::{Participant, Started};
use super::watch::{Watch, poll};
use super::{HostError, explain};
use crate::assignment::{Assignment, Mode};
use crate::clock;
use crate::device::{Device, Reading};
use crate::device_session::DeviceSession;
use crate::log;
use crate::outbox::Outbox;
use crate::ports::Ports as _;

/// Runs a device as the assignment says, until it ends or is told to stop.
///
/// # Errors
/// If it cannot be opened or read, or the bus fails.
pub fn run_device<D: Device>(assignment: Assignment) -> Result<(), HostError> {
    let mut participant = Participant::join(assignment)?;
    let assignment = Arc::clone(&participant.assignment);
    let bus = Arc::clone(&participant.bus);
    if matches!(assignment.mode, Mode::Replay { .. }) {
        return Err(HostError::Clock("replay"));
    }
    let mut device = D::open_in(participant.parameters()?, &DeviceSession::of(&assignment))
        .map_err(|error| HostError::Participant(explain(&error)))?;
    let mut outbox = Outbox::open(&bus, &assignment, D::Output::PORTS, false)?;
    let pace =
        if assignment.mode == Mode::Simulated { Some(Pace::new(&bus, &assignment)?) } else { None };

    let ended = Arc::new(Mutex::new(false));
    let status = {
        let (outputs, ended, born) = (outbox.statistics(), Arc::clone(&ended), clock::monotonic());
        move || NodeStatus {
            uptime_ns: clock::nanoseconds_since(born),
            outputs: outputs
                .iter()
                .map(|output| output.lock().unwrap_or_else(PoisonError::into_inner).status())
                .collect(),
            ended: *ended.lock().unwrap_or_else(PoisonError::into_inner),
            ..NodeStatus::default()
        }
    };
    let (_notices, noticed) = unbounded();
    let (words, worded) = unbounded();
    let watch = Watch::new(&participant, noticed, worded, status)?;
    let started = {
        let outbox = Mutex::new(&mut outbox);
        participant.wait_for_start(
            |at| outbox.lock().unwrap_or_else(PoisonError::into_inner).hello(at),
            || true,
            || outbox.lock().unwrap_or_else(PoisonError::into_inner).all_heard(),
        )?
    };
    let Started::At(started_at) = started else {
        return Ok(());
    };
    let watching = watch.start(words);
    watching.say_begun(&assignment, format!("{} runs {}", assignment.node, assignment.runs));
    outbox.health(&bus, started_at, &Health::Healthy)?;

    device.start(started_at);
    let simulated = pace.is_some();
    let running_since = assignment.clock.now().since(started_at);
    if assignment.incarnation > 1 && !simulated {
        device.seek(running_since);
    }
    let limit = assignment.stop_after_ns.map(Duration::from_nanos);
    let mut told_to_leave = false;
    let mut last = started_at;
    'reading: loop {
        if let Some(order) = poll(&participant.control, Duration::ZERO)
            && matches!(order, Control::Stop | Control::Exit)
        {
            told_to_leave = order == Control::Exit;
            break;
        }
        let (acquired_at, outputs, health) = match device
            .read()
            .map_err(|error| HostError::Participant(explain(&error)))?
        {
            Reading::End => break,
            Reading::Refused { reason } => {
                let now = if simulated { last } else { assignment.clock.now() };
                log::warn(&reason);
                outbox.health(&bus, now, &Health::Degraded { reason })?;
                continue;
            }
            Reading::Nothing => {
                if limit.is_some_and(|limit| assignment.clock.now().since(started_at) > limit) {
                    break;
                }
                continue;
            }
            Reading::Acquired { .. } | Reading::Impaired { .. } if simulated => {
                return Err(HostError::Clock("simulated"));
            }
            Reading::Acquired { acquired_at, outputs } => (acquired_at, outputs, Health::Healthy),
            Reading::Impaired { acquired_at, outputs, reason } => {
                (acquired_at, outputs, Health::Degraded { reason })
            }
            Reading::Scheduled { since_start, outputs } => {
                if limit.is_some_and(|limit| since_start > limit) {
                    break;
                }
                let due = started_at + since_start;
                if let Some(pace) = &pace {
                    outbox.mark(due)?;
                    while !pace.wait(due, Duration::from_millis(100)) {
                        if let Some(Control::Stop | Control::Exit) =
                            poll(&participant.control, Duration::ZERO)
                        {
                            break 'reading;
                        }
                    }
                } else {
                    if assignment.incarnation > 1 && since_start < running_since {
                        continue;
                    }
                    loop {
                        let wait = due.since(assignment.clock.now());
                        if wait.is_zero() {
                            break;
                        }
                        match poll(&participant.control, wait) {
                            Some(order @ (Control::Stop | Control::Exit)) => {
                                told_to_leave = order == Control::Exit;
                                break 'reading;
                            }
                            Some(Control::Start { .. } | Control::Gone { .. }) | None => {}
                        }
                    }
                }
                (due, outputs, Health::Healthy)
            }
        };
        if limit.is_some_and(|limit| acquired_at.since(started_at) > limit) {
            break;
        }
        last = acquired_at;
        if outbox.health(&bus, acquired_at, &health)?
            && let Health::Degraded { reason } = &health
        {
            log::warn(reason);
        }
        for output in &outputs {
            let published_at = if simulated { acquired_at } else { assignment.clock.now() };
            outbox.publish(&bus, acquired_at, published_at, &Validity::Valid, output)?;
        }
    }
    outbox.end(assignment.clock.now())?;
    *ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
    participant.leave(watching, told_to_leave);
    Ok(())
}
