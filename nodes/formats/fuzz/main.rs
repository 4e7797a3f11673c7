//! Runs the target that `FUZZ_TARGET` names under libFuzzer, or writes its seeds where `FUZZ_SEEDS` says.
#![no_main]

mod fuzz_targets;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use fuzz_targets::{ALL, Target};

static CHOSEN: OnceLock<&Target> = OnceLock::new();

/// Before the first run.
fn prepare() {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let Some(target) = ALL.iter().find(|target| target.name == name) else {
        // One a line, for the script that runs them all.
        ALL.iter().for_each(|target| println!("{}", target.name));
        std::process::exit(if name.is_empty() { 0 } else { 2 });
    };
    if let Ok(folder) = std::env::var("FUZZ_SEEDS") {
        if let Err(error) = write_seeds(target, Path::new(&folder)) {
            eprintln!("the seeds of {name} cannot be written into {folder}: {error}");
            std::process::exit(2);
        }
        std::process::exit(0);
    }
    CHOSEN.get_or_init(|| target);
}

/// Seeds into `seeds/`, and the words that its files are made of into `words.dict`.
fn write_seeds(target: &Target, folder: &Path) -> std::io::Result<()> {
    let seeds = folder.join("seeds");
    std::fs::create_dir_all(&seeds)?;
    for (index, seed) in (target.seeds)().iter().enumerate() {
        std::fs::write(seeds.join(format!("{index:02}")), seed)?;
    }
    let mut words = String::new();
    for word in target.words {
        words.push('"');
        for byte in word.bytes() {
            let _ = match byte {
                b'"' | b'\\' => write!(words, "\\{}", char::from(byte)),
                b' '..=b'~' => write!(words, "{}", char::from(byte)),
                _ => write!(words, "\\x{byte:02x}"),
            };
        }
        words.push_str("\"\n");
    }
    std::fs::write(folder.join("words.dict"), words)
}

libfuzzer_sys::fuzz_target!(init: prepare(), |bytes: &[u8]| {
    if let Some(target) = CHOSEN.get() {
        (target.check)(bytes);
    }
});
