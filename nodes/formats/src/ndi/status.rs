//! Status words as bits, and what each bit says to a person.

macro_rules! bits {
    ($(#[$meta:meta])* $name:ident($word:ty) { $($(#[$bit_meta:meta])* $bit:ident = $value:literal, $sentence:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(pub $word);

        impl $name {
            $($(#[$bit_meta])* pub const $bit: Self = Self($value);)*

            /// Whether all these bits are set.
            pub fn has(self, bits: Self) -> bool {
                self.0 & bits.0 == bits.0
            }

            /// With these bits as well.
            #[must_use]
            pub fn with(self, bits: Self) -> Self {
                Self(self.0 | bits.0)
            }

            /// What each set bit says, in the order of the bits.
            pub fn sentences(self) -> Vec<&'static str> {
                let said: &[($word, &'static str)] = &[$(($value, $sentence)),*];
                said.iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, text)| *text).collect()
            }
        }
    };
}

bits! {
    /// The status of a port handle: 12 bits of PHSR, 8 of PHINF, 32 of TX and BX.
    PortStatus(u32) {
        /// A tool is there.
        OCCUPIED = 0x0001, "a tool is in the port";
        /// Button 1 is pressed.
        SWITCH_1 = 0x0002, "switch 1 is closed";
        /// Button 2 is pressed.
        SWITCH_2 = 0x0004, "switch 2 is closed";
        /// Button 3 is pressed.
        SWITCH_3 = 0x0008, "switch 3 is closed";
        /// The tool is initialised.
        INITIALIZED = 0x0010, "the tool is initialised";
        /// The tool is enabled for tracking.
        ENABLED = 0x0020, "the tool is enabled";
        /// Not where the tracker was characterised (TX, BX).
        OUT_OF_VOLUME = 0x0040, "out of volume: bring the tool into the measurement volume, or move the tracker";
        /// Partly not where the tracker was characterised (TX, BX).
        PARTIALLY_OUT_OF_VOLUME = 0x0080, "partly out of volume: bring the whole tool into the measurement volume, or move the tracker";
        /// More to compute than fits; of an Aurora: the sensor's coil is broken.
        ALGORITHM_LIMIT = 0x0100, "the tracker cannot compute the pose: too many markers are in view, or the sensor in the tool is broken";
        /// A bright object.
        INTERFERENCE = 0x0200, "infrared light or metal disturbs the measurement: turn off lamps, or remove what shines or is of metal nearby";
        /// The computation failed.
        PROCESSING_EXCEPTION = 0x1000, "the tracker failed to compute the pose: if it comes again, it needs service";
        /// The computation took too long.
        FELL_BEHIND = 0x4000, "the tracker fell behind while computing: use fewer tools or a lower rate";
        /// Too many markers in view.
        BUFFER_LIMIT = 0x8000, "too much is in view of the tracker: cover reflecting objects";
    }
}

bits! {
    /// The status of the whole system (TX, BX).
    SystemStatus(u16) {
        /// Parts of the system are out of step.
        SYNC_ERROR = 0x0001, "parts of the tracker are out of step: look at the cables between sensor, control unit and field generator";
        /// Too much infrared light.
        INFRARED = 0x0002, "too much infrared light in the room: turn off or cover lamps, and keep sunlight out";
        /// Damaged inside the system.
        CRC_ERROR = 0x0004, "data are damaged within the tracker: look at the cables between its parts";
        /// The computation failed, and goes on.
        PROCESSING_EXCEPTION = 0x0008, "the tracker failed to compute and went on: if it comes again, it needs service";
        /// Broken.
        HARDWARE_FAILURE = 0x0010, "the tracker's hardware failed: it needs service";
        /// Something was plugged or pulled.
        HARDWARE_CHANGE = 0x0020, "a part of the tracker was connected or disconnected: initialise it anew";
        /// A tool was plugged in.
        PORT_OCCUPIED = 0x0040, "a tool was plugged in";
        /// A tool was pulled out.
        PORT_UNOCCUPIED = 0x0080, "a tool was unplugged";
        /// Something is to be looked at.
        DIAGNOSTIC_PENDING = 0x0100, "the tracker has an alert to be read: look at its lights and alerts";
        /// Too warm or too cold.
        TEMPERATURE = 0x0200, "the tracker is not at its working temperature: let it warm up or cool down before trusting it";
        /// Connected otherwise than at the start.
        CONFIGURATION_CHANGED = 0x0400, "the tracker's parts are connected otherwise than at the start: initialise it anew";
    }
}

bits! {
    /// How the pose of a tool was computed (option 0002 of BX).
    ToolInformation(u8) {
        /// The markers do not lie as the definition says.
        BAD_FIT = 0x01, "the markers do not lie as the tool definition says: look for bent, wet or covered markers, or another tool of this shape";
        /// Too few markers.
        TOO_FEW_MARKERS = 0x02, "too few markers are seen: clear the line of sight and clean the markers";
        /// A bright object.
        INTERFERENCE = 0x04, "infrared light disturbs: turn off lamps or cover what shines";
        /// The computation took too long.
        FELL_BEHIND = 0x08, "the tracker fell behind while computing: use fewer tools or a lower rate";
        /// The computation failed.
        PROCESSING_EXCEPTION = 0x80, "the tracker failed to compute the pose: if it comes again, it needs service";
    }
}

impl ToolInformation {
    /// Which face of a tool with several is seen, 0 to 7.
    pub fn face(self) -> u8 {
        self.0 >> 4 & 7
    }
}

impl PortStatus {
    /// Why the tracker gives no pose, or none to be trusted, for a person; nothing if no bit says why.
    pub fn reasons(self) -> Vec<&'static str> {
        const STATES: u32 = 0x3f;
        if !self.has(Self::OCCUPIED) {
            return vec![
                "not plugged in: plug the tool into its port, or load its definition anew",
            ];
        }
        if !self.has(Self::INITIALIZED) {
            return vec!["not initialised: the tool was unplugged or the tracker was reset"];
        }
        if !self.has(Self::ENABLED) {
            return vec!["not enabled for tracking"];
        }
        Self(self.0 & !STATES).sentences()
    }

    /// Which of the tool's three switches are closed.
    pub fn switches(self) -> [bool; 3] {
        [Self::SWITCH_1, Self::SWITCH_2, Self::SWITCH_3].map(|switch| self.has(switch))
    }
}
