//! How many images a second are made into a volume, in each mode and size, beside NumPy and `SimpleITK` on the same sweep in
//! the same run, and beside what the memory's bandwidth would allow.
//!
//! Two threads each. The peers are those of `.setup/peers.sh`; without them their rows say so.
#![allow(missing_docs, reason = "a bench has no readers of its documentation")]

use std::process::Command;
use std::time::Duration;

use imaging::reconstruct::settings::{
    Arithmetic, Compounding, Distribution, Grid, Rectangle, Settings,
};
use imaging::reconstruct::{PixelImportance, Reconstruction};
use messages::{Affine, Image, Patient};
use nalgebra::{Matrix3x4, Rotation3, Vector3};
use runtime::clock;

const WIDTH: usize = 820;
const HEIGHT: usize = 616;
const SPACING_MM: f64 = 0.5;

/// A hand-held sweep, 0.4 mm from image to image, turning slowly.
fn sweep(images: usize) -> Vec<Affine<Patient, Image>> {
    (0..images)
        .filter_map(|step| {
            let step = step as f64;
            let turn = Rotation3::from_euler_angles(0.4 + step * 0.002, -0.3, 0.2 + step * 0.001);
            let mut rows = Matrix3x4::zeros();
            rows.fixed_view_mut::<3, 3>(0, 0).copy_from(&(turn.into_inner() * 0.075));
            rows.set_column(3, &Vector3::new(step * 0.1, 20.0, step * 0.4));
            Affine::from_rows(rows).ok()
        })
        .collect()
}

fn speckle() -> Vec<u8> {
    let noise = |index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8;
    (0..(WIDTH * HEIGHT) as u32).map(noise).collect()
}

fn since(earlier: Duration) -> f64 {
    clock::nanoseconds_since(earlier) as f64 * 1e-9
}

/// The voxels around the sweep.
fn grid(places: &[Affine<Patient, Image>]) -> Grid {
    let (mut low, mut high) = (Vector3::repeat(f64::MAX), Vector3::repeat(f64::MIN));
    for place in places {
        for (x, y) in [(0, 0), (WIDTH - 1, 0), (0, HEIGHT - 1), (WIDTH - 1, HEIGHT - 1)] {
            let at = place.origin() + place.axis(0) * x as f64 + place.axis(1) * y as f64;
            (low, high) = (low.inf(&at), high.sup(&at));
        }
    }
    let size = [0, 1, 2].map(|axis| ((high[axis] - low[axis]) / SPACING_MM) as u32 + 2);
    Grid { origin_mm: low.into(), spacing_mm: [SPACING_MM; 3], size }
}

/// Images a second; the best of three passes over the sweep.
fn rate(settings: &Settings, places: &[Affine<Patient, Image>], pixels: &[u8]) -> f64 {
    let pass = || {
        let mut volume = Reconstruction::new(settings.clone()).ok()?;
        volume.set_importance(PixelImportance::new(WIDTH, HEIGHT, speckle()).ok()?);
        let started = clock::monotonic();
        for place in places {
            volume.insert(pixels, WIDTH, HEIGHT, place).ok()?;
        }
        Some(places.len() as f64 / since(started))
    };
    (0..3).filter_map(|_| pass()).fold(0.0, f64::max)
}

/// Bytes a second that one core copies, read and written ones together, in blocks beyond all caches.
fn bandwidth() -> f64 {
    let from = vec![1_u8; 256 << 20];
    let mut to = vec![0_u8; from.len()];
    let mut best = 0.0;
    for _ in 0..4 {
        let started = clock::monotonic();
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&mut to);
        best = f64::max(best, 2.0 * from.len() as f64 / since(started));
    }
    best
}

fn main() {
    let (places, pixels) = (sweep(100), speckle());
    let grid = grid(&places);
    println!("images of {WIDTH}x{HEIGHT} into voxels of {SPACING_MM} mm, two threads: images/s");
    let mut own = vec![];
    for distribution in [Distribution::Nearest, Distribution::Linear] {
        for compounding in
            [Compounding::Mean, Compounding::Maximum, Compounding::Latest, Compounding::Importance]
        {
            for arithmetic in [Arithmetic::Exact, Arithmetic::Plus] {
                let settings = Settings {
                    distribution,
                    compounding,
                    arithmetic,
                    threads: 2,
                    ..Settings::default()
                };
                let name =
                    format!("{distribution:?}, {compounding:?}, {arithmetic:?}").to_lowercase();
                let found = rate(&settings, &places, &pixels);
                println!("  {name:<32}{found:8.0}");
                own.push(((distribution, compounding, arithmetic), found));
            }
        }
    }
    for (name, clip, spacing_mm) in [
        ("a clip of 496x489", Some((496, 489)), SPACING_MM),
        ("a clip of 320x240", Some((320, 240)), SPACING_MM),
        ("voxels of 0.25 mm", None, 0.25),
        ("voxels of 1 mm", None, 1.0),
    ] {
        let clip =
            clip.map(|(width_px, height_px)| Rectangle { x_px: 0, y_px: 0, width_px, height_px });
        let settings = Settings { clip, spacing_mm, threads: 2, ..Settings::default() };
        println!("  linear, mean, exact, {name:<20}{:8.0}", rate(&settings, &places, &pixels));
    }
    // Each run of pixels reads and writes eight voxels of eight bytes; a run is as long as a voxel is wide.
    let runs = (WIDTH * HEIGHT) as f64 * 0.075 / SPACING_MM;
    let bytes = runs * 8.0 * 16.0 + (WIDTH * HEIGHT) as f64;
    let bandwidth = bandwidth();
    println!(
        "  roofline of the memory, linear, mean: {:.1} GB/s one core / {:.2} MB an image = {:.0} images/s on one core",
        bandwidth * 1e-9,
        bytes * 1e-6,
        bandwidth / bytes
    );
    peers(&places, &pixels, grid, &own);
}

type Mode = (Distribution, Compounding, Arithmetic);

/// The same in Python, and how many times as fast this is.
fn peers(places: &[Affine<Patient, Image>], pixels: &[u8], grid: Grid, own: &[(Mode, f64)]) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let folder = std::env::temp_dir().join(format!("vesalius-peers-{}", std::process::id()));
    let rows: Vec<u8> = places
        .iter()
        .flat_map(|place| {
            place
                .rows()
                .transpose()
                .iter()
                .flat_map(|number| number.to_ne_bytes())
                .collect::<Vec<u8>>()
        })
        .collect();
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("pixels.raw"), pixels))
        .and_then(|()| std::fs::write(folder.join("places.raw"), rows));
    if let Err(error) = written {
        return println!("  peers: cannot write into {}: {error}", folder.display());
    }
    let numbers = |numbers: [f64; 3]| numbers.map(|number| number.to_string());
    let output = Command::new(format!("{root}/.vesalius/peers/bin/python"))
        .arg(format!("{root}/nodes/imaging/benches/reconstruct_peers.py"))
        .arg(&folder)
        .args([WIDTH.to_string(), HEIGHT.to_string(), SPACING_MM.to_string()])
        .args(numbers(grid.origin_mm))
        .args(numbers(grid.size.map(f64::from)))
        .output();
    // Nothing is lost with a folder that cannot be removed.
    let _ = std::fs::remove_dir_all(&folder);
    let output = match output {
        Ok(output) => output,
        Err(error) => return println!("  peers: not here ({error}); run .setup/peers.sh"),
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(row) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let name = row["name"].as_str().unwrap_or_default();
        let distribution =
            if name.contains("linear") { Distribution::Linear } else { Distribution::Nearest };
        let mode = (distribution, Compounding::Mean, Arithmetic::Exact);
        let ours = own.iter().find(|(of, _)| *of == mode).map_or(0.0, |(_, rate)| *rate);
        match row["images_per_second"].as_f64() {
            Some(rate) => {
                println!("  {name:<32}{rate:8.1}   ours is {:.0} times as fast", ours / rate);
            }
            None => println!("  {name:<32}{}", row["error"]),
        }
    }
    if !output.status.success() {
        println!("  peers: {}", String::from_utf8_lossy(&output.stderr));
    }
}
