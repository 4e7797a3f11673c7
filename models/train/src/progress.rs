//! The line that says how far a training is, how well it goes, and how long it will take.

use std::fmt;
use std::time::Duration;

/// Where a training stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Steps done.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// Mean loss since the last line.
    pub loss: f64,
    /// Dice on held-out patients with the weights of now.
    pub dice: f64,
    /// Since the start.
    pub elapsed: Duration,
}

impl Progress {
    /// Time that is left if the rest goes as fast as what is done; none before the first step.
    pub fn remaining(&self) -> Option<Duration> {
        let left = self.steps.saturating_sub(self.step) as f64;
        (self.step > 0).then(|| self.elapsed.mul_f64(left / self.step as f64))
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.steps.to_string().len();
        write!(
            formatter,
            "step {:>width$}/{}  loss {:.3}  Dice on held-out patients {:.3}  ",
            self.step, self.steps, self.loss, self.dice
        )?;
        match self.remaining() {
            Some(left) if left >= Duration::from_secs(1) => {
                let seconds = left.as_secs();
                write!(formatter, "about {}:{:02} min left", seconds / 60, seconds % 60)
            }
            _ => write!(formatter, "{} s", self.elapsed.as_secs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_it_stands() {
        let progress = Progress {
            step: 250,
            steps: 1000,
            loss: 0.1234,
            dice: 0.8765,
            elapsed: Duration::from_secs(50),
        };
        assert_eq!(progress.remaining(), Some(Duration::from_secs(150)));
        let line = progress.to_string();
        assert_eq!(
            line,
            "step  250/1000  loss 0.123  Dice on held-out patients 0.876  about 2:30 min left"
        );
        let done = Progress { step: 1000, elapsed: Duration::from_secs(200), ..progress };
        assert!(done.to_string().ends_with("200 s"));
        assert_eq!(Progress { step: 0, ..progress }.remaining(), None);
    }
}
