//! The tables: what a service's operations take and give.

pub use crate::pattern::Pattern;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0 and 1.1: one POST, `X-Amz-Target` names the operation.
    Json,
    /// AWS query: a form in, XML out, `Action` names the operation.
    Query,
    /// REST-JSON: method and path name the operation.
    RestJson,
}

#[derive(Debug)]
pub struct Service {
    /// As in a signature's credential scope: `cognito-idp`.
    pub name: &'static str,
    /// `2016-04-18`
    pub version: &'static str,
    pub protocol: Protocol,
    /// `1.1`; empty where the protocol is not JSON.
    pub json_version: &'static str,
    /// What stands before the dot of `X-Amz-Target`; empty where the protocol is not JSON.
    pub target_prefix: &'static str,
    /// The XML namespace of answers; empty where the protocol is not query.
    pub namespace: &'static str,
    /// The error that a broken constraint raises.
    pub invalid: &'static str,
    /// Sorted by name.
    pub operations: &'static [&'static OperationShape],
}

impl Service {
    pub fn operation(&self, name: &str) -> Option<&'static OperationShape> {
        let at = self.operations.binary_search_by(|operation| operation.name.cmp(name)).ok()?;
        self.operations.get(at).copied()
    }
}

#[derive(Debug)]
pub struct OperationShape {
    pub service: &'static Service,
    pub name: &'static str,
    /// `false` where AWS asks for no signature.
    pub signed: bool,
    pub method: &'static str,
    /// A path with `{Label}`s, a greedy `{Label+}` among them, and perhaps a query.
    pub uri: &'static str,
    /// The HTTP status of a good answer.
    pub status: u16,
    pub input: Option<&'static Shape>,
    pub output: Option<&'static Shape>,
    /// The element that holds a query operation's output: `CreateStackResult`.
    pub result: Option<&'static str>,
    pub errors: &'static [&'static ErrorShape],
    pub pages: Option<Pages>,
}

/// How a list goes on: members of input and output.
#[derive(Debug)]
pub struct Pages {
    pub token: &'static str,
    pub next: &'static str,
    pub limit: Option<&'static str>,
}

#[derive(Debug)]
pub struct ErrorShape {
    pub name: &'static str,
    /// What the wire says, where it is not the name.
    pub code: &'static str,
    pub status: u16,
    pub members: &'static [Member],
}

#[derive(Debug)]
pub struct Shape {
    pub name: &'static str,
    /// Not to be shown in logs and complaints.
    pub sensitive: bool,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    /// `payload` names the member that is the whole body, for REST.
    Structure {
        members: &'static [Member],
        payload: Option<&'static str>,
    },
    List {
        member: &'static Shape,
        limits: Limits<i64>,
    },
    Map {
        key: &'static Shape,
        value: &'static Shape,
        limits: Limits<i64>,
    },
    /// Limits count characters.
    String {
        limits: Limits<i64>,
        pattern: Option<&'static Pattern>,
        values: &'static [&'static str],
    },
    /// 32 bits, signed.
    Integer {
        limits: Limits<i64>,
    },
    Long {
        limits: Limits<i64>,
    },
    Double {
        limits: Limits<f64>,
    },
    Boolean,
    Timestamp,
    /// Base64 in JSON. Limits count bytes.
    Blob {
        limits: Limits<i64>,
        streaming: bool,
    },
    /// Any JSON.
    Document,
}

/// Inclusive.
#[derive(Clone, Copy, Debug)]
pub struct Limits<N> {
    pub min: Option<N>,
    pub max: Option<N>,
}

#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    pub shape: &'static Shape,
    pub required: bool,
    pub location: Location,
}

/// Where a member stands in HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    Body,
    Uri(&'static str),
    Query(&'static str),
    Header(&'static str),
    /// Every header with this prefix.
    Headers(&'static str),
    Status(&'static str),
}

impl Shape {
    /// A structure's members; none where it is something else.
    pub fn members(&self) -> &'static [Member] {
        match self.kind {
            Kind::Structure { members, .. } => members,
            _ => &[],
        }
    }

    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.members().iter().find(|member| member.name == name)
    }
}
