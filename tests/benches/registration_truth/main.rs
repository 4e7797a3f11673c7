//! How far off the registrations of simulated patients are, from CT labels and swept images to targets in the organ.
//!
//! `cargo bench --profile dev -p system-tests --bench registration_truth -- [--patients N] [--pelvis] [--exact]
//! [--keep FOLDER] [--turned DEGREES]`. Images carry what a segmentation gets wrong, unless `--exact`; with `--keep` the trees
//! are kept in a folder, so that a change of the registration is measured without sweeping again; `--turned` says how far the patient may lie
//! turned against the scanner, if that is known.
//!
//! | column | meaning |
//! | --- | --- |
//! | branches | of the preoperative tree and of that of the whole sweep |
//! | p50, p95 | error at targets in the organ, as far as the registration speaks of them, in millimetres |
//! | within | share of these errors within the 95 % bound that is stated with each |
//! | at once | the whole sweep, without any pose before |
//! | as it grows | the tree of each 5 s of the sweep one after the other; `since`: when it was accepted first |
//! | another's | what is said of the whole sweep on the map of the patient before: anything but refused is wrong |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a benchmark stops at the first error and measures times"
)]

mod case;
mod keep;
mod mistakes;

use std::path::Path;
use std::time::Instant;

use case::{Case, Who, case};
use messages::{
    Centrelines, Patient, Point, Preoperative, Registration, RegistrationState, Stamped, Structure,
    StructureKind, Timestamp, VesselTree,
};
use registration::register::{Input, Output, Register};
use runtime::{Context, Node as _};
use simulation::SubjectKind;
use simulation::anatomy::family::Family;

/// Targets that are looked at in each patient.
const TARGETS: usize = 200;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // Cargo also runs this as a test of whether it builds.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let patients: u64 = value("--patients").map_or(10, |number| number.parse().expect("a number"));
    let keep = value("--keep");
    let kind = if has("--pelvis") { SubjectKind::Pelvis } else { SubjectKind::Abdomen };
    let mistakes = if has("--exact") { 0.0 } else { 0.1 };
    let families =
        [Family::Winding, Family::Slender, Family::Wide, Family::Trifurcated, Family::Accessory];
    println!(
        "{:<16} {:>9} | at once    {:>5} {:>5} {:>6} {:>5} ms | as it grows {:>5} {:>5} {:>6} since | last, most ms | another's",
        "patient", "branches", "p50", "p95", "within", "", "p50", "p95", "within"
    );
    let (mut at_once, mut grown) = (Vec::new(), Vec::new());
    let mut another: Option<Centrelines> = None;
    for number in 0..patients {
        let family = families[number as usize % families.len()];
        let who = Who { kind, seed: number + 1, family, mistakes };
        let case = keep.as_deref().map_or_else(|| case(who), |folder| kept(Path::new(folder), who));
        let result = measure(&case);
        let of_another = another.as_ref().map_or("", |map| {
            let (acquired_at, whole) = case.trees.last().expect("a sweep makes a tree");
            Errors::of(&hear(&mut node(map), *acquired_at, whole).0, &case).state
        });
        println!(
            "{:<16} {:>4} {:>4} | {} {:>5} | {} {} | {:>4} {:>4} | {of_another}",
            format!("{} {family:?}", who.seed),
            case.map.branches().len(),
            case.trees.last().map_or(0, |(_, tree)| tree.branches().len()),
            result.at_once,
            result.at_once_ms.round(),
            result.grown,
            result.accepted_s.map_or("never".to_owned(), |s| format!("{s:>4.0}s")),
            result.last_ms.round(),
            result.most_ms.round(),
        );
        for (errors, all) in [(&result.at_once, &mut at_once), (&result.grown, &mut grown)] {
            if let Some(reason) = &errors.reason {
                println!("    {reason}");
            }
            all.push(errors.p50_mm);
        }
        another = Some(case.map);
    }
    for (name, medians) in [("at once", at_once), ("as it grows", grown)] {
        let found: Vec<f64> = medians.iter().copied().filter(|mm| mm.is_finite()).collect();
        println!(
            "{name}: {} of {} registered; median of the medians {:.1} mm, largest {:.1} mm",
            found.len(),
            medians.len(),
            quantile(&found, 0.5),
            quantile(&found, 1.0)
        );
    }
}

fn kept(folder: &Path, who: Who) -> Case {
    let path =
        folder.join(format!("{:?}-{}-{:?}-{}.json", who.kind, who.seed, who.family, who.mistakes));
    keep::read(&path).unwrap_or_else(|| {
        let case = case(who);
        keep::write(&path, &case);
        case
    })
}

/// What came of a patient.
struct Result {
    at_once: Errors,
    at_once_ms: f64,
    grown: Errors,
    accepted_s: Option<f64>,
    last_ms: f64,
    most_ms: f64,
}

fn measure(case: &Case) -> Result {
    let (acquired_at, whole) = case.trees.last().expect("a sweep makes a tree");
    let mut node = node(&case.map);
    let (registration, at_once_ms) = hear(&mut node, *acquired_at, whole);
    let at_once = Errors::of(&registration, case);
    let mut node = self::node(&case.map);
    let (mut accepted_s, mut most_ms, mut last) = (None, 0.0_f64, None);
    for (acquired_at, tree) in &case.trees {
        let (registration, ms) = hear(&mut node, *acquired_at, tree);
        if std::env::args().any(|argument| argument == "--talk") {
            println!(
                "    at {:.0} s in {ms:.0} ms, {} branches: {}",
                *acquired_at as f64 * 1e-9,
                tree.branches().len(),
                Errors::of(&registration, case)
            );
            println!(
                "        {:?} {:?}",
                registration.state,
                registration.alignment.as_ref().map(|alignment| &alignment.fit)
            );
        }
        if registration.state == RegistrationState::Accepted {
            accepted_s.get_or_insert(*acquired_at as f64 * 1e-9);
        }
        most_ms = most_ms.max(ms);
        last = Some((registration, ms));
    }
    let (registration, last_ms) = last.expect("a sweep makes a tree");
    let grown = Errors::of(&registration, case);
    Result { at_once, at_once_ms, grown, accepted_s, last_ms, most_ms }
}

fn node(map: &Centrelines) -> Register {
    let mut parameters = serde_json::json!({ "accept_automatically": true });
    let mut arguments = std::env::args().skip_while(|argument| argument != "--turned").skip(1);
    if let Some(degrees) = arguments.next() {
        parameters["max_rotation_deg"] = degrees.parse::<f64>().expect("degrees").into();
    }
    let mut node = Register::new(serde_json::from_value(parameters).unwrap()).unwrap();
    let map = Input::Preoperative(stamped::<VesselTree<Preoperative>>(0, tree(map)));
    node.handle(map, &mut Context::at(Timestamp(0))).unwrap();
    node
}

fn hear(node: &mut Register, at: i64, seen: &Centrelines) -> (Registration, f64) {
    let input = Input::Intraoperative(stamped::<VesselTree<Patient>>(at, tree(seen)));
    let mut context = Context::at(Timestamp(at));
    let start = Instant::now();
    node.handle(input, &mut context).unwrap();
    let ms = start.elapsed().as_secs_f64() * 1e3;
    let Some((_, Output::Registration(registration))) = context.finish().0.pop() else {
        panic!("a tree is answered with a registration")
    };
    (registration, ms)
}

fn stamped<T>(at: i64, value: T) -> Stamped<T> {
    Stamped { acquired_at: Timestamp(at), sequence: 0, value }
}

fn tree<In>(centrelines: &Centrelines) -> VesselTree<In> {
    let labels = centrelines.branches().iter().filter_map(|branch| branch.label).max();
    let vessel = Structure { name: "vessel".into(), kind: StructureKind::Vessel };
    VesselTree::new(centrelines, vec![vessel; labels.map_or(1, usize::from) + 1]).unwrap()
}

/// Errors of a registration at the targets.
struct Errors {
    state: &'static str,
    reason: Option<String>,
    p50_mm: f64,
    p95_mm: f64,
    within: f64,
}

impl Errors {
    fn of(registration: &Registration, case: &Case) -> Self {
        let (state, reason) = match &registration.state {
            RegistrationState::None { reason } => ("none", Some(reason)),
            RegistrationState::Unverified { reason } => ("unverified", Some(reason)),
            RegistrationState::Accepted => ("accepted", None),
            RegistrationState::Degraded { reason } => ("degraded", Some(reason)),
            RegistrationState::Refused { reason } => ("refused", Some(reason)),
        };
        let (mut errors, mut within) = (Vec::new(), 0);
        if let Some(alignment) = &registration.alignment {
            for [patient, preoperative] in &case.targets {
                let Some(found) = alignment.preoperative(Point::new(*patient)) else { continue };
                let error_mm = (found.point.xyz_mm - preoperative).norm();
                within += usize::from(error_mm <= found.error_mm);
                errors.push(error_mm);
                if errors.len() == TARGETS {
                    break;
                }
            }
        }
        let (p50_mm, p95_mm) = (quantile(&errors, 0.5), quantile(&errors, 0.95));
        let within = within as f64 / errors.len() as f64;
        Self { state, reason: reason.cloned(), p50_mm, p95_mm, within }
    }
}

impl std::fmt::Display for Errors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { state, p50_mm, p95_mm, within, .. } = self;
        write!(f, "{state:<10} {p50_mm:>5.1} {p95_mm:>5.1} {:>5.0}%", 100.0 * within)
    }
}

/// A quantile; not a number of nothing.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    values.get((last * part).round() as usize).copied().unwrap_or(f64::NAN)
}
