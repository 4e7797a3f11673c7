//! The node `overlay`: says where the plane of each located image cuts the structures of the map.
//!
//! One image in, one answer out, in the pixels of that image. The error of an outline is the root of the
//! sum of the squares of three bounds that hold in 95 of 100 cases: the registration's at the outline's
//! middle, the placing's and the surface's; it is taken to lie in the plane of the image.

use std::time::Duration;

use messages::{
    Affine, Alignment, Guidance, Health, Image, LocatedImage, Outline, Overlay as Outlines,
    Patient, Placement, Point, Preoperative, Registration, Stamped, Structure, Surfaces, Timestamp,
};
use nalgebra::Point3;
use runtime::{Context, Node, inputs, outputs};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::alarm::is_meant;
use crate::outline::{Line, Pixel, chain};
use crate::plane_cut::{Bend, BentMesh, ImagePlane};
use crate::triangle_mesh::TriangleMesh;
use crate::trust::{BOUND_OF_RMS, together, trusted};

/// Points are left out that lie nearer to the line of the others, pixels.
const TOLERANCE_PX: f64 = 0.25;

/// Parameters of the node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Names of structures, such as `portal_vein`, and kinds, such as `nerve`, that are drawn; by
    /// default everything that the map holds.
    #[serde(default)]
    pub show: Vec<String>,
    /// Nothing is shown from a registration made from images older than this, in seconds.
    #[serde(default = "max_registration_age_s")]
    #[schemars(default = "max_registration_age_s", range(min = 1.0, max = 36000.0))]
    pub max_registration_age_s: f64,
    /// Nothing is shown in an image no place of which is known better than this in 95 of 100 cases, in
    /// millimetres.
    #[serde(default = "max_error_mm")]
    #[schemars(default = "max_error_mm", range(min = 0.1, max = 100.0))]
    pub max_error_mm: f64,
    /// Nothing is shown in an image that is older than this when it arrives, in milliseconds.
    #[serde(default = "max_image_age_ms")]
    #[schemars(default = "max_image_age_ms", range(min = 1, max = 10000))]
    pub max_image_age_ms: u32,
}

fn max_registration_age_s() -> f64 {
    600.0
}
fn max_error_mm() -> f64 {
    15.0
}
fn max_image_age_ms() -> u32 {
    500
}

inputs! {
    /// What the node hears.
    pub enum Input {
        surfaces => Surfaces(Surfaces<Preoperative>),
        registration => Registration(Registration),
        located => Located(LocatedImage),
    }
}
outputs! {
    /// What the node says.
    pub enum Output { overlay => Overlay(Outlines) }
}

/// A parameter that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` should be above 0, but it is {came}")]
pub struct Error {
    name: &'static str,
    came: f64,
}

/// The node.
pub struct Overlay {
    parameters: Parameters,
    max_registration_age: Duration,
    /// The map as it came, for other parameters.
    surfaces: Option<Surfaces<Preoperative>>,
    map: Option<Map>,
    registration: Option<Registration>,
    bend: Option<Bend>,
}

/// What is drawn.
struct Map {
    structures: Vec<Structure>,
    /// The mesh of each, and what its error does not exceed in 95 of 100 cases, millimetres.
    meshes: Vec<(BentMesh, f64)>,
    problem: Option<String>,
}

impl Node for Overlay {
    type Parameters = Parameters;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn new(parameters: Parameters) -> Result<Self, Error> {
        let Parameters { max_registration_age_s, max_error_mm, .. } = parameters;
        for (name, came) in
            [("max_registration_age_s", max_registration_age_s), ("max_error_mm", max_error_mm)]
        {
            if !(came > 0.0 && came < 1e9) {
                return Err(Error { name, came });
            }
        }
        Ok(Self {
            max_registration_age: Duration::from_secs_f64(max_registration_age_s),
            parameters,
            surfaces: None,
            map: None,
            registration: None,
            bend: None,
        })
    }

    fn handle(&mut self, input: Input, context: &mut Context<Output>) -> Result<(), Error> {
        match input {
            Input::Surfaces(Stamped { value: surfaces, .. }) => {
                self.take_map(surfaces);
            }
            Input::Registration(Stamped { value: registration, .. }) => {
                self.take_registration(registration);
            }
            Input::Located(Stamped { acquired_at, value: located, .. }) => {
                let overlay = self.outline(&located, acquired_at, context.now());
                context.report(self.health(&overlay, &located.placement));
                context.publish(acquired_at, Output::Overlay(overlay));
            }
        }
        Ok(())
    }

    /// The map and the registration may have come long ago and once: they are kept.
    fn configure(&mut self, parameters: Parameters) -> Result<(), Error> {
        let mut other = Self::new(parameters)?;
        if let Some(surfaces) = self.surfaces.take() {
            other.take_map(surfaces);
        }
        if let Some(registration) = self.registration.take() {
            other.take_registration(registration);
        }
        *self = other;
        Ok(())
    }
}

impl Map {
    fn new(surfaces: &Surfaces<Preoperative>, show: &[String]) -> Self {
        let mut made = Self { structures: Vec::new(), meshes: Vec::new(), problem: None };
        for mesh in surfaces.meshes() {
            let structure = &mesh.surface.structure;
            if show.is_empty() || show.iter().any(|name| is_meant(structure, name)) {
                let error_mm = f64::from(mesh.surface.error_mm);
                let mesh = BentMesh::new(TriangleMesh::new(mesh.positions_mm, mesh.corners));
                made.structures.push(structure.clone());
                made.meshes.push((mesh, error_mm));
            }
        }
        let missing = |name: &&String| !made.structures.iter().any(|known| is_meant(known, name));
        made.problem = show
            .iter()
            .find(missing)
            .map(|name| format!("`{name}` is to be shown, but the map has no such surface"));
        made
    }
}

impl Overlay {
    fn take_map(&mut self, surfaces: Surfaces<Preoperative>) {
        self.map = Some(Map::new(&surfaces, &self.parameters.show));
        self.surfaces = Some(surfaces);
    }

    fn take_registration(&mut self, registration: Registration) {
        // Another state of the same alignment bends nothing anew.
        let field = registration.alignment.as_ref().map(|alignment| &alignment.field);
        if let Some(field) =
            field.filter(|&field| self.bend.as_ref().map(Bend::field) != Some(field))
        {
            let round = self.bend.as_ref().map_or(1, |bend| bend.round().wrapping_add(1).max(1));
            self.bend = Some(Bend::new(field.clone(), round));
        }
        self.registration = Some(registration);
    }

    fn outline(&mut self, located: &LocatedImage, at: Timestamp, now: Timestamp) -> Outlines {
        let mut outlines = Outlines {
            width_px: located.image.width_px,
            height_px: located.image.height_px,
            guidance: Guidance::Valid,
            structures: self.map.as_ref().map_or(Vec::new(), |map| map.structures.clone()),
            outlines: Vec::new(),
            points: 0,
            points_px: Vec::new().into(),
        };
        outlines.guidance = self
            .draw(located, at, now, &mut outlines)
            .unwrap_or_else(|reason| Guidance::Blank { reason });
        outlines
    }

    fn draw(
        &mut self,
        located: &LocatedImage,
        at: Timestamp,
        now: Timestamp,
        into: &mut Outlines,
    ) -> Result<Guidance, String> {
        let (patient_from_image, placing_mm) = match &located.placement {
            Placement::Placed { patient_from_image, error_mm, .. } => {
                (patient_from_image, error_mm)
            }
            Placement::Unplaced { reason } => {
                return Err(format!("the image is not placed: {reason}"));
            }
        };
        let max_age = Duration::from_millis(self.parameters.max_image_age_ms.into());
        if now.since(at) > max_age {
            let ms = max_age.as_millis();
            return Err(format!("images come more than the {ms} ms allowed after their time"));
        }
        let Some(map) = &mut self.map else {
            return Err("no surfaces of structures have come yet".into());
        };
        let mut trusted = trusted(self.registration.as_ref(), at, self.max_registration_age)?;
        let Some(bend) = &self.bend else { return Err("the registration carries no pose".into()) };
        if placing_mm.is_none() {
            trusted.doubt("the tracker does not say how well it sees the probe".into());
        }
        if let Some(problem) = &map.problem {
            trusted.doubt(problem.clone());
        }
        let placing_mm = BOUND_OF_RMS * placing_mm.unwrap_or(0.0);
        let view = View::new(trusted.alignment, patient_from_image, located);
        match view.least_error_mm() {
            None => return Err("the image lies outside of what was registered".into()),
            Some(error_mm) if together(&[error_mm, placing_mm]) <= self.parameters.max_error_mm => {
            }
            Some(_) => {
                let mm = self.parameters.max_error_mm;
                return Err(format!("no place of the image is known to the {mm} mm asked for"));
            }
        }
        let mut points_px: Vec<f32> = Vec::new();
        for (structure, (mesh, surface_mm)) in (0..=u16::MAX).zip(&mut map.meshes) {
            let lines = chain(mesh.cut(&view.plane, bend));
            let [first, last] = view.plane.visible_px;
            for line in lines.iter().flat_map(|line| line.clip(first, last)) {
                let Some(registration_mm) = view.error_of_mm(&line) else { continue };
                let line = line.simplified(TOLERANCE_PX);
                if line.points.len() < if line.closed { 3 } else { 2 } {
                    continue;
                }
                let error_mm = together(&[registration_mm, placing_mm, *surface_mm]);
                into.outlines.push(Outline {
                    structure,
                    points: line.points.len() as u32,
                    closed: line.closed,
                    error_px: (error_mm / view.pixel_mm) as f32,
                });
                points_px.extend(line.points.iter().flatten().map(|&px| px as f32));
            }
        }
        into.points = (points_px.len() / 2) as u32;
        into.points_px = points_px.into();
        Ok(trusted.guidance())
    }

    fn health(&self, overlay: &Outlines, placement: &Placement) -> Health {
        let reason = match (&overlay.guidance, placement) {
            // Its figures change from image to image; who placed the image reports them.
            (Guidance::Blank { .. }, Placement::Unplaced { .. }) => {
                Some("nothing is drawn: the image is not placed".to_owned())
            }
            (Guidance::Blank { reason }, _) => Some(format!("nothing is drawn: {reason}")),
            _ => self.map.as_ref().and_then(|map| map.problem.clone()),
        };
        reason.map_or(Health::Healthy, |reason| Health::Degraded { reason })
    }
}

/// One image in the map.
struct View<'a> {
    alignment: &'a Alignment,
    plane: ImagePlane,
    rigid_from_image: Affine<Preoperative, Image>,
    /// The shorter side of a pixel.
    pixel_mm: f64,
}

impl<'a> View<'a> {
    fn new(
        alignment: &'a Alignment,
        patient_from_image: &Affine<Patient, Image>,
        located: &LocatedImage,
    ) -> Self {
        let rigid_from_image = alignment.preoperative_from_patient * *patient_from_image;
        let last = |pixels: u32| f64::from(pixels) - 0.5;
        let (width, height) = (located.image.width_px, located.image.height_px);
        Self {
            alignment,
            plane: ImagePlane {
                image_from_rigid: rigid_from_image.inverse(),
                visible_px: [[-0.5; 2], [last(width), last(height)]],
            },
            rigid_from_image,
            pixel_mm: patient_from_image.axis(0).norm().min(patient_from_image.axis(1).norm()),
        }
    }

    /// What the registration's error at a pixel does not exceed in 95 of 100 cases.
    fn error_mm(&self, [x, y]: Pixel) -> Option<f64> {
        let rigid = self.rigid_from_image * Point::new(Point3::new(x, y, 0.0));
        Some(self.alignment.field.apply(rigid)?.error_mm)
    }

    /// The least error at nine places of the image; none if nothing is known at any.
    fn least_error_mm(&self) -> Option<f64> {
        let [first, last] = self.plane.visible_px;
        let at = |axis: usize, step: u32| {
            first[axis] + (last[axis] - first[axis]) * f64::from(step) / 2.0
        };
        let places = (0..3).flat_map(|y| (0..3).map(move |x| (x, y)));
        places.filter_map(|(x, y)| self.error_mm([at(0, x), at(1, y)])).min_by(f64::total_cmp)
    }

    /// The error at the middle of a line, or on it where nothing is known of the middle.
    fn error_of_mm(&self, line: &Line) -> Option<f64> {
        let count = line.points.len() as f64;
        let middle = [0, 1].map(|axis| line.points.iter().map(|at| at[axis]).sum::<f64>() / count);
        self.error_mm(middle).or_else(|| line.points.iter().find_map(|&at| self.error_mm(at)))
    }
}
