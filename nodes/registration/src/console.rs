//! The device `console`: the door through which `vesalius instruct` tells a running procedure what a person decided.

use std::path::Path;
use std::time::Duration;

use messages::{Instruction, InstructionKind};
use runtime::clock::SessionClock;
use runtime::door::{Door, DoorError, Request};
use runtime::{Device, DeviceSession, Finding, Reading, log, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

/// How long it waits for somebody before it says that nobody came.
const PATIENCE: Duration = Duration::from_millis(100);
/// Longer names and reasons are slips of the keyboard.
const LONGEST: usize = 200;

/// The console has nothing to set.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {}

outputs! {
    /// What a person tells, at the instant at which it came.
    pub enum Output { instruction => Instruction(Instruction) }
}

/// Why there is no console.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It runs in no session.
    #[error("there is nobody to be heard without a session: `vesalius run` makes one")]
    NoSession,
    /// Nobody can come in.
    #[error(transparent)]
    Door(#[from] DoorError),
}

/// Hears what people tell the procedure.
#[derive(Debug)]
pub struct Console {
    /// None where nobody can be: on the simulated clock no person keeps up.
    door: Option<Door>,
    clock: SessionClock,
    /// What was read last: published by now, and to be answered.
    last: Option<Request>,
}

impl Console {
    /// Hears whoever knocks at the socket `door`; instructions are stamped on `clock`.
    ///
    /// # Errors
    /// If the socket cannot be made.
    pub fn listen(door: &Path, clock: SessionClock) -> Result<Self, Error> {
        Ok(Self { door: Some(Door::open(door)?), clock, last: None })
    }
}

impl Device for Console {
    type Parameters = Parameters;
    type Output = Output;
    type Error = Error;

    fn open(_: Parameters) -> Result<Self, Error> {
        Err(Error::NoSession)
    }

    fn open_in(_: Parameters, session: &DeviceSession) -> Result<Self, Error> {
        if session.is_live() {
            return Self::listen(session.door(), session.clock());
        }
        log::info("nobody can instruct a procedure that follows no live clock: ends at once");
        Ok(Self { door: None, clock: session.clock(), last: None })
    }

    /// There is nobody to be reached before the procedure runs.
    fn examine(_: Parameters) -> Vec<Finding> {
        vec![Finding::good("will hear `vesalius instruct` while the procedure runs")]
    }

    fn read(&mut self) -> Result<Reading<Output>, Error> {
        // The runtime has published it when it asks for the next.
        if let Some(request) = self.last.take() {
            request.answer(Ok(()));
        }
        let Some(door) = &self.door else { return Ok(Reading::End) };
        let Some(request) = door.wait(PATIENCE) else { return Ok(Reading::Nothing) };
        match request.read::<Instruction>().and_then(sound) {
            Ok(instruction) => {
                log::info(&told(&instruction));
                self.last = Some(request);
                let outputs = vec![Output::Instruction(instruction)];
                Ok(Reading::Acquired { acquired_at: self.clock.now(), outputs })
            }
            // A slip of the keyboard is no fault of the console.
            Err(reason) => {
                request.answer(Err(reason));
                Ok(Reading::Nothing)
            }
        }
    }
}

/// The instruction, if every word of it says something.
fn sound(instruction: Instruction) -> Result<Instruction, String> {
    let mut words = vec![("who says so", &instruction.by)];
    match &instruction.kind {
        InstructionKind::AcceptRegistration => {}
        InstructionKind::RejectRegistration { reason } => words.push(("the reason", reason)),
        InstructionKind::TouchLandmark { landmark, tool } => {
            words.push(("the landmark", landmark));
            words.push(("the tool", tool));
        }
    }
    for (what, word) in words {
        if word.trim().is_empty() {
            return Err(format!("{what} is missing"));
        }
        if word.chars().count() > LONGEST {
            return Err(format!("{what} is longer than {LONGEST} characters"));
        }
        if word.chars().any(char::is_control) {
            return Err(format!("{what} has characters that cannot be shown"));
        }
    }
    Ok(instruction)
}

/// The instruction in a sentence for the log.
fn told(instruction: &Instruction) -> String {
    let by = &instruction.by;
    match &instruction.kind {
        InstructionKind::AcceptRegistration => format!("{by} accepts the registration"),
        InstructionKind::RejectRegistration { reason } => {
            format!("{by} rejects the registration: {reason}")
        }
        InstructionKind::TouchLandmark { landmark, tool } => {
            format!("{by} touches {landmark} with {tool}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::thread::JoinHandle;

    use runtime::door::knock;

    use super::*;

    type Answer = Result<Result<(), String>, DoorError>;

    fn instruction(by: &str, kind: InstructionKind) -> Instruction {
        Instruction { by: by.to_owned(), kind }
    }

    fn touch(landmark: &str) -> InstructionKind {
        InstructionKind::TouchLandmark { landmark: landmark.to_owned(), tool: "stylus".to_owned() }
    }

    /// A console of its own for each test.
    fn console(name: &str) -> (Console, PathBuf) {
        let door = std::env::temp_dir().join(format!("console-{}-{name}", std::process::id()));
        (Console::listen(&door, SessionClock::new()).unwrap(), door)
    }

    fn tell(door: &Path, instruction: Instruction) -> JoinHandle<Answer> {
        let door = door.to_owned();
        std::thread::spawn(move || knock(&door, &instruction, Duration::from_secs(10)))
    }

    /// Reads until `told` has its answer; what came meanwhile.
    fn read_until_answered(
        console: &mut Console,
        told: JoinHandle<Answer>,
    ) -> (Vec<Instruction>, Result<(), String>) {
        let mut came = Vec::new();
        while !told.is_finished() {
            match console.read().unwrap() {
                Reading::Acquired { outputs, .. } => {
                    let Output::Instruction(instruction) = outputs[0].clone();
                    came.push(instruction);
                }
                Reading::Nothing => {}
                other => panic!("{other:?}"),
            }
        }
        (came, told.join().unwrap().unwrap())
    }

    #[test]
    fn what_is_told_comes_out_at_the_instant_it_came_and_is_answered_once_published() {
        let (mut console, door) = console("published");
        let accept = instruction("anna", InstructionKind::AcceptRegistration);
        let before = console.clock.now();
        let told = tell(&door, accept.clone());
        let acquired_at = loop {
            match console.read().unwrap() {
                Reading::Acquired { acquired_at, outputs } => {
                    let Output::Instruction(came) = &outputs[0];
                    assert_eq!((came, outputs.len()), (&accept, 1));
                    break acquired_at;
                }
                Reading::Nothing => {}
                other => panic!("{other:?}"),
            }
        };
        assert!(acquired_at >= before && acquired_at <= console.clock.now());
        std::thread::sleep(Duration::from_millis(50));
        assert!(!told.is_finished(), "it is not published before the next is asked for");
        let (more, answer) = read_until_answered(&mut console, told);
        assert_eq!((more.len(), answer), (0, Ok(())));
    }

    #[test]
    fn several_are_taken_one_after_the_other() {
        let (mut console, door) = console("several");
        for kind in [
            touch("portal_bifurcation"),
            InstructionKind::RejectRegistration { reason: "the tumour is beside the liver".into() },
        ] {
            let wanted = instruction("anna", kind);
            let told = tell(&door, wanted.clone());
            assert_eq!(read_until_answered(&mut console, told), (vec![wanted], Ok(())));
        }
    }

    #[test]
    fn what_says_nothing_is_refused_with_the_reason_and_not_published() {
        let (mut console, door) = console("refused");
        let reject =
            |reason: &str| InstructionKind::RejectRegistration { reason: reason.to_owned() };
        for (by, kind, says) in [
            (" ", InstructionKind::AcceptRegistration, "who says so is missing"),
            ("anna", reject(""), "the reason is missing"),
            ("anna", reject(&"x".repeat(201)), "the reason is longer than 200 characters"),
            ("anna", touch("liver\x1b[2J"), "the landmark has characters that cannot be shown"),
        ] {
            let told = tell(&door, instruction(by, kind));
            let (came, answer) = read_until_answered(&mut console, told);
            assert_eq!((came.len(), answer), (0, Err(says.to_owned())));
        }
    }

    #[test]
    fn outside_a_session_there_is_no_console() {
        let error = Console::open(Parameters {}).unwrap_err();
        assert!(error.to_string().contains("vesalius run"), "{error}");
    }

    #[test]
    fn where_no_live_clock_runs_it_ends_at_once() {
        let mut console = Console { door: None, clock: SessionClock::new(), last: None };
        assert!(matches!(console.read().unwrap(), Reading::End));
    }
}
