//! Our outputs beside PyTorch's own, on a frame of a real sweep.
//!
//! A long check: it needs PyTorch in the peers' environment (`tests/peers/requirements.txt`) and runs where
//! `VESALIUS_LONG` is set.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use models::{Card, DeviceChoice, Network, Processor};
use ndarray::Array3;

const WIDTH: usize = 739;
const HEIGHT: usize = 593;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn real_data(file: &str) -> PathBuf {
    repository().join("../shared/data").join(file)
}

/// One frame of the liver sweep, with sides mirrored to multiples of 16.
fn frame(index: usize) -> Option<Array3<f32>> {
    let bytes = std::fs::read(real_data("imfusion_liver_sweep/liver_sweep_images.igs.mha")).ok()?;
    let mark = b"ElementDataFile = LOCAL\n";
    let start = bytes.windows(mark.len()).position(|window| window == mark).unwrap() + mark.len();
    let mut frames = flate2::read::ZlibDecoder::new(&bytes[start..]);
    let mut pixels = vec![0_u8; WIDTH * HEIGHT];
    for _ in 0..=index {
        frames.read_exact(&mut pixels).unwrap();
    }
    let mirrored = |at: usize, count: usize| if at < count { at } else { 2 * (count - 1) - at };
    Some(Array3::from_shape_fn(
        (1, HEIGHT.next_multiple_of(16), WIDTH.next_multiple_of(16)),
        |(_, row, column)| {
            f32::from(pixels[mirrored(row, HEIGHT) * WIDTH + mirrored(column, WIDTH)])
        },
    ))
}

/// The peers' Python, or why the check cannot run here.
fn python() -> Result<PathBuf, String> {
    if std::env::var_os("VESALIUS_LONG").is_none() {
        return Err("a long check; set VESALIUS_LONG=1 or use `./vesalius test --long`".into());
    }
    let python = repository().join(".vesalius/peers/bin/python");
    let found = Command::new(&python).args(["-c", "import torch, numpy"]).output();
    match found {
        Ok(output) if output.status.success() => Ok(python),
        Ok(output) => {
            Err(format!("no PyTorch: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Err(error) => Err(format!("{}: {error}", python.display())),
    }
}

/// Greatest difference between our output and PyTorch's, in the units of the output.
fn greatest_difference(
    card: &Path,
    weights: Option<&Path>,
    kind: &str,
    python: &Path,
    frame: &Array3<f32>,
) -> f32 {
    let processor = Processor::choose(DeviceChoice::Cpu, 1).unwrap();
    let network = Network::load(card, weights, &processor).unwrap();
    let image = frame.mapv(|value| network.card().input.intensity.scale(value));
    let ours = network.infer(image.view()).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("input"), folder.path().join("output"));
    let bytes: Vec<u8> = image.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(&input, bytes).unwrap();
    let (_, height, width) = image.dim();
    let ran = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pytorch_reference.py"))
        .arg(kind)
        .arg(network.weights())
        .arg(&input)
        .args([height.to_string(), width.to_string()])
        .arg(&output)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let theirs: Vec<f32> = std::fs::read(&output)
        .unwrap()
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    assert_eq!(theirs.len(), ours.len());
    assert!(theirs.iter().any(|value| value.abs() > 0.1), "an empty output proves nothing");
    let difference =
        ours.iter().zip(&theirs).map(|(ours, theirs)| (ours - theirs).abs()).fold(0.0, f32::max);
    println!(
        "{}: {} values of a real frame, {}; greatest difference {difference:e}",
        network.card().name,
        ours.len(),
        String::from_utf8_lossy(&ran.stdout).trim()
    );
    difference
}

#[test]
fn torchscript_gives_what_pytorch_gives() {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => return println!("skipped: {reason}"),
    };
    let Some(frame) = frame(70) else {
        return println!("skipped: ../shared/data is absent");
    };
    let card = Path::new(env!("CARGO_MANIFEST_DIR")).join("cards/carotid.toml");
    let weights = real_data("imfusion_carotid_unet/carotid.pt");
    let difference = greatest_difference(&card, Some(&weights), "torchscript", &python, &frame);
    assert!(difference < 1e-4, "{difference}");
}

#[test]
fn our_network_gives_what_pytorch_gives() {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => return println!("skipped: {reason}"),
    };
    let Some(frame) = frame(70) else {
        return println!("skipped: ../shared/data is absent");
    };
    let card = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/bmode_vessels.toml");
    assert!(Card::read(&card).is_ok());
    let difference = greatest_difference(&card, None, "unet2d", &python, &frame);
    assert!(difference < 1e-4, "{difference}");
}
