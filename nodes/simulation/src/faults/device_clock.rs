//! The clock of a device whose crystal drifts.

use std::time::Duration;

use super::fault::Fault;
use super::kind::FaultKind;
use super::script::FaultScript;

impl FaultScript {
    /// What the device's own clock shows `at` after the start, at which it was right.
    pub fn device_time(&self, at: Duration) -> Duration {
        let ahead_s: f64 = self
            .lines()
            .filter_map(|(line, fault)| {
                let FaultKind::ClockDrift { ppm } = fault.fault else { return None };
                Some(ppm * 1e-6 * self.drifted(line, fault, at).as_secs_f64())
            })
            .sum();
        let ahead = Duration::from_secs_f64(ahead_s.abs());
        if ahead_s < 0.0 { at.saturating_sub(ahead) } else { at + ahead }
    }

    /// For how long a line was in force until an instant, all in all.
    fn drifted(&self, line: u32, fault: &Fault, at: Duration) -> Duration {
        let Some(stretch) = fault.stretch(at) else { return Duration::ZERO };
        let done = fault.times.map_or(stretch, |times| stretch.min(times));
        let whole = fault.lasts().filter(|_| done > 0).unwrap_or_default().as_secs_f64();
        let now = fault.in_force(self.seed(), line, stretch).map_or(Duration::ZERO, |now| {
            now.end.map_or(at, |end| end.min(at)).saturating_sub(now.begin)
        });
        Duration::from_secs_f64(whole * done as f64) + now
    }

    /// The instant at which frame numbers stand still, if they do so `at` after the start.
    pub fn frame_numbers_frozen_at(&self, at: Duration) -> Option<Duration> {
        self.in_force(at)
            .find(|now| now.fault.fault == FaultKind::Frozen { frame_numbers: true })
            .map(|now| now.begin)
    }
}
