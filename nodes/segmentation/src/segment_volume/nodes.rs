//! The same segmentation as two nodes, one for each frame that volumes come in.

use messages::{Health, IntensityVolume, LabelVolume, Patient, Preoperative, Stamped};
use runtime::{Context, Finding, Node, inputs, outputs};

use super::{Error, Parameters, VolumeSegmenter};
use crate::compute_device;

/// Declares a node that segments volumes of one frame; its ports stand in a module of their own.
macro_rules! segmenting_node {
    ($(#[$meta:meta])* $node:ident, $ports:ident, $frame:ty) => {
        mod $ports {
            use super::*;
            inputs! {
                /// What the node hears.
                pub enum Input { image => Image(IntensityVolume<$frame>) }
            }
            outputs! {
                /// What the node says.
                pub enum Output { labels => Labels(LabelVolume<$frame>) }
            }
        }

        $(#[$meta])*
        #[derive(Debug)]
        pub struct $node(VolumeSegmenter);

        impl Node for $node {
            type Parameters = Parameters;
            type Input = $ports::Input;
            type Output = $ports::Output;
            type Error = Error;

            fn new(parameters: Parameters) -> Result<Self, Error> {
                VolumeSegmenter::new(&parameters).map(Self)
            }

            fn handle(
                &mut self,
                input: Self::Input,
                context: &mut Context<Self::Output>,
            ) -> Result<(), Error> {
                let $ports::Input::Image(Stamped { acquired_at, value: volume, .. }) = input;
                let labels = self.0.segment(&volume)?;
                context.report(if labels.labels.as_slice().iter().any(|label| *label != 0) {
                    Health::Healthy
                } else {
                    Health::Degraded { reason: nothing(&labels) }
                });
                context.publish(acquired_at, $ports::Output::Labels(labels));
                Ok(())
            }

            fn examine(parameters: Parameters) -> Vec<Finding> {
                compute_device::findings(parameters.device, || {
                    let VolumeSegmenter { identity, network, .. } =
                        VolumeSegmenter::new(&parameters)?;
                    Ok::<_, Error>((identity.name, network.processor().clone()))
                })
            }
        }
    };
}

segmenting_node! {
    /// Segments the volume from before the procedure.
    SegmentPreoperative, preoperative, Preoperative
}
segmenting_node! {
    /// Segments a volume made during the procedure.
    SegmentConeBeam, cone_beam, Patient
}

/// Why there is no label.
fn nothing<In>(labels: &LabelVolume<In>) -> String {
    let names: Vec<&str> =
        labels.structures.iter().map(|structure| structure.name.as_str()).collect();
    format!(
        "the network saw none of its structures ({}); look at the image, its units and its orientation",
        names.join(", ")
    )
}
