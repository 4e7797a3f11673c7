//! Volumes: three slices through the middle of what was seen, the box around it, and the whole if it
//! is small.

use messages::Volume;
use messages::wire::Received;
use nalgebra::{Point3, Vector3};

use super::canvas::{CanvasError, place};
use super::painter::Painter;
use super::properties::Eye;
use super::quad::{Quad, texture};

/// First and last index along x, y and z.
type Box3 = [[usize; 2]; 3];

impl Painter {
    pub(super) fn volume(
        &mut self,
        received: &Received,
        volume: &Volume,
    ) -> Result<Option<String>, CanvasError> {
        let place = place(&received.envelope().stream);
        let base = format!("patient/{place}/now");
        let said = format!("from {} images", volume.images);
        if self.style.tensor_bytes >= volume.voxels.as_bytes().len()
            && volume.size.iter().all(|&n| n > 0)
        {
            let [x, y, z] = volume.size.map(u64::from);
            let voxels = rerun::TensorBuffer::U8(volume.voxels.as_bytes().to_vec().into());
            let tensor = rerun::Tensor::new(rerun::TensorData::new(vec![z, y, x], voxels))
                .with_dim_names(["z", "y", "x"]);
            let bytes = volume.voxels.as_bytes().len();
            self.canvas.draw(&format!("volumes/{place}"), &tensor, bytes)?;
        }
        let Some(seen) = seen(volume) else {
            self.canvas.clear(&base)?;
            return Ok(Some(format!("{said}; nothing was seen")));
        };
        for axis in 0..3 {
            let (grey, size, quad) = slice(volume, &seen, axis);
            let (rgb, size) = texture(&grey, size, self.style.texture_px);
            let bytes = rgb.len();
            let name = ["x", "y", "z"][axis];
            self.canvas.draw(&format!("{base}/slice_{name}"), &quad.mesh(rgb, size), bytes)?;
        }
        let box_edges = edges(volume, &seen);
        self.look_at_volume(&box_edges)?;
        let edges = rerun::LineStrips3D::new(box_edges)
            .with_colors([rerun::Color::from_rgb(120, 200, 120)]);
        self.canvas.draw(&format!("{base}/seen"), &edges, 400)?;
        Ok(Some(said))
    }

    /// While nothing is registered, the volume is what there is to look at; again once it has grown a lot, so that a
    /// person who looks at it from elsewhere is seldom disturbed.
    fn look_at_volume(&mut self, edges: &[[[f32; 3]; 2]]) -> Result<(), CanvasError> {
        let corners: Vec<Point3<f32>> =
            edges.iter().flatten().map(|corner| Point3::from(*corner)).collect();
        let Some(eye) = Eye::on(corners.iter()) else { return Ok(()) };
        let is_due = self.volume_eye.as_ref().is_none_or(|before| eye.has_outgrown(before));
        if self.eye.is_none() && is_due {
            self.volume_eye = Some(eye);
            self.lay_out()?;
        }
        Ok(())
    }
}

/// The smallest box around all voxels that an image contributed to.
fn seen(volume: &Volume) -> Option<Box3> {
    let [columns, rows, _] = volume.size.map(|size| size as usize);
    let mut seen: Option<Box3> = None;
    for (number, row) in volume.seen.as_slice().chunks(columns.max(1)).enumerate() {
        let first = row.iter().position(|&value| value != 0);
        let (Some(first), Some(last)) = (first, row.iter().rposition(|&value| value != 0)) else {
            continue;
        };
        let (y, z) = (number % rows, number / rows);
        let row = [[first, last], [y, y], [z, z]];
        seen = Some(match seen {
            None => row,
            Some(seen) => std::array::from_fn(|axis| {
                [seen[axis][0].min(row[axis][0]), seen[axis][1].max(row[axis][1])]
            }),
        });
    }
    seen
}

/// The slice through the middle of the box, across `axis`: grey values, columns and rows, place.
fn slice(volume: &Volume, seen: &Box3, axis: usize) -> (Vec<u8>, [u32; 2], Quad) {
    let [columns, rows, _] = volume.size.map(|size| size as usize);
    let voxels = volume.voxels.as_slice();
    // The picture's columns and rows run along the two other axes.
    let (u, v) = [(1, 2), (0, 2), (0, 1)][axis];
    let middle = usize::midpoint(seen[axis][0], seen[axis][1]);
    let mut grey = Vec::new();
    for along_v in seen[v][0]..=seen[v][1] {
        for along_u in seen[u][0]..=seen[u][1] {
            let mut index = [middle; 3];
            index[u] = along_u;
            index[v] = along_v;
            grey.push(voxels[(index[2] * rows + index[1]) * columns + index[0]]);
        }
    }
    let size = [u, v].map(|axis| (seen[axis][1] - seen[axis][0] + 1) as u32);
    let map = &volume.patient_from_voxel;
    let mut first = [middle as f64; 3];
    first[u] = seen[u][0] as f64 - 0.5;
    first[v] = seen[v][0] as f64 - 0.5;
    let quad = Quad {
        corner: at(volume, first),
        across: map.axis(u) * f64::from(size[0]),
        down: map.axis(v) * f64::from(size[1]),
    };
    (grey, size, quad)
}

fn at(volume: &Volume, index: [f64; 3]) -> Vector3<f64> {
    let map = &volume.patient_from_voxel;
    map.origin() + map.axis(0) * index[0] + map.axis(1) * index[1] + map.axis(2) * index[2]
}

/// The twelve edges of the box.
fn edges(volume: &Volume, seen: &Box3) -> Vec<[[f32; 3]; 2]> {
    let corner = |number: usize| {
        let index = std::array::from_fn(|axis| {
            if number >> axis & 1 == 0 {
                seen[axis][0] as f64 - 0.5
            } else {
                seen[axis][1] as f64 + 0.5
            }
        });
        let point = at(volume, index);
        [point.x as f32, point.y as f32, point.z as f32]
    };
    (0..8)
        .flat_map(|from| (0..3).map(move |axis| (from, from | 1 << axis)))
        .filter(|(from, to)| from != to)
        .map(|(from, to)| [corner(from), corner(to)])
        .collect()
}

#[cfg(test)]
mod tests {
    use messages::Affine;
    use nalgebra::Matrix3x4;

    use super::*;

    fn volume() -> Volume {
        let size = [4u32, 3, 5];
        let count = 60;
        let mut seen = vec![0; count];
        // x 1..=2, y 1..=2, z 2..=4
        for z in 2..=4 {
            for y in 1..=2 {
                for x in 1..=2 {
                    seen[(z * 3 + y) * 4 + x] = 1;
                }
            }
        }
        let rows = Matrix3x4::new(2.0, 0.0, 0.0, 10.0, 0.0, 2.0, 0.0, 20.0, 0.0, 0.0, 2.0, 30.0);
        Volume {
            size,
            patient_from_voxel: Affine::from_rows(rows).unwrap(),
            images: 1,
            voxels: (0..count as u8).collect::<Vec<u8>>().into(),
            seen: seen.into(),
        }
    }

    #[test]
    fn the_box_holds_what_was_seen() {
        assert_eq!(seen(&volume()), Some([[1, 2], [1, 2], [2, 4]]));
        let mut nothing = volume();
        nothing.seen = vec![0; 60].into();
        assert_eq!(seen(&nothing), None);
    }

    #[test]
    fn a_slice_holds_the_voxels_of_its_plane_and_lies_there() {
        let volume = volume();
        let (grey, size, quad) = slice(&volume, &seen(&volume).unwrap(), 2);
        assert_eq!(size, [2, 2]);
        // z = 3, y = 1..=2, x = 1..=2
        assert_eq!(grey, [41, 42, 45, 46]);
        // Half a voxel before (1, 1, 3).
        assert_eq!(quad.corner, Vector3::new(11.0, 21.0, 36.0));
        assert_eq!(quad.across, Vector3::new(4.0, 0.0, 0.0));
        assert_eq!(quad.down, Vector3::new(0.0, 4.0, 0.0));
    }

    #[test]
    fn a_box_has_twelve_edges_of_its_length() {
        let volume = volume();
        let edges = edges(&volume, &seen(&volume).unwrap());
        assert_eq!(edges.len(), 12);
        let mut lengths: Vec<i32> = edges
            .iter()
            .map(|[a, b]| (0..3).map(|axis| (a[axis] - b[axis]).abs() as i32).sum())
            .collect();
        lengths.sort_unstable();
        assert_eq!(lengths, [4, 4, 4, 4, 4, 4, 4, 4, 6, 6, 6, 6]);
    }
}
