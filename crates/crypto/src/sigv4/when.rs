//! Dates as signatures write them: `20240917T083005Z`.

use base::Timestamp;
use time::{
    OffsetDateTime, PrimitiveDateTime, UtcDateTime, format_description::well_known::Rfc2822,
    macros::format_description,
};

pub fn format_amz_date(at: Timestamp) -> String {
    // Years beyond time's range become the epoch: no clock shows them.
    let at = UtcDateTime::from_unix_timestamp(at.seconds()).unwrap_or(UtcDateTime::UNIX_EPOCH);
    at.format(format_description!("[year][month][day]T[hour][minute][second]Z")).unwrap_or_default()
}

/// The basic format of ISO 8601 to the second, UTC, and nothing else.
pub fn parse_amz_date(text: &str) -> Option<Timestamp> {
    if text.len() != 16 {
        return None;
    }
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let at = PrimitiveDateTime::parse(text, format).ok()?;
    Some(Timestamp::from_seconds(at.assume_utc().unix_timestamp()))
}

/// The `Date` header's format (RFC 9110, section 5.6.7).
pub(super) fn parse_http_date(text: &str) -> Option<Timestamp> {
    OffsetDateTime::parse(text, &Rfc2822).ok().map(|at| Timestamp::from_seconds(at.unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_both_ways() {
        let at = Timestamp::from_seconds(1_440_938_160);
        assert_eq!(format_amz_date(at), "20150830T123600Z");
        assert_eq!(parse_amz_date("20150830T123600Z"), Some(at));
        assert_eq!(parse_http_date("Sun, 30 Aug 2015 12:36:00 GMT"), Some(at));
        for noise in [
            "",
            "20150830",
            "20150830T123600",
            "20151330T123600Z",
            "2015-08-30T12:36:00Z",
            "20150830T123600Z ",
        ] {
            assert_eq!(parse_amz_date(noise), None, "{noise}");
        }
    }
}
