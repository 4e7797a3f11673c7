//! What a network runs on here, and why not on the other, in sentences for `vesalius doctor`.

use models::{DeviceChoice, Processor, nvidia_driver};
use runtime::Finding;

/// What CUDA needs is the same wherever it is missing.
const FOR_CUDA: &str = "for CUDA, `nvidia-smi` must list the GPU, and libtorch_cuda.so of the same PyTorch must lie \
                        beside libtorch or where TORCH_CUDA_LIB says";

/// The findings on a network: `load` loads it, with all checks of a run, and tells its name and processor.
pub fn findings<E>(
    choice: DeviceChoice,
    load: impl FnOnce() -> Result<(String, Processor), E>,
) -> Vec<Finding>
where
    E: std::error::Error,
{
    let driver = nvidia_driver::loaded();
    let cuda_here = Processor::cuda_here();
    if let (DeviceChoice::Cuda, Err(reason)) = (choice, cuda_here) {
        return vec![without_cuda(reason, driver.as_deref())];
    }
    match load() {
        Ok((model, processor)) => {
            vec![running(choice, &model, &processor, cuda_here, driver.as_deref())]
        }
        Err(error) => vec![Finding::wrong(
            error.to_string(),
            "put right what the sentence names; `vesalius check` looks at the model's files",
        )],
    }
}

fn running(
    choice: DeviceChoice,
    model: &str,
    processor: &Processor,
    cuda_here: Result<(), &str>,
    driver: Option<&str>,
) -> Finding {
    let threads = match processor.threads() {
        1 => "1 thread".to_owned(),
        threads => format!("{threads} threads"),
    };
    let cpu = format!("the CPU ({threads}, {})", Processor::cpu_capability());
    let driver = spoken(driver);
    match (choice, processor.no_cuda()) {
        (_, None) => Finding::good(format!(
            "`{model}` is loaded on {} ({driver}); on the CPU, with `device = \"cpu\"`, a replay would give the same bits",
            processor.name()
        )),
        (DeviceChoice::Cpu, Some(_)) => Finding::good(match cuda_here {
            Ok(()) => format!(
                "`{model}` is loaded on {cpu}, as `device = \"cpu\"` says; CUDA could be used ({driver})"
            ),
            Err(reason) => format!(
                "`{model}` is loaded on {cpu}, as `device = \"cpu\"` says; CUDA could not be used: {reason} ({driver})"
            ),
        }),
        (DeviceChoice::Automatic | DeviceChoice::Cuda, Some(reason)) => Finding::notable(
            format!("`{model}` is loaded on {cpu} and not on CUDA: {reason} ({driver})"),
            format!("{FOR_CUDA}; if the CPU is meant, write `device = \"cpu\"`"),
        ),
    }
}

fn without_cuda(reason: &str, driver: Option<&str>) -> Finding {
    Finding::wrong(
        format!("`device = \"cuda\"`, but CUDA cannot be used: {reason} ({})", spoken(driver)),
        format!("{FOR_CUDA}; else write `device = \"automatic\"` or `\"cpu\"`"),
    )
}

fn spoken(driver: Option<&str>) -> String {
    driver.map_or_else(
        || "no NVIDIA driver is loaded".to_owned(),
        |version| format!("NVIDIA driver {version}"),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use models::ModelError;

    use super::*;

    fn on_the_cpu() -> Processor {
        Processor::choose(DeviceChoice::Cpu, 2).unwrap()
    }

    #[test]
    fn the_cpu_that_was_asked_for_is_good_and_says_whether_cuda_could_be_used() {
        let say = |cuda| match running(
            DeviceChoice::Cpu,
            "vessels",
            &on_the_cpu(),
            cuda,
            Some("580.1"),
        ) {
            Finding::Good { text } => text,
            other => panic!("{other:?}"),
        };
        assert!(say(Ok(())).contains("CUDA could be used (NVIDIA driver 580.1)"));
        let without = say(Err("it is not here"));
        assert!(without.contains("`vessels` is loaded on the CPU (2 threads"), "{without}");
        assert!(without.contains("CUDA could not be used: it is not here"), "{without}");
    }

    #[test]
    fn the_cpu_for_want_of_cuda_is_notable() {
        let finding =
            running(DeviceChoice::Automatic, "vessels", &on_the_cpu(), Err("not found"), None);
        let Finding::Notable { text, remedy } = finding else { panic!("{finding:?}") };
        assert!(text.contains("no NVIDIA driver is loaded"), "{text}");
        assert!(remedy.contains("TORCH_CUDA_LIB") && remedy.contains("device = \"cpu\""));
    }

    #[test]
    fn cuda_that_was_demanded_and_is_not_there_is_wrong() {
        let finding = without_cuda("libtorch_cuda.so was not found", Some("580.1"));
        let Finding::Wrong { text, remedy } = finding else { panic!("{finding:?}") };
        assert!(text.contains("libtorch_cuda.so was not found (NVIDIA driver 580.1)"), "{text}");
        assert!(remedy.contains("nvidia-smi"), "{remedy}");
    }

    #[test]
    fn any_other_refusal_is_told_as_it_is() {
        let error = ModelError::Threads { most: 256, came: 0 };
        let said = error.to_string();
        let found = findings(DeviceChoice::Cpu, || Err(error));
        let [Finding::Wrong { text, .. }] = &found[..] else { panic!("{found:?}") };
        assert_eq!(*text, said);
    }
}
