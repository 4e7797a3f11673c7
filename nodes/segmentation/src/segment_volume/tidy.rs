//! Labels of a volume made likely: vessels that belong together keep one name, and specks go.

use std::collections::HashMap;

use ndarray::Array3;

/// Rounds in which the evidence of a vessel spreads along it: enough to go from a trunk, which is easily told, to
/// the ends of its branches, which are not; too few to pass the few voxels at which two systems may touch.
const ROUNDS: usize = 4000;
/// The evidence of one voxel counts at most this much, in units of logits.
const MOST_EVIDENCE: f32 = 20.0;

/// Where the two labels of neighbouring systems, such as portal and hepatic veins, meet in one connected
/// vessel, each voxel takes the label that the vessel around it speaks for.
///
/// `evidence` is, for each voxel, by how much the first label is likelier than the second (a difference of
/// logits); it is averaged over the neighbouring voxels of either label, again and again, so that it spreads along
/// vessels but not from one to another that does not touch.
pub fn agree_along_vessels(
    labels: &mut Array3<u8>,
    evidence: &Array3<f32>,
    (first, second): (u8, u8),
) {
    let is_either = |label: u8| label == first || label == second;
    let mut numbers = HashMap::new();
    let mut places = Vec::new();
    for (place, label) in labels.indexed_iter() {
        if is_either(*label) {
            numbers.insert(place, places.len());
            places.push(place);
        }
    }
    let neighbours: Vec<Vec<usize>> = places
        .iter()
        .map(|place| around(*place).filter_map(|other| numbers.get(&other).copied()).collect())
        .collect();
    let mut believed: Vec<f32> =
        places.iter().map(|place| evidence[*place].clamp(-MOST_EVIDENCE, MOST_EVIDENCE)).collect();
    let mut next = believed.clone();
    for _ in 0..ROUNDS {
        for ((next, own), neighbours) in next.iter_mut().zip(&believed).zip(&neighbours) {
            let sum: f32 = neighbours.iter().map(|other| believed[*other]).sum();
            *next = (sum + own) / (neighbours.len() + 1) as f32;
        }
        std::mem::swap(&mut believed, &mut next);
    }
    for (place, believed) in places.into_iter().zip(believed) {
        labels[place] = if believed >= 0.0 { first } else { second };
    }
}

/// The 26 voxels around one; those below zero wrap round and lie outside every volume.
fn around((z, y, x): (usize, usize, usize)) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..27).filter(|step| *step != 13).map(move |step| {
        let shift = |value: usize, step: usize| value.wrapping_add(step).wrapping_sub(1);
        (shift(z, step / 9), shift(y, step / 3 % 3), shift(x, step % 3))
    })
}

/// Gives connected regions (of the 26 neighbours) of one label that have fewer than `least` voxels, and all
/// but the largest region of the labels in `single`, to what lies around most of them.
pub fn remove_specks(labels: &mut Array3<u8>, least: usize, single: &[u8]) {
    let regions = Regions::of(labels);
    let mut largest = [0_usize; 256];
    for region in &regions.0 {
        let most = &mut largest[usize::from(region.label)];
        *most = (*most).max(region.voxels.len());
    }
    let mut kept = [false; 256];
    for region in regions.0 {
        let size = region.voxels.len();
        let label = usize::from(region.label);
        let lesser = single.contains(&region.label) && (size < largest[label] || kept[label]);
        kept[label] |= size == largest[label];
        if size >= least && !lesser {
            continue;
        }
        let mut counts = [0_usize; 256];
        for voxel in &region.voxels {
            for other in around(*voxel) {
                if let Some(other) = labels.get(other).filter(|other| **other != region.label) {
                    counts[usize::from(*other)] += 1;
                }
            }
        }
        let most = (0..=u8::MAX).zip(counts).max_by_key(|(_, count)| *count);
        // What lay around may have taken this label meanwhile; then there is nothing else to take.
        let Some((most, 1..)) = most else { continue };
        for voxel in region.voxels {
            labels[voxel] = most;
        }
    }
}

struct Region {
    label: u8,
    voxels: Vec<(usize, usize, usize)>,
}

/// In the order of their first voxels; background is none.
struct Regions(Vec<Region>);

impl Regions {
    fn of(labels: &Array3<u8>) -> Self {
        let mut seen = labels.mapv(|label| label == 0);
        let mut regions = Vec::new();
        for (start, &label) in labels.indexed_iter() {
            if seen[start] {
                continue;
            }
            seen[start] = true;
            let mut voxels = vec![start];
            let mut next = 0;
            while next < voxels.len() {
                for other in around(voxels[next]) {
                    if labels.get(other) == Some(&label) && !seen[other] {
                        seen[other] = true;
                        voxels.push(other);
                    }
                }
                next += 1;
            }
            regions.push(Region { label, voxels });
        }
        Self(regions)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Two rods along x that do not touch.
    fn rods() -> Array3<u8> {
        Array3::from_shape_fn((9, 9, 40), |(z, y, _)| match (z, y) {
            (1..=2, 1..=2) => 2,
            (6..=7, 6..=7) => 3,
            _ => 1,
        })
    }

    #[test]
    fn a_vessel_that_changes_its_name_for_a_stretch_keeps_one() {
        let truth = rods();
        let mut labels = truth.clone();
        let mut evidence = truth.mapv(|label| if label == 2 { 3.0 } else { -3.0 });
        // A stretch of the first rod, not quite sure of the wrong name.
        for ((z, y, x), label) in labels.indexed_iter_mut() {
            if *label == 2 && (18..23).contains(&x) {
                *label = 3;
                evidence[(z, y, x)] = -1.0;
            }
        }
        agree_along_vessels(&mut labels, &evidence, (2, 3));
        assert_eq!(labels, truth);
    }

    #[test]
    fn a_trunk_names_its_branch_to_the_end() {
        let mut labels = Array3::from_shape_fn((11, 11, 90), |(z, y, x)| {
            let trunk = x < 20 && (2..9).contains(&z) && (2..9).contains(&y);
            let branch = x >= 20 && (5..7).contains(&z) && (5..7).contains(&y);
            u8::from(trunk || branch) * 2
        });
        let truth = labels.clone();
        let evidence =
            Array3::from_shape_fn(labels.dim(), |(.., x)| if x < 20 { 9.0 } else { -2.0 });
        labels.zip_mut_with(&evidence, |label, evidence| {
            if *label == 2 && *evidence < 0.0 {
                *label = 3;
            }
        });
        agree_along_vessels(&mut labels, &evidence, (2, 3));
        assert_eq!(labels, truth);
    }

    #[test]
    fn vessels_that_do_not_touch_do_not_convince_each_other() {
        let mut labels = rods();
        let evidence = labels.mapv(|label| if label == 2 { 0.5 } else { -6.0 });
        agree_along_vessels(&mut labels, &evidence, (2, 3));
        assert_eq!(labels, rods());
    }

    #[test]
    fn specks_take_what_is_around_and_a_single_organ_is_one() {
        let mut labels = rods();
        let truth = labels.clone();
        labels[(4, 4, 20)] = 2;
        labels[(4, 5, 21)] = 2;
        labels[(0, 8, 0)] = 4;
        remove_specks(&mut labels, 4, &[]);
        assert_eq!(labels, truth);
        // Two large pieces of an organ that there is one of.
        let mut two = Array3::<u8>::zeros((4, 4, 20));
        two.slice_mut(ndarray::s![.., .., 2..12]).fill(5);
        two.slice_mut(ndarray::s![.., .., 14..17]).fill(5);
        remove_specks(&mut two, 4, &[5]);
        assert_eq!(two.iter().filter(|label| **label == 5).count(), 160);
        assert_eq!(two[(0, 0, 15)], 0);
        // A speck whose surroundings, themselves too small, have become what it is: nothing else is left around it.
        let mut within = Array3::<u8>::from_elem((3, 3, 3), 5);
        within[(1, 1, 1)] = 2;
        remove_specks(&mut within, 30, &[]);
        assert!(within.iter().all(|label| *label == 2), "{within}");
        let mut nothing = Array3::<u8>::zeros((2, 2, 2));
        remove_specks(&mut nothing, 4, &[5]);
        assert_eq!(nothing, Array3::<u8>::zeros((2, 2, 2)));
    }
}
