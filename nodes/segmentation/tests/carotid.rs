//! The real carotid network on real images: its makers' own picture, and a frame of a liver sweep.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::Read;
use std::path::{Path, PathBuf};

use models::{DeviceChoice, Network, Processor};
use ndarray::{Array2, Axis};
use segmentation::postprocess::{decide, labels_to_image};
use segmentation::preprocess::Preparation;

fn real_data(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file);
    path.exists().then_some(path)
}

fn network() -> Option<Network> {
    let weights = real_data("imfusion_carotid_unet/carotid.pt")?;
    let card = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/cards/carotid.toml");
    let processor = Processor::choose(DeviceChoice::Cpu, 1).unwrap();
    Some(Network::load(&card, Some(&weights), &processor).unwrap())
}

fn segment(network: &Network, image: &Array2<u8>, spacing_mm: [f64; 2]) -> Array2<u8> {
    let preparation = Preparation::new(image.dim(), spacing_mm, &network.card().input).unwrap();
    let output = network.infer(preparation.apply(image.view()).unwrap().view()).unwrap();
    let labels = decide(output.view(), &network.card().output).unwrap();
    labels_to_image(labels.view(), &preparation).unwrap()
}

/// Red, green and blue planes of an RGBA picture of 8 bits, as the PNG specification (W3C, 2003) says.
fn read_png(path: &Path) -> [Array2<u8>; 3] {
    let bytes = std::fs::read(path).unwrap();
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (width, height) = (word(16), word(20));
    assert_eq!(bytes[24..29], [8, 6, 0, 0, 0], "an RGBA picture of 8 bits, not interlaced");
    let mut packed = Vec::new();
    let mut at = 8;
    while at < bytes.len() {
        if &bytes[at + 4..at + 8] == b"IDAT" {
            packed.extend_from_slice(&bytes[at + 8..at + 8 + word(at)]);
        }
        at += word(at) + 12;
    }
    let mut filtered = Vec::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut filtered).unwrap();
    let mut above = vec![0_u8; 4 * width];
    let mut pixels = Vec::with_capacity(4 * width * height);
    for line in filtered.chunks_exact(4 * width + 1) {
        let mut row = line[1..].to_vec();
        for index in 0..row.len() {
            let left = if index < 4 { 0 } else { i32::from(row[index - 4]) };
            let corner = if index < 4 { 0 } else { i32::from(above[index - 4]) };
            let up = i32::from(above[index]);
            let paeth = || {
                let guess = left + up - corner;
                let distance = |value: i32| (guess - value).abs();
                if distance(left) <= distance(up) && distance(left) <= distance(corner) {
                    left
                } else if distance(up) <= distance(corner) {
                    up
                } else {
                    corner
                }
            };
            let predicted = match line[0] {
                0 => 0,
                1 => left,
                2 => up,
                3 => i32::midpoint(left, up),
                _ => paeth(),
            };
            row[index] = row[index].wrapping_add(predicted as u8);
        }
        pixels.extend_from_slice(&row);
        above = row;
    }
    let plane = |channel: usize| {
        Array2::from_shape_fn((height, width), |(row, column)| {
            pixels[4 * (row * width + column) + channel]
        })
    };
    [plane(0), plane(1), plane(2)]
}

/// The makers' screenshot shows a B-mode image and, laid over it, the artery that they found with this
/// network. With the overlay taken off, our chain must find the same artery.
#[test]
fn finds_the_artery_that_its_makers_found() {
    let (Some(network), Some(picture)) =
        (network(), real_data("imfusion_carotid_unet/screenshot.png"))
    else {
        return println!("skipped: ../shared/data is absent");
    };
    let [red, green, _] = read_png(&picture);
    // The image within the screenshot: 4 cm between the marks 0 and 4 of its scale.
    let (top, left, height, width) = (170, 861, 865, 808);
    let pixel_mm = 40.0 / 867.0;
    let part = ndarray::s![top..top + height, left..left + width];
    let (red, green) = (red.slice(part), green.slice(part));
    // Where the overlay lies, red = green + 86; there, green = 27 + 0.6 · grey.
    let theirs = Array2::from_shape_fn((height, width), |at| {
        u8::from(red[at] > green[at].saturating_add(20))
    });
    let image = Array2::from_shape_fn((height, width), |at| match theirs[at] {
        0 => green[at],
        _ => (f32::from(green[at].saturating_sub(27)) / 0.6) as u8,
    });
    let ours = segment(&network, &image, [pixel_mm, pixel_mm]);
    let count = |labels: &Array2<u8>| labels.iter().filter(|label| **label == 1).count();
    let both = ours.iter().zip(&theirs).filter(|(a, b)| **a == 1 && **b == 1).count();
    let dice = 2.0 * both as f64 / (count(&ours) + count(&theirs)) as f64;
    println!("Dice with the makers' artery: {dice:.3}");
    assert!(dice > 0.95, "{dice}");
}

#[test]
fn runs_on_a_frame_of_the_liver_sweep() {
    let (Some(network), Some(sweep)) =
        (network(), real_data("imfusion_liver_sweep/liver_sweep_images.igs.mha"))
    else {
        return println!("skipped: ../shared/data is absent");
    };
    let bytes = std::fs::read(sweep).unwrap();
    let mark = b"ElementDataFile = LOCAL\n";
    let start = bytes.windows(mark.len()).position(|window| window == mark).unwrap() + mark.len();
    let mut pixels = vec![0; 739 * 593];
    flate2::read::ZlibDecoder::new(&bytes[start..]).read_exact(&mut pixels).unwrap();
    let image = Array2::from_shape_vec((593, 739), pixels).unwrap();

    let preparation =
        Preparation::new((593, 739), [0.3148, 0.3148], &network.card().input).unwrap();
    assert_eq!(preparation.network_size(), (747, 931));
    assert_eq!(preparation.padded_size(), (752, 944));
    let output = network.infer(preparation.apply(image.view()).unwrap().view()).unwrap();
    assert_eq!(output.dim(), (2, 752, 944));
    // Logits: a softmax would give two numbers that add up to one.
    assert!(output.sum_axis(Axis(0)).iter().any(|sum| (sum - 1.0).abs() > 0.1));
    assert!(output.iter().all(|value| value.is_finite()));

    let labels = segment(&network, &image, [0.3148, 0.3148]);
    assert_eq!(labels.dim(), (593, 739));
    let marked = labels.iter().filter(|label| **label == 1).count() as f64 / labels.len() as f64;
    println!("marked as artery: {:.2} % of a liver image", 100.0 * marked);
    assert!(marked > 0.0 && marked < 0.2, "{marked}");
    assert_eq!(segment(&network, &image, [0.3148, 0.3148]), labels);
}
