//! When frames were measured: by the time that the tracker gives with them, or by how it counts them.
//!
//! Frames are measured by a crystal, but they arrive when the tracker was asked for them, and when the line had room. So
//! their instants are reckoned from their own times (BX2), or from their numbers and how many there are in a second
//! (TX, BX), and mapped to the session's clock by [`SenderClock`]. Poses that are held up on the way are then still of
//! when they were measured; how long they were held up shows in their age.
//!
//! How many frames are counted in a second is learnt: trackers of NDI count whole numbers, 20 to 400. The number between two
//! frames over the time between their arrivals is uncertain by the longest pause between new frames; when it is certain to a
//! fifth of a frame a second, usually after five seconds, the whole number within that is taken. Until then, and where there
//! is none, a frame is of when it arrived.

use std::time::Duration;

use formats::ndi::Command;
use messages::Timestamp;
use runtime::SenderClock;

use super::parameters::Setup;

/// Frames come in order; but for so many, that a late answer may be behind.
pub(super) const LATE_FRAMES: u32 = 1000;
/// A rate is never taken for known before it was watched for so long, nanoseconds.
const LEAST_NS: i64 = 2_000_000_000;
/// A rate is taken for known when it is uncertain by no more, a second.
const UNCERTAIN_HZ: f64 = 0.2;
/// By so much of it a crystal is off at most.
const CRYSTAL: f64 = 1e-3;
/// After so long without success it is begun anew: a single long pause would make all uncertain, nanoseconds.
const MOST_NS: i64 = 30_000_000_000;

/// The clock of one tracker's frames.
#[derive(Clone, Debug, Default)]
pub struct FrameClock {
    /// How many are counted in a second.
    hz: Option<f64>,
    learning: Option<Learning>,
    clock: SenderClock,
    newest: Option<Newest>,
    /// The times that come with its frames stand still: they are none.
    has_no_times: bool,
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    frame: u32,
    /// Frames since the first.
    count: i64,
    taken: Option<Duration>,
    instant: Timestamp,
}

/// How the poses are stamped that the tracker gives in answer to a question, in words.
pub fn in_words(question: &Command, setup: &Setup) -> String {
    let by = match (question, setup.frame_hz) {
        (Command::Bx2(_), _) => "by the times of their frames".to_owned(),
        (_, Some(hz)) => format!("by the numbers of their frames, {hz} in a second"),
        _ => "by their arrival for some seconds, then by the numbers of their frames".to_owned(),
    };
    let latency_ms = setup.latency.as_secs_f64() * 1e3;
    format!("poses are stamped {by}, on this machine's clock, less {latency_ms} ms (`latency_ms`)")
}

/// What was seen since a frame.
#[derive(Clone, Copy, Debug)]
struct Learning {
    begun_ns: i64,
    count: i64,
    last_ns: i64,
    longest_gap_ns: i64,
}

impl FrameClock {
    /// Of a tracker that counts so many frames in a second; none if that is to be learnt.
    pub fn new(hz: Option<f64>) -> Self {
        Self { hz, ..Self::default() }
    }

    /// Of the same tracker, which may have begun to count anew.
    #[must_use]
    pub fn begun_anew(&self) -> Self {
        Self { hz: self.hz, has_no_times: self.has_no_times, ..Self::default() }
    }

    /// How many frames are counted in a second; none if that is not known yet, or no whole number.
    pub fn hz(&self) -> Option<f64> {
        self.hz
    }

    /// When the frame with this number was measured, on the session's clock, which arrives now; `taken` is the tracker's own
    /// time of it.
    pub fn instant(
        &mut self,
        frame: u32,
        taken: Option<Duration>,
        arrived_at: Timestamp,
    ) -> Timestamp {
        let taken = taken.filter(|taken| !taken.is_zero() && !self.has_no_times);
        let (ahead, count) = match self.newest {
            None => (1, 0),
            Some(newest) if newest.frame == frame => return newest.instant,
            Some(newest) => {
                // Numbers go around.
                let ahead = i64::from(frame.wrapping_sub(newest.frame).cast_signed());
                if ahead < -i64::from(LATE_FRAMES) {
                    *self = self.begun_anew();
                    return self.instant(frame, taken, arrived_at);
                }
                if ahead > 0 && taken.is_some() && newest.taken >= taken {
                    *self = Self { has_no_times: true, ..self.begun_anew() };
                    return self.instant(frame, None, arrived_at);
                }
                (ahead, newest.count.saturating_add(ahead))
            }
        };
        let stamp_ns = if let Some(taken) = taken {
            i64::try_from(taken.as_nanos()).ok()
        } else {
            let hz = self.hz.or_else(|| self.learn(count, arrived_at.0));
            hz.map(|hz| (count as f64 * 1e9 / hz).round() as i64)
        };
        let instant =
            stamp_ns.map_or(arrived_at, |stamp_ns| self.clock.session_time(stamp_ns, arrived_at));
        // Tools of another kind may be of a frame before the newest.
        if ahead > 0 {
            self.newest = Some(Newest { frame, count, taken, instant });
        }
        instant
    }

    fn learn(&mut self, count: i64, now_ns: i64) -> Option<f64> {
        let learning = self.learning.get_or_insert(Learning {
            begun_ns: now_ns,
            count,
            last_ns: now_ns,
            longest_gap_ns: 0,
        });
        let gap_ns = now_ns.saturating_sub(learning.last_ns);
        learning.longest_gap_ns = learning.longest_gap_ns.max(gap_ns);
        learning.last_ns = now_ns;
        let watched_ns = now_ns.saturating_sub(learning.begun_ns);
        if watched_ns < LEAST_NS {
            return None;
        }
        let watched_s = watched_ns as f64 * 1e-9;
        let hz = count.saturating_sub(learning.count) as f64 / watched_s;
        let uncertain_hz = hz * learning.longest_gap_ns as f64 * 1e-9 / watched_s;
        let whole = hz.round();
        let off_hz = (hz - whole).abs();
        if whole >= 1.0 && uncertain_hz <= UNCERTAIN_HZ && off_hz <= uncertain_hz.max(CRYSTAL * hz)
        {
            self.hz = Some(whole);
        }
        if watched_ns > MOST_NS {
            self.learning = None;
        }
        self.hz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// How late a frame is said to be, for all frames of a tracker that is asked each millisecond.
    struct Tracker {
        clock: FrameClock,
        /// Frames a second.
        hz: f64,
        first: u32,
        with_times: bool,
    }

    impl Tracker {
        /// Frames from one to another, each held up by so many milliseconds: by how many each is stamped too late.
        fn late_ms(
            &mut self,
            frames: std::ops::Range<u32>,
            held_up_ms: impl Fn(u32) -> i64,
        ) -> Vec<f64> {
            let late = frames.map(|frame| {
                let measured = (f64::from(frame) * 1e9 / self.hz) as i64;
                let arrived = measured + held_up_ms(frame) * MS + i64::from(frame % 7) * MS / 8;
                let taken =
                    self.with_times.then(|| Duration::from_nanos((measured + 5 * MS) as u64));
                let number = self.first.wrapping_add(frame);
                let instant = self.clock.instant(number, taken, Timestamp(arrived));
                (instant.0 - measured) as f64 / MS as f64
            });
            late.collect()
        }
    }

    fn tracker(hz: f64, with_times: bool) -> Tracker {
        Tracker { clock: FrameClock::default(), hz, first: u32::MAX - 100, with_times }
    }

    #[test]
    fn frames_that_are_held_up_are_of_when_they_were_measured() {
        for (hz, with_times) in [(40.0, false), (60.0, false), (400.0, false), (60.0, true)] {
            let mut tracker = tracker(hz, with_times);
            let seconds = |count: u32| count * hz as u32;
            tracker.late_ms(0..seconds(10), |_| 0);
            assert_eq!(tracker.clock.hz(), (!with_times).then_some(hz));
            let late = tracker.late_ms(seconds(10)..seconds(20), |_| 60);
            assert!(late.iter().all(|late| (-0.001..6.0).contains(late)), "{hz}: {late:?}");
            let jittered =
                tracker.late_ms(seconds(20)..seconds(30), |frame| (i64::from(frame) * 37) % 90);
            assert!(jittered.iter().all(|late| (-0.001..6.0).contains(late)), "{hz}: {jittered:?}");
        }
    }

    #[test]
    fn times_that_stand_still_are_none() {
        let mut clock = FrameClock::default();
        let taken = Some(Duration::from_secs(7));
        for frame in 0..1000_u32 {
            let arrived = Timestamp(i64::from(frame) * 25 * MS);
            assert_eq!(clock.instant(frame, taken, arrived), arrived);
        }
        assert_eq!(clock.hz(), Some(40.0), "they are counted instead");
    }

    #[test]
    fn until_the_rate_is_known_and_where_it_is_no_whole_number_a_frame_is_of_its_arrival() {
        let mut tracker = tracker(40.0, false);
        let late = tracker.late_ms(0..60, |_| 3);
        assert!(late.iter().all(|late| (3.0..4.0).contains(late)), "{late:?}");
        let mut odd = self::tracker(200.0 / 3.0, false);
        odd.late_ms(0..20_000, |_| 0);
        assert_eq!(odd.clock.hz(), None);
        odd.clock = FrameClock::new(Some(200.0 / 3.0));
        let late = odd.late_ms(20_000..20_100, |frame| if frame > 20_000 { 50 } else { 0 });
        assert!(late[1..].iter().all(|late| *late < 1.0), "{late:?}");
    }

    #[test]
    fn a_stall_while_it_is_learnt_makes_no_wrong_rate() {
        let mut tracker = tracker(60.0, false);
        // The newest frames of 400 ms come late, all but the last of them unseen.
        let seen: Vec<u32> = (0..3000).filter(|frame| !(100..124).contains(frame)).collect();
        for frame in seen {
            let held_up = if frame == 124 { 300 } else { 0 };
            tracker.late_ms(frame..frame + 1, |_| held_up);
            if let Some(hz) = tracker.clock.hz() {
                assert!((hz - 60.0).abs() < f64::EPSILON, "{hz} at {frame}");
            }
        }
        assert_eq!(tracker.clock.hz(), Some(60.0));
    }

    #[test]
    fn who_counts_anew_is_stamped_anew_at_once() {
        let mut tracker = tracker(40.0, false);
        tracker.late_ms(0..2000, |_| 0);
        let arrived = Timestamp(60_000 * MS);
        assert_eq!(tracker.clock.instant(3, None, arrived), arrived);
        assert_eq!(tracker.clock.hz(), Some(40.0), "its rate is as it was");
        let next = tracker.clock.instant(4, None, Timestamp(60_060 * MS));
        assert_eq!(next, Timestamp(60_025 * MS));
    }

    #[test]
    fn tools_of_two_kinds_may_be_of_frames_that_alternate() {
        for with_times in [false, true] {
            let mut tracker = tracker(60.0, with_times);
            tracker.late_ms(0..600, |_| 0);
            for first in (600..1200).step_by(2) {
                let late = tracker.late_ms(first + 1..first + 2, |_| 0);
                let before = tracker.late_ms(first..first + 1, |_| 17);
                for late in late.iter().chain(&before) {
                    assert!((-0.001..1.0).contains(late), "{late} ms");
                }
            }
        }
    }
}
