use serde_json::json;

use super::*;

struct Fixed;

impl Resources for Fixed {
    fn reference(&self, name: &str) -> Lookup {
        match name {
            "Pool" => Lookup::Known(json!("us-east-1_abc")),
            "New" => Lookup::Unknown,
            other => Lookup::Missing(format!("Unresolved resource dependencies [{other}]")),
        }
    }

    fn attribute(&self, name: &str, attribute: &str) -> Lookup {
        match (name, attribute) {
            ("Pool", "Arn") => Lookup::Known(json!("arn:pool")),
            ("Pool", "Secret") => Lookup::Secret(json!("hush")),
            _ => Lookup::Unknown,
        }
    }
}

fn evaluate(properties: &str) -> (Value, Vec<Problem>, Vec<String>) {
    let text = format!(
        "Parameters: {{Password: {{Type: String, NoEcho: true}}}}\nMappings: {{M: {{a: {{b: [1, 2]}}}}}}\nConditions:\n  Yes: !Equals [!Ref AWS::Region, us-east-1]\n  No: !Not [!Condition Yes]\n  Both: !And [!Condition Yes, !Condition No]\n  Either: !Or [!Condition Yes, !Condition No]\nResources: {{A: {{Type: T, Properties: {properties}}}}}\n"
    );
    let template = Template::parse(&text).unwrap();
    let parameters = BTreeMap::from([(
        String::from("Password"),
        ParameterValue { name: "Password".into(), value: "s3cret".into(), no_echo: true, list: false },
    )]);
    let pseudo = Pseudo {
        account_id: "000000000000".into(),
        region: "us-east-1".into(),
        url_suffix: "amazonaws.com".into(),
        stack_id: "arn:stack".into(),
        stack_name: "s".into(),
        notification_arns: Vec::new(),
    };
    let mut problems = Vec::new();
    let conditions = evaluate_conditions(&template, &parameters, &pseudo, &mut problems);
    assert_eq!(conditions.values().copied().collect::<Vec<_>>(), [false, true, false, true]);
    let exports = BTreeMap::from([(String::from("x"), String::from("y"))]);
    let scope = Scope {
        template: &template,
        parameters: &parameters,
        pseudo: &pseudo,
        conditions: &conditions,
        resources: &Fixed,
        exports: &exports,
    };
    let mut evaluation = Evaluation::new(&scope);
    let value = evaluation.node(&template.resources[0].properties).unwrap();
    problems.append(&mut evaluation.problems);
    (value, problems, evaluation.secrets)
}

#[test]
fn every_function_gives_its_value() {
    for (text, expected) in [
        ("!Ref Pool", json!("us-east-1_abc")),
        ("!GetAtt Pool.Arn", json!("arn:pool")),
        ("!Join ['-', [a, 1, !Ref AWS::StackName]]", json!("a-1-s")),
        (
            "!Sub 'arn:${AWS::Partition}:${Pool}:${Pool.Arn}:${!Pool}'",
            json!("arn:aws:us-east-1_abc:arn:pool:${Pool}"),
        ),
        ("!Sub ['${A}${B}', {A: 1, B: !Ref Pool}]", json!("1us-east-1_abc")),
        ("!Split ['|', 'a|b']", json!(["a", "b"])),
        ("!Select [1, [a, b]]", json!("b")),
        ("!Select ['0', !Split [',', 'x,y']]", json!("x")),
        ("!If [Yes, 1, 2]", json!(1)),
        ("!If [No, 1, !If [Either, [3], 4]]", json!([3])),
        ("!FindInMap [M, a, b]", json!([1, 2])),
        ("!Base64 hello", json!("aGVsbG8=")),
        ("!ImportValue x", json!("y")),
        ("!GetAZs ''", json!(["us-east-1a"])),
        ("!Length [1, 2, 3]", json!(3)),
        ("!ToJsonString {a: !Ref Pool}", json!("{\"a\":\"us-east-1_abc\"}")),
    ] {
        let (value, problems, _) = evaluate(&format!("{{p: {text}}}"));
        assert!(problems.is_empty(), "{text}: {problems:?}");
        assert_eq!(value, json!({ "p": expected }), "{text}");
    }
}

#[test]
fn no_value_takes_the_property_away() {
    let (value, _, _) = evaluate("{p: !Ref AWS::NoValue, q: [1, !If [Yes, !Ref AWS::NoValue, 2]]}");
    assert_eq!(value, json!({"q": [1]}));
}

#[test]
fn the_unknown_swallows_what_it_becomes_part_of() {
    for text in [
        "!Ref New",
        "!Join [':', [a, !Ref New]]",
        "!Sub 'x${New}'",
        "!Split ['a', !Ref New]",
        "!Select [0, !Split [a, !Ref New]]",
        "!Base64 {Ref: New}",
    ] {
        let (value, problems, _) = evaluate(&format!("{{p: {text}}}"));
        assert!(problems.is_empty(), "{text}: {problems:?}");
        assert!(is_unknown(&value["p"]), "{text}: {value}");
    }
}

#[test]
fn secrets_are_followed_through_functions() {
    let (_, _, secrets) = evaluate(
        "{a: !Ref Password, b: {c: [x, !Base64 {Ref: Password}]}, d: !Sub '${Pool.Secret}', e: !Ref Pool}",
    );
    assert_eq!(secrets, ["/a", "/b/c/1", "/d"]);
}

#[test]
fn mistakes_pile_up_with_their_places() {
    let (_, problems, _) = evaluate(
        "{a: !Ref Nope, b: !Join [a], c: !Select [9, [1]], d: !If [Nope, 1, 2], e: !FindInMap [M, a, z], f: !ImportValue q, g: !Sub '${', h: !Cidr x}",
    );
    assert_eq!(problems.len(), 8, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.span.line == 8));
}
