//! How long one pose takes against a map of 25 structures and 200 000 triangles, and how long a new map.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot be set up fails")]

#[path = "../tests/support/anatomy.rs"]
mod anatomy;
#[path = "../tests/support/scene.rs"]
mod scene;
#[path = "../tests/support/shapes.rs"]
mod shapes;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use fusion::navigate::{Input, Navigate};
use messages::{Pose, Timestamp, ToolPoses, TrackedTool, Transform};
use nalgebra::{Isometry3, Vector3};
use runtime::{Context, Node};
use scene::{accepted, alignment, bending, stamped};

fn node() -> Navigate {
    let parameters = serde_json::json!({
        "tools": [{ "name": "needle", "tip_mm": [0, 0, 0], "shaft_end_mm": [0, 0, 120],
                    "radius_mm": 2.5, "calibration_error_mm": 0.3 }],
    });
    Navigate::new(serde_json::from_value(parameters).unwrap()).unwrap()
}

fn navigate(criterion: &mut Criterion) {
    let map = anatomy::map_of_25();
    let mut group = criterion.benchmark_group(format!("{} triangles", map.value.triangles));
    group.sample_size(20);
    group.bench_function("take a map", |bencher| {
        let input = || (node(), Input::Surfaces(map.clone()));
        let take = |(mut node, input): (Navigate, Input)| {
            node.handle(input, &mut Context::at(Timestamp(0))).unwrap();
            node
        };
        bencher.iter_batched(input, take, BatchSize::LargeInput);
    });
    for (name, height_mm) in [("outside", 90.0), ("inside", 10.0)] {
        for (bent, error_mm) in [("rigid", 1.0), ("bent", 2.0)] {
            let mut node = node();
            node.handle(Input::Surfaces(map.clone()), &mut Context::at(Timestamp(0))).unwrap();
            let alignment = alignment(Isometry3::identity(), error_mm, |at| {
                if bent == "bent" { bending(at) } else { Vector3::zeros() }
            });
            let registration = Input::Registration(accepted(alignment));
            node.handle(registration, &mut Context::at(Timestamp(0))).unwrap();
            let mut step = 0_u32;
            group.bench_function(format!("a pose, tip {name} the organ, {bent}"), |bencher| {
                bencher.iter(|| {
                    // 20 mm a second at 100 Hz, on a circle.
                    step += 1;
                    let turn = f64::from(step) * 0.2 / 25.0;
                    let tip = Vector3::new(25.0 * turn.sin(), 25.0 * turn.cos(), height_mm);
                    let pose = Isometry3::new(tip, Vector3::new(0.4, 0.2 * turn.sin(), 0.0));
                    let to_from_tool = Transform::from_isometry(pose);
                    let pose = Pose::Visible { to_from_tool, error_mm: Some(0.3) };
                    let tools = vec![TrackedTool { name: "needle".into(), pose }];
                    let at = Timestamp(i64::from(step) * 1000);
                    let mut context = Context::at(at);
                    node.handle(Input::Poses(stamped(at, ToolPoses { tools })), &mut context)
                        .unwrap();
                    context.finish()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, navigate);
criterion_main!(benches);
