//! What a worker prints: lines, and framed events that may span lines.
//!
//! A frame is a mark, a length, microseconds since the epoch and the text, as Lambda's own runtimes write them: four
//! bytes `a5 5a 00 xx`, four bytes length, eight bytes time, big-endian.

use base::Timestamp;
use bytes::{Buf, BytesMut};

use crate::logs::LogEvent;

/// CloudWatch Logs User Guide, "Logs quotas": one event. Longer text is cut into several.
const EVENT_LIMIT: usize = 256 * 1024;
const MARK: [u8; 3] = [0xa5, 0x5a, 0x00];
const FRAME_HEAD: usize = 16;

#[derive(Default)]
pub struct Splitter {
    pub buffer: BytesMut,
    /// When the last event was. Events keep their order whatever a frame says of its time.
    last: Timestamp,
}

impl Splitter {
    /// The events that are whole. `rest` also gives what has no end yet: the invocation is over.
    pub fn take(&mut self, now: Timestamp, rest: bool, mut each: impl FnMut(LogEvent)) {
        while !self.buffer.is_empty() {
            if let Some(length) = self.frame_length() {
                if self.buffer.len() < FRAME_HEAD + length {
                    break; // a frame is written in one go: the rest is on its way
                }
                let micros =
                    self.buffer[8..FRAME_HEAD].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
                let text = &self.buffer[FRAME_HEAD..FRAME_HEAD + length];
                let said = i64::try_from(micros / 1000).map_or(now, Timestamp::from_millis);
                self.last = said.max(self.last).min(now);
                emit(text, self.last, &mut each);
                self.buffer.advance(FRAME_HEAD + length);
                continue;
            }
            match self.line_end(rest) {
                Some(end) => {
                    let line = self.buffer.split_to(end);
                    self.last = now;
                    emit(&line, now, &mut each);
                }
                None => break,
            }
        }
    }

    fn frame_length(&self) -> Option<usize> {
        if self.buffer.len() < FRAME_HEAD || self.buffer[..3] != MARK {
            return None;
        }
        let length = u32::from_be_bytes(self.buffer[4..8].try_into().ok()?) as usize;
        (length <= 64 * EVENT_LIMIT).then_some(length)
    }

    /// Where the text at the start of the buffer ends: behind its newline, or before a frame.
    fn line_end(&self, rest: bool) -> Option<usize> {
        if self.starts_frame() {
            return rest.then_some(self.buffer.len());
        }
        let newline = self.buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let line = &self.buffer[..newline.unwrap_or(self.buffer.len())];
        let frame = line.windows(3).skip(1).position(|three| three == MARK).map(|at| at + 1);
        let whole = frame.or(newline);
        let full = || (self.buffer.len() >= EVENT_LIMIT).then_some(EVENT_LIMIT);
        whole.or_else(full).or_else(|| rest.then_some(self.buffer.len()))
    }

    fn starts_frame(&self) -> bool {
        let seen = self.buffer.len().min(3);
        self.buffer[..seen] == MARK[..seen] && self.buffer.len() < FRAME_HEAD
    }
}

fn emit(text: &[u8], at: Timestamp, each: &mut impl FnMut(LogEvent)) {
    for part in text.chunks(EVENT_LIMIT) {
        if part.iter().any(|byte| !byte.is_ascii_whitespace()) {
            each(LogEvent { timestamp: at, message: String::from_utf8_lossy(part).into_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str, millis: u64) -> Vec<u8> {
        let mut bytes = vec![0xa5, 0x5a, 0x00, 0x03];
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&(millis * 1000).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }

    fn split(parts: &[&[u8]]) -> Vec<(i64, String)> {
        let now = Timestamp::from_millis(100);
        let mut splitter = Splitter::default();
        let mut all = Vec::new();
        for part in parts {
            splitter.buffer.extend_from_slice(part);
            splitter.take(now, false, |event| {
                all.push((event.timestamp.millis(), event.message));
            });
        }
        splitter.take(now, true, |event| {
            all.push((event.timestamp.millis(), event.message));
        });
        all
    }

    #[test]
    fn lines_and_frames_in_any_mix_and_cut() {
        let mut bytes = frame("first\n", 77);
        bytes.extend(b"half a line ");
        bytes.extend(frame("two\nlines\n", 300));
        bytes.extend(b"plain\ntail");
        let expected = vec![
            (77, String::from("first\n")),
            (100, String::from("half a line ")),
            (100, String::from("two\nlines\n")),
            (100, String::from("plain\n")),
            (100, String::from("tail")),
        ];
        for at in 0..bytes.len() {
            assert_eq!(split(&[&bytes[..at], &bytes[at..]]), expected, "cut at {at}");
        }
    }

    #[test]
    fn a_false_mark_is_text_like_any_other() {
        let all = split(&[b"\xa5\x5a\x00\x03\xff\xff\xff\xff12345678 not a frame\n"]);
        assert_eq!(all.len(), 1);
        assert!(all[0].1.ends_with("not a frame\n"));
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let long = vec![b'x'; EVENT_LIMIT + 10];
        assert_eq!(split(&[&long]).iter().map(|(_, text)| text.len()).collect::<Vec<_>>(), [EVENT_LIMIT, 10]);
    }
}
