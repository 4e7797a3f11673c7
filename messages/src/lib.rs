//! What the processes of a procedure say to each other: time, frames, messages and their bytes.
//!
//! Nothing here touches a socket, a file or a clock. Lengths are millimetres, angles radians, times
//! nanoseconds, and the anatomical axes are LPS (x to the left, y to the back, z to the head).
//!
//! | module | idea |
//! | --- | --- |
//! | [`time`] | the instant on the session clock |
//! | [`frames`], [`transform`], [`affine`] | coordinate frames as types; neighbours must meet |
//! | [`bulk`] | arrays that are neither copied nor parsed |
//! | [`wire`] | a message as a CBOR sequence, and back |
//! | one file per message | [`tool_poses`], [`ultrasound_image`], [`located_image`], … |
//!
//! A released message never changes: its bytes lie in `golden/` and must decode for ever.

pub mod affine;
pub mod bulk;
pub mod centrelines;
pub mod displacement_field;
pub mod distances;
pub mod event;
pub mod flushed;
pub mod frames;
pub mod grey_window;
pub mod guidance;
pub mod health;
pub mod injected_fault;
pub mod instruction;
pub mod intensity_volume;
pub mod journal_entry;
pub mod label_volume;
pub mod landmark_check;
pub mod landmark_touch;
pub mod landmarks;
pub mod located_image;
pub mod message;
pub mod node_status;
pub mod overlay;
pub mod registration;
pub mod resliced_image;
pub mod scores;
pub mod segmented_image;
pub mod structure;
pub mod surfaces;
pub mod time;
pub mod tool_poses;
pub mod transform;
pub mod ultrasound_image;
pub mod vessel_tree;
pub mod volume;
pub mod wire;

pub use affine::Affine;
pub use bulk::Bulk;
pub use centrelines::Centrelines;
pub use displacement_field::{Displaced, DisplacementField};
pub use distances::{Alarm, Distances, StructureDistance, ToolDistances, ToolPlace};
pub use event::{Event, EventKind};
pub use flushed::{Flushed, FlushedStream};
pub use frames::{Frame, Image, Patient, Preoperative, Probe, Tool, Tracker, Voxel};
pub use grey_window::GreyWindow;
pub use guidance::Guidance;
pub use health::Health;
pub use injected_fault::{FaultPhase, InjectedFault};
pub use instruction::{Instruction, InstructionKind};
pub use intensity_volume::{IntensityVolume, Modality};
pub use journal_entry::{JournalEntry, Taken};
pub use label_volume::LabelVolume;
pub use landmark_check::LandmarkCheck;
pub use landmark_touch::LandmarkTouch;
pub use landmarks::{Landmark, Landmarks};
pub use located_image::{LocatedImage, Placement};
pub use message::{Message, Schema, schemas};
pub use node_status::{InputStatus, NodeStatus, OutputStatus, Percentiles};
pub use overlay::{Outline, Overlay};
pub use registration::{Alignment, Fit, Registration, RegistrationState};
pub use resliced_image::ReslicedImage;
pub use scores::{Score, Scores};
pub use segmented_image::{ModelIdentity, SegmentedImage};
pub use structure::{Structure, StructureKind};
pub use surfaces::{StructureSurface, Surfaces};
pub use time::{Stamped, Timestamp};
pub use tool_poses::{Pose, ToolPoses, TrackedTool, WrongTool};
pub use transform::{Point, Transform};
pub use ultrasound_image::UltrasoundImage;
pub use vessel_tree::VesselTree;
pub use volume::Volume;
