//! Outlines of structures in a live image: as wide as their error, with names, and what they are worth.

use std::collections::{BTreeMap, HashMap};

use messages::wire::Received;
use messages::{Guidance, Overlay, Structure};

use super::canvas::{CanvasError, part, place};
use super::colours;
use super::painter::{Painter, node};
use super::words;

/// Half the width of an outline, pixels of the image.
const LINE_PX: f32 = 0.8;
/// Opacity of the band that the outline lies in with its error.
const BAND: u8 = 40;
/// A wider band would hide the image; the name tells the error then, pixels.
const WIDEST_BAND_PX: f32 = 6.0;
/// Outlines shorter than this have no name, pixels.
const NAMED_PX: f32 = 30.0;

/// What one stream of overlays said last.
pub type Overlays = HashMap<String, Guidance>;

impl Painter {
    pub(super) fn overlay(
        &mut self,
        received: &Received,
        overlay: &Overlay,
    ) -> Result<Option<String>, CanvasError> {
        let stream = &received.envelope().stream;
        let base = format!("images/{}", place(stream));
        let before = self.overlays.insert(stream.clone(), overlay.guidance.clone());
        let text = words::guidance(&overlay.guidance);
        if before.as_ref().map(std::mem::discriminant)
            != Some(std::mem::discriminant(&overlay.guidance))
        {
            let level = words::level(words::guidance_grade(&overlay.guidance));
            self.say(node(stream), level, &text)?;
        }
        self.state(
            &format!("guidance/{}", part(stream)),
            words::guidance_state(&overlay.guidance),
        )?;
        // What is said does not depend on where the outlines lie.
        if before.as_ref() != Some(&overlay.guidance) {
            self.worth(&base, &overlay.guidance, [overlay.width_px, overlay.height_px])?;
        }
        if overlay.guidance.is_blank() {
            if !before.is_some_and(|before| before.is_blank()) {
                self.canvas.clear(&format!("{base}/now"))?;
            }
            return Ok(Some(text));
        }
        self.outlines(&base, overlay)?;
        Ok(Some(format!("{text}; {} outlines", overlay.outlines.len())))
    }

    /// A stream of overlays says that it has nothing usable.
    pub(super) fn forget_overlay(&mut self, stream: &str) -> Result<(), CanvasError> {
        self.overlays.remove(stream);
        self.state(&format!("guidance/{}", part(stream)), "blank")?;
        self.canvas.clear(&format!("images/{}", place(stream)))
    }

    /// Says in the image why nothing is shown, or why it must not be trusted.
    pub(super) fn worth(
        &mut self,
        base: &str,
        guidance: &Guidance,
        [width_px, height_px]: [u32; 2],
    ) -> Result<(), CanvasError> {
        let entity = format!("{base}/worth");
        let Some(reason) = guidance.reason() else {
            return self.canvas.clear(&entity);
        };
        let state = words::guidance_state(guidance).to_uppercase();
        let text = format!("{state}: {reason}");
        let [r, g, b] = words::guidance_grade(guidance).colour();
        let at = [width_px as f32 / 2.0, height_px as f32 * 0.04];
        let label = rerun::Points2D::new([at])
            .with_radii([0.0])
            .with_colors([rerun::Color::from_rgb(r, g, b)])
            .with_labels([text.as_str()])
            .with_show_labels(true);
        self.canvas.draw(&entity, &label, text.len())
    }

    fn outlines(&mut self, base: &str, overlay: &Overlay) -> Result<(), CanvasError> {
        let mut lines = Vec::new();
        let (mut colours, mut bands, mut widths) = (Vec::new(), Vec::new(), Vec::new());
        for (outline, points) in overlay.lines() {
            let Some(structure) = overlay.structures.get(usize::from(outline.structure)) else {
                continue;
            };
            let mut line = points.to_vec();
            if outline.closed {
                line.extend(points.first());
            }
            let [r, g, b] = colours::structure(structure);
            colours.push(rerun::Color::from_rgb(r, g, b));
            let is_narrow = outline.error_px <= WIDEST_BAND_PX;
            bands.push(rerun::Color::from_unmultiplied_rgba(r, g, b, BAND));
            widths.push(if is_narrow { outline.error_px.max(LINE_PX) } else { LINE_PX });
            lines.push(line);
        }
        let bytes = 8 * overlay.points as usize + 16 * lines.len();
        let band = rerun::LineStrips2D::new(lines.clone())
            .with_radii(widths)
            .with_colors(bands)
            .with_draw_order(20.0);
        self.canvas.draw(&format!("{base}/now/error"), &band, bytes)?;
        let outlines = rerun::LineStrips2D::new(lines)
            .with_radii([LINE_PX])
            .with_colors(colours)
            .with_draw_order(21.0);
        self.canvas.draw(&format!("{base}/now/outlines"), &outlines, bytes)?;
        let mm_per_px = self.mm_per_px;
        let names = names(overlay);
        let labels = rerun::Points2D::new(names.iter().map(|name| name.at_px))
            .with_radii([0.0])
            .with_colors(names.iter().map(|name| {
                let [r, g, b] = colours::structure(name.structure);
                rerun::Color::from_rgb(r, g, b)
            }))
            .with_labels(names.iter().map(|name| label(name, mm_per_px)))
            .with_show_labels(true)
            .with_draw_order(22.0);
        self.canvas.draw(&format!("{base}/now/names"), &labels, 32 * names.len())
    }
}

/// The name of a structure in the image.
#[derive(Debug, PartialEq)]
struct Name<'a> {
    structure: &'a Structure,
    at_px: [f32; 2],
    error_px: f32,
}

/// The name with its error, in millimetres if it is known how large a pixel is.
fn label(name: &Name<'_>, mm_per_px: Option<f64>) -> String {
    let (of, error_px) = (name.structure.name.replace('_', " "), f64::from(name.error_px));
    match mm_per_px {
        Some(mm_per_px) => format!("{of} ± {:.0} mm", error_px * mm_per_px),
        None => format!("{of} ± {error_px:.0} px"),
    }
}

/// Where the name of each structure is: at the top of its longest outline, if that is long enough.
fn names(overlay: &Overlay) -> Vec<Name<'_>> {
    let mut longest: BTreeMap<u16, (f32, [f32; 2], f32)> = BTreeMap::new();
    for (outline, points) in overlay.lines() {
        let step = |pair: &[[f32; 2]]| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
        let length_px: f32 = points.windows(2).map(step).sum();
        let top = points.iter().copied().min_by(|a, b| a[1].total_cmp(&b[1]));
        let Some(top) = top.filter(|_| length_px >= NAMED_PX) else { continue };
        let best = longest.entry(outline.structure).or_insert((0.0, top, 0.0));
        if length_px > best.0 {
            *best = (length_px, top, outline.error_px);
        }
    }
    longest
        .into_iter()
        .filter_map(|(of, (_, at_px, error_px))| {
            let structure = overlay.structures.get(usize::from(of))?;
            Some(Name { structure, at_px, error_px })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use messages::{Outline, StructureKind};

    use super::*;

    #[test]
    fn a_structure_is_named_once_at_the_top_of_its_longest_outline() {
        let outline =
            |structure, points| Outline { structure, points, closed: true, error_px: 2.0 };
        let structure = |name: &str| Structure { name: name.to_owned(), kind: StructureKind::Vein };
        let points: [[f32; 2]; 8] = [
            // 3 px long: no name.
            [0.0, 0.0],
            [3.0, 0.0],
            // 80 px.
            [10.0, 50.0],
            [50.0, 30.0],
            [50.0, 70.0],
            // 40 px of the same structure.
            [100.0, 10.0],
            [100.0, 20.0],
            [130.0, 20.0],
        ];
        let overlay = Overlay {
            width_px: 320,
            height_px: 240,
            guidance: Guidance::Valid,
            structures: vec![structure("small"), structure("large_vein")],
            outlines: vec![outline(0, 2), outline(1, 3), outline(1, 3)],
            points: 8,
            points_px: points.into_iter().flatten().collect::<Vec<_>>().into(),
        };
        let large = structure("large_vein");
        let expected = Name { structure: &large, at_px: [50.0, 30.0], error_px: 2.0 };
        assert_eq!(names(&overlay), [expected]);
        let expected = Name { structure: &large, at_px: [50.0, 30.0], error_px: 2.0 };
        assert_eq!(label(&expected, Some(0.5)), "large vein ± 1 mm");
        assert_eq!(label(&expected, None), "large vein ± 2 px");
    }
}
