//! Faults that no protocol reports, found in the poses themselves: each detector is pure, has a file of its own, and
//! states how often it is wrong about good poses.
//!
//! | module | fault |
//! | --- | --- |
//! | [`frozen`] | the same pose over and over |
//! | [`jump`] | faster than a hand |
//! | [`fixed_pair`] | two sensors of one body that move against each other, or lie apart otherwise than calibrated |
//! | [`reported_error`] | the tracking system's own error, too large for too long |
//! | [`clock_watch`] | a clock that drifts or has stepped, poses that arrive late or unevenly |
//! | [`false_alarm`] | from a rate of false alarms to thresholds |
//! | [`cusum`] | Page's cumulative sum, and its threshold |
//!
//! The rates hold for noise that is normal and independent from frame to frame, no larger than the parameters say
//! (for [`frozen`]: no smaller). Errors that change slowly with the place in the volume are no noise: they belong
//! into the tolerances.

pub mod clock_watch;
pub mod cusum;
pub mod false_alarm;
pub mod fixed_pair;
pub mod frozen;
pub mod jump;
pub mod reported_error;
