//! The patient after a resection: what was cut out is gone, and saline fills its place.

use nalgebra::{Point3, Vector3};

use crate::anatomy::abdomen::AnatomyError;
use crate::anatomy::bounds::Bounds;
use crate::anatomy::distance_field::{DistanceField, InvalidSolid};
use crate::anatomy::structure::{Geometry, Structure, StructureKind};
use crate::anatomy::{Anatomy, Region};
use crate::skin_course::region_of_surgery;

/// The name of the structure that is there instead.
pub const CAVITY: &str = "resection_cavity";
/// How far behind a tumour the liver is cut, mm.
const MARGIN_MM: f64 = 5.0;
/// Distance between samples of the cavity, mm.
const SPACING_MM: f64 = 1.0;

/// What is cut out, at rest, frame `Patient`, mm.
#[derive(Clone, Copy, Debug)]
enum Piece {
    /// From a plane behind a tumour to the surface of the liver, round about an axis.
    Wedge { foot: Point3<f64>, outwards: Vector3<f64>, radius_mm: f64 },
    /// A ball around a lymph node; what runs through it is spared.
    Ball { centre: Point3<f64>, radius_mm: f64 },
}

impl Piece {
    /// Below zero within, about the distance near its surface, mm.
    fn implicit(&self, place: &Point3<f64>) -> f64 {
        match self {
            Self::Wedge { foot, outwards, radius_mm } => {
                let offset = place - foot;
                let along = offset.dot(outwards);
                (-along).max((offset - outwards * along).norm() - radius_mm)
            }
            Self::Ball { centre, radius_mm } => (place - centre).norm() - radius_mm,
        }
    }
}

/// The anatomy without a tumour of the liver and the liver around it, or without a lymph node of the
/// pelvis and the fat around it: the one nearest to the region of surgery. `radius_mm` is the radius of
/// what is cut out.
///
/// Vessels of the liver end where their centreline is cut, and one whose middle runs beside the cut stays whole;
/// behind the cut branches are still there, without supply. What is gone wholly is no structure any more. Nothing if there is neither tumour nor node.
///
/// # Errors
/// When what remains has no usable shape, which no patient is known to cause.
pub fn resected(anatomy: &Anatomy, radius_mm: f64) -> Result<Option<Anatomy>, AnatomyError> {
    let wanted = match anatomy.region() {
        Region::Abdomen => StructureKind::Tumour,
        Region::Pelvis => StructureKind::LymphNode,
    };
    let surgery = region_of_surgery(anatomy);
    let middle = |structure: &Structure| structure.bounds().centre();
    let targets = anatomy.structures().iter().filter(|s| s.kind == wanted);
    let nearest = targets
        .min_by(|a, b| (middle(a) - surgery).norm().total_cmp(&(middle(b) - surgery).norm()));
    let Some(target) = nearest else { return Ok(None) };
    let liver = anatomy.structures().iter().find_map(|s| match &s.geometry {
        Geometry::Solid(solid) if s.kind == StructureKind::Liver => Some(solid),
        _ => None,
    });
    let piece = match (anatomy.region(), liver) {
        (Region::Abdomen, Some(liver)) => wedge(target, liver, radius_mm),
        _ => Piece::Ball { centre: middle(target), radius_mm },
    };
    let within = |place: &Point3<f64>| {
        let own = piece.implicit(place);
        liver.map_or(own, |liver| own.max(liver.signed_distance_mm(place)))
    };
    let around = match (piece, liver) {
        (Piece::Ball { centre, radius_mm }, _) => Bounds::of_ball(&centre, radius_mm),
        (Piece::Wedge { foot, radius_mm, .. }, Some(liver)) => {
            let reach = 2.0 * radius_mm + liver.signed_distance_mm(&foot).abs();
            let (liver, ball) = (liver.bounds(), Bounds::of_ball(&foot, 2.0 * reach));
            Bounds { low: liver.low.sup(&ball.low), high: liver.high.inf(&ball.high) }
        }
        (Piece::Wedge { .. }, None) => anatomy.bounds(),
    };
    let cavity = DistanceField::sample(within, &around, SPACING_MM)?;
    let mut structures = Vec::new();
    for structure in anatomy.structures() {
        structures.extend(remains(structure, wanted, &cavity)?);
    }
    structures.push(Structure::solid(CAVITY, StructureKind::Cavity, cavity));
    let rest = Anatomy::assemble(
        anatomy.region(),
        anatomy.family(),
        anatomy.seed(),
        *anatomy.body_wall(),
        structures,
    )?;
    Ok(Some(rest))
}

/// From behind a tumour towards the nearest surface of the liver.
fn wedge(tumour: &Structure, liver: &DistanceField, radius_mm: f64) -> Piece {
    let bounds = tumour.bounds();
    let outwards = liver.gradient(&bounds.centre()).try_normalize(1e-6).unwrap_or(-Vector3::y());
    let behind_mm = 0.5 * (bounds.high - bounds.low).max() + MARGIN_MM;
    Piece::Wedge { foot: bounds.centre() - outwards * behind_mm, outwards, radius_mm }
}

/// What is left of a structure.
fn remains(
    structure: &Structure,
    wanted: StructureKind,
    cavity: &DistanceField,
) -> Result<Option<Structure>, AnatomyError> {
    use StructureKind as Kind;
    let is_cut = match structure.kind {
        Kind::Liver => true,
        Kind::PortalVein | Kind::HepaticVein | Kind::Artery => wanted == Kind::Tumour,
        kind => kind == wanted,
    };
    if !is_cut || !structure.bounds().meets(&cavity.bounds()) {
        return Ok(Some(structure.clone()));
    }
    let (name, kind) = (structure.name.clone(), structure.kind);
    match &structure.geometry {
        Geometry::Tubes(tubes) => {
            let rest = tubes.without(|place| cavity.signed_distance_mm(place) < 0.0)?;
            Ok(rest.map(|tubes| Structure::tubes(name, kind, tubes)))
        }
        Geometry::Solid(solid) => {
            let left = |place: &Point3<f64>| {
                solid.signed_distance_mm(place).max(-cavity.signed_distance_mm(place))
            };
            match DistanceField::sample(left, &solid.bounds(), solid.spacing_mm()) {
                Ok(solid) => Ok(Some(Structure::solid(name, kind, solid))),
                Err(InvalidSolid::NoSurface) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }
    }
}
