//! Scripted faults of emulated devices: what goes wrong, when, and for which tool.
//!
//! A script is wholly determined by its text, its seed and the time since the start, so that a fault can be
//! repeated and asserted on. A line of a script:
//!
//! ```toml
//! [[faults]]
//! at_s = 12.0                       # since the start
//! for_s = 2.0                       # left out: to the end
//! tools = ["stylus"]                # left out: all
//! every_s = 30.0                    # left out: once; else once in each such stretch, at a random instant
//! fault.bias.shift_mm = [1.0, 0.0, 0.0]
//! ```
//!
//! | file | idea |
//! | --- | --- |
//! | `kind` | what can go wrong, with its numbers |
//! | `fault` | one line of a script, and when it is in force |
//! | `script` | all lines: what is in force, what begins and ends |
//! | `source` | a script in a graph file, or in a file of its own |
//! | `measure` | true poses to measured ones |
//! | `line_of_sight`, `field` | what stands in the way, and what bends a field |
//! | `device_clock`, `delivery` | a clock that drifts, and samples that leave the device late |
//! | `damage`, `connection` | damaged bytes, and connections that hang or break |
//! | `announce` | the same as messages, for whoever scores what was detected |

mod announce;
mod connection;
mod damage;
mod delivery;
mod device_clock;
mod fault;
mod field;
mod kind;
mod line_of_sight;
mod measure;
mod script;
mod source;
#[cfg(test)]
mod tests;

pub use connection::Connection;
pub use damage::Damage;
pub use fault::{Fault, InForce};
pub use kind::FaultKind;
pub use measure::{Hidden, Sight};
pub use script::{Change, FaultError, FaultScript};
pub use source::FaultSource;
