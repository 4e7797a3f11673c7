//! Which colour everything has that belongs to a class or to a structure of the body.

use messages::{Structure, StructureKind};

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// Colours of classes, as far apart as they go; the first class is what is around everything else.
const CLASSES: [[u8; 4]; 8] = [
    [0, 0, 0, 0],
    // A vessel of which it is not known what it belongs to, as below.
    [60, 215, 225, 255],
    [70, 130, 240, 255],
    [250, 190, 60, 255],
    [80, 200, 120, 255],
    [190, 90, 220, 255],
    [230, 60, 60, 255],
    [240, 130, 190, 255],
];

/// The colour of a class of an image, with its opacity.
pub fn class(label: u8) -> [u8; 4] {
    match usize::from(label) {
        0 => CLASSES[0],
        label => CLASSES[1 + (label - 1) % (CLASSES.len() - 1)],
    }
}

/// What is not known to belong to anything.
pub const UNKNOWN: Rgb = [60, 215, 225];

/// The colour of a structure, as atlases of surgery colour it.
pub fn structure(structure: &Structure) -> Rgb {
    match structure.kind {
        StructureKind::Artery => [225, 45, 45],
        // Beside the hepatic veins the portal vein must be told apart, and both are veins.
        StructureKind::Vein if structure.name.to_lowercase().contains("portal") => [150, 85, 225],
        StructureKind::Vein => [55, 105, 235],
        StructureKind::Vessel => UNKNOWN,
        StructureKind::BileDuct => [40, 120, 60],
        StructureKind::Ureter => [70, 205, 110],
        StructureKind::Nerve => [255, 235, 90],
        StructureKind::Tumour => [190, 230, 30],
        StructureKind::LymphNode => [245, 150, 60],
        StructureKind::Organ => [165, 105, 85],
        StructureKind::Bone => [235, 225, 200],
        StructureKind::Other => [150, 150, 150],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn background_is_clear_and_no_other_class_is() {
        assert_eq!(class(0)[3], 0);
        assert!((1..=255u8).all(|label| class(label)[3] == 255));
    }

    #[test]
    fn structures_of_different_kinds_look_different() {
        use StructureKind as Kind;
        let named = |name: &str, kind| structure(&Structure { name: name.to_owned(), kind });
        let colours = HashSet::from([
            named("hepatic_artery", Kind::Artery),
            named("hepatic_veins", Kind::Vein),
            named("portal_vein", Kind::Vein),
            named("vessel", Kind::Vessel),
            named("bile_duct", Kind::BileDuct),
            named("ureter_left", Kind::Ureter),
            named("obturator_nerve", Kind::Nerve),
            named("tumour_1", Kind::Tumour),
            named("node_3", Kind::LymphNode),
            named("liver", Kind::Organ),
            named("sacrum", Kind::Bone),
            named("gas", Kind::Other),
        ]);
        assert_eq!(colours.len(), 12);
    }
}
