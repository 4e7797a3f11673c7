//! Faults, alerts and events of the system, in BX2 and in the device's parameters, as sentences.

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlertKind {
    /// The device cannot work and likely needs service.
    Fault,
    /// May spoil measurements, but can be put right.
    Alert,
    /// An ordinary event.
    Event,
    /// A kind that the documents do not name.
    Other(u8),
}

impl AlertKind {
    pub(super) fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Fault,
            1 => Self::Alert,
            2 => Self::Event,
            other => Self::Other(other),
        }
    }

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Fault => 0,
            Self::Alert => 1,
            Self::Event => 2,
            Self::Other(byte) => byte,
        }
    }
}

/// What the device reports of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Alert {
    /// How grave it is.
    pub kind: AlertKind,
    /// Which one.
    pub code: u16,
}

impl Alert {
    /// What happened, and what to look at.
    pub fn sentence(self) -> &'static str {
        match (self.kind, self.code) {
            (_, 0) => "all is well",
            (AlertKind::Fault, 1) => {
                "fault: parameters that the tracker needs are damaged: it needs service"
            }
            (AlertKind::Fault, 2) => {
                "fault: parameters of a sensor are damaged: the tracker needs service"
            }
            (AlertKind::Fault, 3) => {
                "fault: the main voltage is wrong: look at the power supply and its cable"
            }
            (AlertKind::Fault, 4) => {
                "fault: the voltage of a sensor is wrong: the tracker needs service"
            }
            (AlertKind::Fault, 5) => {
                "fault: the voltage of the illuminators is wrong: the tracker needs service"
            }
            (AlertKind::Fault, 6) => {
                "fault: the current of the illuminators is wrong: the tracker needs service"
            }
            (AlertKind::Fault, 7) => {
                "fault: the left sensor is too warm or too cold: look at the room and what covers the tracker"
            }
            (AlertKind::Fault, 8) => {
                "fault: the right sensor is too warm or too cold: look at the room and what covers the tracker"
            }
            (AlertKind::Fault, 9) => {
                "fault: the main board is too warm or too cold: look at the room and what covers the tracker"
            }
            (AlertKind::Fault, 10) => "fault: a sensor does not work: the tracker needs service",
            (AlertKind::Fault, _) => {
                "fault: the tracker reports one that its public documents do not name; look it up in its manual"
            }
            (AlertKind::Alert, 1) => {
                "alert: the tracker's battery is low, so that bumps may go unseen: it needs service"
            }
            (AlertKind::Alert, 2) => {
                "alert: the tracker was bumped: check its accuracy before trusting it, then clear the alert"
            }
            (AlertKind::Alert, 3) => {
                "alert: parts of the system have firmware that does not go together: update it"
            }
            (AlertKind::Alert, 4) => {
                "alert: a parameter is damaged, but the tracker can work: it should be serviced"
            }
            (AlertKind::Alert, 5) => "alert: the tracker's memory is full: delete files on it",
            (AlertKind::Alert, 7) => {
                "alert: the tracker was stored too warm or too cold: check its accuracy before trusting it"
            }
            (AlertKind::Alert, 8) => {
                "alert: the tracker is too warm: look at the room and what covers it"
            }
            (AlertKind::Alert, 9) => {
                "alert: the tracker is too cold: let it warm up before trusting it"
            }
            (AlertKind::Alert, 10) => "alert: the control unit is disconnected: look at its cable",
            (AlertKind::Alert, 14) => {
                "alert: the tracker's clock has lost its master: look at the network's time service"
            }
            (AlertKind::Alert, _) => {
                "alert: the tracker reports one that its public documents do not name; look it up in its manual"
            }
            (AlertKind::Event, 1) => "a tool was plugged in",
            (AlertKind::Event, 2) => "a tool was unplugged",
            (AlertKind::Event, 3) => "a strobe unit was connected",
            (AlertKind::Event, 4) => "a strobe unit was disconnected",
            (AlertKind::Event, 5) => "a part of the tracker was connected or disconnected",
            (AlertKind::Event, 6) => "the tracker's clock follows another master now",
            (AlertKind::Event | AlertKind::Other(_), _) => {
                "the tracker reports something that its public documents do not name; look it up in its manual"
            }
        }
    }

    /// Whether measurements may be wrong.
    pub fn is_grave(self) -> bool {
        self.code != 0 && matches!(self.kind, AlertKind::Fault | AlertKind::Alert)
    }
}
