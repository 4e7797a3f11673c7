//! How long it takes to pack and to unpack messages of OpenIGTLink, and how many times as fast that is as pyigtl and the
//! OpenIGTLink library (Debian's `libopenigtlink-dev`), in the same run on the same messages.
//!
//! Unpacking checks the CRC here; pyigtl leaves that out, and the library is measured with and without. Where one is not
//! installed, its rows say so.
#![allow(missing_docs, reason = "a bench has no readers of its documentation")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time, and no session runs")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use formats::openigtlink::{
    Content, CoordinateSystem, Endian, Image, Message, ScalarType, Timestamp, Transform,
};

/// As long as this each is repeated beside the peer.
const TIME: Duration = Duration::from_secs(1);

fn image(size: [u16; 3]) -> Content {
    let voxels: usize = size.iter().map(|side| usize::from(*side)).product();
    Content::Image(Image {
        version: 1,
        components: 1,
        scalar: ScalarType::Uint8,
        endian: Endian::Little,
        coordinates: CoordinateSystem::Ras,
        size,
        matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        subvolume_offset: [0; 3],
        subvolume_size: size,
        pixels: (0..voxels).map(|at| at as u8).collect(),
    })
}

fn messages() -> Vec<(&'static str, Message)> {
    let matrix = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
    [
        ("TRANSFORM", "TRANSFORM", Content::Transform(Transform { matrix })),
        ("IMAGE 640x480", "IMAGE", image([640, 480, 1])),
        ("IMAGE 256^3", "IMAGE", image([256; 3])),
    ]
    .into_iter()
    .filter_map(|(name, kind, content)| {
        Some((name, Message::new(kind, "Some", Timestamp::default(), content).ok()?))
    })
    .collect()
}

/// Seconds that one call takes, the best of those that fit into the time.
fn best(mut work: impl FnMut()) -> f64 {
    let (mut least, began) = (f64::MAX, Instant::now());
    while began.elapsed() < TIME {
        let one = Instant::now();
        work();
        least = least.min(one.elapsed().as_secs_f64());
    }
    least
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut own = BTreeMap::new();
    let mut group = criterion.benchmark_group("openigtlink");
    for (name, message) in messages() {
        let Ok(bytes) = message.encode() else { continue };
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let pack = || drop(black_box(message.encode()));
        let unpack = || drop(black_box(Message::decode(black_box(&bytes))));
        group.bench_function(format!("pack {name}"), |bencher| bencher.iter(pack));
        group.bench_function(format!("unpack {name}"), |bencher| bencher.iter(unpack));
        own.insert(name, (best(pack), best(unpack)));
    }
    group.finish();
    peer("pyigtl", pyigtl(), &own);
    match tempfile::tempdir().map_err(|error| error.to_string()) {
        Ok(folder) => match library(folder.path()) {
            Ok(command) => peer("the library", command, &own),
            Err(reason) => println!("  the library: not here ({reason})"),
        },
        Err(reason) => println!("  the library: {reason}"),
    }
}

/// The same in Python.
fn pyigtl() -> Command {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut command = Command::new(format!("{root}/.vesalius/python/bin/python"));
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/openigtlink.py"));
    command
}

/// The same in C++, built into a folder.
fn library(folder: &Path) -> Result<Command, String> {
    let program = folder.join("openigtlink");
    let built = Command::new("c++")
        .args(["-O2", "-w", "-I/usr/include/openigtlink", "-o"])
        .arg(&program)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/openigtlink.cpp"))
        .args(["-lOpenIGTLink", "-lpthread"])
        .output();
    match built {
        Ok(built) if built.status.success() => Ok(Command::new(program)),
        Ok(built) => {
            let said = String::from_utf8_lossy(&built.stderr);
            let flaw = said.lines().find(|line| line.contains("error")).unwrap_or_default();
            Err(format!("{flaw}; install libopenigtlink-dev"))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// What a peer takes for the same, and how many times as fast this is.
fn peer(name: &str, mut command: Command, own: &BTreeMap<&str, (f64, f64)>) {
    let output = match command.arg(TIME.as_secs_f64().to_string()).output() {
        Ok(output) => output,
        Err(error) => return println!("  {name}: not here ({error}); run .setup/python.sh"),
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(row) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let message = row["name"].as_str().unwrap_or_default();
        let Some((pack, unpack)) = own.get(message) else { continue };
        for (what, ours) in [("pack", pack), ("unpack", unpack), ("unchecked", unpack)] {
            let Some(theirs) = row[what].as_f64() else { continue };
            println!(
                "  {what:<10}{message:<14}{:10.2} us, {name} {:10.2} us: {:.2} times as fast",
                ours * 1e6,
                theirs * 1e6,
                theirs / ours
            );
        }
    }
    if !output.status.success() {
        println!("  {name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
