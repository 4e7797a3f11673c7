//! Every transition of the table, by name.

use super::*;
use State::{Accepted, Degraded, None as Nothing, Refused, Unverified};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    None,
    Unverified,
    Accepted,
    Degraded,
    Refused,
}

fn state(standing: &Standing) -> State {
    match standing.state() {
        RegistrationState::None { .. } => Nothing,
        RegistrationState::Unverified { .. } => Unverified,
        RegistrationState::Accepted => Accepted,
        RegistrationState::Degraded { .. } => Degraded,
        RegistrationState::Refused { .. } => Refused,
    }
}

const RULES: Rules =
    Rules { accept_automatically: false, max_check_error_mm: 6.0, max_move_mm: 15.0 };
const BY_ITSELF: Rules = Rules { accept_automatically: true, ..RULES };

fn fits() -> Happening<'static> {
    Happening::Fitted { doubt: None, moved_mm: Some(1.0), worst: None }
}
fn doubtful() -> Happening<'static> {
    Happening::Fitted { doubt: Some(Doubt::NotSearched), moved_mm: Some(1.0), worst: None }
}
fn under(error_mm: f64) -> Happening<'static> {
    let worst = Some(Touch { landmark: "hilum", error_mm });
    Happening::Fitted { doubt: None, moved_mm: Some(1.0), worst }
}
fn moved(mm: f64) -> Happening<'static> {
    Happening::Fitted { doubt: None, moved_mm: Some(mm), worst: None }
}
fn nothing_fits() -> Happening<'static> {
    Happening::NothingFits { reason: "nothing is seen".to_owned() }
}
fn reject() -> Happening<'static> {
    Happening::Reject { by: "the engineer", reason: "the veins cross" }
}
fn touch(error_mm: f64) -> Happening<'static> {
    Happening::Touched(Touch { landmark: "hilum", error_mm })
}

fn contested(lasting: bool) -> Happening<'static> {
    Happening::Contested { reason: "the volume lies elsewhere".to_owned(), lasting }
}

/// A standing in each state, as procedures come to it.
fn standing(wanted: State) -> Standing {
    let mut standing = Standing::none("nothing yet");
    let way = match wanted {
        Nothing => vec![],
        Unverified => vec![fits()],
        Accepted => vec![fits(), Happening::Accept],
        Degraded => vec![fits(), Happening::Accept, nothing_fits()],
        Refused => vec![nothing_fits()],
    };
    for happening in way {
        standing.after(happening, RULES).unwrap();
    }
    assert_eq!(state(&standing), wanted);
    standing
}

#[test]
fn every_state_goes_where_the_table_says() {
    type Column = (&'static str, fn() -> Happening<'static>);
    let columns: [Column; 12] = [
        ("fits", fits),
        ("doubtful", doubtful),
        ("nothing fits", nothing_fits),
        ("accept", || Happening::Accept),
        ("reject", reject),
        ("near", || touch(5.9)),
        ("off", || touch(6.1)),
        ("far off", || touch(12.1)),
        ("a fit under which it is off", || under(6.1)),
        ("a fit under which it is far off", || under(12.1)),
        ("contested", || contested(false)),
        ("contested for good", || contested(true)),
    ];
    let dash = None;
    let to = Some;
    #[rustfmt::skip]
    let table = [
        (Nothing,    [to(Unverified), to(Unverified), to(Refused),  dash,         dash,        dash,         dash,         dash,        to(Refused),  to(Refused), to(Refused), to(Refused)]),
        (Unverified, [to(Unverified), to(Unverified), to(Refused),  to(Accepted), to(Refused), to(Accepted), to(Refused),  to(Refused), to(Refused),  to(Refused), to(Unverified), to(Unverified)]),
        (Accepted,   [to(Accepted),   to(Degraded),   to(Degraded), to(Accepted), to(Refused), to(Accepted), to(Degraded), to(Refused), to(Degraded), to(Refused), to(Degraded), to(Degraded)]),
        (Degraded,   [to(Accepted),   to(Degraded),   to(Degraded), to(Accepted), to(Refused), to(Accepted), to(Degraded), to(Refused), to(Degraded), to(Refused), to(Degraded), to(Degraded)]),
        (Refused,    [to(Unverified), to(Unverified), to(Refused),  dash,         to(Refused), dash,         dash,         dash,        to(Refused),  to(Refused), to(Refused), to(Refused)]),
    ];
    for (from, row) in table {
        for ((name, happening), goal) in columns.iter().zip(row) {
            let mut now = standing(from);
            let before = now.clone();
            let result = now.after(happening(), RULES);
            assert_eq!(result.is_ok(), goal.is_some(), "{from:?}, {name}");
            match goal {
                Some(goal) => assert_eq!(state(&now), goal, "{from:?}, {name}"),
                None => assert_eq!(now, before, "{from:?}, {name}: nothing changes"),
            }
        }
    }
}

#[test]
fn what_fits_is_accepted_by_itself_only_if_that_is_wanted_and_nobody_rejected_one() {
    for from in [Nothing, Unverified, Accepted, Degraded, Refused] {
        let mut now = standing(from);
        now.after(fits(), BY_ITSELF).unwrap();
        assert_eq!(state(&now), Accepted, "{from:?}");
        let mut now = standing(from);
        now.after(doubtful(), BY_ITSELF).unwrap();
        assert_ne!(state(&now), Accepted, "{from:?}");
    }
    let mut now = standing(Accepted);
    now.after(reject(), BY_ITSELF).unwrap();
    now.after(fits(), BY_ITSELF).unwrap();
    let RegistrationState::Unverified { reason } = now.state() else { panic!("{now:?}") };
    assert!(reason.contains("the engineer rejected it: the veins cross"), "{reason}");
    now.after(touch(2.0), BY_ITSELF).unwrap();
    now.after(nothing_fits(), BY_ITSELF).unwrap();
    now.after(fits(), BY_ITSELF).unwrap();
    assert_eq!(state(&now), Accepted, "a landmark confirmed it");
}

#[test]
fn a_doubt_that_was_there_when_it_was_confirmed_does_not_degrade_it_but_another_does() {
    let mut now = standing(Nothing);
    now.after(doubtful(), RULES).unwrap();
    now.after(Happening::Accept, RULES).unwrap();
    now.after(doubtful(), RULES).unwrap();
    assert_eq!(state(&now), Accepted);
    let other = Doubt::LargeError { bound_mm: 9.0, wanted_mm: 6.0 };
    let other = Happening::Fitted { doubt: Some(other), moved_mm: None, worst: None };
    now.after(other, RULES).unwrap();
    let RegistrationState::Degraded { reason } = now.state() else { panic!("{now:?}") };
    assert!(reason.contains("up to 9.0 mm"), "{reason}");
    now.after(reject(), RULES).unwrap();
    now.after(doubtful(), RULES).unwrap();
    assert_eq!(state(&now), Unverified);
}

#[test]
fn what_moves_too_far_from_what_was_accepted_is_to_be_confirmed_anew() {
    let mut now = standing(Accepted);
    now.after(moved(14.0), RULES).unwrap();
    assert_eq!(state(&now), Accepted);
    now.after(moved(16.0), RULES).unwrap();
    let RegistrationState::Unverified { reason } = now.state() else { panic!("{now:?}") };
    assert!(reason.contains("by 16 mm"), "{reason}");
    let mut now = standing(Unverified);
    now.after(moved(40.0), RULES).unwrap();
    assert_eq!(state(&now), Unverified);
}

#[test]
fn what_is_contested_for_good_is_settled_by_a_person_a_landmark_or_another_beginning() {
    let mut passing = standing(Accepted);
    passing.after(contested(false), RULES).unwrap();
    passing.after(fits(), RULES).unwrap();
    assert_eq!(state(&passing), Accepted, "the next fit settles it");

    for rules in [RULES, BY_ITSELF] {
        let mut now = standing(Accepted);
        now.after(contested(true), rules).unwrap();
        now.after(fits(), rules).unwrap();
        let RegistrationState::Degraded { reason } = now.state() else { panic!("{now:?}") };
        assert_eq!(reason, "the volume lies elsewhere");
        let mut told = now.clone();
        told.after(Happening::Accept, rules).unwrap();
        let mut felt = now.clone();
        felt.after(touch(2.0), rules).unwrap();
        for mut settled in [told, felt] {
            settled.after(fits(), rules).unwrap();
            assert_eq!(state(&settled), Accepted);
        }
        now.after(reject(), rules).unwrap();
        now.after(fits(), rules).unwrap();
        let RegistrationState::Unverified { reason } = now.state() else { panic!("{now:?}") };
        assert!(reason.contains("the veins cross"), "what was contested is gone: {reason}");
    }
}

#[test]
fn what_begins_anew_is_to_be_confirmed_anew_and_a_rejection_is_remembered() {
    let mut now = standing(Accepted);
    now.after(contested(true), RULES).unwrap();
    now.begin_anew();
    assert_eq!(state(&now), Nothing);
    now.after(fits(), RULES).unwrap();
    let RegistrationState::Unverified { reason } = now.state() else { panic!("{now:?}") };
    assert!(reason.contains("volume acquired meanwhile"), "{reason}");
    now.after(touch(2.0), RULES).unwrap();
    now.after(fits(), RULES).unwrap();
    assert_eq!(state(&now), Accepted);

    let mut now = standing(Accepted);
    now.after(reject(), BY_ITSELF).unwrap();
    now.begin_anew();
    now.after(fits(), BY_ITSELF).unwrap();
    assert_eq!(state(&now), Unverified, "nobody has confirmed another");
}

#[test]
fn the_reason_names_the_landmark_and_both_errors() {
    let mut now = standing(Accepted);
    now.after(touch(7.25), RULES).unwrap();
    let RegistrationState::Degraded { reason } = now.state() else { panic!("{now:?}") };
    assert!(reason.contains("`hilum` was touched 7.2 mm") && reason.contains("6.0 mm"), "{reason}");
    let mut now = standing(Accepted);
    now.after(touch(f64::NAN), RULES).unwrap();
    assert_eq!(state(&now), Refused, "what is no number confirms nothing");
    let told = standing(Nothing).after(Happening::Accept, RULES).unwrap_err().to_string();
    assert!(told.contains("no registration to accept"), "{told}");
}
