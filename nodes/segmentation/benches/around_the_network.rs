//! What happens to an image before and after its network.

use criterion::{Criterion, criterion_group, criterion_main};
use models::card::{Decision, Input, Intensity, Output, Padding, Values};
use ndarray::{Array2, Array3};
use segmentation::postprocess::{decide, labels_to_image, remove_specks};
use segmentation::preprocess::Preparation;

fn around_the_network(bench: &mut Criterion) {
    let output = Output {
        classes: vec!["background".into(), "vessel".into()],
        values: Values::Logits,
        decision: Decision::Argmax,
    };
    for (size, spacing, to) in [((240, 320), 0.5, None), ((593, 739), 0.3148, Some(0.25))] {
        let padding = Padding::Mirror;
        let input = Input {
            channels: 1,
            spacing_mm: to,
            size_divisor: 16,
            padding,
            intensity: Intensity::AsIs,
        };
        let Ok(preparation) = Preparation::new(size, [spacing, spacing], &input) else { continue };
        let image = Array2::from_shape_fn(size, |(row, column)| (row * 7 + column * 3) as u8);
        let (height, width) = preparation.padded_size();
        let values = Array3::from_shape_fn((2, height, width), |(channel, row, column)| {
            (channel * 9) as f32 + ((row / 9 + column / 7) % 19) as f32
        });
        let named = |what: &str| format!("{what}, {}x{} to {width}x{height}", size.1, size.0);
        bench.bench_function(&named("prepare"), |bencher| {
            bencher.iter(|| preparation.apply(image.view()));
        });
        bench.bench_function(&named("decide and bring back"), |bencher| {
            bencher.iter(|| {
                let labels = decide(values.view(), &output).ok()?;
                let mut labels = labels_to_image(labels.view(), &preparation).ok()?;
                remove_specks(&mut labels, 20);
                Some(labels)
            });
        });
    }
}

criterion_group!(benches, around_the_network);
criterion_main!(benches);
