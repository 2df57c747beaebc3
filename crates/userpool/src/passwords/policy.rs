//! Whether a password is what a pool's policy asks for.

use facts::cognito_idp::PasswordPolicyType;

/// Longest password that is looked at (`PasswordType` of the API model).
const LONGEST: usize = 256;
/// What counts as a symbol ("Adding user pool password requirements").
const SYMBOLS: &str = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= ";

/// The first thing that is wrong, in Cognito's words; an operation puts its own words before it.
pub fn complaint(policy: &PasswordPolicyType, password: &str) -> Option<&'static str> {
    let least = usize::try_from(policy.minimum_length.unwrap_or(8)).unwrap_or(8);
    let length = password.chars().count();
    let inner_symbols = password.trim_matches(' ');
    let wanted = |asked: Option<bool>| asked.unwrap_or(false);
    if length < least {
        Some("Password not long enough")
    } else if length > LONGEST {
        Some("Password too long")
    } else if wanted(policy.require_uppercase) && !password.chars().any(char::is_uppercase) {
        Some("Password must have uppercase characters")
    } else if wanted(policy.require_lowercase) && !password.chars().any(char::is_lowercase) {
        Some("Password must have lowercase characters")
    } else if wanted(policy.require_numbers) && !password.bytes().any(|byte| byte.is_ascii_digit()) {
        Some("Password must have numeric characters")
    } else if wanted(policy.require_symbols) && !inner_symbols.chars().any(|letter| SYMBOLS.contains(letter))
    {
        Some("Password must have symbol characters")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> PasswordPolicyType {
        PasswordPolicyType {
            minimum_length: Some(8),
            require_uppercase: Some(true),
            require_lowercase: Some(true),
            require_numbers: Some(true),
            require_symbols: Some(true),
            ..PasswordPolicyType::default()
        }
    }

    #[test]
    fn each_rule_has_its_words() {
        for (password, words) in [
            ("Aa1!", Some("Password not long enough")),
            ("aaaaaa1!", Some("Password must have uppercase characters")),
            ("AAAAAA1!", Some("Password must have lowercase characters")),
            ("Aaaaaaa!", Some("Password must have numeric characters")),
            ("Aaaaaaa1", Some("Password must have symbol characters")),
            ("Aaaaaaa1 ", Some("Password must have symbol characters")),
            ("Aaaa aaa1", None),
            ("Aaaaaa1!", None),
        ] {
            assert_eq!(complaint(&policy(), password), words, "{password}");
        }
    }

    #[test]
    fn the_posts_policy_takes_six_with_an_uppercase_and_a_number() {
        let policy = PasswordPolicyType {
            minimum_length: Some(6),
            require_uppercase: Some(true),
            require_numbers: Some(true),
            ..PasswordPolicyType::default()
        };
        assert_eq!(complaint(&policy, "Abcde1"), None);
        assert_eq!(complaint(&policy, "abcde1"), Some("Password must have uppercase characters"));
    }
}
