//! Networks from files that are right, wrong, and hostile.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::DeviceChoice;
use crate::card::{
    Decision, Format, Input, Intensity, Output, Padding, Provenance, Values, sha256_of,
};
use ndarray::Array3;
use tch::Device;

const SHAPE: UNet2dShape =
    UNet2dShape { input_channels: 1, base_channels: 8, levels: 2, output_channels: 2 };

struct Files {
    folder: tempfile::TempDir,
    card: Card,
}

impl Files {
    /// A small network with random weights, on disk with its card.
    fn new() -> Self {
        let _alone = crate::alone_with_the_generator();
        let folder = tempfile::tempdir().unwrap();
        let store = VarStore::new(Device::Cpu);
        UNet2d::new(&store.root(), &SHAPE).unwrap();
        let weights = folder.path().join("net.safetensors");
        store.save(&weights).unwrap();
        let card = Card {
            name: "net".into(),
            description: "for tests".into(),
            licence: "Apache-2.0".into(),
            attribution: None,
            format: Format::Safetensors,
            file: "net.safetensors".into(),
            sha256: sha256_of(&weights).unwrap(),
            architecture: Some(Architecture::Unet2d(SHAPE)),
            input: Input {
                channels: 1,
                spacing_mm: None,
                size_divisor: 4,
                padding: Padding::Mirror,
                intensity: Intensity::AsIs,
            },
            output: Output {
                classes: vec!["background".into(), "vessel".into()],
                values: Values::Logits,
                decision: Decision::Argmax,
            },
            provenance: Provenance::default(),
        };
        Self { folder, card }
    }

    fn weights(&self) -> PathBuf {
        self.folder.path().join("net.safetensors")
    }

    /// Loads with the card as it is now and the checksum of the weights as they are now.
    fn load(&self) -> Result<Network, ModelError> {
        // The first weights are drawn before those of the file replace them.
        let _alone = crate::alone_with_the_generator();
        let card = Card { sha256: sha256_of(&self.weights()).unwrap(), ..self.card.clone() };
        let path = self.folder.path().join("net.toml");
        card.write(&path).unwrap();
        Network::load(&path, None, &Processor::choose(DeviceChoice::Cpu, 1).unwrap())
    }

    fn tensors(&self) -> Vec<(String, Tensor)> {
        Tensor::read_safetensors(self.weights()).unwrap()
    }

    fn store(&self, tensors: &[(String, Tensor)]) {
        Tensor::write_safetensors(tensors, self.weights()).unwrap();
    }
}

fn gradient() -> Array3<f32> {
    Array3::from_shape_fn((1, 32, 48), |(_, row, column)| (row * 3 + column * 5 % 17) as f32)
}

#[test]
fn what_was_saved_is_what_runs() {
    let files = Files::new();
    let network = files.load().unwrap();
    let mut store = VarStore::new(Device::Cpu);
    let same = {
        let _alone = crate::alone_with_the_generator();
        UNet2d::new(&store.root(), &SHAPE).unwrap()
    };
    store.load(files.weights()).unwrap();
    let image = gradient();
    let input = Tensor::from_slice(image.as_slice().unwrap()).view([1, 1, 32, 48]);
    let expected = tch::no_grad(|| same.forward(&input).unwrap());
    assert_eq!(network.forward(&input).unwrap(), expected);
    let output = network.infer(image.view()).unwrap();
    assert_eq!(output.dim(), (2, 32, 48));
    assert_eq!(Tensor::from_slice(output.as_slice().unwrap()).view([1, 2, 32, 48]), expected);
}

#[test]
fn runs_are_equal_bit_for_bit() {
    let network = Files::new().load().unwrap();
    let first = network.infer(gradient().view()).unwrap();
    for _ in 0..5 {
        assert_eq!(network.infer(gradient().view()).unwrap(), first);
    }
}

#[test]
fn no_gradients_are_kept() {
    let network = Files::new().load().unwrap();
    let output =
        network.forward(&Tensor::zeros([1, 1, 32, 32], (Kind::Float, Device::Cpu))).unwrap();
    assert!(!output.requires_grad());
}

#[test]
fn an_array_that_is_no_row_after_row_is_read_rightly() {
    let network = Files::new().load().unwrap();
    let image = gradient();
    let mut turned = image.clone();
    turned.swap_axes(1, 2);
    let copied = Array3::from_shape_fn((1, 48, 32), |(_, row, column)| image[[0, column, row]]);
    assert_eq!(network.infer(turned.view()).unwrap(), network.infer(copied.view()).unwrap());
}

#[test]
fn wrong_images_are_refused_in_words() {
    let network = Files::new().load().unwrap();
    for shape in [(1, 30, 48), (1, 32, 0), (1, 0, 48), (2, 32, 48), (0, 32, 48)] {
        let error = network.infer(Array3::zeros(shape).view()).unwrap_err().to_string();
        assert!(error.contains("multiples of 4") && error.contains("model net"), "{error}");
    }
    assert!(network.forward(&Tensor::zeros([32, 48], (Kind::Float, Device::Cpu))).is_err());
}

#[test]
fn a_wrong_checksum_or_missing_file_is_found_before_libtorch_sees_it() {
    let files = Files::new();
    let path = files.folder.path().join("net.toml");
    Card { sha256: "0".repeat(64), ..files.card.clone() }.write(&path).unwrap();
    let processor = Processor::choose(DeviceChoice::Cpu, 1).unwrap();
    let error = Network::load(&path, None, &processor).unwrap_err();
    assert!(matches!(error, ModelError::Checksum { .. }), "{error}");
    let error =
        Network::load(&path, Some(Path::new("no/such.safetensors")), &processor).unwrap_err();
    assert!(
        matches!(&error, ModelError::Weights { path, .. } if path.ends_with("such.safetensors")),
        "{error}"
    );
}

#[test]
fn weights_of_another_shape_are_refused_with_the_tensor() {
    let mut files = Files::new();
    files.card.architecture =
        Some(Architecture::Unet2d(UNet2dShape { base_channels: 16, ..SHAPE }));
    let error = files.load().unwrap_err().to_string();
    assert!(error.contains("do not fit") && error.contains("should be 16"), "{error}");
}

#[test]
fn missing_extra_and_stretched_tensors_are_refused() {
    let files = Files::new();
    let whole = files.tensors();
    let copy = || {
        whole
            .iter()
            .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
            .collect::<Vec<_>>()
    };

    let mut fewer = copy();
    let (lost, _) = fewer.pop().unwrap();
    files.store(&fewer);
    let error = files.load().unwrap_err().to_string();
    assert!(error.contains(&format!("{lost} is missing")), "{error}");

    let mut more = copy();
    more.push(("surplus".into(), Tensor::zeros([1], (Kind::Float, Device::Cpu))));
    files.store(&more);
    let error = files.load().unwrap_err().to_string();
    assert!(error.contains("surplus"), "{error}");

    let mut stretched = copy();
    let bias = stretched.iter_mut().find(|(name, _)| name == "output.bias").unwrap();
    bias.1 = Tensor::zeros([1], (Kind::Float, Device::Cpu));
    files.store(&stretched);
    let error = files.load().unwrap_err().to_string();
    assert!(error.contains("output.bias should be 8"), "{error}");

    let mut coarse = copy();
    coarse[0].1 = coarse[0].1.to_kind(Kind::Half);
    files.store(&coarse);
    let error = files.load().unwrap_err().to_string();
    assert!(error.contains("32-bit floats"), "{error}");

    files.store(&whole);
    files.load().unwrap();
}

#[test]
fn hostile_files_are_refused_in_one_line() {
    let mut files = Files::new();
    let good = std::fs::read(files.weights()).unwrap();
    let mut lying_header = good.clone();
    lying_header[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let contents = [
        Vec::new(),
        good[..good.len() / 2].to_vec(),
        lying_header,
        b"PK\x03\x04 no program".to_vec(),
    ];
    for format in [Format::Safetensors, Format::Torchscript] {
        files.card.format = format;
        files.card.architecture =
            (format == Format::Safetensors).then_some(Architecture::Unet2d(SHAPE));
        for bytes in &contents {
            std::fs::write(files.weights(), bytes).unwrap();
            let error = files.load().unwrap_err().to_string();
            assert!(error.contains("net.safetensors") && error.lines().count() == 1, "{error}");
        }
    }
}

/// A program whose output is not what the card says must not pass as a segmentation.
#[test]
fn a_torchscript_program_runs_and_its_output_is_held_against_the_card() {
    let mut files = Files::new();
    let script = files.folder.path().join("double.pt");
    let image = Tensor::ones([1, 1, 64, 64], (Kind::Float, Device::Cpu));
    let mut twice = |inputs: &[Tensor]| vec![Tensor::cat(&[&inputs[0], &(&inputs[0] * 2.0)], 1)];
    CModule::create_by_tracing("Twice", "forward", &[image], &mut twice)
        .unwrap()
        .save(&script)
        .unwrap();
    std::fs::copy(&script, files.weights()).unwrap();
    files.card.format = Format::Torchscript;
    files.card.architecture = None;
    let output = files.load().unwrap().infer(gradient().view()).unwrap();
    assert_eq!(output.index_axis(ndarray::Axis(0), 0), gradient().index_axis(ndarray::Axis(0), 0));
    assert_eq!(
        output.index_axis(ndarray::Axis(0), 1),
        gradient().mapv(|value| value * 2.0).index_axis(ndarray::Axis(0), 0)
    );

    files.card.output.classes.push("vein".into());
    let error = files.load().unwrap_err().to_string();
    assert!(error.contains("3 channels") && error.contains("1 × 2 × 64 × 64 came"), "{error}");
}
