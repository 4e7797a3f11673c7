//! Runs a node: takes its inputs in order, writes its journal, publishes what it says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam::channel::{Sender, unbounded};
use messages::{EventKind, Health, Timestamp};

use super::control::Control;
use super::counters::{Counters, status};
use super::participant::{Participant, Started};
use super::runner::{Runner, build};
use super::watch::Watch;
use super::{HostError, changes, journal_file};
use crate::assignment::{Assignment, Mode};
use crate::inbox::{Inbox, Intake, Order, Step};
use crate::log;
use crate::node::Node;
use crate::outbox::Outbox;
use crate::ports::Ports as _;

/// Runs a node as the assignment says, until all its inputs have ended or it is told to leave.
///
/// # Errors
/// If it cannot start, or the bus fails.
pub fn run_node<N: Node>(assignment: Assignment) -> Result<(), HostError> {
    let mut participant = Participant::join(assignment)?;
    let assignment = Arc::clone(&participant.assignment);
    let bus = Arc::clone(&participant.bus);
    let order = journal_file::order(&assignment)?;
    let mut outbox = Outbox::open(&bus, &assignment, N::Output::PORTS, true)?;
    let (notices, noticed) = unbounded();
    let (inbox, woken) = Inbox::new(&assignment, N::Input::PORTS, notices);
    let _subscriptions = inbox.subscribe(&bus)?;
    let (requests, requested) = unbounded();
    let node = build::<N>(&assignment.parameters)?;
    let _answers = changes::answer_changes(&participant, requests.clone())?;

    let counters = Arc::new(Mutex::new(Counters::new()));
    let (words, worded) = unbounded();
    let mut watch = Watch::new(&participant, noticed, worded, status(&inbox, &outbox, &counters))?;

    let linked = Arc::clone(&inbox);
    let started = {
        let outbox = Mutex::new(&mut outbox);
        participant.wait_for_start(
            |at| outbox.lock().unwrap_or_else(PoisonError::into_inner).hello(at),
            || linked.all_heard(),
            || outbox.lock().unwrap_or_else(PoisonError::into_inner).all_heard(),
        )?
    };
    let Started::At(started_at) = started else {
        return Ok(());
    };
    if assignment.mode == Mode::Live {
        watch.inbox = Some(Arc::clone(&inbox));
        watch.requests = Some(requests.clone());
        watch.first_due = started_at.max(assignment.clock.now()) + assignment.startup();
    }
    let watching = watch.start(words.clone());
    watching.say_begun(&assignment, format!("{} runs {}", assignment.node, assignment.runs));

    let follow = {
        let (inbox, control) = (Arc::clone(&inbox), participant.control.clone());
        let (leave, left) = unbounded();
        std::thread::spawn(move || follow_orders(&inbox, &control, &leave));
        left
    };
    let ports = inbox.ports.len();
    let mut intake = Intake::new(Arc::clone(&inbox), order, woken, requested);
    let mut runner = Runner {
        assignment: Arc::clone(&assignment),
        bus,
        inbox,
        outbox,
        counters,
        words,
        node,
        incarnation: assignment.incarnation,
        last: started_at,
        built_before: false,
        stale: vec![None; ports],
        reported: Health::Healthy,
        error: None,
    };
    if !matches!(intake.order, Order::Journal { .. }) {
        // On the simulated clock nothing may depend on when the run was started.
        let simulated = assignment.mode == Mode::Simulated;
        runner.started(&assignment.parameters, simulated.then_some(started_at))?;
    }
    loop {
        let step = intake.next();
        let over = matches!(step, Step::Ended);
        runner.step(step)?;
        if let Some(progress) = if over { Some(Timestamp::MAX) } else { intake.progress() } {
            super::pace::tell(&runner.bus, &assignment, progress)?;
        }
        if over || follow.try_recv().is_ok() {
            break;
        }
    }
    if let Order::Journal { missing: missing @ 1.., .. } = intake.order {
        log::warn(&format!(
            "{missing} recorded inputs did not come again; `vesalius compare` says what differs"
        ));
    }
    watching.say(EventKind::Ended, format!("{} has ended", assignment.node));
    // Until all have ended, somebody may ask for what it missed.
    let _ = follow.recv_timeout(Duration::from_mins(1));
    watching.leave();
    runner.bus.close();
    Ok(())
}

fn follow_orders(
    inbox: &Inbox,
    control: &crossbeam::channel::Receiver<Control>,
    leave: &Sender<()>,
) {
    while let Ok(order) = control.recv() {
        match order {
            Control::Gone { node } => inbox.gone(&node),
            Control::Exit => {
                // The loop may have left already.
                let _ = leave.send(());
                for port in &inbox.ports {
                    port.end();
                }
                return;
            }
            Control::Start { .. } | Control::Stop => {}
        }
    }
}
