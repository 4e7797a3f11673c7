//! Grey values: the largest and the mean absolute difference.

use messages::{ReslicedImage, UltrasoundImage};

use super::difference::Difference;

/// Compares two images pixel by pixel.
pub fn images(a: &UltrasoundImage, b: &UltrasoundImage, difference: &mut Difference) {
    let sizes = [[a.width_px, a.height_px], [b.width_px, b.height_px]];
    pixels(sizes, [a.pixels.as_slice(), b.pixels.as_slice()], difference);
}

/// Compares two cuts through the preoperative image pixel by pixel, and whether they may guide.
pub fn resliced(a: &ReslicedImage, b: &ReslicedImage, difference: &mut Difference) {
    if a.guidance != b.guidance {
        difference.other(format!("{:?} against {:?}", a.guidance, b.guidance));
    }
    let sizes = [[a.width_px, a.height_px], [b.width_px, b.height_px]];
    pixels(sizes, [a.pixels.as_slice(), b.pixels.as_slice()], difference);
}

fn pixels([a, b]: [[u32; 2]; 2], greys_of: [&[u8]; 2], difference: &mut Difference) {
    if a == b {
        greys(greys_of[0], greys_of[1], difference);
        return;
    }
    difference
        .other(format!("an image of {}×{} against one of {}×{} pixels", a[0], a[1], b[0], b[1]));
}

/// Compares grey values one by one.
pub fn greys<T: Copy + Into<i32>>(a: &[T], b: &[T], difference: &mut Difference) {
    let (mut sum, mut max) = (0u64, 0u32);
    for (&a, &b) in a.iter().zip(b) {
        let difference = a.into().abs_diff(b.into());
        sum += u64::from(difference);
        max = max.max(difference);
    }
    if max > 0 {
        difference.grey(f64::from(max), sum as f64 / a.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pixel_counts_fully_at_most_and_little_on_average() {
        let mut difference = Difference::default();
        greys(&[0u8, 0, 0, 250], &[0, 0, 0, 254], &mut difference);
        assert_eq!((difference.grey_max, difference.grey_mean), (Some(4.0), Some(1.0)));
    }

    #[test]
    fn other_sizes_cannot_be_compared() {
        let a = UltrasoundImage::new(2, 3, vec![0; 6]).unwrap();
        let b = UltrasoundImage::new(3, 2, vec![0; 6]).unwrap();
        let mut difference = Difference::default();
        images(&a, &b, &mut difference);
        assert_eq!(difference.other, ["an image of 2×3 against one of 3×2 pixels"]);
    }
}
