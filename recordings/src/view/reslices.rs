//! The preoperative image through the tip of the tool, as navigation systems show it.

use std::collections::BTreeMap;
use std::time::Duration;

use messages::wire::Received;
use messages::{
    Affine, Distances, Frame as _, GreyWindow, IntensityVolume, LabelVolume, Point, Preoperative,
    Timestamp, ToolPlace, Voxel,
};

use super::canvas::{CanvasError, place};
use super::colours::Rgb;
use super::layout::is_truth;
use super::painter::Painter;
use super::slices::{NAMES, Slice, slices};

/// How often slices are drawn at most.
const PERIOD: Duration = Duration::from_millis(300);
/// Radius of the mark on the screen, in points.
const MARK: f32 = 4.0;
/// Half the width of its arms, in points.
const ARM: f32 = 1.5;
/// Where its arms begin and end, as shares of the slice's smaller side.
const ARMS: [f32; 2] = [0.05, 0.12];

/// What is cut.
#[derive(Debug)]
pub enum Cut {
    /// Intensities, of which those are drawn black and white.
    Grey(IntensityVolume<Preoperative>, GreyWindow),
    /// Structures.
    Labels(LabelVolume<Preoperative>),
}

/// A volume, and where it was cut last; none for its middle.
#[derive(Debug)]
struct Scan {
    cut: Cut,
    through: Option<[usize; 3]>,
}

/// The last volumes of the preoperative image, by stream.
#[derive(Debug, Default)]
pub struct Reslices {
    scans: BTreeMap<String, Scan>,
    drawn_at: Option<Timestamp>,
    is_marked: bool,
}

impl Cut {
    fn size_and_map(&self) -> ([u32; 3], &Affine<Preoperative, Voxel>) {
        match self {
            Self::Grey(volume, _) => (volume.size, &volume.frame_from_voxel),
            Self::Labels(volume) => (volume.size, &volume.frame_from_voxel),
        }
    }
}

impl Painter {
    /// Keeps a volume of the preoperative image, to be cut where the tool goes.
    pub(super) fn keep_scan(&mut self, received: &Received, cut: Cut) {
        let stream = &received.envelope().stream;
        if !is_truth(stream) {
            self.reslices.scans.insert(stream.clone(), Scan { cut, through: None });
        }
    }

    /// A stream says that it has nothing usable.
    pub(super) fn forget_scan(&mut self, stream: &str) {
        self.reslices.scans.remove(stream);
    }

    /// Cuts the preoperative image through the tip of the first tool that is seen.
    pub(super) fn reslice(
        &mut self,
        distances: &Distances,
        at: Timestamp,
        colour: Rgb,
    ) -> Result<(), CanvasError> {
        let reslices = &mut self.reslices;
        if reslices.scans.is_empty()
            || reslices.drawn_at.is_some_and(|drawn| at.since(drawn) < PERIOD)
        {
            return Ok(());
        }
        reslices.drawn_at = Some(at);
        let seen = distances.tools.iter().find_map(|tool| match tool.place {
            ToolPlace::Seen { tip, .. } => Some(tip),
            ToolPlace::Hidden { .. } => None,
        });
        let tip = seen.filter(|_| !distances.guidance.is_blank()).and_then(|tip| {
            let mut alignments = self.registrations.values().filter_map(|of| of.alignment.as_ref());
            alignments.find_map(|alignment| alignment.preoperative(tip))
        });
        match tip {
            Some(tip) => self.reslice_at(tip.point, colour),
            None => self.unmark(),
        }
    }

    fn unmark(&mut self) -> Result<(), CanvasError> {
        if !std::mem::take(&mut self.reslices.is_marked) {
            return Ok(());
        }
        let streams: Vec<String> = self.reslices.scans.keys().cloned().collect();
        for stream in streams {
            for name in NAMES {
                let base = format!("{}/{}/{name}", Preoperative::NAME, place(&stream));
                self.canvas.clear(&format!("{base}/tip"))?;
            }
        }
        Ok(())
    }

    fn reslice_at(&mut self, tip: Point<Preoperative>, colour: Rgb) -> Result<(), CanvasError> {
        // They are taken out, so that all else can be used to draw them.
        let mut scans = std::mem::take(&mut self.reslices.scans);
        let mut drawn = Ok(());
        for (stream, scan) in &mut scans {
            let (size, map) = scan.cut.size_and_map();
            let Some(through) = voxel(tip, size, map) else { continue };
            let is_cut = scan.through.replace(through) == Some(through);
            drawn = self.cut(stream, &scan.cut, through, is_cut, colour);
            if drawn.is_err() {
                break;
            }
        }
        self.reslices.scans = scans;
        drawn
    }

    fn cut(
        &mut self,
        stream: &str,
        cut: &Cut,
        through: [usize; 3],
        is_cut: bool,
        colour: Rgb,
    ) -> Result<(), CanvasError> {
        let base = format!("{}/{}", Preoperative::NAME, place(stream));
        match cut {
            Cut::Labels(_) if is_cut => Ok(()),
            Cut::Labels(volume) => {
                let (voxels, map) = (volume.labels.as_slice(), &volume.frame_from_voxel);
                let Some(slices) = slices(voxels, volume.size, map, Some(through)) else {
                    return Ok(());
                };
                self.label_slices(&base, slices)
            }
            Cut::Grey(volume, window) => {
                let (voxels, map) = (volume.voxels.as_slice(), &volume.frame_from_voxel);
                let Some(slices) = slices(voxels, volume.size, map, Some(through)) else {
                    return Ok(());
                };
                for slice in &slices {
                    self.mark(&base, slice, colour)?;
                }
                self.reslices.is_marked = true;
                if is_cut { Ok(()) } else { self.grey_slices(&base, slices, *window) }
            }
        }
    }

    /// A cross that leaves what it marks free.
    fn mark<T>(&mut self, base: &str, slice: &Slice<T>, [r, g, b]: Rgb) -> Result<(), CanvasError> {
        let [x, y] = slice.through_px;
        let side_px = slice.size_px[0].min(slice.size_px[1]) as f32;
        let [from, to] = ARMS.map(|share| share * side_px);
        let arms = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
            .map(|[right, down]| [from, to].map(|px| [x + right * px, y + down * px]));
        let colour = rerun::Color::from_rgb(r, g, b);
        let entity = format!("{base}/{}/tip", slice.name);
        let cross = rerun::LineStrips2D::new(arms)
            .with_radii([rerun::Radius::new_ui_points(ARM)])
            .with_colors([colour])
            .with_draw_order(30.0);
        self.canvas.draw(&format!("{entity}/cross"), &cross, 96)?;
        let point = rerun::Points2D::new([[x, y]])
            .with_radii([rerun::Radius::new_ui_points(MARK)])
            .with_colors([colour])
            .with_draw_order(31.0);
        self.canvas.draw(&format!("{entity}/point"), &point, 32)
    }
}

/// The voxel that a point lies in; none outside of the volume.
fn voxel(
    point: Point<Preoperative>,
    size: [u32; 3],
    frame_from_voxel: &Affine<Preoperative, Voxel>,
) -> Option<[usize; 3]> {
    let index = (frame_from_voxel.inverse() * point).xyz_mm;
    let mut voxel = [0; 3];
    for axis in 0..3 {
        let nearest = index[axis].round();
        // Also false for what is no number.
        if !(nearest >= 0.0 && nearest < f64::from(size[axis])) {
            return None;
        }
        voxel[axis] = nearest as usize;
    }
    Some(voxel)
}

#[cfg(test)]
mod tests {
    use nalgebra::{Matrix3x4, Point3};

    use super::*;

    #[test]
    fn a_point_lies_in_the_nearest_voxel_or_outside() {
        let rows = Matrix3x4::new(2., 0., 0., 10., 0., 2., 0., 0., 0., 0., 2., 0.);
        let map = Affine::from_rows(rows).unwrap();
        let at = |x, y, z| voxel(Point::new(Point3::new(x, y, z)), [3, 4, 5], &map);
        assert_eq!(at(12.9, 0.0, 8.0), Some([1, 0, 4]));
        assert_eq!(at(9.1, -0.9, 3.1), Some([0, 0, 2]));
        assert_eq!(at(8.9, 0.0, 0.0), None);
        assert_eq!(at(10.0, 0.0, 9.1), None);
        assert_eq!(at(f64::NAN, 0.0, 0.0), None);
    }
}
