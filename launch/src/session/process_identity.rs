//! Which process: its number alone may belong to another one later.

use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// A process number with the instant at which the process began, in ticks after the machine's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// Its number.
    pub pid: i32,
    /// Field 22 of `/proc/PID/stat`.
    pub began_ticks: u64,
}

impl ProcessIdentity {
    /// The process that has this number now.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self { pid, began_ticks: began_ticks(&stat)? })
    }

    /// This process.
    pub fn own() -> Self {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        Self::of(pid).unwrap_or(Self { pid, began_ticks: 0 })
    }

    /// A handle to it, if it is still there and still the same (it may be a zombie).
    pub fn open(self) -> Option<OwnedFd> {
        let handle = pidfd_open(Pid::from_raw(self.pid)?, PidfdFlags::empty()).ok()?;
        // The handle came first, so that the number cannot have changed hands after this look.
        (Self::of(self.pid) == Some(self)).then_some(handle)
    }

    /// Whether it is there and no zombie.
    pub fn is_alive(self) -> bool {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)) else {
            return false;
        };
        began_ticks(&stat) == Some(self.began_ticks) && !matches!(state(&stat), Some('Z' | 'X'))
    }

    /// Sends it a signal; false if it is gone.
    pub fn signal(self, signal: Signal) -> bool {
        self.open().is_some_and(|handle| pidfd_send_signal(handle, signal).is_ok())
    }
}

/// What follows the name, which is in parentheses and may hold anything.
fn after_name(stat: &str) -> Option<&str> {
    Some(stat.rsplit_once(')')?.1)
}

fn state(stat: &str) -> Option<char> {
    after_name(stat)?.trim_start().chars().next()
}

fn began_ticks(stat: &str) -> Option<u64> {
    // The state, the first after the name, is field 3.
    after_name(stat)?.split_whitespace().nth(22 - 3)?.parse().ok()
}

/// Names this start of the machine: process numbers of an earlier one mean nothing.
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_shift_the_fields() {
        let stat = "12 (a) b (c)) S 1 12 12 0 -1 4194304 1 0 0 0 3 1 0 0 20 0 1 0 77777 1 1";
        assert_eq!(began_ticks(stat), Some(77_777));
        assert_eq!(state(stat), Some('S'));
        assert_eq!(began_ticks("12 (short) S 1"), None);
    }

    #[test]
    fn this_process_is_alive_and_its_number_in_another_time_is_not() {
        let own = ProcessIdentity::own();
        assert!(own.is_alive() && own.open().is_some());
        let other = ProcessIdentity { began_ticks: own.began_ticks + 1, ..own };
        assert!(!other.is_alive() && other.open().is_none());
    }

    #[test]
    fn a_zombie_is_not_alive() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let identity = ProcessIdentity::of(child.id() as i32).unwrap();
        for _ in 0..500 {
            if !identity.is_alive() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(!identity.is_alive());
        child.wait().unwrap();
        assert!(identity.open().is_none());
    }
}
