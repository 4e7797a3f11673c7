//! The liver's outer shape: a dome of two lobes with a hollow underside, scaled to a wanted volume.

use nalgebra::{Point3, Translation3, UnitQuaternion, Vector3};
use rand_chacha::ChaCha8Rng;

use crate::anatomy::bounds::Bounds;
use crate::anatomy::distance_field::{DistanceField, InvalidSolid};
use crate::anatomy::family::Style;
use crate::anatomy::implicit::{Ellipsoid, Waves, smooth_cut, smooth_union};
use crate::randomness::{jitter, within};

/// Distance between samples of the liver's surface, mm.
const SPACING_MM: f64 = 2.5;

/// The liver of one anatomy.
pub(crate) struct LiverShape {
    pub solid: DistanceField,
    frame: LiverFrame,
}

/// Leads from the coordinates in which livers are drawn to those of the anatomy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LiverFrame {
    scale: Vector3<f64>,
    centre: Translation3<f64>,
}

impl LiverFrame {
    /// From the drawing to the anatomy, mm.
    pub fn place(&self, drawn: [f64; 3]) -> Point3<f64> {
        self.centre * Point3::from(Vector3::from(drawn).component_mul(&self.scale))
    }

    fn drawn(&self, point: &Point3<f64>) -> Point3<f64> {
        Point3::from((self.centre.inverse() * point).coords.component_div(&self.scale))
    }

    /// Mean factor from the drawing to the anatomy.
    pub fn size(&self) -> f64 {
        self.scale.product().cbrt()
    }
}

impl LiverShape {
    /// A liver whose drawing is centred at `centre`.
    ///
    /// Volume about the mean of 1.5 l of A. Heinemann et al., "Standard liver volume in the Caucasian
    /// population", Liver Transpl. Surg. 5, 1999.
    pub fn new(
        style: &Style,
        centre: Point3<f64>,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, InvalidSolid> {
        let drawing = Drawing::new(rng);
        let volume_mm3 = within(style.liver_volume_ml, rng) * 1000.0;
        let stretch =
            Vector3::from(style.stretch).component_mul(&(jitter(0.04, rng).add_scalar(1.0)));
        let around = Bounds {
            low: Point3::new(-135.0, -75.0, -105.0),
            high: Point3::new(145.0, 105.0, 100.0),
        };
        // Coarse, only to learn the volume that the drawing has at size one.
        let coarse = DistanceField::sample(|p| drawing.value(p), &around, 5.0)?;
        let size = (volume_mm3 / (coarse.volume_mm3() * stretch.product())).cbrt();
        let frame = LiverFrame { scale: stretch * size, centre: Translation3::from(centre.coords) };
        let bounds = Bounds {
            low: frame.place(coarse.bounds().low.into()),
            high: frame.place(coarse.bounds().high.into()),
        };
        let implicit = |p: &Point3<f64>| drawing.value(&frame.drawn(p)) * frame.size();
        let solid = DistanceField::sample(implicit, &bounds.grown(4.0), SPACING_MM)?;
        Ok(Self { solid, frame })
    }

    pub fn frame(&self) -> LiverFrame {
        self.frame
    }

    /// `point` moved to at least `depth_mm` under the surface, if it is not there.
    pub fn pulled_inside(&self, mut point: Point3<f64>, depth_mm: f64) -> Point3<f64> {
        for _ in 0..20 {
            let excess = self.solid.signed_distance_mm(&point) + depth_mm;
            if excess <= 0.0 {
                break;
            }
            point -= self.solid.gradient(&point) * (excess + 0.2).min(4.0);
        }
        point
    }
}

/// The liver at size one, around the origin: right lobe at −x, dome at +z, visceral side at −z.
struct Drawing {
    right: Ellipsoid,
    left: Ellipsoid,
    middle: Ellipsoid,
    cuts: Vec<(Ellipsoid, f64)>,
    waves: Waves,
}

impl Drawing {
    fn new(rng: &mut ChaCha8Rng) -> Self {
        let mut near = |centre: [f64; 3], axes: [f64; 3], by: f64| {
            let centre = Vector3::from(centre) + jitter(by, rng);
            let axes = Vector3::from(axes).component_mul(&jitter(0.05, rng).add_scalar(1.0));
            Ellipsoid::new(centre.into(), axes.into())
        };
        let right = near([-42.0, 14.0, -2.0], [70.0, 70.0, 82.0], 3.0);
        let left = near([52.0, -22.0, 26.0], [74.0, 38.0, 32.0], 4.0);
        let middle = near([0.0, -8.0, 20.0], [52.0, 48.0, 52.0], 2.0);
        let cuts = vec![
            // Stomach and bowel under the left lobe.
            (near([66.0, 30.0, -78.0], [88.0, 85.0, 82.0], 3.0), 18.0),
            // Spine and the crura of the diaphragm.
            (near([48.0, 92.0, 10.0], [46.0, 52.0, 120.0], 2.0), 16.0),
            // The right kidney.
            (near([-34.0, 78.0, -66.0], [34.0, 34.0, 52.0], 3.0), 14.0),
            // The hilum.
            (near([12.0, 16.0, -34.0], [20.0, 13.0, 16.0], 1.5), 10.0),
            // The bed of the gallbladder.
            (near([-14.0, -26.0, -66.0], [13.0, 26.0, 22.0], 3.0), 12.0),
            // The fissure of the round ligament.
            (near([38.0, -58.0, -4.0], [5.0, 20.0, 20.0], 2.0), 10.0),
        ];
        let left = left.turned(UnitQuaternion::from_euler_angles(0.1, 0.18, 0.12));
        Self { right, left, middle, cuts, waves: Waves::new(6, (60.0, 130.0), 5.0, rng) }
    }

    fn value(&self, point: &Point3<f64>) -> f64 {
        let lobes = smooth_union(self.right.value(point), self.middle.value(point), 40.0);
        let lobes = smooth_union(lobes, self.left.value(point), 36.0);
        let cut = |value, (body, k): &(Ellipsoid, f64)| smooth_cut(value, body.value(point), *k);
        self.cuts.iter().fold(lobes, cut) + self.waves.value(point)
    }
}
