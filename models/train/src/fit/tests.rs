//! Training on discs: it learns, repeats, and stops when it must.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::samples::Sample;
use ndarray::Array2;

const SHAPE: UNet2dShape =
    UNet2dShape { input_channels: 1, base_channels: 8, levels: 2, output_channels: 2 };
const SCHEDULE: Schedule =
    Schedule { seed: 5, steps: 200, batch: 4, learning_rate: 0.01, reports: 4 };

/// A dark disc on a bright ground with a pattern, somewhere else in each image.
#[allow(clippy::unnecessary_wraps, reason = "the shape that fit takes")]
fn disc(number: u64) -> Result<Sample, TrainingError> {
    let middle = ((number * 7 % 20 + 6) as f64, (number * 11 % 20 + 6) as f64);
    let inside = |at: (usize, usize)| (at.0 as f64 - middle.0).hypot(at.1 as f64 - middle.1) < 5.0;
    let mask = Array2::from_shape_fn((32, 32), |at| u8::from(inside(at)));
    let image = Array2::from_shape_fn((32, 32), |at| {
        let pattern = ((at.0 * 13 + at.1 * 29 + number as usize) % 40) as u8;
        if inside(at) { pattern } else { 90 + pattern }
    });
    Ok(Sample { image, mask })
}

fn held_out() -> Vec<Sample> {
    (1000..1004).map(|number| disc(number).unwrap()).collect()
}

#[test]
fn learns_what_is_there_to_learn() {
    let _alone = crate::alone_with_the_generator();
    let mut reports = Vec::new();
    fit(&SHAPE, &SCHEDULE, disc, &held_out(), |report| reports.push(report)).unwrap();
    assert_eq!(reports.iter().map(|report| report.step).collect::<Vec<_>>(), [50, 100, 150, 200]);
    assert!(reports[3].loss < 0.7 * reports[0].loss, "{reports:?}");
    assert!(reports[3].dice() > 0.9, "{reports:?}");
}

#[test]
fn the_same_seed_gives_the_same_weights() {
    let _alone = crate::alone_with_the_generator();
    let weights = |seed| {
        let schedule = Schedule { seed, steps: 6, ..SCHEDULE };
        let variables = fit(&SHAPE, &schedule, disc, &[], |_| ()).unwrap().variables();
        variables["up.0.second.convolution.weight"].copy()
    };
    assert_eq!(weights(5), weights(5));
    assert_ne!(weights(5), weights(6));
}

#[test]
fn what_cannot_be_is_refused_and_a_failing_sample_ends_the_training() {
    let _alone = crate::alone_with_the_generator();
    for schedule in [
        Schedule { steps: 0, ..SCHEDULE },
        Schedule { batch: 0, ..SCHEDULE },
        Schedule { learning_rate: f64::NAN, ..SCHEDULE },
    ] {
        assert!(matches!(
            fit(&SHAPE, &schedule, disc, &[], |_| ()),
            Err(TrainingError::Options(_))
        ));
    }
    let fails = |number| {
        if number < 9 { disc(number) } else { Err(TrainingError::Options("no more".into())) }
    };
    let error = fit(&SHAPE, &SCHEDULE, fails, &[], |_| ()).unwrap_err();
    assert_eq!(error.to_string(), "no more");
    let diverging = Schedule { learning_rate: 1e30, ..SCHEDULE };
    assert!(matches!(
        fit(&SHAPE, &diverging, disc, &[], |_| ()),
        Err(TrainingError::Diverged { .. })
    ));
}

#[test]
fn the_step_width_rises_and_falls() {
    let schedule = SCHEDULE;
    let rates: Vec<f64> = (0..200).map(|step| schedule.rate(step)).collect();
    assert!(rates[0] < 0.002 && (rates[9] - 0.01).abs() < 1e-9 && rates[199] < 1e-5);
    assert!(rates[10..].windows(2).all(|pair| pair[1] <= pair[0]));
    assert!(Schedule { steps: 1, ..SCHEDULE }.rate(0) > 0.0);
}

#[test]
fn reports_are_spread_evenly_and_the_last_step_has_one() {
    for (steps, reports) in [(10, 3), (7, 7), (5, 100), (9, 0)] {
        let schedule = Schedule { steps, reports, ..SCHEDULE };
        let after: Vec<usize> = (0..steps).filter(|step| schedule.reports_after(*step)).collect();
        assert_eq!(after.len(), reports.clamp(1, steps));
        assert_eq!(after.last(), Some(&(steps - 1)));
    }
}
