//! An MKV laid out as IGSIO writes it: raw images, and a track of texts for each field of a frame.
//!
//! By `vtkIGSIOMkvSequenceIO.cxx`: no file that IGSIO wrote is at hand.

/// A field, and its text in each frame.
pub type Field<'a> = (&'a str, Vec<String>);

fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    // All lengths in eight bytes.
    let length = (body.len() as u64 | 1 << 56).to_be_bytes();
    [id, &length, body].concat()
}

fn number(id: &[u8], value: u32) -> Vec<u8> {
    element(id, &value.to_be_bytes())
}

fn track(index: u8, kind: u32, name: &str, codec: &str, more: &[u8]) -> Vec<u8> {
    let parts = [
        number(&[0xd7], index.into()),
        number(&[0x73, 0xc5], index.into()),
        number(&[0x83], kind),
        element(&[0x53, 0x6e], name.as_bytes()),
        element(&[0x86], codec.as_bytes()),
        more.to_vec(),
    ];
    element(&[0xae], &parts.concat())
}

fn block(track: u8, time_ms: u16, data: &[u8]) -> Vec<u8> {
    let time = time_ms.to_be_bytes();
    [&[0x80 | track], &time[..], &[0x80], data].concat()
}

/// `images` have three bytes for each of `width_px * height_px` pixels; `times_ms` and the texts of each field are as many.
pub fn mkv(
    [width_px, height_px]: [u32; 2],
    times_ms: &[u16],
    images: &[Vec<u8>],
    fields: &[Field<'_>],
) -> Vec<u8> {
    let size = [
        number(&[0xb0], width_px),
        number(&[0xba], height_px),
        element(&[0x2e, 0xb5, 0x24], b"RV24"),
    ];
    let size = element(&[0xe0], &size.concat());
    let mut tracks = track(1, 1, "Video", "V_UNCOMPRESSED", &size);
    for (index, (name, _)) in (2..).zip(fields) {
        tracks.extend(track(index, 0x11, name, "S_TEXT/UTF8", &[]));
    }
    let mut cluster = number(&[0xe7], 0);
    for (frame, (time, image)) in times_ms.iter().zip(images).enumerate() {
        cluster.extend(element(&[0xa3], &block(1, *time, image)));
        for (index, (_, texts)) in (2..).zip(fields) {
            // With the zero at its end, for a nanosecond.
            let text = [texts[frame].as_bytes(), b"\0"].concat();
            let group = [element(&[0xa1], &block(index, *time, &text)), number(&[0x9b], 0)];
            cluster.extend(element(&[0xa0], &group.concat()));
        }
    }
    let head = [
        number(&[0x42, 0x86], 1),
        number(&[0x42, 0xf7], 1),
        number(&[0x42, 0xf2], 4),
        number(&[0x42, 0xf3], 8),
        element(&[0x42, 0x82], b"webm"),
        number(&[0x42, 0x87], 4),
        number(&[0x42, 0x85], 2),
    ];
    let info = number(&[0x2a, 0xd7, 0xb1], 1_000_000);
    let segment = [
        element(&[0x15, 0x49, 0xa9, 0x66], &info),
        element(&[0x16, 0x54, 0xae, 0x6b], &tracks),
        element(&[0x1f, 0x43, 0xb6, 0x75], &cluster),
    ];
    [
        element(&[0x1a, 0x45, 0xdf, 0xa3], &head.concat()),
        element(&[0x18, 0x53, 0x80, 0x67], &segment.concat()),
    ]
    .concat()
}
