//! Instants as Lambda and CloudWatch Logs write them.

use base::Timestamp;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const LAST_MODIFIED: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+0000");
const LOG_LINE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const STREAM_DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]/[month]/[day]");

/// `2024-05-01T12:00:00.000+0000`, as `LastModified` is.
pub fn last_modified(at: Timestamp) -> String {
    written(at, LAST_MODIFIED)
}

/// `2024-05-01T12:00:00.000Z`, as a log line begins.
pub fn log_line(at: Timestamp) -> String {
    written(at, LOG_LINE)
}

/// `2024/05/01`, as a log stream's name begins.
pub fn stream_day(at: Timestamp) -> String {
    written(at, STREAM_DAY)
}

fn written(at: Timestamp, format: &[BorrowedFormatItem<'_>]) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.millis()) * 1_000_000)
        .ok()
        .and_then(|instant| instant.format(format).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_as_aws_does() {
        let at = Timestamp::from_millis(1_714_564_800_007);
        assert_eq!(last_modified(at), "2024-05-01T12:00:00.007+0000");
        assert_eq!(log_line(at), "2024-05-01T12:00:00.007Z");
        assert_eq!(stream_day(at), "2024/05/01");
    }
}
