//! What makes a value a message: a schema with a version, its frames, and its arrays.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::{Array, ArrayRef, WireError};

/// A value that processes exchange.
///
/// The serde part is the header; arrays are `#[serde(skip)]` fields of type [`Bulk`](crate::Bulk)
/// that [`arrays`](Self::arrays) names and [`attach`](Self::attach) puts back.
pub trait Message: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The name of the message, such as `UltrasoundImage`.
    const SCHEMA: &'static str;
    /// Grows by one when the message changes; older versions stay readable.
    const VERSION: u32;
    /// The frames its coordinates are in; producer and consumer must name the same ones.
    const FRAMES: &'static [&'static str];
    /// How many of the last ones a publisher keeps for consumers that missed them; fewer if they are large.
    const KEPT: usize = KEPT_WITHOUT_ARRAYS;

    /// The arrays, in the order in which [`attach`](Self::attach) gets them back.
    fn arrays(&self) -> Vec<ArrayRef<'_>> {
        Vec::new()
    }

    /// Takes the arrays that came with the header and checks that they fit it.
    ///
    /// # Errors
    /// If the number, element type or shape of the arrays is not what the header says, or a value of
    /// the header makes no sense.
    fn attach(&mut self, arrays: Vec<Array>) -> Result<(), WireError> {
        if arrays.is_empty() {
            Ok(())
        } else {
            Err(WireError::Arrays {
                schema: Self::SCHEMA,
                reason: format!("expected no array, but {} came", arrays.len()),
            })
        }
    }
}

/// How many of the last ones are kept of messages without arrays; of others it must be fewer.
pub const KEPT_WITHOUT_ARRAYS: usize = 1024;

/// A schema as `describe` and the graph checks name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The name of the message.
    pub name: &'static str,
    /// Its version.
    pub version: u32,
    /// The frames its coordinates are in.
    pub frames: &'static [&'static str],
    /// How many of the last ones a publisher keeps for consumers that missed them.
    pub kept: usize,
}

impl Schema {
    /// The schema of a message type.
    pub const fn of<T: Message>() -> Self {
        Self { name: T::SCHEMA, version: T::VERSION, frames: T::FRAMES, kept: T::KEPT }
    }

    /// Whether its messages carry arrays, which are worth sharing memory for.
    pub const fn has_arrays(&self) -> bool {
        self.kept < KEPT_WITHOUT_ARRAYS
    }
}

/// Every message there is; those that come in several frames, in the first.
pub fn schemas() -> Vec<Schema> {
    vec![
        Schema::of::<crate::Distances>(),
        Schema::of::<crate::Event>(),
        Schema::of::<crate::Flushed>(),
        Schema::of::<crate::Health>(),
        Schema::of::<crate::InjectedFault>(),
        Schema::of::<crate::Instruction>(),
        Schema::of::<crate::IntensityVolume<crate::Preoperative>>(),
        Schema::of::<crate::JournalEntry>(),
        Schema::of::<crate::LabelVolume<crate::Preoperative>>(),
        Schema::of::<crate::LandmarkCheck>(),
        Schema::of::<crate::LandmarkTouch>(),
        Schema::of::<crate::Landmarks<crate::Preoperative>>(),
        Schema::of::<crate::LocatedImage>(),
        Schema::of::<crate::NodeStatus>(),
        Schema::of::<crate::Overlay>(),
        Schema::of::<crate::Registration>(),
        Schema::of::<crate::ReslicedImage>(),
        Schema::of::<crate::Scores>(),
        Schema::of::<crate::SegmentedImage>(),
        Schema::of::<crate::Surfaces<crate::Preoperative>>(),
        Schema::of::<crate::ToolPoses>(),
        Schema::of::<crate::UltrasoundImage>(),
        Schema::of::<crate::VesselTree<crate::Preoperative>>(),
        Schema::of::<crate::Volume>(),
    ]
}
