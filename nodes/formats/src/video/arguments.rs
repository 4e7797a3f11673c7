//! The words that `ffprobe` and `ffmpeg` are started with.

use std::ffi::OsString;
use std::path::Path;

use super::container::Container;
use super::probe::VideoStream;

/// What both are told about the file. Nothing but a local file is opened, and it is read as what it begins like.
fn input(path: &Path, container: Container) -> Vec<OsString> {
    let mut words: Vec<OsString> =
        ["-hide_banner", "-v", "error", "-protocol_whitelist", "file,pipe"].map(From::from).into();
    words.extend(container.arguments().iter().map(From::from));
    // With the prefix no name is an option, an address or a pattern.
    let mut name = OsString::from("file:");
    name.push(path);
    words.extend(["-i".into(), name]);
    words
}

/// Of `ffprobe`: what the file holds, as JSON.
pub(super) fn describe(path: &Path, container: Container) -> Vec<OsString> {
    let entries = "stream=index,codec_type,codec_name,pix_fmt,width,height,r_frame_rate,time_base,start_time,duration,nb_frames\
        :stream_tags=title:stream_side_data=rotation:stream_disposition=attached_pic,timed_thumbnails:format=nb_streams";
    let mut words = input(path, container);
    words.extend(["-show_entries", entries, "-of", "json"].map(From::from));
    words
}

/// Of `ffprobe`: the times of all packets of a stream, a line each; nothing is decoded.
pub(super) fn list_packets(path: &Path, container: Container, stream: u32) -> Vec<OsString> {
    let mut words = input(path, container);
    words.extend(["-select_streams".into(), stream.to_string().into()]);
    let entries = "packet=pts,dts,flags";
    words.extend(["-show_entries", entries, "-of", "compact=p=0"].map(From::from));
    words
}

/// Of `ffprobe`: times and texts of all subtitles, a line each.
pub(super) fn list_texts(path: &Path, container: Container) -> Vec<OsString> {
    let mut words = input(path, container);
    let entries = "packet=stream_index,pts,data";
    words.extend(
        ["-select_streams", "s", "-show_data", "-show_entries", entries, "-of", "compact=p=0"]
            .map(From::from),
    );
    words
}

/// Of `ffmpeg`: all frames as 8-bit gray.
pub(super) fn decode(
    path: &Path,
    container: Container,
    stream: &VideoStream,
    most_pixels: u64,
) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["-nostdin", "-nostats"].map(From::from).into();
    // What is damaged ends the reading, and images stay as they are coded.
    let strict = ["-xerror", "-err_detect", "crccheck+explode", "-noautorotate", "-copyts"];
    words.extend(strict.map(From::from));
    let most_pixels = most_pixels.min(i32::MAX as u64).to_string();
    words.extend(["-max_pixels".into(), most_pixels.into()]);
    words.extend(input(path, container));
    words.extend(["-map".into(), format!("0:{}", stream.index).into()]);
    words.extend(["-map_metadata", "-1", "-map_chapters", "-1"].map(From::from));
    words.extend(["-c:v", "rawvideo", "-pix_fmt", "gray"].map(From::from));
    words.extend(["-sws_flags", "accurate_rnd+bitexact", "-sws_dither", "none"].map(From::from));
    // Each frame once, at its time to the tick, in its size.
    words.extend(["-fps_mode", "passthrough", "-autoscale", "0"].map(From::from));
    let [num, den] = stream.time_base;
    words.extend(["-enc_time_base".into(), format!("{num}:{den}").into()]);
    words.extend(["-avoid_negative_ts", "disabled", "-fflags", "+bitexact"].map(From::from));
    words.extend(["-write_index", "0", "-f", "nut", "pipe:1"].map(From::from));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_taken_for_anything_but_a_file() {
        for name in ["-y.mkv", "http://a/b.mkv", "concat:a|b.mkv", "file:a.mkv", "a%d.mkv", "a b"] {
            let words = describe(Path::new(name), Container::Matroska);
            let at = words.iter().position(|word| word == "-i").unwrap();
            assert_eq!(words[at + 1], *format!("file:{name}"));
            assert!(words.iter().all(|word| word != name));
        }
    }
}
