//! Pixels as JPEG (ISO/IEC 10918-1, lossless or baseline) and JPEG 2000 (ISO/IEC 15444-1).
//!
//! The decoders allocate what the head of a frame declares, and one of them panics at heads of some kinds. So the head
//! is read here first: a frame must have the size that the data set says, one component, and bytes enough to be whole.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};
use jpeg_decoder::Decoder;

/// Size of an image, and how many bits its numbers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    is_lossless: bool,
    precision: u8,
    rows: u32,
    columns: u32,
    components: u16,
}

/// The cells of a JPEG frame.
pub fn decode(frame: &[u8], rows: u16, columns: u16) -> Result<Vec<u16>, String> {
    let head = jpeg_head(frame).ok_or("it does not begin as JPEG with Huffman codes does")?;
    check(head, rows, columns)?;
    let pixels = usize::from(rows) * usize::from(columns);
    // A pixel takes one bit at least without loss, and a block of 64 takes two with it (annexes F.1.2 and H.1.2).
    let least_bits = if head.is_lossless { pixels } else { pixels / 32 };
    if frame.len() * 8 < least_bits {
        return Err("it was cut off".to_owned());
    }
    if !head.is_lossless && head.precision != 8 {
        return Err(format!(
            "{} bits with loss are not read: use dcmtk's `dcmdjpeg in.dcm out.dcm`",
            head.precision
        ));
    }
    let mut decoder = Decoder::new(frame);
    decoder.set_max_decoding_buffer_size(pixels * 2);
    let bytes = decoder.decode().map_err(|error| error.to_string())?;
    if bytes.len() == pixels {
        Ok(bytes.into_iter().map(u16::from).collect())
    } else if bytes.len() == pixels * 2 {
        Ok(bytes.as_chunks::<2>().0.iter().map(|bytes| u16::from_ne_bytes(*bytes)).collect())
    } else {
        Err("it has another number of pixels than its head says".to_owned())
    }
}

/// The head of the frame: the first marker SOF, before which there are only segments with a length.
fn jpeg_head(frame: &[u8]) -> Option<Head> {
    let mut rest = frame.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, marker, high, low, ..] = *rest else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if matches!(marker, 0xc0 | 0xc1 | 0xc3) {
            let [precision, y1, y0, x1, x0, components, ..] = *rest.get(4..)? else {
                return None;
            };
            return Some(Head {
                is_lossless: marker == 0xc3,
                precision,
                rows: u16::from_be_bytes([y1, y0]).into(),
                columns: u16::from_be_bytes([x1, x0]).into(),
                components: components.into(),
            });
        }
        // Tables, application segments and comments; other frames are progressive, arithmetic or hierarchical.
        if !matches!(marker, 0xc4 | 0xdb | 0xdd | 0xe0..=0xef | 0xfe) || length < 2 {
            return None;
        }
        rest = rest.get(2 + length..)?;
    }
}

/// The cells of a JPEG 2000 code stream.
pub fn decode_2000(frame: &[u8], rows: u16, columns: u16) -> Result<Vec<u16>, String> {
    let (head, is_signed) =
        jpeg_2000_head(frame).ok_or("it does not begin as a code stream does")?;
    check(head, rows, columns)?;
    let pixels = usize::from(rows) * usize::from(columns);
    // An even area takes almost nothing, and the decoder keeps some dozens of bytes for each pixel; so a slice may be as
    // even as it likes, and a large image as large as its bytes can be of a body.
    if pixels > 1 << 20 && (pixels > 1 << 24 || pixels / 64 > frame.len()) {
        return Err("it is larger than so few bytes can be, or than 4096 by 4096 pixels".to_owned());
    }
    let settings =
        DecodeSettings { strict: true, resolve_palette_indices: false, target_resolution: None };
    let image = Image::new(frame, &settings).map_err(|error| error.to_string())?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|error| error.to_string())?;
    let [component] = decoded.components() else {
        return Err("it has several components".to_owned());
    };
    if component.samples().len() != pixels {
        return Err("it has another number of pixels than its head says".to_owned());
    }
    let highest = ((1_u32 << head.precision) - 1) as f32;
    // The decoder shifts signed numbers up as it does unsigned ones (equation E-1).
    let middle = if is_signed { 1_u16 << (head.precision - 1) } else { 0 };
    let number = |sample: &f32| (sample.round().clamp(0.0, highest) as u16).wrapping_sub(middle);
    Ok(component.samples().iter().map(number).collect())
}

/// Size and numbers of a code stream, and whether they are signed: the marker SIZ, which is the first (section A.5.1).
fn jpeg_2000_head(frame: &[u8]) -> Option<(Head, bool)> {
    let head = frame.strip_prefix(&[0xff, 0x4f, 0xff, 0x51])?.first_chunk::<39>()?;
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    // Grid and tiles that begin anywhere but at 0 are for crops, which no archive makes.
    let [width, height] = [word(4), word(8)];
    if [12, 16, 28, 32].into_iter().any(|at| word(at) != 0) {
        return None;
    }
    // The decoder keeps a tree for each tile; a slice has one, or some dozens.
    let tiles = |size: u32, tile: u32| u64::from(size.div_ceil(tile.max(1)));
    if tiles(width, word(20)) * tiles(height, word(24)) > 4096 {
        return None;
    }
    let components = u16::from_be_bytes([head[36], head[37]]);
    let depth = head[38];
    let head = Head {
        is_lossless: false,
        precision: (depth & 0x7f) + 1,
        rows: height,
        columns: width,
        components,
    };
    Some((head, depth & 0x80 != 0))
}

fn check(head: Head, rows: u16, columns: u16) -> Result<(), String> {
    if (head.rows, head.columns) != (u32::from(rows), u32::from(columns)) {
        return Err(format!(
            "it has {} rows of {} pixels where the data set says {rows} of {columns}",
            head.rows, head.columns
        ));
    }
    if head.components != 1 {
        return Err(format!("it has {} components where grey has one", head.components));
    }
    if !(2..=16).contains(&head.precision) {
        return Err(format!("it has {} bits where 2 to 16 are read", head.precision));
    }
    Ok(())
}
