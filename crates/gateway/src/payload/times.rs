//! Instants as API Gateway writes them.

use base::Timestamp;
use time::OffsetDateTime;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `$context.requestTime`: `21/Nov/2026:20:13:27 +0000`.
pub fn common_log_format(at: Timestamp) -> String {
    let at = utc(at);
    let month = month_name(at);
    let (hour, minute, second) = at.to_hms();
    format!("{:02}/{month}/{}:{hour:02}:{minute:02}:{second:02} +0000", at.day(), at.year())
}

/// How a token's `iat` and `exp` stand among the claims: `Sun Dec 17 07:28:12 UTC 2017`.
pub fn claim_date(seconds: i64) -> String {
    let at = utc(Timestamp::from_seconds(seconds));
    let day = DAYS.get(usize::from(at.weekday().number_days_from_monday())).copied().unwrap_or_default();
    let month = month_name(at);
    let (hour, minute, second) = at.to_hms();
    format!("{day} {month} {:02} {hour:02}:{minute:02}:{second:02} UTC {}", at.day(), at.year())
}

/// `2026-11-21T20:13:27Z`, as policies compare it.
pub fn iso(at: Timestamp) -> String {
    let at = utc(at);
    let (hour, minute, second) = at.to_hms();
    let month = u8::from(at.month());
    format!("{:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", at.year(), at.day())
}

fn month_name(at: OffsetDateTime) -> &'static str {
    MONTHS.get(usize::from(u8::from(at.month())).wrapping_sub(1)).copied().unwrap_or_default()
}

/// A time no calendar holds becomes the epoch: the caller sees a wrong date, not an error.
fn utc(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_aws_writes_them() {
        assert_eq!(claim_date(1_513_495_692), "Sun Dec 17 07:28:12 UTC 2017");
        assert_eq!(claim_date(0), "Thu Jan 01 00:00:00 UTC 1970");
        assert_eq!(claim_date(i64::MAX), "Thu Jan 01 00:00:00 UTC 1970");
        let at = Timestamp::from_seconds(1_795_292_007);
        assert_eq!(common_log_format(at), "21/Nov/2026:20:13:27 +0000");
        assert_eq!(iso(at), "2026-11-21T20:13:27Z");
    }
}
