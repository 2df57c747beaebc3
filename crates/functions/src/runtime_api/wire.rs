//! HTTP/1.1 requests out of a byte stream, as much of it as runtimes use: heads by `httparse`, bodies by length or in
//! chunks. A body over the limit is read to its end and thrown away, so that the conversation goes on.

use bytes::{Buf, Bytes, BytesMut};

use super::{RESPONSE_LIMIT, line::Said};

const HEAD_LIMIT: usize = 64 * 1024;
/// Beyond it a runtime is not worth listening to.
const DISCARD_LIMIT: usize = 256 * 1024 * 1024;
const API: &str = "/2018-06-01/runtime/";

#[derive(Debug, PartialEq, Eq)]
pub enum WireError {
    /// Not HTTP, or a head or body past every limit.
    Malformed,
}

/// Bytes that came, and the request they begin.
pub struct Inbox {
    pub buffer: BytesMut,
    begun: Option<Begun>,
}

struct Begun {
    request: Request,
    body: BytesMut,
    rest: Rest,
    discarded: usize,
}

enum Rest {
    Length(usize),
    ChunkSize,
    Chunk(usize),
    ChunkEnd,
    Trailers,
}

#[derive(Debug)]
enum Request {
    Next,
    Response { id: String },
    Error { id: String, kind: Option<String> },
    InitError { kind: Option<String> },
    Other,
}

impl Inbox {
    pub fn new() -> Self {
        Self { buffer: BytesMut::with_capacity(16 * 1024), begun: None }
    }

    /// The next whole request, where all of it has come.
    pub fn take(&mut self) -> Result<Option<Said>, WireError> {
        if self.begun.is_none() {
            self.begun = self.head()?;
        }
        let Some(begun) = &mut self.begun else { return Ok(None) };
        // The common case: all of the body is here, and is taken without a copy.
        if let Rest::Length(length) = begun.rest
            && begun.body.is_empty()
            && begun.discarded == 0
            && length <= RESPONSE_LIMIT
        {
            if self.buffer.len() < length {
                self.buffer.reserve(length - self.buffer.len());
                return Ok(None);
            }
            let body = self.buffer.split_to(length).freeze();
            return Ok(self.begun.take().map(|begun| begun.request.said(body, false)));
        }
        if !begun.advance(&mut self.buffer)? {
            return Ok(None);
        }
        Ok(self.begun.take().map(|begun| {
            let too_large = begun.discarded > 0;
            begun.request.said(begun.body.freeze(), too_large)
        }))
    }

    fn head(&mut self) -> Result<Option<Begun>, WireError> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut headers);
        let length = match parsed.parse(&self.buffer) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if self.buffer.len() < HEAD_LIMIT => return Ok(None),
            _ => return Err(WireError::Malformed),
        };
        let mut rest = Rest::Length(0);
        let mut kind = None;
        for header in parsed.headers.iter() {
            if header.name.eq_ignore_ascii_case("content-length") {
                let text = std::str::from_utf8(header.value).map_err(|_| WireError::Malformed)?;
                rest = Rest::Length(text.trim().parse().map_err(|_| WireError::Malformed)?);
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                rest = Rest::ChunkSize;
            } else if header.name.eq_ignore_ascii_case("lambda-runtime-function-error-type") {
                kind = std::str::from_utf8(header.value).ok().map(str::to_owned);
            }
        }
        let request = route(parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default(), kind);
        self.buffer.advance(length);
        Ok(Some(Begun { request, body: BytesMut::new(), rest, discarded: 0 }))
    }
}

impl Begun {
    /// Moves what came into the body. `true` at its end.
    fn advance(&mut self, buffer: &mut BytesMut) -> Result<bool, WireError> {
        loop {
            match &mut self.rest {
                Rest::Length(left) | Rest::Chunk(left) if *left > 0 => {
                    if buffer.is_empty() {
                        return Ok(false);
                    }
                    let part = buffer.split_to(buffer.len().min(*left));
                    *left -= part.len();
                    if self.discarded > 0 || self.body.len() + part.len() > RESPONSE_LIMIT {
                        self.discarded += part.len() + std::mem::take(&mut self.body).len();
                    } else {
                        self.body.extend_from_slice(&part);
                    }
                    if self.discarded > DISCARD_LIMIT {
                        return Err(WireError::Malformed);
                    }
                }
                Rest::Length(_) => return Ok(true),
                Rest::Chunk(_) => self.rest = Rest::ChunkEnd,
                Rest::ChunkEnd => match text_line(buffer)? {
                    Some(_) => self.rest = Rest::ChunkSize,
                    None => return Ok(false),
                },
                Rest::ChunkSize => {
                    let Some(line) = text_line(buffer)? else { return Ok(false) };
                    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
                    let digits = std::str::from_utf8(digits).map_err(|_| WireError::Malformed)?;
                    let size = usize::from_str_radix(digits.trim(), 16).map_err(|_| WireError::Malformed)?;
                    self.rest = if size == 0 { Rest::Trailers } else { Rest::Chunk(size) };
                }
                Rest::Trailers => match text_line(buffer)? {
                    Some(line) if line.is_empty() => return Ok(true),
                    Some(_) => {}
                    None => return Ok(false),
                },
            }
        }
    }
}

fn text_line(buffer: &mut BytesMut) -> Result<Option<Bytes>, WireError> {
    match buffer.windows(2).position(|pair| pair == b"\r\n") {
        Some(end) => {
            let line = buffer.split_to(end).freeze();
            buffer.advance(2);
            Ok(Some(line))
        }
        None if buffer.len() < HEAD_LIMIT => Ok(None),
        None => Err(WireError::Malformed),
    }
}

fn route(method: &str, path: &str, kind: Option<String>) -> Request {
    let Some(rest) = path.strip_prefix(API) else { return Request::Other };
    match (method, rest) {
        ("GET", "invocation/next") => Request::Next,
        ("POST", "init/error") => Request::InitError { kind },
        ("POST", rest) => match rest.strip_prefix("invocation/").and_then(|rest| rest.split_once('/')) {
            Some((id, "response")) => Request::Response { id: id.to_owned() },
            Some((id, "error")) => Request::Error { id: id.to_owned(), kind },
            _ => Request::Other,
        },
        _ => Request::Other,
    }
}

impl Request {
    fn said(self, body: Bytes, too_large: bool) -> Said {
        match self {
            Self::Next => Said::Next,
            Self::Response { id } if too_large => Said::TooLarge { id },
            Self::Response { id } => Said::Response { id, body },
            Self::Error { id, kind } => Said::Error { id, kind, body },
            Self::InitError { kind } => Said::InitError { kind, body },
            Self::Other => Said::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(parts: &[&[u8]]) -> Vec<Said> {
        let mut inbox = Inbox::new();
        let mut all = Vec::new();
        for part in parts {
            inbox.buffer.extend_from_slice(part);
            while let Some(one) = inbox.take().unwrap() {
                all.push(one);
            }
        }
        all
    }

    #[test]
    fn reads_a_response_with_the_next_question_behind_it() {
        let wire =
            b"POST /2018-06-01/runtime/invocation/abc/response HTTP/1.1\r\ncontent-length: 4\r\n\r\nnull\
            GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n";
        let expected =
            vec![Said::Response { id: String::from("abc"), body: Bytes::from_static(b"null") }, Said::Next];
        assert_eq!(said(&[wire]), expected);
        // However it is cut.
        for at in 1..wire.len() {
            assert_eq!(said(&[&wire[..at], &wire[at..]]), expected, "cut at {at}");
        }
    }

    #[test]
    fn reads_chunks() {
        let wire =
            b"POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n\
            3\r\nabc\r\n2;x=y\r\nde\r\n0\r\ntrailer: 1\r\n\r\n";
        let expected = vec![Said::Response { id: String::from("a"), body: Bytes::from_static(b"abcde") }];
        for at in 1..wire.len() {
            assert_eq!(said(&[&wire[..at], &wire[at..]]), expected, "cut at {at}");
        }
    }

    #[test]
    fn a_body_over_the_limit_is_named_and_passed_over() {
        let head = format!(
            "POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\ncontent-length: {}\r\n\r\n",
            RESPONSE_LIMIT + 1
        );
        let body = vec![b'x'; RESPONSE_LIMIT + 1];
        let next = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n";
        assert_eq!(
            said(&[head.as_bytes(), &body, next]),
            vec![Said::TooLarge { id: String::from("a") }, Said::Next]
        );
    }

    #[test]
    fn what_is_not_http_ends_it() {
        let mut inbox = Inbox::new();
        inbox.buffer.extend_from_slice(b"\x00\x01\x02\r\n\r\n");
        assert_eq!(inbox.take(), Err(WireError::Malformed));
    }
}
