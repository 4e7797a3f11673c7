//! The trunk's outside: an elliptic cylinder along z with skin, fat and muscle of even thickness.

use nalgebra::Point3;

use crate::anatomy::structure::Tissue;

/// The body wall; its foremost line lies at x = 0, y = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BodyWall {
    /// Half the width of the trunk from left to right, mm.
    pub half_width_mm: f64,
    /// Half the depth of the trunk from front to back, mm.
    pub half_depth_mm: f64,
    /// Thickness of the skin, mm.
    pub skin_mm: f64,
    /// Thickness of the fat under the skin, mm.
    pub fat_mm: f64,
    /// Thickness of the muscles, mm.
    pub muscle_mm: f64,
}

impl BodyWall {
    /// Signed distance to the skin's surface, negative inside the body, mm.
    ///
    /// First-order for an ellipse: exact on the skin, at most 3 % off in the wall's layers.
    pub fn signed_distance_mm(&self, point: &Point3<f64>) -> f64 {
        let (x, y) = (point.x / self.half_width_mm, point.y / self.half_depth_mm - 1.0);
        let radius = x.hypot(y);
        let slope = (x / self.half_width_mm).hypot(y / self.half_depth_mm);
        if slope < 1e-9 {
            return -self.half_depth_mm.min(self.half_width_mm);
        }
        radius * (radius - 1.0) / slope
    }

    /// Thickness of all layers together, mm.
    pub fn thickness_mm(&self) -> f64 {
        self.skin_mm + self.fat_mm + self.muscle_mm
    }

    /// The layer at a place, disregarding structures.
    pub fn tissue_at(&self, point: &Point3<f64>) -> Tissue {
        let depth = -self.signed_distance_mm(point);
        if depth < 0.0 {
            Tissue::Air
        } else if depth < self.skin_mm {
            Tissue::Skin
        } else if depth < self.skin_mm + self.fat_mm {
            Tissue::Fat
        } else if depth < self.thickness_mm() {
            Tissue::WallMuscle
        } else {
            Tissue::Viscera
        }
    }

    /// The point of the skin in front of `(x, z)`, and nothing beside the body.
    pub fn skin_in_front(&self, x_mm: f64, z_mm: f64) -> Option<Point3<f64>> {
        let part = x_mm / self.half_width_mm;
        let y = self.half_depth_mm * (1.0 - (1.0 - part * part).sqrt());
        (part.abs() < 1.0).then(|| Point3::new(x_mm, y, z_mm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_follow_each_other_from_the_skin_inwards() {
        let wall = BodyWall {
            half_width_mm: 160.0,
            half_depth_mm: 110.0,
            skin_mm: 2.0,
            fat_mm: 15.0,
            muscle_mm: 10.0,
        };
        let at = |y: f64| wall.tissue_at(&Point3::new(0.0, y, 30.0));
        assert_eq!(at(-0.1), Tissue::Air);
        assert_eq!(at(1.0), Tissue::Skin);
        assert_eq!(at(10.0), Tissue::Fat);
        assert_eq!(at(20.0), Tissue::WallMuscle);
        assert_eq!(at(40.0), Tissue::Viscera);
        let skin = wall.skin_in_front(-90.0, 12.0).unwrap();
        assert!(wall.signed_distance_mm(&skin).abs() < 1e-9 && skin.z == 12.0);
        assert!(wall.skin_in_front(161.0, 0.0).is_none());
    }
}
