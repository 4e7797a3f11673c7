//! Registers what is seen of a vessel tree now to the tree that was seen before.
//!
//! A [`Reference`] is prepared once from the preoperative tree. [`Reference::register`] finds the pose of an
//! intraoperative tree without a guess, refines it, bends it and says how far it can be trusted;
//! [`Reference::update`] does so from the last pose. What cannot be trusted is refused with the reason, and then there
//! is no pose to be used by mistake.
//!
//! | module | idea |
//! | --- | --- |
//! | [`console`] | the device through which a person accepts, rejects or checks a registration |
//! | [`register`], [`procedure`], [`field`] | the node, the registration of one operation, and as it is sent |
//! | [`standing`], [`touched`] | whether it may guide: what fits, persons and landmarks say to that |
//! | [`touch_landmark`], [`rest`] | the node that says where a landmark is touched |
//! | [`mod@reference`], [`parameters`] | the whole way from two trees to a registration, and what steers it |
//! | [`global`], [`landmarks`], [`coarse`], [`shortlist`] | the pose without a guess: pairs of branch points laid on pairs |
//! | [`rigid`] | a pose that is about right, refined, with its covariance |
//! | [`deformable`], [`error_bound`] | the bending, and how large its error may be at each point |
//! | [`assessment`], [`measure`], [`straightness`] | the verdict, and the figures that say why |
//! | [`target`], [`kd_tree`], [`score`] | what of the preoperative tree is near, and how well it agrees |
//!
//! Trees are [`messages::Centrelines`]. Lengths are millimetres, angles radians, axes LPS. The *source* is the
//! intraoperative tree, the *target* the preoperative one; poses are `target_from_source`. Everything is pure: no
//! clock, no file, nothing random.

pub mod assessment;
pub mod coarse;
pub mod console;
pub mod deformable;
pub mod error_bound;
pub mod field;
pub mod global;
pub mod kd_tree;
pub mod landmarks;
pub mod measure;
pub mod parameters;
pub mod procedure;
pub mod reference;
pub mod register;
pub mod rest;
pub mod rigid;
pub mod score;
pub mod shortlist;
pub mod standing;
pub mod straightness;
pub mod target;
pub mod touch_landmark;
pub mod touched;

pub use assessment::{Assessment, Doubt, FitFigures, Refusal, Trust, Verdict, Which};
pub use deformable::{DeformableError, DeformableParameters, Deformation};
pub use global::{GlobalParameters, PoseLimits};
pub use parameters::{ParameterError, Parameters};
pub use reference::{Outcome, Reference, Registration};
pub use rigid::{RigidFit, RigidParameters};
