//! Landmarks and what touching them has shown: millimetres, by name.

use messages::{LandmarkCheck, Landmarks};

use super::difference::Difference;
use super::spread::Unit;

/// Compares landmarks by name.
pub fn landmarks<In>(a: &Landmarks<In>, b: &Landmarks<In>, difference: &mut Difference) {
    for mine in &a.landmarks {
        match b.position(&mine.name) {
            None => difference.other(format!("only the first has the landmark {}", mine.name)),
            Some(theirs) if theirs != mine.position => {
                let mm = (mine.position.xyz_mm - theirs.xyz_mm).norm();
                difference.mm(mm);
                difference.figure(mine.name.as_str(), Unit::Mm, mm);
            }
            Some(_) => {}
        }
    }
    for theirs in &b.landmarks {
        if a.position(&theirs.name).is_none() {
            difference.other(format!("only the second has the landmark {}", theirs.name));
        }
    }
}

/// Compares two checks of a landmark.
pub fn checks(a: &LandmarkCheck, b: &LandmarkCheck, difference: &mut Difference) {
    if (&a.landmark, &a.tool) != (&b.landmark, &b.tool) {
        difference.other(format!(
            "{} touched with `{}` against {} with `{}`",
            a.landmark, a.tool, b.landmark, b.tool
        ));
        return;
    }
    let measured_mm = (a.measured_mm - b.measured_mm).abs();
    difference.figure(format!("measured at {}", a.landmark), Unit::Mm, measured_mm);
    for mm in [
        (a.planned.xyz_mm - b.planned.xyz_mm).norm(),
        (a.touched.xyz_mm - b.touched.xyz_mm).norm(),
        measured_mm,
        (a.predicted_mm - b.predicted_mm).abs(),
    ] {
        if mm != 0.0 {
            difference.mm(mm);
        }
    }
}

#[cfg(test)]
mod tests {
    use messages::{Landmark, Patient, Point};
    use nalgebra::Point3;

    use super::*;

    fn marks(places: &[(&str, f64)]) -> Landmarks<Patient> {
        let landmark = |&(name, x): &(&str, f64)| Landmark {
            name: name.to_owned(),
            position: Point::new(Point3::new(x, 0.0, 0.0)),
        };
        Landmarks { landmarks: places.iter().map(landmark).collect() }
    }

    #[test]
    fn landmarks_are_found_by_name() {
        let mut difference = Difference::default();
        let (a, b) = (marks(&[("tip", 1.0), ("neck", 2.0)]), marks(&[("neck", 2.5), ("tip", 1.0)]));
        landmarks(&a, &b, &mut difference);
        assert!(difference.is_still(&Difference { mm: Some(0.5), ..Difference::default() }));
        assert_eq!(difference.figures[0].of, "neck");
        let mut difference = Difference::default();
        landmarks(&a, &marks(&[("tip", 1.0), ("apex", 0.0)]), &mut difference);
        assert_eq!(
            difference.other,
            ["only the first has the landmark neck", "only the second has the landmark apex"]
        );
    }

    #[test]
    fn another_measured_error_is_its_difference() {
        let check = |measured_mm| LandmarkCheck {
            landmark: "tip".to_owned(),
            tool: "stylus".to_owned(),
            planned: Point::new(Point3::origin()),
            touched: Point::new(Point3::origin()),
            measured_mm,
            predicted_mm: 4.0,
        };
        let mut difference = Difference::default();
        checks(&check(2.0), &check(2.0), &mut difference);
        assert!(difference.is_within(&super::super::Tolerance::default()));
        checks(&check(2.0), &check(3.5), &mut difference);
        assert_eq!((difference.mm, difference.others), (Some(1.5), 0));
        let other = LandmarkCheck { landmark: "neck".to_owned(), ..check(2.0) };
        checks(&check(2.0), &other, &mut difference);
        assert_eq!(difference.other, ["tip touched with `stylus` against neck with `stylus`"]);
    }
}
