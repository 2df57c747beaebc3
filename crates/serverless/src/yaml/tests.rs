use serde_json::json;

use super::*;
use crate::{diagnostics::Report, place::Sources};

fn parsed(text: &str) -> (Option<serde_json::Value>, String) {
    let mut sources = Sources::default();
    let file = sources.add("serverless.yml", text);
    let mut diagnostics = Vec::new();
    let node = read(text, file, &mut diagnostics);
    (node.map(|node| node.to_json()), Report { sources, diagnostics, needs_account: false }.to_string())
}

#[test]
fn words_mean_what_the_core_schema_says() {
    let (json, problems) = parsed(concat!(
        "mfa: OFF\nyes: yes\nnull1: ~\nempty:\ntrue: TRUE\nint: 012\nhex: 0x1F\noct: 0o17\nbin: 0b11\nthousand: 1_000\n",
        "float: 1.50\nwhole: 1.0\nexp: 1e3\ndate: 2012-10-17\nversion: 1.2.3\nminus: -5\ndash: '-'\nquoted: \"5\"\nplus: +\n",
        "200: ok\n"
    ));
    assert_eq!(problems, "");
    assert_eq!(
        json,
        Some(json!({
            "mfa": "OFF", "yes": "yes", "null1": null, "empty": null, "true": true, "int": 12, "hex": 31,
            "oct": 15, "bin": 3, "thousand": 1000, "float": 1.5, "whole": 1, "exp": 1000,
            "date": "2012-10-17", "version": "1.2.3", "minus": -5, "dash": "-", "quoted": "5", "plus": "+",
            "200": "ok"
        }))
    );
}

#[test]
fn short_tags_are_spelled_out() {
    let (json, problems) = parsed(
        "a: !Ref Bucket\nb: !GetAtt Pool.Arn.More\nc: !Sub '${A}-x'\nd: !Join ['-', [!Ref A, b]]\ne: !If\n  - C\n  - 1\n  - !Ref AWS::NoValue\nf: !Condition X\n",
    );
    assert_eq!(problems, "");
    assert_eq!(
        json,
        Some(json!({
            "a": {"Ref": "Bucket"}, "b": {"Fn::GetAtt": ["Pool", "Arn.More"]}, "c": {"Fn::Sub": "${A}-x"},
            "d": {"Fn::Join": ["-", [{"Ref": "A"}, "b"]]},
            "e": {"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}, "f": {"Condition": "X"}
        }))
    );
    assert!(parsed("a: !Rev x").1.contains("1:4: error: the tag !Rev is not known"));
}

#[test]
fn a_key_written_twice_is_shown_with_the_first() {
    let (json, problems) = parsed("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n");
    assert_eq!(json, Some(json!({"b": {"c": 2}, "a": 3})));
    assert!(problems.contains("serverless.yml:4:3: error: the key 'c' is written twice"), "{problems}");
    assert!(problems.contains("serverless.yml:5:1: error: the key 'a' is written twice"), "{problems}");
}

#[test]
fn merge_keys_fill_in_what_is_not_written() {
    let (json, problems) =
        parsed("base: &b {x: 1, y: 2}\nuse:\n  y: 3\n  <<: *b\nmany:\n  <<: [*b, {z: 4}]\n");
    assert_eq!(problems, "");
    assert_eq!(json.unwrap()["use"], json!({"y": 3, "x": 1}));
    assert!(parsed("a:\n  <<: 5\n").1.contains("2:7: error: '<<' merges"));
}

#[test]
fn a_bomb_is_refused_after_bounded_work() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = level - 1;
        text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{below}"); 10].join(", ")));
    }
    let (json, problems) = parsed(&text);
    assert_eq!(json, None);
    assert!(problems.contains("more than 100000 values"), "{problems}");
    let deep = format!("a: {}1{}", "[".repeat(5000), "]".repeat(5000));
    assert!(parsed(&deep).1.contains("recursion limit"), "{}", parsed(&deep).1);
    let deep = format!("a: {}1{}", "[".repeat(120), "]".repeat(120));
    assert!(parsed(&deep).1.contains("levels deep"), "{}", parsed(&deep).1);
}

#[test]
fn what_is_not_yaml_points_at_its_line() {
    let problems = parsed("a: 1\nb: [1, 2\nc: 3\n").1;
    assert!(problems.starts_with("serverless.yml:3:"), "{problems}");
    assert!(parsed("a: 1\n---\nb: 2\n").1.contains("a second document"));
    assert!(parsed("a: &x [*x]\n").1.contains("error"), "an alias inside what it names");
    assert_eq!(parsed("").0, Some(json!(null)));
}

#[test]
fn places_survive_characters_of_more_than_one_byte() {
    let text = "ä: 'ööö'\nb: {c: wröng, d: !Nope x}\n";
    assert!(parsed(text).1.contains("2:18: error: the tag !Nope"), "{}", parsed(text).1);
}
