//! What can be wrong with a MetaImage, in words for the person who has the file.

/// Why a MetaImage cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes end before the header does.
    #[error(
        "the header ends after line {lines} without `ElementDataFile = …`: this is no MetaImage, or the file was cut off"
    )]
    HeaderWithoutEnd {
        /// Lines that were there.
        lines: usize,
    },
    /// A line of the header is not `Key = Value`.
    #[error(
        "line {line} of the header should read `Key = Value`, but is `{came}`: this is no MetaImage, or the file is damaged"
    )]
    NotAField {
        /// Line number, from 1.
        line: usize,
        /// The beginning of the line.
        came: String,
    },
    /// A line is longer than any header has.
    #[error(
        "line {line} of the header is longer than {limit} bytes: this is no MetaImage, or the file is damaged"
    )]
    LineTooLong {
        /// Line number, from 1.
        line: usize,
        /// The longest line that is read.
        limit: usize,
    },
    /// The header is larger than allowed.
    #[error("the header is longer than {limit} bytes; raise the limit if the file is right")]
    HeaderTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// A key, or another name for it, comes twice.
    #[error(
        "`{}` in line {line} says again what line {first_line} says; remove the wrong one of the two",
        excerpt(key)
    )]
    Duplicate {
        /// The key of the second line.
        key: String,
        /// The second line.
        line: usize,
        /// The first line.
        first_line: usize,
    },
    /// A key that the pixels cannot be understood without.
    #[error("the header has no `{key}`; {hint}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A value that makes no sense.
    #[error("`{}` in line {line} should be {expected}, but is `{came}`", excerpt(key))]
    Value {
        /// The key.
        key: String,
        /// Line number, from 1.
        line: usize,
        /// What was expected.
        expected: String,
        /// The beginning of what came.
        came: String,
    },
    /// Something MetaImage allows and this reader does not.
    #[error("{what} is not supported; {hint}")]
    Unsupported {
        /// What the file wants.
        what: String,
        /// What to do instead.
        hint: &'static str,
    },
    /// The pixels are in another file.
    #[error(
        "the pixels are in the file `{}` beside the header; give that file's bytes together with the header",
        excerpt(name)
    )]
    Detached {
        /// Name of the data file.
        name: String,
    },
    /// The pixels are in several files.
    #[error(
        "the pixels are in {files} files beside the header, one for each slice; give them together with the header, or write the image again into one file"
    )]
    InSlices {
        /// How many.
        files: usize,
    },
    /// A line in a list of files that is no name.
    #[error("line {line} should be the name of a file with a slice, but is `{came}`")]
    NotAFile {
        /// Line number, from 1.
        line: usize,
        /// The beginning of the line.
        came: String,
    },
    /// More or fewer files than slices.
    #[error(
        "`ElementDataFile` names {came} files, but {needed} slices are declared, each in its own"
    )]
    Slices {
        /// How many there should be.
        needed: usize,
        /// How many are named.
        came: usize,
    },
    /// Another file cannot be read.
    #[error(
        "the pixels are in the file `{}` beside the header, which cannot be read: {source}",
        excerpt(name)
    )]
    Beside {
        /// Its name.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// The declared size is beyond the limit.
    #[error(
        "the header declares {declared} bytes of {what}, more than the limit of {limit}; raise the limit if the file is right"
    )]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Declared bytes; saturates.
        declared: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Fewer pixels than declared.
    #[error(
        "the header declares {declared} bytes of pixels, but the data end after {came}: the file was cut off"
    )]
    DataEndEarly {
        /// Declared bytes.
        declared: u64,
        /// Bytes that were there.
        came: u64,
    },
    /// The compressed stream stops before its end.
    #[error(
        "the compressed pixels end after {came} bytes in the middle of the stream: the file was cut off"
    )]
    StreamEndsEarly {
        /// Compressed bytes that were there.
        came: u64,
    },
    /// The compressed stream holds more than declared.
    #[error(
        "the compressed pixels hold more than the declared {declared} bytes: the size or the type in the header does not fit the data"
    )]
    DataLonger {
        /// Declared bytes.
        declared: u64,
    },
    /// Bytes after the pixels.
    #[error(
        "{count} bytes follow after the pixels: the size, the type or the compressed size in the header does not fit the data"
    )]
    TrailingBytes {
        /// How many, where known.
        count: String,
    },
    /// The zlib stream is broken.
    #[error(
        "the compressed pixels are damaged near byte {at} of the zlib stream ({reason}); get the file again from its source"
    )]
    Corrupt {
        /// Position in the compressed data.
        at: u64,
        /// What zlib says.
        reason: String,
    },
    /// The gzip stream is broken or ends early.
    #[error(
        "the compressed pixels are damaged or were cut off {came} bytes of pixels after their start ({reason}); get the file again from its source"
    )]
    Gzip {
        /// Bytes of pixels before it.
        came: u64,
        /// What the decompression says.
        reason: String,
    },
    /// Pixels that do not fit the header, when writing.
    #[error(
        "the header describes {declared} bytes of {scalar}, but the pixels have {came} bytes of {came_scalar}"
    )]
    PixelsDoNotFit {
        /// Bytes by the header.
        declared: u64,
        /// Type by the header.
        scalar: String,
        /// Bytes of the pixels.
        came: u64,
        /// Type of the pixels.
        came_scalar: String,
    },
    /// The source failed.
    #[error("the source of the bytes failed")]
    Io(#[from] std::io::Error),
}

/// The beginning of a text, short enough for an error message and free of control characters.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text
        .chars()
        .take(LONGEST)
        .map(|character| if character.is_control() { '\u{fffd}' } else { character })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}
