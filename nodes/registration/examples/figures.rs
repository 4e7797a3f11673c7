//! Prints how well vessel trees are registered over many synthetic patients: errors, times, calibration and refusals.
//!
//! `figures [CASES] [PART OF A NAME] [FIRST SEED]`; `all` names all.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "an example that measures times"
)]

#[path = "../tests/support/synthetic.rs"]
mod synthetic;

use std::time::Instant;

use nalgebra::{Isometry3, Point3, Vector3};
use registration::{Outcome, Parameters, Reference, Verdict};
use synthetic::{Conditions, case, grow, preoperative, wires};

fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(((values.len() as f64 - 1.0) * part).round() as usize).copied().unwrap_or(f64::NAN)
}

fn code(outcome: &Outcome) -> usize {
    match outcome.assessment.verdict {
        Verdict::Accepted => 0,
        Verdict::Unverified(_) => 1,
        Verdict::Refused(_) => 2,
    }
}

fn main() {
    let cases: u64 = std::env::args().nth(1).map_or(50, |n| n.parse().expect("a number of cases"));
    let only = std::env::args().nth(2);
    let first: u64 = std::env::args().nth(3).map_or(0, |n| n.parse().expect("a seed"));
    let wanted =
        |name: &str| only.as_deref().is_none_or(|only| only == "all" || name.contains(only));
    let parameters = Parameters::default();
    println!(
        "{cases} cases each; errors in mm; `wrong`: not refused although off by more than 15 mm near the data"
    );
    println!(
        "case              acc unv ref wrong | rigid p50 p95 | bent near p50 p95 | anywhere p50 p95 | below bound near any | ms p50 p95 max | update ms"
    );
    let (usual, small) = ((0.4, 0.7), (0.1, 0.3));
    for (name, deformation_mm, hard, swept) in [
        ("rigid", 0.0, false, usual),
        ("deformed 5", 5.0, false, usual),
        ("deformed 10", 10.0, false, usual),
        ("deformed 15", 15.0, false, usual),
        ("small sweep 10", 10.0, false, small),
        ("hard rigid", 0.0, true, usual),
        ("hard 10", 10.0, true, usual),
        ("hard 15", 15.0, true, usual),
        ("hard small 10", 10.0, true, small),
    ] {
        if !wanted(name) {
            continue;
        }
        let mut verdicts = [0; 3];
        let mut wrong = 0;
        let [mut pose_ratio, mut rigid, mut near, mut anywhere, mut times, mut updates] =
            std::array::from_fn(|_| Vec::new());
        let (mut below, mut below_any) = (0, 0);
        for seed in first..first + cases {
            let case = case(Conditions { seed, deformation_mm, rotation_rad: 4.0, hard, swept });
            let reference = Reference::new(case.preoperative);
            let start = Instant::now();
            let outcome = reference.register(&case.intraoperative, &parameters).unwrap();
            times.push(start.elapsed().as_secs_f64() * 1e3);
            verdicts[code(&outcome)] += 1;
            let Some(found) = outcome.registration else {
                println!(
                    "    {name} {seed}: {:?} {:?}",
                    outcome.assessment.verdict, outcome.assessment.fit
                );
                continue;
            };
            let start = Instant::now();
            let nudge =
                Isometry3::new(Vector3::new(3.0, -2.0, 2.0), Vector3::new(0.03, 0.04, -0.03));
            reference
                .update(
                    &case.intraoperative,
                    &(nudge * found.rigid.target_from_source),
                    Some(0.0),
                    &parameters,
                )
                .unwrap();
            updates.push(start.elapsed().as_secs_f64() * 1e3);
            let error =
                |(now, before): &(Point3<f64>, Point3<f64>)| (found.apply(now) - before).norm();
            let mut errors: Vec<f64> = case.near.iter().map(error).collect();
            if quantile(&mut errors, 0.5) > 15.0 {
                wrong += 1;
                println!(
                    "    {name} {seed}: wrong, {:?} {:?}",
                    outcome.assessment.verdict, outcome.assessment.fit
                );
                continue;
            }
            below += case
                .near
                .iter()
                .filter(|pair| error(pair) <= found.predict_error_mm(&pair.0))
                .count();
            below_any += case
                .anywhere
                .iter()
                .filter(|pair| error(pair) <= found.predict_error_mm(&pair.0))
                .count();
            let truth = case.intraoperative_from_preoperative.inverse();
            let pose = &found.rigid;
            let off_and_bound = case.anywhere.iter().map(|(now, _)| {
                let place = pose.target_from_source * now;
                ((place - truth * now).norm_squared(), pose.pose_error_mm(&place).powi(2))
            });
            let sums =
                off_and_bound.fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
            pose_ratio.push((sums.0 / sums.1).sqrt());
            rigid.extend(
                case.near
                    .iter()
                    .map(|(now, before)| (found.rigid.target_from_source * now - before).norm()),
            );
            near.extend(errors);
            anywhere.extend(case.anywhere.iter().map(error));
        }
        if deformation_mm == 0.0 {
            let (half, most) = (quantile(&mut pose_ratio, 0.5), quantile(&mut pose_ratio, 0.95));
            println!(
                "    {name}: error of the rigid pose by its standard deviation: p50 {half:.2}, p95 {most:.2}"
            );
        }
        let n = near.len() as f64;
        println!(
            "{name:17} {:3} {:3} {:3} {wrong:5} | {:9.2} {:4.2} | {:13.2} {:4.2} | {:12.2} {:4.1} | {:11.3} {:8.3} | {:4.0} {:4.0} {:4.0} | {:.0} {:.0}",
            verdicts[0],
            verdicts[1],
            verdicts[2],
            quantile(&mut rigid, 0.5),
            quantile(&mut rigid, 0.95),
            quantile(&mut near, 0.5),
            quantile(&mut near, 0.95),
            quantile(&mut anywhere, 0.5),
            quantile(&mut anywhere, 0.95),
            f64::from(below as u32) / n,
            f64::from(below_any as u32) / n,
            quantile(&mut times, 0.5),
            quantile(&mut times, 0.95),
            quantile(&mut times, 1.0),
            quantile(&mut updates, 0.5),
            quantile(&mut updates, 0.95),
        );
    }
    for (name, hard, swept, mirrored) in [
        ("other patient", false, usual, false),
        ("other, small sweep", false, small, false),
        ("other, hard", true, usual, false),
        ("other, hard, small", true, small, false),
        ("mirrored", false, usual, true),
        ("mirrored, small", false, small, true),
    ] {
        if !wanted(name) {
            continue;
        }
        let mut verdicts = [0; 3];
        let (mut scores, mut rivals) = (Vec::new(), Vec::new());
        for seed in first..first + cases {
            let case =
                case(Conditions { seed, deformation_mm: 8.0, rotation_rad: 4.0, hard, swept });
            let target = if mirrored {
                case.preoperative.mapped(|point| Point3::new(-point.x, point.y, point.z))
            } else {
                preoperative(&grow(seed + 5000, hard))
            };
            let reference = Reference::new(target);
            let outcome = reference.register(&case.intraoperative, &parameters).unwrap();
            verdicts[code(&outcome)] += 1;
            let fit = outcome.assessment.fit;
            if !matches!(outcome.assessment.verdict, Verdict::Refused(_)) {
                println!("    {name} {seed}: {:?}", outcome.assessment);
            }
            scores.extend(fit.map(|fit| fit.score));
            rivals.extend(fit.and_then(|fit| fit.rival));
        }
        println!(
            "{name}: accepted {}, unverified {}, refused {}; score max {:.2}, rival min {:.2}",
            verdicts[0],
            verdicts[1],
            verdicts[2],
            quantile(&mut scores, 1.0),
            quantile(&mut rivals, 0.0)
        );
    }
    if wanted("phantom") {
        phantoms(&parameters);
    }
}

fn phantoms(parameters: &Parameters) {
    let p = |x: i32, y: i32, z: i32| Point3::new(f64::from(x), f64::from(y), f64::from(z));
    let parallel: Vec<_> =
        (0..9).map(|i| (p(0, i % 3 * 20, i / 3 * 20), p(100, i % 3 * 20, i / 3 * 20))).collect();
    let crossed: Vec<_> = (0..5)
        .flat_map(|i| [(p(0, i * 20, 0), p(80, i * 20, 0)), (p(i * 20, 0, 0), p(i * 20, 80, 0))])
        .collect();
    let layers: Vec<_> = (0..4)
        .flat_map(|i| [(p(0, i * 20, 0), p(80, i * 20, 0)), (p(i * 20, 0, 15), p(i * 20, 80, 15))])
        .collect();
    for (name, lines) in [
        ("parallel", parallel),
        ("crossed", crossed),
        ("layers", layers),
        ("one", vec![(p(0, 0, 0), p(120, 10, 0))]),
        ("none", vec![]),
    ] {
        let wire = wires(1, &lines);
        for (of, target) in [("patient", preoperative(&grow(3, false))), ("itself", wire.clone())] {
            let outcome = Reference::new(target).register(&wire, parameters).unwrap();
            println!("phantom {name} to {of}: {:?}", outcome.assessment.verdict);
        }
    }
}
