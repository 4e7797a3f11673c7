//! What a device may know of the session it runs in.

use std::path::{Path, PathBuf};

use crate::assignment::{Assignment, Mode};
use crate::clock::SessionClock;
use crate::session_patient::SessionPatient;

/// The session that a device runs in.
#[derive(Clone, Debug)]
pub struct DeviceSession {
    clock: SessionClock,
    patient: SessionPatient,
    folder: PathBuf,
    door: PathBuf,
    live: bool,
}

impl DeviceSession {
    /// Of the process with this assignment.
    pub fn of(assignment: &Assignment) -> Self {
        Self {
            clock: assignment.clock,
            patient: SessionPatient::of(assignment),
            folder: assignment.folder.clone(),
            door: assignment.door.clone(),
            live: assignment.mode == Mode::Live,
        }
    }

    /// The clock on which readings of the real world are stamped.
    pub fn clock(&self) -> SessionClock {
        self.clock
    }

    /// Whose images the session holds.
    pub fn patient(&self) -> &SessionPatient {
        &self.patient
    }

    /// The session's folder: recordings and logs lie in it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The socket at which the device hears who tells it something, if it does.
    pub fn door(&self) -> &Path {
        &self.door
    }

    /// Whether time passes as it does for people. If not, a device of the real world cannot take part.
    pub fn is_live(&self) -> bool {
        self.live
    }
}
