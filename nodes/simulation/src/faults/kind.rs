//! What can go wrong with a device, and the numbers of each fault.

use schemars::JsonSchema;
use serde::Deserialize;

use super::script::FaultError;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// The tool is not found in some of the samples.
    Dropout {
        /// In how many of them; 1 for all.
        #[schemars(range(min = 0, max = 1))]
        share: f64,
    },
    /// Something round stands, or moves, between the cameras and the tool. Both cameras must see a marker.
    Occlusion {
        /// Its middle when the fault begins, in the tracker's frame.
        centre_mm: [f64; 3],
        /// Its radius.
        #[schemars(range(min = 0))]
        radius_mm: f64,
        /// How it moves.
        #[serde(default)]
        moves_mm_per_s: [f64; 3],
        /// How far the cameras are apart, along the tracker's y axis.
        #[serde(default = "cameras_apart_mm")]
        #[schemars(default = "cameras_apart_mm", range(min = 0))]
        cameras_apart_mm: f64,
    },
    /// What the device measures leaves it late, now more, now less, evenly spread, and nothing overtakes. With `tools`, their
    /// poses alone are each of an earlier instant, and nothing tells of it.
    Jitter {
        /// The most by which it is late.
        #[schemars(range(min = 0, max = 10_000))]
        up_to_ms: f64,
    },
    /// The pose is off by the same amount, always.
    Bias {
        /// How far, along the tracker's axes.
        #[serde(default)]
        shift_mm: [f64; 3],
        /// By how much it is turned about the tool's own axes, as a rotation vector.
        #[serde(default)]
        turn_deg: [f64; 3],
    },
    /// Normally distributed noise, on top of what the device has of itself.
    Noise {
        /// Standard deviation along each axis.
        #[serde(default)]
        #[schemars(range(min = 0))]
        position_mm: f64,
        /// Standard deviation of the turn about each axis.
        #[serde(default)]
        #[schemars(range(min = 0))]
        rotation_deg: f64,
    },
    /// What the device measures leaves it later than it did. With `tools`, their poses alone are those of an earlier instant,
    /// and nothing tells of it.
    Latency {
        /// How much later.
        #[schemars(range(min = 0, max = 10_000))]
        by_ms: f64,
    },
    /// The device's clock runs fast, or slow: its frame numbers and times run away, and stay off afterwards.
    ClockDrift {
        /// By how many millionths; below 0 it runs slow.
        #[schemars(range(min = -100_000, max = 100_000))]
        ppm: f64,
    },
    /// The pose stays as it was when the fault began.
    Frozen {
        /// Whether the device's frame numbers stand still as well.
        frame_numbers: bool,
    },
    /// The tool is said to be outside of the measurement volume.
    OutOfVolume,
    /// Metal bends the field of an electromagnetic tracker: an error with a direction that changes smoothly from place to
    /// place, and grows with the distance from the field generator.
    FieldDistortion {
        /// The distance at which the error is the one that is given.
        #[schemars(range(min = 1))]
        reference_mm: f64,
        /// The error of the position there.
        #[schemars(range(min = 0))]
        error_mm: f64,
        /// The error of the direction there.
        #[serde(default)]
        #[schemars(range(min = 0, max = 180))]
        error_deg: f64,
        /// The power of the distance with which it grows.
        #[serde(default = "power")]
        #[schemars(default = "power", range(min = 0, max = 6))]
        power: f64,
    },
    /// The sensor comes off and sits elsewhere on its tool, or on the patient.
    Detachment {
        /// How far it slips, along the tool's axes.
        #[serde(default)]
        slip_mm: [f64; 3],
        /// By how much it turns about the tool's axes, as a rotation vector.
        #[serde(default)]
        slip_deg: [f64; 3],
        /// How long the slip takes.
        #[serde(default = "within_s")]
        #[schemars(default = "within_s", range(min = 0, max = 60))]
        within_s: f64,
    },
    /// The cable of the tool is pulled out of its port.
    Unplugged,
    /// The checksum of some replies does not fit.
    WrongCrc {
        /// Of how many; 1 for all.
        #[schemars(range(min = 0, max = 1))]
        share: f64,
    },
    /// Some replies end in the middle.
    HalfFrames {
        /// How many; 1 for all.
        #[schemars(range(min = 0, max = 1))]
        share: f64,
    },
    /// The connection stays open, but nothing comes any more.
    StuckConnection,
    /// The power fails: connections break and are refused, and the device comes back as if just switched on.
    PowerCycle,
    /// The emulator's process ends at once, without a word. Happens in an instant.
    ProcessKill,
}

fn cameras_apart_mm() -> f64 {
    500.0
}

fn power() -> f64 {
    4.0
}

fn within_s() -> f64 {
    0.2
}

/// The farthest that anything is away, mm.
const FAR_MM: f64 = 1e5;

impl FaultKind {
    /// As it is written in a script.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dropout { .. } => "dropout",
            Self::Occlusion { .. } => "occlusion",
            Self::Jitter { .. } => "jitter",
            Self::Bias { .. } => "bias",
            Self::Noise { .. } => "noise",
            Self::Latency { .. } => "latency",
            Self::ClockDrift { .. } => "clock_drift",
            Self::Frozen { .. } => "frozen",
            Self::OutOfVolume => "out_of_volume",
            Self::FieldDistortion { .. } => "field_distortion",
            Self::Detachment { .. } => "detachment",
            Self::Unplugged => "unplugged",
            Self::WrongCrc { .. } => "wrong_crc",
            Self::HalfFrames { .. } => "half_frames",
            Self::StuckConnection => "stuck_connection",
            Self::PowerCycle => "power_cycle",
            Self::ProcessKill => "process_kill",
        }
    }

    /// Whether it concerns the device as a whole, and no tool alone.
    pub fn is_of_device(&self) -> bool {
        match self {
            Self::ClockDrift { .. }
            | Self::WrongCrc { .. }
            | Self::HalfFrames { .. }
            | Self::StuckConnection
            | Self::PowerCycle
            | Self::ProcessKill => true,
            // Frame numbers are the device's: when they stand still, they do so for all tools.
            Self::Frozen { frame_numbers } => *frame_numbers,
            _ => false,
        }
    }

    /// Whether it is over as soon as it has happened.
    pub fn is_instant(&self) -> bool {
        matches!(self, Self::ProcessKill)
    }

    /// Refuses numbers that make no sense in line number `line`.
    pub(super) fn check(&self, line: u32) -> Result<(), FaultError> {
        let range = |name: &'static str, value: f64, low: f64, high: f64| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                let fault = self.name();
                Err(FaultError::OutOfRange {
                    line,
                    name: format!("{fault}.{name}"),
                    low,
                    high,
                    value,
                })
            }
        };
        let vector = |name: &'static str, values: &[f64; 3], most: f64| {
            values.iter().try_for_each(|value| range(name, *value, -most, most))
        };
        match self {
            Self::Dropout { share } | Self::WrongCrc { share } | Self::HalfFrames { share } => {
                range("share", *share, 0.0, 1.0)
            }
            Self::Occlusion { centre_mm, radius_mm, moves_mm_per_s, cameras_apart_mm } => {
                vector("centre_mm", centre_mm, FAR_MM)?;
                range("radius_mm", *radius_mm, 0.0, FAR_MM)?;
                vector("moves_mm_per_s", moves_mm_per_s, FAR_MM)?;
                range("cameras_apart_mm", *cameras_apart_mm, 0.0, FAR_MM)
            }
            Self::Jitter { up_to_ms } => range("up_to_ms", *up_to_ms, 0.0, 10_000.0),
            Self::Bias { shift_mm, turn_deg } => {
                vector("shift_mm", shift_mm, FAR_MM)?;
                vector("turn_deg", turn_deg, 180.0)
            }
            Self::Noise { position_mm, rotation_deg } => {
                range("position_mm", *position_mm, 0.0, FAR_MM)?;
                range("rotation_deg", *rotation_deg, 0.0, 180.0)
            }
            Self::Latency { by_ms } => range("by_ms", *by_ms, 0.0, 10_000.0),
            Self::ClockDrift { ppm } => range("ppm", *ppm, -100_000.0, 100_000.0),
            Self::FieldDistortion { reference_mm, error_mm, error_deg, power } => {
                range("reference_mm", *reference_mm, 1.0, FAR_MM)?;
                range("error_mm", *error_mm, 0.0, FAR_MM)?;
                range("error_deg", *error_deg, 0.0, 180.0)?;
                range("power", *power, 0.0, 6.0)
            }
            Self::Detachment { slip_mm, slip_deg, within_s } => {
                vector("slip_mm", slip_mm, FAR_MM)?;
                vector("slip_deg", slip_deg, 180.0)?;
                range("within_s", *within_s, 0.0, 60.0)
            }
            Self::Frozen { .. }
            | Self::OutOfVolume
            | Self::Unplugged
            | Self::StuckConnection
            | Self::PowerCycle
            | Self::ProcessKill => Ok(()),
        }
    }
}
