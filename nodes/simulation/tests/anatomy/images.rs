//! Volume images: attenuation of each tissue, noise, partial volume, and independence of threads.

use nalgebra::Point3;
use simulation::anatomy::Anatomy;
use simulation::anatomy::abdomen::{AbdomenSettings, abdomen};
use simulation::anatomy::family::Family;
use simulation::anatomy::grid::Grid;
use simulation::anatomy::images::{Phase, attenuation_hu, cone_beam_volume, ct_volume, mr_volume};
use simulation::anatomy::structure::{StructureKind, Tissue};

fn patient() -> Anatomy {
    abdomen(9, Family::Winding, &AbdomenSettings::default()).unwrap()
}

fn grid() -> Grid {
    Grid::new([100, 70, 60], [2.0, 2.0, 2.5], Point3::new(-130.0, 40.0, -90.0)).unwrap()
}

/// Values of the voxels at least 4 mm within the structures of a kind, and of no later one.
fn within(patient: &Anatomy, grid: &Grid, values: &[i16], kind: StructureKind) -> Vec<f64> {
    let [nx, ny, _] = grid.size();
    let deep = |index: &usize| {
        let point = grid.centre(index % nx, index / nx % ny, index / (nx * ny));
        let far = |k: StructureKind| {
            patient
                .nearest(messages::Point::new(point), |other| other == k)
                .map_or(f64::INFINITY, |n| n.signed_distance_mm)
        };
        far(kind) < -4.0 && StructureKind::ALL.iter().filter(|k| **k > kind).all(|k| far(*k) > 4.0)
    };
    (0..values.len()).step_by(5).filter(deep).map(|i| f64::from(values[i])).collect()
}

fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
    (mean, variance.sqrt())
}

#[test]
fn ct_has_the_attenuation_of_each_tissue_and_the_noise_asked_for() {
    let (patient, grid) = (patient(), grid());
    for phase in [Phase::Plain, Phase::Arterial, Phase::PortalVenous] {
        let ct = ct_volume(&patient, &grid, phase, 1, 2);
        for kind in [StructureKind::Liver, StructureKind::Artery, StructureKind::Vein] {
            let inside = within(&patient, &grid, &ct, kind);
            assert!(inside.len() > 15, "{kind:?}: {} voxels", inside.len());
            let (mean, deviation) = moments(&inside);
            let truth = f64::from(attenuation_hu(Tissue::Structure(kind), phase));
            assert!((mean - truth).abs() < 6.0, "{kind:?} {phase:?}: {mean} HU, expected {truth}");
            if kind == StructureKind::Liver {
                assert!((10.0..14.0).contains(&deviation), "noise of {deviation} HU");
            }
        }
    }
}

#[test]
fn a_thin_vessel_shines_less_than_a_thick_one_but_shines() {
    let (patient, grid) = (patient(), grid());
    let plain = ct_volume(&patient, &grid, Phase::Plain, 1, 2);
    let filled = ct_volume(&patient, &grid, Phase::PortalVenous, 1, 2);
    let tree = patient.structure("portal_vein").unwrap().as_tubes().unwrap();
    let mut rise = [(0.0, 0.0), (0.0, 0.0)];
    for node in tree.nodes() {
        let at = (node.position - grid.origin())
            .component_div(&nalgebra::Vector3::from(grid.spacing_mm()))
            .map(f64::round);
        let within = (0..3).all(|a| at[a] >= 0.0 && at[a] < grid.size()[a] as f64);
        let class = match node.radius_mm {
            r if r < 0.9 => 0,
            r if r > 3.0 => 1,
            _ => continue,
        };
        if within {
            let index =
                (at.z as usize * grid.size()[1] + at.y as usize) * grid.size()[0] + at.x as usize;
            rise[class].0 += f64::from(filled[index] - plain[index]);
            rise[class].1 += 1.0;
        }
    }
    let mean = rise.map(|(sum, count)| sum / count);
    // Liver alone gains 52 HU, blood 140.
    assert!(mean[0] > 56.0 && mean[0] < 100.0, "{mean:?}");
    assert!(mean[1] > 120.0, "{mean:?}");
}

#[test]
fn threads_do_not_change_a_voxel_and_seeds_change_only_the_noise() {
    let patient = patient();
    let grid = Grid::new([40, 30, 13], [4.0, 4.0, 6.0], Point3::new(-110.0, 50.0, -40.0)).unwrap();
    let ct = |seed, threads| ct_volume(&patient, &grid, Phase::Arterial, seed, threads);
    assert_eq!(ct(1, 1), ct(1, 3));
    assert_ne!(ct(1, 1), ct(2, 1));
    let mr = |threads| mr_volume(&patient, &grid, 1, threads);
    assert_eq!(mr(1), mr(5));
    let cone = |threads| cone_beam_volume(&patient, &grid, Phase::Arterial, 60.0, 1, threads);
    assert_eq!(cone(1), cone(0));
}

#[test]
fn cone_beam_is_cut_off_and_noisier_and_mr_is_bright_in_the_liver() {
    let (patient, grid) = (patient(), grid());
    let cone = cone_beam_volume(&patient, &grid, Phase::PortalVenous, 65.0, 1, 2);
    assert_eq!(cone[0], -1000);
    let deviation = |values: &[i16]| {
        let inside: Vec<_> = within(&patient, &grid, values, StructureKind::Liver)
            .into_iter()
            .filter(|v| *v > -900.0)
            .collect();
        moments(&inside)
    };
    let ct = ct_volume(&patient, &grid, Phase::PortalVenous, 1, 2);
    assert!(deviation(&cone).1 > 2.5 * deviation(&ct).1);
    let mr = mr_volume(&patient, &grid, 1, 2);
    let liver = moments(&within(&patient, &grid, &mr, StructureKind::Liver)).0;
    let vein = moments(&within(&patient, &grid, &mr, StructureKind::Vein)).0;
    assert!(liver > 1.4 * vein, "{liver} {vein}");
    assert!(mr.iter().all(|v| *v >= 0));
}
