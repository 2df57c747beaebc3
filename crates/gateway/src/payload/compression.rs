//! gzip and deflate, both ways, for APIs with a `MinimumCompressionSize`
//! (Amazon API Gateway Developer Guide, "Payload compression for REST APIs").

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::{Compression, read, write};
use http::{
    HeaderMap, HeaderValue, Response,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH},
};

use super::BODY_LIMIT;

/// Compresses an answer of at least `minimum` bytes, where the client takes it and nobody encoded it already.
pub fn compress(response: &mut Response<Bytes>, minimum: u32, request: &HeaderMap) {
    let size = u32::try_from(response.body().len()).unwrap_or(u32::MAX);
    if size < minimum.max(1) || response.headers().contains_key(CONTENT_ENCODING) {
        return;
    }
    let Some(encoding) = accepted(request) else { return };
    let packed = match encoding {
        "gzip" => finish(
            write::GzEncoder::new(Vec::new(), Compression::fast()),
            response.body(),
            write::GzEncoder::finish,
        ),
        _ => finish(
            write::ZlibEncoder::new(Vec::new(), Compression::fast()),
            response.body(),
            write::ZlibEncoder::finish,
        ),
    };
    if let Ok(packed) = packed {
        *response.body_mut() = Bytes::from(packed);
        response.headers_mut().remove(CONTENT_LENGTH);
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
}

fn finish<W: Write>(
    mut encoder: W,
    body: &[u8],
    end: impl FnOnce(W) -> std::io::Result<Vec<u8>>,
) -> std::io::Result<Vec<u8>> {
    encoder.write_all(body)?;
    end(encoder)
}

fn accepted(headers: &HeaderMap) -> Option<&'static str> {
    let offers = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut found = None;
    for offer in offers.flat_map(|value| value.split(',')) {
        let mut parts = offer.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|parameter| {
            parameter
                .strip_prefix("q=")
                .and_then(|weight| weight.parse::<f32>().ok())
                .is_some_and(|q| q <= 0.0)
        });
        match name {
            _ if refused => {}
            "gzip" | "*" => return Some("gzip"),
            "deflate" => found = Some("deflate"),
            _ => {}
        }
    }
    found
}

#[derive(Debug, PartialEq, Eq)]
pub enum Undecodable {
    TooLarge,
    Broken,
    Unknown,
}

/// A request's body as it was before its client compressed it. It may not grow past what an uncompressed one may be.
pub fn decompress(body: &Bytes, encoding: &str) -> Result<Bytes, Undecodable> {
    let mut plain = Vec::new();
    let limit = BODY_LIMIT as u64 + 1;
    let read = match encoding.trim() {
        "identity" | "" => return Ok(body.clone()),
        "gzip" => read::MultiGzDecoder::new(&body[..]).take(limit).read_to_end(&mut plain),
        "deflate" => read::ZlibDecoder::new(&body[..]).take(limit).read_to_end(&mut plain),
        _ => return Err(Undecodable::Unknown),
    };
    match read {
        Err(_) => Err(Undecodable::Broken),
        Ok(size) if size > BODY_LIMIT => Err(Undecodable::TooLarge),
        Ok(_) => Ok(Bytes::from(plain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    #[test]
    fn there_and_back() {
        for (offer, encoding) in
            [("br, gzip", "gzip"), ("deflate", "deflate"), ("gzip;q=0, deflate", "deflate")]
        {
            let text = Bytes::from("hello ".repeat(100));
            let mut response = Response::new(text.clone());
            compress(&mut response, 10, &accepting(offer));
            assert_eq!(response.headers()[CONTENT_ENCODING], encoding);
            assert!(response.body().len() < text.len());
            assert_eq!(decompress(response.body(), encoding), Ok(text));
        }
    }

    #[test]
    fn small_answers_and_plain_clients_are_left_alone() {
        let mut response = Response::new(Bytes::from_static(b"hello"));
        compress(&mut response, 10, &accepting("gzip"));
        compress(&mut response, 0, &accepting("br"));
        assert_eq!(response.body(), "hello");
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let mut response = Response::new(Bytes::from(vec![0; BODY_LIMIT + 1]));
        compress(&mut response, 1, &accepting("gzip"));
        assert_eq!(decompress(response.body(), "gzip"), Err(Undecodable::TooLarge));
        assert_eq!(decompress(&Bytes::from_static(b"no"), "gzip"), Err(Undecodable::Broken));
    }
}
