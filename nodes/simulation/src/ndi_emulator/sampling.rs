//! Frames: when they are taken, by the device's own clock, and how the tools are seen in them.

use std::convert::Infallible;
use std::time::Duration;

use super::ports::Port;
use super::{Moment, NdiEmulator};
use crate::faults::{Hidden, Sight};

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// Its number.
    pub frame: u32,
    /// When it was taken, by the device's clock, after switching on.
    pub clock: Duration,
    /// When it was taken, after the start of the procedure.
    pub procedure: Duration,
}

impl NdiEmulator {
    /// The newest frame that the host can have.
    pub(super) fn sample(&self, now: Moment) -> Sample {
        let rate_hz = self.parameters.rate_hz();
        let clock_at = |procedure: Duration| {
            // The device was on before the procedure began, and its clock drifts only since then.
            let before = now.up.saturating_sub(now.procedure);
            before + self.faults.device_time(procedure)
        };
        let clock = clock_at(now.procedure);
        let frozen = self.faults.frame_numbers_frozen_at(now.procedure);
        let shown = frozen.map_or(clock, clock_at);
        let newest = (shown.as_secs_f64() * rate_hz + 1e-6).floor() as u64;
        let by_clock = |frame: u64| Duration::from_secs_f64(frame as f64 / rate_hz);
        let taken = |frame| now.procedure.saturating_sub(clock.saturating_sub(by_clock(frame)));
        let frame = self.faults.newest_delivered(now.procedure, newest, rate_hz, taken);
        Sample {
            frame: frame.saturating_sub(self.first_frame) as u32,
            clock: by_clock(frame),
            procedure: taken(frame),
        }
    }

    /// Frames are counted from here on.
    pub(super) fn count_from(&mut self, now: Moment) {
        self.first_frame = 0;
        self.first_frame = u64::from(self.sample(now).frame);
    }

    /// How the tool in a port is seen, with its faults.
    pub(super) fn sight(&self, port: &Port, at: Duration) -> Sight {
        let Some((index, tool)) = self.ports.tool(port) else {
            return Sight::Hidden(Hidden::Missing);
        };
        let markers = port.markers();
        let truth = |at| Ok::<_, Infallible>(self.trajectory.sight(index, at));
        let seen = self.faults.measure(&tool.name, at, &markers, truth);
        let sight = seen.unwrap_or_else(|never| match never {});
        match sight {
            Sight::Seen { pose, .. }
                if !self.model.measures_at(&pose.translation.vector.into()) =>
            {
                Sight::OutOfVolume { pose }
            }
            other => other,
        }
    }
}
