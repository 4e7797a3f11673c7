//! What surrounds the liver: great vessels, kidneys, spleen, gas, ribs and spine.

use nalgebra::{Point3, UnitQuaternion, Vector3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::anatomy::body_wall::BodyWall;
use crate::anatomy::distance_field::{DistanceField, InvalidSolid};
use crate::anatomy::implicit::{Ellipsoid, Waves, smooth_cut};
use crate::anatomy::liver_shape::LiverShape;
use crate::anatomy::structure::{Structure, StructureKind};
use crate::anatomy::tube_tree::{InvalidTubes, TubeTree};
use crate::randomness::{jitter, within};
use crate::spline::catmull_rom;

/// A tube of even radius through control points.
pub(crate) fn tube(knots: &[Point3<f64>], radius_mm: f64) -> Result<TubeTree, InvalidTubes> {
    let line = catmull_rom(knots, 4.0);
    TubeTree::along(&line.into_iter().map(|p| (p, radius_mm)).collect::<Vec<_>>())
}

/// The vena cava, the aorta and the renal arteries' common stem, and the aorta once more by itself.
///
/// The aorta is 17 to 21 mm wide here (W. D. Johnston et al., "Suggested standards for reporting on
/// arterial aneurysms", J. Vasc. Surg. 13, 1991); the cava about 20 to 25 mm.
pub(crate) fn great_vessels(
    liver: &LiverShape,
    cava: TubeTree,
    rng: &mut ChaCha8Rng,
) -> Result<(Vec<Structure>, TubeTree), InvalidTubes> {
    let back = liver.frame().place([16.0, 60.0, 0.0]).y;
    let radius = within((8.5, 10.5), rng);
    let x = liver.frame().place([16.0, 0.0, 0.0]).x + 13.0 + 11.0 + radius;
    let knots: Vec<_> = (0..6)
        .map(|i| Point3::new(x, back + 6.0, 150.0 - 60.0 * f64::from(i)) + jitter(2.0, rng))
        .collect();
    let aorta = tube(&knots, radius)?;
    let structures = vec![
        Structure::tubes("inferior_vena_cava", StructureKind::Vein, cava),
        Structure::tubes("aorta", StructureKind::Artery, aorta.clone()),
    ];
    Ok((structures, aorta))
}

/// Kidneys, spleen, gas pockets and gallbladder, each kept out of the liver, the body wall and the great vessels.
pub(crate) fn organs(
    liver: &LiverShape,
    wall: &BodyWall,
    vessels: &[Structure],
    rng: &mut ChaCha8Rng,
) -> Result<Vec<Structure>, InvalidSolid> {
    let lean =
        |degrees: f64| UnitQuaternion::from_axis_angle(&Vector3::y_axis(), degrees.to_radians());
    let depth = 2.0 * wall.half_depth_mm;
    let right = liver.frame().place([-34.0, 78.0, -74.0]);
    // 11 cm long and 5 to 6 cm wide (S. A. Emamian et al., "Kidney dimensions at sonography", AJR
    // 160, 1993).
    let kidney = [27.0, 24.0, 54.0];
    let mut bodies = vec![
        (
            "kidney_right",
            StructureKind::Kidney,
            Ellipsoid::new([right.x, right.y, right.z], kidney).turned(lean(12.0)),
        ),
        (
            "kidney_left",
            StructureKind::Kidney,
            Ellipsoid::new([78.0, right.y + 2.0, right.z + 22.0], kidney).turned(lean(-12.0)),
        ),
        (
            "spleen",
            StructureKind::Spleen,
            Ellipsoid::new([112.0, 0.62 * depth, 28.0], [30.0, 46.0, 48.0]),
        ),
    ];
    let pockets =
        [[78.0, 108.0, 30.0], [40.0, 64.0, -62.0], [-66.0, 62.0, -112.0], [4.0, 58.0, -104.0]];
    let names = ["gas_stomach", "gas_colon_left", "gas_colon_right", "gas_colon_middle"];
    let count = rng.random_range(2..=4);
    for (name, pocket) in names.iter().zip(pockets).take(count) {
        let centre = Vector3::from(pocket) + jitter(6.0, rng);
        let axes = [within((12.0, 24.0), rng), within((8.0, 14.0), rng), within((8.0, 16.0), rng)];
        bodies.push((name, StructureKind::Gas, Ellipsoid::new(centre.into(), axes)));
    }
    // In its bed under the liver; 7 to 10 cm long and 3 to 4 cm wide (H. Gray, "Anatomy of the Human
    // Body", 1918). What touches the liver is cut away, so the ellipsoid starts longer and wider.
    let bed = liver.frame().place([-14.0, -24.0, -58.0]);
    let lying = UnitQuaternion::from_euler_angles(0.5, 0.0, 0.0);
    bodies.push((
        "gallbladder",
        StructureKind::Gallbladder,
        Ellipsoid::new(bed.into(), [17.0, 38.0, 19.0]).turned(lying),
    ));
    let mut structures: Vec<Structure> = Vec::new();
    for (name, kind, body) in bodies {
        let body = Ellipsoid { centre: body.centre + jitter(3.0, rng), ..body };
        let waves = Waves::new(4, (40.0, 90.0), 2.0, rng);
        let near_liver = liver.solid.bounds().grown(8.0);
        let implicit = |p: &Point3<f64>| {
            let mut value = body.value(p);
            // Far outside nothing can be cut away.
            if value > 8.0 {
                return value;
            }
            value += waves.value(p);
            if near_liver.contains(p) {
                value = smooth_cut(value, liver.solid.signed_distance_mm(p) - 2.0, 4.0);
            }
            value =
                smooth_cut(value, -(wall.signed_distance_mm(p) + wall.thickness_mm() + 2.0), 4.0);
            for other in vessels.iter().chain(&structures) {
                if other.bounds().grown(8.0).contains(p) {
                    value = smooth_cut(value, other.signed_distance_mm(p) - 2.0, 4.0);
                }
            }
            value
        };
        match DistanceField::sample(implicit, &body.bounds().grown(3.0), 2.5) {
            Ok(solid) => structures.push(Structure::solid(name, kind, solid)),
            // What others leave no room for is not there.
            Err(InvalidSolid::NoSurface) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(structures)
}

/// Ribs within the muscle of the body wall, and the spine.
pub(crate) fn bones(wall: &BodyWall, rng: &mut ChaCha8Rng) -> Result<Vec<Structure>, InvalidTubes> {
    let inset = wall.skin_mm + wall.fat_mm + 0.5 * wall.muscle_mm;
    let (a, b) = (wall.half_width_mm - inset, wall.half_depth_mm - inset);
    let spine_y = 2.0 * wall.half_depth_mm - wall.thickness_mm() - 32.0;
    let line = [150.0, 90.0, 30.0, -30.0, -90.0, -160.0].map(|z| Point3::new(0.0, spine_y, z));
    let mut bones = vec![Structure::tubes("spine", StructureKind::Bone, tube(&line, 19.0)?)];
    for (side, sign) in [("right", -1.0), ("left", 1.0)] {
        for rib in 7..=11 {
            let order = f64::from(rib - 7);
            let top = 96.0 - 25.0 * order + within((-2.0, 2.0), rng);
            // From beside the spine to the costal margin, which lies farther back for lower ribs.
            let front = -0.9 + 0.42 * order + within((-0.04, 0.04), rng);
            let knots: Vec<_> = (0..16)
                .map(|i| {
                    let s = f64::from(i) / 15.0;
                    let turn = 1.35 + s * (front - 1.35);
                    let drop = 62.0 * (s * 1.15).sin().powi(2);
                    let y = wall.half_depth_mm + b * turn.sin();
                    Point3::new(sign * a * turn.cos(), y, top - drop)
                })
                .collect();
            let radius = within((5.0, 6.0), rng);
            bones.push(Structure::tubes(
                format!("rib_{side}_{rib}"),
                StructureKind::Bone,
                tube(&knots, radius)?,
            ));
        }
    }
    Ok(bones)
}
