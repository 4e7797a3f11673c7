//! What training makes small: cross entropy of every pixel, and soft Dice of each class.
//!
//! Vessels fill a few hundredths of an image. Cross entropy alone is nearly satisfied by background
//! everywhere; the soft Dice of Milletari, Navab and Ahmadi, "V-Net" (2016), taken over the whole batch so
//! that images without vessels are no special case, weighs a vessel alike however small its share.

use tch::{Kind, Reduction, TchError, Tensor};

/// The loss of logits `[images, classes, rows, columns]` against labels `[images, rows, columns]`, from 0 up:
/// the cross entropy, and what the mean soft Dice lacks of 1, over all classes but the background that the batch
/// shows. Were a rare class counted in batches without it, the way to the least loss would be never to name it.
///
/// # Errors
/// If the shapes do not fit.
pub fn loss(logits: &Tensor, labels: &Tensor) -> Result<Tensor, TchError> {
    let entropy =
        logits.f_cross_entropy_loss(labels, None::<&Tensor>, Reduction::Mean, -100, 0.0)?;
    let classes = logits.size().get(1).copied().unwrap_or_default();
    let parts = logits.f_softmax(1, None)?;
    let mut lacking = Vec::new();
    for class in 1..classes {
        let truth = labels.f_eq(class)?.f_to_kind(Kind::Float)?;
        let shown = truth.f_sum(None)?;
        if shown.f_double_value(&[])? == 0.0 {
            continue;
        }
        let found = parts.f_select(1, class)?;
        let both = found.f_mul(&truth)?.f_sum(None)?;
        let all = found.f_sum(None)?.f_add(&shown)?;
        let dice = both.f_mul_scalar(2.0)?.f_add_scalar(1.0)?.f_div(&all.f_add_scalar(1.0)?)?;
        lacking.push(dice.f_neg()?.f_add_scalar(1.0)?);
    }
    let share = 1.0 / lacking.len().max(1) as f64;
    lacking.iter().try_fold(entropy, |sum, lacks| sum.f_add(&lacks.f_mul_scalar(share)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn of(logits: [[f32; 4]; 2], labels: [i64; 4]) -> f64 {
        let logits = Tensor::from_slice(&logits.concat()).view([1, 2, 2, 2]);
        loss(&logits, &Tensor::from_slice(&labels).view([1, 2, 2])).unwrap().double_value(&[])
    }

    #[test]
    fn is_that_of_the_formula() {
        // Even odds everywhere: cross entropy ln 2; Dice (2 · 1 · 0.5 + 1) / (4 · 0.5 + 1 + 1) = 0.5.
        let came = of([[0.0; 4], [0.0; 4]], [1, 0, 0, 0]);
        assert!((came - (2.0_f64.ln() + 0.5)).abs() < 1e-6, "{came}");
    }

    #[test]
    fn right_is_nearly_zero_and_wrong_is_large() {
        let logits = [[-20.0, 20.0, 20.0, 20.0], [20.0, -20.0, -20.0, -20.0]];
        assert!(of(logits, [1, 0, 0, 0]) < 1e-6);
        assert!(of(logits, [0, 1, 1, 1]) > 10.0);
    }

    #[test]
    fn every_class_counts_alike() {
        // Sure of the three pixels of class 1, and takes the one of class 2 for background.
        let logits = Tensor::from_slice(
            &[[-20.0_f32, -20.0, -20.0, 20.0], [20.0, 20.0, 20.0, -20.0], [-20.0; 4]].concat(),
        );
        let labels = Tensor::from_slice(&[1_i64, 1, 1, 2]).view([1, 2, 2]);
        let came = loss(&logits.view([1, 3, 2, 2]), &labels).unwrap().double_value(&[]);
        // Cross entropy 40 in one pixel of four; Dice 1 of class 1 and 1/2 of class 2.
        assert!((came - (10.0 + 0.25)).abs() < 1e-3, "{came}");
    }

    #[test]
    fn a_batch_without_vessels_asks_for_none_of_them() {
        assert!(of([[20.0; 4], [-20.0; 4]], [0; 4]) < 1e-6);
        assert!(of([[0.0; 4], [0.0; 4]], [0; 4]) - 2.0_f64.ln() < 1e-6);
    }
}
