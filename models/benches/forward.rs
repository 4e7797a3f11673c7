//! How long networks take for one image, on one CPU thread.

use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use models::unet::{UNet2d, UNet2dShape};
use models::{DeviceChoice, Network, Processor};
use tch::{Device, Kind, Tensor, nn::VarStore};

fn unet(bench: &mut Criterion) {
    tch::set_num_threads(1);
    for (base_channels, levels) in [(8, 4), (16, 3)] {
        let mut store = VarStore::new(Device::Cpu);
        let shape = UNet2dShape { input_channels: 1, base_channels, levels, output_channels: 2 };
        let Ok(network) = UNet2d::new(&store.root(), &shape) else {
            continue;
        };
        store.freeze();
        let count: i64 = store.variables().values().map(|tensor| tensor.numel() as i64).sum();
        let image = Tensor::rand([1, 1, 240, 320], (Kind::Float, Device::Cpu));
        bench.bench_function(
            &format!("unet {base_channels}x{levels}, {count} parameters, 320x240"),
            |bencher| {
                bencher.iter(|| tch::no_grad(|| network.forward(&image)));
            },
        );
    }
}

fn carotid(bench: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let weights = folder.join("../../shared/data/imfusion_carotid_unet/carotid.pt");
    for threads in [1, 2] {
        let network = Processor::choose(DeviceChoice::Cpu, threads).and_then(|processor| {
            Network::load(&folder.join("cards/carotid.toml"), Some(&weights), &processor)
        });
        let Ok(network) = network else {
            return println!("skipped: ../shared/data is absent");
        };
        let image = Tensor::rand([1, 1, 752, 944], (Kind::Float, Device::Cpu)) * 255.0;
        bench.bench_function(&format!("carotid, 944x752, {threads} threads"), |bencher| {
            bencher.iter(|| network.forward(&image));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = unet, carotid
}
criterion_main!(benches);
