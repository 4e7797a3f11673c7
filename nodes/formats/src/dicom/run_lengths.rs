//! Pixels in runs of equal bytes (DICOM PS3.5 annex G).

/// Why a frame cannot be read.
pub type Reason = &'static str;

/// The cells of a frame of `pixels` cells with `bytes` bytes each.
pub fn decode(frame: &[u8], pixels: usize, bytes: usize) -> Result<Vec<u16>, Reason> {
    let (header, _) = frame.split_first_chunk::<64>().ok_or("its header was cut off")?;
    let mut words = header.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
    if words.next() != Some(bytes as u32) {
        return Err("it has another number of segments than pixels have bytes");
    }
    let offsets: Vec<usize> = words.take(bytes).map(|offset| offset as usize).collect();
    let mut cells = Vec::new();
    // One segment for each byte of a pixel, the most significant first.
    for (segment, &from) in offsets.iter().enumerate() {
        let to = offsets.get(segment + 1).copied().unwrap_or(frame.len());
        if from < 64 || from > to {
            return Err("a segment lies outside of the frame");
        }
        let packed = frame.get(from..to).ok_or("a segment lies outside of the frame")?;
        let plane = unpack(packed, pixels)?;
        if segment == 0 {
            cells = plane.into_iter().map(u16::from).collect();
        } else {
            for (cell, low) in cells.iter_mut().zip(plane) {
                *cell = *cell << 8 | u16::from(low);
            }
        }
    }
    Ok(cells)
}

/// Unpacks one segment; the bytes grow with what comes, at most 64 times as much.
fn unpack(mut packed: &[u8], length: usize) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let (&control, rest) = packed.split_first().ok_or("a segment ends early")?;
        packed = rest;
        match control {
            0..=127 => {
                let (literal, rest) = packed
                    .split_at_checked(usize::from(control) + 1)
                    .ok_or("a segment ends early")?;
                bytes.extend_from_slice(literal);
                packed = rest;
            }
            128 => {}
            129..=255 => {
                let (&byte, rest) = packed.split_first().ok_or("a segment ends early")?;
                bytes.extend(std::iter::repeat_n(byte, 257 - usize::from(control)));
                packed = rest;
            }
        }
    }
    if bytes.len() > length {
        return Err("a segment is longer than the image");
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(segments: &[&[u8]]) -> Vec<u8> {
        let mut frame = vec![0; 64];
        frame[0] = segments.len() as u8;
        for (at, segment) in segments.iter().enumerate() {
            let offset = (frame.len() as u32).to_le_bytes();
            frame[4 + 4 * at..8 + 4 * at].copy_from_slice(&offset);
            frame.extend_from_slice(segment);
        }
        frame
    }

    #[test]
    fn bytes_of_a_pixel_come_in_segments_of_runs_and_literals() {
        let high: &[u8] = &[254, 0x12, 128, 1, 0xff, 0x01];
        let low: &[u8] = &[4, 1, 2, 3, 4, 5, 0];
        let cells = decode(&frame(&[high, low]), 5, 2);
        assert_eq!(cells, Ok(vec![0x1201, 0x1202, 0x1203, 0xff04, 0x0105]));
        assert_eq!(decode(&frame(&[&[252, 9]]), 5, 1), Ok(vec![9; 5]));
    }

    #[test]
    fn damaged_runs_are_refused() {
        let good = frame(&[&[252, 9]]);
        assert!(decode(&good[..63], 5, 1).is_err());
        assert_eq!(
            decode(&good, 5, 2),
            Err("it has another number of segments than pixels have bytes")
        );
        assert_eq!(decode(&good, 6, 1), Err("a segment ends early"));
        assert_eq!(decode(&good, 4, 1), Err("a segment is longer than the image"));
        assert_eq!(decode(&frame(&[&[9, 1, 2]]), 10, 1), Err("a segment ends early"));
        let mut outside = good;
        outside[4] = 200;
        assert_eq!(decode(&outside, 5, 1), Err("a segment lies outside of the frame"));
    }
}
