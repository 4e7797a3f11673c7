//! Frames in the compressions of DICOM, written by hand; the fuzz targets begin with them too.
#![allow(dead_code, clippy::unwrap_used, missing_docs, reason = "each test uses a part of it")]

/// Both planes of bytes as literals, in segments of RLE.
pub fn run_lengths(numbers: &[u16]) -> Vec<u8> {
    let mut frame = vec![0; 64];
    frame[0] = 2;
    for (segment, shift) in [8, 0].into_iter().enumerate() {
        let offset = (frame.len() as u32).to_le_bytes();
        frame[4 + 4 * segment..8 + 4 * segment].copy_from_slice(&offset);
        frame.push((numbers.len() - 1) as u8);
        frame.extend(numbers.iter().map(|number| (number >> shift) as u8));
        frame.resize(frame.len().next_multiple_of(2), 0);
    }
    frame
}

/// JPEG without loss (process 14, selection value 1): differences to the left, or above, after a category of 5 bits.
pub fn lossless_jpeg(numbers: &[u16], width: usize, precision: u8) -> Vec<u8> {
    let height = numbers.len() / width;
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xc4, 0, 2 + 1 + 16 + 17, 0];
    // All 17 categories have codes of 5 bits: 0, 1, …
    bytes.extend([0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(0..17_u8);
    bytes.extend([0xff, 0xc3, 0, 11, precision, 0, height as u8, 0, width as u8, 1, 1, 0x11, 0]);
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 1, 0, 0]);
    let mut bits = String::new();
    for (at, &number) in numbers.iter().enumerate() {
        let before = match (at % width, at / width) {
            (0, 0) => 1 << (precision - 1),
            (0, _) => numbers[at - width],
            _ => numbers[at - 1],
        };
        let difference = i32::from(number.wrapping_sub(before) as i16);
        bits.push_str(&coded(difference, 5));
    }
    bytes.extend(packed(&bits));
    bytes.extend([0xff, 0xd9]);
    bytes
}

/// A difference as its category, in so many bits, and where it lies in it.
fn coded(difference: i32, category_bits: usize) -> String {
    let category = 32 - difference.unsigned_abs().leading_zeros();
    let low = if difference < 0 { difference + (1 << category) - 1 } else { difference };
    let low = if matches!(category, 0 | 16) {
        String::new()
    } else {
        format!("{low:0width$b}", width = category as usize)
    };
    format!("{category:0category_bits$b}{low}")
}

/// Bits as bytes, filled up with ones, and with a zero after each byte of ones.
pub fn packed(bits: &str) -> Vec<u8> {
    let filled = bits.to_owned() + &"1".repeat(bits.len().next_multiple_of(8) - bits.len());
    let bytes = filled
        .as_bytes()
        .chunks(8)
        .map(|eight| u8::from_str_radix(std::str::from_utf8(eight).unwrap(), 2).unwrap());
    bytes.flat_map(|byte| if byte == 0xff { vec![0xff, 0] } else { vec![byte] }).collect()
}

/// Baseline JPEG of even blocks of 8 by 8 pixels, side by side.
pub fn baseline_jpeg(blocks: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    bytes.extend([8; 64]);
    // Categories of 4 bits for the mean of a block; one code that ends it.
    bytes.extend([0xff, 0xc4, 0, 2 + 1 + 16 + 12, 0]);
    bytes.extend([0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(0..12_u8);
    bytes.extend([0xff, 0xc4, 0, 2 + 1 + 16 + 1, 0x10]);
    bytes.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8 * blocks.len() as u8, 1, 1, 0x11, 0]);
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]);
    let mut bits = String::new();
    let mut before = 0;
    for &block in blocks {
        // The mean of a block, times 8, in steps of 8.
        let mean = i32::from(block) - 128;
        let difference = mean - before;
        before = mean;
        bits.push_str(&coded(difference, 4));
        bits.push('0');
    }
    bytes.extend(packed(&bits));
    bytes.extend([0xff, 0xd9]);
    bytes
}
