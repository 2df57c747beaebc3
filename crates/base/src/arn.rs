//! Amazon Resource Names: `arn:partition:service:region:account:resource`
//! (AWS Identity and Access Management User Guide, "Identify AWS resources with Amazon Resource Names").

use std::{fmt, str::FromStr};

use crate::{AccountId, Region};

/// A parsed ARN. Region and account may be empty, as in `arn:aws:s3:::bucket/key`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arn {
    pub partition: String,
    pub service: String,
    pub region: String,
    pub account: String,
    pub resource: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not an ARN: expected arn:partition:service:region:account:resource")]
pub struct InvalidArn(String);

impl Arn {
    pub fn new(service: &str, region: &Region, account: &AccountId, resource: impl Into<String>) -> Self {
        Self {
            partition: String::from("aws"),
            service: service.to_owned(),
            region: region.to_string(),
            account: account.to_string(),
            resource: resource.into(),
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(formatter, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, InvalidArn> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, service, region, account, resource] if !resource.is_empty() => Ok(Self {
                partition: (*partition).to_owned(),
                service: (*service).to_owned(),
                region: (*region).to_owned(),
                account: (*account).to_owned(),
                resource: (*resource).to_owned(),
            }),
            _ => Err(InvalidArn(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        let text = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Ab3dEf9hI";
        assert_eq!(text.parse::<Arn>().map(|arn| arn.to_string()), Ok(text.to_owned()));
    }

    #[test]
    fn a_resource_keeps_its_colons() {
        let arn: Arn = "arn:aws:lambda:us-east-1:000000000000:function:hello:1".parse().unwrap();
        assert_eq!(arn.resource, "function:hello:1");
        assert!("arn:aws:lambda".parse::<Arn>().is_err());
    }
}
