//! How a process ended, in words.

use rustix::process::WaitIdStatus;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// It is gone; only who started it is told how.
    Unknown,
}

impl From<&WaitIdStatus> for Death {
    fn from(status: &WaitIdStatus) -> Self {
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Self::Exited(code),
            (_, Some(signal)) => Self::Killed(signal),
            _ => Self::Unknown,
        }
    }
}

impl Death {
    /// Whether it may have left in order.
    pub fn in_order(self) -> bool {
        matches!(self, Self::Exited(0) | Self::Unknown)
    }

    /// A sentence, without the subject; `said` is what its log says last.
    pub fn reason(self, said: Option<&str>) -> String {
        let how = match self {
            Self::Exited(0) => "ended before its streams did (exit code 0)".to_owned(),
            Self::Exited(101) => "panicked (exit code 101)".to_owned(),
            Self::Exited(code) => format!("ended with exit code {code}"),
            Self::Killed(signal) => match signal_name(signal) {
                Some((name, meaning)) => format!("was ended by {name} ({meaning})"),
                None => format!("was ended by signal {signal}"),
            },
            Self::Unknown => "is gone".to_owned(),
        };
        match said {
            // Who is killed says nothing about it; what was said before is no reason.
            Some(said) if !matches!(self, Self::Killed(9 | 15 | 2)) => format!("{how}: {said}"),
            _ => how,
        }
    }
}

/// Linux's names and what they usually mean.
fn signal_name(signal: i32) -> Option<(&'static str, &'static str)> {
    Some(match signal {
        1 => ("SIGHUP", "its terminal was closed"),
        2 => ("SIGINT", "interrupted by hand"),
        3 => ("SIGQUIT", "ended by hand"),
        4 => ("SIGILL", "an instruction that this processor does not have"),
        6 => ("SIGABRT", "a library gave up"),
        7 => ("SIGBUS", "memory that could not be had: is /dev/shm or the disk full?"),
        8 => ("SIGFPE", "a division by zero or the like"),
        9 => ("SIGKILL", "killed by hand or, if memory ran out, by the system"),
        11 => ("SIGSEGV", "a wrong memory access in a library"),
        13 => ("SIGPIPE", "nobody read what it wrote"),
        15 => ("SIGTERM", "asked to end from outside"),
        31 => ("SIGSYS", "a system call that is not allowed here"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_names_the_signal() {
        let killed = Death::Killed(9).reason(Some("said before"));
        assert!(killed.contains("SIGKILL") && !killed.contains("said"), "{killed}");
        assert_eq!(Death::Killed(40).reason(None), "was ended by signal 40");
    }

    #[test]
    fn the_reason_quotes_what_was_said() {
        assert_eq!(
            Death::Exited(1).reason(Some("no such device")),
            "ended with exit code 1: no such device"
        );
        let aborted = Death::Killed(6).reason(Some("terminate called"));
        assert!(aborted.ends_with(": terminate called"), "{aborted}");
        assert!(Death::Exited(101).reason(Some("panicked at x")).contains('x'));
    }
}
