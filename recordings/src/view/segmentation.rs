//! Labels: as an overlay of the image, and as points in the patient.

use std::collections::HashSet;
use std::time::Duration;

use messages::wire::Received;
use messages::{Affine, Image, Patient, Placement, Point, SegmentedImage, Timestamp};
use nalgebra::Point3;

use super::canvas::{CanvasError, place};
use super::colours;
use super::painter::Painter;

/// Points of one image in space.
const POINTS: usize = 2000;
/// Points of all images so far.
const POINTS_SO_FAR: usize = 60_000;
/// Points closer together than this count as one, millimetres.
const GRID_MM: f64 = 1.0;
/// How often all points so far are drawn.
const PERIOD: Duration = Duration::from_secs(1);

/// What one stream of labels showed so far.
#[derive(Debug, Default)]
pub struct Vessels {
    classes: Vec<String>,
    so_far: HashSet<([i32; 3], u8)>,
    drawn: usize,
    drawn_at: Option<Timestamp>,
}

impl Painter {
    pub(super) fn segmented(
        &mut self,
        received: &Received,
        image: &SegmentedImage,
    ) -> Result<Option<String>, CanvasError> {
        let envelope = received.envelope();
        let place = place(&envelope.stream);
        let flat = format!("images/{place}");
        let vessels = self.vessels.entry(envelope.stream.clone()).or_default();
        if vessels.classes != image.classes {
            vessels.classes.clone_from(&image.classes);
            self.canvas.draw_always(&flat, &annotations(&image.classes))?;
        }
        let labels = image.labels.as_slice();
        let overlay = rerun::SegmentationImage::new(
            labels.to_vec(),
            rerun::components::ImageFormat(rerun::datatypes::ImageFormat::segmentation(
                [image.width_px, image.height_px],
                rerun::ChannelDatatype::U8,
            )),
        )
        .with_opacity(0.5);
        self.canvas.draw(&flat, &overlay, labels.len())?;

        let now = format!("patient/{place}/now");
        match &image.placement {
            Placement::Placed { patient_from_image, .. } => {
                let edge = edge(labels, image.width_px as usize, image.height_px as usize);
                let points = in_space(&edge, patient_from_image);
                let vessels = self.vessels.entry(envelope.stream.clone()).or_default();
                for (point, label) in &points {
                    if vessels.so_far.len() < POINTS_SO_FAR {
                        let cell =
                            [point.x, point.y, point.z].map(|x| (x / GRID_MM).round() as i32);
                        vessels.so_far.insert((cell, *label));
                    }
                }
                self.canvas.draw(&now, &cloud(&points, 0.4), points.len() * 20)?;
                self.so_far(&envelope.stream, envelope.published_at)?;
                Ok(None)
            }
            Placement::Unplaced { reason } => {
                self.canvas.clear(&now)?;
                Ok(Some(format!("not placed: {reason}")))
            }
        }
    }

    /// Draws all points so far, once a second, if there are new ones.
    fn so_far(&mut self, stream: &str, at: Timestamp) -> Result<(), CanvasError> {
        let Some(vessels) = self.vessels.get_mut(stream) else { return Ok(()) };
        let due = vessels.drawn_at.is_none_or(|drawn| at.since(drawn) >= PERIOD);
        if !due || vessels.drawn == vessels.so_far.len() {
            return Ok(());
        }
        vessels.drawn = vessels.so_far.len();
        vessels.drawn_at = Some(at);
        let points: Vec<(Point3<f64>, u8)> = vessels
            .so_far
            .iter()
            .map(|(cell, label)| (Point3::from(cell.map(|x| f64::from(x) * GRID_MM)), *label))
            .collect();
        let entity = format!("patient/{}/so_far", place(stream));
        self.canvas.draw(&entity, &cloud(&points, 0.25), points.len() * 20)
    }
}

fn annotations(classes: &[String]) -> rerun::AnnotationContext {
    let classes = classes.iter().enumerate().map(|(label, name)| {
        let [r, g, b, a] = colours::class(label as u8);
        let colour = rerun::Rgba32::from_unmultiplied_rgba(r, g, b, a);
        rerun::ClassDescription::from((label as u16, name.as_str(), colour))
    });
    rerun::AnnotationContext::new(classes)
}

fn cloud(points: &[(Point3<f64>, u8)], radius_mm: f32) -> rerun::Points3D {
    let positions =
        points.iter().map(|(point, _)| [point.x as f32, point.y as f32, point.z as f32]);
    let colours = points.iter().map(|(_, label)| {
        let [r, g, b, _] = colours::class(*label);
        rerun::Color::from_rgb(r, g, b)
    });
    rerun::Points3D::new(positions).with_colors(colours).with_radii([radius_mm])
}

/// The pixels at the edge of each labelled region, no more than can be drawn: column, row and label.
fn edge(labels: &[u8], columns: usize, rows: usize) -> Vec<(usize, usize, u8)> {
    let at = |column: usize, row: usize| labels[row * columns + column];
    let mut edge = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let label = at(column, row);
            if label == 0 {
                continue;
            }
            let inside = column > 0
                && row > 0
                && column + 1 < columns
                && row + 1 < rows
                && at(column - 1, row) == label
                && at(column + 1, row) == label
                && at(column, row - 1) == label
                && at(column, row + 1) == label;
            if !inside {
                edge.push((column, row, label));
            }
        }
    }
    let step = edge.len().div_ceil(POINTS).max(1);
    edge.into_iter().step_by(step).collect()
}

fn in_space(
    edge: &[(usize, usize, u8)],
    patient_from_image: &Affine<Patient, Image>,
) -> Vec<(Point3<f64>, u8)> {
    edge.iter()
        .map(|&(column, row, label)| {
            let pixel = Point::<Image>::new(Point3::new(column as f64, row as f64, 0.0));
            ((*patient_from_image * pixel).xyz_mm, label)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_edge_of_a_region_is_drawn() {
        let mut labels = vec![0; 49];
        for row in 1..6 {
            for column in 1..6 {
                labels[row * 7 + column] = 2;
            }
        }
        let edge = edge(&labels, 7, 7);
        assert_eq!(edge.len(), 16);
        assert!(!edge.contains(&(3, 3, 2)));
        assert!(edge.contains(&(1, 1, 2)));
    }

    #[test]
    fn a_region_that_fills_the_image_ends_at_its_border() {
        assert_eq!(edge(&[1; 12], 4, 3).len(), 10);
        assert_eq!(edge(&[], 0, 0), []);
    }

    #[test]
    fn a_large_edge_is_thinned() {
        let labels: Vec<u8> = (0..400 * 400).map(|i| ((i / 400 + i) % 2) as u8).collect();
        let edge = edge(&labels, 400, 400);
        assert!(edge.len() <= POINTS && edge.len() > POINTS / 2, "{}", edge.len());
    }
}
