//! What is said of guidance, alarms and distances, and how loud.

use messages::{Alarm, Guidance, InstructionKind, StructureDistance};

use super::lanes::Grade;

/// The level of the log.
pub fn level(grade: Grade) -> &'static str {
    match grade {
        Grade::Good | Grade::Waiting => rerun::TextLogLevel::INFO,
        Grade::Doubtful => rerun::TextLogLevel::WARN,
        Grade::Bad => rerun::TextLogLevel::ERROR,
    }
}

/// Whether it may guide, and why not.
pub fn guidance(guidance: &Guidance) -> String {
    match guidance {
        Guidance::Valid => "may guide".to_owned(),
        Guidance::Unverified { reason } => format!("unverified: {reason}"),
        Guidance::Blank { reason } => format!("blank: {reason}"),
    }
}

/// The state of a lane.
pub fn guidance_state(guidance: &Guidance) -> &'static str {
    match guidance {
        Guidance::Valid => "valid",
        Guidance::Unverified { .. } => "unverified",
        Guidance::Blank { .. } => "blank",
    }
}

/// How good it is.
pub fn guidance_grade(guidance: &Guidance) -> Grade {
    match guidance {
        Guidance::Valid => Grade::Good,
        Guidance::Unverified { .. } => Grade::Doubtful,
        Guidance::Blank { .. } => Grade::Bad,
    }
}

/// The name of an alarm, which is the state of a lane too.
pub fn alarm(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Clear => "clear",
        Alarm::Warning => "warning",
        Alarm::Danger => "danger",
    }
}

/// How good it is.
pub fn alarm_grade(alarm: Alarm) -> Grade {
    match alarm {
        Alarm::Clear => Grade::Good,
        Alarm::Warning => Grade::Doubtful,
        Alarm::Danger => Grade::Bad,
    }
}

/// From the nearest place of a tool, with its error.
pub fn distance(distance: &StructureDistance) -> String {
    format!("{:.1} ± {:.1} mm", super::distances::closest_mm(distance), distance.error_mm)
}

/// What a person told the nodes.
pub fn instruction(kind: &InstructionKind) -> String {
    match kind {
        InstructionKind::AcceptRegistration => "the registration is accepted".to_owned(),
        InstructionKind::RejectRegistration { reason } => {
            format!("the registration is rejected: {reason}")
        }
        InstructionKind::TouchLandmark { landmark, tool } => {
            format!("`{tool}` touches {landmark}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::lanes::grade;

    #[test]
    fn words_levels_and_lanes_agree() {
        let reason = || "because".to_owned();
        for guidance in [
            Guidance::Valid,
            Guidance::Unverified { reason: reason() },
            Guidance::Blank { reason: reason() },
        ] {
            assert_eq!(grade(guidance_state(&guidance)), guidance_grade(&guidance));
        }
        for level in [Alarm::Clear, Alarm::Warning, Alarm::Danger] {
            assert_eq!(grade(alarm(level)), alarm_grade(level));
        }
    }
}
