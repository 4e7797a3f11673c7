//! Volumes: grey values, what was seen, and where they lie.

use messages::{Frame, IntensityVolume, LabelVolume, Volume};
use nalgebra::Point3;

use super::difference::Difference;
use super::image::greys;
use super::label::{dice, dices, weights};
use super::placement::maps;
use super::spread::Unit;
use super::vessel_tree::names;

/// Compares two volumes voxel by voxel.
pub fn volumes(a: &Volume, b: &Volume, difference: &mut Difference) {
    if a.size != b.size {
        difference.other(format!("a volume of {:?} against one of {:?} voxels", a.size, b.size));
        return;
    }
    maps(&a.patient_from_voxel, &b.patient_from_voxel, &corners(a.size), difference);
    if a.images != b.images {
        difference.other(format!("made from {} images against {}", a.images, b.images));
    }
    greys(a.voxels.as_slice(), b.voxels.as_slice(), difference);
    if a.seen != b.seen {
        let seen = dice(a.seen.as_slice(), b.seen.as_slice(), 1).unwrap_or(1.0);
        difference.dice(seen);
        difference.figure("what was seen", Unit::Dice, seen);
    }
}

/// Compares two volumes of a scanner voxel by voxel.
pub fn intensity_volumes<In: Frame>(
    a: &IntensityVolume<In>,
    b: &IntensityVolume<In>,
    difference: &mut Difference,
) {
    if (a.size, a.modality) != (b.size, b.modality) {
        difference.other(format!(
            "a {:?} of {:?} against a {:?} of {:?} voxels",
            a.modality, a.size, b.modality, b.size
        ));
        return;
    }
    maps(&a.frame_from_voxel, &b.frame_from_voxel, &corners(a.size), difference);
    greys(a.voxels.as_slice(), b.voxels.as_slice(), difference);
}

/// Compares two volumes of labels structure by structure.
pub fn label_volumes<In: Frame>(
    a: &LabelVolume<In>,
    b: &LabelVolume<In>,
    difference: &mut Difference,
) {
    if a.size != b.size || a.structures != b.structures {
        difference.other(format!(
            "{:?} labels of [{}] against {:?} of [{}]",
            a.size,
            names(&a.structures),
            b.size,
            names(&b.structures)
        ));
        return;
    }
    maps(&a.frame_from_voxel, &b.frame_from_voxel, &corners(a.size), difference);
    weights(a.model.as_ref(), b.model.as_ref(), difference);
    let (left, right) = (a.labels.as_slice(), b.labels.as_slice());
    if left != right {
        let dices = dices(left, right, a.structures.len());
        for (structure, dice) in a.structures.iter().zip(dices) {
            let Some(dice) = dice else { continue };
            difference.dice(dice);
            difference.figure(structure.name.as_str(), Unit::Dice, dice);
        }
    }
}

/// The corners of a volume, in indices of voxels.
fn corners(size: [u32; 3]) -> [Point3<f64>; 8] {
    let end = size.map(|size| f64::from(size) - 0.5);
    std::array::from_fn(|corner| {
        Point3::from([0, 1, 2].map(|axis| if corner >> axis & 1 == 1 { end[axis] } else { -0.5 }))
    })
}

#[cfg(test)]
mod tests {
    use messages::{Affine, Modality, ModelIdentity, Preoperative, Structure, StructureKind};
    use nalgebra::Matrix3x4;

    use super::*;

    fn map(shift_mm: f64) -> Affine<Preoperative, messages::Voxel> {
        let rows = Matrix3x4::new(2., 0., 0., shift_mm, 0., 2., 0., 0., 0., 0., 2., 0.);
        Affine::from_rows(rows).unwrap()
    }

    fn labels(shift_mm: f64, labels: [u8; 8]) -> LabelVolume<Preoperative> {
        let structure = |name: &str, kind| Structure { name: name.to_owned(), kind };
        LabelVolume {
            size: [2; 3],
            frame_from_voxel: map(shift_mm),
            structures: vec![
                structure("liver", StructureKind::Organ),
                structure("portal_vein", StructureKind::Vein),
            ],
            model: None,
            labels: labels.to_vec().into(),
        }
    }

    fn scan(shift_mm: f64, voxels: [i16; 8]) -> IntensityVolume<Preoperative> {
        IntensityVolume {
            size: [2; 3],
            frame_from_voxel: map(shift_mm),
            modality: Modality::Ct,
            voxels: voxels.to_vec().into(),
        }
    }

    #[test]
    fn the_worst_structure_counts() {
        let mut difference = Difference::default();
        let (a, b) = (labels(0.0, [1, 1, 1, 1, 2, 2, 0, 0]), labels(0.0, [1, 1, 1, 0, 2, 0, 2, 2]));
        label_volumes(&a, &b, &mut difference);
        // Liver 6 / 7, portal vein 2 / 5.
        assert!(difference.is_still(&Difference { dice: Some(0.4), ..Difference::default() }));
        let figures = difference.figures.iter().map(|figure| (figure.of.as_str(), figure.value));
        assert!(figures.eq([("liver", 6.0 / 7.0), ("portal_vein", 0.4)]));
    }

    #[test]
    fn equal_labels_elsewhere_are_a_distance() {
        let mut difference = Difference::default();
        label_volumes(&labels(0.0, [1; 8]), &labels(3.0, [1; 8]), &mut difference);
        assert_eq!((difference.mm, difference.dice), (Some(3.0), None));
        let mut difference = Difference::default();
        label_volumes(&labels(0.0, [1; 8]), &labels(-0.0, [1; 8]), &mut difference);
        assert!(difference.is_none());
    }

    #[test]
    fn other_weights_and_other_structures_are_told() {
        let (a, mut b) = (labels(0.0, [1; 8]), labels(0.0, [1; 8]));
        let model = |device: &str| ModelIdentity {
            name: "net".to_owned(),
            sha256: "ab".to_owned(),
            device: device.to_owned(),
        };
        b.model = Some(model("cpu"));
        let mut difference = Difference::default();
        label_volumes(&a, &b, &mut difference);
        assert_eq!(difference.other, ["other weights: None against Some(\"ab\")"]);
        b.structures.pop();
        let mut difference = Difference::default();
        label_volumes(&a, &b, &mut difference);
        assert_eq!(difference.others, 1);
    }

    #[test]
    fn intensities_of_sixteen_bits_are_compared_in_full() {
        let mut difference = Difference::default();
        let (mut far, near) = ([0; 8], [0; 8]);
        far[3] = i16::MAX;
        let low = [i16::MIN; 8];
        intensity_volumes(&scan(0.0, far), &scan(0.0, near), &mut difference);
        assert_eq!(difference.grey_max, Some(32767.0));
        assert_eq!(difference.grey_mean, Some(32767.0 / 8.0));
        intensity_volumes(&scan(0.0, far), &scan(0.0, low), &mut difference);
        assert_eq!(difference.grey_max, Some(65535.0));
        let mut difference = Difference::default();
        intensity_volumes(&scan(0.0, far), &scan(1.5, far), &mut difference);
        assert_eq!((difference.grey_max, difference.mm), (None, Some(1.5)));
    }

    #[test]
    fn another_scanner_cannot_be_compared() {
        let (a, mut b) = (scan(0.0, [0; 8]), scan(0.0, [0; 8]));
        b.modality = Modality::Mr;
        let mut difference = Difference::default();
        intensity_volumes(&a, &b, &mut difference);
        assert_eq!(difference.other, ["a Ct of [2, 2, 2] against a Mr of [2, 2, 2] voxels"]);
    }
}
