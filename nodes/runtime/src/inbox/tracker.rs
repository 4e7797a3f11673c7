//! Finds what is missing in a stream from the numbers of what came.

/// What one arrival means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// It came before.
    pub duplicate: bool,
    /// The first and the last number that never came.
    pub lost: Option<(u64, u64)>,
    /// A deadline had passed before it came.
    pub met: bool,
}

/// Where a stream stands.
#[derive(Clone, Debug)]
pub struct Tracker {
    incarnation: u32,
    next: Option<u64>,
}

impl Tracker {
    /// Expects number 0 of incarnation 1, or, for one that joined later, whatever comes first.
    pub fn new(joined_late: bool) -> Self {
        Self { incarnation: 1, next: (!joined_late).then_some(0) }
    }

    /// A value or a blank came.
    pub fn arrived(&mut self, incarnation: u32, sequence: u64) -> Arrival {
        if incarnation < self.incarnation {
            return Arrival { duplicate: true, ..Arrival::default() };
        }
        if incarnation > self.incarnation {
            self.incarnation = incarnation;
            self.next = self.next.map(|_| 0);
        }
        let next = self.next.unwrap_or(sequence);
        if sequence < next {
            return Arrival { duplicate: true, ..Arrival::default() };
        }
        self.next = Some(sequence.saturating_add(1));
        Arrival { lost: (sequence > next).then(|| (next, sequence - 1)), ..Arrival::default() }
    }

    /// The end came: the stream had `count` values and blanks.
    pub fn ended(&mut self, incarnation: u32, count: u64) -> Arrival {
        if incarnation < self.incarnation {
            return Arrival { duplicate: true, ..Arrival::default() };
        }
        if incarnation > self.incarnation {
            self.incarnation = incarnation;
            self.next = self.next.map(|_| 0);
        }
        let next = self.next.unwrap_or(count);
        self.next = Some(count.max(next));
        Arrival { lost: (count > next).then(|| (next, count - 1)), ..Arrival::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(first: u64, last: u64) -> Arrival {
        Arrival { lost: Some((first, last)), ..Arrival::default() }
    }

    #[test]
    fn a_gap_is_named_and_a_repetition_ignored() {
        let mut tracker = Tracker::new(false);
        assert_eq!(tracker.arrived(1, 0), Arrival::default());
        assert_eq!(tracker.arrived(1, 3), lost(1, 2));
        assert!(tracker.arrived(1, 2).duplicate);
        assert_eq!(tracker.arrived(1, 4), Arrival::default());
    }

    #[test]
    fn the_end_names_what_is_missing_before_it() {
        let mut tracker = Tracker::new(false);
        assert_eq!(tracker.ended(1, 2), lost(0, 1));
        let mut tracker = Tracker::new(false);
        tracker.arrived(1, 0);
        assert_eq!(tracker.ended(1, 1), Arrival::default());
    }

    #[test]
    fn a_restart_counts_from_zero_again() {
        let mut tracker = Tracker::new(false);
        tracker.arrived(1, 0);
        assert_eq!(tracker.arrived(2, 1), lost(0, 0));
        assert!(tracker.arrived(1, 1).duplicate);
    }

    #[test]
    fn who_joins_late_misses_nothing_before() {
        let mut tracker = Tracker::new(true);
        assert_eq!(tracker.arrived(1, 40), Arrival::default());
        assert_eq!(tracker.arrived(1, 42), lost(41, 41));
    }
}
