//! The image area of a sweep, found in its first images.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use formats::metaimage::Limits;
use formats::plus_sequence::FrameReader;

use super::Error;
use super::arguments::Plan;
use crate::files;
use crate::image_area::{Changes, ImageArea};

/// More images would hardly change it.
const MOST_IMAGES: usize = 300;

/// Finds it, and lets nothing else be used.
pub fn limit(path: &Path, plan: &mut Plan) -> Result<ImageArea, Error> {
    let area = find(path)?;
    let narrows = plan.settings.fan_angle_detection.is_some();
    area.limit(&mut plan.settings);
    if narrows && plan.settings.fan_angle_detection.is_none() {
        plan.remarks.push(
            "EnableFanAnglesAutoDetect narrows a fan, but the image area is a rectangle: it is left aside"
                .to_owned(),
        );
    }
    Ok(area)
}

/// Looks at the first images of a sequence, whether they have a place or not.
fn find(path: &Path) -> Result<ImageArea, Error> {
    let file = File::open(path).map_err(|source| files::Error::open(path, source))?;
    let wrong = |source| files::Error::Sequence { path: path.to_owned(), source };
    let source = BufReader::with_capacity(1 << 18, file);
    let mut reader = FrameReader::open(source, &Limits::default()).map_err(wrong)?;
    let header = reader.header().clone();
    if header.images.is_none() {
        return Err(Error::PosesOnly(path.to_owned()));
    }
    let mut pixels = Vec::new();
    let mut changes: Option<Changes> = None;
    while changes.as_ref().is_none_or(|changes| changes.images() < MOST_IMAGES) {
        let Some(index) = reader.read_frame(&mut pixels).map_err(wrong)? else { break };
        if !header.frames[index].image_status.is_usable() {
            continue;
        }
        let image = header.gray_image(index, &pixels).map_err(wrong)?;
        let changes = changes.get_or_insert_with(|| Changes::new(image.width_px, image.height_px));
        changes.add(&image.pixels)?;
    }
    Ok(changes.unwrap_or_else(|| Changes::new(0, 0)).find()?)
}
