//! Cards that are right, wrong, and hostile.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const CARD: &str = r#"
name = "vessels"
description = "for tests"
licence = "Apache-2.0"
format = "safetensors"
file = "vessels.safetensors"
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

[architecture]
kind = "unet2d"
input_channels = 1
base_channels = 8
levels = 3
output_channels = 2

[input]
channels = 1
spacing_mm = 0.5
size_divisor = 8
padding = "mirror"
intensity = "zero_to_one"

[output]
classes = ["background", "vessel"]
values = "logits"
decision = "argmax"

[provenance]
command = "vesalius train"
seed = 7

[[provenance.figures]]
measure = "Dice on held-out patients"
value = 0.9
"#;

fn parse(text: &str) -> Result<Card, ModelError> {
    Card::parse(text, Path::new("cards/vessels.toml"))
}

/// The card with one passage changed.
fn changed(from: &str, to: &str) -> String {
    assert!(CARD.contains(from), "{from}");
    CARD.replace(from, to)
}

#[test]
fn a_card_survives_writing_and_reading() {
    let card = parse(CARD).unwrap();
    assert!((card.input.intensity.scale(51.0) - 0.2).abs() < 1e-6);
    assert_eq!(card.output.channels(), 2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.toml");
    card.write(&path).unwrap();
    assert_eq!(Card::read(&path).unwrap(), card);
}

#[test]
fn a_window_maps_what_lies_in_it_and_survives_writing() {
    let text = changed("\"zero_to_one\"", "{ window = { low = -100.0, high = 300.0 } }");
    let card = parse(&text).unwrap();
    let came = [-1000.0, -100.0, 100.0, 300.0, 900.0].map(|hu| card.input.intensity.scale(hu));
    assert_eq!(came, [0.0, 0.0, 0.5, 1.0, 1.0]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.toml");
    card.write(&path).unwrap();
    assert_eq!(Card::read(&path).unwrap(), card);
}

#[test]
fn unknown_fields_are_refused_with_line_and_name() {
    for text in [
        changed("size_divisor", "divisor = 2\nsize_divisor"),
        changed("levels = 3", "levels = 3\ndepth = 3"),
        changed("seed = 7", "seed = 7\nsede = 8"),
        changed("decision", "colour = 1\ndecision"),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains("cards/vessels.toml") && error.contains("unknown field"), "{error}");
    }
}

#[test]
fn contradictions_are_refused_in_words() {
    for (from, to, word) in [
        ("name = \"vessels\"", "name = \" \"", "`name`"),
        ("sha256 = \"e3b0", "sha256 = \"zzzz", "`sha256`"),
        ("file = \"vessels.safetensors\"", "file = \"\"", "`file`"),
        ("spacing_mm = 0.5", "spacing_mm = 0.0", "`input.spacing_mm`"),
        ("spacing_mm = 0.5", "spacing_mm = nan", "`input.spacing_mm`"),
        ("size_divisor = 8", "size_divisor = 0", "`input.size_divisor`"),
        ("size_divisor = 8", "size_divisor = 12", "multiple of 8"),
        ("\nchannels = 1", "\nchannels = 3", "`input.channels`"),
        ("\nchannels = 1", "\nchannels = 4", "odd number of slices"),
        (
            "intensity = \"zero_to_one\"",
            "intensity = { window = { low = 100.0, high = 100.0 } }",
            "`input.intensity.window`",
        ),
        ("[\"background\", \"vessel\"]", "[\"background\"]", "`output.classes`"),
        (
            "[\"background\", \"vessel\"]",
            "[\"background\", \"artery\", \"vein\"]",
            "`architecture.output_channels`",
        ),
        ("decision = \"argmax\"", "decision = { threshold = 1.5 }", "`output.decision.threshold`"),
        (
            "decision = \"argmax\"",
            "decision = { threshold = 0.5 }",
            "`architecture.output_channels`",
        ),
        ("levels = 3", "levels = 99", "`architecture.levels`"),
        ("format = \"safetensors\"", "format = \"torchscript\"", "take `architecture` out"),
    ] {
        let error = parse(&changed(from, to)).unwrap_err().to_string();
        assert!(
            error.contains(word) && error.contains("cards/vessels.toml"),
            "{from} -> {to}: {error}"
        );
    }
}

#[test]
fn safetensors_without_an_architecture_are_refused() {
    let start = CARD.find("[architecture]").unwrap();
    let end = CARD.find("[input]").unwrap();
    let error = parse(&format!("{}{}", &CARD[..start], &CARD[end..])).unwrap_err().to_string();
    assert!(error.contains("`architecture` is missing"), "{error}");
}

#[test]
fn weights_lie_beside_the_card_or_where_the_caller_says() {
    let card = parse(CARD).unwrap();
    let path = Path::new("some/cards/vessels.toml");
    assert_eq!(card.weights_path(path, None), Path::new("some/cards/vessels.safetensors"));
    assert_eq!(card.weights_path(path, Some(Path::new("elsewhere.st"))), Path::new("elsewhere.st"));
    assert_eq!(
        card.weights_path(Path::new("vessels.toml"), None),
        Path::new("vessels.safetensors")
    );
}

#[test]
fn the_checksum_decides() {
    let folder = tempfile::tempdir().unwrap();
    let card = parse(CARD).unwrap();
    let weights = folder.path().join("vessels.safetensors");
    let missing = card.verify_weights(&weights).unwrap_err().to_string();
    assert!(
        missing.contains("cannot be read") && missing.contains("vessels.safetensors"),
        "{missing}"
    );
    // The sum on the card is that of an empty file (FIPS 180-4's well-known value).
    std::fs::write(&weights, b"").unwrap();
    card.verify_weights(&weights).unwrap();
    Card { sha256: card.sha256.to_uppercase(), ..card.clone() }.verify_weights(&weights).unwrap();
    std::fs::write(&weights, b"x").unwrap();
    let wrong = card.verify_weights(&weights).unwrap_err().to_string();
    assert!(
        wrong.contains("expected SHA-256 e3b0c442") && wrong.contains("came 2d711642b726b044"),
        "{wrong}"
    );
}

#[test]
fn a_missing_or_senseless_card_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.toml");
    assert!(Card::read(&path).unwrap_err().to_string().contains("card.toml"));
    for hostile in [&b"\xff\xfe"[..], b"[[[[", b"name = 3", b"", b"name = \"x"] {
        std::fs::write(&path, hostile).unwrap();
        assert!(Card::read(&path).unwrap_err().to_string().contains("card.toml"));
    }
}

#[test]
fn every_card_of_this_crate_is_valid() {
    let mut count = 0;
    for folder in ["cards", "weights"] {
        let Ok(files) = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        else {
            continue;
        };
        for file in files {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                Card::read(&path).unwrap();
                count += 1;
            }
        }
    }
    assert!(count > 0);
}
