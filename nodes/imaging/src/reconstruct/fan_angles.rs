//! Which angles of a fan are lit in an image, found as PLUS finds them (`EnableFanAnglesAutoDetect`).
//!
//! Where a curved probe has lost touch of the skin, or bone shades what is behind it, a sector of the image is dark;
//! pasted, it would darken what other images have seen there. Pixels are looked at along four arcs, at 15, 30, 50 and
//! 70 % of the way from the smallest to the largest radius. Along each, a lit sector begins where at least half of
//! the pixels around are bright, and ends where at most half of them are. The widest sector of any arc is taken, less
//! a margin of 3° on either side. An image without one is dark.

use super::settings::{Fan, FanAngleDetection, Settings};

/// Where the arcs lie between the smallest and the largest radius.
const ARCS: [f64; 4] = [0.15, 0.30, 0.50, 0.70];
const MARGIN_DEG: f64 = 3.0;

/// The arcs for images of one size.
#[derive(Debug)]
pub(super) struct FanAngles {
    fan: Fan,
    brightness_threshold: u8,
    /// Pixels that are judged together.
    window: usize,
    arcs: [Vec<Sample>; ARCS.len()],
}

/// A pixel on an arc.
#[derive(Clone, Copy, Debug)]
struct Sample {
    angle_rad: f64,
    index: usize,
}

impl FanAngles {
    /// If the settings ask for it.
    pub(super) fn of(settings: &Settings, width_px: usize, height_px: usize) -> Option<Self> {
        let (fan, detection) = settings.fan.zip(settings.fan_angle_detection)?;
        let FanAngleDetection { brightness_threshold, filter_radius_px } = detection;
        Some(Self {
            fan,
            brightness_threshold,
            window: 2 * usize::from(filter_radius_px),
            arcs: ARCS.map(|share| {
                let [first, last] = fan.radii_mm;
                arc(&fan, first + (last - first) * share, width_px, height_px)
            }),
        })
    }

    /// The fan with the angles that are lit in an image, if any are.
    pub(super) fn lit(&self, pixels: &[u8]) -> Option<Fan> {
        let mut widest: Option<[f64; 2]> = None;
        for arc in &self.arcs {
            if let Some(sector) = self.widest_sector(arc, pixels)
                && widest.is_none_or(|widest| width(sector) > width(widest))
            {
                widest = Some(sector);
            }
        }
        let [first, last] = widest?;
        let margin = MARGIN_DEG.to_radians();
        let narrowed = [
            (first + margin).max(self.fan.angles_rad[0]),
            (last - margin).min(self.fan.angles_rad[1]),
        ];
        // A sector narrower than both margins is turned over by them. PLUS takes the smaller angle as the first then.
        let angles_rad = [narrowed[0].min(narrowed[1]), narrowed[0].max(narrowed[1])];
        Some(Fan { angles_rad, ..self.fan })
    }

    /// Along one arc: the widest run of angles around which at least half of the pixels are lit.
    fn widest_sector(&self, arc: &[Sample], pixels: &[u8]) -> Option<[f64; 2]> {
        let is_lit =
            |sample: &Sample| usize::from(pixels[sample.index] >= self.brightness_threshold);
        let mut widest: Option<[f64; 2]> = None;
        let mut end = |first: f64, last: f64| {
            if last - first > widest.map_or(0.0, width) {
                widest = Some([first, last]);
            }
        };
        let mut lit: usize = arc.iter().take(self.window).map(is_lit).sum();
        let mut begun = None;
        for next in self.window..arc.len() {
            // The pixels that are judged are those before `next`.
            let first = &arc[next - self.window];
            match begun {
                None if 2 * lit >= self.window => begun = Some(first.angle_rad),
                Some(begin) if 2 * lit <= self.window => {
                    end(begin, arc[next - 1].angle_rad);
                    begun = None;
                }
                _ => {}
            }
            lit = lit + is_lit(&arc[next]) - is_lit(first);
        }
        if let Some(begin) = begun {
            end(begin, self.fan.angles_rad[1]);
        }
        widest
    }
}

fn width([first, last]: [f64; 2]) -> f64 {
    last - first
}

/// The pixels of an image nearest to points along an arc, a pixel apart.
fn arc(fan: &Fan, radius_mm: f64, width_px: usize, height_px: usize) -> Vec<Sample> {
    let [dx, dy] = fan.pixel_spacing_mm;
    let step_rad = dx.min(dy) / radius_mm;
    let samples = (width(fan.angles_rad) / step_rad).max(0.0) as usize;
    // As in PLUS, the arcs are those around the pixel of the apex.
    let [x, y] = fan.apex_px.map(f64::trunc);
    let at = |sample: usize| {
        let angle_rad = fan.angles_rad[0] + sample as f64 * step_rad;
        let x = (x + radius_mm * angle_rad.sin() / dx).round();
        let y = (y + radius_mm * angle_rad.cos() / dy).round();
        let is_inside = (0.0..width_px as f64).contains(&x) && (0.0..height_px as f64).contains(&y);
        is_inside.then(|| Sample { angle_rad, index: y as usize * width_px + x as usize })
    };
    (0..samples).filter_map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (usize, usize) = (400, 300);

    fn fan() -> Fan {
        Fan {
            apex_px: [200.4, -30.0],
            pixel_spacing_mm: [1.0; 2],
            angles_rad: [-40.0, 35.0].map(f64::to_radians),
            radii_mm: [60.0, 310.0],
        }
    }

    fn detection(filter_radius_px: u16) -> FanAngles {
        let fan_angle_detection =
            Some(FanAngleDetection { brightness_threshold: 30, filter_radius_px });
        let settings = Settings { fan: Some(fan()), fan_angle_detection, ..Settings::default() };
        settings.check().unwrap();
        FanAngles::of(&settings, SIZE.0, SIZE.1).unwrap()
    }

    /// Lit where `grey` says so, by angle in degrees and radius.
    fn image(grey: impl Fn(f64, f64) -> u8) -> Vec<u8> {
        let [x0, y0] = fan().apex_px.map(f64::trunc);
        let pixel = |index: usize| {
            let (x, y) = ((index % SIZE.0) as f64 - x0, (index / SIZE.0) as f64 - y0);
            grey(x.atan2(y).to_degrees(), x.hypot(y))
        };
        (0..SIZE.0 * SIZE.1).map(pixel).collect()
    }

    fn lit_deg(pixels: &[u8]) -> Option<[f64; 2]> {
        detection(10).lit(pixels).map(|fan| fan.angles_rad.map(f64::to_degrees))
    }

    fn assert_near(pixels: &[u8], expected: [f64; 2], tolerance: f64) {
        let lit = lit_deg(pixels).unwrap();
        let errors = [lit[0] - expected[0], lit[1] - expected[1]];
        assert!(errors.iter().all(|error| error.abs() < tolerance), "{lit:?}, not {expected:?}");
    }

    #[test]
    fn a_lit_image_keeps_the_fan_less_the_margins() {
        assert_near(&image(|_, _| 30), [-37.0, 32.0], 1e-9);
    }

    #[test]
    fn a_dark_image_has_no_lit_angles() {
        assert_eq!(lit_deg(&image(|_, _| 29)), None);
        // A streak of fewer pixels than half of the window is none either.
        assert_eq!(lit_deg(&image(|angle, _| if angle.abs() < 1.0 { 255 } else { 0 })), None);
    }

    #[test]
    fn the_widest_lit_sector_of_any_arc_is_taken() {
        // The arcs lie at 97.5, 135, 185 and 235 pixels. A window of 20 pixels has half of them lit when it reaches
        // 10 pixels over the border of what is lit; both its ends are counted.
        let pixels = image(|angle, radius| {
            let near = (-30.0..-5.0).contains(&angle) && radius < 150.0;
            let far = (-20.0..20.0).contains(&angle) && (170.0..200.0).contains(&radius);
            if near || far { 100 } else { 10 }
        });
        let window = (10.0f64 / 185.0).to_degrees();
        assert_near(&pixels, [-20.0 - window + 3.0, 20.0 + window - 3.0], 0.5);
        // Two sectors of one arc: the wider one.
        let pixels = image(|angle, radius| {
            let lit = (-30.0..-15.0).contains(&angle) || (0.0..25.0).contains(&angle);
            if lit && radius > 225.0 { 100 } else { 10 }
        });
        let window = (10.0f64 / 235.0).to_degrees();
        assert_near(&pixels, [3.0 - window, 22.0 + window], 0.5);
    }

    #[test]
    fn a_sector_narrower_than_the_margins_is_turned_over_as_in_plus() {
        let pixels =
            image(|angle, radius| if angle.abs() < 0.75 && radius > 225.0 { 200 } else { 0 });
        let lit = detection(2).lit(&pixels).unwrap().angles_rad.map(f64::to_degrees);
        // The lit angles and half a window of 4 pixels on either side, 3° less: that is turned over.
        let expected = 3.0 - 0.75 - (2.0f64 / 235.0).to_degrees();
        assert!((lit[0] + expected).abs() < 0.3 && (lit[1] - expected).abs() < 0.3, "{lit:?}");
    }

    #[test]
    fn arcs_outside_the_image_see_nothing() {
        let fan = Fan { apex_px: [-900.0, 50.0], ..fan() };
        assert!(arc(&fan, 100.0, SIZE.0, SIZE.1).is_empty());
        assert!(arc(&fan, 0.0, SIZE.0, SIZE.1).is_empty());
        assert!(arc(&fan, -5.0, SIZE.0, SIZE.1).is_empty());
    }
}
