//! When a failed process is started again, and when it is given up.

use std::collections::VecDeque;
use std::time::Duration;

/// The rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureRule {
    /// So many failures …
    pub limit: usize,
    /// … within this time are too many.
    pub within: Duration,
    /// How long it waits after the first failure; twice as long after each further one.
    pub first_wait: Duration,
    /// It never waits longer.
    pub longest_wait: Duration,
}

impl Default for FailureRule {
    fn default() -> Self {
        Self {
            limit: 5,
            within: Duration::from_secs(30),
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(2),
        }
    }
}

/// What follows a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is started again after this time.
    Restart(Duration),
    /// It stays down.
    GiveUp,
}

/// The failures of one process.
#[derive(Clone, Debug, Default)]
pub struct Failures {
    recent: VecDeque<Duration>,
    in_a_row: u32,
}

impl Failures {
    /// It failed at `now`, on any clock that only goes forward.
    pub fn failed(&mut self, rule: &FailureRule, now: Duration) -> Next {
        let held_for = self.recent.back().map(|&last| now.saturating_sub(last));
        // One that held for a while has recovered from what failed it before.
        if held_for.is_some_and(|held| held >= rule.within) {
            self.in_a_row = 0;
        }
        self.recent.push_back(now);
        self.recent.retain(|&at| now.saturating_sub(at) < rule.within);
        if self.recent.len() >= rule.limit {
            return Next::GiveUp;
        }
        let doubled = 2u32.saturating_pow(self.in_a_row);
        self.in_a_row += 1;
        Next::Restart(rule.first_wait.saturating_mul(doubled).min(rule.longest_wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(times_s: &[u64]) -> Vec<Next> {
        let mut failures = Failures::default();
        let rule = FailureRule::default();
        let failed = |&at: &u64| failures.failed(&rule, Duration::from_secs(at));
        times_s.iter().map(failed).collect()
    }

    fn wait(milliseconds: u64) -> Next {
        Next::Restart(Duration::from_millis(milliseconds))
    }

    #[test]
    fn it_waits_twice_as_long_each_time_and_gives_up_at_the_fifth() {
        assert_eq!(
            run(&[100, 101, 102, 103, 104]),
            [wait(100), wait(200), wait(400), wait(800), Next::GiveUp]
        );
    }

    #[test]
    fn one_that_fails_now_and_then_waits_two_seconds_at_most() {
        let waits = run(&[0, 8, 16, 24, 32, 40, 48]);
        assert_eq!(waits, [100, 200, 400, 800, 1600, 2000, 2000].map(wait));
    }

    #[test]
    fn one_that_held_for_half_a_minute_begins_anew() {
        assert_eq!(run(&[0, 1, 2, 32, 33]), [100, 200, 400, 100, 200].map(wait));
    }

    #[test]
    fn a_failure_counts_for_half_a_minute() {
        assert_eq!(*run(&[0, 27, 28, 29, 30]).last().unwrap(), wait(1600));
        assert_eq!(*run(&[0, 26, 27, 28, 29]).last().unwrap(), Next::GiveUp);
    }
}
