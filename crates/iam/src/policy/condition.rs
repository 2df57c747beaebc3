//! Conditions ("IAM JSON policy elements: Condition operators").

use std::net::IpAddr;

use base::Timestamp;
use time::{Date, OffsetDateTime, PrimitiveDateTime, format_description::well_known::Iso8601};

use super::{Context, Pattern, parse::Malformed};

/// One operator on one key.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    key: String,
    quantifier: Quantifier,
    /// `…IfExists`: a key that is not there is fine.
    if_exists: bool,
    /// `…Not…`: holds where no value matches.
    negated: bool,
    test: Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    None,
    ForAllValues,
    ForAnyValue,
}

/// What a value of the request is held against, already read.
#[derive(Clone, Debug)]
enum Test {
    /// `StringEquals`: the whole text; `bool` for one that ignores case.
    Equals(Vec<Pattern>, bool),
    /// `StringLike`, `ArnEquals`, `ArnLike`.
    Like(Vec<Pattern>),
    Number(Comparison, Vec<f64>),
    Date(Comparison, Vec<Timestamp>),
    Bool(Vec<bool>),
    Address(Vec<Network>),
    /// `Null`: whether the key is missing.
    Null(bool),
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug)]
struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Condition {
    /// `operator` as written, such as `ForAnyValue:StringLikeIfExists`.
    pub(super) fn parse(
        operator: &str,
        key: &str,
        values: &[String],
        variables: bool,
    ) -> Result<Self, Malformed> {
        let (quantifier, bare) = match operator.split_once(':') {
            Some(("ForAllValues", bare)) => (Quantifier::ForAllValues, bare),
            Some(("ForAnyValue", bare)) => (Quantifier::ForAnyValue, bare),
            Some(_) => return Err(Malformed::new(format!("Invalid Condition type : {operator}."))),
            None => (Quantifier::None, operator),
        };
        let (bare, if_exists) = match bare.strip_suffix("IfExists") {
            Some(bare) => (bare, true),
            None => (bare, false),
        };
        let (negated, test) = test(bare, values, variables)
            .ok_or_else(|| Malformed::new(format!("Invalid Condition type : {operator}.")))??;
        Ok(Self { key: key.to_ascii_lowercase(), quantifier, if_exists, negated, test })
    }

    pub(super) fn holds(&self, context: &Context) -> bool {
        let values = context.values(&self.key).filter(|values| !values.is_empty());
        if let Test::Null(missing) = self.test {
            return values.is_none() == missing;
        }
        let Some(values) = values else {
            return self.if_exists
                || match self.quantifier {
                    Quantifier::None => self.negated,
                    Quantifier::ForAllValues => true,
                    Quantifier::ForAnyValue => false,
                };
        };
        let fits = |value: &String| self.test.matches(value, context) != self.negated;
        match self.quantifier {
            Quantifier::ForAllValues => values.iter().all(fits),
            Quantifier::ForAnyValue => values.iter().any(fits),
            // Without a quantifier a key has one value; were there more, no negated condition must be got around.
            Quantifier::None if self.negated => values.iter().all(fits),
            Quantifier::None => values.iter().any(fits),
        }
    }
}

type Parsed = Result<(bool, Test), Malformed>;

/// `None` for an operator that is not one.
fn test(operator: &str, values: &[String], variables: bool) -> Option<Parsed> {
    let (name, negated) = match operator {
        "StringNotEquals" => ("StringEquals", true),
        "StringNotEqualsIgnoreCase" => ("StringEqualsIgnoreCase", true),
        "StringNotLike" => ("StringLike", true),
        "NumericNotEquals" => ("NumericEquals", true),
        "DateNotEquals" => ("DateEquals", true),
        "NotIpAddress" => ("IpAddress", true),
        "ArnNotEquals" | "ArnNotLike" => ("ArnLike", true),
        other => (other, false),
    };
    let test = if let Some(comparison) = name.strip_prefix("Numeric").map(comparison) {
        all(values, number).map(|values| comparison.map(|how| Test::Number(how, values)))
    } else if let Some(comparison) = name.strip_prefix("Date").map(comparison) {
        all(values, date).map(|values| comparison.map(|how| Test::Date(how, values)))
    } else {
        match name {
            "StringEquals" | "BinaryEquals" => {
                Ok(Some(Test::Equals(patterns(values, variables, Pattern::literal), false)))
            }
            "StringEqualsIgnoreCase" => {
                Ok(Some(Test::Equals(patterns(values, variables, Pattern::literal), true)))
            }
            "StringLike" => Ok(Some(Test::Like(patterns(values, variables, Pattern::text)))),
            "ArnEquals" | "ArnLike" => {
                Ok(Some(Test::Like(patterns(values, variables, Pattern::arn_by_component))))
            }
            "Bool" => all(values, boolean).map(|values| Some(Test::Bool(values))),
            "IpAddress" => all(values, network).map(|values| Some(Test::Address(values))),
            "Null" => all(values, boolean).map(|values| values.first().copied().map(Test::Null)),
            _ => Ok(None),
        }
    };
    test.map(|test| test.map(|test| (negated, test))).transpose()
}

fn comparison(name: &str) -> Option<Comparison> {
    match name {
        "Equals" => Some(Comparison::Equal),
        "LessThan" => Some(Comparison::Less),
        "LessThanEquals" => Some(Comparison::LessOrEqual),
        "GreaterThan" => Some(Comparison::Greater),
        "GreaterThanEquals" => Some(Comparison::GreaterOrEqual),
        _ => None,
    }
}

fn patterns(values: &[String], variables: bool, make: fn(&str, bool) -> Pattern) -> Vec<Pattern> {
    values.iter().map(|value| make(value, variables)).collect()
}

fn all<T>(values: &[String], read: fn(&str) -> Option<T>) -> Result<Vec<T>, Malformed> {
    let wrong =
        |value: &String| Malformed::new(format!("The value '{value}' does not fit its condition operator."));
    values.iter().map(|value| read(value).ok_or_else(|| wrong(value))).collect()
}

impl Test {
    fn matches(&self, value: &str, context: &Context) -> bool {
        match self {
            Self::Equals(texts, any_case) => {
                texts.iter().filter_map(|text| text.filled_in(context)).any(|text| {
                    if *any_case { text.to_lowercase() == value.to_lowercase() } else { text == value }
                })
            }
            Self::Like(patterns) => patterns.iter().any(|pattern| pattern.matches(value, context)),
            Self::Number(how, numbers) => {
                number(value).is_some_and(|value| numbers.iter().any(|other| how.holds(&value, other)))
            }
            Self::Date(how, dates) => {
                date(value).is_some_and(|value| dates.iter().any(|other| how.holds(&value, other)))
            }
            Self::Bool(booleans) => boolean(value).is_some_and(|value| booleans.contains(&value)),
            Self::Address(networks) => value
                .parse()
                .is_ok_and(|address: IpAddr| networks.iter().any(|network| network.contains(address))),
            Self::Null(_) => false,
        }
    }
}

impl Comparison {
    fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        let (own, other, width) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (u128::from(own.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        (own ^ other).checked_shr(width - self.prefix).unwrap_or(0) == 0
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// ISO 8601, a date alone too, or seconds since the epoch.
fn date(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(Timestamp::from_seconds(seconds));
    }
    let at = OffsetDateTime::parse(text, &Iso8601::DEFAULT).ok();
    let at = at.or_else(|| {
        PrimitiveDateTime::parse(text, &Iso8601::DEFAULT).ok().map(PrimitiveDateTime::assume_utc)
    });
    let at = at.or_else(|| Date::parse(text, &Iso8601::DATE).ok().map(|day| day.midnight().assume_utc()));
    at.map(|at| Timestamp::from_seconds(at.unix_timestamp()))
}

/// `203.0.113.0/24`, or one address.
fn network(text: &str) -> Option<Network> {
    let (address, prefix) =
        text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(width), |prefix| prefix.parse().ok())?;
    (prefix <= width).then_some(Network { address, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context::default()
            .with("aws:username", "Anna")
            .with("aws:SourceIp", "203.0.113.7")
            .with("aws:CurrentTime", "2024-09-17T08:30:05Z")
            .with("aws:SecureTransport", "false")
            .with("s3:max-keys", "10")
            .with("aws:SourceArn", "arn:aws:execute-api:us-east-1:000000000000:abc/dev/GET/hi")
            .and("aws:TagKeys", "team")
            .and("aws:TagKeys", "cost")
    }

    fn holds(operator: &str, key: &str, values: &[&str]) -> bool {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        Condition::parse(operator, key, &values, true).unwrap().holds(&context())
    }

    #[test]
    fn each_operator() {
        for (operator, key, values, expected) in [
            ("StringEquals", "aws:username", &["Bob", "Anna"][..], true),
            ("StringEquals", "AWS:UserName", &["Anna"], true),
            ("StringEquals", "aws:username", &["anna"], false),
            ("StringEquals", "aws:username", &["A*"], false),
            ("StringEquals", "aws:username", &["${aws:username}"], true),
            ("StringEqualsIgnoreCase", "aws:username", &["ANNA"], true),
            ("StringNotEquals", "aws:username", &["Bob"], true),
            ("StringNotEquals", "aws:username", &["Bob", "Anna"], false),
            ("StringNotEqualsIgnoreCase", "aws:username", &["ANNA"], false),
            ("StringLike", "aws:username", &["A*a"], true),
            ("StringNotLike", "aws:username", &["A*a"], false),
            ("NumericEquals", "s3:max-keys", &["10.0"], true),
            ("NumericNotEquals", "s3:max-keys", &["10"], false),
            ("NumericLessThan", "s3:max-keys", &["10"], false),
            ("NumericLessThanEquals", "s3:max-keys", &["10"], true),
            ("NumericGreaterThan", "s3:max-keys", &["9"], true),
            ("NumericGreaterThanEquals", "s3:max-keys", &["11"], false),
            ("DateLessThan", "aws:CurrentTime", &["2024-09-17T08:30:06Z"], true),
            ("DateGreaterThan", "aws:CurrentTime", &["2024-09-17T10:30:04+02:00"], true),
            ("DateGreaterThan", "aws:CurrentTime", &["2024-09-17"], true),
            ("DateEquals", "aws:CurrentTime", &["1726561805"], true),
            ("DateNotEquals", "aws:CurrentTime", &["1726561805"], false),
            ("Bool", "aws:SecureTransport", &["false"], true),
            ("Bool", "aws:SecureTransport", &["true"], false),
            ("IpAddress", "aws:SourceIp", &["203.0.113.0/24"], true),
            ("IpAddress", "aws:SourceIp", &["203.0.112.0/24", "::/0"], false),
            ("IpAddress", "aws:SourceIp", &["0.0.0.0/0"], true),
            ("IpAddress", "aws:SourceIp", &["203.0.113.7"], true),
            ("NotIpAddress", "aws:SourceIp", &["203.0.113.0/24"], false),
            ("ArnLike", "aws:SourceArn", &["arn:aws:execute-api:*:*:abc/*"], true),
            ("ArnEquals", "aws:SourceArn", &["arn:aws:execute-api:*:*:abc/*/GET/hi"], true),
            ("ArnNotLike", "aws:SourceArn", &["arn:aws:execute-api:*:*:abc/*"], false),
            ("ArnLike", "aws:SourceArn", &["arn:aws:execute-api:us-*:abc/*"], false),
            ("Null", "aws:SourceArn", &["false"], true),
            ("Null", "aws:Missing", &["true"], true),
            ("Null", "aws:Missing", &["false"], false),
        ] {
            assert_eq!(holds(operator, key, values), expected, "{operator} {key} {values:?}");
        }
    }

    #[test]
    fn keys_that_are_not_there() {
        assert!(!holds("StringEquals", "aws:Missing", &["x"]));
        assert!(holds("StringNotEquals", "aws:Missing", &["x"]));
        assert!(holds("StringEqualsIfExists", "aws:Missing", &["x"]));
        assert!(holds("StringNotEqualsIfExists", "aws:Missing", &["x"]));
        assert!(!holds("StringEqualsIfExists", "aws:username", &["x"]));
        assert!(holds("ForAllValues:StringEquals", "aws:Missing", &["x"]));
        assert!(!holds("ForAnyValue:StringEquals", "aws:Missing", &["x"]));
        assert!(!holds("ForAnyValue:StringNotEquals", "aws:Missing", &["x"]));
        assert!(!holds("IpAddress", "aws:Missing", &["0.0.0.0/0"]));
    }

    #[test]
    fn keys_with_many_values() {
        assert!(holds("ForAllValues:StringEquals", "aws:TagKeys", &["team", "cost", "stage"]));
        assert!(!holds("ForAllValues:StringEquals", "aws:TagKeys", &["team"]));
        assert!(holds("ForAnyValue:StringEquals", "aws:TagKeys", &["team"]));
        assert!(!holds("ForAnyValue:StringLike", "aws:TagKeys", &["x*"]));
        assert!(holds("ForAllValues:StringNotLike", "aws:TagKeys", &["x*"]));
        assert!(!holds("ForAllValues:StringNotEquals", "aws:TagKeys", &["team"]));
        assert!(holds("ForAnyValue:StringNotEquals", "aws:TagKeys", &["team"]));
    }

    #[test]
    fn what_is_no_condition() {
        for (operator, value) in [
            ("StringIs", "x"),
            ("ForSomeValues:StringEquals", "x"),
            ("NumericEquals", "ten"),
            ("NumericEquals", "NaN"),
            ("NumericAbout", "10"),
            ("DateLessThan", "tomorrow"),
            ("Bool", "maybe"),
            ("IpAddress", "203.0.113.0/33"),
            ("IpAddress", "localhost"),
            ("Null", "perhaps"),
        ] {
            assert!(
                Condition::parse(operator, "aws:x", &[value.to_owned()], true).is_err(),
                "{operator} {value}"
            );
        }
    }

    #[test]
    fn an_address_of_version_4_in_version_6_clothes_is_the_same() {
        let condition =
            Condition::parse("IpAddress", "aws:SourceIp", &["203.0.113.0/24".into()], true).unwrap();
        assert!(condition.holds(&Context::default().with("aws:SourceIp", "::ffff:203.0.113.7")));
        let v6 = Condition::parse("IpAddress", "aws:SourceIp", &["2001:db8::/32".into()], true).unwrap();
        assert!(v6.holds(&Context::default().with("aws:SourceIp", "2001:db8::1")));
        assert!(!v6.holds(&Context::default().with("aws:SourceIp", "203.0.113.7")));
    }
}
