//! Where this server is, and what an address on it means (CONTRACT.md, "One listener").

use base::Region;
use url::Url;

/// The base URL, taken apart once.
#[derive(Clone, Debug)]
pub struct Site {
    /// Scheme, host and port, without a slash at the end: `http://localhost:4747`.
    origin: String,
    scheme: String,
    /// The host in lower case, without a port.
    host: String,
    /// `:4747`, or nothing where the scheme's own port is meant.
    port: String,
    region: Region,
}

#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a base URL: expected http://HOST[:PORT] or https://HOST[:PORT]")]
pub struct InvalidBaseUrl(String);

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// An AWS API: headers, body and path tell which.
    Aws,
    /// S3 with the bucket in the host.
    Bucket(&'a str),
    /// A pool's keys or discovery document.
    PoolDocument {
        pool: &'a str,
        document: PoolDocument,
    },
    /// A hosted page or OAuth endpoint; `path` begins with a slash.
    Hosted {
        domain: &'a str,
        host_form: bool,
        path: &'a str,
    },
    /// A host that may be a pool's own domain.
    OtherHost,
    /// A deployed API; `path` is what follows the stage, still escaped.
    Api {
        api: &'a str,
        stage: &'a str,
        path: &'a str,
    },
    Console,
    Live,
    Ready,
    Metrics,
    Outbox,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolDocument {
    Keys,
    Discovery,
}

impl Site {
    pub fn new(base_url: &str, region: Region) -> Result<Self, InvalidBaseUrl> {
        let invalid = || InvalidBaseUrl(base_url.to_owned());
        let url = Url::parse(base_url).map_err(|_| invalid())?;
        let plain = matches!(url.scheme(), "http" | "https")
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !plain {
            return Err(invalid());
        }
        let host = url.host_str().ok_or_else(invalid)?.to_ascii_lowercase();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let scheme = url.scheme().to_owned();
        Ok(Self { origin: format!("{scheme}://{host}{port}"), scheme, host, port, region })
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub fn region(&self) -> &Region {
        &self.region
    }

    pub fn secure(&self) -> bool {
        self.scheme == "https"
    }

    /// The origin of a hosted domain's host form.
    pub fn hosted_origin(&self, domain: &str) -> String {
        format!("{}://{domain}.auth.{}.{}{}", self.scheme, self.region, self.host, self.port)
    }

    /// The origin of a domain that is a pool's own, served on the same port.
    pub fn own_domain_origin(&self, domain: &str) -> String {
        format!("{}://{domain}{}", self.scheme, self.port)
    }

    /// Host and port of the base URL.
    pub fn authority(&self) -> String {
        format!("{}{}", self.host, self.port)
    }

    /// `host` is the request's `Host`, `path` its path as it was sent, `s3` whether it is signed for S3.
    pub fn destination<'a>(&self, host: &'a str, path: &'a str, s3: bool) -> Destination<'a> {
        let name = host_name(host);
        if let Some(label) =
            strip_suffix_ignoring_case(name, &self.host).and_then(|rest| rest.strip_suffix('.'))
        {
            return self.below(label, path);
        }
        let elsewhere = !name.eq_ignore_ascii_case(&self.host) && !is_loopback(name);
        by_path(path, s3).unwrap_or(if elsewhere && !s3 { Destination::OtherHost } else { Destination::Aws })
    }

    /// `label` is what stands before the base host: `<domain>.auth.<region>`, `<apiId>.execute-api.<region>`, a bucket.
    fn below<'a>(&self, label: &'a str, path: &'a str) -> Destination<'a> {
        let region = self.region.as_str();
        let service = |service: &str| {
            let rest = strip_suffix_ignoring_case(label, region)?.strip_suffix('.')?;
            strip_suffix_ignoring_case(rest, service)?.strip_suffix('.').filter(|first| !first.contains('.'))
        };
        if let Some(domain) = service("auth") {
            return Destination::Hosted { domain, host_form: true, path };
        }
        if let Some(api) = service("execute-api") {
            let (stage, path) = first_segment(path);
            return Destination::Api { api, stage, path };
        }
        let bucket = strip_suffix_ignoring_case(label, &format!(".s3.{region}"))
            .or_else(|| strip_suffix_ignoring_case(label, ".s3"))
            .unwrap_or(label);
        match bucket.eq_ignore_ascii_case("s3") {
            true => Destination::Aws,
            false => Destination::Bucket(bucket),
        }
    }
}

fn by_path(path: &str, s3: bool) -> Option<Destination<'_>> {
    if s3 {
        return None;
    }
    let (first, rest) = first_segment(path);
    match (first, rest) {
        ("auth", rest) if rest.len() > 1 => {
            let (domain, path) = first_segment(rest);
            Some(Destination::Hosted { domain, host_form: false, path })
        }
        ("apis", rest) if rest.len() > 1 => {
            let (api, rest) = first_segment(rest);
            let (stage, path) = first_segment(rest);
            Some(Destination::Api { api, stage, path })
        }
        ("console", _) => Some(Destination::Console),
        ("health", "/live") => Some(Destination::Live),
        ("health", "/ready") => Some(Destination::Ready),
        ("metrics", "" | "/") => Some(Destination::Metrics),
        ("_poolhouse", "/outbox") => Some(Destination::Outbox),
        (pool, "/.well-known/jwks.json") => {
            Some(Destination::PoolDocument { pool, document: PoolDocument::Keys })
        }
        (pool, "/.well-known/openid-configuration") => {
            Some(Destination::PoolDocument { pool, document: PoolDocument::Discovery })
        }
        _ => None,
    }
}

/// `/a/b/c` → `a`, `/b/c`. The rest keeps its slash; where there is none it is empty.
fn first_segment(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.find('/') {
        Some(at) => path.split_at(at),
        None => (path, ""),
    }
}

/// The host of `Host`, without its port and the dot that may end it.
pub fn host_name(host: &str) -> &str {
    let name = match host.strip_prefix('[') {
        Some(_) => host.split_inclusive(']').next().unwrap_or(host),
        None => host.split(':').next().unwrap_or(host),
    };
    name.strip_suffix('.').unwrap_or(name)
}

/// Whether a host's name means this machine.
pub fn is_loopback(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn strip_suffix_ignoring_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(suffix.len())?;
    let (rest, end) = text.split_at_checked(at)?;
    end.eq_ignore_ascii_case(suffix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site::new("http://localhost:4747/", Region::default()).unwrap()
    }

    fn to<'a>(host: &'a str, path: &'a str) -> Destination<'a> {
        site().destination(host, path, false)
    }

    #[test]
    fn both_forms_reach_the_same_place() {
        assert_eq!(to("localhost:4747", "/"), Destination::Aws);
        assert_eq!(to("127.0.0.1:4747", "/2015-03-31/functions"), Destination::Aws);
        assert_eq!(
            to("mine.auth.us-east-1.localhost:4747", "/login"),
            Destination::Hosted { domain: "mine", host_form: true, path: "/login" }
        );
        assert_eq!(
            to("localhost:4747", "/auth/mine/login"),
            Destination::Hosted { domain: "mine", host_form: false, path: "/login" }
        );
        assert_eq!(
            to("abcde12345.execute-api.us-east-1.localhost", "/dev/a%2Fb/"),
            Destination::Api { api: "abcde12345", stage: "dev", path: "/a%2Fb/" }
        );
        assert_eq!(
            to("LOCALHOST:4747", "/apis/abcde12345/dev"),
            Destination::Api { api: "abcde12345", stage: "dev", path: "" }
        );
        assert_eq!(
            to("localhost", "/us-east-1_Ab3dEf9hI/.well-known/jwks.json"),
            Destination::PoolDocument { pool: "us-east-1_Ab3dEf9hI", document: PoolDocument::Keys }
        );
    }

    #[test]
    fn a_bucket_may_stand_in_the_host() {
        assert_eq!(to("my.bucket.localhost:4747", "/key"), Destination::Bucket("my.bucket"));
        assert_eq!(to("mine.s3.us-east-1.localhost:4747", "/key"), Destination::Bucket("mine"));
        assert_eq!(to("s3.localhost", "/"), Destination::Aws);
        assert_eq!(to("a.b.auth.us-east-1.localhost", "/"), Destination::Bucket("a.b.auth.us-east-1"));
    }

    #[test]
    fn a_bucket_named_like_a_path_is_still_a_bucket() {
        assert_eq!(site().destination("localhost:4747", "/apis/key/x", true), Destination::Aws);
        assert_eq!(site().destination("localhost:4747", "/health/live", true), Destination::Aws);
    }

    #[test]
    fn only_a_plain_origin_is_a_base_url() {
        assert!(Site::new("ftp://x", Region::default()).is_err());
        assert!(Site::new("http://x/path", Region::default()).is_err());
        assert!(Site::new("http://user@x", Region::default()).is_err());
        let site = Site::new("https://Auth.example.com", Region::default()).unwrap();
        assert_eq!(site.origin(), "https://auth.example.com");
        assert_eq!(site.hosted_origin("mine"), "https://mine.auth.us-east-1.auth.example.com");
        assert_eq!(site.destination("other.example.org", "/login", false), Destination::OtherHost);
    }

    #[test]
    fn loopback_is_told_from_what_looks_like_it() {
        for name in ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert!(is_loopback(host_name(name)), "{name}");
        }
        for name in ["localhost.example.com", "127.0.0.1.example.com", "0.0.0.0", "[::2]", ""] {
            assert!(!is_loopback(host_name(name)), "{name}");
        }
    }
}
