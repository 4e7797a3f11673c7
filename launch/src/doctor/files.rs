//! Models and calibrations that are there with the content that the graph asks for.

use std::path::Path;

use super::{About, Line, Subject};
use crate::plan::PlannedFile;

/// Enough to compare by eye; `--json` of `check` and the manifest hold all.
const DIGITS: usize = 12;

/// A line for each; what is missing or changed is a problem of the graph.
pub fn subjects(files: &[PlannedFile]) -> Vec<Subject> {
    let here = std::env::current_dir().unwrap_or_default();
    files.iter().map(|file| subject(file, &here)).collect()
}

fn subject(file: &PlannedFile, here: &Path) -> Subject {
    let digits = file.sha256.get(..DIGITS).unwrap_or(&file.sha256);
    let path = file.path.strip_prefix(here).unwrap_or(&file.path);
    let text = format!("{} {}, sha256 {digits}…", file.kind, path.display());
    Subject::new(About::File, &file.name, vec![Line::good(text)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_from_here_with_the_beginning_of_its_sum() {
        let file = |path: &str| PlannedFile {
            kind: "model".to_owned(),
            name: "vessels".to_owned(),
            path: path.into(),
            sha256: "0123456789abcdef".repeat(4),
        };
        let text = |path| subject(&file(path), Path::new("/here")).findings[0].text.clone();
        assert_eq!(text("/here/a/b.bin"), "model a/b.bin, sha256 0123456789ab…");
        assert_eq!(text("/there/b.bin"), "model /there/b.bin, sha256 0123456789ab…");
    }
}
