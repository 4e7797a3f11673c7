//! When the tracking system cannot see a tool: now and then somebody stands in its way.

use std::time::Duration;

use rand::RngExt;

use crate::randomness::{Purpose, stream};
use crate::tool_shape::ToolKind;

/// In each such stretch of time the probe is hidden once, wholly within it.
const STRETCH: Duration = Duration::from_secs(4);
/// Shortest and longest time hidden.
const HIDDEN_S: (f64, f64) = (0.2, 0.8);

/// The times in which a tool is hidden, wholly determined by the seed.
#[derive(Clone, Copy, Debug)]
pub struct Occlusions {
    seed: u64,
    purpose: Purpose,
}

impl Occlusions {
    /// The occlusions of the probe, of a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, purpose: Purpose::Occlusion }
    }

    /// The occlusions of a tool of a seed; each tool has its own. The references are never hidden, and
    /// a sensor in the organ is electromagnetic.
    pub(crate) fn of(tool: ToolKind, seed: u64) -> Option<Self> {
        let purpose = match tool {
            ToolKind::Probe => Purpose::Occlusion,
            ToolKind::Instrument => Purpose::InstrumentOcclusion,
            ToolKind::Stylus => Purpose::StylusOcclusion,
            ToolKind::Reference | ToolKind::SecondReference | ToolKind::Organ => return None,
        };
        Some(Self { seed, purpose })
    }

    /// Beginning and end, since the start, of the occlusion number `index` (one every four seconds).
    pub fn phase(&self, index: u64) -> (Duration, Duration) {
        let mut rng = stream(self.seed, self.purpose, index);
        let length = rng.random_range(HIDDEN_S.0..=HIDDEN_S.1);
        let wait = rng.random_range(0.0..=STRETCH.as_secs_f64() - length);
        let stretch = u64::try_from(STRETCH.as_nanos()).unwrap_or(u64::MAX);
        let begin =
            Duration::from_nanos(index.saturating_mul(stretch)) + Duration::from_secs_f64(wait);
        (begin, begin + Duration::from_secs_f64(length))
    }

    /// Whether the tool is hidden at a time since the start.
    pub fn hidden(&self, elapsed: Duration) -> bool {
        let index = u64::try_from(elapsed.as_nanos() / STRETCH.as_nanos()).unwrap_or(u64::MAX);
        let (begin, end) = self.phase(index);
        (begin..end).contains(&elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eighth_of_the_time_is_hidden_in_phases_of_stated_length() {
        let occlusions = Occlusions::new(21);
        let step = Duration::from_millis(10);
        let (mut hidden, mut runs, mut run) = (0u32, Vec::new(), 0u32);
        for i in 0..100_000 {
            if occlusions.hidden(step * i) {
                hidden += 1;
                run += 1;
            } else if run > 0 {
                runs.push(run);
                run = 0;
            }
        }
        let fraction = f64::from(hidden) / 100_000.0;
        assert!((0.11..0.14).contains(&fraction), "{fraction}");
        assert!((230..=250).contains(&runs.len()), "{} phases in 1000 s", runs.len());
        // Two phases may touch at the end of a stretch; the rest last 0.2 to 0.8 s.
        let regular = runs.iter().filter(|run| (19..=81).contains(*run)).count();
        assert!(regular + 6 >= runs.len());
    }

    #[test]
    fn a_phase_hides_from_its_beginning_to_its_end() {
        let occlusions = Occlusions::new(5);
        let instant = Duration::from_nanos(1);
        for index in [0, 1, 2, 1000, 1_000_000] {
            let (begin, end) = occlusions.phase(index);
            assert!(occlusions.hidden(begin) && !occlusions.hidden(end));
            assert!(occlusions.hidden(end.saturating_sub(instant)));
            assert!(STRETCH * (index as u32) <= begin && end <= STRETCH * (index as u32 + 1));
        }
        assert_ne!(Occlusions::new(6).phase(0), occlusions.phase(0));
    }
}
