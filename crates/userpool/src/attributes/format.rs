//! Shapes of addresses.

/// `local@domain`, as far as it can be told without sending anything: one `@`, no white space or control characters, a
/// domain of letters, digits, hyphens and dots.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain =
        |letter: char| !letter.is_whitespace() && !letter.is_control() && !"<>()[]\\,;:\"".contains(letter);
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    !local.is_empty()
        && local.len() <= 64
        && text.len() <= 254
        && !local.contains('@')
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(plain)
        && domain.split('.').all(label)
}

/// E.164: `+`, then up to fifteen digits that do not begin with a zero.
pub fn is_phone_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["a@b.co", "anna.m+x@example.com", "ünal@bücher.example", "o'hara@localhost"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "a", "@b", "a@", "a b@c.d", "a@b@c.d", "a@b..c", "a@-b.c", "a\n@b.c", "<a@b.c>", ".a@b.c"]
        {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(is_phone_number("+14155550123"));
        for bad in ["14155550123", "+0415555012", "+1415555012345678", "+1 415 555", "+", "+12345a7"] {
            assert!(!is_phone_number(bad), "{bad}");
        }
    }
}
