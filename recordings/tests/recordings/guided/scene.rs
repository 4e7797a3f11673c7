//! What is seen and found at each moment of the guided procedure.

use std::f64::consts::{PI, TAU};

use messages::{
    Affine, Alarm, Alignment, DisplacementField, Distances, Fit, Guidance, IntensityVolume,
    LabelVolume, Landmark, LandmarkCheck, Landmarks, Modality, Outline, Overlay, Patient,
    Placement, Point, Pose, Preoperative, Registration, RegistrationState, Score, Scores,
    Structure, StructureDistance, StructureKind, Surfaces, Timestamp, ToolDistances, ToolPlace,
    ToolPoses, TrackedTool, Tracker, Transform, UltrasoundImage, Voxel,
};
use nalgebra::{Isometry3, Matrix3x4, Point3, Vector3};

use super::super::session::{self};

pub const MS: i64 = 1_000_000;
/// Below these the instrument is too near, millimetres.
pub const LIMITS_MM: [f64; 2] = [8.0, 3.0];
pub const IMAGE_PX: [u32; 2] = [320, 240];
pub const PIXEL_MM: f64 = 0.4;

/// A round thing: where it is, and its radii along x, y and z, millimetres in the preoperative frame.
pub struct Ellipsoid {
    name: &'static str,
    kind: StructureKind,
    centre: [f64; 3],
    radii: [f64; 3],
}

pub const fn ellipsoid(
    name: &'static str,
    kind: StructureKind,
    centre: [f64; 3],
    radii: [f64; 3],
) -> Ellipsoid {
    Ellipsoid { name, kind, centre, radii }
}

pub const BODY: [Ellipsoid; 7] = [
    ellipsoid("liver", StructureKind::Organ, [0.0, 0.0, 0.0], [80.0, 60.0, 50.0]),
    ellipsoid("portal_vein", StructureKind::Vein, [5.0, 0.0, -10.0], [45.0, 6.0, 6.0]),
    ellipsoid("hepatic_veins", StructureKind::Vein, [-10.0, 8.0, 12.0], [6.0, 40.0, 5.0]),
    ellipsoid("vena_cava", StructureKind::Vein, [15.0, 45.0, 0.0], [11.0, 11.0, 60.0]),
    ellipsoid("hepatic_artery", StructureKind::Artery, [10.0, -8.0, -14.0], [35.0, 3.0, 3.0]),
    ellipsoid("gallbladder", StructureKind::Other, [30.0, -30.0, -35.0], [14.0, 14.0, 22.0]),
    ellipsoid("tumour_1", StructureKind::Tumour, [-30.0, -5.0, 8.0], [12.0, 12.0, 12.0]),
];

impl Ellipsoid {
    pub fn structure(&self) -> Structure {
        Structure { name: self.name.to_owned(), kind: self.kind }
    }

    /// Below one inside.
    pub fn level(&self, point: &Point3<f64>) -> f64 {
        (0..3).map(|axis| ((point[axis] - self.centre[axis]) / self.radii[axis]).powi(2)).sum()
    }

    /// About how far a point is from the surface, negative inside.
    pub fn distance_mm(&self, point: &Point3<f64>) -> f64 {
        let level = self.level(point).sqrt();
        let smallest = self.radii.iter().copied().fold(f64::INFINITY, f64::min);
        let offset = point - Point3::from(self.centre);
        if level < 1.0 { (level - 1.0) * smallest } else { offset.norm() * (1.0 - 1.0 / level) }
    }

    pub fn surface(&self, rings: usize) -> messages::surfaces::SurfaceParts {
        let columns = 2 * rings;
        let mut vertices = Vec::new();
        for ring in 0..=rings {
            for column in 0..columns {
                let (down, around) =
                    (PI * ring as f64 / rings as f64, TAU * column as f64 / columns as f64);
                let unit = [down.sin() * around.cos(), down.sin() * around.sin(), down.cos()];
                vertices.push(
                    [0, 1, 2]
                        .map(|axis| (self.centre[axis] + self.radii[axis] * unit[axis]) as f32),
                );
            }
        }
        let at = |ring: usize, column: usize| (ring * columns + column % columns) as i32;
        let corners = (0..rings)
            .flat_map(|ring| (0..columns).map(move |column| (ring, column)))
            .flat_map(|(ring, column)| {
                [
                    [at(ring, column), at(ring + 1, column), at(ring + 1, column + 1)],
                    [at(ring, column), at(ring + 1, column + 1), at(ring, column + 1)],
                ]
            })
            .collect();
        (self.structure(), 0.8, vertices, corners)
    }
}

pub fn lattice<In>(first: [f64; 3], step_mm: f64) -> Affine<In, Voxel> {
    let [x, y, z] = first;
    let s = step_mm;
    Affine::from_rows(Matrix3x4::new(s, 0., 0., x, 0., s, 0., y, 0., 0., s, z)).unwrap()
}

/// The surfaces of the body, of about `2 rings²` vertices each.
pub fn surfaces(rings: usize) -> Surfaces<Preoperative> {
    Surfaces::new(BODY.iter().map(|part| part.surface(rings)).collect()).unwrap()
}

/// How the preoperative frame lies in the patient: turned, shifted, and bent by `bend_mm`.
pub fn alignment(bend_mm: f32, at: i64) -> Alignment {
    let turn = Isometry3::new(Vector3::new(30.0, -20.0, 110.0), Vector3::new(0.1, -0.2, 0.3));
    let displacements_mm = (0..10 * 8 * 7).flat_map(|_| [0.0, bend_mm, 0.0]);
    Alignment {
        preoperative_from_patient: Transform::from_isometry(turn.inverse()),
        field: DisplacementField {
            size: [10, 8, 7],
            preoperative_from_node: lattice([-90.0, -70.0, -60.0], 20.0),
            displacements_mm: displacements_mm.collect::<Vec<_>>().into(),
            error_mm: vec![2.5; 10 * 8 * 7].into(),
        },
        fit: Fit { explained: 0.84, residual_mm: 0.9, rival: Some(0.4) },
        data_acquired_at: Timestamp(at),
    }
}

pub fn patient(point: [f64; 3], alignment: &Alignment) -> Point<Patient> {
    alignment.patient(Point::new(Point3::from(point))).unwrap()
}

/// Where the tip is, in the preoperative frame: it goes to the tumour, past the vessels, and back.
pub fn tip(seconds: f64) -> Point3<f64> {
    let part = 0.5 - 0.5 * (TAU * seconds / 14.0).cos();
    let (from, to) = (Point3::new(40.0, -75.0, 45.0), Point3::new(-24.0, -4.0, 6.0));
    from + (to - from) * part
}

/// Where the tip and the end of the shaft are in the patient.
pub fn tool(seconds: f64, alignment: &Alignment) -> [Point<Patient>; 2] {
    let tip = tip(seconds);
    let out = Vector3::new(0.55, -0.62, 0.4).normalize() * 60.0;
    let turn = alignment.preoperative_from_patient.inverse();
    [tip, tip + out].map(|point| turn * Point::new(point))
}

pub fn distances(seconds: f64, alignment: Option<&Alignment>, guidance: Guidance) -> Distances {
    let is_hidden = (4.0..4.5).contains(&(seconds % 10.0));
    let known = !guidance.is_blank() && !is_hidden;
    let place = match alignment {
        Some(alignment) if !is_hidden => {
            let [tip, shaft_end] = tool(seconds, alignment);
            ToolPlace::Seen { tip, shaft_end, error_mm: 0.6 }
        }
        _ => ToolPlace::Hidden { reason: "out of volume".to_owned() },
    };
    let of = |part: &Ellipsoid| {
        let tip_mm = part.distance_mm(&tip(seconds));
        let alarm = match tip_mm {
            mm if mm < LIMITS_MM[1] => Alarm::Danger,
            mm if mm < LIMITS_MM[0] => Alarm::Warning,
            _ => Alarm::Clear,
        };
        StructureDistance { tip_mm, shaft_mm: tip_mm - 0.2, error_mm: 2.8, alarm }
    };
    Distances {
        guidance,
        registration_age_ns: alignment.map(|_| 2_000_000_000),
        // Nobody is warned of the organ that is operated on.
        structures: BODY.iter().skip(1).map(Ellipsoid::structure).collect(),
        tools: vec![
            ToolDistances {
                name: "instrument".to_owned(),
                place,
                structures: if known { BODY.iter().skip(1).map(of).collect() } else { Vec::new() },
            },
            ToolDistances {
                name: "stylus".to_owned(),
                place: ToolPlace::Hidden { reason: "not connected".to_owned() },
                structures: Vec::new(),
            },
        ],
    }
}

/// Where the image lies, in the preoperative frame: it sweeps along z.
pub fn plane(seconds: f64) -> [Vector3<f64>; 3] {
    let z = 20.0 * (TAU * seconds / 9.0).sin();
    [
        Vector3::new(-0.5 * PIXEL_MM * f64::from(IMAGE_PX[0]), -55.0, z),
        Vector3::new(PIXEL_MM, 0.0, 0.0),
        Vector3::new(0.0, PIXEL_MM, 0.12 * PIXEL_MM),
    ]
}

pub fn at_pixel([origin, across, down]: [Vector3<f64>; 3], x: f64, y: f64) -> Point3<f64> {
    Point3::from(origin + across * x + down * y)
}

pub fn image(seconds: f64, seed: u64) -> UltrasoundImage {
    let [width, height] = IMAGE_PX;
    let speckle = session::speckle(seed, (width * height) as usize);
    let plane = plane(seconds);
    let pixels: Vec<u8> = (0..width * height)
        .map(|pixel| {
            let place = at_pixel(plane, f64::from(pixel % width), f64::from(pixel / width));
            let inside = |part: &Ellipsoid| part.level(&place) < 1.0;
            let grey = match BODY.iter().rev().find(|part| inside(part)) {
                None => 25,
                Some(part) if part.kind == StructureKind::Organ => 95,
                Some(part) if part.kind == StructureKind::Tumour => 60,
                Some(_) => 12,
            };
            (u32::from(speckle[pixel as usize]) * grey / 170) as u8
        })
        .collect();
    UltrasoundImage::new(width, height, pixels).unwrap()
}

/// Where the image cuts the body, found by going out from the middle of each cut.
pub fn overlay(seconds: f64, guidance: Guidance) -> Overlay {
    const POINTS: u32 = 48;
    let plane = plane(seconds);
    let (mut outlines, mut points) = (Vec::new(), Vec::new());
    for (number, part) in BODY.iter().enumerate().filter(|_| !guidance.is_blank()) {
        let level = |x: f64, y: f64| part.level(&at_pixel(plane, x, y));
        let x = (part.centre[0] - plane[0].x) / PIXEL_MM;
        let y = (part.centre[1] - plane[0].y) / PIXEL_MM;
        if level(x, y) >= 1.0 {
            continue;
        }
        for step in 0..POINTS {
            let (sin, cos) = (TAU * f64::from(step) / f64::from(POINTS)).sin_cos();
            let (mut near, mut far) = (0.0, 400.0);
            for _ in 0..20 {
                let middle = 0.5 * (near + far);
                if level(x + middle * cos, y + middle * sin) < 1.0 {
                    near = middle;
                } else {
                    far = middle;
                }
            }
            points.push([(x + near * cos) as f32, (y + near * sin) as f32]);
        }
        let structure = number as u16;
        outlines.push(Outline { structure, points: POINTS, closed: true, error_px: 6.0 });
    }
    Overlay {
        width_px: IMAGE_PX[0],
        height_px: IMAGE_PX[1],
        guidance,
        structures: BODY.iter().map(Ellipsoid::structure).collect(),
        outlines,
        points: points.len() as u32,
        points_px: points.into_iter().flatten().collect::<Vec<_>>().into(),
    }
}

pub fn placement(seconds: f64, alignment: &Alignment) -> Placement {
    let turn = *alignment.preoperative_from_patient.inverse().isometry();
    let [origin, across, down] = plane(seconds);
    let (origin, across, down) =
        (turn.transform_point(&Point3::from(origin)), turn * across, turn * down);
    let through = across.cross(&down).normalize() * PIXEL_MM;
    let mut rows = Matrix3x4::zeros();
    for (column, axis) in [across, down, through, origin.coords].into_iter().enumerate() {
        rows.set_column(column, &axis);
    }
    let patient_from_image = Affine::from_rows(rows).unwrap();
    Placement::Placed { patient_from_image, error_mm: Some(0.8), pose_gap_ns: 5_000_000 }
}

pub fn poses(seconds: f64, alignment: &Alignment) -> ToolPoses {
    let [tip, _] = tool(seconds, alignment);
    let seen = |at: Isometry3<f64>| Pose::Visible {
        to_from_tool: Transform::<Tracker, _>::from_isometry(at),
        error_mm: Some(0.3),
    };
    let tool = |name: &str, pose| TrackedTool { name: name.to_owned(), pose };
    ToolPoses {
        tools: vec![
            tool("patient", seen(Isometry3::identity())),
            tool("instrument", seen(Isometry3::from(tip.xyz_mm.coords))),
        ],
    }
}

/// Voxels of 2.5 mm around the body, and the first of them.
pub const VOXELS: ([u32; 3], [f64; 3]) = ([72, 56, 52], [-90.0, -70.0, -65.0]);

pub fn of_voxels<T>(mut of: impl FnMut(&Point3<f64>) -> T) -> Vec<T> {
    let ([columns, rows, slices], first) = VOXELS;
    let at = |axis: usize, index: u32| first[axis] + 2.5 * f64::from(index);
    (0..slices)
        .flat_map(|z| (0..rows).flat_map(move |y| (0..columns).map(move |x| [x, y, z])))
        .map(|[x, y, z]| of(&Point3::new(at(0, x), at(1, y), at(2, z))))
        .collect()
}

pub fn scan() -> IntensityVolume<Preoperative> {
    let voxels = of_voxels(|place| {
        let part = BODY.iter().rev().find(|part| part.level(place) < 1.0);
        match part.map(|part| part.kind) {
            None => -60,
            Some(StructureKind::Organ) => 70,
            Some(StructureKind::Tumour) => 30,
            Some(_) => 160,
        }
    });
    IntensityVolume {
        size: VOXELS.0,
        frame_from_voxel: lattice(VOXELS.1, 2.5),
        modality: Modality::Ct,
        voxels: voxels.into(),
    }
}

pub fn labels() -> LabelVolume<Preoperative> {
    let labels = of_voxels(|place| {
        let part = BODY.iter().rposition(|part| part.level(place) < 1.0);
        part.map_or(0, |part| part as u8 + 1)
    });
    LabelVolume {
        size: VOXELS.0,
        frame_from_voxel: lattice(VOXELS.1, 2.5),
        structures: BODY.iter().map(Ellipsoid::structure).collect(),
        model: None,
        labels: labels.into(),
    }
}

pub fn landmarks() -> Landmarks<Preoperative> {
    let landmark = |name: &str, place| Landmark {
        name: name.to_owned(),
        position: Point::new(Point3::from(place)),
    };
    Landmarks {
        landmarks: vec![
            landmark("portal_bifurcation", [5.0, 0.0, -10.0]),
            landmark("gallbladder_fundus", [30.0, -30.0, -55.0]),
        ],
    }
}

pub fn scores(seconds: f64) -> Scores {
    let score = |measure: &str, value, unit: &str, count| Score {
        measure: measure.to_owned(),
        value,
        unit: unit.to_owned(),
        count,
    };
    Scores {
        scores: vec![
            score("registration error, median", Some(2.4 + 0.01 * seconds), "mm", 200),
            score("registration error, p95", Some(4.9), "mm", 200),
            score("vessel Dice", Some(0.871), "", 412),
            score("alarms, false", Some(1.0), "", 9),
            score("closest approach", None, "mm", 0),
        ],
    }
}

/// The states it goes through: from when on, in seconds, and which.
pub fn registration(seconds: f64, at: i64) -> Registration {
    let reason = |text: &str| text.to_owned();
    let state = match seconds {
        s if s < 1.0 => {
            let state = RegistrationState::None { reason: reason("no vessels yet") };
            return Registration { state, alignment: None };
        }
        s if s < 2.5 => RegistrationState::Unverified { reason: reason("nobody has looked at it") },
        _ => RegistrationState::Accepted,
    };
    Registration { state, alignment: Some(alignment(seconds as f32 * 0.1, at)) }
}

/// What may guide: blank, then unverified, then valid.
pub fn guidance(seconds: f64) -> Guidance {
    match seconds {
        s if s < 1.0 => Guidance::blank("there is no registration"),
        s if s < 2.5 => Guidance::Unverified { reason: "nobody has confirmed it".to_owned() },
        _ => Guidance::Valid,
    }
}

pub fn touched(alignment: &Alignment) -> LandmarkCheck {
    let planned = [5.0, 0.0, -10.0];
    LandmarkCheck {
        landmark: "portal_bifurcation".to_owned(),
        tool: "instrument".to_owned(),
        planned: Point::new(Point3::from(planned)),
        touched: patient(planned, alignment),
        measured_mm: 2.25,
        predicted_mm: 4.5,
    }
}
