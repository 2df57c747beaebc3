//! The words of the `http` event (Serverless Framework v3, "API Gateway REST API").

use super::{
    Object,
    Shape::{self, Any, Either, Fitting, Flag, Function, Integer, List, Named, OneOf, OneOfAnyCase, Text},
    field, required,
    tables::{ARN, VALUE, WORDS},
};

const METHODS: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE", "ANY", "*"];

pub const HTTP: Shape = Shape::Object(&Object {
    what: "the http event",
    fields: &[
        required("path", Fitting(|path| !path.contains(char::is_whitespace), "a path without spaces")),
        required("method", OneOfAnyCase(&METHODS)),
        field("authorizer", Either(&[Text, Shape::Object(&AUTHORIZER)])),
        field("cors", Either(&[Flag, Shape::Object(&CORS)])),
        field("private", Flag),
        field("integration", OneOfAnyCase(&INTEGRATIONS)),
        field("request", Shape::Object(&REQUEST)),
        field("response", Shape::Object(&RESPONSE)),
        field("async", Flag),
        field("operationId", Text),
        field("connectionId", VALUE),
        field("connectionType", OneOfAnyCase(&["vpc-link", "VPC_LINK"])),
    ],
});

const INTEGRATIONS: [&str; 10] = [
    "LAMBDA_PROXY",
    "LAMBDA-PROXY",
    "LAMBDA",
    "AWS",
    "AWS_PROXY",
    "AWS-PROXY",
    "HTTP",
    "HTTP_PROXY",
    "HTTP-PROXY",
    "MOCK",
];

const AUTHORIZER: Object = Object {
    what: "the authorizer",
    fields: &[
        field("type", OneOfAnyCase(&["TOKEN", "COGNITO_USER_POOLS", "REQUEST", "AWS_IAM", "CUSTOM"])),
        field("authorizerId", VALUE),
        field("arn", ARN),
        field("name", Text),
        field("scopes", List(&VALUE)),
        field("claims", WORDS),
        field("identitySource", Text),
        field("identityValidationExpression", Text),
        field("resultTtlInSeconds", Integer(0, 3600)),
        field("managedExternally", Flag),
    ],
};

const CORS: Object = Object {
    what: "CORS",
    fields: &[
        field("origin", Text),
        field("origins", WORDS),
        field("headers", WORDS),
        field("methods", List(&OneOf(&["GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE", "ANY"]))),
        field("allowCredentials", Flag),
        field("maxAge", Integer(1, i64::MAX)),
        field("cacheControl", Text),
    ],
};

const CONTENT_HANDLING: Shape = OneOf(&["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"]);

const REQUEST: Object = Object {
    what: "the request",
    fields: &[
        field("contentHandling", CONTENT_HANDLING),
        field("method", OneOfAnyCase(&METHODS)),
        field(
            "parameters",
            Shape::Object(&Object {
                what: "the request's parameters",
                fields: &[
                    field("querystrings", PARAMETERS),
                    field("headers", PARAMETERS),
                    field("paths", PARAMETERS),
                ],
            }),
        ),
        field("passThrough", OneOf(&["NEVER", "WHEN_NO_MATCH", "WHEN_NO_TEMPLATES"])),
        field("schemas", Named(&Either(&[Text, Named(&Any)]))),
        field("template", Named(&Text)),
        field("uri", VALUE),
    ],
};

const PARAMETERS: Shape = Named(&Either(&[
    Flag,
    Shape::Object(&Object {
        what: "the parameter",
        fields: &[field("required", Flag), field("mappedValue", Either(&[Text, Function]))],
    }),
]));

const RESPONSE: Object = Object {
    what: "the response",
    fields: &[
        field("contentHandling", CONTENT_HANDLING),
        field("headers", Named(&Text)),
        field("template", Text),
        field(
            "statusCodes",
            Named(&Shape::Object(&Object {
                what: "the status code",
                fields: &[
                    field("headers", Named(&Text)),
                    field("pattern", Text),
                    field("template", Either(&[Text, Named(&Text)])),
                ],
            })),
        ),
    ],
};
