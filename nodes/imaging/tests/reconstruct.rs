//! Pasting against plain floating-point arithmetic, and against what must not matter.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use imaging::reconstruct::settings::{
    Compounding, Distribution, Fan, FanAngleDetection, Rectangle, Settings,
};
use imaging::reconstruct::{NoVolume, Reconstruction, Refused};
use messages::{Affine, Image, Patient, Volume};
use nalgebra::{Matrix3x4, Rotation3, Vector3};
use proptest::prelude::*;

type Place = Affine<Patient, Image>;

/// Pixels of `pixel_mm`, turned by `angles`, the first at `origin_mm`.
fn place(pixel_mm: f64, angles: [f64; 3], origin_mm: [f64; 3]) -> Place {
    let rotation = Rotation3::from_euler_angles(angles[0], angles[1], angles[2]).into_inner();
    let mut rows = Matrix3x4::zeros();
    rows.fixed_view_mut::<3, 3>(0, 0).copy_from(&(rotation * pixel_mm));
    rows.set_column(3, &Vector3::from(origin_mm));
    Affine::from_rows(rows).unwrap()
}

fn settings(distribution: Distribution, compounding: Compounding) -> Settings {
    Settings { distribution, compounding, spacing_mm: 1.0, ..Settings::default() }
}

fn pixels(width: usize, height: usize, seed: u32) -> Vec<u8> {
    let noise = |index: u32| index.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 24;
    (0..(width * height) as u32).map(|index| noise(index) as u8).collect()
}

/// A voxel by its lattice index, if it was seen.
fn voxel(volume: &Volume, index: [i32; 3]) -> Option<u8> {
    let first = volume.patient_from_voxel.origin();
    let mut flat = 0;
    for axis in [2, 1, 0] {
        let offset =
            index[axis] - (first[axis] / volume.patient_from_voxel.rows()[(0, 0)]).round() as i32;
        if !(0..volume.size[axis] as i32).contains(&offset) {
            return None;
        }
        flat = flat * volume.size[axis] as usize + offset as usize;
    }
    (volume.seen.as_slice()[flat] == 1).then(|| volume.voxels.as_slice()[flat])
}

#[test]
fn one_pixel_goes_to_the_nearest_voxel_or_to_eight() {
    let here = place(1.0, [0.0; 3], [10.25, -3.0, 7.5]);
    let mut nearest =
        Reconstruction::new(settings(Distribution::Nearest, Compounding::Mean)).unwrap();
    assert_eq!(nearest.insert(&[200], 1, 1, &here), Ok(1));
    let volume = nearest.volume().unwrap();
    assert_eq!((volume.size, volume.images), ([1, 1, 1], 1));
    assert_eq!(volume.patient_from_voxel.origin().as_slice(), [10.0, -3.0, 8.0]);
    assert_eq!(volume.voxels.as_slice(), [200]);

    let mut linear =
        Reconstruction::new(settings(Distribution::Linear, Compounding::Mean)).unwrap();
    linear.insert(&[200], 1, 1, &here).unwrap();
    let volume = linear.volume().unwrap();
    // In y the pixel lies on a voxel, so the next one gets nothing.
    assert_eq!(volume.size, [2, 1, 2]);
    assert_eq!(volume.patient_from_voxel.origin().as_slice(), [10.0, -3.0, 7.0]);
    assert_eq!(volume.voxels.as_slice(), [200; 4]);
}

#[test]
fn compounding_of_two_images() {
    let here = place(1.0, [0.0; 3], [0.0; 3]);
    for (compounding, expected) in
        [(Compounding::Mean, 67), (Compounding::Latest, 33), (Compounding::Maximum, 101)]
    {
        let mut volume = Reconstruction::new(settings(Distribution::Linear, compounding)).unwrap();
        volume.insert(&[101], 1, 1, &here).unwrap();
        volume.insert(&[33], 1, 1, &here).unwrap();
        assert_eq!(volume.volume().unwrap().voxels.as_slice(), [expected], "{compounding:?}");
        assert_eq!(volume.images(), 2);
    }
}

#[test]
fn a_voxel_that_got_only_black_was_seen() {
    let mut volume = Reconstruction::new(Settings::default()).unwrap();
    volume.insert(&[0], 1, 1, &place(1.0, [0.0; 3], [0.0; 3])).unwrap();
    let volume = volume.volume().unwrap();
    assert_eq!((volume.voxels.as_slice(), volume.seen.as_slice()), (&[0][..], &[1][..]));
}

#[test]
fn only_the_clip_is_used() {
    let clip = Some(Rectangle { x_px: 2, y_px: 1, width_px: 3, height_px: 2 });
    let settings = Settings { clip, ..settings(Distribution::Nearest, Compounding::Mean) };
    let mut volume = Reconstruction::new(settings).unwrap();
    let image: Vec<u8> = (0..60).collect();
    assert_eq!(volume.insert(&image, 10, 6, &place(1.0, [0.0; 3], [0.0; 3])), Ok(6));
    let volume = volume.volume().unwrap();
    assert_eq!(volume.size, [3, 2, 1]);
    assert_eq!(volume.voxels.as_slice(), [12, 13, 14, 22, 23, 24]);
}

#[test]
fn an_image_outside_its_clip_is_no_error() {
    let clip = Some(Rectangle { x_px: 100, y_px: 0, width_px: 3, height_px: 2 });
    let mut volume = Reconstruction::new(Settings { clip, ..Settings::default() }).unwrap();
    assert_eq!(volume.insert(&[1; 4], 2, 2, &place(1.0, [0.0; 3], [0.0; 3])), Ok(0));
    assert_eq!(volume.volume().unwrap_err(), NoVolume::Empty);
    // The next image is larger, and the clip meets it.
    assert_eq!(volume.insert(&[1; 204], 102, 2, &place(1.0, [0.0; 3], [0.0; 3])), Ok(4));
}

#[test]
fn what_cannot_be_pasted_is_refused_and_changes_nothing() {
    let settings = Settings { memory_bytes: 4 << 20, ..Settings::default() };
    let mut volume = Reconstruction::new(settings).unwrap();
    let image = pixels(40, 30, 1);
    volume.insert(&image, 40, 30, &place(0.2, [0.1, 0.2, 0.3], [0.0; 3])).unwrap();
    let before = volume.volume().unwrap();

    let near = place(0.2, [0.0; 3], [0.0; 3]);
    let refused = volume.insert(&image[1..], 40, 30, &near).unwrap_err();
    assert_eq!(refused, Refused::WrongSize { width_px: 40, height_px: 30, came: 1199 });
    let refused = volume.insert(&vec![0; 65_536], 65_536, 1, &near).unwrap_err();
    assert!(matches!(refused, Refused::TooLarge { .. }), "{refused}");
    for far in [1e12, -1e300] {
        let refused = volume.insert(&image, 40, 30, &place(0.2, [0.0; 3], [far, 0.0, 0.0]));
        assert!(matches!(refused, Err(Refused::OutOfReach { .. })), "{refused:?}");
    }
    let refused = volume.insert(&image, 40, 30, &place(1e90, [0.1; 3], [0.0; 3])).unwrap_err();
    assert!(matches!(refused, Refused::OutOfReach { .. }), "{refused}");
    // A kilometre of image, and a small image a kilometre away.
    for wide in [place(30.0, [0.1; 3], [0.0; 3]), place(0.2, [0.0; 3], [1e6, 1e6, 1e6])] {
        let refused = volume.insert(&image, 40, 30, &wide).unwrap_err();
        let Refused::OverBudget { needed_bytes, budget_bytes } = refused else {
            panic!("{refused}");
        };
        assert!(needed_bytes > budget_bytes && budget_bytes == 4 << 20);
    }
    let after = volume.volume().unwrap();
    assert_eq!((&after, volume.images()), (&before, 1));
    volume.insert(&image, 40, 30, &near).unwrap();
    assert!(volume.memory_bytes() <= 4 << 20);
}

#[test]
fn a_volume_too_large_for_one_block_says_so() {
    let settings = Settings { memory_bytes: 4 << 20, ..Settings::default() };
    let mut volume = Reconstruction::new(settings).unwrap();
    for corner in [0.0, 100.0] {
        volume.insert(&[9], 1, 1, &place(1.0, [0.0; 3], [corner; 3])).unwrap();
    }
    let error = volume.volume().unwrap_err();
    let size = [201; 3];
    let needed_bytes = 4 * 201 * 201 * 201;
    assert_eq!(error, NoVolume::OverBudget { size, needed_bytes, budget_bytes: 4 << 20 });
    let part = volume.region([199, 199, 199], [2, 2, 2]).unwrap();
    assert_eq!(part.voxels.as_slice(), [0, 0, 0, 0, 0, 0, 0, 9]);
    assert_eq!(part.seen.as_slice(), [0, 0, 0, 0, 0, 0, 0, 1]);
    volume.clear();
    assert_eq!((volume.memory_bytes(), volume.images()), (0, 0));
}

#[test]
fn settings_that_make_no_sense_are_named() {
    for spacing_mm in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error =
            Reconstruction::new(Settings { spacing_mm, ..Settings::default() }).unwrap_err();
        assert!(error.to_string().starts_with("spacing_mm should be"), "{error}");
    }
    let origin_mm = [0.0, f64::NAN, 0.0];
    assert!(Reconstruction::new(Settings { origin_mm, ..Settings::default() }).is_err());
}

/// The same in plain floating-point numbers, voxel by voxel: weighted sum, sum of weights, and how many pixels.
fn reference(
    images: &[(Vec<u8>, Place)],
    width: usize,
    distribution: Distribution,
) -> BTreeMap<[i32; 3], (f64, f64, f64)> {
    let mut voxels = BTreeMap::new();
    for (pixels, place) in images {
        for (index, value) in pixels.iter().enumerate() {
            let (x, y) = ((index % width) as f64, (index / width) as f64);
            let at = place.origin() + place.axis(0) * x + place.axis(1) * y;
            let mut give = |voxel: [i32; 3], weight: f64| {
                let (sum, weights, pixels) = voxels.entry(voxel).or_insert((0.0, 0.0, 0.0));
                *pixels += 1.0;
                *sum += weight * f64::from(*value);
                *weights += weight;
            };
            match distribution {
                Distribution::Nearest => give([0, 1, 2].map(|axis| at[axis].round() as i32), 1.0),
                Distribution::Linear => {
                    let (base, part) = (at.map(f64::floor), at - at.map(f64::floor));
                    for corner in 0..8 {
                        let next = [corner & 1, corner >> 1 & 1, corner >> 2];
                        let share = |axis: usize| {
                            if next[axis] == 1 { part[axis] } else { 1.0 - part[axis] }
                        };
                        let weight = share(0) * share(1) * share(2);
                        give([0, 1, 2].map(|axis| base[axis] as i32 + next[axis]), weight);
                    }
                }
            }
        }
    }
    voxels
}

prop_compose! {
    fn any_images()(
        places in prop::collection::vec(
            (0.05..3.0, prop::array::uniform3(-3.0..3.0), prop::array::uniform3(-40.0..40.0)), 1..4),
        (width, height) in (1usize..40, 1usize..30),
        seed: u32,
    ) -> (Vec<(Vec<u8>, Place)>, usize, usize) {
        let images = places.into_iter().enumerate().map(|(number, (pixel_mm, angles, origin_mm))| {
            (pixels(width, height, seed.wrapping_add(number as u32)), place(pixel_mm, angles, origin_mm))
        });
        (images.collect(), width, height)
    }
}

fn paste(images: &[(Vec<u8>, Place)], width: usize, height: usize, settings: Settings) -> Volume {
    let mut volume = Reconstruction::new(settings).unwrap();
    for (pixels, place) in images {
        assert_eq!(volume.insert(pixels, width, height, place), Ok(width * height));
    }
    volume.volume().unwrap()
}

proptest! {
    #[test]
    fn nearest_is_what_floating_point_says((images, width, height) in any_images()) {
        let volume = paste(&images, width, height, settings(Distribution::Nearest, Compounding::Mean));
        let truth = reference(&images, width, Distribution::Nearest);
        prop_assert_eq!(volume.seen.as_slice().iter().map(|seen| usize::from(*seen)).sum::<usize>(), truth.len());
        for (index, (sum, weight, _)) in truth {
            let value = voxel(&volume, index).map(f64::from);
            prop_assert!(value.is_some_and(|value| (value - sum / weight).abs() <= 0.5 + 1e-9));
        }
    }

    #[test]
    fn linear_is_what_floating_point_says((images, width, height) in any_images()) {
        let volume = paste(&images, width, height, settings(Distribution::Linear, Compounding::Mean));
        let truth = reference(&images, width, Distribution::Linear);
        for (index, (sum, weight, pixels)) in truth {
            // Fractions along three axes and the weight itself are rounded to 1/256, so a share is off
            // by at most 2/256, and a value by at most 255.
            let bound = 0.5 + pixels * 2.0 / 256.0 * 255.0 / weight;
            match voxel(&volume, index) {
                Some(value) => prop_assert!((f64::from(value) - sum / weight).abs() <= bound),
                None => prop_assert!(weight <= pixels * 2.0 / 256.0),
            }
        }
    }

    /// Sums of whole numbers do not depend on the order, and neither does the brightest value.
    #[test]
    fn the_order_of_images_does_not_matter((images, width, height) in any_images(), linear: bool) {
        let distribution = if linear { Distribution::Linear } else { Distribution::Nearest };
        let reversed: Vec<_> = images.iter().rev().cloned().collect();
        for compounding in [Compounding::Mean, Compounding::Maximum] {
            let settings = settings(distribution, compounding);
            let forwards = paste(&images, width, height, settings.clone());
            prop_assert_eq!(&forwards, &paste(&reversed, width, height, settings));
        }
    }

    /// Trilinear weights keep a constant a constant and every value within its neighbours.
    #[test]
    fn a_constant_stays_constant((images, width, height) in any_images(), value: u8) {
        let constant: Vec<_> =
            images.iter().map(|(pixels, place)| (vec![value; pixels.len()], *place)).collect();
        for compounding in [Compounding::Mean, Compounding::Latest, Compounding::Maximum] {
            let volume = paste(&constant, width, height, settings(Distribution::Linear, compounding));
            for (voxel, seen) in volume.voxels.as_slice().iter().zip(volume.seen.as_slice()) {
                prop_assert_eq!(*voxel, value * seen);
            }
        }
    }
}

/// A smooth scene comes back where it was: its grey values are a function of place alone.
#[test]
fn a_scene_comes_back_in_its_place() {
    let scene = |at: Vector3<f64>| {
        128.0 + 60.0 * (at.x / 9.0).sin() + 50.0 * (at.y / 7.0 + at.z / 11.0).cos()
    };
    let settings = settings(Distribution::Linear, Compounding::Mean);
    let mut volume = Reconstruction::new(Settings { spacing_mm: 0.5, ..settings }).unwrap();
    let (width, height) = (200, 160);
    for step in 0..60 {
        let turn = f64::from(step) * 0.004;
        let place = place(0.15, [0.3 + turn, -0.2, 0.1], [-12.0, 5.0, f64::from(step) * 0.3]);
        let image: Vec<u8> = (0..width * height)
            .map(|index| {
                let (x, y) = ((index % width) as f64, (index / width) as f64);
                scene(place.origin() + place.axis(0) * x + place.axis(1) * y).round() as u8
            })
            .collect();
        volume.insert(&image, width, height, &place).unwrap();
    }
    let volume = volume.volume().unwrap();
    let [columns, rows, _] = volume.size.map(|size| size as usize);
    let (mut worst, mut total, mut count) = (0.0f64, 0.0, 0.0);
    for (index, value) in volume.voxels.as_slice().iter().enumerate() {
        if volume.seen.as_slice()[index] == 0 {
            continue;
        }
        let voxel = [index % columns, index / columns % rows, index / columns / rows];
        let step = volume.patient_from_voxel.rows()[(0, 0)];
        let at = volume.patient_from_voxel.origin() + Vector3::from(voxel.map(|i| i as f64 * step));
        let error = (scene(at) - f64::from(*value)).abs();
        worst = worst.max(error);
        total += error;
        count += 1.0;
    }
    println!("{count} voxels, mean error {:.2}, worst {worst:.2} grey levels", total / count);
    assert!(total / count < 1.0 && worst < 6.0);
}

#[test]
fn only_the_lit_angles_of_a_fan_are_pasted() {
    let fan = Some(Fan {
        apex_px: [100.0, -50.0],
        pixel_spacing_mm: [1.0; 2],
        angles_rad: [-0.6, 0.6],
        radii_mm: [70.0, 240.0],
    });
    let whole = Settings { fan, ..settings(Distribution::Nearest, Compounding::Mean) };
    let fan_angle_detection = Some(FanAngleDetection::default());
    let lit = Settings { fan_angle_detection, ..whole.clone() };
    let (width, height) = (200, 200);
    let image = |grey: u8| -> Vec<u8> {
        (0..width * height).map(|index| if index % width < 100 { grey } else { 2 }).collect()
    };
    let place = place(1.0, [0.0; 3], [0.0; 3]);
    let all = Reconstruction::new(whole).unwrap().insert(&image(90), width, height, &place);
    let mut volume = Reconstruction::new(lit.clone()).unwrap();
    assert_eq!(volume.insert(&image(20), width, height, &place), Ok(0));
    assert_eq!(volume.images(), 0, "a dark image is left out");
    let half = volume.insert(&image(90), width, height, &place).unwrap();
    // The left half, 3° less on its left; on its right 3° less than half a window of 10 pixels at a radius of 95.5.
    let share = half as f64 / all.unwrap() as f64;
    assert!((0.45..0.55).contains(&share), "{share}");
    let Volume { size, .. } = volume.volume().unwrap();
    assert!(size[0] < 115, "{size:?}");
    for (fan, radius) in [(None, 10), (lit.fan, 0)] {
        let fan_angle_detection =
            Some(FanAngleDetection { filter_radius_px: radius, ..FanAngleDetection::default() });
        assert!(Reconstruction::new(Settings { fan, fan_angle_detection, ..lit.clone() }).is_err());
    }
}
