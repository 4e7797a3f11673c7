//! The types of numbers in files, from bytes and text, and to them.

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Number {
    /// Of its name in the XML files of VTK.
    pub fn of_xml(name: &str) -> Option<Self> {
        Some(match name {
            "Int8" => Self::I8,
            "UInt8" => Self::U8,
            "Int16" => Self::I16,
            "UInt16" => Self::U16,
            "Int32" => Self::I32,
            "UInt32" => Self::U32,
            "Int64" | "vtkIdType" => Self::I64,
            "UInt64" => Self::U64,
            "Float32" => Self::F32,
            "Float64" => Self::F64,
            _ => return None,
        })
    }

    /// Of its name in the legacy files of VTK. A `long` has eight bytes, as everywhere but on Windows, and identifiers
    /// are written as four.
    pub fn of_legacy(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "char" | "signed_char" | "vtktypeint8" => Self::I8,
            "unsigned_char" | "vtktypeuint8" => Self::U8,
            "short" | "vtktypeint16" => Self::I16,
            "unsigned_short" | "vtktypeuint16" => Self::U16,
            "int" | "vtktypeint32" | "vtkidtype" => Self::I32,
            "unsigned_int" | "vtktypeuint32" => Self::U32,
            "long" | "vtktypeint64" => Self::I64,
            "unsigned_long" | "vtktypeuint64" => Self::U64,
            "float" => Self::F32,
            "double" => Self::F64,
            _ => return None,
        })
    }

    pub fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    pub fn is_whole(self) -> bool {
        !matches!(self, Self::F32 | Self::F64)
    }

    pub fn floats(self, bytes: &[u8], is_big: bool) -> Vec<f64> {
        match self {
            Self::F32 => each(bytes, is_big, |four| f64::from(f32::from_le_bytes(four))),
            Self::F64 => each(bytes, is_big, f64::from_le_bytes),
            Self::U64 => each(bytes, is_big, |eight| u64::from_le_bytes(eight) as f64),
            whole => whole.whole(bytes, is_big).into_iter().map(|value| value as f64).collect(),
        }
    }

    /// Of a type that [`is_whole`](Self::is_whole). What does not fit becomes negative, which is no vertex.
    pub fn whole(self, bytes: &[u8], is_big: bool) -> Vec<i64> {
        match self {
            Self::I8 => each(bytes, is_big, |[byte]| i64::from(byte as i8)),
            Self::U8 => each(bytes, is_big, |[byte]| i64::from(byte)),
            Self::I16 => each(bytes, is_big, |two| i64::from(i16::from_le_bytes(two))),
            Self::U16 => each(bytes, is_big, |two| i64::from(u16::from_le_bytes(two))),
            Self::I32 | Self::F32 => {
                each(bytes, is_big, |four| i64::from(i32::from_le_bytes(four)))
            }
            Self::U32 => each(bytes, is_big, |four| i64::from(u32::from_le_bytes(four))),
            Self::I64 | Self::U64 | Self::F64 => each(bytes, is_big, i64::from_le_bytes),
        }
    }
}

fn each<const N: usize, T>(bytes: &[u8], is_big: bool, convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (chunks, _) = bytes.as_chunks::<N>();
    let convert = |chunk: &[u8; N]| {
        let mut chunk = *chunk;
        if is_big {
            chunk.reverse();
        }
        convert(chunk)
    };
    chunks.iter().map(convert).collect()
}

/// Numbers to be written.
pub enum Numbers<'a> {
    U8(&'a [u8]),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(&'a [f32]),
    F64(&'a [f64]),
}

impl Numbers<'_> {
    /// Whole numbers where all are, so that labels stay labels.
    pub fn plainest(values: &[f64]) -> Numbers<'_> {
        let whole = |&value: &f64| (value == f64::from(value as i32)).then_some(value as i32);
        match values.iter().map(whole).collect() {
            Some(whole) => Numbers::I32(whole),
            None => Numbers::F64(values),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    pub fn xml_name(&self) -> &'static str {
        match self {
            Self::U8(_) => "UInt8",
            Self::I32(_) => "Int32",
            Self::I64(_) => "Int64",
            Self::F32(_) => "Float32",
            Self::F64(_) => "Float64",
        }
    }

    pub fn legacy_name(&self) -> &'static str {
        match self {
            Self::U8(_) => "unsigned_char",
            Self::I32(_) => "int",
            Self::I64(_) => "vtktypeint64",
            Self::F32(_) => "float",
            Self::F64(_) => "double",
        }
    }

    pub fn to_bytes(&self, is_big: bool) -> Vec<u8> {
        fn all<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
            values.iter().flat_map(|value| bytes(*value)).collect()
        }
        match (self, is_big) {
            (Self::U8(values), _) => values.to_vec(),
            (Self::I32(values), false) => all(values, i32::to_le_bytes),
            (Self::I32(values), true) => all(values, i32::to_be_bytes),
            (Self::I64(values), false) => all(values, i64::to_le_bytes),
            (Self::I64(values), true) => all(values, i64::to_be_bytes),
            (Self::F32(values), false) => all(values, f32::to_le_bytes),
            (Self::F32(values), true) => all(values, f32::to_be_bytes),
            (Self::F64(values), false) => all(values, f64::to_le_bytes),
            (Self::F64(values), true) => all(values, f64::to_be_bytes),
        }
    }

    /// As text that reads back as the same numbers, so many on a line.
    pub fn to_text(&self, on_a_line: usize) -> String {
        fn all<T>(values: &[T], on_a_line: usize, word: impl Fn(&T) -> String) -> String {
            let mut text = String::new();
            for line in values.chunks(on_a_line) {
                let words: Vec<String> = line.iter().map(&word).collect();
                text += &words.join(" ");
                text.push('\n');
            }
            text
        }
        match self {
            Self::U8(values) => all(values, on_a_line, u8::to_string),
            Self::I32(values) => all(values, on_a_line, i32::to_string),
            Self::I64(values) => all(values, on_a_line, i64::to_string),
            Self::F32(values) => all(values, on_a_line, |value| word(*value, f64::from(*value))),
            Self::F64(values) => all(values, on_a_line, |value| word(*value, *value)),
        }
    }
}

/// The shortest text that reads back as the same number, whose size says whether people like it with an exponent.
pub fn word<T: std::fmt::Display + std::fmt::LowerExp>(number: T, size: f64) -> String {
    if size == 0.0 || (1e-4..1e12).contains(&size.abs()) {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_from_text_and_from_bytes_of_either_order() {
        let singles = [0.0, 0.1, -1.5e-30, f32::MAX, f32::MIN_POSITIVE / 8.0, 12_345_678.0];
        let text = Numbers::F32(&singles).to_text(4);
        let again: Vec<f32> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
        assert_eq!(again, singles);
        assert_eq!(Numbers::F64(&[1.0, 0.1, 2e-7]).to_text(2), "1 0.1\n2e-7\n");
        for is_big in [false, true] {
            let bytes = Numbers::F32(&singles).to_bytes(is_big);
            assert_eq!(Number::F32.floats(&bytes, is_big), singles.map(f64::from));
            let bytes = Numbers::I64(vec![-7, 1 << 40]).to_bytes(is_big);
            assert_eq!(Number::I64.whole(&bytes, is_big), [-7, 1 << 40]);
            let bytes = Numbers::I32(vec![-7, 9]).to_bytes(is_big);
            assert_eq!(Number::I32.floats(&bytes, is_big), [-7.0, 9.0]);
        }
        assert_eq!(Number::U16.floats(&[1, 2], true), [258.0]);
        assert_eq!(Number::I8.floats(&[0xff], true), [-1.0]);
        assert_eq!(Number::U64.floats(&[0xff; 8], true), [u64::MAX as f64]);
        assert!(matches!(Numbers::plainest(&[1.0, -3.0]), Numbers::I32(_)));
        assert!(matches!(Numbers::plainest(&[1.0, 2.5]), Numbers::F64(_)));
        assert!(matches!(Numbers::plainest(&[1e10]), Numbers::F64(_)));
    }
}
