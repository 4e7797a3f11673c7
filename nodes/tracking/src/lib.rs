//! Instrument tracking: drivers of tracking systems, and what is to be made of their poses.
