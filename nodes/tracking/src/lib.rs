//! Instrument tracking: drivers of tracking systems, and what is to be made of their poses.
//!
//! | module | idea |
//! | --- | --- |
//! | [`ndi`] | trackers of NDI: Polaris, Vega, Aurora |

pub mod ndi;
