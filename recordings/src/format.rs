//! What a recording is called and how its file is laid out.
//!
//! A recording is an [MCAP](https://mcap.dev/spec) file of profile `vesalius`:
//!
//! ```text
//! attachment manifest.json         what ran: graph, parameters, calibrations, models, machine
//! chunk, link, chunk, link, …      messages as they were on the wire; hashes that hold them together
//! metadata vesalius.verdict, …     one for each stream, when the recording is closed
//! link, summary                    the summary only if it was closed
//! ```
//! One channel for each stream: its topic is the stream's name `node.port`, its schema
//! `Message.vN`, its message encoding `vesalius-cbor-seq` (see [`messages::wire`]). MCAP's sequence
//! is the low 32 bits of ours, its publish time our `published_at`, its log time the instant of
//! recording. A link is a metadata record: BLAKE3 of the hash before it and of all bytes since the
//! link before it. What the recorder heard beside messages (the start, ends of streams, losses)
//! lies in the link as JSON.

use std::path::{Path, PathBuf};

/// The version of this layout; grows when older readers would misunderstand it.
pub const VERSION: u32 = 1;
/// The MCAP profile.
pub const PROFILE: &str = "vesalius";
/// The encoding of all messages and schemas.
pub const ENCODING: &str = "vesalius-cbor-seq";
/// The name of the attachment with the manifest.
pub const MANIFEST: &str = "manifest.json";
/// The name of the metadata records that hold the chunks together.
pub const LINK: &str = "vesalius.link";
/// The name of the metadata records with the verdicts.
pub const VERDICT: &str = "vesalius.verdict";

/// The file of the recorder's incarnation in a session folder: `procedure.mcap`, then
/// `procedure-2.mcap`, ….
pub fn part_name(incarnation: u32) -> String {
    if incarnation <= 1 {
        "procedure.mcap".to_owned()
    } else {
        format!("procedure-{incarnation}.mcap")
    }
}

/// The parts of the recording in a session folder, in order.
///
/// # Errors
/// If the folder cannot be read.
pub fn parts(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut parts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let Some(name) = name.to_str() else { continue };
        let number =
            match name.strip_prefix("procedure").and_then(|rest| rest.strip_suffix(".mcap")) {
                Some("") => Some(1),
                Some(rest) => rest.strip_prefix('-').and_then(|number| number.parse::<u32>().ok()),
                None => None,
            };
        if let Some(number) = number {
            parts.push((number, folder.join(name)));
        }
    }
    parts.sort();
    Ok(parts.into_iter().map(|(_, path)| path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_in_the_order_in_which_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "procedure-10.mcap",
            "procedure-2.mcap",
            "procedure.mcap",
            "other.mcap",
            "procedure-x.mcap",
        ] {
            std::fs::write(folder.path().join(name), []).unwrap();
        }
        let names: Vec<_> = parts(folder.path())
            .unwrap()
            .into_iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, [part_name(1), part_name(2), part_name(10)]);
    }
}
