//! The outlines of structures in the pixels of a live image.

use serde::{Deserialize, Serialize};

use crate::bulk::Bulk;
use crate::guidance::Guidance;
use crate::message::Message;
use crate::structure::Structure;
use crate::wire::{Array, ArrayRef, WireError};

/// Where the plane of one image cuts the structures of the map.
///
/// Its `acquired_at` is that of the image: both belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overlay {
    /// Columns of the image.
    pub width_px: u32,
    /// Rows of the image.
    pub height_px: u32,
    /// Whether it may guide. If it is blank, there are no outlines.
    pub guidance: Guidance,
    /// What may be cut; an outline names one by its index.
    pub structures: Vec<Structure>,
    /// The outlines; those of one structure may be several.
    pub outlines: Vec<Outline>,
    /// How many points all outlines have together.
    pub points: u32,
    /// `points × 2` places in the image, x to the right and y down, pixels; those of the first outline
    /// come first.
    #[serde(skip)]
    pub points_px: Bulk<f32>,
}

/// One closed or open line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// Index of its structure.
    pub structure: u16,
    /// How many points it has.
    pub points: u32,
    /// Whether its last point is joined to its first; open where the map ends.
    pub closed: bool,
    /// What the error of its place does not exceed in 95 of 100 cases, pixels.
    pub error_px: f32,
}

impl Overlay {
    /// Each outline with its points.
    pub fn lines(&self) -> impl Iterator<Item = (&Outline, &[[f32; 2]])> {
        let (points, _) = self.points_px.as_slice().as_chunks::<2>();
        let mut rest = points;
        self.outlines.iter().map_while(move |outline| {
            let (line, after) = rest.split_at_checked(outline.points as usize)?;
            rest = after;
            Some((outline, line))
        })
    }
}

impl Message for Overlay {
    const SCHEMA: &'static str = "Overlay";
    const VERSION: u32 = 1;
    const FRAMES: &'static [&'static str] = &["image"];
    const KEPT: usize = 16;

    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        vec![ArrayRef::new("points_px", &self.points_px, &[self.points.into(), 2])]
    }

    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        let [points] = crate::wire::exactly(Self::SCHEMA, arrays)?;
        self.points_px = points.expect(Self::SCHEMA, "points_px", &[self.points.into(), 2])?;
        let wrong = |reason: String| Err(WireError::Arrays { schema: Self::SCHEMA, reason });
        let sum: u64 = self.outlines.iter().map(|outline| u64::from(outline.points)).sum();
        if sum != u64::from(self.points) {
            return wrong(format!("the outlines have {sum} points, but {} came", self.points));
        }
        let known = self.structures.len();
        match self.outlines.iter().find(|outline| usize::from(outline.structure) >= known) {
            Some(Outline { structure, .. }) => {
                wrong(format!("an outline belongs to structure {structure}, but there are {known}"))
            }
            None => Ok(()),
        }
    }
}
