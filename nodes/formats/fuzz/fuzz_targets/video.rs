//! What `ffmpeg` and `ffprobe` write of a video: frames in NUT, what the file holds, times, and texts beside the images.

use formats::video::{Container, FieldTrack, NutReader, PacketTimes, TimedFields, VideoStream};

use super::{LIMITS, Target, bounded, odd_numbers};

/// What is tried, and with what.
pub const TARGET: Target = Target { name: "video", check, seeds, words: WORDS };

fn check(bytes: &[u8]) {
    let _ = Container::of(bytes);
    bounded(bytes.len(), 0, || check_nut(bytes));
    if let Ok(stream) = bounded(bytes.len(), 0, || VideoStream::parse(bytes, &LIMITS)) {
        assert!(stream.width_px > 0 && stream.height_px > 0);
        assert!((stream.width_px * stream.height_px) as u64 <= LIMITS.pixel_bytes);
        assert!(!stream.time_base.contains(&0));
        assert!(stream.seconds(i64::MIN).is_finite());
        assert!(stream.declared_end_s.is_none_or(f64::is_finite));
    }
    if let Ok(times) = bounded(bytes.len(), 0, || PacketTimes::parse(bytes, &LIMITS)) {
        assert!(times.ticks.is_sorted());
    }
    let track = |index, name: &str| FieldTrack { index, name: name.to_owned() };
    let tracks = [track(1, "AToBTransform"), track(2, "Timestamp")];
    if let Ok(mut fields) = bounded(bytes.len(), 0, || TimedFields::parse(bytes, &tracks, &LIMITS))
    {
        let left = fields.left();
        assert!(fields.take(0).len() <= tracks.len() && fields.left() <= left);
    }
}

fn check_nut(bytes: &[u8]) {
    let Ok(mut reader) = NutReader::open(bytes, LIMITS.pixel_bytes) else { return };
    for stream in reader.streams() {
        assert!(!stream.time_base.contains(&0));
    }
    let mut data = Vec::new();
    while let Ok(Some(packet)) = reader.read_packet(&mut data) {
        assert!(packet.stream < reader.streams().len());
        assert!(data.len() as u64 <= LIMITS.pixel_bytes);
    }
}

/// A small file of each, as the programs write them.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../../tests/video/gray-8x2.nut").to_vec(),
        br#"{ "streams": [ { "index": 0, "codec_name": "ffv1", "codec_type": "video", "width": 8, "height": 2, "pix_fmt": "gray",
 "time_base": "1/1000", "start_time": "0.040000", "duration": "2.0", "nb_frames": "50", "disposition": { "attached_pic": 0 },
 "side_data_list": [ { "rotation": -90 } ] }, { "index": 1, "codec_type": "subtitle", "codec_name": "subrip",
 "tags": { "title": "AToBTransform" } } ], "format": { "nb_streams": 2 } }"#
            .to_vec(),
        b"pts=0|dts=-512|flags=K_\npts=N/A|dts=512|flags=__\npts=512|dts=0|flags=_D\n".to_vec(),
        b"stream_index=1|pts=0|data=\\n00000000: 3120 3020                                1 0 \\n\nstream_index=2|pts=40|data=\\n00000000: 312e 3500                                1.5.\\n\n".to_vec(),
    ]
}

const WORDS: &[&str] = odd_numbers![
    "nut/multimedia container\0",
    "NMz",
    "NS\x11@",
    "\"streams\"",
    "\"codec_type\"",
    "\"video\"",
    "\"time_base\"",
    "1/90000",
    "pts=",
    "|dts=",
    "|flags=K_",
    "N/A",
    "stream_index=",
    "|data=\\n00000000: ",
    "\\n",
    "\\|",
];
