//! Instrument tracking: drivers of tracking systems, and what is to be made of their poses.
//!
//! | module | idea |
//! | --- | --- |
//! | [`openigtlink`] | the device of poses of an OpenIGTLink server |

pub mod openigtlink;
