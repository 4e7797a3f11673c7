//! Where networks run: CUDA where this machine has it, else the CPU, with the reason in words.
//!
//! The program links only the CPU part of libtorch. The CUDA part is loaded while the program runs, so that
//! one build serves machines with and without a GPU. libtorch looks for CUDA once and remembers: the
//! library is therefore loaded before anything asks.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::Device;

use crate::error::ModelError;

/// Names the CUDA library of libtorch, or the folder that holds it, where it does not lie beside libtorch.
pub const CUDA_VARIABLE: &str = "TORCH_CUDA_LIB";
const CUDA_LIBRARY: &str = "libtorch_cuda.so";
const MOST_THREADS: usize = 256;

/// What to run networks on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// CUDA where this machine has it, else the CPU.
    #[default]
    Automatic,
    /// The CPU, where equal inputs give equal outputs bit for bit.
    Cpu,
    /// CUDA, or an error.
    Cuda,
}

/// What networks run on in this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processor {
    device: Device,
    threads: usize,
    no_cuda: Option<String>,
}

impl Processor {
    /// Chooses the device, and the number of CPU threads for all networks of this process.
    ///
    /// With equal `threads` and [`Processor::cpu_capability`], outputs on the CPU are equal bit for bit.
    ///
    /// # Errors
    /// If CUDA is demanded and not usable, or `threads` is not between 1 and 256.
    pub fn choose(choice: DeviceChoice, threads: usize) -> Result<Self, ModelError> {
        if !(1..=MOST_THREADS).contains(&threads) {
            return Err(ModelError::Threads { most: MOST_THREADS, came: threads });
        }
        let cuda = match choice {
            DeviceChoice::Cpu => Err("the CPU was asked for".to_owned()),
            DeviceChoice::Automatic | DeviceChoice::Cuda => cuda().clone(),
        };
        tch::set_num_threads(threads as i32);
        match (cuda, choice) {
            (Ok(()), _) => Ok(Self { device: Device::Cuda(0), threads, no_cuda: None }),
            (Err(reason), DeviceChoice::Cuda) => Err(ModelError::NoCuda { reason }),
            (Err(reason), _) => Ok(Self { device: Device::Cpu, threads, no_cuda: Some(reason) }),
        }
    }

    /// `cpu` or `cuda:0`, as in messages.
    pub fn name(&self) -> String {
        match self.device {
            Device::Cuda(index) => format!("cuda:{index}"),
            _ => "cpu".into(),
        }
    }

    /// Threads on the CPU.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Why CUDA is not used; none if it is.
    pub fn no_cuda(&self) -> Option<&str> {
        self.no_cuda.as_deref()
    }

    /// Whether CUDA could be used here, whatever was chosen; the CUDA part of libtorch is loaded to find out.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub fn cuda_here() -> Result<(), &'static str> {
        cuda().as_ref().copied().map_err(String::as_str)
    }

    /// The instructions that libtorch chooses on this CPU: `AVX512`, `AVX2` or `DEFAULT`. Outputs may
    /// differ in their last bits between them. `ATEN_CPU_CAPABILITY` sets a lower one.
    pub fn cpu_capability() -> &'static str {
        let ordered = match std::env::var("ATEN_CPU_CAPABILITY").as_deref() {
            Ok("default") => return "DEFAULT",
            Ok("avx2") => "AVX2",
            _ => "AVX512",
        };
        highest_capability(ordered == "AVX512")
    }

    pub(crate) fn device(&self) -> Device {
        self.device
    }
}

impl fmt::Display for Processor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.threads == 1 { "" } else { "s" };
        write!(formatter, "{}", self.name())?;
        match &self.no_cuda {
            None => Ok(()),
            Some(reason) => {
                write!(
                    formatter,
                    ", {} thread{plural}, {} ({reason})",
                    self.threads,
                    Self::cpu_capability()
                )
            }
        }
    }
}

/// As libtorch's `at::native::compute_cpu_capability` decides.
#[cfg(target_arch = "x86_64")]
fn highest_capability(avx512_allowed: bool) -> &'static str {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("fma");
    match (avx512 && avx512_allowed, avx2) {
        (true, _) => "AVX512",
        (false, true) => "AVX2",
        (false, false) => "DEFAULT",
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn highest_capability(_avx512_allowed: bool) -> &'static str {
    "DEFAULT"
}

/// Whether CUDA can be used, found out once for the process.
fn cuda() -> &'static Result<(), String> {
    static CUDA: OnceLock<Result<(), String>> = OnceLock::new();
    CUDA.get_or_init(|| {
        let candidates =
            candidates(std::env::var_os(CUDA_VARIABLE).map(PathBuf::from), &library_folders());
        load_first(&candidates)?;
        if tch::Cuda::is_available() {
            Ok(())
        } else {
            Err("libtorch's CUDA part is there, but no usable NVIDIA GPU and driver were found"
                .into())
        }
    })
}

/// Where the CUDA library may lie: only where the variable says if it is set (empty counts as unset),
/// else beside the libtorch in use, in the folder `cuda` next to it, or in the active Python environment.
fn candidates(variable: Option<PathBuf>, folders: &[PathBuf]) -> Vec<PathBuf> {
    match variable.filter(|path| !path.as_os_str().is_empty()) {
        Some(path) if path.is_dir() => vec![path.join(CUDA_LIBRARY)],
        Some(path) => vec![path],
        None => folders
            .iter()
            .map(|folder| folder.join(CUDA_LIBRARY))
            .filter(|path| path.exists())
            .collect(),
    }
}

/// The folders that are searched when nothing is said.
fn library_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    // The loader has already resolved links: beside an installed PyTorch, this is its own folder.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mapped =
        maps.lines().filter_map(|line| line.find('/').map(|start| Path::new(&line[start..])));
    if let Some(libtorch) =
        mapped.filter(|path| path.ends_with("libtorch_cpu.so")).find_map(Path::parent)
    {
        folders.extend([libtorch.join("../cuda"), libtorch.to_path_buf()]);
    }
    if let Some(environment) = std::env::var_os("VIRTUAL_ENV").filter(|path| !path.is_empty()) {
        let pythons =
            std::fs::read_dir(Path::new(&environment).join("lib")).into_iter().flatten().flatten();
        folders.extend(pythons.map(|python| python.path().join("site-packages/torch/lib")));
    }
    folders
}

fn load_first(candidates: &[PathBuf]) -> Result<(), String> {
    let mut reason = format!("{CUDA_LIBRARY} was not found; {CUDA_VARIABLE} may name it");
    for candidate in candidates {
        match load_library(candidate) {
            Ok(()) => return Ok(()),
            Err(error) => reason = format!("cannot load {error}"),
        }
    }
    Err(reason)
}

/// Loads a library for the rest of the process, its symbols open to libtorch.
#[allow(
    unsafe_code,
    reason = "loading a library runs its initialisers; there is no safe way to load CUDA late"
)]
fn load_library(path: &Path) -> Result<(), String> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    // Without a slash the loader would search elsewhere, and an empty path would be this program itself.
    let path = std::path::absolute(path).map_err(|error| error.to_string())?;
    // SAFETY: the initialisers are those of the CUDA part of the libtorch that is already in use; they
    // register kernels with it and may run on any thread. The library is never unloaded.
    match unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_GLOBAL) } {
        Ok(library) => {
            std::mem::forget(library);
            Ok(())
        }
        Err(error) => Err(crate::error::brief(&error_text(&error))),
    }
}

/// The loader's own words, which libloading keeps in the error's source.
fn error_text(error: &libloading::Error) -> String {
    match error {
        libloading::Error::DlOpen { desc } => format!("{desc:?}").trim_matches('"').to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_cpu_is_there_and_says_why_not_cuda() {
        let processor = Processor::choose(DeviceChoice::Cpu, 1).unwrap();
        assert_eq!(processor.name(), "cpu");
        assert_eq!(processor.threads(), 1);
        assert_eq!(processor.no_cuda(), Some("the CPU was asked for"));
        assert!(processor.to_string().contains("1 thread,"), "{processor}");
    }

    #[test]
    fn automatic_and_demanded_cuda_agree() {
        let automatic = Processor::choose(DeviceChoice::Automatic, 1).unwrap();
        println!("{automatic}");
        assert_eq!(Processor::cuda_here().err(), automatic.no_cuda());
        match Processor::choose(DeviceChoice::Cuda, 1) {
            Ok(processor) => assert_eq!(processor, automatic),
            Err(ModelError::NoCuda { reason }) => {
                assert_eq!(automatic.no_cuda(), Some(reason.as_str()));
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn no_threads_or_too_many_are_refused() {
        for threads in [0, MOST_THREADS + 1, usize::MAX] {
            let error = Processor::choose(DeviceChoice::Cpu, threads).unwrap_err();
            assert!(error.to_string().contains("1 to 256 threads"), "{error}");
        }
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        assert_eq!(candidates(Some(PathBuf::new()), &[]), Vec::<PathBuf>::new());
    }

    #[test]
    fn the_variable_may_name_the_library_or_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join(CUDA_LIBRARY);
        assert_eq!(candidates(Some(folder.path().into()), &[]), std::slice::from_ref(&library));
        assert_eq!(candidates(Some(library.clone()), &[]), [library]);
    }

    #[test]
    fn a_library_that_is_none_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join(CUDA_LIBRARY);
        std::fs::write(&library, b"no library").unwrap();
        let reason = load_first(&candidates(None, &[folder.path().into()])).unwrap_err();
        assert!(reason.contains(CUDA_LIBRARY) && reason.starts_with("cannot load"), "{reason}");
        let missing = load_first(&[folder.path().join("absent.so")]).unwrap_err();
        assert!(missing.contains("absent.so"), "{missing}");
    }

    #[test]
    fn libtorch_in_use_is_found() {
        tch::set_num_threads(1);
        let folders = library_folders();
        assert!(
            folders.iter().any(|folder| folder.join("libtorch_cpu.so").exists()),
            "{folders:?}"
        );
    }
}
