//! How far a tool is, told now and then once it takes a while.

use std::time::Duration;

use runtime::clock;

/// Time since an earlier reading of [`clock::monotonic`].
pub(crate) fn since(earlier: Duration) -> Duration {
    Duration::from_nanos(clock::nanoseconds_since(earlier))
}

/// Tells people, on the standard error.
pub(crate) struct Progress {
    what: &'static str,
    all: Option<usize>,
    started: Duration,
    told: Duration,
}

impl Progress {
    /// Starts now; `what` is counted, such as `images`, and `all` is how many there will be, if that is known.
    pub(crate) fn new(what: &'static str, all: Option<usize>) -> Self {
        let now = clock::monotonic();
        Self { what, all, started: now, told: now }
    }

    /// So many are done.
    pub(crate) fn tell(&mut self, done: usize) {
        if since(self.told) < Duration::from_secs(2) {
            return;
        }
        self.told = clock::monotonic();
        let rate = done as f64 / since(self.started).as_secs_f64();
        let what = self.what;
        match self.all {
            Some(all) => {
                let left = all.saturating_sub(done) as f64 / rate.max(1e-9);
                eprintln!("  {done} of {all} {what}, {rate:.0} {what}/s, {left:.0} s left");
            }
            None => eprintln!("  {done} {what}, {rate:.0} {what}/s"),
        }
    }
}
