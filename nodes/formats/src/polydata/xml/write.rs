//! VTP as VTK's `vtkXMLPolyDataWriter` writes it, with the field `SPACE` that 3D Slicer looks for.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::base64;
use crate::polydata::{Drawing, Error, Numbers};

/// Bytes of a block before compression, as in VTK.
const BLOCK: usize = 1 << 15;

/// How a VTP file holds its numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VtpData {
    /// As text that people can read.
    Text,
    /// In place, as base64.
    Base64,
    /// In place, compressed with zlib, as base64; what `ParaView` writes where it is asked for inline data.
    #[default]
    Base64Zlib,
    /// As bytes after the XML.
    Appended,
    /// As bytes after the XML, compressed with zlib; what 3D Slicer writes.
    AppendedZlib,
}

impl VtpData {
    fn is_compressed(self) -> bool {
        matches!(self, Self::Base64Zlib | Self::AppendedZlib)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "ascii",
            Self::Base64 | Self::Base64Zlib => "binary",
            Self::Appended | Self::AppendedZlib => "appended",
        }
    }
}

/// The bytes of a file.
pub fn write(drawing: &Drawing<'_>, data: VtpData) -> Result<Vec<u8>, Error> {
    let mut file = File { data, xml: Vec::new(), appended: Vec::new() };
    let compressor =
        if data.is_compressed() { " compressor=\"vtkZLibDataCompressor\"" } else { "" };
    file.put(&format!(
        "<?xml version=\"1.0\"?>\n<!-- {} -->\n\
         <VTKFile type=\"PolyData\" version=\"1.0\" byte_order=\"LittleEndian\" header_type=\"UInt64\"{compressor}>\n\
         <PolyData>\n<FieldData>\n",
        drawing.title,
    ));
    file.array(
        "Array type=\"String\" Name=\"SPACE\" NumberOfTuples=\"1\"",
        &Numbers::U8(b"LPS\0"),
    )?;
    file.put(&format!(
        "</FieldData>\n<Piece NumberOfPoints=\"{}\" NumberOfVerts=\"0\" NumberOfLines=\"{}\" NumberOfStrips=\"0\" NumberOfPolys=\"{}\">\n<PointData>\n",
        drawing.places.len(),
        drawing.lines.len(),
        drawing.triangles.len(),
    ));
    for column in &drawing.columns {
        file.data_array(column.name, "", &column.numbers())?;
    }
    file.put("</PointData>\n<CellData>\n</CellData>\n<Points>\n");
    file.data_array("Points", " NumberOfComponents=\"3\"", &drawing.places.numbers())?;
    file.put("</Points>\n");
    file.cells("Verts", std::iter::empty())?;
    file.cells("Lines", drawing.lines.iter().map(Vec::as_slice))?;
    file.cells("Strips", std::iter::empty())?;
    file.cells("Polys", drawing.triangles.iter().map(<[u32; 3]>::as_slice))?;
    file.put("</Piece>\n</PolyData>\n");
    let File { mut xml, appended, .. } = file;
    if data.name() == "appended" {
        xml.extend_from_slice(b"<AppendedData encoding=\"raw\">\n_");
        xml.extend(appended);
        xml.extend_from_slice(b"\n</AppendedData>\n");
    }
    xml.extend_from_slice(b"</VTKFile>\n");
    Ok(xml)
}

struct File {
    data: VtpData,
    xml: Vec<u8>,
    appended: Vec<u8>,
}

impl File {
    fn put(&mut self, text: &str) {
        self.xml.extend_from_slice(text.as_bytes());
    }

    fn cells<'a>(
        &mut self,
        name: &str,
        cells: impl Iterator<Item = &'a [u32]>,
    ) -> Result<(), Error> {
        let (mut corners, mut ends) = (Vec::new(), Vec::new());
        for cell in cells {
            corners.extend(cell.iter().map(|corner| i64::from(*corner)));
            ends.push(corners.len() as i64);
        }
        self.put(&format!("<{name}>\n"));
        self.data_array("connectivity", "", &Numbers::I64(corners))?;
        self.data_array("offsets", "", &Numbers::I64(ends))?;
        self.put(&format!("</{name}>\n"));
        Ok(())
    }

    fn data_array(&mut self, name: &str, more: &str, numbers: &Numbers<'_>) -> Result<(), Error> {
        let (kind, name) = (numbers.xml_name(), escaped(name));
        self.array(&format!("DataArray type=\"{kind}\" Name=\"{name}\"{more}"), numbers)
    }

    fn array(&mut self, tag: &str, numbers: &Numbers<'_>) -> Result<(), Error> {
        let (element, _) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut open = format!("<{tag} format=\"{}\"", self.data.name());
        if self.data.name() == "appended" {
            let _ = write!(open, " offset=\"{}\"/>", self.appended.len());
            self.put(&(open + "\n"));
            let (head, data) = self.blob(numbers)?;
            self.appended.extend(head);
            self.appended.extend(data);
            return Ok(());
        }
        self.put(&(open + ">\n"));
        if self.data == VtpData::Text {
            self.put(&numbers.to_text(12));
        } else {
            let (mut head, data) = self.blob(numbers)?;
            // Sizes of compressed data are encoded on their own, the size of others together with them.
            if self.data.is_compressed() {
                base64::encode(&head, &mut self.xml);
                base64::encode(&data, &mut self.xml);
            } else {
                head.extend(data);
                base64::encode(&head, &mut self.xml);
            }
            self.put("\n");
        }
        self.put(&format!("</{element}>\n"));
        Ok(())
    }

    /// The sizes of an array, and its data.
    fn blob(&self, numbers: &Numbers<'_>) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let bytes = numbers.to_bytes(false);
        if !self.data.is_compressed() {
            return Ok(((bytes.len() as u64).to_le_bytes().to_vec(), bytes));
        }
        let (mut sizes, mut data) = (Vec::new(), Vec::new());
        for block in bytes.chunks(BLOCK) {
            let packed = crate::metaimage::deflate(block).map_err(|error| Error::Corrupt {
                what: "numbers to be compressed".to_owned(),
                reason: error.to_string(),
            })?;
            sizes.push(packed.len() as u64);
            data.extend(packed);
        }
        let (blocks, last) = (sizes.len() as u64, (bytes.len() % BLOCK) as u64);
        let head = [blocks, BLOCK as u64, last].into_iter().chain(sizes);
        Ok((head.flat_map(u64::to_le_bytes).collect(), data))
    }
}

/// A text in quotes; XML has no way to write letters that control.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"']) {
        return Cow::Borrowed(text);
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Cow::Owned(text.replace('"', "&quot;"))
}
