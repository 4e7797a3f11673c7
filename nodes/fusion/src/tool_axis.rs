//! A tool's shaft as it lies in the preoperative image, bent as far as the registration bends it.

use messages::{Alignment, Patient, Point, Preoperative};
use nalgebra::{Point3, Vector3};

/// No piece of the shaft is longer, millimetres: the field bends over this and more.
const LONGEST_PIECE_MM: f64 = 30.0;
/// A piece is halved if its middle lies further off the straight line, millimetres…
const STRAIGHT_MM: f64 = 0.1;
/// …unless it is shorter.
const SHORTEST_PIECE_MM: f64 = 4.0;
/// How much the error grows per millimetre beyond what was registered: six degrees of rotation that
/// nobody measured. An assumption.
const ERROR_GROWTH: f64 = 0.1;

/// A bent line from the tip to the end of the shaft that is watched.
#[derive(Clone, Debug, Default)]
pub struct ToolAxis {
    /// Places in the preoperative image, millimetres, the tip first.
    pub places: Vec<Point3<f64>>,
    /// What the registration's error does not exceed there in 95 of 100 cases, millimetres.
    pub errors_mm: Vec<f64>,
}

impl ToolAxis {
    /// Takes the straight line from the tip to the end of the shaft. Beyond the registered region the
    /// shaft goes on with the displacement at its border, and an error that grows by a tenth of the way:
    /// a structure out there is better watched roughly than not at all.
    ///
    /// Returns whether the tip lies in the registered region; if not, the axis is empty.
    pub fn trace(
        &mut self,
        alignment: &Alignment,
        tip: Point<Patient>,
        shaft_end: Point<Patient>,
    ) -> bool {
        self.places.clear();
        self.errors_mm.clear();
        let Some(first) = alignment.preoperative(tip) else { return false };
        let way = shaft_end.xyz_mm - tip.xyz_mm;
        let shaft = Shaft { alignment, tip: tip.xyz_mm, way, length_mm: way.norm() };
        let first = Place { at_mm: first.point.xyz_mm, error_mm: first.error_mm };
        self.push(first);
        let pieces = (shaft.length_mm / LONGEST_PIECE_MM).ceil().clamp(1.0, 100.0);
        let mut from = (0.0, first);
        for piece in 1..=pieces as u32 {
            let fraction = f64::from(piece) / pieces;
            let to = (fraction, shaft.place(fraction));
            self.refine(&shaft, from, to);
            from = to;
        }
        true
    }

    fn push(&mut self, place: Place) {
        self.places.push(place.at_mm);
        self.errors_mm.push(place.error_mm);
    }

    /// Appends the places after `from` up to `to`.
    fn refine(&mut self, shaft: &Shaft, from: (f64, Place), to: (f64, Place)) {
        let long = (to.0 - from.0) * shaft.length_mm > SHORTEST_PIECE_MM;
        let half = f64::midpoint(from.0, to.0);
        let middle = shaft.place(half);
        let straight = nalgebra::center(&from.1.at_mm, &to.1.at_mm);
        if long && (middle.at_mm - straight).norm() > STRAIGHT_MM {
            self.refine(shaft, from, (half, middle));
            self.refine(shaft, (half, middle), to);
        } else {
            self.push(to.1);
        }
    }

    /// The error at a place of the line: 2.25 is a quarter of the way from its third place to its fourth.
    pub fn error_mm(&self, along: f64) -> f64 {
        let error_mm = |index: usize| self.errors_mm.get(index).copied();
        let piece = along as usize;
        let from = error_mm(piece).unwrap_or(f64::INFINITY);
        let to = error_mm(piece + 1).unwrap_or(from);
        from + (to - from) * along.fract()
    }
}

#[derive(Clone, Copy)]
struct Place {
    at_mm: Point3<f64>,
    error_mm: f64,
}

struct Shaft<'a> {
    alignment: &'a Alignment,
    tip: Point3<f64>,
    way: Vector3<f64>,
    length_mm: f64,
}

impl Shaft<'_> {
    fn place(&self, fraction: f64) -> Place {
        let point = Point::<Patient>::new(self.tip + self.way * fraction);
        if let Some(displaced) = self.alignment.preoperative(point) {
            return Place { at_mm: displaced.point.xyz_mm, error_mm: displaced.error_mm };
        }
        let Alignment { preoperative_from_patient, field, .. } = self.alignment;
        let rigid: Point<Preoperative> = *preoperative_from_patient * point;
        let mut index = (field.preoperative_from_node.inverse() * rigid).xyz_mm;
        for axis in 0..3 {
            // A little inside, so that rounding does not put it outside again.
            index[axis] = index[axis].clamp(1e-6, f64::from(field.size[axis]) - 1.0 - 1e-6);
        }
        let border = field.preoperative_from_node * Point::new(index);
        let beyond_mm = (rigid.xyz_mm - border.xyz_mm).norm();
        let (displacement, error_mm) =
            field.apply(border).map_or((Vector3::zeros(), f64::INFINITY), |displaced| {
                (displaced.point.xyz_mm - border.xyz_mm, displaced.error_mm)
            });
        let error_mm = error_mm + ERROR_GROWTH * beyond_mm;
        Place { at_mm: rigid.xyz_mm + displacement, error_mm }
    }
}
