//! The query, decoded: `application/x-www-form-urlencoded`, as REST APIs decode it before they hand it on.

/// Names and values in the order they were sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    pub fn parse(query: Option<&str>) -> Self {
        let pairs = query.map(|query| form_urlencoded::parse(query.as_bytes()).into_owned().collect());
        Self(pairs.unwrap_or_default())
    }

    /// The last of the values, as `queryStringParameters` shows it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Each name once, in order of first appearance, with its values in order.
    pub fn grouped(&self) -> Vec<(&str, Vec<&str>)> {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::with_capacity(self.0.len());
        let mut seen: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
        for (name, value) in &self.0 {
            let at = *seen.entry(name).or_insert_with(|| {
                groups.push((name, Vec::new()));
                groups.len() - 1
            });
            if let Some((_, values)) = groups.get_mut(at) {
                values.push(value);
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_and_groups() {
        let query = Query::parse(Some("a=1&b=x+y%2B&a=2&c"));
        assert_eq!(query.get("a"), Some("2"));
        assert_eq!(query.get("b"), Some("x y+"));
        assert_eq!(query.get("c"), Some(""));
        assert_eq!(query.grouped()[0], ("a", vec!["1", "2"]));
        assert_eq!(Query::parse(None).0, []);
    }
}
