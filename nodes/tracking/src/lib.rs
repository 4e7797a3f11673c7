//! Instrument tracking: drivers of tracking systems, and what is to be made of their poses.
//!
//! | module | idea |
//! | --- | --- |
//! | [`plausibility`] | faults that no protocol reports, found in the poses themselves |
//! | [`vet_poses`] | the node `vet_poses`: hides tools whose poses cannot be true |

pub mod plausibility;
pub mod vet_poses;
