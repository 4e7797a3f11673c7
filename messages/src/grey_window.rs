//! Which intensities of a scan are shown black and white, and the greys between them.

use crate::intensity_volume::Modality;

/// Of magnetic resonance, whose units are arbitrary, so many voxels per thousand are darker than black and brighter than
/// white.
const CLIPPED_PER_MILLE: usize = 10;

/// Which intensities are shown black and white.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GreyWindow {
    /// This and everything below is black.
    pub black: i16,
    /// This and everything above is white.
    pub white: i16,
}

impl GreyWindow {
    /// The usual window for soft tissue, in Hounsfield units: 400 wide about 40.
    pub const SOFT_TISSUE: Self = Self { black: -160, white: 240 };

    /// What is usual for a scan: soft tissue of a CT; of an MR the range of its intensities, of which `sample` gives some
    /// from everywhere, but for one in a hundred at both ends.
    pub fn usual(modality: Modality, sample: impl FnOnce() -> Vec<i16>) -> Self {
        match modality {
            Modality::Ct | Modality::ConeBeamCt => Self::SOFT_TISSUE,
            Modality::Mr => {
                let mut sample = sample();
                sample.sort_unstable();
                let clipped = sample.len() * CLIPPED_PER_MILLE / 1000;
                Self {
                    black: sample.get(clipped).copied().unwrap_or(0),
                    white: sample.iter().rev().nth(clipped).copied().unwrap_or(0),
                }
            }
        }
    }

    /// The grey of an intensity, from 0, black, to 255, white.
    pub fn grey(self, value: i16) -> u8 {
        let [black, white] = [self.black, self.white].map(f32::from);
        // A cast keeps within 0 and 255.
        (255.0 * (f32::from(value) - black) / (white - black).max(1.0)).round() as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_tissue_fills_the_greys_of_a_ct() {
        let window = GreyWindow::usual(Modality::Ct, Vec::new);
        let greys = [-1000, -160, 40, 240, 3000].map(|hu| window.grey(hu));
        assert_eq!(greys, [0, 0, 128, 255, 255]);
    }

    #[test]
    fn a_bright_spot_does_not_darken_an_mr() {
        let mut values: Vec<i16> = (0..1000).collect();
        values[999] = i16::MAX;
        let window = GreyWindow::usual(Modality::Mr, || values);
        assert_eq!(window, GreyWindow { black: 10, white: 989 });
    }

    #[test]
    fn the_widest_and_the_narrowest_windows_are_greys_too() {
        assert_eq!(GreyWindow { black: i16::MIN, white: i16::MAX }.grey(i16::MAX), 255);
        let narrow = GreyWindow { black: 5, white: 5 };
        assert_eq!([4, 5, 6].map(|value| narrow.grey(value)), [0, 0, 255]);
    }
}
