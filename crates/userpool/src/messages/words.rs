//! What messages say where neither the pool nor its trigger says otherwise, and how codes get into them.

pub const EMAIL_SUBJECT: &str = "Your verification code";
pub const EMAIL_TEXT: &str = "Your confirmation code is {####}";
pub const EMAIL_LINK_SUBJECT: &str = "Your verification link";
pub const EMAIL_LINK_TEXT: &str =
    "Please click the link below to verify your email address. {##Verify Email##}";
pub const SMS_TEXT: &str = "Your confirmation code is {####}";
pub const MFA_TEXT: &str = "Your authentication code is {####}.";
pub const MFA_SUBJECT: &str = "Your authentication code";
pub const INVITATION_SUBJECT: &str = "Your temporary password";
pub const INVITATION_TEXT: &str = "Your username is {username} and temporary password is {####}.";

/// `{####}` and `{username}` filled in.
pub fn fill(template: &str, code: &str, username: &str) -> String {
    template.replace("{####}", code).replace("{username}", username)
}

/// For text that goes among HTML: a name someone chose for themselves is text, not markup.
pub fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, letter| {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
        escaped
    })
}

/// `{##Verify Email##}` → a link with that label; `None` where the template has no such place. `{####}`, the code's own
/// place, is not one.
pub fn fill_link(template: &str, url: &str) -> Option<String> {
    let (at, label) = template.match_indices("{##").find_map(|(at, open)| {
        let label = template[at + open.len()..].split_once("##}")?.0;
        (!label.is_empty()).then_some((at, label))
    })?;
    let (before, after) = (&template[..at], &template[at + "{##".len() + label.len() + "##}".len()..]);
    Some(format!("{before}<a href=\"{}\">{label}</a>{after}", escape(url)))
}

/// Markup taken out, for readers that show none.
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut link = None;
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, after)) = tag.split_once('>') else {
            rest = "";
            break;
        };
        let name =
            tag.trim_start_matches('/').split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        match (name.as_str(), tag.starts_with('/')) {
            ("br" | "br/", _) | ("p" | "div" | "li" | "tr" | "h1" | "h2", true) => text.push('\n'),
            ("a", false) => {
                link = tag.split_once("href=\"").and_then(|(_, url)| url.split_once('"')).map(|(url, _)| url);
            }
            ("a", true) => {
                if let Some(url) = link.take() {
                    text.push_str(&format!(" ({url})"));
                }
            }
            _ => {}
        }
        rest = after;
    }
    text.push_str(rest);
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_link_in_both_forms() {
        let html = fill_link("Hello,<br>{##Verify##} now", "https://x/y?a=1&b=2").unwrap();
        assert_eq!(html, "Hello,<br><a href=\"https://x/y?a=1&amp;b=2\">Verify</a> now");
        assert_eq!(plain(&html), "Hello,\nVerify (https://x/y?a=1&b=2) now");
    }

    #[test]
    fn the_place_of_a_code_is_not_the_place_of_a_link() {
        assert_eq!(fill_link(EMAIL_TEXT, "https://a.example/"), None);
        let link = fill_link("Code {####} or {##Verify##}.", "https://a.example/?x=1&y");
        assert_eq!(
            link.as_deref(),
            Some("Code {####} or <a href=\"https://a.example/?x=1&amp;y\">Verify</a>.")
        );
    }

    #[test]
    fn a_name_is_not_markup() {
        let name = escape("<script>alert(1)</script>");
        assert_eq!(plain(&fill("Hi {username}", "1", &name)), "Hi <script>alert(1)</script>");
        assert!(!name.contains('<'));
    }
}
