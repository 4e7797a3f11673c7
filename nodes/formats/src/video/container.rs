//! Which kind of video file it is, by its first bytes.

use std::fmt;

/// A kind of video file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Matroska (`.mkv`, `.webm`).
    Matroska,
    /// MPEG-4 (`.mp4`, `.m4v`), and Apple's kind from which it came (`.mov`).
    QuickTime,
    /// `.avi`.
    Avi,
    /// MPEG program streams (`.mpg`, `.vob`).
    MpegProgram,
    /// MPEG video alone (`.m2v`).
    MpegVideo,
    /// MPEG transport streams (`.ts`, `.m2ts`).
    MpegTransport,
    /// Windows Media (`.wmv`, `.asf`).
    Asf,
    /// `.flv`.
    Flv,
    /// `.ogv`.
    Ogg,
}

/// The GUID of an ASF header.
const ASF: [u8; 16] = [
    0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0x00, 0xaa, 0x00, 0x62, 0xce, 0x6c,
];

impl Container {
    /// How much of a file [`Self::of`] wants to see, in bytes.
    pub const START_BYTES: usize = 4096;

    /// The kind of a file that begins so; `None` if it begins like no video.
    pub fn of(start: &[u8]) -> Option<Self> {
        let atom = start.get(4..8).unwrap_or_default();
        let atoms: [&[u8]; 7] = [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"];
        if start.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
            Some(Self::Matroska)
        } else if atoms.contains(&atom) {
            Some(Self::QuickTime)
        } else if start.starts_with(b"RIFF") && start.get(8..11) == Some(b"AVI") {
            Some(Self::Avi)
        } else if start.starts_with(&[0, 0, 1, 0xba]) {
            Some(Self::MpegProgram)
        } else if start.starts_with(&[0, 0, 1, 0xb3]) {
            Some(Self::MpegVideo)
        } else if is_transport(start, 0, 188) || is_transport(start, 4, 192) {
            Some(Self::MpegTransport)
        } else if start.starts_with(&ASF) {
            Some(Self::Asf)
        } else if start.starts_with(b"FLV\x01") {
            Some(Self::Flv)
        } else if start.starts_with(b"OggS\0") {
            Some(Self::Ogg)
        } else {
            None
        }
    }

    /// The words that make `ffmpeg` and `ffprobe` read a file as this kind and no other: else a file that only looks
    /// like a video could be a list of other files.
    pub(super) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Matroska => &["-f", "matroska"],
            // A chapter list that is absent would be called an error.
            Self::QuickTime => &["-f", "mov", "-ignore_chapters", "1"],
            Self::Avi => &["-f", "avi"],
            Self::MpegProgram => &["-f", "mpeg"],
            Self::MpegVideo => &["-f", "mpegvideo"],
            Self::MpegTransport => &["-f", "mpegts"],
            Self::Asf => &["-f", "asf"],
            Self::Flv => &["-f", "flv"],
            Self::Ogg => &["-f", "ogg"],
        }
    }
}

/// Whether packets of a length follow each other, each with its sync byte at `first`.
fn is_transport(start: &[u8], first: usize, length: usize) -> bool {
    let syncs: Vec<u8> = start.iter().skip(first).step_by(length).take(5).copied().collect();
    syncs.len() == 5 && syncs.iter().all(|byte| *byte == 0x47)
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Matroska => "Matroska",
            Self::QuickTime => "MP4 or QuickTime",
            Self::Avi => "AVI",
            Self::MpegProgram => "MPEG program stream",
            Self::MpegVideo => "MPEG video",
            Self::MpegTransport => "MPEG transport stream",
            Self::Asf => "Windows Media",
            Self::Flv => "Flash video",
            Self::Ogg => "Ogg",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_show_in_the_first_bytes() {
        let mut transport = vec![0; 188 * 5];
        transport.iter_mut().step_by(188).for_each(|byte| *byte = 0x47);
        let mut disc = vec![0; 192 * 5];
        disc.iter_mut().skip(4).step_by(192).for_each(|byte| *byte = 0x47);
        for (start, expected) in [
            (&b"\x1a\x45\xdf\xa3\x9f"[..], Some(Container::Matroska)),
            (b"\0\0\0\x20ftypisom", Some(Container::QuickTime)),
            (b"RIFF\x10\0\0\0AVI LIST", Some(Container::Avi)),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (&[0, 0, 1, 0xba, 0x44], Some(Container::MpegProgram)),
            (&transport, Some(Container::MpegTransport)),
            (&transport[..188 * 4], None),
            (&disc, Some(Container::MpegTransport)),
            (b"#EXTM3U\n/etc/passwd\n", None),
            (b"ffconcat version 1.0\n", None),
            (b"NRRD0004\n", None),
            (b"ObjectType = Image\n", None),
            (b"solid name\n", None),
            (b"", None),
        ] {
            assert_eq!(Container::of(start), expected, "{}", start.escape_ascii());
        }
    }
}
