//! Slices in their order, and the grid they make: by where they lie, never by number or file name.

use std::borrow::Borrow;

use nalgebra::{Matrix3, Matrix4, Vector3};

use super::Error;
use super::file::Slice;
use crate::placed_volume::to_lps;

/// Nearer than this along the stack, two slices are one.
const SAME_MM: f64 = 1e-3;
/// How far a slice may be off its place in the grid: what rounding to a tenth of a millimetre does, …
const TOLERANCE_MM: f64 = 0.1;
/// … and no more than this part of the distance of slices.
const TOLERANCE_STEPS: f64 = 0.2;
/// More is no rounding but a tilted gantry.
const TILT_DEGREES: f64 = 0.1;

/// Sorts slices of one orientation along their normal, and gives the map from voxels to millimetres in LPS.
pub fn sort<S: Borrow<Slice>>(slices: &mut [S]) -> Result<Matrix4<f64>, Error> {
    let Some(first) = slices.first() else { return Err(Error::NoImages) };
    let plane = first.borrow().plane.clone();
    let normal = plane.normal();
    let along = |slice: &S| normal.dot(&slice.borrow().plane.position_mm);
    slices.sort_by(|a, b| along(a).total_cmp(&along(b)));
    let ([first, .., last], steps) = (&*slices, slices.len() as f64 - 1.0) else {
        return Err(Error::OneImage { name: slices[0].borrow().source.to_string() });
    };
    let (first, last) = (first.borrow(), last.borrow());
    let places: Vec<f64> = slices.iter().map(along).collect();
    let spacing_mm = spacing(slices, &places)?;

    let way = last.plane.position_mm - first.plane.position_mm;
    let aside = way - normal * normal.dot(&way);
    let degrees = aside.norm().atan2(normal.dot(&way)).to_degrees();
    if degrees > TILT_DEGREES && aside.norm() > TOLERANCE_MM {
        return Err(Error::Tilted { degrees });
    }
    let step = way / steps;
    let tolerance_mm = TOLERANCE_MM.min(TOLERANCE_STEPS * spacing_mm);
    let off = |index: usize| {
        let place = first.plane.position_mm + step * index as f64;
        (slices[index].borrow().plane.position_mm - place).norm()
    };
    let worst = (0..slices.len()).max_by(|a, b| off(*a).total_cmp(&off(*b)));
    if let Some(index) = worst.filter(|index| off(*index) > tolerance_mm) {
        let (name, off_mm) = (slices[index].borrow().source.to_string(), off(index));
        return Err(Error::Uneven { name, off_mm, spacing_mm, tolerance_mm });
    }
    let [x, y] = plane.spacing_mm;
    let axes = Matrix3::from_columns(&[plane.along_row * x, plane.along_column * y, step]);
    let origin: Vector3<f64> = first.plane.position_mm;
    Ok(to_lps(&axes, origin.into(), [1.0; 3]))
}

/// The usual distance of neighbours, if none lie at the same place and none are missing between.
fn spacing<S: Borrow<Slice>>(slices: &[S], places: &[f64]) -> Result<f64, Error> {
    let gaps: Vec<f64> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let name = |index: usize| slices[index].borrow().source.to_string();
    let is_same = |gap: &f64| *gap < SAME_MM;
    if let Some(at) = gaps.iter().position(is_same) {
        return Err(Error::SamePlace {
            first: name(at),
            second: name(at + 1),
            position_mm: places[at],
            pairs: gaps.iter().filter(|gap| is_same(gap)).count(),
        });
    }
    let mut sorted = gaps.clone();
    sorted.sort_by(f64::total_cmp);
    let spacing_mm = sorted[(sorted.len() - 1) / 2];
    // How many more than none fit between two neighbours, if a whole number does.
    let missing_in = |gap: f64| {
        let steps = (gap / spacing_mm).round();
        let tolerance = TOLERANCE_MM.max(TOLERANCE_STEPS * spacing_mm);
        let is_multiple = (gap - steps * spacing_mm).abs() <= tolerance;
        if steps >= 2.0 && is_multiple { steps as usize - 1 } else { 0 }
    };
    let missing: usize = gaps.iter().map(|&gap| missing_in(gap)).sum();
    if let Some(at) = gaps.iter().position(|&gap| missing_in(gap) > 0) {
        return Err(Error::MissingSlices {
            missing,
            gaps: gaps.iter().filter(|&&gap| missing_in(gap) > 0).count(),
            gap: missing_in(gaps[at]),
            below: name(at),
            below_mm: places[at],
            above: name(at + 1),
            above_mm: places[at + 1],
            spacing_mm,
        });
    }
    Ok(spacing_mm)
}
