//! The courses of vessels, ureters and nerves in the pelvis, as control points with radii.
//!
//! Coordinates as of the anatomy: x to the left, y to the back, z up from the promontory; right and
//! left are drawn once and mirrored. The left common iliac vein passes behind the right artery, the
//! ureters cross the iliac bifurcation in front (H. Gray, "Region of the Human Body", 1918).
//!
//! Widths: aorta 15 to 20 mm, common iliac artery 9 to 12, external 7.5 to 10, internal 5.5 to 8 (O. M.
//! Pedersen et al., "Ultrasound measurement of the luminal diameter of the abdominal aorta and iliac
//! arteries in patients without vascular disease", J. Vasc. Surg. 17, 1993); ureters 3 to 4 mm.

use nalgebra::{Point3, Vector3};
use rand_chacha::ChaCha8Rng;

use crate::anatomy::family::Style;
use crate::anatomy::motion::{Motion, Packing};
use crate::anatomy::structure::StructureKind;
use crate::randomness::{jitter, within};

/// A tube before it is made.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    pub name: String,
    pub kind: StructureKind,
    pub knots: Vec<Point3<f64>>,
    /// At the start and at the end.
    pub radius_mm: (f64, f64),
}

/// Draws courses; `freedom` from 0 (as drawn) to 1 scales all random displacement.
struct Pen<'a> {
    rng: &'a mut ChaCha8Rng,
    freedom_mm: f64,
    courses: Vec<Course>,
}

impl Pen<'_> {
    /// A course from `first` through drawn points; returns its end.
    fn draw(
        &mut self,
        name: impl Into<String>,
        kind: StructureKind,
        first: Point3<f64>,
        drawn: &[[f64; 3]],
        radius_mm: (f64, f64),
    ) -> Point3<f64> {
        let mut knots = vec![first];
        for point in drawn {
            knots.push(Point3::from(*point) + jitter(self.freedom_mm, self.rng));
        }
        let end = knots[knots.len() - 1];
        self.courses.push(Course { name: name.into(), kind, knots, radius_mm });
        end
    }

    fn at(&mut self, drawn: [f64; 3]) -> Point3<f64> {
        Point3::from(drawn) + jitter(self.freedom_mm, self.rng)
    }
}

/// All courses of one anatomy.
pub(crate) fn courses(style: &Style, freedom: f64, rng: &mut ChaCha8Rng) -> Vec<Course> {
    use StructureKind::{Artery, Nerve, Ureter, Vein};
    let scale = within(style.iliac_scale, rng);
    let z = within(style.aortic_bifurcation_z_mm, rng);
    let wind = 6.0 * (style.winding.0 + style.winding.1) * 10.0 * freedom;
    let mut pen =
        Pen { rng, freedom_mm: 0.15 * style.iliac_asymmetry_mm * freedom, courses: Vec::new() };
    let bifurcation = pen.at([5.0, 114.0, z]);
    let top = pen.at([9.0, 116.0, 120.0]);
    let high = pen.at([7.0, 116.0, 0.5 * (z + 120.0)]);
    let aorta = (8.8 * scale, 8.0 * scale);
    pen.draw("aorta", Artery, top, &[high.into(), bifurcation.into()], aorta);
    // A vein's course begins where its branches meet.
    let meeting = pen.at([-24.0, 131.0, z - 20.0]);
    let above = [[-24.0, 131.0, z + 20.0], [-23.0, 130.0, 120.0]];
    pen.draw("inferior_vena_cava", Vein, meeting, &above, (10.0 * scale, 10.5 * scale));
    for (side, sign) in [("right", -1.0), ("left", 1.0)] {
        let part = |name: &str| format!("{name}_{side}");
        let m = |x: f64, y: f64, z: f64| [sign * x, y, z];
        // A winding artery swings forwards and sideways.
        let swing = |pen: &mut Pen| within((0.3, 1.0), pen.rng) * wind;
        let size = scale * within((0.95, 1.05), pen.rng);
        let forwards = swing(&mut pen);
        let middle = [5.0 + sign * 18.0, 108.5 - 0.8 * forwards, 0.5 * z + 5.0];
        let common = (5.2 * size, 5.0 * size);
        let fork = pen.draw(
            part("common_iliac_artery"),
            Artery,
            bifurcation,
            &[middle, m(40.0, 119.0, 3.0)],
            common,
        );
        let outwards = swing(&mut pen);
        let external = [
            m(56.0, 102.0 - 0.5 * outwards, -22.0),
            m(68.0, 78.0 - outwards, -50.0),
            m(76.0, 52.0, -80.0),
        ];
        pen.draw(part("external_iliac_artery"), Artery, fork, &external, (4.4 * size, 4.0 * size));
        let down =
            if style.early_internal_iliac { m(35.0, 127.0, -16.0) } else { m(30.0, 140.0, -42.0) };
        let internal: Vec<_> =
            if style.early_internal_iliac { vec![down] } else { vec![m(35.0, 125.0, -16.0), down] };
        let split = pen.draw(
            part("internal_iliac_artery"),
            Artery,
            fork,
            &internal,
            (3.7 * size, 3.3 * size),
        );
        let front = [m(28.0, 136.0, -62.0), m(31.0, 122.0, -84.0)];
        let front = pen.draw(
            part("internal_iliac_anterior_trunk"),
            Artery,
            split,
            &front,
            (2.7 * size, 2.0 * size),
        );
        pen.draw(
            part("superior_gluteal_artery"),
            Artery,
            split,
            &[m(43.0, 138.0, -56.0), m(60.0, 148.0, -64.0), m(74.0, 158.0, -68.0)],
            (2.7 * size, 2.2 * size),
        );
        pen.draw(
            part("inferior_gluteal_artery"),
            Artery,
            front,
            &[m(38.0, 138.0, -96.0), m(46.0, 154.0, -106.0)],
            (1.9, 1.6),
        );
        pen.draw(
            part("obturator_artery"),
            Artery,
            front,
            &[m(44.0, 106.0, -88.0), m(54.0, 82.0, -96.0)],
            (1.4, 1.1),
        );
        let trunk = if sign < 0.0 {
            vec![m(34.0, 136.0, 4.0), m(45.0, 141.0, -10.0)]
        } else {
            vec![[-2.0, 120.5, z - 31.0], m(23.0, 131.0, 2.0), m(46.0, 142.0, -8.0)]
        };
        let vein =
            pen.draw(part("common_iliac_vein"), Vein, meeting, &trunk, (6.6 * scale, 6.2 * scale));
        let outer = [m(57.0, 121.0, -34.0), m(61.0, 93.0, -64.0), m(66.0, 60.0, -94.0)];
        pen.draw(part("external_iliac_vein"), Vein, vein, &outer, (5.3 * scale, 4.8 * scale));
        pen.draw(
            part("internal_iliac_vein"),
            Vein,
            vein,
            &[m(42.0, 150.0, -34.0), m(37.0, 154.0, -62.0)],
            (4.4 * scale, 3.4 * scale),
        );
        // In front of the iliac fork, wherever that lies.
        let crossing = fork + Vector3::new(sign * -2.0, -(5.0 * size + 1.8 + 3.2), 4.0);
        let course = [
            m(45.0, 106.0 - 0.5 * forwards, 55.0),
            m(42.0, 103.0 - 0.5 * forwards, 28.0),
            crossing.into(),
            m(32.0, 111.0, -14.0),
            m(38.0, 114.0, -34.0),
            m(45.0, 118.0, -60.0),
            m(36.0, 102.0, -86.0),
            m(18.0, 84.0, -96.0),
        ];
        let start = pen.at(m(44.0, 112.0, 110.0));
        pen.draw(part("ureter"), Ureter, start, &course, (1.8, 1.6));
        let start = pen.at(m(46.0, 140.0, 36.0));
        pen.draw(
            part("obturator_nerve"),
            Nerve,
            start,
            &[
                m(57.0, 137.0, -6.0),
                m(68.0, 118.0, -48.0),
                m(60.0, 86.0, -84.0),
                m(60.0, 70.0, -100.0),
            ],
            (1.6, 1.4),
        );
        let start = pen.at(m(56.0, 112.0, 80.0));
        pen.draw(
            part("genitofemoral_nerve"),
            Nerve,
            start,
            &[m(64.0, 102.0, 10.0), m(74.0, 88.0, -25.0), m(90.0, 56.0, -75.0)],
            (1.0, 0.9),
        );
        let start = pen.at(m(34.0, 150.0, 44.0));
        pen.draw(
            part("sciatic_nerve"),
            Nerve,
            start,
            &[
                m(44.0, 157.0, 4.0),
                m(54.0, 162.0, -40.0),
                m(64.0, 168.0, -84.0),
                m(68.0, 164.0, -118.0),
            ],
            (3.2, 5.4),
        );
    }
    // A smooth push of the whole region makes the sides differ and keeps neighbours neighbours.
    let pushes: Vec<Motion> = (0..7)
        .map(|_| {
            let centre = Point3::new(
                within((-80.0, 80.0), pen.rng),
                within((60.0, 150.0), pen.rng),
                within((-90.0, 80.0), pen.rng),
            );
            let push_mm = jitter(style.iliac_asymmetry_mm * (0.5 + 0.5 * freedom), pen.rng);
            Motion::Packing(Packing { centre, push_mm, reach_mm: within((45.0, 65.0), pen.rng) })
        })
        .collect();
    for knot in pen.courses.iter_mut().flat_map(|course| &mut course.knots) {
        let moved: Vector3<f64> = pushes.iter().map(|p| p.displacement_mm(knot, 0.0)).sum();
        *knot += moved * freedom.min(1.0).sqrt();
    }
    pen.courses
}
