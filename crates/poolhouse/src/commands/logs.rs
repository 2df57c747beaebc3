//! `poolhouse logs`: what a function wrote.

use std::{collections::VecDeque, time::Duration};

use serde_json::json;
use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::well_known::Rfc3339, macros::format_description,
};

use super::{Context, function_of, not_deployed};
use crate::{
    aws::{
        Client,
        logs::{self, LogEvent},
    },
    cli,
    failure::Failure,
};

/// The most that is fetched in one look.
const MOST: usize = 10_000;
/// Events remembered so that none is shown twice.
const REMEMBERED: usize = 2_000;

pub async fn run(args: &cli::Logs) -> Result<(), Failure> {
    let context = Context::new(args.common.json, args.common.verbose);
    let service = context.service(&args.service, &args.common).await?;
    let function = function_of(&service, &args.function)?;
    let client = context.client(&args.service, &args.common, &service)?;
    let now = context.clock.now().millis();
    let start = match &args.start_time {
        Some(text) => start_time(text, now).map_err(Failure::wrong)?,
        None if args.tail => now - 10_000,
        None => now - 600_000,
    };
    let mut tail = Tail::new(client, &function.name, start, args.filter.clone());
    if !args.tail {
        let events = tail.look().await?;
        if tail.group_is_missing {
            return Err(not_deployed(&function.name, &service.stage));
        }
        if events.is_empty() {
            context.terminal.line(match &args.start_time {
                Some(_) => "no log lines since then",
                None => "no log lines in the last 10 minutes; --startTime 1d looks a day back",
            });
        }
        for event in &events {
            context.terminal.say(&format_event(&context, event));
        }
        context.terminal.document(
            &json!({"function": function.name, "events": events.iter().map(document).collect::<Vec<_>>()}),
        );
        return Ok(());
    }
    loop {
        for event in tail.look().await? {
            context.terminal.say(&format_event(&context, &event));
            context.terminal.document(&document(&event));
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(args.interval)) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

/// What was shown so far, and where to look on.
pub struct Tail {
    client: Client,
    group: String,
    start: i64,
    filter: Option<String>,
    shown: VecDeque<String>,
    /// There was no such log group at the last look.
    group_is_missing: bool,
}

impl Tail {
    pub fn new(client: Client, function: &str, start: i64, filter: Option<String>) -> Self {
        Self {
            client,
            group: format!("/aws/lambda/{function}"),
            start,
            filter,
            shown: VecDeque::new(),
            group_is_missing: false,
        }
    }

    /// What came in since the last look. A group that is not there yet has nothing in it.
    pub async fn look(&mut self) -> Result<Vec<LogEvent>, Failure> {
        let found = logs::filter(&self.client, &self.group, self.start, self.filter.as_deref(), MOST).await;
        self.group_is_missing = found.as_ref().is_err_and(logs::is_missing_group);
        let events = match found {
            Ok(events) => events,
            Err(_) if self.group_is_missing => Vec::new(),
            Err(failure) => return Err(failure.into()),
        };
        let fresh: Vec<LogEvent> =
            events.into_iter().filter(|event| !self.shown.contains(&event.id)).collect();
        for event in &fresh {
            self.shown.push_back(event.id.clone());
            // Lines of one millisecond may come in two looks, and clocks of workers differ a little.
            self.start = self.start.max(event.timestamp - 2_000);
        }
        while self.shown.len() > REMEMBERED {
            self.shown.pop_front();
        }
        Ok(fresh)
    }
}

fn document(event: &LogEvent) -> serde_json::Value {
    json!({"timestamp": event.timestamp, "stream": event.stream, "message": event.message})
}

/// START and END in a word, a report with what one wants to know of it, lines with their time in front.
pub fn format_event(context: &Context, event: &LogEvent) -> String {
    let message = event.message.trim_end();
    let dim = |text: &str| context.terminal.dim(text);
    let mut words = message.split_whitespace();
    match words.next() {
        Some("START") => dim("START"),
        Some("END") if words.next() == Some("RequestId:") => dim("END"),
        Some("REPORT") => dim(&report(message)),
        _ => {
            let mut parts = message.splitn(4, '\t');
            match (parts.next(), parts.next(), parts.next(), parts.next()) {
                (Some(at), Some(_), Some(level), Some(text)) if is_instant(at) => {
                    format!("{} {level}\t{text}", dim(at))
                }
                _ => message.to_owned(),
            }
        }
    }
}

fn report(message: &str) -> String {
    let field = |name: &str| {
        message
            .split('\t')
            .find_map(|part| part.trim().strip_prefix(name).map(|value| value.trim().to_owned()))
    };
    let duration = field("Duration:").unwrap_or_default();
    let init = field("Init Duration:").map(|init| format!(" (init {init})")).unwrap_or_default();
    let memory = field("Max Memory Used:").map(|memory| format!(" {memory}")).unwrap_or_default();
    format!("REPORT {duration}{init}{memory}")
}

fn is_instant(text: &str) -> bool {
    OffsetDateTime::parse(text, &Rfc3339).is_ok()
}

/// `30m`, `2h`, `1d`: that long ago; or a date, a date and time, an instant of RFC 3339 or in milliseconds.
fn start_time(text: &str, now: i64) -> Result<i64, String> {
    let wrong = || format!("'{text}' is not a time: write 30m, 2h, 1d, 2026-01-31 or 2026-01-31T12:00:00Z");
    if let Some(unit) = text.chars().last().filter(|last| "smhd".contains(*last)) {
        let count: i64 = text[..text.len() - 1].trim().parse().map_err(|_| wrong())?;
        let millis = match unit {
            's' => 1_000,
            'm' => 60_000,
            'h' => 3_600_000,
            _ => 86_400_000,
        };
        return Ok(now.saturating_sub(count.saturating_mul(millis)));
    }
    if text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| wrong());
    }
    let millis =
        |at: OffsetDateTime| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(millis(at));
    }
    let bare = text.replacen(' ', "T", 1);
    let formats = [
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]"),
        format_description!("[year]-[month]-[day]T[hour]:[minute]"),
    ];
    if let Some(at) = formats.iter().find_map(|format| PrimitiveDateTime::parse(&bare, format).ok()) {
        return Ok(millis(at.assume_utc()));
    }
    time::Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map(|date| millis(date.midnight().assume_utc()))
        .map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = 1_700_000_000_000;
        assert_eq!(start_time("30m", now), Ok(now - 1_800_000));
        assert_eq!(start_time("2h", now), Ok(now - 7_200_000));
        assert_eq!(start_time("2023-11-14", now), Ok(1_699_920_000_000));
        assert_eq!(start_time("2023-11-14T22:13:20Z", now), Ok(now));
        assert_eq!(start_time("2023-11-14 22:13:20", now), Ok(now));
        assert_eq!(start_time("1700000000000", now), Ok(now));
        for wrong in ["", "soon", "xm", "2023-13-01", "é"] {
            assert!(start_time(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_report_says_what_one_wants_to_know() {
        let text = "REPORT RequestId: 5\tDuration: 3.25 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 45 MB\tInit Duration: 90.10 ms\t";
        assert_eq!(report(text), "REPORT 3.25 ms (init 90.10 ms) 45 MB");
    }
}
