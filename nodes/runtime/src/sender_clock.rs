//! How far the clock of a sender is from the session's, from nothing but its stamps and their arrival.
//!
//! A message stamped `s` on the sender's clock arrives at `a = s + offset + delay` on the session's, and no delay is
//! negative: the least `a − s` of some seconds is the offset plus the least delay (the minimum filter of NTP, RFC 5905
//! §10, for messages that go one way only). The window is short, so that drifting clocks are followed; but the offset never
//! rises faster than a clock drifts. So where the way becomes longer, by a slow converter in the cable, say, instants stay
//! true for a while, and whoever holds them against the arrival sees it.

use std::collections::VecDeque;
use std::time::Duration;

use messages::Timestamp;

/// The least differences are kept for so many spans of time.
const SPANS: usize = 30;
/// How long such a span is, nanoseconds.
const SPAN_NS: i64 = 1_000_000_000;
/// An offset rises by one nanosecond in so many at most, 500 ppm: a clock that is disciplined by NTP drifts no faster.
const RISE: i64 = 2000;
/// A sender that stamps so much earlier than it did has set its clock back, or has begun anew, nanoseconds.
const STEP_NS: i64 = 300_000_000;
/// But not before all messages of this long say so: they may have been held up, nanoseconds.
const STEPPED_FOR_NS: i64 = 1_000_000_000;
/// And not before there are so many.
const STEPPED_MESSAGES: u32 = 3;

/// The estimate of one sender's clock.
///
/// An instant that it gives is never later than the arrival. It is late by the least delay of the window, which no
/// message that goes one way can tell, and on a local network is below a millisecond; beyond that, its error is bounded
/// by [`spread`](Self::spread) once a few seconds have passed.
#[derive(Clone, Debug, Default)]
pub struct SenderClock {
    /// The span, and the least difference in it.
    spans: VecDeque<(i64, i64)>,
    /// When the last message arrived, and the offset then.
    offset: Option<(i64, i64)>,
    /// Messages whose differences are far above the least one: since when, how many, and the least of them.
    late: Option<(i64, u32, i64)>,
    steps: u64,
}

impl SenderClock {
    /// Of a sender that nothing is known of.
    pub fn new() -> Self {
        Self::default()
    }

    /// When something was on the session's clock that the sender stamped `stamp_ns` on its own and that arrived at
    /// `arrived_at`; both count nanoseconds, from any instant.
    pub fn session_time(&mut self, stamp_ns: i64, arrived_at: Timestamp) -> Timestamp {
        let arrived_ns = arrived_at.0;
        let difference = arrived_ns.saturating_sub(stamp_ns);
        self.look_for_step(difference, arrived_ns);
        let span = arrived_ns.div_euclid(SPAN_NS);
        match self.spans.back_mut() {
            Some((last, least)) if *last >= span => *least = difference.min(*least),
            _ => self.spans.push_back((span, difference)),
        }
        while self.spans.front().is_some_and(|(first, _)| span - first >= SPANS as i64) {
            self.spans.pop_front();
        }
        let least = self.spans.iter().map(|(_, least)| *least).min().unwrap_or(difference);
        let offset = self.offset.map_or(least, |(at, offset)| {
            let risen = arrived_ns.saturating_sub(at).max(0) / RISE;
            least.min(offset.saturating_add(risen))
        });
        self.offset = Some((arrived_ns, offset));
        Timestamp(stamp_ns.saturating_add(offset).min(arrived_ns))
    }

    /// What is added to a stamp; nothing before the first.
    pub fn offset_ns(&self) -> Option<i64> {
        self.offset.map(|(_, offset)| offset)
    }

    /// How far the least differences of the spans are above the offset: how much the clocks drift in the window, and by how
    /// much the least delay of one span is above that of another.
    pub fn spread(&self) -> Duration {
        let least = self.offset_ns().unwrap_or_default();
        let most = self.spans.iter().map(|(_, least)| *least).max().unwrap_or_default();
        Duration::from_nanos(most.abs_diff(least))
    }

    /// How far the clock is from this one, in words; nothing before the first stamp.
    pub fn in_words(&self) -> Option<String> {
        let offset_ms = self.offset_ns()? as f64 * 1e-6;
        Some(format!(
            "its clock is {:.1} ms {} this machine's, to about {:.1} ms and the least delay of the network",
            offset_ms.abs(),
            if offset_ms >= 0.0 { "behind" } else { "ahead of" },
            self.spread().as_secs_f64() * 1e3
        ))
    }

    /// How often the sender's clock went back, or it began to count anew.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    fn look_for_step(&mut self, difference: i64, now_ns: i64) {
        let Some(offset) = self.offset_ns() else { return };
        if difference.saturating_sub(offset) < STEP_NS {
            self.late = None;
            return;
        }
        let (since, count, least) = self.late.unwrap_or((now_ns, 0, difference));
        let (count, least) = (count + 1, least.min(difference));
        self.late = Some((since, count, least));
        if count >= STEPPED_MESSAGES && now_ns.saturating_sub(since) >= STEPPED_FOR_NS {
            self.spans.clear();
            self.spans.push_back((now_ns.div_euclid(SPAN_NS), least));
            self.offset = Some((now_ns, least));
            self.late = None;
            self.steps += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// Delays of a network: mostly short, now and then long.
    fn delay_ns(index: i64) -> i64 {
        let noise = (index * 7_919) % 101;
        300_000 + noise * 20_000 + if noise == 17 { 40 * MS } else { 0 }
    }

    #[test]
    fn a_steady_sender_is_known_to_its_least_delay() {
        let mut clock = SenderClock::new();
        let offset = 5_000_000_000_i64;
        for index in 0..600 {
            let stamp = index * 16 * MS;
            let arrived = Timestamp(stamp + offset + delay_ns(index));
            let at = clock.session_time(stamp, arrived);
            assert!(at <= arrived);
            if index > 200 {
                let late = at.0 - (stamp + offset);
                assert!((300_000..320_001).contains(&late), "{late} ns at {index}");
            }
        }
        assert_eq!(clock.offset_ns(), Some(offset + 300_000));
        assert!(clock.spread() < Duration::from_millis(1), "{:?}", clock.spread());
        assert_eq!(clock.steps(), 0);
        let words = clock.in_words().unwrap();
        assert!(words.starts_with("its clock is 5000.3 ms behind this machine's"), "{words}");
    }

    #[test]
    fn a_clock_that_drifts_is_followed() {
        let mut clock = SenderClock::new();
        let mut worst = 0;
        for index in 0..20_000_i64 {
            let seen_at = index * 16 * MS;
            // 50 ppm fast.
            let stamp = seen_at + seen_at / 20_000;
            let at = clock.session_time(stamp, Timestamp(seen_at + delay_ns(index)));
            if index > 500 {
                worst = worst.max((at.0 - seen_at).abs());
            }
        }
        // 50 ppm of the window, and the least delay.
        assert!(worst < 2 * MS, "{worst} ns");
        assert!(clock.spread() < Duration::from_millis(3));
    }

    #[test]
    fn a_clock_that_is_set_back_is_noticed_and_one_that_is_set_forward_at_once() {
        let mut clock = SenderClock::new();
        let mut at = |now: i64, stamp: i64| clock.session_time(stamp, Timestamp(now)).0;
        for index in 0..100 {
            at(index * 20 * MS, index * 20 * MS);
        }
        let back = 3_600_000 * MS;
        let mut last = 0;
        for index in 100..200 {
            last = at(index * 20 * MS, index * 20 * MS - back);
        }
        assert_eq!(last, 199 * 20 * MS);
        let forward = at(200 * 20 * MS, 200 * 20 * MS + back);
        assert_eq!(forward, 200 * 20 * MS);
        assert_eq!(clock.steps(), 1);
    }

    #[test]
    fn a_way_that_becomes_longer_is_no_other_clock() {
        let mut clock = SenderClock::new();
        for index in 0..6000 {
            let stamp = index * 16 * MS;
            let longer = if index > 1000 { 60 * MS } else { 0 };
            let at = clock.session_time(stamp, Timestamp(stamp + longer + delay_ns(index)));
            let late = at.0 - stamp;
            // For 500 ppm of 80 s it cannot be told from a clock that drifts.
            assert!((0..MS + 40 * MS).contains(&late), "{late} ns at {index}");
            if index == 3500 {
                assert!(late < 21 * MS, "{late} ns after 40 s");
            }
        }
        assert_eq!(clock.steps(), 0);
    }

    #[test]
    fn a_pause_of_the_network_is_no_step() {
        let mut clock = SenderClock::new();
        for index in 0..50 {
            clock.session_time(index * 20 * MS, Timestamp(index * 20 * MS));
        }
        // Held up for two seconds, then all at once.
        for index in 50..150 {
            let at = clock.session_time(index * 20 * MS, Timestamp(150 * 20 * MS));
            assert_eq!(at.0, index * 20 * MS);
        }
        assert_eq!(clock.steps(), 0);
    }
}
