//! Faults as messages, for whoever holds what was detected against what was injected.

use std::time::Duration;

use messages::{FaultPhase, InjectedFault};

use super::script::{Change, FaultScript};

impl FaultScript {
    /// What `device` says of its faults from `from`, included, to `to`, not included: each with its instant, in the
    /// order of time.
    pub fn announcements(
        &self,
        device: &str,
        from: Duration,
        to: Duration,
    ) -> Vec<(Duration, InjectedFault)> {
        self.changes(from, to).iter().map(|change| (change.at, change.message(device))).collect()
    }
}

impl Change<'_> {
    fn message(&self, device: &str) -> InjectedFault {
        let fault = &self.what.fault;
        let whom = if fault.fault.is_of_device() {
            device.to_owned()
        } else if fault.tools.is_empty() {
            format!("all tools of {device}")
        } else {
            format!("{} of {device}", fault.tools.join(", "))
        };
        let verb = if self.begins { "begins" } else { "ends" };
        InjectedFault {
            device: device.to_owned(),
            fault: fault.fault.name().to_owned(),
            line: self.what.line,
            repetition: self.what.repetition,
            tools: fault.tools.clone(),
            phase: if self.begins { FaultPhase::Begins } else { FaultPhase::Ends },
            text: format!(
                "{whom}: {} {verb}, as line {} of the faults says",
                fault.fault.name().replace('_', " "),
                self.what.line
            ),
        }
    }
}
