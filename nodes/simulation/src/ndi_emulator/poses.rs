//! Where the tools are: the answers to TX, BX and BX2.

use formats::ndi::{
    Buttons, Bx, Bx2Options, BxHandle, BxMarker, BxState, Component, DeviceError, Error, Frame,
    FrameType, Gbf, Marker3d, MarkerState, MarkerUse, Markers3d, Placement, PortStatus,
    ReplyOptions, SystemStatus, Tool3d, Tool6d, ToolInformation, ToolStatus, Tx, TxHandle, TxState,
};
use nalgebra::{Isometry3, Point3};

use super::ports::Port;
use super::sampling::Sample;
use super::{Line, Moment, NdiEmulator};
use crate::faults::{Hidden, Sight};

/// A tool in a frame.
struct Seen {
    handle: u8,
    occupied: bool,
    /// A pose, if the device has one, whether or not it may be shown.
    placement: Option<Placement>,
    out: bool,
    status: PortStatus,
    /// Where each marker seems to be, and whether it is seen and whether it is in the volume.
    markers: Vec<(Point3<f64>, bool, bool)>,
    hidden: Option<Hidden>,
}

impl NdiEmulator {
    /// Each enabled handle, and those that were enabled and are pulled.
    fn seen(&self, sample: &Sample) -> Vec<Seen> {
        let pulled = |port: &Port| port.wired.is_some() && !port.plugged;
        let shown = self.ports.handles.iter().filter(|(_, port)| port.enabled || pulled(port));
        shown.map(|(handle, port)| self.seen_one(*handle, port, sample)).collect()
    }

    fn seen_one(&self, handle: u8, port: &Port, sample: &Sample) -> Seen {
        let sight = self.sight(port, sample.procedure);
        let mut status = port.status();
        let error_mm = self.trajectory.error_mm() as f32;
        let (pose, hidden_markers, out, hidden) = match sight {
            Sight::Seen { pose, hidden_markers } => (Some(pose), hidden_markers, false, None),
            Sight::OutOfVolume { pose } => (Some(pose), Vec::new(), true, None),
            Sight::Hidden(reason) => (None, Vec::new(), false, Some(reason)),
        };
        let placed = |pose: Isometry3<f64>| {
            let place = |(index, marker): (usize, &Point3<f64>)| {
                let place = pose * marker;
                let seen = !hidden_markers.get(index).copied().unwrap_or(false);
                (place, seen, self.model.measures_at(&place) && !out)
            };
            port.markers().iter().enumerate().map(place).collect::<Vec<_>>()
        };
        let markers = pose.map(placed).unwrap_or_default();
        if out {
            status = status.with(PortStatus::OUT_OF_VOLUME);
        } else if markers.iter().any(|(_, _, inside)| !inside) {
            status = status.with(PortStatus::PARTIALLY_OUT_OF_VOLUME);
        }
        let placement = pose.map(|pose| Placement::of(&pose, error_mm));
        Seen { handle, occupied: port.occupied(), placement, out, status, markers, hidden }
    }

    fn system_status(&mut self) -> SystemStatus {
        std::mem::take(&mut self.ports.news)
    }

    /// The text of TX.
    pub(super) fn tx(&mut self, now: Moment, options: ReplyOptions) -> Result<String, DeviceError> {
        if options.0 & !Tx::OPTIONS.0 != 0 {
            return Err(DeviceError::NO_FEATURE);
        }
        let sample = self.sample(now);
        let handles = self.seen(&sample).into_iter().map(|seen| {
            let state = match (seen.occupied, seen.shown(options)) {
                (false, _) => TxState::Unoccupied,
                (true, Some(placement)) => TxState::Seen(placement),
                (true, None) => TxState::Missing,
            };
            let is_there = seen.occupied;
            let status = if is_there { seen.status } else { PortStatus::default() };
            let frame = if is_there { sample.frame } else { 0 };
            TxHandle { handle: seen.handle, state, status, frame }
        });
        let handles = handles.collect();
        let system = self.system_status();
        Tx { handles, system }.to_text().map_err(internal)
    }

    /// The body of BX.
    pub(super) fn bx(
        &mut self,
        now: Moment,
        options: ReplyOptions,
    ) -> Result<Vec<u8>, DeviceError> {
        if options.0 & !ReplyOptions::KNOWN.0 != 0 {
            return Err(DeviceError::NO_FEATURE);
        }
        let sample = self.sample(now);
        let handles = self.seen(&sample).into_iter().map(|seen| {
            let state = match seen.shown(options).filter(|_| options.has(ReplyOptions::POSES)) {
                _ if !seen.occupied => BxState::Disabled,
                Some(placement) => BxState::Seen(placement),
                None => BxState::Missing,
            };
            let mut handle = BxHandle::new(seen.handle, state, seen.status, sample.frame);
            handle.information = Some(seen.information());
            handle.markers = seen.bx_markers();
            handle
        });
        let handles = handles.collect();
        let system = self.system_status();
        Bx { handles, strays: Vec::new(), system }.to_body(options).map_err(internal)
    }

    /// The body of BX2: the newest frame, if the host has not had it.
    pub(super) fn bx2(
        &mut self,
        line: &mut Line,
        now: Moment,
        options: Bx2Options,
    ) -> Result<Vec<u8>, DeviceError> {
        let sample = self.sample(now);
        let mut components = Vec::new();
        if line.last_frame.replace(sample.frame) != Some(sample.frame) {
            let seen = self.seen(&sample);
            let mut data = Vec::new();
            if options.poses {
                data.push(Component::Poses(seen.iter().map(Seen::pose_6d).collect()));
            }
            if matches!(options.markers, Markers3d::Tools | Markers3d::All) {
                data.push(Component::Markers(seen.iter().map(Seen::markers_3d).collect()));
            }
            if options.buttons {
                let none =
                    |seen: &Seen| Buttons { handle: seen.handle.into(), pressed: Vec::new() };
                data.push(Component::Buttons(seen.iter().map(none).collect()));
            }
            let wired = self.model.is_wired();
            components.push(Component::Frames(vec![Frame {
                frame_type: if wired { FrameType::Magnetic } else { FrameType::Passive },
                sequence_index: 0,
                status: ToolStatus::ENABLED,
                number: sample.frame,
                seconds: sample.clock.as_secs() as u32,
                nanoseconds: sample.clock.subsec_nanos(),
                data: Gbf::new(data),
            }]));
        }
        Gbf::new(components).to_body().map_err(internal)
    }
}

impl Seen {
    /// The pose, as far as the options let it be shown.
    fn shown(&self, options: ReplyOptions) -> Option<Placement> {
        let shown = !self.out || options.has(ReplyOptions::OUT_OF_VOLUME);
        self.placement.filter(|_| shown && self.occupied)
    }

    fn information(&self) -> (ToolInformation, [MarkerUse; 20]) {
        let mut uses = [MarkerUse::Missing; 20];
        for (marker, (_, seen, inside)) in uses.iter_mut().zip(&self.markers) {
            *marker = match (seen, inside) {
                (false, _) => MarkerUse::Missing,
                (true, true) => MarkerUse::Used,
                (true, false) => MarkerUse::UsedOutOfVolume,
            };
        }
        let few = self.hidden == Some(Hidden::Blocked);
        let information = if few { ToolInformation::TOO_FEW_MARKERS } else { ToolInformation(0) };
        (information, uses)
    }

    fn bx_markers(&self) -> Vec<BxMarker> {
        let seen = self.markers.iter().filter(|(_, seen, _)| *seen);
        seen.map(|(place, _, inside)| BxMarker {
            is_out_of_volume: !inside,
            position_mm: numbers(place),
        })
        .collect()
    }

    fn pose_6d(&self) -> Tool6d {
        let status = match (self.occupied, self.hidden, self.out) {
            (false, ..) => ToolStatus::UNPLUGGED.without_pose(),
            (_, Some(Hidden::Blocked), _) => ToolStatus::TOO_FEW_MARKERS.without_pose(),
            (_, Some(_), _) => ToolStatus::MISSING.without_pose(),
            (_, None, true) => ToolStatus::OUT_OF_VOLUME,
            _ if self.status.has(PortStatus::PARTIALLY_OUT_OF_VOLUME) => {
                ToolStatus::PARTIALLY_OUT_OF_VOLUME
            }
            _ => ToolStatus::ENABLED,
        };
        let placement = self.placement.filter(|_| !status.lacks_pose());
        Tool6d { handle: self.handle.into(), status, placement }
    }

    fn markers_3d(&self) -> Tool3d {
        let markers = self.markers.iter().enumerate().map(|(index, (place, seen, inside))| {
            let state = match (seen, inside) {
                (false, _) => MarkerState::MISSING,
                (true, true) => MarkerState::OK,
                (true, false) => MarkerState(5),
            };
            let position_mm = seen.then(|| numbers(place));
            Marker3d { state, index: index as u16, position_mm }
        });
        Tool3d { handle: self.handle.into(), markers: markers.collect() }
    }
}

fn numbers(place: &Point3<f64>) -> [f32; 3] {
    [place.x as f32, place.y as f32, place.z as f32]
}

/// Nothing that is seen is too large for a reply: what is, is a fault of the device.
fn internal(_: Error) -> DeviceError {
    DeviceError(0x1a)
}
