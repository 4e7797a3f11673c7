//! A real sweep of an N-wire phantom, reconstructed as PLUS did it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use formats::metaimage::{self, Limits, Pixels};
use formats::plus_config::PlusConfig;
use formats::plus_sequence::Sequence;
use imaging::reconstruct::Reconstruction;
use imaging::reconstruct::settings::{
    Arithmetic, Compounding, Distribution, Grid, Rectangle, Settings,
};
use messages::{Affine, Image, Patient, Volume};

/// The rectangle of PLUS's configuration: it counts the pixels on both borders.
const CLIP: Rectangle = Rectangle { x_px: 167, y_px: 62, width_px: 496, height_px: 489 };
const CONFIG: &str = "PlusDeviceSet_NwirePhantomFreehand_vtkVolumeReconstructorTest2.xml";

struct Sweep {
    /// Placed images, in the frame of the reference sensor.
    images: Vec<(Vec<u8>, Affine<Patient, Image>)>,
    plus: metaimage::Volume,
}

fn sweep() -> Option<Sweep> {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/plus_recon_nwire"
    ));
    if !folder.exists() {
        println!("SKIPPED: real data plus_recon_nwire is absent");
        return None;
    }
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let sequence =
        Sequence::read(&read("NwirePhantomFreehand.igs.mha"), &Limits::default()).unwrap();
    let probe_from_image =
        PlusConfig::parse(&read(CONFIG)).unwrap().matrix("Image", "Probe").unwrap();
    let images = (0..sequence.header().frames.len())
        .map(|index| {
            let frame = &sequence.header().frames[index];
            let tracker_from = |tool| *frame.transform(tool, "Tracker").unwrap().usable().unwrap();
            let reference_from_tracker = tracker_from("Reference").try_inverse().unwrap();
            let matrix = reference_from_tracker * tracker_from("Probe") * probe_from_image;
            let rows = matrix.fixed_view::<3, 4>(0, 0).into_owned();
            let pixels = sequence.gray_image(index).unwrap().pixels.into_owned();
            (pixels, Affine::from_rows(rows).unwrap())
        })
        .collect();
    let volume = read("NwirePhantomFreehandReconstructed.mha");
    let plus = metaimage::Volume::read(&volume, &Limits::default()).unwrap();
    Some(Sweep { images, plus })
}

fn ours(sweep: &Sweep, distribution: Distribution) -> Volume {
    let settings = Settings {
        spacing_mm: 0.5,
        origin_mm: sweep.plus.origin_mm.into(),
        distribution,
        compounding: Compounding::Mean,
        clip: Some(CLIP),
        ..Settings::default()
    };
    let mut volume = Reconstruction::new(settings).unwrap();
    for (pixels, place) in &sweep.images {
        assert_eq!(volume.insert(pixels, 820, 616, place), Ok(496 * 489));
    }
    volume.region([0; 3], sweep.plus.dims.map(|size| size as u32)).unwrap()
}

struct Comparison {
    voxels: f64,
    correlation: f64,
    mean_abs: f64,
    worst: f64,
    within_one: f64,
}

/// Over the voxels for which `is_counted` holds.
fn compare(a: &[f64], b: &[f64], is_counted: impl Fn(usize) -> bool) -> Comparison {
    let pairs: Vec<(f64, f64)> =
        (0..a.len()).filter(|index| is_counted(*index)).map(|index| (a[index], b[index])).collect();
    let n = pairs.len() as f64;
    let (mean_a, mean_b) =
        pairs.iter().fold((0.0, 0.0), |(sa, sb), (a, b)| (sa + a / n, sb + b / n));
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    let (mut mean_abs, mut worst, mut within_one) = (0.0, 0.0f64, 0.0);
    for (a, b) in &pairs {
        aa += (a - mean_a).powi(2);
        bb += (b - mean_b).powi(2);
        ab += (a - mean_a) * (b - mean_b);
        let difference = (a - b).abs();
        mean_abs += difference / n;
        worst = worst.max(difference);
        within_one += f64::from(u8::from(difference <= 1.0)) / n;
    }
    Comparison { voxels: n, correlation: ab / (aa * bb).sqrt(), mean_abs, worst, within_one }
}

fn print(what: &str, found: &Comparison) {
    println!(
        "{what}: {} voxels, correlation {:.5}, mean abs difference {:.4}, worst {}, within one {:.4}",
        found.voxels, found.correlation, found.mean_abs, found.worst, found.within_one
    );
}

/// The same distribution in floating-point numbers, compounded twice: exactly, and as PLUS does it,
/// with a mean that is rounded to 8 bits after every pixel and a weight in 1/256 that saturates.
fn in_floating_point(sweep: &Sweep) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let [nx, ny, nz] = sweep.plus.dims;
    let mut rounded = vec![0.0f64; nx * ny * nz];
    let mut rounded_weight = vec![0.0f64; nx * ny * nz];
    let (mut sum, mut weight) = (rounded.clone(), rounded.clone());
    for (pixels, place) in &sweep.images {
        for y in CLIP.y_px..CLIP.y_px + CLIP.height_px {
            for x in CLIP.x_px..CLIP.x_px + CLIP.width_px {
                let at = place.origin() + place.axis(0) * x as f64 + place.axis(1) * y as f64;
                let at = (at - sweep.plus.origin_mm).component_div(&sweep.plus.spacing_mm);
                let base = at.map(f64::floor);
                let part = at - base;
                let [bx, by, bz] = [0, 1, 2].map(|axis| base[axis] as i64);
                let fits = |low: i64, size: usize| low >= 0 && low + 1 < size as i64;
                if !(fits(bx, nx) && fits(by, ny) && fits(bz, nz)) {
                    continue;
                }
                let value = f64::from(pixels[y * 820 + x]);
                let first = (bz as usize * ny + by as usize) * nx + bx as usize;
                for corner in (0..8).rev() {
                    let next = [corner >> 2, corner >> 1 & 1, corner & 1];
                    let share: f64 = (0..3)
                        .map(|axis| if next[axis] == 1 { part[axis] } else { 1.0 - part[axis] })
                        .product();
                    if share == 0.0 {
                        continue;
                    }
                    let index = first + next[0] + nx * (next[1] + ny * next[2]);
                    sum[index] += share * value;
                    weight[index] += share;
                    let before = rounded_weight[index] / 256.0;
                    let all = share + before;
                    rounded[index] =
                        ((share * value + before * rounded[index]) / all + 0.5).floor();
                    rounded_weight[index] = (all * 256.0 + 0.5).floor().min(65_535.0);
                }
            }
        }
    }
    let exact =
        sum.iter().zip(&weight).map(|(sum, weight)| (sum / weight.max(1e-300) + 0.5).floor());
    (exact.collect(), rounded, weight)
}

fn grey(volume: &Volume) -> Vec<f64> {
    volume.voxels.as_slice().iter().map(|value| f64::from(*value)).collect()
}

/// PLUS's own volume follows from our reading of its files, our placing and our weights, once its
/// rounding is done as well; and without that rounding what remains is exactly our volume.
#[test]
fn linear_and_mean_as_in_plus() {
    let Some(sweep) = sweep() else { return };
    let volume = ours(&sweep, Distribution::Linear);
    let (seen, found) = (volume.seen.as_slice(), grey(&volume));
    let Pixels::U8(voxels) = &sweep.plus.voxels else { panic!("8 bit") };
    let plus: Vec<f64> = voxels.iter().map(|value| f64::from(*value)).collect();
    let (exact, rounded, weight) = in_floating_point(&sweep);

    let as_plus = compare(&rounded, &plus, |index| weight[index] > 0.0);
    print("the same distribution with PLUS's rounding, against PLUS", &as_plus);
    assert!(as_plus.voxels > 399_000.0);
    assert!(as_plus.correlation > 0.9999 && as_plus.mean_abs < 0.01 && as_plus.worst <= 2.0);

    // Pixels whose last corner is outside the box still give to those inside, here but not in PLUS.
    let inner = |index: usize| weight[index] > 0.05 && seen[index] == 1;
    let as_exact = compare(&found, &exact, inner);
    print("ours against the exact mean of the same distribution", &as_exact);
    assert!(
        as_exact.correlation > 0.9999 && as_exact.mean_abs < 0.02 && as_exact.within_one > 0.9999
    );

    let direct = compare(&found, &plus, |index| weight[index] > 0.0 && seen[index] == 1);
    print("ours against PLUS", &direct);
    assert!(direct.correlation > 0.987 && direct.mean_abs < 0.2);
    // A share of less than 1/512 of a pixel is rounded away; a voxel that got only such is unseen.
    let unseen = (0..plus.len()).filter(|index| seen[*index] == 0);
    let most = unseen.map(|index| weight[index]).fold(0.0, f64::max);
    println!("weight of what PLUS has and we do not: at most {most:.4} pixels");
    assert!(most < 0.05);
}

/// With PLUS's arithmetic on PLUS's grid the volume is PLUS's, on one thread as on three.
#[test]
fn the_arithmetic_of_plus_gives_its_volume() {
    let Some(sweep) = sweep() else { return };
    let volume = |threads| {
        let grid = Grid {
            origin_mm: sweep.plus.origin_mm.into(),
            spacing_mm: sweep.plus.spacing_mm.into(),
            size: sweep.plus.dims.map(|size| size as u32),
        };
        let settings = Settings {
            grid: Some(grid),
            arithmetic: Arithmetic::Plus,
            clip: Some(CLIP),
            threads,
            ..Settings::default()
        };
        let mut volume = Reconstruction::new(settings).unwrap();
        for (pixels, place) in &sweep.images {
            volume.insert(pixels, 820, 616, place).unwrap();
        }
        volume.volume().unwrap()
    };
    let one = volume(1);
    assert_eq!(one, volume(3));
    let Pixels::U8(voxels) = &sweep.plus.voxels else { panic!("8 bit") };
    let plus: Vec<f64> = voxels.iter().map(|value| f64::from(*value)).collect();
    let found = compare(&grey(&one), &plus, |index| one.seen.as_slice()[index] == 1);
    print("PLUS's arithmetic against PLUS", &found);
    assert!(found.voxels > 396_000.0);
    assert!(found.correlation > 0.9999 && found.mean_abs < 0.01 && found.worst <= 2.0);
    // PLUS counts a voxel with less than 1/512 of a pixel as unseen, too, and yet gives it a value.
    let everywhere = compare(&grey(&one), &plus, |_| true);
    print("on the whole grid", &everywhere);
    assert!(everywhere.correlation > 0.9999 && everywhere.worst <= 2.0);
}

#[test]
fn nearest_and_mean_is_close_to_plus() {
    let Some(sweep) = sweep() else { return };
    let volume = ours(&sweep, Distribution::Nearest);
    let Pixels::U8(voxels) = &sweep.plus.voxels else { panic!("8 bit") };
    let plus: Vec<f64> = voxels.iter().map(|value| f64::from(*value)).collect();
    let seen = volume.seen.as_slice();
    let found = compare(&grey(&volume), &plus, |index| seen[index] == 1);
    print("nearest against PLUS's linear", &found);
    assert!(found.correlation > 0.96 && found.mean_abs < 0.5);
}
