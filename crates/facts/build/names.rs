//! Member names as Rust fields: `AllowedOAuthFlowsUserPoolClient` → `allowed_oauth_flows_user_pool_client`.

const KEYWORDS: [&str; 12] =
    ["type", "match", "ref", "move", "in", "use", "enum", "struct", "mod", "loop", "where", "static"];

/// Runs of capitals are one word (`SMSMessage` → `sms_message`, `CallbackURLs` → `callback_urls`); digits stay with
/// the word before them (`S3Bucket` → `s3_bucket`).
pub fn field(member: &str) -> String {
    let member = member
        .replace("OAuth", "Oauth")
        .replace("URLs", "Urls")
        .replace("ARNs", "Arns")
        .replace("IDs", "Ids");
    let letters: Vec<char> = member.chars().collect();
    let mut name = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(at + 1);
        let begins = before.is_some_and(|before| {
            letter.is_uppercase()
                && before != '_'
                && (!before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()))
        });
        if begins {
            name.push('_');
        }
        name.push(if *letter == '-' { '_' } else { letter.to_ascii_lowercase() });
    }
    if KEYWORDS.contains(&name.as_str()) { format!("r#{name}") } else { name }
}
