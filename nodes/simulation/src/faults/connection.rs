//! What becomes of a device's connections: they work, hang or break, or its process dies.

use std::time::Duration;

use super::kind::FaultKind;
use super::script::FaultScript;

/// What the line to a device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It works.
    Up,
    /// It is open, but nothing comes.
    Stuck,
    /// There is no power: open connections break, new ones are refused.
    Off,
}

impl FaultScript {
    /// What the line does `at` after the start.
    pub fn connection(&self, at: Duration) -> Connection {
        let mut line = Connection::Up;
        for now in self.in_force(at) {
            match now.fault.fault {
                FaultKind::PowerCycle => return Connection::Off,
                FaultKind::StuckConnection => line = Connection::Stuck,
                _ => {}
            }
        }
        line
    }

    /// Whether the power failed from `from`, included, to `to`, not included: the device has forgotten all that it was told.
    pub fn lost_power(&self, from: Duration, to: Duration) -> bool {
        self.begun(from, to, &FaultKind::PowerCycle)
    }

    /// Whether the emulator's process is killed from `from`, included, to `to`, not included.
    pub fn killed(&self, from: Duration, to: Duration) -> bool {
        self.begun(from, to, &FaultKind::ProcessKill)
    }

    fn begun(&self, from: Duration, to: Duration, kind: &FaultKind) -> bool {
        let mut changes = self.changes(from, to).into_iter();
        changes.any(|change| change.begins && change.what.fault.fault == *kind)
    }
}
