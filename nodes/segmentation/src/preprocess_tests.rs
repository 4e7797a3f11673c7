//! Images onto grids whose values are known.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use models::card::Intensity;
use proptest::prelude::*;

fn input(spacing_mm: Option<f64>, size_divisor: usize) -> Input {
    Input {
        channels: 1,
        spacing_mm,
        size_divisor,
        padding: Padding::Mirror,
        intensity: Intensity::AsIs,
    }
}

#[test]
fn an_image_of_the_right_size_is_only_scaled() {
    let image = Array2::from_shape_fn((4, 6), |(row, column)| (row * 40 + column) as u8);
    let unit = Input { intensity: Intensity::ZeroToOne, ..input(None, 2) };
    let prepared =
        Preparation::new((4, 6), [0.3, 0.7], &unit).unwrap().apply(image.view()).unwrap();
    assert_eq!(prepared.dim(), (1, 4, 6));
    for ((row, column), &value) in image.indexed_iter() {
        assert!((prepared[[0, row, column]] - f32::from(value) / 255.0).abs() < 1e-7);
    }
}

#[test]
fn padding_mirrors_at_the_last_pixel_and_again_at_the_first() {
    let image = ndarray::arr2(&[[1_u8, 2, 3]]);
    let prepared =
        Preparation::new((1, 3), [1.0, 1.0], &input(None, 8)).unwrap().apply(image.view()).unwrap();
    assert_eq!(prepared.dim(), (1, 8, 8));
    for row in 0..8 {
        let row: Vec<f32> = prepared.slice(ndarray::s![0, row, ..]).to_vec();
        assert_eq!(row, [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
    }
}

/// A plane stays the same plane in millimetres, whether the grid gets finer or coarser.
#[test]
fn a_slope_keeps_its_place_in_millimetres() {
    let spacing = [0.5, 0.4];
    let plane = |x_mm: f64, y_mm: f64| 20.0 + 2.0 * x_mm + 1.0 * y_mm;
    // Pixel centres lie half a pixel from the image's corner.
    let image = Array2::from_shape_fn((100, 80), |(row, column)| {
        plane((column as f64 + 0.5) * spacing[0], (row as f64 + 0.5) * spacing[1]).round() as u8
    });
    for to_mm in [0.2, 0.25, 0.8, 1.0] {
        let preparation = Preparation::new((100, 80), spacing, &input(Some(to_mm), 1)).unwrap();
        let (height, width) = preparation.network_size();
        assert_eq!((height, width), ((40.0 / to_mm) as usize, (40.0 / to_mm) as usize));
        let prepared = preparation.apply(image.view()).unwrap();
        for row in 3..height - 3 {
            for column in 3..width - 3 {
                let expected = plane((column as f64 + 0.5) * to_mm, (row as f64 + 0.5) * to_mm);
                let came = f64::from(prepared[[0, row, column]]);
                // Rounding to 8 bits costs up to half a grey value.
                assert!(
                    (came - expected).abs() <= 0.51,
                    "{to_mm} mm, {row}, {column}: {came} for {expected}"
                );
            }
        }
    }
}

#[test]
fn shrinking_averages_what_is_too_fine() {
    let checkerboard =
        Array2::from_shape_fn((64, 64), |(row, column)| ((row + column) % 2 * 255) as u8);
    let preparation = Preparation::new((64, 64), [0.25, 0.25], &input(Some(1.0), 1)).unwrap();
    let prepared = preparation.apply(checkerboard.view()).unwrap();
    assert_eq!(prepared.dim(), (1, 16, 16));
    // At the border the triangle is cut.
    let inner = prepared.slice(ndarray::s![0, 1..15, 1..15]);
    assert!(inner.iter().all(|value| (value - 127.5).abs() < 1e-3), "{inner}");
}

/// Values of PyTorch's `interpolate(…, mode="bilinear", antialias=True)`, which was asked.
#[test]
fn agrees_with_pytorch() {
    let row = |from: &[f32], to: usize| {
        let image = Array2::from_shape_fn((1, from.len()), |(_, column)| from[column]);
        resample(&image, &Filter::new(1, 1), &Filter::new(from.len(), to))
            .into_raw_vec_and_offset()
            .0
    };
    let values = [10.0, 0.0, 30.0, 200.0, 50.0, 5.0, 90.0];
    let expected: [&[f32]; 3] = [
        &[10.0, 101.4706, 45.0],
        &[6.6667, 16.6667, 141.8182, 30.0, 61.6667],
        &[10.0, 4.5, 7.5, 28.5, 140.5, 147.5, 47.75, 16.25, 43.25, 90.0],
    ];
    for expected in expected {
        let to = expected.len();
        let came = row(&values, to);
        assert!(
            came.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3),
            "{to}: {came:?} for {expected:?}"
        );
    }
}

#[test]
fn the_size_of_the_real_network_is_that_of_its_makers() {
    // ImFusion shows 150 × 160 pixels of 0.249569 × 0.25 mm for a 37.435 × 40 mm image.
    let preparation =
        Preparation::new((800, 600), [37.435 / 600.0, 0.05], &input(Some(0.25), 16)).unwrap();
    assert_eq!(preparation.network_size(), (160, 150));
    assert_eq!(preparation.padded_size(), (160, 160));
}

#[test]
fn senseless_images_and_pixel_sizes_are_refused_in_words() {
    let card = input(Some(0.25), 16);
    for size in [(0, 5), (5, 0), (0, 0)] {
        assert!(matches!(
            Preparation::new(size, [1.0, 1.0], &card),
            Err(PreparationError::Empty { .. })
        ));
    }
    for spacing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Preparation::new((5, 5), [1.0, spacing], &card).unwrap_err();
        assert!(error.to_string().contains("above 0 mm"), "{error}");
    }
    // Metres taken for millimetres the other way round, and worse.
    for spacing in [1e3, 1e300] {
        let error = Preparation::new((480, 640), [spacing, spacing], &card).unwrap_err();
        assert!(error.to_string().contains("must be in mm"), "{error}");
    }
    assert!(Preparation::new((usize::MAX, 2), [1.0, 1.0], &input(None, 16)).is_err());
    let preparation = Preparation::new((5, 6), [1.0, 1.0], &card).unwrap();
    let error = preparation.apply(Array2::zeros((6, 5)).view()).unwrap_err();
    assert_eq!(error, PreparationError::Size { expected: (5, 6), came: (6, 5) });
}

proptest! {
    #[test]
    fn sizes_divide_and_values_stay_within_the_image(
        height in 1_usize..40, width in 1_usize..40,
        x_mm in 0.05_f64..3.0, y_mm in 0.05_f64..3.0, to_mm in 0.1_f64..2.0,
        divisor in 1_usize..20, seed in any::<u8>(),
    ) {
        let image = Array2::from_shape_fn((height, width), |(row, column)| {
            (row * 31 + column * 17).wrapping_mul(usize::from(seed)) as u8
        });
        let preparation = Preparation::new((height, width), [x_mm, y_mm], &input(Some(to_mm), divisor)).unwrap();
        let prepared = preparation.apply(image.view()).unwrap();
        let (_, rows, columns) = prepared.dim();
        prop_assert_eq!((rows % divisor, columns % divisor), (0, 0));
        let (least, most) = (*image.iter().min().unwrap(), *image.iter().max().unwrap());
        for &value in &prepared {
            prop_assert!(value >= f32::from(least) - 0.01 && value <= f32::from(most) + 0.01);
        }
    }
}
