//! Samples that leave the device late: by how much, and which is the newest that has left.

use std::time::Duration;

use rand::RngExt as _;

use super::fault::Fault;
use super::kind::FaultKind;
use super::script::FaultScript;
use crate::randomness::{Purpose, stream_of};

/// The longest that a line holds samples up, in milliseconds; those of single tools hold up none.
fn longest_ms(fault: &Fault) -> f64 {
    match fault.fault {
        FaultKind::Latency { by_ms } if fault.tools.is_empty() => by_ms,
        FaultKind::Jitter { up_to_ms } if fault.tools.is_empty() => up_to_ms,
        _ => 0.0,
    }
}

impl FaultScript {
    /// How long after it was `taken`, since the start, sample number `sample` leaves the device, if it waits for none
    /// before it.
    pub fn delivery_delay(&self, sample: u64, taken: Duration) -> Duration {
        let late_ms = self.in_force(taken).map(|now| match now.fault.fault {
            FaultKind::Jitter { .. } => {
                let line = now.line.into();
                let mut rng = stream_of(self.seed(), Purpose::FaultJitter, line, sample);
                longest_ms(now.fault) * rng.random_range(0.0..1.0)
            }
            _ => longest_ms(now.fault),
        });
        Duration::from_secs_f64(late_ms.sum::<f64>() * 1e-3)
    }

    /// The longest that a sample may be held up which leaves `now`, or a little before.
    pub fn longest_delay(&self, now: Duration) -> Duration {
        let all = || self.lines().map(|(_, fault)| fault);
        let now_s = now.as_secs_f64();
        let most_s = all().map(longest_ms).sum::<f64>() * 1e-3;
        let may_be_in_force = |fault: &&Fault| {
            let ends_s = match fault.every_s {
                None => fault.at_s + fault.for_s.unwrap_or(f64::INFINITY),
                Some(_) => f64::INFINITY,
            };
            fault.at_s <= now_s && now_s <= ends_s + most_s
        };
        Duration::from_secs_f64(all().filter(may_be_in_force).map(longest_ms).sum::<f64>() * 1e-3)
    }

    /// The newest sample that has left the device `now`, of those up to number `newest`, when none overtakes another.
    ///
    /// `taken` says when each was taken, `rate_hz` a second.
    pub fn newest_delivered(
        &self,
        now: Duration,
        newest: u64,
        rate_hz: f64,
        taken: impl Fn(u64) -> Duration,
    ) -> u64 {
        let longest = self.longest_delay(now);
        if longest.is_zero() {
            return newest;
        }
        // Whatever was taken before it has left.
        let oldest = newest.saturating_sub((longest.as_secs_f64() * rate_hz).ceil() as u64 + 1);
        let has_left = |sample: &u64| {
            let taken = taken(*sample);
            taken + self.delivery_delay(*sample, taken) <= now
        };
        (oldest..=newest).take_while(has_left).last().unwrap_or(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 40.0;

    fn script(text: &str) -> FaultScript {
        FaultScript::from_toml(text, 3).unwrap()
    }

    fn taken(sample: u64) -> Duration {
        Duration::from_millis(25 * sample)
    }

    /// The number of each sample at the instants when it is first seen, asked for each millisecond.
    fn seen(script: &FaultScript, until_ms: u64) -> Vec<(u64, u64)> {
        let mut seen: Vec<(u64, u64)> = Vec::new();
        for now_ms in 0..until_ms {
            let now = Duration::from_millis(now_ms);
            let sample = script.newest_delivered(now, now_ms / 25, RATE_HZ, taken);
            if seen.last().is_none_or(|(_, last)| *last != sample) {
                seen.push((now_ms, sample));
            }
        }
        seen
    }

    #[test]
    fn a_step_of_latency_holds_all_up_alike_and_nothing_before_and_after_it() {
        let script = script("[[faults]]\nat_s = 1\nfor_s = 1\nfault.latency.by_ms = 60");
        let late: Vec<(u64, u64)> =
            seen(&script, 4000).iter().map(|(at, sample)| (*sample, at - 25 * sample)).collect();
        for (sample, late_ms) in &late {
            let expected = if (40..80).contains(sample) { 60 } else { 0 };
            // What was taken at the end waits for those before it.
            assert!(*late_ms == expected || (80..83).contains(sample), "{sample}: {late_ms} ms");
        }
        assert!(late.len() > 155, "{}", late.len());
        assert_eq!(script.longest_delay(Duration::from_secs(3)), Duration::ZERO);
        assert_eq!(script.longest_delay(Duration::from_millis(500)), Duration::ZERO);
    }

    #[test]
    fn jitter_is_spread_and_nothing_overtakes() {
        let script = script("[[faults]]\nat_s = 0\nfault.jitter.up_to_ms = 100");
        let seen = seen(&script, 20_000);
        assert!(seen.windows(2).all(|pair| pair[0].1 < pair[1].1));
        let late: Vec<u64> = seen[10..].iter().map(|(at, sample)| at - 25 * sample).collect();
        assert!(late.iter().all(|late_ms| *late_ms <= 100));
        assert!(late.iter().any(|late_ms| *late_ms > 80) && late.iter().any(|ms| *ms < 30));
        // Held up by those before them, and those that are overtaken are never seen.
        assert!((300..700).contains(&late.len()), "{}", late.len());
    }

    #[test]
    fn what_names_tools_holds_nothing_up() {
        let script = script("[[faults]]\nat_s = 0\ntools = ['probe']\nfault.latency.by_ms = 60");
        assert_eq!(script.delivery_delay(40, taken(40)), Duration::ZERO);
        assert_eq!(script.newest_delivered(taken(40), 40, RATE_HZ, taken), 40);
    }
}
