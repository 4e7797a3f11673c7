//! Small DICOM files to begin with, in each way that is read; written here, because no reader's own hand should be needed.

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::dicom_frames::{baseline_jpeg, lossless_jpeg, run_lengths};

pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const BIG: &str = "1.2.840.10008.1.2.2";
const RUN_LENGTHS: &str = "1.2.840.10008.1.2.5";
const BASELINE_JPEG: &str = "1.2.840.10008.1.2.4.50";
const LOSSLESS_JPEG: &str = "1.2.840.10008.1.2.4.70";
const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
const LOSSLESS_JPEG_2000: &str = "1.2.840.10008.1.2.4.90";
const JPEG_2000: &str = "1.2.840.10008.1.2.4.91";

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const DIRECTORY: &str = "1.2.840.10008.1.3.10";

/// 4 by 3 pixels, as all slices here have but those of even blocks and of the lossy code stream.
const PIXELS: [u16; 12] = [0, 1, 255, 256, 300, 4095, 4000, 17, 17, 17, 17, 2048];

/// The numbers of `PIXELS` as a code stream of 16 bits without loss, and 16 by 16 pixels of 8 bits with loss.
const CODE_STREAMS: [&[u8]; 2] = [
    include_bytes!("../../tests/dicom_files/lossless-16.j2k"),
    include_bytes!("../../tests/dicom_files/lossy-8.j2k"),
];

/// How elements are written.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Implicit,
    Explicit,
    Big,
}

/// Elements, one behind the other.
struct Elements {
    way: Way,
    bytes: Vec<u8>,
}

impl Elements {
    fn new(way: Way) -> Self {
        Self { way, bytes: Vec::new() }
    }

    fn two(&self, number: u16) -> [u8; 2] {
        if self.way == Way::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn four(&self, number: u32) -> [u8; 4] {
        if self.way == Way::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn head(&mut self, tag: u32, vr: &str, length: u32) {
        let tag = [self.two((tag >> 16) as u16), self.two(tag as u16)].concat();
        self.bytes.extend(tag);
        let long = self.four(length);
        if self.way == Way::Implicit || vr.is_empty() {
            self.bytes.extend(long);
            return;
        }
        self.bytes.extend(vr.bytes());
        if matches!(vr, "OB" | "OW" | "SQ" | "UN") {
            self.bytes.extend([0, 0]);
            self.bytes.extend(long);
        } else {
            self.bytes.extend(self.two(length as u16));
        }
    }

    fn put(&mut self, tag: u32, vr: &str, value: &[u8]) -> &mut Self {
        let padded = value.len().next_multiple_of(2);
        self.head(tag, vr, padded as u32);
        self.bytes.extend(value);
        let padding = if matches!(vr, "UI" | "OB" | "OW") { 0 } else { b' ' };
        self.bytes.resize(self.bytes.len() + padded - value.len(), padding);
        self
    }

    fn text(&mut self, tag: u32, vr: &str, text: &str) -> &mut Self {
        self.put(tag, vr, text.as_bytes())
    }

    fn short(&mut self, tag: u32, number: u16) -> &mut Self {
        let bytes = self.two(number);
        self.put(tag, "US", &bytes)
    }

    /// A sequence of items, of open length, or of one that is written.
    fn sequence(&mut self, tag: u32, is_open: bool, items: &[Vec<u8>]) -> &mut Self {
        let mut all = Self::new(self.way);
        for item in items {
            let length = if is_open { u32::MAX } else { item.len() as u32 };
            all.head(0xfffe_e000, "", length);
            all.bytes.extend(item);
            if is_open {
                all.head(0xfffe_e00d, "", 0);
            }
        }
        if is_open {
            all.head(0xfffe_e0dd, "", 0);
        }
        self.head(tag, "SQ", if is_open { u32::MAX } else { all.bytes.len() as u32 });
        self.bytes.extend(all.bytes);
        self
    }

    /// Where an image lies, and what its numbers mean, as a classic file says it.
    fn place(&mut self, height: &str) -> &mut Self {
        self.text(0x0018_0050, "DS", "2.5")
            .text(0x0020_0032, "DS", &format!("-10\\-20.5\\{height}"))
            .text(0x0020_0037, "DS", "1\\0\\0\\0\\1\\0")
            .text(0x0028_0030, "DS", "0.75\\0.5")
            .text(0x0028_1052, "DS", "-1024")
            .text(0x0028_1053, "DS", "1")
    }
}

/// The element of pixels as they are.
fn words(way: Way, numbers: &[u16]) -> Vec<u8> {
    let mut element = Elements::new(way);
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| element.two(*number)).collect();
    element.put(0x7fe0_0010, "OW", &bytes);
    element.bytes
}

/// The element of compressed pixels: a table of offsets, and fragments.
fn fragments(table: &[u32], parts: &[&[u8]]) -> Vec<u8> {
    let mut element = Elements::new(Way::Explicit);
    element.head(0x7fe0_0010, "OB", u32::MAX);
    let table: Vec<u8> = table.iter().flat_map(|offset| offset.to_le_bytes()).collect();
    for part in [&[&table[..]], parts].concat() {
        element.head(0xfffe_e000, "", part.len() as u32);
        element.bytes.extend(part);
    }
    element.head(0xfffe_e0dd, "", 0);
    element.bytes
}

/// Rows, columns, bits allocated and stored, and whether they are signed.
type Format = [u16; 5];
const SIGNED: Format = [3, 4, 16, 16, 1];
const UNSIGNED: Format = [3, 4, 16, 12, 0];

/// What each image says of who it is and of its pixels.
fn image(way: Way, [rows, columns, allocated, stored, signed]: Format) -> Elements {
    let mut image = Elements::new(way);
    image
        .text(0x0008_0005, "CS", "ISO_IR 100")
        .text(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\AXIAL")
        .text(0x0008_0060, "CS", "CT")
        .put(0x0010_0010, "PN", b"M\xfcller^Erika")
        .text(0x0010_0020, "LO", "4711")
        .text(0x0020_000e, "UI", "1.2.3.99.2000")
        .text(0x0020_0011, "IS", "5")
        .text(0x0020_0052, "UI", "1.2.3.99.3000")
        .short(0x0028_0002, 1)
        .text(0x0028_0004, "CS", "MONOCHROME2")
        .short(0x0028_0010, rows)
        .short(0x0028_0011, columns)
        .short(0x0028_0100, allocated)
        .short(0x0028_0101, stored)
        .short(0x0028_0102, stored - 1)
        .short(0x0028_0103, signed);
    image
}

/// A preamble, and the file meta information.
pub fn meta(class: &str, syntax: &str) -> Vec<u8> {
    let mut meta = Elements::new(Way::Explicit);
    meta.text(0x0002_0002, "UI", class).text(0x0002_0010, "UI", syntax);
    [&[0; 128], &b"DICM"[..], &meta.bytes].concat()
}

/// The beginning of the files that [`deflated`] takes.
pub fn plain_start() -> Vec<u8> {
    meta(CT, EXPLICIT)
}

/// A file with a data set deflated.
pub fn deflated(dataset: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(meta(CT, DEFLATED), Compression::fast());
    let written = std::io::Write::write_all(&mut encoder, dataset).and_then(|()| encoder.finish());
    written.expect("a vector takes all")
}

fn file(syntax: &str, dataset: &Elements) -> Vec<u8> {
    [meta(CT, syntax), dataset.bytes.clone()].concat()
}

/// A slice in a transfer syntax, with its pixels put at its end.
fn slice(syntax: &str, way: Way, format: Format, height: &str, pixels: &[u8]) -> Vec<u8> {
    let mut slice = image(way, format);
    slice.place(height).bytes.extend(pixels);
    file(syntax, &slice)
}

/// Two slices that differ in their height.
fn pair(syntax: &str, way: Way, format: Format, pixels: &[u8]) -> Vec<Vec<u8>> {
    ["0", "2"].map(|height| slice(syntax, way, format, height, pixels)).to_vec()
}

/// A file of three frames, which say in groups where they lie.
fn enhanced(syntax: &str, way: Way, is_open: bool, pixels: &[u8]) -> Vec<u8> {
    let group = |tag: u32, attributes: &[(u32, &str)]| {
        let mut item = Elements::new(way);
        for (tag, value) in attributes {
            item.text(*tag, "DS", value);
        }
        let mut group = Elements::new(way);
        group.sequence(tag, is_open, &[item.bytes]);
        group.bytes
    };
    let shared = [
        group(0x0020_9116, &[(0x0020_0037, "1\\0\\0\\0\\1\\0")]),
        group(0x0028_9110, &[(0x0018_0050, "3"), (0x0028_0030, "0.75\\0.5")]),
        group(0x0028_9145, &[(0x0028_1052, "-1000"), (0x0028_1053, "1")]),
    ];
    let frames = ["-10\\-20\\2", "-10\\-20\\0", "-10\\-20\\4"]
        .map(|place| group(0x0020_9113, &[(0x0020_0032, place)]));
    let mut object = image(way, SIGNED);
    object
        .text(0x0028_0008, "IS", "3")
        .sequence(0x5200_9229, is_open, &[shared.concat()])
        .sequence(0x5200_9230, is_open, &frames);
    object.bytes.extend(pixels);
    file(syntax, &object)
}

/// Pixels that take an even number of bytes, as fragments must.
fn even(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// Files that each hold a volume, or would if one were put beside it.
pub fn enhanced_files() -> Vec<Vec<u8>> {
    let numbers: Vec<u16> =
        (0..3).flat_map(|frame| (0..12).map(move |at| 100 * frame + at)).collect();
    let runs: Vec<Vec<u8>> = numbers.chunks(12).map(run_lengths).collect();
    let jpegs: Vec<Vec<u8>> =
        numbers.chunks(12).map(|frame| even(lossless_jpeg(frame, 4, 16))).collect();
    let runs: Vec<&[u8]> = runs.iter().map(Vec::as_slice).collect();
    // The second frame in two fragments, found by the table.
    let (first, second) = jpegs[1].split_at(20);
    let parts = [&jpegs[0][..], first, second, &jpegs[2]];
    let before = |parts: &[&[u8]]| parts.iter().map(|part| part.len() as u32 + 8).sum::<u32>();
    let table = [0, before(&parts[..1]), before(&parts[..3])];
    vec![
        enhanced(EXPLICIT, Way::Explicit, true, &words(Way::Explicit, &numbers)),
        enhanced(IMPLICIT, Way::Implicit, false, &words(Way::Implicit, &numbers)),
        enhanced(BIG, Way::Big, true, &words(Way::Big, &numbers)),
        enhanced(RUN_LENGTHS, Way::Explicit, false, &fragments(&[], &runs)),
        enhanced(LOSSLESS_JPEG, Way::Explicit, true, &fragments(&table, &parts)),
    ]
}

/// Folders of slices, in each transfer syntax and with what else lies among them.
pub fn folders() -> Vec<Vec<Vec<u8>>> {
    let (runs, lossless) = (run_lengths(&PIXELS), even(lossless_jpeg(&PIXELS, 4, 12)));
    let baseline = even(baseline_jpeg(&[200, 40]));
    let raw = words(Way::Explicit, &PIXELS);
    let mut bytes = Elements::new(Way::Big);
    bytes.put(0x7fe0_0010, "OW", b"0123456789ab");
    let plain = pair(EXPLICIT, Way::Explicit, SIGNED, &raw);
    let at = |height: &str| slice(EXPLICIT, Way::Explicit, SIGNED, height, &raw);
    let coded = |syntax: &str, format: Format, frame: &[u8]| {
        pair(syntax, Way::Explicit, format, &fragments(&[], &[frame]))
    };
    let mut localizer = Elements::new(Way::Explicit);
    localizer
        .text(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\LOCALIZER")
        .text(0x0008_0060, "CS", "CT")
        .text(0x0020_000e, "UI", "1.2.3.99.2001")
        .short(0x0028_0010, 3)
        .short(0x0028_0011, 4);
    let mut report = Elements::new(Way::Explicit);
    report.text(0x0008_0060, "CS", "SR").text(0x0020_000e, "UI", "1.2.3.99.2002");
    // An odd number of bytes, values that are no whole numbers, and padding.
    let fractions = ["-1e1", "2"].map(|height| {
        let mut slice = image(Way::Explicit, [3, 3, 8, 8, 1]);
        slice.place(height);
        // What comes twice is refused, so the last elements are cut off and written again.
        let end = slice.bytes.len() - 10;
        slice.bytes.truncate(end);
        slice.text(0x0028_1053, "DS", "0.1").short(0x0028_0120, 7).short(0x0028_0121, 9).put(
            0x7fe0_0010,
            "OW",
            b"\x01\xff\x07\x08\x09\x0a\x00\x80\x7f",
        );
        file(EXPLICIT, &slice)
    });
    let bare = plain.iter().map(|file| file[plain_start().len()..].to_vec()).collect();
    let numbered = |index: u8| {
        let mut slice = at(&(2 * index).to_string());
        let number = slice.windows(4).position(|tag| tag == [0x20, 0, 0x11, 0]);
        slice[number.expect("each slice has a number") + 8] = b'0' + index;
        slice
    };
    vec![
        plain.clone(),
        pair(IMPLICIT, Way::Implicit, SIGNED, &words(Way::Implicit, &PIXELS)),
        pair(BIG, Way::Big, SIGNED, &words(Way::Big, &PIXELS)),
        pair(BIG, Way::Big, [3, 4, 8, 8, 0], &bytes.bytes),
        plain.iter().map(|file| deflated(&file[plain_start().len()..])).collect(),
        bare,
        coded(RUN_LENGTHS, UNSIGNED, &runs),
        coded(LOSSLESS_JPEG, UNSIGNED, &lossless),
        coded(BASELINE_JPEG, [8, 16, 8, 8, 0], &baseline),
        coded(LOSSLESS_JPEG_2000, [3, 4, 16, 16, 0], CODE_STREAMS[0]),
        coded(JPEG_2000, [16, 16, 8, 8, 0], CODE_STREAMS[1]),
        coded(JPEG_LS, UNSIGNED, &runs),
        // A volume, a localizer, a report and the table of contents.
        vec![
            at("-2"),
            file(EXPLICIT, &localizer),
            at("0.0"),
            file(EXPLICIT, &report),
            meta(DIRECTORY, EXPLICIT),
        ],
        // One is missing; all lie at the same place; of several numbers; two files of several frames.
        ["0", "2", "4", "8"].map(at).to_vec(),
        vec![at("1"), at("1")],
        vec![numbered(1), numbered(2), numbered(0)],
        enhanced_files()[..2].to_vec(),
        fractions.to_vec(),
    ]
}
