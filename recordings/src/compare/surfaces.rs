//! Surfaces: how far those of the same structure are apart.

use messages::surfaces::Mesh;
use messages::{Frame, Surfaces};
use nalgebra::Point3;

use super::difference::Difference;
use super::nearest::{Shape, Shapes, Spread};
use super::spread::Unit;

/// A triangle.
#[derive(Clone, Copy, Debug)]
struct Triangle([Point3<f64>; 3]);

impl Shape for Triangle {
    fn corners(&self) -> impl Iterator<Item = Point3<f64>> {
        self.0.into_iter()
    }

    /// By the region that the point lies in front of: a corner, an edge or the face (Ericson, Real-Time
    /// Collision Detection, 2005, section 5.1.5).
    fn nearest(&self, point: &Point3<f64>) -> Point3<f64> {
        let [a, b, c] = self.0;
        let (ab, ac) = (b - a, c - a);
        let [(ab_a, ac_a), (ab_b, ac_b), (ab_c, ac_c)] =
            self.0.map(|corner| (ab.dot(&(point - corner)), ac.dot(&(point - corner))));
        if ab_a <= 0.0 && ac_a <= 0.0 {
            return a;
        }
        if ab_b >= 0.0 && ac_b <= ab_b {
            return b;
        }
        let to_ab = ab_a * ac_b - ab_b * ac_a;
        if to_ab <= 0.0 && ab_a >= 0.0 && ab_b <= 0.0 {
            return a + ab * (ab_a / (ab_a - ab_b));
        }
        if ac_c >= 0.0 && ab_c <= ac_c {
            return c;
        }
        let to_ac = ab_c * ac_a - ab_a * ac_c;
        if to_ac <= 0.0 && ac_a >= 0.0 && ac_c <= 0.0 {
            return a + ac * (ac_a / (ac_a - ac_c));
        }
        let to_bc = ab_b * ac_c - ab_c * ac_b;
        let (from_b, from_c) = (ac_b - ab_b, ab_c - ac_c);
        if to_bc <= 0.0 && from_b >= 0.0 && from_c >= 0.0 {
            return b + (c - b) * (from_b / (from_b + from_c));
        }
        let all = to_ab + to_ac + to_bc;
        // A triangle without area has been answered by its edges, unless it is a point.
        if all == 0.0 { a } else { a + ab * (to_ac / all) + ac * (to_ab / all) }
    }
}

/// Compares the surfaces of structures of the same name: vertex by vertex if they have the same triangles,
/// else the distance of every vertex of each from the other's triangles; and what is said of their error.
pub fn surfaces<In: Frame>(a: &Surfaces<In>, b: &Surfaces<In>, difference: &mut Difference) {
    let mut spread = Spread::default();
    for mine in a.meshes() {
        let name = &mine.surface.structure.name;
        let Some(theirs) = b.meshes().find(|mesh| mesh.surface.structure.name == *name) else {
            difference.other(format!("only the first has the surface of {name}"));
            continue;
        };
        let kinds = [mine, theirs].map(|mesh| mesh.surface.structure.kind);
        if kinds[0] != kinds[1] {
            difference.other(format!("{name} is a {:?} against a {:?}", kinds[0], kinds[1]));
        }
        let [error_a, error_b] = [mine, theirs].map(|mesh| f64::from(mesh.surface.error_mm));
        if error_a != error_b {
            difference.mm((error_a - error_b).abs());
        }
        let mut of_structure = Spread::default();
        meshes(&mine, &theirs, &mut of_structure, difference);
        difference.figure(format!("{name}, mean"), Unit::Mm, of_structure.mean().unwrap_or(0.0));
        difference.figure(format!("{name}, farthest"), Unit::Mm, of_structure.largest);
        spread.merge(&of_structure);
    }
    for theirs in b.meshes() {
        let name = &theirs.surface.structure.name;
        if a.meshes().all(|mesh| mesh.surface.structure.name != *name) {
            difference.other(format!("only the second has the surface of {name}"));
        }
    }
    if let Some(mean) = spread.mean() {
        difference.distances(spread.largest, mean);
    }
}

fn meshes(a: &Mesh<'_>, b: &Mesh<'_>, spread: &mut Spread, difference: &mut Difference) {
    let is_same = a.corners == b.corners && a.positions_mm.len() == b.positions_mm.len();
    if is_same && a.positions_mm == b.positions_mm {
        return;
    }
    if is_same {
        for (mine, theirs) in points(a).zip(points(b)) {
            spread.add((mine - theirs).norm());
        }
        return;
    }
    if a.corners.is_empty() != b.corners.is_empty() {
        difference.other(format!(
            "{} triangles of {} against {}",
            a.corners.len(),
            a.surface.structure.name,
            b.corners.len()
        ));
        return;
    }
    spread.add_all(points(a), &triangles(b));
    spread.add_all(points(b), &triangles(a));
}

fn points<'a>(mesh: &Mesh<'a>) -> impl Iterator<Item = Point3<f64>> + use<'a> {
    mesh.positions_mm.iter().map(|&place| Point3::from(place).cast())
}

/// Indices were checked when the surfaces were read.
fn triangles(mesh: &Mesh<'_>) -> Shapes<Triangle> {
    let corner = |index: i32| mesh.positions_mm.get(usize::try_from(index).ok()?);
    let triangle = |&[a, b, c]: &[i32; 3]| {
        let [a, b, c] = [corner(a)?, corner(b)?, corner(c)?];
        Some(Triangle([*a, *b, *c].map(|place| Point3::from(place).cast())))
    };
    Shapes::new(mesh.corners.iter().filter_map(triangle).collect())
}

#[cfg(test)]
mod tests {
    use messages::{Preoperative, Structure, StructureKind};
    use proptest::prelude::*;

    use super::*;

    type Parts = (Vec<[f32; 3]>, Vec<[i32; 3]>);

    /// A square of `n × n` squares in the plane z, 12 mm wide.
    fn square(n: i32, z_mm: f32) -> Parts {
        let step = 12.0 / n as f32;
        let vertices = (0..=n)
            .flat_map(|y| (0..=n).map(move |x| [x as f32 * step, y as f32 * step, z_mm]))
            .collect();
        let at = move |x: i32, y: i32| y * (n + 1) + x;
        let corners = (0..n)
            .flat_map(|y| (0..n).map(move |x| (x, y)))
            .flat_map(|(x, y)| {
                [
                    [at(x, y), at(x + 1, y), at(x + 1, y + 1)],
                    [at(x, y), at(x + 1, y + 1), at(x, y + 1)],
                ]
            })
            .collect();
        (vertices, corners)
    }

    fn named(parts: &[(&str, Parts)]) -> Surfaces<Preoperative> {
        let surface = |(name, (vertices, corners)): &(&str, Parts)| {
            let structure = Structure { name: (*name).to_owned(), kind: StructureKind::Vein };
            (structure, 0.5, vertices.clone(), corners.clone())
        };
        Surfaces::new(parts.iter().map(surface).collect()).unwrap()
    }

    fn compared(a: &Surfaces<Preoperative>, b: &Surfaces<Preoperative>) -> Difference {
        let mut difference = Difference::default();
        surfaces(a, b, &mut difference);
        difference
    }

    #[test]
    fn a_shift_is_its_distance_whatever_the_triangles() {
        let a = named(&[("vein", square(3, 0.0))]);
        for other in [square(3, 2.5), square(4, 2.5), square(1, 2.5)] {
            let found = compared(&a, &named(&[("vein", other)]));
            assert_eq!((found.mm, found.mm_mean, found.others), (Some(2.5), Some(2.5), 0));
        }
    }

    #[test]
    fn the_same_surface_in_other_triangles_is_no_distance_apart() {
        let (a, b) = (named(&[("vein", square(3, 1.0))]), named(&[("vein", square(4, 1.0))]));
        assert_eq!(compared(&a, &b).mm, Some(0.0));
        assert!(compared(&a, &a).is_none());
    }

    #[test]
    fn only_what_differs_counts_for_the_mean() {
        let a = named(&[("artery", square(2, 0.0)), ("vein", square(2, 0.0))]);
        let b = named(&[("artery", square(2, 0.0)), ("vein", square(2, 1.0))]);
        assert_eq!(compared(&a, &b).mm_mean, Some(1.0));
    }

    #[test]
    fn missing_structures_kinds_and_errors_are_told() {
        let a = named(&[("artery", square(1, 0.0)), ("vein", square(1, 0.0))]);
        let b = named(&[("vein", square(1, 0.0)), ("nerve", square(1, 0.0))]);
        let found = compared(&a, &b);
        assert_eq!(
            found.other,
            [
                "only the first has the surface of artery",
                "only the second has the surface of nerve"
            ]
        );
        let mut other = named(&[("vein", square(1, 0.0))]);
        other.structures[0].structure.kind = StructureKind::Artery;
        other.structures[0].error_mm = 0.75;
        let found = compared(&named(&[("vein", square(1, 0.0))]), &other);
        assert_eq!(found.other, ["vein is a Vein against a Artery"]);
        assert_eq!((found.mm, found.mm_mean), (Some(0.25), None));
        let nothing = named(&[("vein", (Vec::new(), Vec::new()))]);
        assert_eq!(compared(&named(&[("vein", square(1, 0.0))]), &nothing).others, 1);
    }

    proptest! {
        /// No place on the triangle, on a fine grid, is nearer; and the place lies on it.
        #[test]
        fn the_nearest_place_of_a_triangle_is_the_nearest(
            corners in prop::array::uniform3(prop::array::uniform3(-10.0f64..10.0)),
            point in prop::array::uniform3(-20.0f64..20.0),
        ) {
            let triangle = Triangle(corners.map(Point3::from));
            let point = Point3::from(point);
            let nearest = triangle.nearest(&point);
            let distance = (point - nearest).norm();
            let [a, b, c] = triangle.0;
            let mut to_nearest = f64::INFINITY;
            for i in 0..=40 {
                for j in 0..=40 - i {
                    let place = a + (b - a) * (f64::from(i) / 40.0) + (c - a) * (f64::from(j) / 40.0);
                    prop_assert!((point - place).norm() >= distance - 1e-9);
                    to_nearest = to_nearest.min((nearest - place).norm());
                }
            }
            // The grid's step along the longest edge.
            prop_assert!(to_nearest < 1.0 + 0.05 * (b - a).norm().max((c - a).norm()));
        }
    }
}
