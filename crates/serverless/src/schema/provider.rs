//! The words of `provider` (Serverless Framework v3, "Serverless.yml Reference").

use super::{
    Object,
    Shape::{self, Any, Either, Fitting, Flag, Function, Integer, List, Named, OneOf, OneOfAnyCase, Text},
    field, ignored, required,
    tables::{
        ARCHITECTURE, ARN, ENVIRONMENT, MEMORY, RETENTION, RUNTIME, RUNTIME_MANAGEMENT, TIMEOUT, VALUE, VPC,
        WORDS,
    },
    unsupported,
};

pub const PROVIDER: Shape = Shape::Object(&Object {
    what: "the provider",
    fields: &[
        required("name", OneOf(&["aws"])),
        field("stage", Fitting(is_stage, "a stage's name: letters, digits, '-' and '_'")),
        field("region", Fitting(is_region, "a region, such as us-east-1")),
        field("runtime", RUNTIME),
        field("memorySize", MEMORY),
        field("timeout", TIMEOUT),
        field("environment", ENVIRONMENT),
        field("tags", Named(&Text)),
        field("stackTags", Named(&Text)),
        field(
            "stackName",
            Fitting(is_stack_name, "a stack's name: letters, digits and '-', a letter first, at most 128"),
        ),
        field("stackParameters", List(&STACK_PARAMETER)),
        field("apiName", Text),
        field("apiGateway", API_GATEWAY),
        field("endpointType", OneOfAnyCase(&["REGIONAL", "EDGE", "PRIVATE"])),
        field("vpcEndpointIds", Either(&[List(&VALUE), Function])),
        field("iam", IAM),
        field("role", VALUE),
        field("cfnRole", ARN),
        field("iamRoleStatements", List(&STATEMENT)),
        field("iamManagedPolicies", List(&ARN)),
        field("rolePermissionsBoundary", ARN),
        field("deploymentBucket", Either(&[Text, DEPLOYMENT_BUCKET])),
        field("deploymentPrefix", Text),
        field("deploymentMethod", OneOf(&["changesets", "direct"])),
        field("disableRollback", Flag),
        field("logRetentionInDays", RETENTION),
        field("logDataProtectionPolicy", Named(&Any)),
        field("logs", LOGS),
        field("versionFunctions", Flag),
        field("lambdaHashingVersion", Text),
        field("tracing", TRACING),
        field("vpc", VPC),
        field("kmsKeyArn", ARN),
        field("layers", List(&ARN)),
        field("architecture", ARCHITECTURE),
        field(
            "runtimeManagement",
            Either(&[OneOf(&["auto", "onFunctionUpdate"]), Shape::Object(&RUNTIME_MANAGEMENT)]),
        ),
        field("profile", Text),
        ignored("notificationArns", "stacks send no notifications here"),
        ignored("rollbackConfiguration", "there are no CloudWatch alarms here"),
        ignored("stackPolicy", "stack policies are not kept here"),
        ignored("alb", "there are no load balancers here"),
        ignored("cloudFront", "there is no CloudFront here"),
        ignored("ecr", "functions in container images do not run here"),
        ignored("eventBridge", "there is no EventBridge here"),
        ignored("httpApi", "the httpApi event is not supported"),
        ignored("kinesis", "there is no Kinesis here"),
        ignored("s3", "the s3 event is not supported"),
        ignored("websocket", "the websocket event is not supported"),
        ignored("websocketsApiName", "the websocket event is not supported"),
        ignored("websocketsApiRouteSelectionExpression", "the websocket event is not supported"),
        ignored("websocketsDescription", "the websocket event is not supported"),
        unsupported("apiKeys", "since v3 it is written below apiGateway"),
        unsupported("usagePlan", "since v3 it is written below apiGateway"),
        unsupported("resourcePolicy", "since v3 it is written below apiGateway"),
        ignored("versionFunction", "write versionFunctions"),
    ],
});

const STACK_PARAMETER: Shape = Shape::Object(&Object {
    what: "the stack's parameter",
    fields: &[
        required("ParameterKey", Text),
        field("ParameterValue", Text),
        field("UsePreviousValue", Flag),
        field("ResolvedValue", Text),
    ],
});

const API_GATEWAY: Shape = Shape::Object(&Object {
    what: "API Gateway's settings",
    fields: &[
        field("apiKeys", List(&API_KEY)),
        field("apiKeySourceType", OneOfAnyCase(&["HEADER", "AUTHORIZER"])),
        field("binaryMediaTypes", List(&Fitting(is_media_type, "a media type, such as image/png"))),
        field("description", Text),
        field("disableDefaultEndpoint", Flag),
        field("minimumCompressionSize", Integer(0, 10_485_760)),
        field("resourcePolicy", List(&STATEMENT)),
        field("restApiId", VALUE),
        field("restApiRootResourceId", VALUE),
        unsupported("restApiResources", "resources of an API that another stack made are not taken up yet"),
        field(
            "request",
            Shape::Object(&Object {
                what: "the request's settings",
                fields: &[field("schemas", Named(&Shape::Object(&SHARED_SCHEMA)))],
            }),
        ),
        field("shouldStartNameWithService", Flag),
        field("stage", Text),
        field("usagePlan", Either(&[USAGE_PLAN, List(&Named(&USAGE_PLAN))])),
        ignored("metrics", "there are no CloudWatch metrics here"),
        ignored("websocketApiId", "the websocket event is not supported"),
    ],
});

const SHARED_SCHEMA: Object = Object {
    what: "the schema",
    fields: &[required("schema", Any), field("name", Text), field("description", Text)],
};

const API_KEY_OBJECT: Object = Object {
    what: "the API key",
    fields: &[
        field("name", Text),
        field("value", Text),
        field("description", Text),
        field("customerId", Text),
        field("enabled", Flag),
    ],
};

const API_KEY: Shape = Either(&[
    Text,
    Shape::Object(&API_KEY_OBJECT),
    Named(&List(&Either(&[Text, Shape::Object(&API_KEY_OBJECT)]))),
]);

const USAGE_PLAN: Shape = Shape::Object(&Object {
    what: "the usage plan",
    fields: &[
        field(
            "quota",
            Shape::Object(&Object {
                what: "the quota",
                fields: &[
                    field("limit", Integer(0, i64::MAX)),
                    field("offset", Integer(0, i64::MAX)),
                    field("period", OneOf(&["DAY", "WEEK", "MONTH"])),
                ],
            }),
        ),
        field(
            "throttle",
            Shape::Object(&Object {
                what: "the throttle",
                fields: &[
                    field("burstLimit", Integer(0, i64::MAX)),
                    field("rateLimit", Integer(0, i64::MAX)),
                ],
            }),
        ),
    ],
});

const IAM: Shape = Shape::Object(&Object {
    what: "IAM's settings",
    fields: &[
        field(
            "role",
            Either(&[
                Text,
                Function,
                Shape::Object(&Object {
                    what: "the functions' role",
                    fields: &[
                        field("name", Fitting(is_role_name, "a role's name of at most 64 characters")),
                        field("path", Text),
                        field("managedPolicies", List(&ARN)),
                        field("statements", List(&STATEMENT)),
                        field("permissionBoundary", ARN),
                        field("permissionsBoundary", ARN),
                        field("tags", Named(&Text)),
                    ],
                }),
            ]),
        ),
        field("deploymentRole", ARN),
    ],
});

/// A policy's statement. Its one-word forms are made lists of one, as the Serverless Framework makes them.
const STATEMENT: Shape = Shape::Object(&Object {
    what: "the policy statement",
    fields: &[
        field("Sid", Text),
        required("Effect", OneOf(&["Allow", "Deny"])),
        field("Action", WORDS),
        field("NotAction", WORDS),
        field("Principal", PRINCIPAL),
        field("NotPrincipal", PRINCIPAL),
        field("Resource", Any),
        field("NotResource", Any),
        field("Condition", Named(&Any)),
    ],
});

const PRINCIPAL: Shape = Either(&[
    Text,
    Shape::Object(&Object {
        what: "the principal",
        fields: &[
            field("AWS", Either(&[OneOf(&["*"]), Function, List(&Any)])),
            field("Federated", WORDS),
            field("Service", WORDS),
            field("CanonicalUser", WORDS),
        ],
    }),
]);

const DEPLOYMENT_BUCKET: Shape = Shape::Object(&Object {
    what: "the deployment bucket",
    fields: &[
        field("name", Text),
        field("blockPublicAccess", Flag),
        field("skipPolicySetup", Flag),
        field("versioning", Flag),
        field("tags", Named(&Text)),
        field("maxPreviousDeploymentArtifacts", Integer(0, i64::MAX)),
        ignored("serverSideEncryption", "objects are stored as they are here"),
        ignored("sseCustomerAlgorithim", "objects are stored as they are here"),
        ignored("sseCustomerKey", "objects are stored as they are here"),
        ignored("sseCustomerKeyMD5", "objects are stored as they are here"),
        ignored("sseKMSKeyId", "objects are stored as they are here"),
    ],
});

const LOGS: Shape = Shape::Object(&Object {
    what: "the logs' settings",
    fields: &[
        unsupported("restApi", "the API's own logs need a function of the framework's inside the stack"),
        ignored("frameworkLambda", "the framework's own functions are not deployed here"),
        ignored("httpApi", "the httpApi event is not supported"),
        ignored("websocket", "the websocket event is not supported"),
    ],
});

const TRACING: Shape = Shape::Object(&Object {
    what: "tracing",
    fields: &[
        field("lambda", Either(&[OneOf(&["Active", "PassThrough"]), Flag])),
        ignored("apiGateway", "there is no X-Ray here"),
    ],
});

fn is_stage(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn is_region(text: &str) -> bool {
    base::Region::new(text).is_ok()
}

fn is_stack_name(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn is_media_type(text: &str) -> bool {
    text.split_once('/').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty())
        && !text.contains(char::is_whitespace)
}

fn is_role_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=,.@-".contains(c))
}
