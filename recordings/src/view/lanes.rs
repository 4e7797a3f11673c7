//! States over time, each a lane that is green, yellow or red: what may guide, what is registered, what
//! is near, what is healthy.

use std::collections::BTreeMap;

use super::canvas::CanvasError;
use super::painter::Painter;

/// How good a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As it should be.
    Good,
    /// Nothing yet.
    Waiting,
    /// Look.
    Doubtful,
    /// Stop.
    Bad,
}

impl Grade {
    /// Red, green and blue.
    pub fn colour(self) -> [u8; 3] {
        match self {
            Self::Good => [60, 170, 90],
            Self::Waiting => [110, 115, 125],
            Self::Doubtful => [240, 180, 40],
            Self::Bad => [225, 55, 50],
        }
    }
}

/// The states that every lane may have.
const STATES: [(&str, Grade); 14] = [
    ("valid", Grade::Good),
    ("unverified", Grade::Doubtful),
    ("blank", Grade::Bad),
    ("not registered", Grade::Waiting),
    ("accepted", Grade::Good),
    ("degraded", Grade::Doubtful),
    ("refused", Grade::Bad),
    ("clear", Grade::Good),
    ("warning", Grade::Doubtful),
    ("danger", Grade::Bad),
    ("unknown", Grade::Waiting),
    ("hidden", Grade::Waiting),
    ("healthy", Grade::Good),
    ("not healthy", Grade::Doubtful),
];

/// How good the state of this name is; what is not known is doubtful.
#[cfg(test)]
pub fn grade(state: &str) -> Grade {
    STATES.iter().find(|(name, _)| *name == state).map_or(Grade::Doubtful, |(_, grade)| *grade)
}

/// The state of each lane.
pub type Lanes = BTreeMap<String, &'static str>;

impl Painter {
    /// Puts a lane `states/…` into a state, if it is not in it; returns whether it was in another.
    pub(super) fn state(&mut self, lane: &str, state: &'static str) -> Result<bool, CanvasError> {
        let entity = format!("states/{lane}");
        match self.lanes.insert(lane.to_owned(), state) {
            Some(before) if before == state => return Ok(false),
            Some(_) => {}
            None => self.canvas.draw_always(&entity, &configuration())?,
        }
        self.canvas.draw(&entity, &rerun::StateChange::single(state), state.len())?;
        Ok(true)
    }
}

fn configuration() -> rerun::StateConfiguration {
    rerun::StateConfiguration::new().with_values(STATES.map(|(name, _)| name)).with_colors(
        STATES.map(|(_, grade)| {
            let [r, g, b] = grade.colour();
            rerun::Color::from_rgb(r, g, b)
        }),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_state_has_one_grade_and_each_grade_its_colour() {
        let names: HashSet<&str> = STATES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), STATES.len());
        let grades = [Grade::Good, Grade::Waiting, Grade::Doubtful, Grade::Bad];
        assert_eq!(grades.map(Grade::colour).into_iter().collect::<HashSet<_>>().len(), 4);
        assert_eq!((grade("danger"), grade("what?")), (Grade::Bad, Grade::Doubtful));
    }
}
