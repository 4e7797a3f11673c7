//! What stands between a pair of cameras and a marker.

use nalgebra::{Point3, Vector3};

/// A ball in the way, and how far the cameras are apart along the y axis about the origin; tracker's frame, mm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Obstacle {
    pub centre: Point3<f64>,
    pub radius_mm: f64,
    pub cameras_apart_mm: f64,
}

impl Obstacle {
    /// Whether one of the cameras does not see a point: a position takes both.
    pub fn blocks(&self, point: &Point3<f64>) -> bool {
        [-0.5, 0.5].iter().any(|side| {
            let camera = Point3::new(0.0, side * self.cameras_apart_mm, 0.0);
            distance_mm(&camera, point, &self.centre) < self.radius_mm
        })
    }
}

/// How far a point is from the segment between two others.
fn distance_mm(start: &Point3<f64>, end: &Point3<f64>, point: &Point3<f64>) -> f64 {
    let way: Vector3<f64> = end - start;
    let part = if way.norm_squared() > 0.0 {
        ((point - start).dot(&way) / way.norm_squared()).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (point - (start + way * part)).norm()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ball_hides_what_is_behind_it_from_either_camera_and_nothing_before_it() {
        let obstacle = |x: f64, y: f64, z: f64| Obstacle {
            centre: Point3::new(x, y, z),
            radius_mm: 40.0,
            cameras_apart_mm: 500.0,
        };
        let tool = Point3::new(0.0, 0.0, -1000.0);
        // Half way from each camera to the tool.
        assert!(obstacle(0.0, -125.0, -500.0).blocks(&tool));
        assert!(obstacle(0.0, 125.0, -500.0).blocks(&tool));
        // Between the two rays, beside them, and behind the tool.
        assert!(!obstacle(0.0, 0.0, -500.0).blocks(&tool));
        assert!(!obstacle(60.0, 125.0, -500.0).blocks(&tool));
        assert!(!obstacle(0.0, 0.0, -1100.0).blocks(&tool));
    }
}
