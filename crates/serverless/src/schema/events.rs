//! What sets a function off: one shape an event.

use super::{
    Object,
    Shape::{self, Fitting, Flag, OneOf},
    check, field,
    http::HTTP,
    nearest, required,
    tables::ARN,
};
use crate::{
    diagnostics::Diagnostic,
    node::{Entry, Map, Node, Value},
};

/// An event of a function, checked.
#[derive(Clone, Debug)]
pub struct Event {
    pub kind: EventKind,
    /// What is written below the event's name; for `http` always an object.
    pub node: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Http,
    CognitoUserPool,
}

/// The Serverless Framework's other events.
const NOT_YET: [&str; 21] = [
    "activemq",
    "alb",
    "alexaSkill",
    "alexaSmartHome",
    "cloudFront",
    "cloudwatchEvent",
    "cloudwatchLog",
    "eventBridge",
    "httpApi",
    "iot",
    "iotFleetProvisioning",
    "kafka",
    "msk",
    "rabbitmq",
    "s3",
    "schedule",
    "sns",
    "sqs",
    "stream",
    "websocket",
    "websockets",
];

/// Checks the events of the function at `path`; those that cannot be are told and left out.
pub fn events(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Vec<Event> {
    let mut found = Vec::new();
    for (index, item) in node.as_list().unwrap_or_default().iter().enumerate() {
        let path = format!("{path}[{index}]");
        let (name, value) = match &item.value {
            Value::Null | Value::Broken => continue,
            Value::Text(name) => (name.clone(), Node::new(Value::Null, item.place)),
            Value::Map(Map { entries }) => match entries.as_slice() {
                [] => continue,
                [only] => (only.key.clone(), only.value.clone()),
                [_, second, ..] => {
                    let problem =
                        Diagnostic::error(second.key_place, format!("'{path}' is more than one event"))
                            .help("begin each event with its own '- ', and indent what belongs to it");
                    problems.push(problem);
                    continue;
                }
            },
            _ => {
                problems.push(Diagnostic::error(
                    item.place,
                    format!("'{path}' is {}, expected an event", item.kind()),
                ));
                continue;
            }
        };
        let place =
            item.as_map().and_then(|map| map.entries.first()).map_or(item.place, |entry| entry.key_place);
        match name.as_str() {
            "http" => found.extend(http(value, &format!("{path}.http"), problems)),
            "cognitoUserPool" => {
                let mut node = value;
                let before = errors(problems);
                check(&COGNITO_USER_POOL, &mut node, &format!("{path}.cognitoUserPool"), problems);
                refuse_existing(&node, problems);
                if errors(problems) == before && !node.is_null() {
                    found.push(Event { kind: EventKind::CognitoUserPool, node });
                }
            }
            other => problems.push(unknown(other, place)),
        }
    }
    found
}

fn unknown(name: &str, place: crate::place::Place) -> Diagnostic {
    if NOT_YET.contains(&name) {
        return Diagnostic::error(place, format!("the event '{name}' is not supported yet"))
            .help("supported are http and cognitoUserPool");
    }
    let problem = Diagnostic::error(place, format!("there is no event '{name}'"));
    match nearest::nearest(name, ["http", "cognitoUserPool"].into_iter().chain(NOT_YET)) {
        Some(near) => problem.help(format!("did you mean '{near}'?")),
        None => problem.help("supported are http and cognitoUserPool"),
    }
}

/// `http: GET /path` is short for an object of the two.
fn http(mut node: Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Event> {
    if let Some(text) = node.as_text().map(str::to_owned) {
        let parts: Vec<&str> = text.split_whitespace().collect();
        let (method, route) = match parts.as_slice() {
            [method, route] => (*method, *route),
            _ => {
                let problem = Diagnostic::error(
                    node.place,
                    format!("'{path}' is the text '{text}', expected a method and a path"),
                )
                .help("for example: http: GET /hello");
                problems.push(problem);
                return None;
            }
        };
        let place = node.place;
        let entry = |key: &str, value: &str| Entry {
            key: key.to_owned(),
            key_place: place,
            value: Node::text(value, place),
        };
        node.value = Value::Map(Map { entries: vec![entry("method", method), entry("path", route)] });
    }
    if node.is_null() {
        problems
            .push(Diagnostic::error(node.place, format!("'{path}' is empty, expected a method and a path")));
        return None;
    }
    let before = errors(problems);
    check(&HTTP, &mut node, path, problems);
    (errors(problems) == before).then_some(Event { kind: EventKind::Http, node })
}

fn errors(problems: &[Diagnostic]) -> usize {
    problems.iter().filter(|problem| problem.severity == crate::diagnostics::Severity::Error).count()
}

/// Changing a pool that another stack made takes a function of the framework's own inside the stack.
fn refuse_existing(node: &Node, problems: &mut Vec<Diagnostic>) {
    if let Some(existing) = node.get("existing").filter(|node| node.is_truthy()) {
        let problem = Diagnostic::error(
            existing.place,
            "'existing: true' is not supported: another stack's pool is not changed from here",
        )
        .help("set LambdaConfig where the pool is declared, and add an AWS::Lambda::Permission");
        problems.push(problem);
    }
}

const COGNITO_USER_POOL: Shape = Shape::Object(&Object {
    what: "the cognitoUserPool event",
    fields: &[
        required(
            "pool",
            Fitting(|name| (1..=128).contains(&name.len()), "a pool's name of 1 to 128 characters"),
        ),
        required("trigger", OneOf(&TRIGGERS)),
        field("existing", Flag),
        field("forceDeploy", Flag),
        field("kmsKeyId", ARN),
    ],
});

const TRIGGERS: [&str; 12] = [
    "PreSignUp",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "PreTokenGeneration",
    "CustomMessage",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "UserMigration",
    "CustomSMSSender",
    "CustomEmailSender",
];
