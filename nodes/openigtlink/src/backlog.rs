//! A queue for somebody who may be slow: what is large waits once for each name, what is small waits in order, and
//! nothing grows without bound.

use std::collections::VecDeque;

/// How something waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waits {
    /// In order; when too many wait, the oldest go.
    InOrder,
    /// Only the newest under this name.
    Newest(String),
}

/// What was not taken because its place was needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Of what waits in order.
    pub in_order: u64,
    /// Of what gave way to something newer.
    pub superseded: u64,
}

/// The queue.
#[derive(Debug)]
pub struct Backlog<T> {
    capacity: usize,
    in_order: VecDeque<T>,
    newest: VecDeque<(String, T)>,
    dropped: Dropped,
    /// Whether a large one is next if both wait, so that neither kind starves.
    large_next: bool,
}

/// So many names wait at most; beyond them the oldest goes.
const MOST_NAMES: usize = 256;

impl<T> Backlog<T> {
    /// So many small ones wait at most.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            in_order: VecDeque::new(),
            newest: VecDeque::new(),
            dropped: Dropped::default(),
            large_next: false,
        }
    }

    /// Adds something.
    pub fn push(&mut self, value: T, waits: Waits) {
        match waits {
            Waits::InOrder => {
                if self.in_order.len() == self.capacity {
                    self.in_order.pop_front();
                    self.dropped.in_order += 1;
                }
                self.in_order.push_back(value);
            }
            Waits::Newest(name) => {
                // It keeps the place of the one before: a name that comes often is not put off for ever.
                if let Some((_, older)) = self.newest.iter_mut().find(|(other, _)| *other == name) {
                    *older = value;
                    self.dropped.superseded += 1;
                    return;
                }
                if self.newest.len() == MOST_NAMES {
                    self.newest.pop_front();
                    self.dropped.superseded += 1;
                }
                self.newest.push_back((name, value));
            }
        }
    }

    /// Takes the next.
    pub fn pop(&mut self) -> Option<T> {
        let large = self.in_order.is_empty() || self.large_next && !self.newest.is_empty();
        self.large_next = !large;
        if large {
            self.newest.pop_front().map(|(_, value)| value)
        } else {
            self.in_order.pop_front()
        }
    }

    /// Removes what waits only as the newest and is no longer so.
    pub fn withdraw(&mut self, is_withdrawn: impl Fn(&T) -> bool) {
        self.newest.retain(|(_, value)| !is_withdrawn(value));
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.in_order.len() + self.newest.len()
    }

    /// Whether none wait.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was dropped since the last question.
    pub fn take_dropped(&mut self) -> Dropped {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<T>(backlog: &mut Backlog<T>) -> Vec<T> {
        std::iter::from_fn(|| backlog.pop()).collect()
    }

    #[test]
    fn small_ones_keep_their_order_and_the_oldest_go() {
        let mut backlog = Backlog::new(3);
        (0..5).for_each(|value| backlog.push(value, Waits::InOrder));
        assert_eq!(backlog.take_dropped(), Dropped { in_order: 2, superseded: 0 });
        assert_eq!(backlog.take_dropped(), Dropped::default());
        assert_eq!(all(&mut backlog), [2, 3, 4]);
    }

    #[test]
    fn of_large_ones_the_newest_of_each_name_waits() {
        let mut backlog = Backlog::new(3);
        for (name, value) in [("a", 1), ("b", 2), ("a", 3), ("a", 4)] {
            backlog.push(value, Waits::Newest(name.to_owned()));
        }
        assert_eq!(backlog.len(), 2);
        assert_eq!(backlog.take_dropped().superseded, 2);
        assert_eq!(all(&mut backlog), [4, 2]);
    }

    #[test]
    fn neither_kind_waits_for_ever_for_the_other() {
        let mut backlog = Backlog::new(100);
        let mut taken = Vec::new();
        for round in 0..20 {
            backlog.push("small", Waits::InOrder);
            backlog.push("large", Waits::Newest("volume".to_owned()));
            if round % 2 == 0 {
                taken.extend(backlog.pop());
            }
        }
        assert!(taken.contains(&"small") && taken.contains(&"large"), "{taken:?}");
    }

    #[test]
    fn names_without_end_take_no_memory_without_end() {
        let mut backlog = Backlog::new(1);
        (0..1000).for_each(|at| backlog.push(at, Waits::Newest(at.to_string())));
        assert_eq!(backlog.len(), MOST_NAMES);
        assert_eq!(backlog.take_dropped().superseded, 744);
        backlog.withdraw(|at| *at < 900);
        assert_eq!(backlog.len(), 100);
        assert!(!backlog.is_empty());
    }
}
