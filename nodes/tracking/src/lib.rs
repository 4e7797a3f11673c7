//! Instrument tracking: drivers of tracking systems, and what is to be made of their poses.
//!
//! | module | idea |
//! | --- | --- |
//! | [`ndi`] | trackers of NDI: Polaris, Vega, Aurora |
//! | [`openigtlink`] | poses from any OpenIGTLink server |
//! | [`plausibility`] | faults that no protocol reports, found in the poses themselves |
//! | [`vet_poses`] | the node `vet_poses`: hides tools whose poses cannot be true |

pub mod ndi;
pub mod openigtlink;
pub mod plausibility;
pub mod vet_poses;
