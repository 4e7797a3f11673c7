//! Outputs to labels that are known.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use models::card::{Input, Intensity, Padding};
use ndarray::{Array3, arr2, arr3};
use proptest::prelude::*;

fn output(classes: usize, values: Values, decision: Decision) -> Output {
    Output {
        classes: (0..classes).map(|class| format!("class {class}")).collect(),
        values,
        decision,
    }
}

fn preparation(
    size: (usize, usize),
    spacing_mm: f64,
    to_mm: Option<f64>,
    size_divisor: usize,
) -> Preparation {
    let padding = Padding::Mirror;
    let input =
        Input { channels: 1, spacing_mm: to_mm, size_divisor, padding, intensity: Intensity::AsIs };
    Preparation::new(size, [spacing_mm, spacing_mm], &input).unwrap()
}

#[test]
fn the_greatest_wins_and_the_first_of_equals() {
    let values = arr3(&[
        [[1.0, 0.0, 5.0, f32::NEG_INFINITY]],
        [[2.0, 0.0, 4.0, f32::NEG_INFINITY]],
        [[3.0, 0.0, 5.0, f32::NEG_INFINITY]],
    ]);
    let labels = decide(values.view(), &output(3, Values::Logits, Decision::Argmax)).unwrap();
    assert_eq!(labels, arr2(&[[2, 0, 0, 0]]));
}

#[test]
fn a_threshold_is_reached_and_the_greatest_of_those_wins() {
    let values = arr3(&[[[0.1, 0.6, 0.6, 0.95]], [[0.2, 0.7, 0.3, 0.95]]]);
    let labels =
        decide(values.view(), &output(3, Values::Probabilities, Decision::Threshold(0.6))).unwrap();
    assert_eq!(labels, arr2(&[[0, 2, 1, 1]]));
}

#[test]
fn logits_meet_the_threshold_through_the_sigmoid() {
    // sigmoid(1) = 0.731, sigmoid(0) = 0.5
    let values = arr3(&[[[1.0, 0.0, -0.01]]]);
    let at = |probability| {
        decide(values.view(), &output(2, Values::Logits, Decision::Threshold(probability))).unwrap()
    };
    assert_eq!(at(0.73), arr2(&[[1, 0, 0]]));
    assert_eq!(at(0.74), arr2(&[[0, 0, 0]]));
    assert_eq!(at(0.5), arr2(&[[1, 1, 0]]));
}

#[test]
fn other_channels_and_what_is_no_number_are_refused() {
    let argmax = output(2, Values::Logits, Decision::Argmax);
    let error = decide(Array3::zeros((3, 2, 2)).view(), &argmax).unwrap_err();
    assert_eq!(error, OutputError::Channels { expected: 2, came: 3 });
    let mut values = Array3::zeros((2, 2, 3));
    values[[1, 1, 2]] = f32::NAN;
    assert_eq!(
        decide(values.view(), &argmax).unwrap_err(),
        OutputError::NotANumber { row: 1, column: 2 }
    );
}

/// A disc drawn on the network's grid comes back at the same place and size in millimetres.
#[test]
fn a_disc_comes_back_where_it_was() {
    for (spacing, to) in [(0.3148, 0.25), (0.1, 0.25), (0.5, 0.2)] {
        let preparation = preparation((200, 260), spacing, Some(to), 16);
        let (height_mm, width_mm) = (200.0 * spacing, 260.0 * spacing);
        let (row_mm, column_mm, radius_mm) = (0.4 * height_mm, 0.55 * width_mm, 0.2 * height_mm);
        let (network_height, network_width) = preparation.network_size();
        let network_mm = (height_mm / network_height as f64, width_mm / network_width as f64);
        let inside = |at: (usize, usize), pixel_mm: (f64, f64)| {
            let row = (at.0 as f64 + 0.5) * pixel_mm.0 - row_mm;
            let column = (at.1 as f64 + 0.5) * pixel_mm.1 - column_mm;
            u8::from(row.hypot(column) <= radius_mm)
        };
        let drawn = Array2::from_shape_fn(preparation.padded_size(), |at| inside(at, network_mm));
        let back = labels_to_image(drawn.view(), &preparation).unwrap();
        assert_eq!(back.dim(), (200, 260));
        let truth = Array2::from_shape_fn((200, 260), |at| inside(at, (spacing, spacing)));
        let both = back.iter().zip(&truth).filter(|(a, b)| **a == 1 && **b == 1).count();
        let area = |labels: &Array2<u8>| labels.iter().filter(|label| **label == 1).count();
        let dice = 2.0 * both as f64 / (area(&back) + area(&truth)) as f64;
        assert!(dice > 0.98, "{spacing} -> {to}: Dice {dice}");
        let centre = |labels: &Array2<u8>| {
            let marked = labels.indexed_iter().filter(|(_, label)| **label == 1);
            let sum =
                marked.fold((0.0, 0.0), |sum, (at, _)| (sum.0 + at.0 as f64, sum.1 + at.1 as f64));
            (sum.0 / area(labels) as f64, sum.1 / area(labels) as f64)
        };
        let (came, expected) = (centre(&back), centre(&truth));
        let shift_mm = (came.0 - expected.0).hypot(came.1 - expected.1) * spacing;
        // Centres of pixels that fall on the border of two labels all go to the same side.
        assert!(shift_mm < 0.2 * to.max(spacing), "{spacing} -> {to}: shifted by {shift_mm} mm");
    }
}

#[test]
fn values_come_back_between_the_centres() {
    let preparation = preparation((1, 4), 0.5, Some(1.0), 1);
    assert_eq!(preparation.padded_size(), (1, 2));
    let back = values_to_image(arr2(&[[0.0, 1.0]]).view(), &preparation).unwrap();
    assert_eq!(back, arr2(&[[0.0, 0.25, 0.75, 1.0]]));
}

#[test]
fn the_padding_never_shows() {
    let preparation = preparation((5, 7), 1.0, None, 8);
    let mut labels = Array2::from_elem(preparation.padded_size(), 9_u8);
    labels.slice_mut(s![..5, ..7]).fill(1);
    assert_eq!(labels_to_image(labels.view(), &preparation).unwrap(), Array2::from_elem((5, 7), 1));
    assert!(labels_to_image(labels.slice(s![..5, ..7]), &preparation).is_err());
    assert!(values_to_image(Array2::zeros((5, 7)).view(), &preparation).is_err());
}

#[test]
fn specks_go_and_the_rest_stays() {
    let mut labels = arr2(&[
        [1, 1, 0, 2, 0],
        [1, 0, 0, 0, 2],
        [0, 0, 1, 0, 0],
        [2, 2, 0, 0, 1],
        [2, 1, 1, 1, 1],
    ]);
    remove_specks(&mut labels, 3);
    let expected = arr2(&[
        [1, 1, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [2, 2, 0, 0, 1],
        [2, 1, 1, 1, 1],
    ]);
    assert_eq!(labels, expected);
    remove_specks(&mut labels, 0);
    assert_eq!(labels, expected);
    remove_specks(&mut labels, usize::MAX);
    assert_eq!(labels, Array2::<u8>::zeros((5, 5)));
    remove_specks(&mut Array2::zeros((0, 0)), 3);
}

proptest! {
    #[test]
    fn removing_specks_leaves_no_speck_and_adds_nothing(
        pixels in prop::collection::vec(0_u8..3, 12 * 9), least in 0_usize..8,
    ) {
        let before = Array2::from_shape_vec((12, 9), pixels).unwrap();
        let mut after = before.clone();
        remove_specks(&mut after, least);
        for (at, &label) in after.indexed_iter() {
            prop_assert!(label == 0 || label == before[at]);
        }
        let mut again = after.clone();
        remove_specks(&mut again, least);
        prop_assert_eq!(again, after);
    }

    #[test]
    fn an_image_brought_to_the_network_and_back_has_its_size_and_labels(
        height in 1_usize..50, width in 1_usize..50, spacing in 0.05_f64..2.0, to in 0.1_f64..2.0,
        divisor in 1_usize..20,
    ) {
        let preparation = preparation((height, width), spacing, Some(to), divisor);
        let labels = Array2::from_shape_fn(preparation.padded_size(), |(row, column)| ((row + column) % 3) as u8);
        let back = labels_to_image(labels.view(), &preparation).unwrap();
        prop_assert_eq!(back.dim(), (height, width));
        prop_assert!(back.iter().all(|label| *label < 3));
        // Edges meet edges.
        prop_assert_eq!(back[[0, 0]], labels[[
            preparation.network_size().0 / (2 * height), preparation.network_size().1 / (2 * width)
        ]]);
    }
}
