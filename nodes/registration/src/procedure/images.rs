//! Live images, held against the registered map: whether the vessels they show still lie where it puts them.
//!
//! The tree that is registered grows over a whole sweep, and tells late that the organ has moved. An image tells at once.
//! Vessels that the map does not have are left out: they say nothing of where it lies.

use std::collections::VecDeque;
use std::time::Duration;

use messages::{Alignment, Placement, Point, RegistrationState, SegmentedImage, Timestamp};
use nalgebra::Point3;

use super::Procedure;
use crate::target::Target;

/// Pixels between those that are looked at, along rows and columns.
const STEP_PX: usize = 4;
/// Images nearer in time to the last one are left out.
const SPACING: Duration = Duration::from_millis(100);
/// For how long an image counts, and the shortest time over which images are judged.
const WINDOW: Duration = Duration::from_secs(2);
const SHORTEST: Duration = Duration::from_secs(1);
/// Fewer pixels of vessels within the window say nothing.
const LEAST: usize = 200;
/// Vessels as wide as this outside those of the map lie on them, or within the bound of the error if that is wider, mm.
const ON_MM: f64 = 3.0;
/// What lies farther beyond that is no vessel of the map, mm.
const BESIDE_MM: f64 = 9.0;
/// The share of what lies beside that speaks against the registration, and the share below which it is right again.
const CONTESTED: f64 = 0.35;
const SETTLED: f64 = 0.2;

/// What an image shows.
struct Seen {
    at: Timestamp,
    on: usize,
    /// How far outside the map's vessels, mm.
    beside_mm: Vec<f64>,
}

/// What the images of the last seconds say.
#[derive(Default)]
pub(super) struct Images {
    seen: VecDeque<Seen>,
    contest: Option<Contest>,
    /// A person looked at it and accepted the registration nevertheless.
    overruled: bool,
}

/// What speaks against a registration.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Contest {
    /// Of the vessels in the images, the share that lies beside those of the map.
    share: f64,
    /// 19 of 20 pixels lie no farther off than this.
    off_mm: f64,
}

impl Images {
    /// There is another alignment: what was seen is to be held against it anew.
    pub fn look_again(&mut self) {
        self.seen.clear();
    }

    /// The organ was looked at in another way: nothing said before counts.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// A person accepts what there is.
    pub fn overrule(&mut self) {
        self.overruled = self.contest.is_some();
    }

    fn contest(&self) -> Option<Contest> {
        self.contest.filter(|_| !self.overruled)
    }

    /// How wrong the registration is at least, mm.
    pub fn least_error_mm(&self) -> f64 {
        self.contest().map_or(0.0, |contest| contest.off_mm)
    }

    /// What is left of a state.
    pub fn doubt(&self, state: RegistrationState) -> RegistrationState {
        let Some(Contest { share, off_mm }) = self.contest() else { return state };
        let reason = format!(
            "{:.0} % of the vessels in the live images lie beside those of the map, by up to {off_mm:.0} mm: the organ has moved; sweep again or make a new volume",
            100.0 * share
        );
        match state {
            RegistrationState::Accepted => RegistrationState::Degraded { reason },
            RegistrationState::Unverified { .. } => RegistrationState::Unverified { reason },
            other => other,
        }
    }

    /// Adds an image that was held against an alignment; answers whether that changes what is said.
    fn add(&mut self, seen: Seen) -> bool {
        let at = seen.at;
        self.seen.push_back(seen);
        while self.seen.front().is_some_and(|first| at.since(first.at) > WINDOW) {
            self.seen.pop_front();
        }
        let span = self.seen.front().map_or(Duration::ZERO, |first| at.since(first.at));
        let on: usize = self.seen.iter().map(|image| image.on).sum();
        let mut beside_mm: Vec<f64> =
            self.seen.iter().flat_map(|image| image.beside_mm.iter().copied()).collect();
        let all = on + beside_mm.len();
        if span < SHORTEST || all < LEAST {
            return false;
        }
        let share = beside_mm.len() as f64 / all as f64;
        let before = self.contest();
        if share > CONTESTED {
            beside_mm.sort_by(f64::total_cmp);
            // Of all pixels, on the map or beside it, that at 95 of 100 of the way.
            let rank = (0.95 * all as f64) as usize;
            let off_mm = beside_mm.get(rank.saturating_sub(on)).copied().unwrap_or(ON_MM);
            let contest = self.contest.get_or_insert(Contest { share, off_mm });
            contest.off_mm = contest.off_mm.max(off_mm);
        } else if share < SETTLED {
            self.contest = None;
            self.overruled = false;
        }
        self.contest().is_some() != before.is_some()
    }
}

impl Procedure {
    /// A live image. Answers whether it changes the registration.
    pub fn image(&mut self, acquired_at: Timestamp, image: &SegmentedImage) -> bool {
        let (Some(reference), Some(found)) = (&self.reference, &self.found) else { return false };
        let last = self.images.seen.back().map(|seen| seen.at);
        if last.is_some_and(|last| acquired_at.since(last) < SPACING) {
            return false;
        }
        hold(acquired_at, image, &found.alignment, reference.target())
            .is_some_and(|seen| self.images.add(seen))
    }
}

/// Holds an image against the map; nothing if it has no place.
fn hold(
    at: Timestamp,
    image: &SegmentedImage,
    alignment: &Alignment,
    target: &Target,
) -> Option<Seen> {
    let Placement::Placed { patient_from_image, .. } = &image.placement else { return None };
    let (width, height) = (image.width_px as usize, image.height_px as usize);
    let labels = image.labels.as_slice();
    let mut seen = Seen { at, on: 0, beside_mm: Vec::new() };
    for row in (STEP_PX / 2..height).step_by(STEP_PX) {
        for column in (STEP_PX / 2..width).step_by(STEP_PX) {
            if labels.get(row * width + column).is_none_or(|label| *label == 0) {
                continue;
            }
            let pixel = Point::new(Point3::new(column as f64, row as f64, 0.0));
            let Some(there) = alignment.preoperative(*patient_from_image * pixel) else { continue };
            let on_mm = there.error_mm.max(ON_MM);
            let off_mm = target.outside_mm(&there.point.xyz_mm, on_mm + BESIDE_MM);
            if off_mm <= on_mm {
                seen.on += 1;
            } else if off_mm <= on_mm + BESIDE_MM {
                seen.beside_mm.push(off_mm);
            }
        }
    }
    Some(seen)
}
