//! A queue between two threads that is bounded by the bytes waiting in it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A queue of values, each with its weight in bytes.
#[derive(Debug)]
pub struct ByteQueue<T> {
    capacity: usize,
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    values: VecDeque<(T, usize)>,
    bytes: usize,
    closed: bool,
}

/// What came out of a queue.
#[derive(Debug, PartialEq, Eq)]
pub enum Popped<T> {
    /// The oldest value.
    Value(T),
    /// Nothing came in time.
    Nothing,
    /// Nothing will come any more.
    Closed,
}

impl<T> ByteQueue<T> {
    /// A queue that takes `capacity` bytes; a heavier value is taken only into an empty queue.
    pub fn new(capacity: usize) -> Self {
        let state = State { values: VecDeque::new(), bytes: 0, closed: false };
        Self { capacity, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a value, waiting up to `patience` for room.
    ///
    /// # Errors
    /// Gives the value back if there is no room, or nobody takes anything out any more.
    pub fn push(&self, value: T, bytes: usize, patience: Duration) -> Result<(), T> {
        let full = |state: &mut State<T>| {
            !state.closed && state.bytes > 0 && state.bytes.saturating_add(bytes) > self.capacity
        };
        let mut state = self.state();
        if full(&mut state) && !patience.is_zero() {
            let waited = self.changed.wait_timeout_while(state, patience, full);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.closed || full(&mut state) {
            return Err(value);
        }
        state.bytes += bytes;
        state.values.push_back((value, bytes));
        self.changed.notify_all();
        Ok(())
    }

    /// Takes the oldest value, waiting up to `patience` for one.
    pub fn pop(&self, patience: Duration) -> Popped<T> {
        let empty = |state: &mut State<T>| !state.closed && state.values.is_empty();
        let waited = self.changed.wait_timeout_while(self.state(), patience, empty);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        match state.values.pop_front() {
            Some((value, bytes)) => {
                state.bytes -= bytes;
                self.changed.notify_all();
                Popped::Value(value)
            }
            None if state.closed => Popped::Closed,
            None => Popped::Nothing,
        }
    }

    /// Takes no more values; those that wait still come out.
    pub fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// The bytes that wait.
    pub fn bytes(&self) -> usize {
        self.state().bytes
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const NOW: Duration = Duration::ZERO;
    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn it_is_bounded_by_bytes_and_gives_back_what_does_not_fit() {
        let queue = ByteQueue::new(10);
        assert_eq!(queue.push('a', 6, NOW), Ok(()));
        assert_eq!(queue.push('b', 5, NOW), Err('b'));
        assert_eq!(queue.push('c', 4, NOW), Ok(()));
        assert_eq!(queue.bytes(), 10);
        assert_eq!(queue.pop(NOW), Popped::Value('a'));
        assert_eq!(queue.push('b', 6, NOW), Ok(()));
    }

    #[test]
    fn a_value_heavier_than_the_queue_goes_through_alone() {
        let queue = ByteQueue::new(10);
        assert_eq!(queue.push('a', 1, NOW), Ok(()));
        assert_eq!(queue.push('b', 100, NOW), Err('b'));
        assert_eq!(queue.pop(NOW), Popped::Value('a'));
        assert_eq!(queue.push('b', 100, NOW), Ok(()));
        assert_eq!(queue.push('c', 1, NOW), Err('c'));
    }

    #[test]
    fn what_waits_comes_out_after_closing_and_nothing_goes_in() {
        let queue = ByteQueue::new(10);
        assert_eq!(queue.push('a', 1, NOW), Ok(()));
        queue.close();
        assert_eq!(queue.push('b', 1, LONG), Err('b'));
        assert_eq!(queue.pop(LONG), Popped::Value('a'));
        assert_eq!(queue.pop(LONG), Popped::Closed);
    }

    #[test]
    fn who_waits_for_room_goes_on_when_there_is_some() {
        let queue = Arc::new(ByteQueue::new(10));
        assert_eq!(queue.push(0, 10, NOW), Ok(()));
        let waiting = Arc::clone(&queue);
        let pushed = std::thread::spawn(move || waiting.push(1, 10, LONG));
        assert_eq!(queue.pop(LONG), Popped::Value(0));
        assert_eq!(queue.pop(LONG), Popped::Value(1));
        assert_eq!(pushed.join().unwrap(), Ok(()));
    }
}
