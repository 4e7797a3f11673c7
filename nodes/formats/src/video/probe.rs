//! What `ffprobe` tells of a file, as JSON.

use serde_json::Value;

use super::error::Error;
use super::field_track::FieldTrack;
use crate::metaimage::{Limits, excerpt};

/// The first stream of moving images in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoStream {
    /// Which of the file's streams it is.
    pub index: u32,
    /// How it is coded, in `ffmpeg`'s word, such as `h264`.
    pub codec: String,
    /// How its pixels are kept, in `ffmpeg`'s word, such as `yuv420p`.
    pub pixel_format: String,
    /// Pixels along x.
    pub width_px: usize,
    /// Pixels along y.
    pub height_px: usize,
    /// A tick of its times as a fraction of a second, numerator and denominator; neither is 0.
    pub time_base: [u32; 2],
    /// How many frames the file says that it has, if it does.
    pub declared_frames: Option<u64>,
    /// When the file says that it ends, in seconds on its own clock, if it does.
    pub declared_end_s: Option<f64>,
    /// How far a player is to turn it counterclockwise, in degrees, if it is.
    pub rotation_deg: Option<f64>,
    /// Texts that come with its frames, such as the transforms that IGSIO writes.
    pub fields: Vec<FieldTrack>,
}

impl VideoStream {
    /// From an answer of `ffprobe`.
    ///
    /// # Errors
    /// If it is no such answer, there is no video, or its images are beyond the limit.
    pub fn parse(json: &[u8], limits: &Limits) -> Result<Self, Error> {
        let answer: Value = serde_json::from_slice(json)
            .map_err(|_| wrong("JSON", &String::from_utf8_lossy(json)))?;
        let Some(streams) = answer["streams"].as_array() else {
            return Err(wrong("`streams`", &answer.to_string()));
        };
        let Some(video) = streams.iter().find(|stream| is_video(stream)) else {
            return Err(Error::NoVideo { streams: streams.len() });
        };
        let size = |key| {
            let size = video[key].as_u64().filter(|size| (1..=u32::MAX.into()).contains(size));
            size.ok_or_else(|| wrong("the size of the images", &video.to_string()))
        };
        let (width, height) = (size("width")?, size("height")?);
        if width * height > limits.pixel_bytes {
            let (declared, limit) = (width * height, limits.pixel_bytes);
            return Err(Error::TooLarge { what: "an image", declared, limit });
        }
        let index = video["index"].as_u64().and_then(|index| index.try_into().ok());
        let start = seconds(&video["start_time"]).unwrap_or(0.0);
        Ok(Self {
            index: index.ok_or_else(|| wrong("the index of a stream", &video.to_string()))?,
            codec: word(&video["codec_name"]),
            pixel_format: word(&video["pix_fmt"]),
            width_px: width as usize,
            height_px: height as usize,
            time_base: time_base(&video["time_base"])
                .ok_or_else(|| wrong("a time base", &video.to_string()))?,
            declared_frames: video["nb_frames"].as_str().and_then(|text| text.parse().ok()),
            declared_end_s: seconds(&video["duration"]).map(|duration| start + duration),
            rotation_deg: rotation(video),
            fields: FieldTrack::all(streams),
        })
    }

    /// A time in ticks as seconds.
    pub fn seconds(&self, ticks: i64) -> f64 {
        let [num, den] = self.time_base.map(f64::from);
        ticks as f64 * num / den
    }
}

fn wrong(expected: &'static str, came: &str) -> Error {
    Error::Answer { expected, came: excerpt(came) }
}

/// Pictures of a cover or a chapter are video for `ffprobe`, too.
fn is_video(stream: &Value) -> bool {
    let is = |key: &str| stream["disposition"][key].as_u64().is_some_and(|flag| flag != 0);
    stream["codec_type"] == "video" && !is("attached_pic") && !is("timed_thumbnails")
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or("unknown").to_owned()
}

fn seconds(value: &Value) -> Option<f64> {
    value.as_str()?.parse().ok().filter(|seconds: &f64| seconds.is_finite())
}

/// `1/25`
fn time_base(value: &Value) -> Option<[u32; 2]> {
    let (num, den) = value.as_str()?.split_once('/')?;
    let base = [num.parse().ok()?, den.parse().ok()?];
    (!base.contains(&0)).then_some(base)
}

fn rotation(video: &Value) -> Option<f64> {
    let data = video["side_data_list"].as_array()?;
    let rotation = data.iter().find_map(|data| data["rotation"].as_f64())?;
    (rotation != 0.0).then_some(rotation)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(answer: &Value) -> Result<VideoStream, Error> {
        VideoStream::parse(answer.to_string().as_bytes(), &Limits::default())
    }

    fn video() -> Value {
        json!({ "index": 1, "codec_name": "h264", "codec_type": "video", "width": 640, "height": 480,
            "pix_fmt": "yuv420p", "time_base": "1/12800", "start_time": "0.500000", "duration": "2.000000",
            "nb_frames": "50", "side_data_list": [{}, { "rotation": -90 }] })
    }

    #[test]
    fn the_first_moving_images_are_taken() {
        let cover = json!({ "index": 0, "codec_name": "png", "codec_type": "video", "width": 9, "height": 9,
            "time_base": "1/90000", "disposition": { "attached_pic": 1 } });
        let sound = json!({ "index": 2, "codec_type": "audio" });
        let text = json!({ "index": 3, "codec_type": "subtitle", "codec_name": "subrip",
            "tags": { "title": "ProbeToTrackerTransform" } });
        let found = of(&json!({ "streams": [cover, video(), video(), sound, text] })).unwrap();
        let name = "ProbeToTrackerTransform".to_owned();
        assert_eq!(found.fields, [FieldTrack { index: 3, name }]);
        assert_eq!((found.index, found.width_px, found.height_px), (1, 640, 480));
        assert_eq!((found.codec.as_str(), found.pixel_format.as_str()), ("h264", "yuv420p"));
        assert_eq!((found.time_base, found.declared_frames), ([1, 12800], Some(50)));
        assert_eq!((found.declared_end_s, found.rotation_deg), (Some(2.5), Some(-90.0)));
        assert_eq!(found.seconds(6400), 0.5);

        let error = of(&json!({ "streams": [cover, sound] })).unwrap_err();
        assert!(matches!(error, Error::NoVideo { streams: 2 }), "{error}");
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let mut video = video();
        for key in ["start_time", "duration", "nb_frames", "side_data_list", "pix_fmt"] {
            video.as_object_mut().unwrap().remove(key);
        }
        let found = of(&json!({ "streams": [video] })).unwrap();
        assert_eq!((found.declared_frames, found.declared_end_s), (None, None));
        assert_eq!((found.rotation_deg, found.pixel_format.as_str()), (None, "unknown"));
    }

    #[test]
    fn other_answers_are_refused() {
        for (key, value) in [
            ("width", json!(0)),
            ("height", json!(-3)),
            ("width", json!("640")),
            ("time_base", json!("1/0")),
            ("time_base", json!("25")),
            ("index", json!(null)),
        ] {
            let mut video = video();
            video[key] = value;
            let error = of(&json!({ "streams": [video] })).unwrap_err();
            assert!(matches!(error, Error::Answer { .. }), "{key}: {error}");
        }
        assert!(matches!(of(&json!([])), Err(Error::Answer { .. })));
        assert!(matches!(VideoStream::parse(b"{", &Limits::default()), Err(Error::Answer { .. })));
    }

    #[test]
    fn images_beyond_the_limit_are_refused() {
        let answer = json!({ "streams": [video()] }).to_string();
        let limits = |pixel_bytes| Limits { pixel_bytes, ..Limits::default() };
        assert!(VideoStream::parse(answer.as_bytes(), &limits(640 * 480)).is_ok());
        let error = VideoStream::parse(answer.as_bytes(), &limits(640 * 480 - 1)).unwrap_err();
        assert!(matches!(error, Error::TooLarge { declared: 307_200, .. }), "{error}");
    }
}
