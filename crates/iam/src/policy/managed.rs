//! Policies that AWS manages and people attach by ARN (AWS Managed Policy Reference Guide). These are here because
//! serverless services attach them; an ARN that is not here is answered as one that does not exist.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use super::{Kind, Policy};

#[derive(Clone, Copy, Debug)]
pub struct Managed {
    pub name: &'static str,
    pub path: &'static str,
    /// Of the version in force.
    pub version: &'static str,
    pub document: &'static str,
}

impl Managed {
    /// `arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }
}

/// The policy behind an ARN, with its document read.
pub fn managed(arn: &str) -> Option<(&'static Managed, Arc<Policy>)> {
    static READ: LazyLock<HashMap<String, (&'static Managed, Arc<Policy>)>> = LazyLock::new(|| {
        let read = |managed: &'static Managed| {
            let policy = Policy::parse(managed.document, Kind::Identity).ok()?;
            Some((managed.arn(), (managed, Arc::new(policy))))
        };
        MANAGED.iter().filter_map(read).collect()
    });
    READ.get(arn).cloned()
}

pub static MANAGED: &[Managed] = &[
    Managed {
        name: "AdministratorAccess",
        path: "/",
        version: "v1",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    Managed {
        name: "AWSLambdaBasicExecutionRole",
        path: "/service-role/",
        version: "v1",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup",
            "logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    },
    Managed {
        name: "AWSLambdaVPCAccessExecutionRole",
        path: "/service-role/",
        version: "v3",
        document: r#"{"Version":"2012-10-17","Statement":[{"Sid":"AWSLambdaVPCAccessExecutionPermissions",
            "Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents",
            "ec2:CreateNetworkInterface","ec2:DescribeNetworkInterfaces","ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface","ec2:AssignPrivateIpAddresses","ec2:UnassignPrivateIpAddresses"],
            "Resource":"*"}]}"#,
    },
    Managed {
        name: "AWSXRayDaemonWriteAccess",
        path: "/",
        version: "v2",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["xray:PutTraceSegments",
            "xray:PutTelemetryRecords","xray:GetSamplingRules","xray:GetSamplingTargets",
            "xray:GetSamplingStatisticSummaries"],"Resource":["*"]}]}"#,
    },
    Managed {
        name: "AmazonAPIGatewayInvokeFullAccess",
        path: "/",
        version: "v1",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["execute-api:Invoke",
            "execute-api:ManageConnections"],"Resource":"arn:aws:execute-api:*:*:*"}]}"#,
    },
    Managed {
        name: "AmazonAPIGatewayPushToCloudWatchLogs",
        path: "/service-role/",
        version: "v1",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup",
            "logs:CreateLogStream","logs:DescribeLogGroups","logs:DescribeLogStreams","logs:PutLogEvents",
            "logs:GetLogEvents","logs:FilterLogEvents"],"Resource":"*"}]}"#,
    },
    Managed {
        name: "AmazonS3FullAccess",
        path: "/",
        version: "v2",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],
            "Resource":"*"}]}"#,
    },
    Managed {
        name: "AmazonS3ReadOnlyAccess",
        path: "/",
        version: "v3",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*",
            "s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]}"#,
    },
    Managed {
        name: "CloudWatchLogsReadOnlyAccess",
        path: "/",
        version: "v1",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:Describe*","logs:Get*",
            "logs:List*","logs:StartQuery","logs:StopQuery","logs:TestMetricFilter","logs:FilterLogEvents"],
            "Resource":"*"}]}"#,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_reads() {
        for policy in MANAGED {
            assert!(managed(&policy.arn()).is_some(), "{}", policy.name);
        }
        assert!(managed("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").is_some());
        assert!(managed("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole").is_none());
    }
}
