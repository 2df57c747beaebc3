//! `serverless.yml` to a CloudFormation template: the language of the Serverless Framework v3.

pub mod diagnostics;
mod files;
mod node;
pub mod place;
mod variables;
mod yaml;
