//! The real resource types on the real rooms: the service of the posts, as the Serverless Framework writes it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Instant,
};

use async_trait::async_trait;
use base::{AwsError, Timestamp};
use bytes::Bytes;
use crypto::{
    seal::{MasterKey, Sealer},
    workers::Workers,
};
use functions::{CodeSource, Functions, Seal};
use gateway::{ApiRequest, Gateway};
use iam::Iam;
use objects::{Objects, PutOptions};
use ports::{
    Clock, Mail, Rng, TextMessage,
    mail::{DeliveryError, MailMessage},
    text_message::SmsMessage,
};
use serde_json::{Value, json};
use store::Store;
use store_sqlite::SqliteEngine;
use userpool::UserPools;

use super::{
    house::{Death, caller},
    summary,
};
use crate::{Config, Parts, Stacks, engine::Engine, inline_code::zipped, resources, resources::Registry};

struct Going(Instant, AtomicI64);

impl Clock for Going {
    fn now(&self) -> Timestamp {
        let gone = i64::try_from(self.0.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(1_764_000_000_000 + gone + self.1.load(Ordering::Relaxed))
    }
}

struct Counting(AtomicU64);

impl Rng for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (mixed ^ (mixed >> 27)) as u8;
        }
    }
}

struct Nowhere;

#[async_trait]
impl Mail for Nowhere {
    async fn deliver(&self, _message: &MailMessage) -> Result<(), DeliveryError> {
        Ok(())
    }
}

#[async_trait]
impl TextMessage for Nowhere {
    async fn deliver(&self, _message: &SmsMessage) -> Result<(), DeliveryError> {
        Ok(())
    }
}

struct FromBuckets(Objects);

#[async_trait]
impl CodeSource for FromBuckets {
    async fn read(&self, bucket: &str, key: &str, _version: Option<&str>) -> Result<Bytes, AwsError> {
        self.0.get(bucket, key).await.map(|(_, content)| content).map_err(AwsError::from)
    }
}

struct Sealing(Sealer);

impl Seal for Sealing {
    fn seal(&self, bound_to: &str, plaintext: &[u8]) -> Result<String, String> {
        self.0.seal(bound_to, plaintext).map_err(|cause| cause.to_string())
    }

    fn open(&self, bound_to: &str, sealed: &str) -> Result<Vec<u8>, String> {
        self.0.open(bound_to, sealed).map(|opened| opened.expose().clone()).map_err(|cause| cause.to_string())
    }
}

struct Rooms {
    store: Store,
    sealer: Sealer,
    clock: Arc<Going>,
    rng: Arc<Counting>,
    iam: Iam,
    objects: Objects,
    functions: Functions,
    userpools: UserPools,
    gateway: Gateway,
    _data: tempfile::TempDir,
}

impl Rooms {
    fn open() -> Self {
        let clock = Arc::new(Going(Instant::now(), AtomicI64::new(0)));
        let now = Arc::clone(&clock);
        let store = Store::new(Arc::new(SqliteEngine::in_memory(Arc::new(move || now.now())).unwrap()));
        let rng = Arc::new(Counting(AtomicU64::new(1)));
        let master = MasterKey::generate([7; 32]);
        let key = master.wrap_new([9; 32]).unwrap();
        let sealer = Sealer::new(&master, [(key.id.as_str(), key.wrapped.as_str(), true)]).unwrap();
        let iam = Iam::open(iam::Parts {
            config: iam::Config::default(),
            store: store.clone(),
            sealer: sealer.clone(),
            clock: clock.clone(),
            rng: rng.clone(),
        });
        let objects = Objects::open(objects::Parts {
            store: store.clone(),
            clock: clock.clone(),
            rng: rng.clone(),
            region: base::Region::default(),
        });
        let data = tempfile::tempdir().unwrap();
        let mut config = functions::Config::new("http://127.0.0.1:4747", data.path());
        config.search_path = search_path();
        let functions = Functions::open(functions::Parts {
            config,
            store: store.clone(),
            clock: clock.clone(),
            rng: rng.clone(),
            credentials: Arc::new(iam.clone()),
            code: Arc::new(FromBuckets(objects.clone())),
            seal: Arc::new(Sealing(sealer.clone())),
        })
        .unwrap();
        let userpools = UserPools::open(userpool::Parts {
            config: userpool::Config {
                region: base::Region::default(),
                account: base::AccountId::default(),
                base_url: String::from("http://localhost:4747"),
                issuer: userpool::IssuerStyle::BaseUrl,
            },
            store: store.clone(),
            sealer: sealer.clone(),
            workers: Workers::new(2, 64).unwrap(),
            clock: clock.clone(),
            rng: rng.clone(),
            invoke: Arc::new(functions.clone()),
            mail: Arc::new(Nowhere),
            text_message: Arc::new(Nowhere),
        });
        let gateway = Gateway::open(gateway::Parts {
            config: gateway::Config::default(),
            store: store.clone(),
            clock: clock.clone(),
            rng: rng.clone(),
            invoke: Arc::new(functions.clone()),
            tokens: userpools.tokens(),
            access_log: None,
        });
        Self { store, sealer, clock, rng, iam, objects, functions, userpools, gateway, _data: data }
    }

    async fn stacks(&self, death: Option<Arc<Death>>) -> Stacks {
        let parts = Parts {
            config: Config::default(),
            store: self.store.clone(),
            sealer: self.sealer.clone(),
            clock: self.clock.clone(),
            rng: self.rng.clone(),
            userpools: self.userpools.clone(),
            gateway: self.gateway.clone(),
            functions: self.functions.clone(),
            iam: self.iam.clone(),
            objects: self.objects.clone(),
        };
        let Some(death) = death else { return Stacks::open(parts).await.unwrap() };
        let mut registry = Registry::default();
        resources::register(&mut registry, &parts);
        let engine = Engine {
            config: parts.config,
            store: parts.store,
            clock: parts.clock,
            rng: parts.rng,
            registry,
            seal: Arc::new(parts.sealer),
            authority: Arc::new(parts.iam),
            fault: Some(death),
        };
        Stacks::with(engine, Arc::new(parts.objects)).await.unwrap()
    }

    async fn get(&self, api: &str, path: &str) -> (u16, String) {
        let (head, ()) = http::Request::get(format!("/beta{path}")).body(()).unwrap().into_parts();
        let request = ApiRequest {
            api_id: api.to_owned(),
            stage: String::from("beta"),
            raw_path: path.to_owned(),
            head,
            body: Bytes::new(),
            source_ip: String::from("127.0.0.1"),
            host: String::from("localhost"),
            secure: false,
        };
        let response = self.gateway.handle(request).await;
        (response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned())
    }

    /// What is there of everything a stack can make.
    async fn inventory(&self) -> Value {
        let functions = self.functions.call("ListFunctions", &caller(), json!({})).await.unwrap();
        let groups = self.functions.call_logs("DescribeLogGroups", &caller(), json!({})).await.unwrap();
        let pools = self.userpools.call("ListUserPools", &caller(), json!({"MaxResults": 60})).await.unwrap();
        let roles = self.iam.call_iam("ListRoles", &caller(), json!({})).await.unwrap();
        let (buckets, _) = self.objects.list_buckets("", None, 100).await.unwrap();
        let mut apis = Vec::new();
        for api in self.gateway.rest_apis().await.unwrap() {
            let resources = self.gateway.resources(&api.id).await.unwrap().len();
            let methods = self.gateway.methods(&api.id).await.unwrap().len();
            let deployments = self.gateway.deployments(&api.id).await.unwrap().len();
            let stages = self.gateway.stages(&api.id).await.unwrap().len();
            apis.push(json!([resources, methods, deployments, stages]));
        }
        let names = |list: &Value, member: &str| -> Vec<Value> {
            list.as_array().into_iter().flatten().map(|one| one[member].clone()).collect()
        };
        json!({
            "functions": names(&functions["Functions"], "FunctionName"),
            "logGroups": names(&groups["logGroups"], "logGroupName"),
            "pools": names(&pools["UserPools"], "Name"),
            "roles": names(&roles["Roles"], "RoleName"),
            "buckets": buckets.len(),
            "apis": apis,
        })
    }
}

/// Where this machine's Node is, wherever it was installed.
#[allow(clippy::disallowed_methods, reason = "a test asks where Node is")]
fn search_path() -> String {
    std::env::var("PATH").unwrap()
}

/// The two templates of a first deployment: the bucket alone, then everything.
fn templates() -> (Value, Value) {
    let recorded = include_str!("../../../serverless/tests/parity/secure-rest-api/expected.json");
    let mut recorded: Value = serde_json::from_str(recorded).unwrap();
    let mut update = recorded["update"].take();
    for resource in update["Resources"].as_object_mut().unwrap().values_mut() {
        if resource["Type"] == "AWS::Lambda::Version" {
            resource["Properties"].as_object_mut().unwrap().remove("CodeSha256");
        }
    }
    (recorded["create"].take(), update)
}

fn key_of(template: &Value) -> String {
    template["Resources"]["HiAllLambdaFunction"]["Properties"]["Code"]["S3Key"].as_str().unwrap().to_owned()
}

async fn with_bucket(rooms: &Rooms, stacks: &Stacks) -> Value {
    let (create, update) = templates();
    let input = json!({"StackName": "posts-beta", "TemplateBody": create.to_string()});
    stacks.perform("CreateStack", input).await;
    assert_eq!(
        stacks.status("posts-beta").await,
        "CREATE_COMPLETE",
        "{}",
        summary(&stacks.events("posts-beta").await)
    );
    let resource = json!({"StackName": "posts-beta", "LogicalResourceId": "ServerlessDeploymentBucket"});
    let bucket = stacks.ask("DescribeStackResource", resource).await.unwrap();
    let bucket = bucket["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap().to_owned();
    let zip =
        zipped("handler.js", b"exports.a = exports.b = async () => ({ statusCode: 200, body: 'hello' });");
    rooms.objects.put(&bucket, &key_of(&update), Bytes::from(zip), PutOptions::default()).await.unwrap();
    let template = update.to_string();
    rooms.objects.put(&bucket, "compiled.json", Bytes::from(template), PutOptions::default()).await.unwrap();
    json!({
        "StackName": "posts-beta",
        "TemplateURL": format!("https://s3.amazonaws.com/{bucket}/compiled.json"),
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": "STAGE", "Value": "beta"}],
        "ClientRequestToken": "once",
    })
}

async fn empty_bucket(rooms: &Rooms) {
    let (buckets, _) = rooms.objects.list_buckets("", None, 100).await.unwrap();
    for bucket in buckets {
        let listing = rooms
            .objects
            .list(&bucket.name, &objects::ListOptions { limit: 1000, ..objects::ListOptions::default() })
            .await
            .unwrap();
        let keys: Vec<&str> = listing.objects.iter().map(|object| object.key.as_str()).collect();
        rooms.objects.delete_many(&bucket.name, &keys).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_of_the_posts_is_deployed_guarded_changed_and_removed() {
    let rooms = Rooms::open();
    let stacks = rooms.stacks(None).await;
    let update = with_bucket(&rooms, &stacks).await;
    let began = Instant::now();
    stacks.perform("UpdateStack", update.clone()).await;
    println!("deployed in {:?}", began.elapsed());
    let events = summary(&stacks.events("posts-beta").await);
    assert_eq!(stacks.status("posts-beta").await, "UPDATE_COMPLETE", "{events}");
    let inventory = rooms.inventory().await;
    assert_eq!(
        inventory,
        json!({
            "functions": ["serverless-cognito-beta-hiAll", "serverless-cognito-beta-hiUsers"],
            "logGroups": ["/aws/lambda/serverless-cognito-beta-hiAll", "/aws/lambda/serverless-cognito-beta-hiUsers"],
            "pools": ["my-user-pool-beta"],
            "roles": ["serverless-cognito-beta-us-east-1-lambdaRole"],
            "buckets": 1,
            "apis": [[3, 4, 1, 1]],
        })
    );
    let api = rooms.gateway.rest_apis().await.unwrap().remove(0).id;
    assert_eq!(rooms.get(&api, "/hiAll").await, (200, String::from("hello")));
    assert_eq!(rooms.get(&api, "/hiUsers").await, (401, String::from("{\"message\":\"Unauthorized\"}")));
    let again = stacks.ask("UpdateStack", json!({"ClientRequestToken": "twice", "StackName": "posts-beta", "TemplateURL": update["TemplateURL"], "Capabilities": update["Capabilities"], "Tags": update["Tags"]})).await;
    assert_eq!(again.unwrap_err().message, "No updates are to be performed.");

    // A person signs up; from now on the pool is not replaced by accident.
    let pools = rooms.userpools.call("ListUserPools", &caller(), json!({"MaxResults": 1})).await.unwrap();
    let pool = pools["UserPools"][0]["Id"].as_str().unwrap().to_owned();
    let person = json!({"UserPoolId": pool, "Username": "ana@example.com", "MessageAction": "SUPPRESS", "TemporaryPassword": "Secret1"});
    rooms.userpools.call("AdminCreateUser", &caller(), person).await.unwrap();
    let (_, mut changed) = templates();
    changed["Resources"]["CognitoUserPool"]["Properties"]["UsernameAttributes"] = json!(["phone_number"]);
    let input = json!({"StackName": "posts-beta", "TemplateBody": changed.to_string(), "Capabilities": ["CAPABILITY_NAMED_IAM"]});
    let refused = stacks.ask("UpdateStack", input).await.unwrap_err();
    assert!(
        refused.message.contains("UsernameAttributes cannot be changed in place; its 1 user would be lost"),
        "{refused}"
    );

    // In place: an attribute comes, the function's memory and the policy change.
    changed["Resources"]["CognitoUserPool"]["Properties"]["UsernameAttributes"] = json!(["email"]);
    changed["Resources"]["CognitoUserPool"]["Properties"]["Schema"] =
        json!([{"Name": "team", "AttributeDataType": "String", "Mutable": true}]);
    changed["Resources"]["HiAllLambdaFunction"]["Properties"]["MemorySize"] = json!(256);
    let input = json!({"StackName": "posts-beta", "TemplateBody": changed.to_string(), "Capabilities": ["CAPABILITY_NAMED_IAM"]});
    stacks.perform("UpdateStack", input).await;
    let events = summary(&stacks.events("posts-beta").await);
    assert_eq!(stacks.status("posts-beta").await, "UPDATE_COMPLETE", "{events}");
    let described =
        rooms.userpools.call("DescribeUserPool", &caller(), json!({"UserPoolId": pool})).await.unwrap();
    assert!(described["UserPool"].to_string().contains("custom:team"));
    assert_eq!(described["UserPool"]["EstimatedNumberOfUsers"], 1);

    // A path that the template gives up is closed by the very update that gives it up.
    let resources = changed["Resources"].as_object_mut().unwrap();
    resources.retain(|id, _| !id.to_lowercase().contains("hiall"));
    let deployment = resources.iter().find(|(_, one)| one["Type"] == "AWS::ApiGateway::Deployment");
    let deployment = deployment.unwrap().0.clone();
    let mut anew = resources.remove(&deployment).unwrap();
    anew["DependsOn"]
        .as_array_mut()
        .unwrap()
        .retain(|id| !id.as_str().unwrap().to_lowercase().contains("hiall"));
    resources.insert(String::from("ApiGatewayDeployment2"), anew);
    changed["Outputs"].as_object_mut().unwrap().retain(|id, _| !id.to_lowercase().contains("hiall"));
    let input = json!({"StackName": "posts-beta", "TemplateBody": changed.to_string(), "Capabilities": ["CAPABILITY_NAMED_IAM"]});
    stacks.perform("UpdateStack", input).await;
    let events = summary(&stacks.events("posts-beta").await);
    assert_eq!(stacks.status("posts-beta").await, "UPDATE_COMPLETE", "{events}");
    assert_eq!(rooms.get(&api, "/hiAll").await.0, 403);
    assert_eq!(rooms.get(&api, "/hiUsers").await.0, 401);

    empty_bucket(&rooms).await;
    let arn = stacks.ask("DescribeStacks", json!({"StackName": "posts-beta"})).await.unwrap();
    let arn = arn["Stacks"][0]["StackId"].as_str().unwrap().to_owned();
    stacks.perform("DeleteStack", json!({"StackName": "posts-beta"})).await;
    let events = summary(&stacks.events(&arn).await);
    assert_eq!(stacks.status(&arn).await, "DELETE_COMPLETE", "{events}");
    let nothing =
        json!({"functions": [], "logGroups": [], "pools": [], "roles": [], "buckets": 0, "apis": []});
    assert_eq!(rooms.inventory().await, nothing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_under_protection_stays_and_is_named() {
    let rooms = Rooms::open();
    let stacks = rooms.stacks(None).await;
    let template = "Resources:
  Pool: {Type: 'AWS::Cognito::UserPool', Properties: {DeletionProtection: ACTIVE}}
  Client: {Type: 'AWS::Cognito::UserPoolClient', Properties: {UserPoolId: !Ref Pool, GenerateSecret: true}}
  Domain: {Type: 'AWS::Cognito::UserPoolDomain', Properties: {UserPoolId: !Ref Pool, Domain: first-door}}
Outputs:
  Url: {Value: !GetAtt Pool.ProviderURL}
";
    let answer = stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": template})).await;
    let arn = answer["StackId"].as_str().unwrap().to_owned();
    assert_eq!(stacks.status("s").await, "CREATE_COMPLETE", "{}", summary(&stacks.events("s").await));
    // A domain changes in place: there is one for each pool.
    let moved = template.replace("first-door", "second-door");
    stacks.perform("UpdateStack", json!({"StackName": "s", "TemplateBody": moved})).await;
    assert_eq!(stacks.status("s").await, "UPDATE_COMPLETE", "{}", summary(&stacks.events("s").await));
    assert!(rooms.userpools.find_domain("second-door").await.unwrap().is_some());
    assert!(rooms.userpools.find_domain("first-door").await.unwrap().is_none());

    stacks.perform("DeleteStack", json!({"StackName": "s"})).await;
    let events = summary(&stacks.events("s").await);
    assert!(
        events.ends_with("s DELETE_FAILED The following resource(s) failed to delete: [Pool]."),
        "{events}"
    );
    assert!(events.contains("Deletion protection must be inactivated first."), "{events}");
    stacks.perform("DeleteStack", json!({"StackName": "s", "RetainResources": ["Pool"]})).await;
    assert_eq!(stacks.status(&arn).await, "DELETE_COMPLETE");
    assert_eq!(rooms.inventory().await["pools"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_that_fails_half_way_takes_everything_back() {
    let rooms = Rooms::open();
    let stacks = rooms.stacks(None).await;
    let mut update = with_bucket(&rooms, &stacks).await;
    let before = rooms.inventory().await;
    let (_, mut template) = templates();
    template["Resources"]["HiAllLambdaFunction"]["Properties"]["Code"]["S3Key"] = json!("missing.zip");
    let members = update.as_object_mut().unwrap();
    members.remove("TemplateURL");
    members.insert("TemplateBody".into(), json!(template.to_string()));
    stacks.perform("UpdateStack", update).await;
    let events = summary(&stacks.events("posts-beta").await);
    assert_eq!(stacks.status("posts-beta").await, "UPDATE_ROLLBACK_COMPLETE", "{events}");
    assert!(events.contains("HiAllLambdaFunction CREATE_FAILED Resource handler returned message: \"Error occurred while GetObject. S3 Error Code: NoSuchKey."), "{events}");
    assert_eq!(rooms.inventory().await, before, "{events}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_caller_may_not_do_the_engine_does_not_do_for_them() {
    let rooms = Rooms::open();
    let stacks = rooms.stacks(None).await;
    let user = rooms.iam.call_iam("CreateUser", &caller(), json!({"UserName": "deployer"})).await.unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}]});
    let put = json!({"UserName": "deployer", "PolicyName": "p", "PolicyDocument": policy.to_string()});
    rooms.iam.call_iam("PutUserPolicy", &caller(), put).await.unwrap();
    let deployer = base::Caller {
        identity: base::Identity::Principal {
            account: String::from("000000000000"),
            arn: user["User"]["Arn"].as_str().unwrap().to_owned(),
            user_id: user["User"]["UserId"].as_str().unwrap().to_owned(),
        },
        ..caller()
    };
    let template = "Resources: {Role: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}, ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']}}}";
    let input = json!({"StackName": "s", "TemplateBody": template, "Capabilities": ["CAPABILITY_IAM"]});
    stacks.call("CreateStack", &deployer, input).await.unwrap();
    stacks.idle().await;
    let events = summary(&stacks.events("s").await);
    assert_eq!(stacks.status("s").await, "ROLLBACK_COMPLETE", "{events}");
    assert!(events.contains("is not authorized to perform: iam:CreateRole"), "{events}");
    assert_eq!(rooms.inventory().await["roles"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_deploy_it_goes_on_and_nothing_is_doubled() {
    let mut expected = None;
    for step in (0..).step_by(17) {
        let rooms = Rooms::open();
        let stacks = rooms.stacks(None).await;
        let update = with_bucket(&rooms, &stacks).await;
        let death = Death::at(step);
        let dying = rooms.stacks(Some(death.clone())).await;
        let acknowledged = dying.ask("UpdateStack", update.clone()).await;
        dying.idle().await;
        let stacks = rooms.stacks(None).await;
        stacks.idle().await;
        if acknowledged.is_err() && stacks.status("posts-beta").await == "CREATE_COMPLETE" {
            stacks.perform("UpdateStack", update).await;
        }
        let events = summary(&stacks.events("posts-beta").await);
        assert_eq!(stacks.status("posts-beta").await, "UPDATE_COMPLETE", "died at step {step}\n{events}");
        let inventory = rooms.inventory().await;
        assert_eq!(*expected.get_or_insert(inventory.clone()), inventory, "died at step {step}\n{events}");
        if !death.struck() {
            assert!(step > 30, "only {step} steps");
            return;
        }
    }
}
