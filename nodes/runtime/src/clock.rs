//! The session clock: monotonic, the same in every process of a machine, with an epoch fixed once.

use std::time::Duration;

use messages::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Where the session's time starts: one reading of the monotonic clock and of the wall clock, taken
/// together when the session was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClock {
    /// `CLOCK_MONOTONIC`, nanoseconds.
    pub epoch_monotonic_ns: i64,
    /// `CLOCK_REALTIME`, nanoseconds since the Unix epoch.
    pub epoch_unix_ns: i64,
}

fn read(clock: ClockId) -> i64 {
    let time = clock_gettime(clock);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

impl SessionClock {
    /// A clock whose epoch is now.
    pub fn new() -> Self {
        Self {
            epoch_monotonic_ns: read(ClockId::Monotonic),
            epoch_unix_ns: read(ClockId::Realtime),
        }
    }

    /// The instant.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.epoch_unix_ns + (read(ClockId::Monotonic) - self.epoch_monotonic_ns))
    }

    /// How far the wall clock is ahead of the session clock, nanoseconds; it was 0 at the start.
    pub fn wall_clock_offset_ns(&self) -> i64 {
        read(ClockId::Realtime) - self.now().0
    }
}

impl Default for SessionClock {
    fn default() -> Self {
        Self::new()
    }
}

/// Processor time of this process, all threads.
pub fn cpu_time() -> Duration {
    Duration::from_nanos(read(ClockId::ProcessCPUTime).unsigned_abs())
}

/// Time on the monotonic clock, for measuring how long something took.
pub fn monotonic() -> Duration {
    Duration::from_nanos(read(ClockId::Monotonic).unsigned_abs())
}

/// Nanoseconds since an earlier reading of [`monotonic`].
pub fn nanoseconds_since(earlier: Duration) -> u64 {
    u64::try_from(monotonic().saturating_sub(earlier).as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds since the Unix epoch on the wall clock; for logs and names of folders only.
pub fn wall_clock_ns() -> i64 {
    read(ClockId::Realtime)
}
