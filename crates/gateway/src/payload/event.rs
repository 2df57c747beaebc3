//! The events functions get: Lambda proxy integration, payload version 1.0, and `REQUEST` authorizers
//! (Amazon API Gateway Developer Guide, "Input format of a Lambda function for proxy integration" and "Input to an API
//! Gateway Lambda authorizer").

use super::{bodies::event_body, context::Exchange, json::JsonWriter};

/// What a function behind AWS_PROXY is called with.
pub fn proxy_event(exchange: &Exchange<'_>) -> Vec<u8> {
    let mut json = JsonWriter::with_capacity(3072 + exchange.body.len() * 4 / 3);
    json.begin_object();
    write_request(exchange, &mut json, Absent::Null);
    let binary = exchange.stage.binary_media_types.takes_request(exchange.content_type());
    let (body, encoded) =
        event_body(&exchange.body, binary).map_or((None, false), |(body, flag)| (Some(body), flag));
    json.name("body");
    json.string_or_null(body.as_deref());
    json.name("isBase64Encoded");
    json.bool(encoded);
    json.end_object();
    json.into_bytes()
}

/// What a `REQUEST` authorizer is called with.
pub fn request_authorizer_event(exchange: &Exchange<'_>) -> Vec<u8> {
    let mut json = JsonWriter::with_capacity(3072);
    json.begin_object();
    json.member("type", "REQUEST");
    json.member("methodArn", &exchange.method_arn());
    write_request(exchange, &mut json, Absent::Empty);
    json.end_object();
    json.into_bytes()
}

/// What a `TOKEN` authorizer is called with.
pub fn token_authorizer_event(exchange: &Exchange<'_>, token: &str) -> Vec<u8> {
    let mut json = JsonWriter::with_capacity(256 + token.len());
    json.begin_object();
    json.member("type", "TOKEN");
    json.member("methodArn", &exchange.method_arn());
    json.member("authorizationToken", token);
    json.end_object();
    json.into_bytes()
}

/// How a map without entries is written.
#[derive(Clone, Copy)]
enum Absent {
    Null,
    Empty,
}

fn write_request(exchange: &Exchange<'_>, json: &mut JsonWriter, absent: Absent) {
    json.member("resource", exchange.resource_path());
    json.member("path", exchange.path.as_str());
    json.member("httpMethod", exchange.request.head.method.as_str());

    let headers = exchange.passed_headers().entries;
    let lasts =
        headers.iter().map(|(name, values)| (*name, values.last().map_or("", |value| value.as_ref())));
    write_map(json, "headers", lasts, absent);
    let lists = headers.iter().map(|(name, values)| (*name, values.iter().map(AsRef::as_ref)));
    write_lists(json, "multiValueHeaders", lists, absent);

    let query = exchange.query.grouped();
    let lasts = query.iter().map(|(name, values)| (*name, values.last().copied().unwrap_or_default()));
    write_map(json, "queryStringParameters", lasts, absent);
    let lists = query.iter().map(|(name, values)| (*name, values.iter().copied()));
    write_lists(json, "multiValueQueryStringParameters", lists, absent);

    write_map(json, "pathParameters", exchange.parameters.iter().copied(), absent);
    let variables = exchange.stage.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    write_map(json, "stageVariables", variables, absent);
    json.name("requestContext");
    exchange.write_request_context(json);
}

fn write_map<'t>(
    json: &mut JsonWriter,
    name: &str,
    entries: impl ExactSizeIterator<Item = (&'t str, &'t str)>,
    absent: Absent,
) {
    json.name(name);
    if let (0, Absent::Null) = (entries.len(), absent) {
        return json.null();
    }
    json.begin_object();
    for (name, value) in entries {
        json.member(name, value);
    }
    json.end_object();
}

fn write_lists<'t, V: Iterator<Item = &'t str>>(
    json: &mut JsonWriter,
    name: &str,
    entries: impl ExactSizeIterator<Item = (&'t str, V)>,
    absent: Absent,
) {
    json.name(name);
    if let (0, Absent::Null) = (entries.len(), absent) {
        return json.null();
    }
    json.begin_object();
    for (name, values) in entries {
        json.name(name);
        json.begin_array();
        for value in values {
            json.string(value);
        }
        json.end_array();
    }
    json.end_object();
}
