//! A suspicion in a sentence: what was seen, what it may be, and what to look at.

use super::parameters::PairLimits;
use crate::plausibility::clock_watch::ClockState;
use crate::plausibility::fixed_pair::Loose;
use crate::plausibility::frozen::Standstill;
use crate::plausibility::jump::{Jumped, Rule};
use crate::plausibility::reported_error;

/// A pose that stands still. The time is left out, so that the reason does not change with every frame.
pub fn of_standstill(name: &str, still: Standstill) -> String {
    let seen = if still.identical { "comes again and again unchanged" } else { "has no noise" };
    format!(
        "`{name}` is frozen: its pose {seen}, as no measured one does; look whether the tracker still measures or its driver repeats the last pose"
    )
}

/// A motion that no hand makes.
pub fn of_jump(name: &str, jumped: Jumped, rule: &Rule) -> String {
    format!(
        "`{name}` jumped: {:.1} mm and {:.1}° within {:.0} ms, and no hand exceeds {:.0} mm/s and {:.0}°/s; look for markers that are mixed up or half covered, reflections, or a sensor that was knocked off",
        jumped.moved_mm,
        jumped.turned_rad.to_degrees(),
        jumped.within.as_secs_f64() * 1e3,
        rule.max_speed_mm_s,
        rule.max_turn_rad_s.to_degrees(),
    )
}

/// The tracker's own error is too large.
pub fn of_error(name: &str, rule: reported_error::Rule) -> String {
    format!(
        "`{name}` is measured badly: the tracker itself gives it an error above {} mm in {} frames one after the other; look for metal near the field generator, covered markers, or the border of the volume",
        rule.max_error_mm, rule.frames
    )
}

/// Two sensors that are not what they should be to each other.
pub fn of_pair(limits: &PairLimits, loose: Loose) -> String {
    let [first, second] = &limits.tools;
    match loose {
        // Tenths of a millimetre would change with the noise.
        Loose::Moved { by_mm, by_rad } => format!(
            "`{first}` and `{second}` are fixed to one body but moved against each other by about {by_mm:.0} mm and {:.0}°: one has come off or was bent; fasten it, and register anew",
            by_rad.to_degrees()
        ),
        Loose::Apart { seen_mm, calibrated_mm } => format!(
            "`{first}` and `{second}` seem to be {seen_mm:.0} mm apart, but are {calibrated_mm:.1} mm: the magnetic field is distorted, or one has come off; take metal and cables away from the field generator and the sensors, then look at their seats"
        ),
        Loose::Unsteady => format!(
            "`{first}` and `{second}` should be fixed to one body but do not keep still against each other: look whether both are fastened, and whether the noise and tolerances of the graph are the tracker's"
        ),
    }
}

/// What the clock does; none if nothing.
pub fn of_clock(clock: ClockState) -> Option<String> {
    let way = |amount: f64| if amount > 0.0 { "later" } else { "earlier" };
    match clock {
        ClockState::Sound => None,
        ClockState::Drifts { ppm } => Some(format!(
            "the clock of the poses drifts: they arrive {} by about {:.0} µs each second; look at the tracker's clock and its synchronisation",
            way(ppm),
            (ppm.abs() / 10.0).round() * 10.0
        )),
        ClockState::Uneven { by_ms } => Some(format!(
            "poses arrive unevenly: half of them {by_ms:.0} ms or more later than the quickest at the start; look at the network, the load of this machine and whatever else uses the tracker's line"
        )),
        ClockState::Off { by_ms, ppm } => {
            let how = if ppm.is_some() { "has drifted" } else { "has stepped" };
            Some(format!(
                "the clock of the poses {how}, or their way has changed: they arrive {:.0} ms {} than at the start; look at the tracker's clock and the network, then set the node's parameters anew",
                by_ms.abs(),
                way(by_ms)
            ))
        }
    }
}
