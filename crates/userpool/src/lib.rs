//! User pools, as Amazon Cognito keeps them: people, their passwords and tokens, and the operations of `cognito-idp`.

pub mod tokens;
