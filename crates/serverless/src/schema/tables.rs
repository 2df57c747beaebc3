//! The words of a service, its functions and their packages (Serverless Framework v3, "Serverless.yml Reference").

use super::{
    Object,
    Shape::{self, Any, Either, Fitting, Flag, Function, Integer, List, Named, OneOf, Text},
    field, ignored, provider, required, unsupported,
};

pub const WORDS: Shape = List(&Text);
/// Text, or a function of CloudFormation that makes one.
pub const VALUE: Shape = Either(&[Text, Function]);
pub const ARN: Shape = Either(&[Fitting(is_arn, "an ARN (arn:…)"), Function]);

pub const RUNTIME: Shape =
    Fitting(is_runtime, "a runtime of AWS Lambda, such as nodejs22.x, python3.13 or provided.al2023");

pub const SERVICE: Shape = Shape::Object(&Object {
    what: "the service",
    fields: &[
        required(
            "service",
            Either(&[Fitting(is_service_name, SERVICE_NAME), Shape::Object(&SERVICE_OBJECT)]),
        ),
        required("provider", Either(&[OneOf(&["aws"]), provider::PROVIDER])),
        field("functions", Either(&[Named(&FUNCTION), List(&Named(&FUNCTION))])),
        field("resources", Either(&[Shape::Object(&RESOURCES), List(&Shape::Object(&RESOURCES))])),
        field("custom", Any),
        field("package", PACKAGE),
        field("params", Named(&Named(&Any))),
        field("plugins", Either(&[WORDS, Shape::Object(&PLUGINS)])),
        field("useDotenv", Flag),
        field("configValidationMode", OneOf(&["error", "warn", "off"])),
        field("frameworkVersion", Text),
        unsupported("layers", "functions can name ready-made layers only"),
        field("variablesResolutionMode", Text),
        field("deprecationNotificationMode", Text),
        field("disabledDeprecations", Either(&[WORDS, Text])),
        field("projectDir", Text),
        ignored("org", "there is no Serverless Dashboard here"),
        ignored("app", "there is no Serverless Dashboard here"),
        ignored("console", "there is no Serverless Console here"),
        ignored("dashboard", "there is no Serverless Dashboard here"),
        ignored("outputs", "they belong to the Serverless Dashboard; write them below resources.Outputs"),
        unsupported("stepFunctions", "it belongs to a plugin, and plugins do not run here"),
        unsupported("constructs", "it belongs to a plugin, and plugins do not run here"),
    ],
});

const SERVICE_NAME: &str = "a name of letters, digits and '-' that begins with a letter";

const SERVICE_OBJECT: Object = Object {
    what: "the service's name",
    fields: &[
        required("name", Fitting(is_service_name, SERVICE_NAME)),
        ignored("awsKmsKeyArn", "write provider.kmsKeyArn"),
    ],
};

const PLUGINS: Object =
    Object { what: "plugins", fields: &[field("modules", WORDS), field("localPath", Text)] };

const PACKAGE: Shape = Shape::Object(&Object {
    what: "the package",
    fields: &[
        field("patterns", WORDS),
        field("include", WORDS),
        field("exclude", WORDS),
        field("individually", Flag),
        field("artifact", Text),
        field("path", Text),
        field("excludeDevDependencies", Flag),
    ],
});

const FUNCTION: Shape = Shape::Object(&Object {
    what: "the function",
    fields: &[
        field(
            "name",
            Fitting(is_function_name, "a function's name: letters, digits, '-' and '_', at most 64"),
        ),
        field("handler", Text),
        field("events", List(&Any)),
        field("description", Fitting(|text| text.chars().count() <= 256, "at most 256 characters")),
        field("runtime", RUNTIME),
        field("memorySize", MEMORY),
        field("timeout", TIMEOUT),
        field("environment", ENVIRONMENT),
        field("role", VALUE),
        field("tags", Named(&Text)),
        field("package", Shape::Object(&FUNCTION_PACKAGE)),
        field("layers", List(&ARN)),
        field("vpc", Either(&[Flag, VPC])),
        field("condition", Text),
        field("dependsOn", WORDS),
        field("disableLogs", Flag),
        field("logRetentionInDays", RETENTION),
        field("logDataProtectionPolicy", Named(&Any)),
        field("kmsKeyArn", ARN),
        field("onError", ARN),
        field("tracing", Either(&[OneOf(&["Active", "PassThrough"]), Flag])),
        field("reservedConcurrency", Either(&[Integer(0, i64::MAX), Function])),
        field("provisionedConcurrency", Either(&[Integer(0, i64::MAX), Function])),
        field("snapStart", Flag),
        field("ephemeralStorageSize", Integer(512, 10240)),
        field("architecture", ARCHITECTURE),
        field("fileSystemConfig", Shape::Object(&FILE_SYSTEM)),
        field("destinations", Shape::Object(&DESTINATIONS)),
        field("maximumEventAge", Integer(60, 21600)),
        field("maximumRetryAttempts", Integer(0, 2)),
        field("url", Either(&[Flag, Shape::Object(&URL)])),
        field("versionFunction", Flag),
        field(
            "runtimeManagement",
            Either(&[OneOf(&["auto", "onFunctionUpdate"]), Shape::Object(&RUNTIME_MANAGEMENT)]),
        ),
        unsupported("image", "functions in container images do not run here"),
        ignored("awsKmsKeyArn", "write kmsKeyArn"),
        ignored("httpApi", "the httpApi event is not supported"),
    ],
});

pub const MEMORY: Shape = Integer(128, 10240);
pub const TIMEOUT: Shape = Integer(1, 900);
pub const ENVIRONMENT: Shape = Named(&VALUE);
pub const ARCHITECTURE: Shape = OneOf(&["arm64", "x86_64"]);
pub const RETENTION: Shape = Integer(1, 3653);
pub const VPC: Shape = Shape::Object(&Object {
    what: "the VPC",
    fields: &[
        required("securityGroupIds", Either(&[List(&VALUE), Function])),
        required("subnetIds", Either(&[List(&VALUE), Function])),
    ],
});

pub const RUNTIME_MANAGEMENT: Object = Object {
    what: "the runtime's management",
    fields: &[field("mode", OneOf(&["auto", "onFunctionUpdate", "manual"])), field("arn", ARN)],
};

const FUNCTION_PACKAGE: Object = Object {
    what: "the function's package",
    fields: &[
        field("patterns", WORDS),
        field("include", WORDS),
        field("exclude", WORDS),
        field("individually", Flag),
        field("artifact", Text),
        field("disable", Flag),
    ],
};

const FILE_SYSTEM: Object =
    Object { what: "the file system", fields: &[required("arn", VALUE), required("localMountPath", Text)] };

const DESTINATIONS: Object = Object {
    what: "the destinations",
    fields: &[field("onSuccess", DESTINATION), field("onFailure", DESTINATION)],
};

const DESTINATION: Shape = Either(&[
    Text,
    Shape::Object(&Object {
        what: "the destination",
        fields: &[
            required("arn", Function),
            required("type", OneOf(&["function", "sns", "sqs", "eventBus"])),
        ],
    }),
]);

const URL: Object = Object {
    what: "the function's URL",
    fields: &[
        field("authorizer", OneOf(&["aws_iam"])),
        field(
            "cors",
            Either(&[
                Flag,
                Shape::Object(&Object {
                    what: "CORS",
                    fields: &[
                        field("allowCredentials", Flag),
                        field("allowedHeaders", WORDS),
                        field("allowedMethods", WORDS),
                        field("allowedOrigins", WORDS),
                        field("exposedResponseHeaders", WORDS),
                        field("maxAge", Integer(0, i64::MAX)),
                    ],
                }),
            ]),
        ),
        field("invokeMode", OneOf(&["BUFFERED", "RESPONSE_STREAM"])),
    ],
};

const RESOURCES: Object = Object {
    what: "the resources",
    fields: &[
        field("Resources", Named(&Shape::Object(&RESOURCE))),
        field("Outputs", Named(&Any)),
        field("Conditions", Named(&Any)),
        field("Parameters", Named(&Any)),
        field("Mappings", Named(&Any)),
        field("Metadata", Named(&Any)),
        field("Description", Text),
        field("AWSTemplateFormatVersion", Text),
        field("Transform", WORDS),
        field("extensions", Named(&Shape::Object(&EXTENSION))),
    ],
};

const RESOURCE: Object = Object {
    what: "the resource",
    fields: &[
        // A resource that lies over one of the framework's own (as README files advise) may leave its type out.
        field("Type", Text),
        field("Properties", Named(&Any)),
        field("DependsOn", WORDS),
        field("Condition", Text),
        field("DeletionPolicy", Text),
        field("UpdateReplacePolicy", Text),
        field("CreationPolicy", Any),
        field("UpdatePolicy", Any),
        field("Metadata", Any),
        field("Version", Any),
    ],
};

const EXTENSION: Object = Object {
    what: "the extension",
    fields: &[
        field("Properties", Named(&Any)),
        field("DependsOn", WORDS),
        field("Condition", Text),
        field("DeletionPolicy", Text),
        field("UpdateReplacePolicy", Text),
        field("CreationPolicy", Any),
        field("UpdatePolicy", Any),
        field("Metadata", Named(&Any)),
    ],
};

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// Those that Lambda has and had (AWS Lambda Developer Guide, "Lambda runtimes").
fn is_runtime(text: &str) -> bool {
    const KNOWN: [(&str, &[&str]); 8] = [
        (
            "nodejs",
            &[
                "", "4.3", "4.3-edge", "6.10", "8.10", "10.x", "12.x", "14.x", "16.x", "18.x", "20.x",
                "22.x", "24.x",
            ],
        ),
        ("python", &["2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]),
        ("ruby", &["2.5", "2.7", "3.2", "3.3", "3.4", "4.0"]),
        ("java", &["8", "8.al2", "11", "17", "21", "25"]),
        ("dotnet", &["6", "8", "10"]),
        ("dotnetcore", &["1.0", "2.0", "2.1", "3.1"]),
        ("provided", &["", ".al2", ".al2023"]),
        ("go", &["1.x"]),
    ];
    KNOWN
        .iter()
        .any(|(name, versions)| text.strip_prefix(name).is_some_and(|version| versions.contains(&version)))
}

fn is_service_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn is_function_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}
