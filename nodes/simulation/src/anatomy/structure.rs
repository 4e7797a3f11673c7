//! A named part of the anatomy: its kind and its shape.

use nalgebra::Point3;

use crate::anatomy::bounds::Bounds;
use crate::anatomy::distance_field::DistanceField;
use crate::anatomy::tube_tree::TubeTree;

/// What a structure is made of; where structures overlap, the later kind is what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StructureKind {
    /// The spleen.
    Spleen,
    /// A muscle within the body wall, such as the psoas.
    Muscle,
    /// The liver's parenchyma.
    Liver,
    /// A kidney.
    Kidney,
    /// The urinary bladder.
    Bladder,
    /// The gallbladder.
    Gallbladder,
    /// A bone; shadows ultrasound.
    Bone,
    /// A pocket of gas in the bowel or stomach; shadows ultrasound.
    Gas,
    /// A tumour.
    Tumour,
    /// A lymph node.
    LymphNode,
    /// Where something was cut out: full of saline. Tubes that were left run through it.
    Cavity,
    /// A nerve.
    Nerve,
    /// A ureter.
    Ureter,
    /// A systemic vein: the inferior vena cava and the iliac veins.
    Vein,
    /// The hepatic veins.
    HepaticVein,
    /// The portal vein and its branches.
    PortalVein,
    /// Arteries of all kinds.
    Artery,
}

impl StructureKind {
    /// All kinds, in the order in which they cover each other.
    pub const ALL: [Self; 17] = [
        Self::Spleen,
        Self::Muscle,
        Self::Liver,
        Self::Kidney,
        Self::Bladder,
        Self::Gallbladder,
        Self::Bone,
        Self::Gas,
        Self::Tumour,
        Self::LymphNode,
        Self::Cavity,
        Self::Nerve,
        Self::Ureter,
        Self::Vein,
        Self::HepaticVein,
        Self::PortalVein,
        Self::Artery,
    ];

    /// Whether blood flows in it.
    pub fn is_vessel(self) -> bool {
        matches!(self, Self::Vein | Self::HepaticVein | Self::PortalVein | Self::Artery)
    }

    /// Whether ultrasound does not pass it.
    pub fn casts_shadow(self) -> bool {
        matches!(self, Self::Bone | Self::Gas)
    }
}

/// What lies at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tissue {
    /// Outside the body.
    Air,
    /// The skin.
    Skin,
    /// Fat under the skin.
    Fat,
    /// The muscles of the body wall.
    WallMuscle,
    /// Fat and bowel between the organs.
    Viscera,
    /// The inside of a structure of that kind.
    Structure(StructureKind),
}

/// The shape of a structure, frame `Patient`, mm.
#[derive(Clone, Debug, PartialEq)]
pub enum Geometry {
    /// Branching tubes.
    Tubes(TubeTree),
    /// A smooth solid.
    Solid(DistanceField),
}

/// A named part of the anatomy.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    /// Unique within the anatomy, such as `portal_vein` or `tumour_2`.
    pub name: String,
    /// What it is.
    pub kind: StructureKind,
    /// Where it is.
    pub geometry: Geometry,
}

impl Structure {
    /// A structure of tubes.
    pub fn tubes(name: impl Into<String>, kind: StructureKind, tubes: TubeTree) -> Self {
        Self { name: name.into(), kind, geometry: Geometry::Tubes(tubes) }
    }

    /// A solid structure.
    pub fn solid(name: impl Into<String>, kind: StructureKind, solid: DistanceField) -> Self {
        Self { name: name.into(), kind, geometry: Geometry::Solid(solid) }
    }

    /// Signed distance to the surface, negative inside, mm.
    pub fn signed_distance_mm(&self, point: &Point3<f64>) -> f64 {
        match &self.geometry {
            Geometry::Tubes(tubes) => tubes.signed_distance_mm(point),
            Geometry::Solid(solid) => solid.signed_distance_mm(point),
        }
    }

    /// Whether `point` lies inside or on the surface.
    pub fn contains(&self, point: &Point3<f64>) -> bool {
        match &self.geometry {
            Geometry::Tubes(tubes) => tubes.contains(point),
            Geometry::Solid(solid) => solid.signed_distance_mm(point) <= 0.0,
        }
    }

    /// A box that holds the structure.
    pub fn bounds(&self) -> Bounds {
        match &self.geometry {
            Geometry::Tubes(tubes) => tubes.bounds(),
            Geometry::Solid(solid) => solid.bounds(),
        }
    }

    /// The tubes, if it is made of them.
    pub fn as_tubes(&self) -> Option<&TubeTree> {
        match &self.geometry {
            Geometry::Tubes(tubes) => Some(tubes),
            Geometry::Solid(_) => None,
        }
    }
}
