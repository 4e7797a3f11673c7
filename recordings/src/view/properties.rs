//! What Rerun's builder of layouts does not offer: how far back curves go, where their legends are, where
//! a scene is looked at from.

use std::time::Duration;

use nalgebra::{Point3, Vector3};
use rerun::blueprint::ContainerLike;
use rerun::blueprint::components::{BackgroundKind, Corner2D, VisibleTimeRange};
use rerun::datatypes::{self, Range1D, TimeInt, TimeRange, TimeRangeBoundary};
use rerun::external::re_sdk_types::blueprint::archetypes::{
    Background, EyeControls3D, LineGrid3D, PlotLegend, ScalarAxis, TextLogColumns,
    VisibleTimeRanges,
};
use rerun::external::re_sdk_types::blueprint::components;
use rerun::external::re_sdk_types::blueprint::datatypes::{
    TextLogColumn, TextLogColumnKind, TimelineColumn,
};
use rerun::{AsComponents, EntityPath};

/// The timelines of everything that is drawn.
const TIMELINES: [&str; 3] = ["session_time", "published_at", "acquired_at"];

/// Where the scene is looked at from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Eye {
    /// What is in the middle, millimetres.
    pub centre_mm: Point3<f32>,
    /// How far around the middle it reaches, millimetres.
    pub radius_mm: f32,
}

impl Eye {
    /// An eye that sees all of some places; none without places.
    pub fn on<'a>(places_mm: impl Iterator<Item = &'a Point3<f32>>) -> Option<Self> {
        let corners = places_mm.fold(None, |corners: Option<[Point3<f32>; 2]>, place| {
            let [low, high] = corners.unwrap_or([*place; 2]);
            Some([low.inf(place), high.sup(place)])
        });
        let [low, high] = corners?;
        Some(Self {
            centre_mm: nalgebra::center(&low, &high),
            radius_mm: (high - low).norm() / 2.0,
        })
    }

    /// Whether what it looks at has grown so much since an earlier look that it wants a new one.
    pub fn has_outgrown(&self, before: &Self) -> bool {
        self.radius_mm > GROWN * before.radius_mm
    }

    /// In front of the patient, from the left and above, so that all of it is seen.
    fn place_mm(&self) -> Point3<f32> {
        self.centre_mm + Vector3::new(0.35, -0.85, 0.4).normalize() * (FROM * self.radius_mm)
    }
}

/// So many radii away the eye is.
const FROM: f32 = 1.8;
/// What is looked at is looked at anew when its radius has become so many times as large: seldom, so as not to disturb
/// a person who looks from elsewhere.
const GROWN: f32 = 1.2;

/// Properties of views, each at its path in the layout.
#[derive(Default)]
pub struct Properties(Vec<(EntityPath, Box<dyn AsComponents>)>);

impl Properties {
    /// The properties, with their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&EntityPath, &dyn AsComponents)> {
        self.0.iter().map(|(path, property)| (path, property.as_ref()))
    }

    /// Gives a view a property that goes by a name.
    fn set(&mut self, view: &ContainerLike, name: &str, property: impl AsComponents + 'static) {
        // Containers have none.
        if let ContainerLike::View(view) = view {
            let path = view.blueprint_path().join(&EntityPath::from(name));
            self.0.push((path, Box::new(property)));
        }
    }

    /// Curves of the last `back`, without a legend where it would hide them.
    pub fn curves(
        &mut self,
        view: impl Into<ContainerLike>,
        back: Duration,
        has_legend: bool,
    ) -> ContainerLike {
        let view = view.into();
        self.set(
            &view,
            "VisibleTimeRanges",
            VisibleTimeRanges::new(TIMELINES.map(|name| last(name, back))),
        );
        let legend = PlotLegend::new().with_corner(Corner2D::LeftTop).with_visible(has_legend);
        self.set(&view, "PlotLegend", legend);
        view
    }

    /// A log of levels and texts at this time, without where each line comes from.
    pub fn log(&mut self, view: impl Into<ContainerLike>, timeline: &str) -> ContainerLike {
        let view = view.into();
        let column = |kind| TextLogColumn { visible: true.into(), kind };
        let columns = TextLogColumns::new()
            .with_timeline_columns([components::TimelineColumn(TimelineColumn {
                visible: true.into(),
                timeline: timeline.into(),
            })])
            .with_text_log_columns(
                [TextLogColumnKind::LogLevel, TextLogColumnKind::Body]
                    .map(|kind| components::TextLogColumn(column(kind))),
            );
        self.set(&view, "TextLogColumns", columns);
        view
    }

    /// Curves between two values.
    pub fn between(&mut self, view: ContainerLike, [low, high]: [f64; 2]) -> ContainerLike {
        self.set(&view, "ScalarAxis", ScalarAxis::new().with_range(Range1D([low, high])));
        view
    }

    /// A scene in space: dark, without a floor, looked at from where all of it is seen.
    pub fn scene(&mut self, view: impl Into<ContainerLike>, eye: Option<Eye>) -> ContainerLike {
        let view = view.into();
        let dark = rerun::Color::from_rgb(14, 17, 23);
        self.set(&view, "Background", Background::new(BackgroundKind::SolidColor).with_color(dark));
        self.set(&view, "LineGrid3D", LineGrid3D::new().with_visible(false));
        if let Some(eye) = eye {
            let [place, target]: [[f32; 3]; 2] = [eye.place_mm(), eye.centre_mm].map(Into::into);
            let controls = EyeControls3D::new()
                .with_position(place)
                .with_look_target(target)
                .with_eye_up([0.0, 0.0, 1.0]);
            self.set(&view, "EyeControls3D", controls);
        }
        view
    }
}

/// From `back` before the cursor to the cursor.
fn last(timeline: &str, back: Duration) -> VisibleTimeRange {
    let back = i64::try_from(back.as_nanos()).unwrap_or(i64::MAX);
    VisibleTimeRange(datatypes::VisibleTimeRange {
        timeline: timeline.into(),
        range: TimeRange {
            start: TimeRangeBoundary::CursorRelative(TimeInt(-back)),
            end: TimeRangeBoundary::CursorRelative(TimeInt(0)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eye_is_in_front_of_the_patient_and_far_enough_away() {
        assert_eq!(Eye::on([].iter()), None);
        let places = [Point3::new(0.0, 0.0, 0.0), Point3::new(60.0, 0.0, 80.0)];
        let eye = Eye::on(places.iter()).unwrap();
        assert_eq!((eye.centre_mm, eye.radius_mm), (Point3::new(30.0, 0.0, 40.0), 50.0));
        assert!(eye.place_mm().y < 0.0);
        assert!(((eye.place_mm() - eye.centre_mm).norm() - FROM * 50.0).abs() < 1e-3);
    }

    #[test]
    fn only_views_have_properties() {
        let mut properties = Properties::default();
        let view = rerun::blueprint::Spatial3DView::new("a");
        properties.scene(view, None);
        assert_eq!(properties.iter().count(), 2);
        properties.scene(rerun::blueprint::Tabs::new([]), None);
        assert_eq!(properties.iter().count(), 2);
    }
}
