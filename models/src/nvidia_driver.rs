//! Which NVIDIA driver this machine has loaded, for the person who wonders why CUDA is not used.

/// What the kernel module tells of itself, also inside a container.
const VERSION: &str = "/proc/driver/nvidia/version";

/// The version of the NVIDIA driver that is loaded, such as `580.65.06`; none without one.
pub fn loaded() -> Option<String> {
    version(&std::fs::read_to_string(VERSION).ok()?)
}

/// The first word of numbers and points: words about the module's kind come before it, in several orders.
fn version(text: &str) -> Option<String> {
    let is_version =
        |word: &&str| word.contains('.') && word.split('.').all(|part| part.parse::<u32>().is_ok());
    text.lines().next()?.split_whitespace().find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_both_forms_of_the_file() {
        for (text, expected) in [
            (
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\nGCC version:  gcc version 12.2.0\n",
                Some("535.183.01"),
            ),
            (
                "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder)  \n",
                Some("580.65.06"),
            ),
            ("GCC\nversion 12.2.0", None),
            ("", None),
        ] {
            assert_eq!(version(text).as_deref(), expected, "{text}");
        }
    }
}
