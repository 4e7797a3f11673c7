//! The area of the ultrasound is found in screens whose truth is known, and in real sweeps.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use formats::metaimage::Limits;
use formats::plus_sequence::Sequence;
use imaging::image_area::{Changes, Fan, Form, ImageArea, NotFound, Side};
use imaging::reconstruct::settings::{FanAngleDetection, Rectangle, Settings};

const WIDTH: usize = 800;
const HEIGHT: usize = 600;

/// The same for the same pixel of the same image, from 0 to 1.
fn noise(x: usize, y: usize, image: usize) -> f64 {
    let mut bits = (x as u64) << 40 ^ (y as u64) << 20 ^ image as u64;
    for _ in 0..2 {
        bits = (bits ^ bits >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    (bits >> 40) as f64 / f64::from(1 << 24)
}

/// What a frame grabber gives: speckle where `brightness` is not `None`, text, a grey scale, a clock, and a dark
/// surround with some noise.
fn screen(image: usize, brightness: &[Option<f64>]) -> Vec<u8> {
    let pixel = |index: usize| {
        let (x, y) = (index % WIDTH, index / WIDTH);
        let is_text = (8..70).contains(&x) && (40..300).contains(&y) && y % 20 < 9 && x * y % 7 < 3;
        let is_clock = (WIDTH - 80..WIDTH - 30).contains(&x) && (6..16).contains(&y);
        if is_text {
            200
        } else if (WIDTH - 20..WIDTH - 10).contains(&x) && (40..296).contains(&y) {
            (295 - y) as u8
        } else if is_clock {
            if noise(x, y, image / 10) > 0.6 { 220 } else { 0 }
        } else if let Some(brightness) = brightness[index] {
            // Rayleigh's distribution, as speckle has it.
            let speckle = (-noise(x, y, image + 1).ln()).sqrt();
            (brightness * speckle).min(255.0) as u8
        } else {
            u8::from(noise(x, y, image) > 0.97)
        }
    };
    (0..WIDTH * HEIGHT).map(pixel).collect()
}

/// The brightness of each pixel.
fn map(brightness: impl Fn(f64, f64) -> Option<f64>) -> Vec<Option<f64>> {
    let at = |index: usize| brightness((index % WIDTH) as f64, (index / WIDTH) as f64);
    (0..WIDTH * HEIGHT).map(at).collect()
}

fn changes(images: usize, brightness: impl Fn(f64, f64) -> Option<f64>) -> Changes {
    let map = map(brightness);
    let mut changes = Changes::new(WIDTH, HEIGHT);
    for image in 0..images {
        changes.add(&screen(image, &map)).unwrap();
    }
    changes
}

/// Angle in degrees and radius.
fn polar(fan: &Fan, x: f64, y: f64) -> (f64, f64) {
    let (across, down) = (x - fan.origin_px[0], y - fan.origin_px[1]);
    (across.atan2(down).to_degrees(), across.hypot(down))
}

/// `tissue` by angle and radius inside a fan.
fn within(fan: Fan, tissue: impl Fn(f64, f64) -> f64) -> impl Fn(f64, f64) -> Option<f64> {
    move |x, y| {
        let (angle, radius) = polar(&fan, x, y);
        let is_inside = (fan.angles_deg[0]..=fan.angles_deg[1]).contains(&angle)
            && (fan.radii_px[0]..=fan.radii_px[1]).contains(&radius);
        is_inside.then(|| tissue(angle, radius))
    }
}

/// How far corners and arcs of the found fan are from the true ones.
fn assert_fan(found: &ImageArea, truth: &Fan, pixels: f64, degrees: f64) {
    let Form::Fan(fan) = found.form else { panic!("{found:?}") };
    let origin = [0, 1].map(|axis| fan.origin_px[axis] - truth.origin_px[axis]);
    let radii = [0, 1].map(|end| fan.radii_px[end] - truth.radii_px[end]);
    let angles = [0, 1].map(|end| fan.angles_deg[end] - truth.angles_deg[end]);
    let lengths = origin.iter().chain(&radii);
    println!("origin {origin:.2?} px, radii {radii:.2?} px, angles {angles:.3?}°; {:?}", found.fit);
    assert!(
        lengths.map(|error| error.abs()).fold(0.0, f64::max) <= pixels,
        "{fan:?}, not {truth:?}"
    );
    assert!(angles.iter().all(|error| error.abs() <= degrees), "{fan:?}, not {truth:?}");
}

const CONVEX: Fan =
    Fan { origin_px: [402.3, -71.6], radii_px: [118.5, 631.0], angles_deg: [-33.4, 31.2] };

#[test]
fn fans_of_many_forms() {
    for truth in [
        CONVEX,
        Fan { origin_px: [401.0, 20.4], radii_px: [60.0, 540.3], angles_deg: [-37.5, 37.5] },
        Fan { origin_px: [380.6, -420.0], radii_px: [450.0, 1010.0], angles_deg: [-16.0, 17.0] },
        Fan { origin_px: [400.0, 30.0], radii_px: [90.0, 380.0], angles_deg: [-62.0, 62.0] },
        Fan { origin_px: [300.0, -90.0], radii_px: [120.0, 600.0], angles_deg: [-10.0, 40.0] },
    ] {
        let found = changes(12, within(truth, |_, _| 60.0)).find().unwrap();
        assert_fan(&found, &truth, 0.5, 0.05);
        assert!(found.fit.residual_px < 0.5 && found.fit.on_border > 0.97, "{:?}", found.fit);
        assert!(found.fit.inside > 0.99 && found.fit.changing > 0.99, "{:?}", found.fit);
        assert!(found.fit.unseen.is_empty());
    }
}

#[test]
fn a_fan_behind_ribs_and_with_a_dark_side() {
    // Darker with depth, two shadows from some depth on, and no touch along much of the left side.
    let tissue = |angle: f64, radius: f64| {
        let is_shadow = (-12.0..-5.0).contains(&angle) && radius > 260.0
            || (14.0..26.0).contains(&angle) && radius > 320.0
            || angle < -25.0 && (150.0..460.0).contains(&radius);
        if is_shadow { 0.4 } else { 90.0 * (-radius / 400.0).exp() }
    };
    for images in [8, 25] {
        let found = changes(images, within(CONVEX, tissue)).find().unwrap();
        assert_fan(&found, &CONVEX, 1.0, 0.1);
    }
}

#[test]
fn what_a_codec_smears_around_a_fan_is_left_out() {
    let bright = |x: f64, y: f64| {
        let (angle, radius) = polar(&CONVEX, x, y);
        let beside = |low: f64, at: f64, high: f64| (low - at).max(at - high);
        let [left, right] = CONVEX.angles_deg;
        let [inner, outer] = CONVEX.radii_px;
        let beyond =
            (beside(left, angle, right).to_radians() * radius).max(beside(inner, radius, outer));
        match beyond {
            beyond if beyond <= 0.0 => Some(90.0),
            beyond if beyond <= 3.5 => Some(4.0),
            _ => None,
        }
    };
    assert_fan(&changes(25, bright).find().unwrap(), &CONVEX, 1.0, 0.1);
}

#[test]
fn a_phased_array_has_no_inner_arc_to_be_seen() {
    let truth = Fan { origin_px: [400.0, 12.0], radii_px: [0.0, 560.0], angles_deg: [-35.0, 35.0] };
    let found = changes(12, within(truth, |_, _| 60.0)).find().unwrap();
    assert_eq!(found.fit.unseen, [Side::InnerArc]);
    assert!(found.text().contains("unseen and laid where changes end: inner arc"));
    assert_fan(&found, &truth, 2.0, 0.1);
}

#[test]
fn a_fan_cut_off_by_the_image() {
    let truth =
        Fan { origin_px: [402.0, -140.0], radii_px: [180.0, 850.0], angles_deg: [-50.0, 49.0] };
    let found = changes(12, within(truth, |_, _| 60.0)).find().unwrap();
    let Form::Fan(fan) = found.form else { panic!("{found:?}") };
    assert_eq!(found.fit.unseen, [Side::OuterArc]);
    let reach = polar(&truth, 0.0, 599.0).1;
    assert!((fan.radii_px[1] - reach).abs() < 5.0, "{fan:?}");
    let seen = Fan { radii_px: [180.0, fan.radii_px[1]], ..truth };
    assert_fan(&found, &seen, 1.0, 0.1);
}

#[test]
fn a_fan_limits_a_reconstruction_to_its_pixels() {
    let found = changes(20, within(CONVEX, |_, _| 60.0)).find().unwrap();
    let fan_angle_detection = Some(FanAngleDetection::default());
    let mut settings = Settings { fan_angle_detection, ..Settings::default() };
    found.limit(&mut settings);
    assert_eq!(settings.check(), Ok(()));
    assert_eq!(settings.fan_angle_detection, fan_angle_detection);
    let truth = within(CONVEX, |_, _| 1.0);
    let expected =
        (0..WIDTH * HEIGHT).filter(|at| truth((at % WIDTH) as f64, (at / WIDTH) as f64).is_some());
    let mask = settings.mask(WIDTH, HEIGHT);
    let spans = mask.spans().iter();
    let wrong = spans
        .flat_map(|span| (span.start..span.end).map(|x| (x as f64, span.y as f64)))
        .filter(|(x, y)| truth(*x, *y).is_none())
        .count();
    let expected = expected.count();
    let (missing, all) = (expected + wrong - mask.pixels(), expected as f64);
    println!("{wrong} pixels too many and {missing} too few of {expected}");
    assert!((wrong as f64) < 0.005 * all && (missing as f64) < 0.005 * all);
    // The clip is no larger than the fan needs.
    let clip = settings.clip.unwrap();
    let whole = Settings { clip: None, ..settings }.mask(WIDTH, HEIGHT);
    assert_eq!(whole.spans(), mask.spans());
    assert_eq!((clip.y_px, clip.height_px), (28, HEIGHT - 28 - 40));
}

#[test]
fn rectangles_with_and_without_shadows() {
    let truth = Rectangle { x_px: 211, y_px: 34, width_px: 407, height_px: 531 };
    let inside = |x: f64, y: f64| (211.0..618.0).contains(&x) && (34.0..565.0).contains(&y);
    let lit = |x: f64, y: f64| inside(x, y).then_some(50.0);
    let shaded = |x: f64, y: f64| {
        let is_dark =
            y > 200.0 && (x < 330.0 || (400.0..480.0).contains(&x)) || y > 520.0 && x < 560.0;
        inside(x, y).then(|| if is_dark { 0.3 } else { 80.0 * (-y / 300.0).exp() })
    };
    let lit = changes(12, lit).find().unwrap();
    let shaded = changes(25, shaded).find().unwrap();
    for found in [&lit, &shaded] {
        println!("{found:?}");
        assert_eq!(found.form, Form::Rectangle(truth));
        assert!(found.fit.unseen.is_empty());
    }
    assert!(lit.fit.on_border > 0.99 && lit.fit.residual_px < 0.3);
    assert!(lit.text().contains("ClipRectangleOrigin=\"211 34\" ClipRectangleSize=\"406 530\""));
    let mut settings = Settings { fan: Some(CONVEX.setting()), ..Settings::default() };
    lit.limit(&mut settings);
    assert_eq!((settings.clip, settings.fan), (Some(truth), None));
}

#[test]
fn an_image_that_is_all_ultrasound() {
    let mut changes = Changes::new(320, 240);
    for image in 0..10 {
        let pixels = (0..320 * 240).map(|at| (noise(at % 320, at / 320, image) * 99.0) as u8);
        changes.add(&pixels.collect::<Vec<_>>()).unwrap();
    }
    let whole = Rectangle { x_px: 0, y_px: 0, width_px: 320, height_px: 240 };
    assert_eq!(changes.find().unwrap().form, Form::Rectangle(whole));
}

#[test]
fn what_is_no_image_area_is_refused_with_the_reason() {
    let convex = within(CONVEX, |_, _| 60.0);
    assert_eq!(changes(4, &convex).find(), Err(NotFound::TooFew(4)));
    let map = map(&convex);
    let mut still = changes(1, &convex);
    for _ in 0..5 {
        still.add(&screen(0, &map)).unwrap();
    }
    assert_eq!(still.find(), Err(NotFound::NothingMoves { share: 0.0 }));
    let wrong = still.add(&[0; 7]).unwrap_err().to_string();
    assert!(wrong.contains("800×600 pixels as the first, but 7 pixels came"), "{wrong}");
    // A disc, and a few echoes in water.
    let disc = |x: f64, y: f64| ((x - 400.0).hypot(y - 300.0) < 250.0).then_some(60.0);
    let echoes = |x: f64, y: f64| {
        let is_near = |at: [f64; 2]| (x - at[0]).hypot(y - at[1]) < 40.0;
        [[300.0, 200.0], [420.0, 330.0], [350.0, 450.0]].into_iter().any(is_near).then_some(60.0)
    };
    for refused in [changes(20, disc).find(), changes(20, echoes).find()] {
        let error = refused.unwrap_err();
        println!("{error}");
        assert!(matches!(error, NotFound::NoFit { .. }), "{error:?}");
    }
    // The image of a linear probe whose beams slant.
    let slanting = |x: f64, y: f64| {
        ((200.0..500.0).contains(&(x - 0.2 * y)) && (30.0..560.0).contains(&y)).then_some(60.0)
    };
    assert!(matches!(changes(20, slanting).find(), Err(NotFound::NoFit { .. })));
}

/// Many small things each of which could be a clock, but which are a quarter of all together.
#[test]
fn a_screen_of_which_much_else_changes_is_refused_as_such() {
    let much = |x: f64, y: f64| {
        let is_image = (100.0..400.0).contains(&x) && (100.0..500.0).contains(&y);
        let is_small = (460.0..780.0).contains(&x)
            && (60.0..560.0).contains(&y)
            && (x - 460.0) % 80.0 < 50.0
            && (y - 60.0) % 125.0 < 60.0;
        (is_image || is_small).then_some(60.0)
    };
    let error = changes(20, much).find().unwrap_err();
    let NotFound::Elsewhere { form, inside } = error else { panic!("{error:?}") };
    assert_eq!(form, "rectangle");
    assert!((0.6..0.8).contains(&inside), "{inside}");
}

/// A real sequence, at most the first 300 images.
fn real(name: &str) -> Option<Changes> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let path = folder.join(name);
    if !path.exists() {
        println!("SKIPPED: real data {name} is absent");
        return None;
    }
    let sequence = Sequence::read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
    let mut changes: Option<Changes> = None;
    for frame in 0..sequence.header().frames.len().min(300) {
        let image = sequence.gray_image(frame).unwrap();
        let changes = changes.get_or_insert_with(|| Changes::new(image.width_px, image.height_px));
        changes.add(&image.pixels).unwrap();
    }
    changes
}

#[test]
fn a_real_convex_probe() {
    let Some(changes) = real("imfusion_liver_sweep/liver_sweep_images.igs.mha") else { return };
    // The sweep's own geometry; its outer radius of 724.4 pixels ends 9 pixels within the image.
    let truth = Fan {
        origin_px: [369.0, 22.01 - 161.34],
        radii_px: [161.34, 733.4],
        angles_deg: [-30.28, 30.28],
    };
    let found = changes.find().unwrap();
    println!("{}", found.text());
    assert_fan(&found, &truth, 2.0, 0.3);
    assert!(found.fit.on_border > 0.8 && found.fit.inside > 0.99);
}

#[test]
fn real_linear_probes() {
    if let Some(changes) = real("plus_misc_sequences/BoneUltrasound_L14.igs.mha") {
        let found = changes.find().unwrap();
        println!("{}", found.text());
        // Above, a line stands still.
        let truth = Rectangle { x_px: 176, y_px: 3, width_px: 467, height_px: 612 };
        assert_eq!(found.form, Form::Rectangle(truth));
    }
    // Wires in water: what is above the phantom is black in all images.
    if let Some(changes) = real("plus_recon_nwire/NwirePhantomFreehand.igs.mha") {
        let found = changes.find().unwrap();
        println!("{}", found.text());
        let Form::Rectangle(Rectangle { x_px, y_px, width_px, height_px }) = found.form else {
            panic!("{found:?}")
        };
        assert_eq!((x_px, x_px + width_px, y_px + height_px), (164, 655, 599));
        assert_eq!(found.fit.unseen, [Side::Top]);
    }
    if let Some(changes) = real("plus_recon_nwire/NwirePhantomFreehandCropped.igs.mha") {
        let error = changes.find().unwrap_err();
        println!("{error}");
        assert!(matches!(error, NotFound::NoFit { .. }));
    }
}
