//! Polygons and strips cut into triangles.

use super::{Error, MOST};

/// Adds the triangles of a polygon, all from its first corner.
pub fn polygon(corners: &[u32], triangles: &mut Vec<[u32; 3]>) -> Result<(), Error> {
    let [first, others @ ..] = corners else { return Err(too_few(corners)) };
    if others.len() < 2 {
        return Err(too_few(corners));
    }
    for pair in others.windows(2) {
        add([*first, pair[0], pair[1]], triangles)?;
    }
    Ok(())
}

/// Adds the triangles of a strip: each corner from the third on makes one with the two before, every second of them the
/// other way round.
pub fn strip(corners: &[u32], triangles: &mut Vec<[u32; 3]>) -> Result<(), Error> {
    if corners.len() < 3 {
        return Err(too_few(corners));
    }
    for (index, three) in corners.windows(3).enumerate() {
        let (a, b) = if index % 2 == 0 { (three[0], three[1]) } else { (three[1], three[0]) };
        add([a, b, three[2]], triangles)?;
    }
    Ok(())
}

fn add(corners: [u32; 3], triangles: &mut Vec<[u32; 3]>) -> Result<(), Error> {
    if triangles.len() >= MOST {
        return Err(Error::TooLarge { what: "triangles", most: MOST, came: MOST as u64 + 1 });
    }
    triangles.push(corners);
    Ok(())
}

fn too_few(corners: &[u32]) -> Error {
    Error::wrong("a face", "three corners or more", format!("{} corners", corners.len()))
}
